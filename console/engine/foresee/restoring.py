"""What restoring files would do: how much, what stands there already, what is not on this Core."""

from __future__ import annotations

import os
import stat
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import cast

from console.domain import paths
from console.domain.answers import FailureAnswer
from console.domain.clock import Clock
from console.domain.errors import Failed, Failure, failed
from console.domain.objects import ZERO_ID, id_of_hex
from console.domain.plan_answers import ConflictAnswer, RestorePlan
from console.domain.sizes import format_size
from console.domain.trees import Entry, EntryFlag, FileType
from console.engine.backup.foresight import Foresight
from console.engine.restore.outcome import is_damage
from console.engine.restore.planting import Overwrite, why_kept
from console.engine.restore.restore import ASKED, Restore, Wanted
from console.engine.restore.selection import Chosen, Wish
from console.host.disks import free_space, nearest_existing
from console.repository import Repository, TreeReader

WALK_S = 8.0
"""Names are looked at for so long; a point with more of them is told of in estimates."""
MOST_NAMED = 100
RATE = 80e6
"""Bytes per second that a disk is taken to accept, …"""
FILES_RATE = 1500.0
"""… and files per second."""


@dataclass(slots=True)
class Tally:
    """What was counted. `kept`: names there already that stay; `replaced`: those that are written over."""

    files: int = 0
    directories: int = 0
    bytes: int = 0
    kept: int = 0
    replaced: int = 0
    conflicts: list[ConflictAnswer] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    missing_count: int = 0
    complete: bool = True

    def miss(self, text: str) -> None:
        self.missing_count += 1
        if len(self.missing) < MOST_NAMED:
            self.missing.append(text)


class Restoring:
    """Looks at names and numbers only; no content is read."""

    def __init__(self, clock: Clock, restore: Restore) -> None:
        self._clock = clock
        self._restore = restore

    def plan(
        self, point: str, wanted_paths: Sequence[str], to: str, *, overwrite: str = "never", partial: bool = False
    ) -> RestorePlan:
        """`to`: a path as the operating system gave it. Raises Failed `no-such-recovery-point`, `no-such-file`,
        `overwrite-unknown`; what is wrong with the destination, and that nothing can be restored, is in the answer."""
        wanted = self._restore.wanted(point, wanted_paths, overwrite=overwrite, partial=partial)
        problems: list[Failure] = []
        destination = self._destination(to, problems)
        tally = Tally()
        try:
            self._restore.find(wanted)
            self._count(wanted, destination, tally)
            if not partial and tally.missing_count and not tally.files:
                self._restore.refuse_nothing(wanted)
        except Failed as known:
            if known.failure.code == "no-such-file":
                raise
            problems.append(known.failure)
        room = _room(destination)
        return {
            "point": wanted.point.id,
            "to": paths.to_text(os.fsencode(to) if destination is None else destination),
            "files": tally.files,
            "directories": tally.directories,
            "bytes": tally.bytes,
            "room": room,
            "conflict_count": tally.kept + tally.replaced,
            "conflicts": tally.conflicts,
            "missing_count": tally.missing_count,
            "missing": tally.missing,
            "complete": tally.complete,
            "estimate_s": round(tally.bytes / RATE + tally.files / FILES_RATE, 1),
            "warnings": _warnings(tally, wanted.overwrite, room if destination is not None else None),
            "problems": [cast(FailureAnswer, problem.to_dict()) for problem in problems],
        }

    def _destination(self, to: str, problems: list[Failure]) -> bytes | None:
        try:
            destination = self._restore.destination(to)
            ground = nearest_existing(Path(os.fsdecode(destination)))
            if not os.access(ground, os.W_OK | os.X_OK):
                raise failed(
                    "destination-unusable",
                    f"{to} cannot be written: this Core may not write to {ground}.",
                    "Choose another destination.",
                )
        except Failed as known:
            problems.append(known.failure)
            return None
        return destination

    def tally(self, wanted: Wanted, destination: bytes | None) -> Tally:
        """What restoring would write, beside what stands at a destination (None: nothing does). Raises Failed where the
        repository cannot be read."""
        tally = Tally()
        self._count(wanted, destination, tally)
        return tally

    def _count(self, wanted: Wanted, destination: bytes | None, tally: Tally) -> None:
        deadline = self._clock.monotonic() + WALK_S
        whole = self._restore.whole(wanted)
        for chosen in wanted.chosen:
            image = chosen.image
            there = destination
            if there is not None and wanted.several:
                there = os.path.join(there, os.fsencode(image.volume_label))
            if there is not None and _nothing_at(there):
                there = None
            if chosen.wish.everything and image.id in whole and there is None:
                tally.files += image.files
                tally.directories += image.directories
                tally.bytes += image.size
                continue
            before = (tally.files, tally.directories, tally.bytes)
            prefix = f"{image.volume_label}:" if wanted.several else ""
            repository, sealed = self._restore.repository(image), bool(image.key)
            walk = _Walk(repository, self._clock, deadline, wanted.overwrite, tally, prefix, sealed=sealed)
            if not walk.run(chosen, there, whole=image.id in whole):
                tally.complete = False
                if chosen.wish.everything:  # what was not looked at is taken to be written
                    tally.files = max(tally.files, before[0] + image.files)
                    tally.directories = max(tally.directories, before[1] + image.directories)
                    tally.bytes = max(tally.bytes, before[2] + image.size)
            self._count_inside(chosen, prefix, deadline, tally)

    def _count_inside(self, chosen: Chosen, prefix: str, deadline: float, tally: Tally) -> None:
        """Files inside a disk. What stands at their destination is looked at when they are restored."""
        for path, entry, here in self._restore.inside(chosen):
            if self._clock.monotonic() > deadline:
                tally.complete = False
                return
            if here:
                tally.files += 1
                tally.bytes += entry.size
            else:
                tally.miss(prefix + paths.to_text(path))


