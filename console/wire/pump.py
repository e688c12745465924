"""Pieces of a stream, handed over between an event loop and a thread, with a bound on what may wait."""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import Iterator

from console.domain.errors import Failed

PIECE = 256 << 10
"""Bytes of one piece as it goes to the socket: the size at which TLS in this house is quickest."""
LIMIT = 4 << 20
"""Bytes that may wait between the two sides."""


class ToThread:
    """Filled in an event loop with `put`, emptied by a thread that iterates. `limit` bytes, or one piece, may wait."""

    def __init__(self, limit: int = LIMIT) -> None:
        self._limit = limit
        self._changed = threading.Condition()
        self._pieces: deque[bytes] = deque()
        self._waiting = 0
        self._ended = False
        self._abandoned = False
        self._failure: Failed | None = None
        self._loop = asyncio.get_running_loop()
        self._room = asyncio.Event()
        self.peak = 0
        """Most bytes that ever waited."""

    async def put(self, piece: bytes) -> None:
        """Waits until there is room. Pieces given after `abandon` are dropped."""
        while True:
            with self._changed:
                if self._abandoned:
                    return
                if not self._waiting or self._waiting + len(piece) <= self._limit:
                    self._pieces.append(piece)
                    self._waiting += len(piece)
                    self.peak = max(self.peak, self._waiting)
                    self._changed.notify()
                    return
                self._room.clear()
            await self._room.wait()

    def end(self) -> None:
        """No more pieces: the iteration ends after those that wait."""
        with self._changed:
            self._ended = True
            self._changed.notify()

    def cut(self, failure: Failed) -> None:
        """The iteration raises `failure` after the pieces that wait."""
        with self._changed:
            if not self._ended:
                self._ended, self._failure = True, failure
            self._changed.notify()

    def abandon(self) -> None:
        """The thread wants no more pieces."""
        with self._changed:
            self._abandoned = True
            self._pieces.clear()
            self._waiting = 0
        self._make_room()

    @property
    def abandoned(self) -> bool:
        return self._abandoned

    def __iter__(self) -> Iterator[bytes]:
        while True:
            with self._changed:
                while not self._pieces and not self._ended:
                    self._changed.wait()
                if not self._pieces:
                    if self._failure is not None:
                        raise self._failure
                    return
                piece = self._pieces.popleft()
                was_full = self._waiting > self._limit // 2
                self._waiting -= len(piece)
                has_room = was_full and self._waiting <= self._limit // 2
            if has_room or not self._pieces:
                self._make_room()
            yield piece

    def _make_room(self) -> None:
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._room.set)


class FromThread:
    """Filled by a thread with `put`, emptied in an event loop with `get`. `limit` bytes, or one piece, may wait."""

    def __init__(self, loop: asyncio.AbstractEventLoop, limit: int = LIMIT) -> None:
        self._loop = loop
        self._limit = limit
        self._changed = threading.Condition()
        self._pieces: deque[bytes | memoryview] = deque()
        self._waiting = 0
        self._ended = False
        self._arrived = asyncio.Event()
        self.peak = 0
        """Most bytes that ever waited."""

    def put(self, piece: bytes | memoryview) -> bool:
        """Waits until there is room. False: the other side has ended, the piece was not taken."""
        with self._changed:
            while self._waiting and self._waiting + len(piece) > self._limit and not self._ended:
                self._changed.wait()
            if self._ended:
                return False
            first = not self._pieces
            self._pieces.append(piece)
            self._waiting += len(piece)
            self.peak = max(self.peak, self._waiting)
        if first:
            self._loop.call_soon_threadsafe(self._arrived.set)
        return True

    def end(self) -> None:
        """Either side: nothing more is put; what waits can still be taken. May be called twice."""
        with self._changed:
            self._ended = True
            self._changed.notify_all()
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._arrived.set)

    async def get(self, within: float | None = None) -> bytes | memoryview | None:
        """The next piece; None after the last. When none arrives `within` seconds, it ends the pump: None too."""
        while True:
            with self._changed:
                if self._pieces:
                    piece = self._pieces.popleft()
                    self._waiting -= len(piece)
                    self._changed.notify()
                    return piece
                if self._ended:
                    return None
                self._arrived.clear()
            try:
                async with asyncio.timeout(within):
                    await self._arrived.wait()
            except TimeoutError:
                self._end_if_empty()

    def _end_if_empty(self) -> None:
        with self._changed:
            if not self._pieces:
                self._ended = True
                self._changed.notify_all()
