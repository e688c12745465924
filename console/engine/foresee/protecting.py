"""What protecting a machine would do: how much there is in its volumes, and what is in the way."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, cast

from console.domain import paths
from console.domain.answers import FailureAnswer
from console.domain.clock import Clock
from console.domain.errors import Failed, Failure, failed
from console.domain.machines import MachineOptions, VolumeSource
from console.domain.plan_answers import MeasuredVolume, ProtectPlan
from console.domain.sizes import format_size
from console.engine.backup.leaving import identities
from console.engine.backup.options import changed_options
from console.engine.backup.volumes import COMMAND, INPUT, Named, disk_size, make_volumes, private_inside
from console.engine.backup.volumes import shown as as_named
from console.engine.protect import Protect
from console.engine.repositories import Repositories
from console.host.block_devices import in_use
from console.host.disks import space
from console.sources.marks import Marks
from console.sources.mounts import Mounts

MEASURE_S = 3.0
"""All volumes together are counted for so long at most."""
RATE = 120e6
"""Bytes per second that a first backup is taken to read, …"""
FILES_RATE = 2500.0
"""… and files per second."""
MOUNTS_NAMED = 10


class Protecting:
    """Counts names and sizes as the system tells them; opens no file."""

    def __init__(self, repositories: Repositories, clock: Clock, protect: Protect) -> None:
        self._repositories = repositories
        self._clock = clock
        self._protect = protect

    def plan(
        self,
        name: str,
        volumes: Sequence[Named],
        *,
        repository: str | None = None,
        options: Mapping[str, Any] | None = None,
    ) -> ProtectPlan:
        """What keeps the machine from being protected is in the answer: what `Protect.add` would raise."""
        problems: list[Failure] = []
        home = room = None
        try:
            self._protect.check_name(name)
        except Failed as known:
            problems.append(known.failure)
        try:
            home = self._repositories.choose(repository)
            room = self._repositories.free(home)
        except Failed as known:
            problems.append(known.failure)
        how = MachineOptions()
        try:
            how = changed_options(how, options or {})
        except Failed as known:
            problems.append(known.failure)
        measured: list[MeasuredVolume] = []
        warnings: list[str] = []
        deadline = self._clock.monotonic() + MEASURE_S
        for number, volume in enumerate(volumes):
            now = self._clock.monotonic()
            share = max(0.0, deadline - now) / (len(volumes) - number)
            measured.append(self._volume(volume, now + share, warnings, how))
        try:
            for shown, made in zip(measured, make_volumes(volumes, self._repositories), strict=True):
                shown["label"] = made.label
        except Failed as known:
            told = [shown["problem"]["code"] for shown in measured if shown["problem"] is not None]
            if known.failure.code not in told:
                problems.append(known.failure)
        if how.one_file_system:
            warnings += _mounted_below([paths.from_text(shown["path"]) for shown in measured if not shown["problem"]])
        size = sum(shown["bytes"] for shown in measured)
        files = sum(shown["files"] for shown in measured)
        if not all(shown["complete"] for shown in measured):
            warnings.append("Counting took too long; the sizes are estimates.")
        if room is not None and size > room:
            warnings.append(
                f"The repository may become full: up to {format_size(size)} for {format_size(room)} of free room. "
                "What is there twice, or compresses well, takes less."
            )
        return {
            "repository": home.name if home else "",
            "room": room or 0,
            "volumes": measured,
            "bytes": size,
            "files": files,
            "estimate_s": round(size / RATE + files / FILES_RATE, 1),
            "warnings": warnings,
            "problems": [_answer(problem) for problem in problems],
        }

    def _volume(self, volume: Named, deadline: float, warnings: list[str], options: MachineOptions) -> MeasuredVolume:
        label, path = volume
        shown: MeasuredVolume = {
            "path": named_text(path),
            "label": label or "",
            "bytes": 0,
            "files": 0,
            "complete": True,
            "problem": None,
        }
        try:
            [made] = make_volumes([volume], self._repositories)
            shown["path"], shown["label"] = as_named(made.source, made.path), made.label
            if made.source != VolumeSource.TREE:
                shown["bytes"], shown["files"] = disk_size(made) or 0, 1
                if users := in_use(made.path) if made.source == VolumeSource.IMAGE else []:
                    warnings.append(f"{made.path} is in use ({users[0]}): an image of it may be of no single moment.")
                return shown
            home = paths.from_text(made.path)
            shown["bytes"], shown["files"], shown["complete"], unread = self._measure(home, deadline, options)
        except Failed as known:
            shown["problem"] = _answer(known.failure)
            return shown
        if not shown["complete"] and os.path.ismount(home):
            shown["bytes"] = max(shown["bytes"], _used(home))
        if unread:
            warnings.append(f"{made.path}: {unread} directories cannot be read by this Core; they will be left out.")
        inside = private_inside(home, self._repositories)
        for private in inside:
            if set(private.parents).intersection(inside):  # what holds it is named
                continue
            warnings.append(f"{made.path} contains {private}, which belongs to this Core and is left out.")
        return shown

    def _measure(self, home: bytes, deadline: float, options: MachineOptions) -> tuple[int, int, bool, int]:
        """Bytes, files, whether all was counted, and how many directories could not be read."""
        private = identities([os.fsencode(path) for path in self._repositories.private_paths()])
        mounted, marks, home = Mounts(), Marks(caches=options.caches, names=options.markers), os.path.realpath(home)
        try:
            os.listdir(home)
            device = os.stat(home).st_dev
        except OSError as problem:
            raise failed(
                "volume-unreadable",
                f"“{paths.to_text(home)}” could not be read: {problem.strerror}.",
                "Run the Core as a user who may read it.",
            ) from problem
        size = files = unread = 0
        twins: set[tuple[int, int]] = set()
        stack = [(home, device)]
        while stack:
            if self._clock.monotonic() > deadline:
                return size, files, False, unread
            path, above = stack.pop()
            try:
                status = os.stat(path, follow_symlinks=False)
                if (status.st_dev, status.st_ino) in private:
                    continue
                if path != home and _left_out(path, status, above, mounted, options):
                    continue
                if path != home and marks.any and _is_marked(path, marks):
                    continue
                with os.scandir(path) as names:
                    for entry in names:
                        if entry.is_dir(follow_symlinks=False):
                            stack.append((entry.path, status.st_dev))
                        elif entry.is_file(follow_symlinks=False):
                            files += 1
                            size += _own_size(entry, twins)
            except OSError:
                unread += 1
        return size, files, True, unread


def _mounted_below(homes: Sequence[bytes]) -> list[str]:
    """What is mounted below volumes and is no volume itself, in sentences."""
    mounted = Mounts()
    tops = {os.path.realpath(home) for home in homes}
    found = {point: kind for top in tops for point, kind in mounted.below(top) if point not in tops}
    told = [
        f"{paths.to_text(point)} ({kind}) is mounted below and is left out; make it a volume of its own, or cross into "
        "other file systems."
        for point, kind in sorted(found.items())
    ]
    if len(told) > MOUNTS_NAMED:
        told = [*told[:MOUNTS_NAMED], f"{len(told) - MOUNTS_NAMED} more file systems are mounted below and left out."]
    return told


def _left_out(path: bytes, status: os.stat_result, above: int, mounted: Mounts, options: MachineOptions) -> bool:
    """The rule of imaging: nothing of the kernel's, and nothing that is mounted there unless it was asked for."""
    if not mounted.begins(path, status, above):
        return False
    return options.one_file_system or (status.st_dev != above and mounted.pseudo(status.st_dev) is not None)


def _is_marked(path: bytes, marks: Marks) -> bool:
    directory = os.open(path, os.O_RDONLY)
    try:
        return bool(marks.found([os.fsencode(name) for name in os.listdir(directory)], directory))
    finally:
        os.close(directory)


def _own_size(entry: os.DirEntry[bytes], twins: set[tuple[int, int]]) -> int:
    """The size of a file, at the first of its names."""
    try:
        status = entry.stat(follow_symlinks=False)
    except OSError:
        return 0
    if status.st_nlink > 1:
        one = (status.st_dev, status.st_ino)
        if one in twins:
            return 0
        twins.add(one)
    return status.st_size


def _used(home: bytes) -> int:
    try:
        return space(Path(os.fsdecode(home))).used
    except OSError:
        return 0


def named_text(path: str) -> str:
    """What was named, as text."""
    return path if path == INPUT or path.startswith(COMMAND) else paths.to_text(paths.native(path))


def _answer(failure: Failure) -> FailureAnswer:
    return cast(FailureAnswer, failure.to_dict())
