"""What becomes known of a volume's names, from the walk and from the threads, until each directory can close."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

from msgspec.structs import replace

from console.domain.clock import Clock
from console.domain.progress import Reporter
from console.domain.trees import Entry, EntryFlag, FileType, VolumeRoot
from console.engine.backup.folders import Folder
from console.engine.backup.intake import WHOLE, Intake
from console.engine.backup.shelves import Shelf, Wish
from console.engine.backup.workers import Workers
from console.repository import TreeWriter
from console.sources.attributes import Owners


@dataclass(slots=True)
class Twins:
    """The names of one file with hard links, as far as they were met. Guarded by the gathering's lock."""

    left: int
    entry: Entry | None = None
    reading: bool = False
    waiting: list[Wanted] = field(default_factory=list)


@dataclass(slots=True)
class Wanted:
    """A name whose entry the threads shall make. `status` None: look again."""

    folder: Folder
    slot: int
    name: bytes
    status: os.stat_result | None
    twins: Twins | None = None
    weight: bool = True


Settled = tuple[Folder, int, Entry | None, bool]
"""`bool`: its size counts (a file with several names counts once)."""


class Gathering:
    """Entries arrive in any order and from any thread; directories become nodes behind them, the top one last."""

    def __init__(self, intake: Intake, writer: TreeWriter, workers: Workers, reporter: Reporter, clock: Clock) -> None:
        self._intake = intake
        self._writer = writer
        self._workers = workers
        self._reporter = reporter
        self._clock = clock
        self._lock = threading.Lock()
        self._files = self._directories = self._others = self._bytes = self._unreadable = 0
        self._top: Entry | None = None

    def root(self, owners: Owners) -> VolumeRoot:
        """When everything was gathered: where the image begins."""
        assert self._top is not None
        return VolumeRoot(
            "tree",
            self._top,
            self._files,
            self._directories - 1,
            self._others,
            self._bytes,
            self._unreadable,
            owners.users,
            owners.groups,
        )

    def first(self, wanted: Wanted) -> bool:
        """Whether this name's file is still to be read. If not, it waits for another of its names, or is settled."""
        twins = wanted.twins
        if twins is None:
            return True
        with self._lock:
            if twins.entry is None:
                if twins.reading:
                    twins.waiting.append(wanted)
                    return False
                twins.reading = True
                return True
        self.settle([(wanted.folder, wanted.slot, replace(twins.entry, name=wanted.name), False)])
        return False

    def prepare(self, batch: list[Wanted]) -> Callable[[], None]:
        """A task for the threads that makes the entries of a batch of files. Small ones are read here, while they are
        quickly read."""
        moment = self._clock.now().timestamp()
        shelves = self._intake.shelves
        shelf = shelves.name(shelves.fill(_wishes(batch))) if shelves.quick else None
        return partial(self._take_in, batch, moment, shelf)

    def _take_in(self, batch: list[Wanted], moment: float, shelf: Shelf | None = None) -> None:
        intake, wishes = self._intake, _wishes(batch)
        if shelf is None:
            shelf = intake.shelves.fill(wishes)
            with intake.turn:
                intake.shelves.name(shelf)
        made = intake.entries(wishes, moment, shelf)
        intake.turn.leave(partial(self._enter, batch, made, moment, shelf))

    def _enter(self, batch: list[Wanted], made: list[Entry | None], moment: float, shelf: Shelf) -> None:
        self._intake.finish(shelf, made, moment)
        settled: list[Settled] = []
        for wanted, entry in zip(batch, made, strict=True):
            settled.append((wanted.folder, wanted.slot, entry, wanted.weight))
            if wanted.twins is not None:
                settled += self._release(wanted.twins, wanted, entry)
        self.settle(settled, read=True)

    def _release(self, twins: Twins, read: Wanted, entry: Entry | None) -> list[Settled]:
        """Settles the names that waited for the one that was read. When that vanished, the next of them is read."""
        with self._lock:
            waiting, twins.waiting = twins.waiting, []
            if entry is not None:
                twins.entry = entry
                return [(w.folder, w.slot, replace(entry, name=w.name), False) for w in waiting]
            if not waiting:
                twins.reading = False
                return []
            following, *twins.waiting = waiting
        following.status = None
        following.weight = read.weight
        self._workers.add(partial(self._take_in, [following], self._clock.now().timestamp()))
        return []

    def settle(self, settled: list[Settled], *, read: bool = False) -> None:
        """Enters what became known (`read`: of files that were just read); closes directories that waited for it."""
        closed: list[Folder] = []
        files = others = size = unreadable = told = 0
        with self._lock:
            for folder, slot, entry, weight in settled:
                if entry is not None:
                    if entry.type is FileType.FILE:
                        files += 1
                        if weight:
                            size += entry.size
                            # Large files were told of while they were read.
                            told += entry.size if not read or entry.size <= WHOLE else 0
                    elif entry.type is FileType.DIRECTORY:
                        self._directories += 1
                    else:
                        others += 1
                    if entry.flags and entry.flags & EntryFlag.UNREADABLE:
                        unreadable += 1
                if folder.put(slot, entry):
                    closed.append(folder)
            self._files += files
            self._others += others
            self._bytes += size
            self._unreadable += unreadable
        self._reporter.advance(bytes=told, items=files + others)
        for folder in closed:
            self._close(folder)

    def _close(self, folder: Folder | None) -> None:
        """Everything in a directory is known: it becomes a node, and may be the last that the one above waited for."""
        while folder is not None:
            before = folder.before
            if folder.same and before is not None:
                content, depth = before.content, before.depth
            else:
                content, depth = self._writer.directory(folder.entries())
            entry = folder.entry
            if entry is not before or not folder.same:
                entry = replace(entry, content=content, depth=depth)
            above = folder.parent
            with self._lock:
                self._directories += 1
                if above is None:
                    self._top = entry
                    return
                if entry is not before and entry != before:
                    above.same = False
                done = above.put(folder.slot, entry)
            folder = above if done else None


def _wishes(batch: list[Wanted]) -> list[Wish]:
    return [(wanted.folder.prefix + wanted.name, wanted.name, wanted.status) for wanted in batch]
