"""Restoring whole volumes of a recovery point: disks to files or devices, streams to files, trees to directories."""

from __future__ import annotations

import errno
import os
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from console.catalog import Catalog
from console.domain import paths
from console.domain.errors import Failed, failed, not_found, refused, usage
from console.domain.jobs import Job, JobKind
from console.domain.machines import Machine, VolumeSource
from console.domain.objects import id_of_hex
from console.domain.progress import Reporter
from console.domain.recovery_points import RecoveryPoint, VolumeImage
from console.domain.sizes import format_size
from console.domain.trees import VolumeRoot
from console.engine.jobs import Jobs
from console.engine.repositories import Repositories
from console.engine.restore.blocks import BlockRestore
from console.engine.restore.outcome import Outcome, is_damage
from console.engine.restore.planting import Overwrite
from console.engine.restore.restore import Restore, Wanted
from console.engine.restore.selection import Chosen, Wish
from console.host.block_devices import in_use
from console.repository import TreeReader
from console.repository.tree_reader import single_name
from console.sources.targets import Target, device_size, is_device

Disk = tuple[str, str]
"""The label of a volume, and where it goes: a path as the operating system gave it."""


@dataclass(frozen=True, slots=True)
class Aim:
    """One volume and where it goes, checked. `root` None: of a tree."""

    image: VolumeImage
    root: VolumeRoot | None
    to: bytes


@dataclass(frozen=True, slots=True)
class WantedVolumes:
    point: RecoveryPoint
    machine: Machine
    aims: tuple[Aim, ...]
    overwrite: Overwrite


class RestoreVolumes:
    """Restores volumes as a whole. A cut restore is gone on with by asking for it once more."""

    def __init__(self, catalog: Catalog, repositories: Repositories, jobs: Jobs, restore: Restore) -> None:
        self._catalog = catalog
        self._repositories = repositories
        self._jobs = jobs
        self._restore = restore

    def start(
        self,
        point: str,
        disks: Sequence[Disk],
        *,
        confirm: Collection[str] = (),
        overwrite: str = "never",
        user: str = "",
    ) -> Job:
        """A job whose result is that of `restore volume` and `restore machine`. `confirm`: own names of files and
        devices that may be overwritten; `overwrite`: as in `Restore.start_files`, of the files in trees.

        Raises Failed: `no-such-recovery-point`, `no-such-volume`, `volume-twice`, `volume-not-whole`, `target-twice`,
        `target-in-use`, `target-too-small`, `target-exists`, `destination-…`.
        """
        wanted = self.plan(point, disks, confirm=confirm, overwrite=overwrite)
        moment = f"{wanted.point.time:%Y-%m-%d %H:%M:%S} UTC"
        where = ", ".join(f"{aim.image.volume_label} to {paths.to_text(aim.to)}" for aim in wanted.aims)
        return self._jobs.submit(
            JobKind.RESTORE,
            wanted.point.id,
            lambda reporter: self.run(wanted, reporter),
            user=user,
            reason=f"{wanted.machine.name} as of {moment}: {where}",
            lanes=[f"restore:{os.fsdecode(aim.to)}" for aim in wanted.aims],
        )

    def plan(
        self, point: str, disks: Sequence[Disk], *, confirm: Collection[str] = (), overwrite: str = "never"
    ) -> WantedVolumes:
        """Checks what is asked for, without writing anything. Raises as `start` says."""
        if not disks:
            raise usage("no-volumes", "No volume is named.", "Say which volume goes where: --disk VOLUME=PATH")
        all_of_it = self._restore.wanted(point, (), overwrite=overwrite)
        found = all_of_it.point
        whole = self._restore.whole(all_of_it)
        aims: list[Aim] = []
        for label, to in disks:
            image = self.image(found, label)
            if any(aim.image.id == image.id for aim in aims):
                raise usage("volume-twice", f"Volume “{label}” is named twice.", "Name each volume once.")
            aims.append(self._aim(image, to, confirm, whole=image.id in whole))
        real = [os.path.realpath(aim.to) for aim in aims]
        if len(set(real)) < len(real):
            raise usage("target-twice", "Two volumes would go to one place.", "Give each volume a place of its own.")
        return WantedVolumes(found, all_of_it.machine, tuple(aims), Overwrite(overwrite))

    def image(self, point: RecoveryPoint, label: str) -> VolumeImage:
        """The image of a volume, by its label or id. Raises Failed `no-such-volume`."""
        for one in point.images:
            if label in (one.volume_label, one.volume):
                return one
        raise not_found("volume", label, f"Show what the point has: replicore point show {point.id[:12]}")

    def place(self, root: VolumeRoot, image: VolumeImage, to: str) -> bytes:
        """The file or device that a disk or stream goes to, absolute: in a directory it gets a name of its own. Raises
        Failed `destination-missing`, `destination-in-repository`."""
        raw = paths.native(to)
        if not raw:
            raise usage("destination-missing", "A destination is needed.", "Name a file or device.")
        path = os.path.abspath(raw)
        if os.path.isdir(path):
            path = os.path.join(path, single_name(root, image.volume_label))
        if os.path.islink(path):
            path = os.path.realpath(path)
        home = Path(os.fsdecode(os.path.realpath(path)))
        for private in self._repositories.private_paths():
            if home == private or private in home.parents:
                raise refused(
                    "destination-in-repository",
                    f"{to} lies in a repository, or in the data directory, of this Core.",
                    "Choose a place elsewhere.",
                )
        return path

    def run(self, wanted: WantedVolumes, reporter: Reporter) -> dict[str, Any]:
        """The work itself. Raises Failed `destination-full`, `destination-unusable`, `target-in-use`,
        `object-damaged`, `object-missing`; Cancelled."""
        result: dict[str, Any] = {
            "files": 0, "directories": 0, "others": 0, "bytes": 0, "skipped": [], "skipped_count": 0, "damaged": [],
            "verified": True, "volumes": [],
        }  # fmt: skip
        for aim in wanted.aims:
            told = self._one(wanted, aim, reporter)
            for key in ("files", "directories", "others", "bytes", "skipped", "skipped_count", "damaged"):
                result[key] += told[key]
            result["volumes"].append(
                {
                    "volume": aim.image.volume_label,
                    "to": paths.to_text(aim.to),
                    "bytes": told["bytes"],
                    "bytes_written": told.get("written", told["bytes"]),
                    "bytes_found": told.get("found", 0),
                }
            )
        return result

    def _one(self, wanted: WantedVolumes, aim: Aim, reporter: Reporter) -> dict[str, Any]:
        chosen = Wanted(
            wanted.point,
            wanted.machine,
            (Chosen(aim.image, Wish(None)),),
            aim.to,
            wanted.overwrite,
            partial=False,
            several=False,
        )
        if aim.root is None:
            return self._restore.files(chosen, reporter)
        entry = aim.root.entry
        reporter.phase(f"Restoring {aim.image.volume_label}", bytes_total=entry.size, items_total=1)
        outcome = Outcome(reporter)
        work = BlockRestore(self._restore.repository(aim.image), reporter)
        try:
            with Target(aim.to, entry.size) as target:
                if target.used and not target.is_device:
                    reporter.log(f"Going on with what a restore to “{paths.to_text(aim.to)}” left.")
                work.write(entry, target)
                owner = (entry.uid, entry.gid) if os.geteuid() == 0 else None
                target.finish(entry.mode or 0o600, entry.mtime_ns, owner)
        except Failed as known:
            if is_damage(known):
                outcome.lost(aim.image.volume_label.encode(), known)
                self._restore.mark(chosen, outcome)
            raise
        except OSError as problem:
            raise _failed(aim.to, problem) from problem
        outcome.file(entry, told=entry.size)
        if work.found:
            reporter.log(f"{format_size(work.found)} stood there already, proven; {format_size(work.written)} written.")
        return {**outcome.result(), "written": work.written, "found": work.found}

    def _aim(self, image: VolumeImage, to: str, confirm: Collection[str], *, whole: bool) -> Aim:
        try:
            root = TreeReader(self._restore.repository(image)).root(id_of_hex(image.root))
        except Failed as known:
            if not is_damage(known) or whole:
                raise
            raise _not_whole(image) from known
        if root.source == VolumeSource.TREE:
            return Aim(image, None, self._restore.destination(to))
        if not whole:
            raise _not_whole(image)
        return Aim(image, root, self._target(root, image, to, confirm))

    def _target(self, root: VolumeRoot, image: VolumeImage, to: str, confirm: Collection[str]) -> bytes:
        path = self.place(root, image, to)
        raw = paths.native(to)
        _check_target(path, to, root.entry.size, {os.path.basename(raw), os.path.basename(path)}, confirm)
        return path


