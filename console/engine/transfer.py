"""The one routine that copies an image from a source end to a target end, whatever stands behind them."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import chain

from console.domain.objects import Kind, id_of_hex
from console.domain.progress import Reporter
from console.domain.replication import ImageOffer, SourceEnd, TargetEnd

AHEAD = 3
"""So many offers are under way while frames are sent: a long round trip must not stop the stream."""
REMEMBERED = 200_000
"""Ids of one step that are remembered as sent, so that one that occurs again is not sent again."""


@dataclass(frozen=True, slots=True)
class Sent:
    """What one step cost. `bytes`: stored bytes with frame headers, as they went; `skipped`: those the target had."""

    objects: int = 0
    bytes: int = 0
    skipped: int = 0

    def __add__(self, other: Sent) -> Sent:
        return Sent(self.objects + other.objects, self.bytes + other.bytes, self.skipped + other.skipped)


def transfer(source: SourceEnd, target: TargetEnd, offer: ImageOffer, reporter: Reporter) -> Sent:
    """Offers the image's increment, sends what is missing, commits.

    Interrupted anywhere it is simply called again: what the target has is not sent twice. Raises what the ends raise.
    """
    step = _Step(source, target, offer, reporter)
    try:
        missing = step.missing()
        first = next(missing, None)
        if first is not None:
            accepted = target.store(step.pieces(chain([first], missing)))
            step.objects, step.bytes = accepted.objects, accepted.bytes
    finally:
        step.close()
    reporter.check()
    target.commit(offer)
    return Sent(step.objects, step.bytes, step.skipped)


class _Step:
    def __init__(self, source: SourceEnd, target: TargetEnd, offer: ImageOffer, reporter: Reporter) -> None:
        self._source = source
        self._target = target
        self._offer = offer
        self._reporter = reporter
        self._asking = ThreadPoolExecutor(1, thread_name_prefix="offer")
        self._sent: dict[bytes, None] = {}
        self._chunks: set[bytes] = set()
        """Of the offers that are under way: those that are chunks."""
        self.objects = 0
        self.bytes = 0
        self.skipped = 0

    def close(self) -> None:
        self._asking.shutdown(wait=True, cancel_futures=True)

    def missing(self) -> Iterator[list[bytes]]:
        """Lists of ids to send, never empty, asked for a few offers ahead.

        The root goes alone, and nodes before the chunks that are offered with them: of a step that is cut off, a target
        that reclaims keeps what can be reached from its root.
        """
        asked: deque[tuple[list[bytes], Future[list[bytes]]]] = deque()
        sealed = bool(self._offer.image.key)
        for batch in self._source.increment(self._offer.image, names=self._offer.names):
            self._reporter.check()
            ids = self._fresh([ref.id for ref in batch])
            if ids:
                self._chunks.update(ref.id for ref in batch if ref.kind is Kind.CHUNK)
                asked.append((ids, self._asking.submit(self._target.missing, ids, sealed=sealed)))
            if len(asked) > AHEAD:
                yield from self._answer(*asked.popleft())
        while asked:
            yield from self._answer(*asked.popleft())

    def pieces(self, missing: Iterator[list[bytes]]) -> Iterator[bytes | memoryview]:
        for ids in missing:
            for piece in self._source.frames(ids):
                yield piece
                self._reporter.advance(bytes=len(piece))

    def _answer(self, ids: list[bytes], answer: Future[list[bytes]]) -> Iterator[list[bytes]]:
        wanted = answer.result()
        if len(wanted) < len(ids):
            lacking = set(wanted)
            self.skipped += self._source.stored_size([oid for oid in ids if oid not in lacking])
        first = id_of_hex(self._offer.image.root)
        nodes = [oid for oid in wanted if oid not in self._chunks and oid != first]
        parts = ([oid for oid in wanted if oid == first], nodes, [oid for oid in wanted if oid in self._chunks])
        self._chunks.difference_update(ids)
        yield from filter(None, parts)

    def _fresh(self, ids: list[bytes]) -> list[bytes]:
        fresh = []
        for oid in ids:
            if oid not in self._sent:
                self._sent[oid] = None
                fresh.append(oid)
        while len(self._sent) > REMEMBERED:
            del self._sent[next(iter(self._sent))]
        return fresh