class _Walk:
    """One image, as far as it is wanted, beside what stands at its destination. Used once."""

    def __init__(
        self,
        repository: Repository,
        clock: Clock,
        deadline: float,
        overwrite: Overwrite,
        tally: Tally,
        prefix: str,
        *,
        sealed: bool,
    ) -> None:
        self._missing = partial(repository.missing, sealed=sealed)
        self._foresight = Foresight(repository)
        self._reader = TreeReader(self._foresight)
        self._clock = clock
        self._deadline = deadline
        self._overwrite = overwrite
        self._tally = tally
        self._prefix = prefix
        self._links: set[int] = set()
        self._batch: list[tuple[Entry, bytes, list[bytes]]] = []
        self._asked = 0

    def run(self, chosen: Chosen, there: bytes | None, *, whole: bool) -> bool:
        """Whether it was looked at to the end. `there`: the directory that the image goes to, None where there is
        nothing; `whole`: all bytes are here, they need not be looked for."""
        try:
            root = self._reader.root(id_of_hex(chosen.image.root))
        except Failed as known:
            if not is_damage(known):
                raise
            self._tally.miss(self._prefix or chosen.image.volume_label)
            return True
        top = self._reader.top(root, chosen.image.volume_label)
        stack: list[tuple[Entry, Wish, bytes, bytes | None]] = [(top, chosen.wish, b"", there)]
        while stack:
            if self._clock.monotonic() > self._deadline:
                return False
            inner = self._directory(*stack.pop(), whole=whole)
            self._foresight.foresee(entry for entry, _, _, _ in reversed(inner))
            stack += inner
        self._settle()
        return True

    def _directory(
        self, directory: Entry, wish: Wish, path: bytes, there: bytes | None, *, whole: bool
    ) -> list[tuple[Entry, Wish, bytes, bytes | None]]:
        inner: list[tuple[Entry, Wish, bytes, bytes | None]] = []
        try:
            for entry in self._reader.entries(directory):
                wanted = wish.below(entry.name)
                if wanted is None:
                    continue
                below = path + b"/" + entry.name if path else entry.name
                if entry.flags & EntryFlag.UNREADABLE:
                    self._tally.miss(self._text(below))
                    continue
                goes, beside = self._meet(entry, below, there)
                if not goes:
                    continue
                if entry.type is FileType.DIRECTORY:
                    self._tally.directories += 1
                    inner.append((entry, wanted, below, beside))
                elif entry.type is not FileType.FILE or whole:
                    self._take(entry)
                else:
                    self._look_for(entry, below)
        except Failed as known:
            if not is_damage(known):
                raise
            self._tally.miss(self._text(path) or self._prefix)
        return inner[::-1]

    def _meet(self, entry: Entry, path: bytes, there: bytes | None) -> tuple[bool, bytes | None]:
        """Whether an entry will be written, and for a directory the one that stands there already."""
        if there is None:
            return True, None
        beside = os.path.join(there, entry.name)
        try:
            status = os.lstat(beside)
        except OSError:
            return True, None
        if entry.type is FileType.DIRECTORY and stat.S_ISDIR(status.st_mode):
            return True, beside
        kept = why_kept(self._overwrite, status, entry)
        if not kept and stat.S_ISDIR(status.st_mode) and not _nothing_at(beside):
            kept = "a directory that is not empty has this name"
        self._tally.kept += bool(kept)
        self._tally.replaced += not kept
        if len(self._tally.conflicts) < MOST_NAMED:
            newer = "same" if entry.mtime_ns == status.st_mtime_ns else "there"
            self._tally.conflicts.append(
                {
                    "path": self._text(path),
                    "size_here": entry.size,
                    "size_there": status.st_size,
                    "newer": "here" if entry.mtime_ns > status.st_mtime_ns else newer,
                }
            )
        return not kept, None

    def _look_for(self, entry: Entry, path: bytes) -> None:
        try:
            ids = [oid for oid, _ in self._reader.extents(entry) if oid != ZERO_ID]
        except Failed as known:
            if not is_damage(known):
                raise
            self._tally.miss(self._text(path))
            return
        self._batch.append((entry, path, ids))
        self._asked += len(ids) + 1
        if self._asked >= ASKED:
            self._settle()

    def _settle(self) -> None:
        lacking = set(self._missing(list({oid for _, _, ids in self._batch for oid in ids})))
        for entry, path, ids in self._batch:
            if lacking.isdisjoint(ids):
                self._take(entry)
            else:
                self._tally.miss(self._text(path))
        self._batch, self._asked = [], 0

    def _take(self, entry: Entry) -> None:
        self._tally.files += entry.type is FileType.FILE
        if not entry.links or entry.links not in self._links:  # a file of several names is written once
            self._tally.bytes += entry.size if entry.type is FileType.FILE else 0
        if entry.links:
            self._links.add(entry.links)

    def _text(self, path: bytes) -> str:
        return self._prefix + paths.to_text(path)


def _nothing_at(path: bytes) -> bool:
    """Whether there is no directory, or an empty one."""
    try:
        with os.scandir(path) as names:
            return next(names, None) is None
    except OSError:
        return True


def _room(destination: bytes | None) -> int:
    if destination is None:
        return 0
    try:
        return free_space(nearest_existing(Path(os.fsdecode(destination))))
    except OSError:
        return 0


def _warnings(tally: Tally, overwrite: Overwrite, room: int | None) -> list[str]:
    warnings = []
    if tally.missing_count:
        warnings.append(f"Not to be restored from this Core: {_many(tally.missing_count, 'name')}.")
    if tally.kept:
        why = "" if overwrite is Overwrite.NEVER else ", and not older"
        warnings.append(f"There already{why}: {_many(tally.kept, 'name')}. What is there stays.")
    if tally.replaced:
        warnings.append(f"There already: {_many(tally.replaced, 'name')}. What is there will be replaced.")
    if room is not None and tally.bytes > room:
        warnings.append(f"It may not fit: up to {format_size(tally.bytes)} for {format_size(room)} of free room.")
    if not tally.complete:
        warnings.append("Looking at all names took too long; the numbers are estimates.")
    return warnings


def _many(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