def _check_target(path: bytes, to: str, size: int, names: set[bytes], confirm: Collection[str]) -> None:
    """Refuses what is in use, too small, or there already and not confirmed by its name."""
    if not os.path.isdir(os.path.dirname(path)):
        raise failed(
            "destination-unusable",
            f"There is no directory {paths.to_text(os.path.dirname(path))}.",
            "Make it, or choose another destination.",
        )
    if not os.path.lexists(path):
        if path.startswith(b"/dev/") and _among_devices(os.path.dirname(path)):
            raise refused("no-such-device", f"There is no device {to}.", "Check its name: lsblk")
        return
    device = is_device(path)
    if not device and not os.path.isfile(path):
        raise refused("destination-unusable", f"{to} is no file and no block device.", "Choose another destination.")
    users = in_use(path)
    if users:
        raise refused(
            "target-in-use",
            f"{to} is in use: {', '.join(users)}.",
            "Unmount everything of it first, or choose another target. Nothing was written.",
        )
    if device:
        try:
            room = device_size(path)
        except OSError as problem:
            raise _failed(path, problem) from problem
        if room < size:
            raise refused(
                "target-too-small",
                f"{to} has {room} bytes; the volume has {size}.",
                "Choose a larger one. Nothing was written.",
            )
    if not {os.fsdecode(name) for name in names} & set(confirm):
        name = os.fsdecode(os.path.basename(path))
        raise refused(
            "target-exists",
            f"{to} is there already; all that is on it would be overwritten.",
            f"If that is meant, confirm it by its name: --confirm {name}",
        )


def _among_devices(directory: bytes) -> bool:
    """Whether a new file in this directory would only pass for a device: /dev/shm is another file system, for files."""
    return os.stat(directory).st_dev == os.stat(b"/dev").st_dev


def _not_whole(image: VolumeImage) -> Failed:
    return refused(
        "volume-not-whole",
        f"Volume “{image.volume_label}” is not whole on this Core: bytes of it have not arrived.",
        "replicore point show ID says what the point waits for. Nothing was written.",
    )


def _failed(to: bytes, problem: OSError) -> Failed:
    text = paths.to_text(to)
    if problem.errno in (errno.ENOSPC, errno.EDQUOT):
        return failed(
            "destination-full",
            f"{text} is full.",
            "Make room and restore again: what is there already is gone on with.",
        )
    if problem.errno == errno.EBUSY:
        return refused("target-in-use", f"{text} is in use.", "Unmount everything of it first, or choose another one.")
    why = problem.strerror or str(problem)
    return failed("destination-unusable", f"{text} cannot be written: {why}.", "Choose another destination.")
