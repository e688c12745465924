"""A stream of frames, cut anywhere, taken apart into whole frames again."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

from console.domain.objects import FRAME_SIZE
from console.repository.codec import Bytes, Frame, FrameError, Header, read_header, verify

Arrived = tuple[Header, memoryview]
"""A frame's header fields, and all its bytes (header and stored)."""


class FrameSplitter:
    """Feed it pieces; it gives whole frames, not verified yet. Copies only frames that lie across a cut."""

    def __init__(self) -> None:
        self._parts: list[Bytes] = []
        self._have = 0
        self._need = FRAME_SIZE

    @property
    def unfinished(self) -> int:
        """Bytes of a frame whose rest has not come yet; 0 between two frames."""
        return self._have

    def feed(self, piece: bytes | bytearray | memoryview) -> Iterator[Arrived]:
        """The frames that are whole with this piece. Exhaust it before the next piece.

        Raises FrameError at a header that no writer of ours writes, after the frames before it.
        """
        self._parts.append(_lasting(piece))
        self._have += len(piece)
        if self._have < self._need:
            return
        data: Bytes = self._parts[0] if len(self._parts) == 1 else b"".join(self._parts)
        view = memoryview(data)
        end = len(view)
        offset = 0
        self._need = FRAME_SIZE
        while end - offset >= FRAME_SIZE:
            header = read_header(view, offset)
            size = FRAME_SIZE + header[0]
            if end - offset < size:
                self._need = size
                break
            yield header, view[offset : offset + size]
            offset += size
        self._parts = [view[offset:]] if offset < end else []
        self._have = end - offset


def _lasting(piece: bytes | bytearray | memoryview) -> Bytes:
    """A piece that stays as it is: a buffer that its owner may write to again is copied."""
    if isinstance(piece, bytes) or (isinstance(piece, memoryview) and isinstance(piece.obj, bytes)):
        return piece
    return bytes(piece)


Proof = tuple[list[Frame], FrameError | None]
"""The frames of a batch that are what they say, up to the first that is not, and what is wrong with that one."""


def prove(batch: list[Arrived]) -> Proof:
    """Digests, and the ids of what is not sealed."""
    good: list[Frame] = []
    for header, raw in batch:
        try:
            verify(header, raw)
        except FrameError as error:
            return good, error
        good.append(Frame(header[6], header[2], header[3], header[4], header[1], header[0], (raw,)))
    return good, None


class Provers:
    """A few threads that prove frames, for all streams of a repository; started with the first batch.

    At most `ahead` batches are in their care, proven or not, so that many streams at once stay within memory: a stream
    that finds no room proves its batch itself.
    """

    def __init__(self, threads: int = 2, ahead: int = 12) -> None:
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="prove")
        self._room = threading.Semaphore(ahead)

    def start(self, batch: list[Arrived]) -> Callable[[], Proof]:
        """Begins to prove a batch; call the answer once, for the result."""
        if not self._room.acquire(blocking=False):
            proof = prove(batch)
            return lambda: proof
        future = self._threads.submit(prove, batch)

        def result() -> Proof:
            try:
                return future.result()
            finally:
                self._room.release()

        return result

    def close(self) -> None:
        self._threads.shutdown(wait=True)
