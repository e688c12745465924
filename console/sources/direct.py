"""Writing long runs past the system's page cache: on a disk of one's own that costs an eighth of the processor time."""

from __future__ import annotations

import errno
import mmap
import os
import threading
from collections.abc import Iterable, Sequence

from console.sources import creating

ALIGN = max(4096, mmap.PAGESIZE)
"""What goes past the cache begins and ends at a multiple of this, in the file and in memory."""
LEAST = 64 << 10
"""A run with less between its odd ends goes through the cache (bytes)."""
_FLAGS = os.O_WRONLY | getattr(os, "O_DIRECT", 0) | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0)
_REFUSED = (errno.EINVAL, errno.EOPNOTSUPP)

Piece = tuple[int, int]
"""Where it begins in the file, and its length (bytes)."""


class DirectFile:
    """An open file of which long runs are written past the cache, where its file system lies on a disk and allows it;
    else, and at the odd ends of a run, through it. Any thread writes; `close` when none does."""

    def __init__(self, file: int, directory: int, name: bytes) -> None:
        """`file`, which has `name` in `directory`, stays the caller's. It has its size before it is written to."""
        self._file = file
        self._direct = _open(file, directory, name)
        self.past = self._direct >= 0
        """Whether runs go past the cache."""

    def close(self) -> None:
        if self._direct >= 0:
            os.close(self._direct)
            self._direct = -1

    def write(self, run: memoryview, at: int) -> None:
        """`run` lies in memory as in the file: as far from a multiple of `ALIGN`. Raises OSError."""
        end = at + len(run)
        first, last = -(-at // ALIGN) * ALIGN, end // ALIGN * ALIGN
        if not self.past or last - first < LEAST:
            creating.write(self._file, run, at)
            return
        if at < first:
            creating.write(self._file, run[: first - at], at)
        done = self._write_past(run[first - at : last - at], first)
        if done < end - first:
            creating.write(self._file, run[first + done - at :], first + done)

    def _write_past(self, run: memoryview, at: int) -> int:
        """How much of it was written; what is left goes through the cache, and fails there if it must."""
        try:
            return os.pwrite(self._direct, run, at)
        except OSError as problem:
            if problem.errno not in _REFUSED:
                raise
            self.past = False
            return 0


class Runs:
    """Pieces of a file in one memory, so that those that follow each other in the file are written at once."""

    def __init__(self, memory: memoryview, pieces: Sequence[Piece]) -> None:
        """`memory`: `room(pieces)` bytes, aligned. `pieces` in the order of the file, none upon another."""
        self._memory = memory
        self._where: dict[int, int] = {}
        self._runs: list[tuple[int, int, int]] = []
        base = 0
        for begin, end in _joined(pieces):
            self._runs.append((begin, base + begin % ALIGN, end - begin))
            base += _blocks(begin, end)
        starts = iter(self._runs)
        begin, here, length = next(starts, (0, 0, 0))
        for at, _ in pieces:
            if at >= begin + length:
                begin, here, length = next(starts)
            self._where[at] = here + at - begin

    def put(self, data: bytes, at: int) -> None:
        """Lays a piece into its place."""
        here = self._where[at]
        self._memory[here : here + len(data)] = data

    def write(self, file: DirectFile) -> None:
        """Raises OSError."""
        for at, here, length in self._runs:
            file.write(self._memory[here : here + length], at)


def room(pieces: Iterable[Piece]) -> int:
    """Bytes of memory that `Runs` of these take."""
    return sum(_blocks(begin, end) for begin, end in _joined(pieces))


def _blocks(begin: int, end: int) -> int:
    """Bytes of the blocks that a run touches."""
    return -(-end // ALIGN) * ALIGN - begin // ALIGN * ALIGN


class Memory:
    """Aligned memory of each thread, used again and again: fresh memory costs more than what is done with it."""

    def __init__(self) -> None:
        self._mine = threading.local()

    def of(self, size: int) -> memoryview:
        """At least `size` bytes, until this thread asks for the next."""
        held: mmap.mmap | None = getattr(self._mine, "held", None)
        if held is None or len(held) < size:
            held = self._mine.held = mmap.mmap(-1, max(size, ALIGN))
        return memoryview(held)


def _joined(pieces: Iterable[Piece]) -> Iterable[tuple[int, int]]:
    """(begin, end) of what follows without a gap."""
    begin = end = -1
    for at, length in pieces:
        if at != end:
            if end > begin:
                yield begin, end
            begin = at
        end = at + length
    if end > begin:
        yield begin, end


def _open(file: int, directory: int, name: bytes) -> int:
    """A second descriptor, for writing past the cache; -1: not here. Network and memory file systems, which lie on no
    device, and those that check or compress what they write do better with the cache."""
    if not getattr(os, "O_DIRECT", 0):
        return -1
    try:
        status = os.fstat(file)
        if not os.major(status.st_dev):
            return -1
        found = os.open(name, _FLAGS, dir_fd=directory)
    except OSError:
        return -1
    again = os.fstat(found)
    if (again.st_dev, again.st_ino) != (status.st_dev, status.st_ino):
        os.close(found)
        return -1
    return found
