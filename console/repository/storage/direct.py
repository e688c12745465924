"""Writing past the page cache, where the system and the file system can.

What a backup writes is seldom read soon. To put it into the cache costs a copy, fresh memory, and what was cached there
before. Systems want direct writes aligned, in the file and in memory.
"""

from __future__ import annotations

import errno
import mmap
import os
import threading
from collections.abc import Sequence

ALIGNED = 4096
"""Offsets and lengths of direct writes are multiples of this (bytes)."""
_WORTH = 64 << 10
"""Less than this is left to the cache."""
_ROOM = 1 << 20
_DIRECT = getattr(os, "O_DIRECT", 0)
_OPEN = os.O_WRONLY | _DIRECT | getattr(os, "O_CLOEXEC", 0)
_REFUSALS = {errno.EINVAL, errno.EOPNOTSUPP, errno.ENOTSUP}


class _Room(threading.local):
    """Aligned memory of one thread, in which pieces are joined."""

    def __init__(self) -> None:
        self.memory = mmap.mmap(-1, _ROOM)
        self.view = memoryview(self.memory)


_rooms = _Room()


class DirectFile:
    """Writes to a file that is open as `descriptor`. Thread-safe, as long as no two write the same bytes."""

    def __init__(self, path: str | os.PathLike[str], descriptor: int) -> None:
        self._path = path
        self._plain = descriptor
        self._direct = -1
        self._refused = not _DIRECT
        self._lock = threading.Lock()

    def write(self, offset: int, pieces: Sequence[bytes | memoryview]) -> None:
        """Puts the pieces one after the other, from `offset` bytes on. Raises OSError."""
        # Joined, for the system takes much longer over small pieces.
        room, used = _rooms.view, 0
        for piece in pieces:
            left = memoryview(piece)
            while len(left) > _ROOM - used:
                fits = _ROOM - used
                room[used:] = left[:fits]
                left = left[fits:]
                self._put(offset, room)
                offset, used = offset + _ROOM, 0
            room[used : used + len(left)] = left
            used += len(left)
        self._put(offset, room[:used])

    def close(self) -> None:
        """Closes what it opened itself."""
        with self._lock:
            direct, self._direct = self._direct, -1
            self._refused = True
        if direct >= 0:
            os.close(direct)

    def _put(self, offset: int, data: memoryview) -> None:
        whole = len(data) - len(data) % ALIGNED
        done = self._put_direct(offset, data[:whole]) if whole >= _WORTH and offset % ALIGNED == 0 else 0
        while done < len(data):
            done += os.pwrite(self._plain, data[done:], offset + done)

    def _put_direct(self, offset: int, data: memoryview) -> int:
        """How many bytes of it were written so: fewer where the file system refuses, or had no room for more."""
        try:
            direct = self._opened()
            return os.pwrite(direct, data, offset) if direct >= 0 else 0
        except OSError as problem:
            if problem.errno not in _REFUSALS:
                raise
            self._refused = True
            return 0

    def _opened(self) -> int:
        with self._lock:
            if self._direct < 0 and not self._refused:
                self._direct = os.open(self._path, _OPEN)
            return -1 if self._refused else self._direct
