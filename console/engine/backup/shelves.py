"""Small files, read one by one by the thread that walks, and stored together by the threads that work (see `turn`)."""

from __future__ import annotations

import os
import stat
import threading
import time
from collections import deque
from collections.abc import Generator, Sequence
from contextlib import closing
from typing import NamedTuple

from console.domain.objects import REF, Kind
from console.domain.trees import INLINE_MAX, Entry
from console.engine.backup.content import Content, Extras, finished
from console.engine.backup.tally import Tally
from console.repository.chunker import MINIMUM
from console.repository.session import Prepared
from console.sources.reading import HostFiles, fetched_from_disk, may_be_sparse, same_content

SHELF = 2 << 20
"""Bytes of small files that are read before they are stored."""
AHEAD = 64
"""So many files may be open while a disk fetches them."""
SLOW_S = 0.001
"""Files that take longer each, on the average of a shelf, come over a network or from a slow disk."""

_Opened = tuple[int, bytes, os.stat_result, int | None]
Wish = tuple[bytes, bytes, os.stat_result | None]
"""Path, name, and the status where it is known."""


class _Read(NamedTuple):
    slot: int
    name: bytes
    status: os.stat_result
    extras: Extras
    plain: memoryview


class Shelf:
    """What was read of one batch. `tried`: slots of small files that changed or vanished since their directory was
    listed; that was their first trial."""

    def __init__(self, buffer: bytearray) -> None:
        self.buffer = buffer
        self.read: list[_Read] = []
        self.tried: set[int] = set()
        self.prepared: Prepared | None = None


class Shelves:
    """Fills and stores them. Thread-safe."""

    def __init__(self, files: HostFiles, store: Tally) -> None:
        self._files = files
        self._store = store
        self._free: list[bytearray] = []
        self._lock = threading.Lock()
        self._ahead = 0
        self.quick = True
        """Whether the files of the last shelf came quickly; else many threads had better wait for them."""

    def fill(self, batch: Sequence[Wish]) -> Shelf:
        """Reads the small files of a batch, as many as there is room for; the others are left to the caller."""
        with self._lock:
            shelf = Shelf(self._free.pop() if self._free else bytearray(SHELF))
        room, used = memoryview(shelf.buffer), 0
        begun, fetched = time.perf_counter(), fetched_from_disk()
        with closing(self._opened(batch)) as opened:
            for slot, name, status, file in opened:
                plain = room[used : used + status.st_size]
                extras = None if file is None else self._glance(file, status, plain)
                if extras is None:
                    shelf.tried.add(slot)
                else:
                    shelf.read.append(_Read(slot, name, status, extras, plain))
                    used += len(plain)
        self._ahead = AHEAD if fetched_from_disk() - fetched > used // 4 else 0
        self.quick = time.perf_counter() - begun <= SLOW_S * max(16, len(shelf.read))
        return shelf

    def _opened(self, batch: Sequence[Wish]) -> Generator[_Opened, None, None]:
        """The small files of a batch that fill a shelf, open (None: that one cannot be opened), and closed afterwards.
        Where they come from a disk it is told of some ahead, so that it seldom has to be waited for."""
        files, ahead, room = self._files, self._ahead, SHELF
        waiting: deque[_Opened] = deque()
        try:
            for slot, (path, name, status) in enumerate(batch):
                if status is None or not is_small(status):
                    continue
                room -= status.st_size
                if room < 0:
                    break
                try:
                    file = files.open(path)
                    if ahead:
                        files.want(file, status.st_size)
                except OSError:
                    file = None
                waiting.append((slot, name, status, file))
                if len(waiting) > ahead:
                    yield waiting[0]
                    self._close(waiting.popleft()[3])
            while waiting:
                yield waiting[0]
                self._close(waiting.popleft()[3])
        finally:
            for *_, file in waiting:
                self._close(file)

    def _close(self, file: int | None) -> None:
        if file is not None:
            self._files.close(file)

    def _glance(self, file: int, status: os.stat_result, plain: memoryview) -> Extras | None:
        """Reads a small file that holds still into `plain`. None: something is the matter, it wants a closer look."""
        files = self._files
        try:
            if files.read_into(file, plain, 0) < len(plain) or not same_content(status, files.status_open(file)):
                return None
            return files.xattrs(file), files.flags(file, status.st_dev)
        except OSError:
            return None

    def name(self, shelf: Shelf) -> Shelf:
        """Finds out what of it is to be stored. To be called in one's turn."""
        shelf.prepared = self._store.prepare(Kind.CHUNK, [read.plain for read in shelf.read]) if shelf.read else None
        return shelf

    def store(self, shelf: Shelf, made: list[Entry | None], moment: float) -> int:
        """Stores what was named and compressed and puts its entries into `made`, each at its slot; how many bytes it
        was. To be called in one's turn; the shelf is used again afterwards."""
        total = 0
        if shelf.prepared is not None:
            puts = self._store.put_prepared(shelf.prepared)
            for put, (slot, name, status, extras, plain) in zip(puts, shelf.read, strict=True):
                size = len(plain)
                total += size
                content = Content(size, size, content=REF.pack(put.id, size))
                made[slot] = finished(name, status, content, extras, moment)
        shelf.prepared, shelf.read = None, []
        with self._lock:
            self._free.append(shelf.buffer)
        return total


def is_small(status: os.stat_result) -> bool:
    """Whether a file is one chunk."""
    return INLINE_MAX < status.st_size <= MINIMUM and stat.S_ISREG(status.st_mode) and not may_be_sparse(status)
