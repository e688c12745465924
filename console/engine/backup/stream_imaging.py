"""One stream into one content: what a command writes, or what is fed by standard input."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from console.domain.clock import Clock
from console.domain.machines import Volume, VolumeSource
from console.domain.objects import Kind
from console.domain.progress import Reporter
from console.domain.trees import INLINE_MAX, Entry, FileType, VolumeRoot
from console.engine.backup.imaged import Imaged
from console.engine.backup.in_order import in_order
from console.engine.backup.kept_blocks import Refs
from console.engine.backup.tally import Tally
from console.repository import Chunker, TreeWriter, WriteSession
from console.sources.attributes import Owners
from console.sources.streams import Stream

THREADS = 2
PART = 1 << 20
"""Chunks are stored in parts of about this size (bytes)."""
AHEAD = 6
MODE = 0o600
"""What a restored stream may be read by: a dump holds what its database held."""


class StreamImager:
    """Makes one image of one stream, which it does not close. Used once."""

    def __init__(self, volume: Volume, stream: Stream, session: WriteSession, reporter: Reporter, clock: Clock) -> None:
        self._volume = volume
        self._stream = stream
        self._reporter = reporter
        self._clock = clock
        self._tally = Tally(session)
        self._writer = TreeWriter(self._tally)
        self._read = 0

    def image(self, before: VolumeRoot | None) -> Imaged:
        """Reads the stream to its end. Raises what the stream and the repository raise; Cancelled."""
        head = b""
        while len(head) <= INLINE_MAX and (piece := self._stream.read()):
            head += piece
        inline, content, depth = head, b"", 0
        if len(head) > INLINE_MAX:
            inline = b""
            with ThreadPoolExecutor(THREADS, thread_name_prefix="stream") as threads:
                done = in_order(threads, self._parts(head), ahead=AHEAD)
                content, depth = self._writer.content(ref for refs in self._told(done) for ref in refs)
        else:
            self._read = len(head)
            self._reporter.advance(bytes=len(head))
        owners = Owners()
        owners.meet(os.geteuid(), os.getegid())
        now = int(self._clock.now().timestamp()) * 1_000_000_000
        entry = Entry(
            b"", FileType.FILE, MODE, os.geteuid(), os.getegid(), now, size=self._read, depth=depth, content=content,
            inline=inline,
        )  # fmt: skip
        if not self._read and before is not None and before.bytes:
            self._reporter.warn(
                "volume-empty",
                f"Nothing came of volume “{self._volume.label}”; at the last backup it had {before.bytes} bytes.",
            )
        root = VolumeRoot(
            VolumeSource.STREAM.value, entry, 1, 0, 0, self._read, users=owners.users, groups=owners.groups
        )
        self._reporter.advance(items=1)
        oid = self._writer.root(root)
        return Imaged(oid.hex(), root, self._read, self._tally.new, self._tally.stored)

    def _told(self, done: Iterator[Refs]) -> Iterator[Refs]:
        for refs in done:
            size = sum(length for _, length in refs)
            self._read += size
            self._reporter.advance(bytes=size)
            yield refs

    def _parts(self, head: bytes) -> Iterator[Callable[[], Refs]]:
        """The stream from front to back, cut into chunks."""
        first = [head]

        def read(size: int) -> bytes:
            del size
            return first.pop() if first else self._stream.read()

        part: list[memoryview] = []
        held = 0
        for chunk in Chunker().cut_stream(read):
            part.append(chunk)
            held += len(chunk)
            if held >= PART:
                yield partial(self._put, part)
                part, held = [], 0
        if part:
            yield partial(self._put, part)

    def _put(self, part: list[memoryview]) -> Refs:
        return [(self._tally.put(Kind.CHUNK, chunk).id, len(chunk)) for chunk in part]
