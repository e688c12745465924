"""Contents in blocks: those read lately are kept, and who reads on finds the next ones on their way."""

from __future__ import annotations

import threading
from collections import OrderedDict
from concurrent.futures import Future

from console.cli.mounting.source import Source

BLOCK = 2 << 20
HELD = 48
"""Blocks that are kept: 96 MiB."""
AHEAD = 4
"""Blocks that are asked for before they are needed."""

Key = tuple[str, str, bytes, int]


class OpenFile:
    """A file that was opened: where it is, how large (bytes), and up to where it was read."""

    __slots__ = ("last", "path", "point", "size", "volume")

    def __init__(self, point: str, volume: str, path: bytes, size: int) -> None:
        self.point = point
        self.volume = volume
        self.path = path
        self.size = size
        self.last = -1


class Blocks:
    """Thread-safe. At most `HELD` blocks, with those on their way."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._lock = threading.Lock()
        self._held: OrderedDict[Key, Future[bytes]] = OrderedDict()

    def read(self, file: OpenFile, offset: int, length: int) -> bytes:
        """At most `length` bytes; fewer only at the end. Raises Failed; nothing is kept of what failed."""
        end = min(offset + length, file.size)
        if offset >= end:
            return b""
        first, last = offset // BLOCK, (end - 1) // BLOCK
        futures = [self._ask(file, number) for number in range(first, last + 1)]
        if first in (file.last, file.last + 1):
            for number in range(last + 1, min(last + 1 + AHEAD, -(-file.size // BLOCK))):
                self._ask(file, number)
        file.last = last
        parts = []
        for number, future in zip(range(first, last + 1), futures, strict=True):
            try:
                block = future.result()
            except BaseException:
                self._forget(file, number)
                raise
            start = number * BLOCK
            parts.append(memoryview(block)[max(offset - start, 0) : end - start])
        return bytes(parts[0]) if len(parts) == 1 else b"".join(parts)

    def _ask(self, file: OpenFile, number: int) -> Future[bytes]:
        key = (file.point, file.volume, file.path, number)
        with self._lock:
            known = self._held.get(key)
            if known is not None:
                self._held.move_to_end(key)
                return known
            length = min(BLOCK, file.size - number * BLOCK)
            made = self._held[key] = self._source.content(file.point, file.volume, file.path, number * BLOCK, length)
            while len(self._held) > HELD:
                self._held.popitem(last=False)
            return made

    def _forget(self, file: OpenFile, number: int) -> None:
        with self._lock:
            self._held.pop((file.point, file.volume, file.path, number), None)
