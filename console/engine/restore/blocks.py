"""The content of one volume onto one target: what stands there already and is right is left as it is."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from console.domain.errors import Failed, damage
from console.domain.objects import ZERO_ID
from console.domain.progress import Reporter
from console.domain.trees import Entry
from console.engine.backup.in_order import in_order
from console.repository import Repository, TreeReader
from console.repository.codec import object_id
from console.sources.targets import Target

THREADS = 2
WINDOW = 4 << 20
"""So much is written at once, by one thread (bytes)."""
AHEAD = 2 * THREADS

Spot = tuple[int, bytes, int]
"""Offset, id and length of one chunk."""


class BlockRestore:
    """Writes one content. Every chunk is proven when it is read from the repository, and written as it was proven; one
    that is found standing at its place is proven by its id, or compared. Used once."""

    def __init__(self, repository: Repository, reporter: Reporter) -> None:
        self._repository = repository
        self._reader = TreeReader(repository)
        self._reporter = reporter
        self._lock = threading.Lock()
        self.written = 0
        """Bytes written."""
        self.found = 0
        """Bytes that stood there already."""

    def write(self, entry: Entry, target: Target) -> None:
        """Raises Failed `object-missing`, `object-damaged`; OSError of the target; Cancelled."""
        if entry.inline:
            target.write(entry.inline, 0)
            self.written += len(entry.inline)
            self._reporter.advance(bytes=len(entry.inline))
            return
        with ThreadPoolExecutor(THREADS, thread_name_prefix="restore") as threads:
            for size in in_order(threads, self._steps(entry, target), ahead=AHEAD):
                self._reporter.check()
                self._reporter.advance(bytes=size)

    def _steps(self, entry: Entry, target: Target) -> Iterator[Callable[[], int]]:
        at = size = 0
        window: list[Spot] = []
        for oid, length in self._reader.extents(entry):
            if at + length > entry.size:
                break
            if oid == ZERO_ID or (window and size + length > WINDOW):
                if window:
                    yield partial(self._window, target, window)
                window, size = [], 0
            if oid == ZERO_ID:
                yield partial(self._hole, target, at, length)
            else:
                window.append((at, oid, length))
                size += length
            at += length
        if window:
            yield partial(self._window, target, window)
        if at != entry.size:
            raise damage(
                "object-damaged", f"The content of the volume is not as long as its size says ({entry.size} bytes)."
            )

    def _hole(self, target: Target, at: int, length: int) -> int:
        target.zero(at, length)
        return length

    def _window(self, target: Target, window: list[Spot]) -> int:
        """Writes a run of chunks; a task for the threads. Returns its bytes."""
        size = sum(length for _, _, length in window)
        there = _There(target, window[0][0], size) if target.used else None
        wanted: dict[bytes, list[Spot]] = {}
        for at, oid, length in window:
            if there is not None and there.is_chunk(oid, at, length):
                continue
            wanted.setdefault(oid, []).append((at, oid, length))
        written = 0
        for oid, plain in self._repository.read_many(list(wanted)) if wanted else ():
            for at, _, length in wanted[oid]:
                if len(plain) != length:
                    raise wrong_length(oid)
                if there is None or not there.holds(plain, at):
                    target.write(plain, at)
                    written += length
        with self._lock:
            self.written += written
            self.found += size - written
        return size


class _There:
    """What stands on the target where a window goes."""

    def __init__(self, target: Target, at: int, size: int) -> None:
        buffer = bytearray(size)
        self._at = at
        self._size = target.read_into(memoryview(buffer), at)
        self._buffer = buffer

    def is_chunk(self, oid: bytes, at: int, length: int) -> bool:
        """Whether it is a chunk by its id. Of a sealed image ids say nothing without its key: then it never is."""
        begin = at - self._at
        if begin + length > self._size or self._buffer.startswith(bytes(length), begin):
            return False
        return object_id(memoryview(self._buffer)[begin : begin + length]) == oid

    def holds(self, plain: bytes, at: int) -> bool:
        return self._buffer.startswith(plain, at - self._at)


def wrong_length(oid: bytes) -> Failed:
    return damage("object-damaged", f"Object {oid.hex()} has another length than its volume says.")
