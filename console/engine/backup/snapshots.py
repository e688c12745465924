"""Snapshots of the host while a backup reads: made by themselves where a tree lies on btrfs, and deleted again."""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Callable, Iterable

from console.domain import paths
from console.domain.machines import Machine, Volume, VolumeSource
from console.domain.progress import Reporter
from console.sources import btrfs
from console.sources.frozen import FrozenFiles
from console.sources.mounts import Mounts
from console.sources.reading import HostFiles

PREFIX = ".replicore-snapshot-"
"""What the names of snapshots of any Core begin with: they are in no image."""


class Snapshots:
    """Those of one backup. To be closed, whatever becomes of it."""

    def __init__(self, core: str, machine: Machine, reporter: Reporter, files: HostFiles) -> None:
        """`core`: id of this Core. `files`: how files are read without a snapshot."""
        self._prefix = _prefix(core, machine.id)
        self._machine = machine
        self._reporter = reporter
        self._files = files
        self._made: dict[bytes, bytes] = {}
        self._readers: dict[str, HostFiles] = {}

    def __enter__(self) -> Snapshots:
        """Makes one snapshot of each subvolume that a volume lies in, before any of them is read."""
        if not self._machine.options.snapshot:
            return self
        mounts = Mounts()
        try:
            for volume in self._machine.volumes:
                if volume.source == VolumeSource.TREE:
                    self._freeze(volume, mounts)
        except BaseException:
            self._delete()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._delete()

    def files(self, volume: Volume) -> HostFiles:
        """What to read a volume with."""
        return self._readers.get(volume.id, self._files)

    def _freeze(self, volume: Volume, mounts: Mounts) -> None:
        home = os.path.realpath(paths.from_text(volume.path))
        if mounts.kind_at(home) != "btrfs":
            return
        if not btrfs.may_snapshot():
            self._reporter.log(f"Volume “{volume.label}” is read without a snapshot: that takes an administrator.")
            return
        try:
            subvolume = btrfs.subvolume_of(home)
            snapshot = self._made.get(subvolume)
            if snapshot is None:
                tidy([subvolume], self._prefix, self._reporter.log)
                name = self._prefix + secrets.token_hex(6)
                snapshot = self._made[subvolume] = btrfs.snapshot(subvolume, name.encode())
            inside = [point for point in mounts.points(home) if point != home]
            self._readers[volume.id] = FrozenFiles(self._files, subvolume, snapshot, inside)
        except OSError as problem:
            why = problem.strerror or str(problem)
            self._reporter.log(f"Volume “{volume.label}” is read without a snapshot: none could be made ({why}).")
            return
        self._reporter.log(f"Volume “{volume.label}” is read from a snapshot of {paths.to_text(subvolume)}.")

    def _delete(self) -> None:
        for reader in self._readers.values():
            for path in reader.inner if isinstance(reader, FrozenFiles) else ():
                self._reporter.log(f"“{paths.to_text(path)}” is a subvolume of its own: read without a snapshot.")
        while self._made:
            _, snapshot = self._made.popitem()
            try:
                btrfs.delete(snapshot)
            except OSError as problem:
                why = problem.strerror or str(problem)
                self._reporter.warn(
                    "snapshot-left",
                    f"The snapshot {paths.to_text(snapshot)} could not be deleted ({why}); it is tried again later.",
                )


def tidy_core(core: str, machines: Iterable[Machine]) -> None:
    """Deletes what backups of this Core that died have left, where its machines have their volumes."""
    tops: set[bytes] = set()
    mounts = Mounts()
    for machine in machines:
        for volume in machine.volumes:
            if volume.source != VolumeSource.TREE:
                continue
            home = os.path.realpath(paths.from_text(volume.path))
            if mounts.kind_at(home) == "btrfs" and btrfs.may_snapshot():
                try:
                    tops.add(btrfs.subvolume_of(home))
                except OSError:
                    continue
    tidy(tops, _prefix(core, ""), lambda _: None)


def tidy(subvolumes: Iterable[bytes], prefix: str, log: Callable[[str], None]) -> None:
    """Deletes snapshots whose names begin so; what cannot be deleted stays for the next time."""
    for subvolume in subvolumes:
        try:
            left = list(btrfs.named(subvolume, prefix.encode()))
        except OSError:
            continue
        for path in left:
            try:
                btrfs.delete(path)
            except OSError:
                continue
            log(f"The snapshot {paths.to_text(path)}, left by a backup that died, was deleted.")


def _prefix(core: str, machine: str) -> str:
    """Ids as parts of a name: of a machine, or of all of a Core where it is empty."""
    plain = [re.sub("[^0-9a-zA-Z]", "", id)[:16] for id in (core, machine)]
    return f"{PREFIX}{plain[0]}-{plain[1]}-" if machine else f"{PREFIX}{plain[0]}-"
