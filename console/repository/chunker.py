"""Cutting file content into chunks where the content says so (FastCDC). Parameters are part of the format."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from pyfastcdc import FastCDC

AVERAGE = 256 << 10
MINIMUM = 64 << 10
MAXIMUM = 1 << 20
_BLOCK = 4 << 20


class Chunker:
    """Cuts one stretch of data at a time; the same bytes are cut alike however they are handed over. Thread-safe."""

    def __init__(self) -> None:
        self._cdc = FastCDC(AVERAGE, min_size=MINIMUM, max_size=MAXIMUM, normalized_chunking=1, seed=0)

    def cut(self, stretch: bytes | memoryview) -> Iterator[memoryview]:
        """The chunks of a whole stretch (a file without holes, or the data between two holes), as views into it."""
        if len(stretch) <= MINIMUM:
            if len(stretch):
                yield memoryview(stretch)
            return
        for chunk in self._cdc.cut_buf(stretch):
            yield chunk.data

    def cut_stream(self, read: Callable[[int], bytes | memoryview]) -> Iterator[memoryview]:
        """The chunks of a stretch that does not fit in memory. `read(n)` gives up to `n` more bytes, none at its end.

        Holds about 9 MiB. Each view stays valid as long as it is kept (what `read` gave is never written to).
        """
        rest: bytes | memoryview = b""
        ended = False
        while not ended:
            parts = [rest]
            have = len(rest)
            # However little `read` gives at a time: what is not yet enough is joined once.
            while have <= _BLOCK and not ended:
                part = read(_BLOCK)
                ended = not len(part)
                parts.append(part)
                have += len(part)
            view = memoryview(b"".join(parts))
            offset = 0
            for chunk in self.cut(view):
                # Where a chunk may end is known only with a whole maximum ahead of it, or at the end.
                if not ended and have - offset < MAXIMUM:
                    break
                yield chunk
                offset += len(chunk)
            rest = view[offset:]
