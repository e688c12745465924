"""Random access to a content: any stretch of a file or of a disk, read from its chunks, every one proven."""

from __future__ import annotations

import threading
from array import array
from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Protocol

from console.domain.errors import OBJECT_DAMAGE, Failed, damage
from console.domain.objects import ZERO_ID
from console.domain.trees import Entry
from console.repository.nodes import NodeReader, Ref, content_refs

CACHE_BYTES = 32 << 20
"""So much of what was read lately is kept, unless it is said otherwise."""
AHEAD_MIN = 512 << 10
AHEAD_MAX = 8 << 20
"""Whoever reads on from where he was finds so much read for him: the first time, and when it goes on (bytes)."""
_NEAR = 1 << 20
"""Several threads of one caller come a little out of order: so far from where the last one was, it still goes on."""
_LISTS = 64

Plain = dict[bytes, bytes]


class ChunkSource(Protocol):
    """Where chunks come from: a `Repository`."""

    def read(self, id: bytes) -> bytes:
        """See `Repository.read`."""

    def read_many(self, ids: Sequence[bytes]) -> Iterator[tuple[bytes, bytes]]:
        """See `Repository.read_many`."""


class ChunkCache:
    """Chunks read lately, by id, at most `limit` bytes of them; one for as many contents as like to share it.

    With `threads` what is foreseen is read in the background. Thread-safe. Close it when it has threads.
    """

    def __init__(self, source: ChunkSource, *, limit: int = CACHE_BYTES, threads: int = 0) -> None:
        self.source = source
        self.limit = limit
        self._lock = threading.Lock()
        self._held: OrderedDict[bytes, bytes] = OrderedDict()
        self._size = 0
        self._coming: dict[bytes, Future[Plain]] = {}
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="ahead") if threads else None

    @property
    def reads_ahead(self) -> bool:
        return self._pool is not None

    def close(self) -> None:
        if self._pool is not None:
            self._pool.shutdown(wait=True, cancel_futures=True)

    def take(self, ids: Sequence[bytes]) -> Plain:
        """The plain bytes of these chunks, each proven. Raises Failed as `Repository.read`."""
        found, coming, absent = self._look(ids)
        for oid, future in coming.items():
            try:
                found[oid] = future.result()[oid]
            except Exception:  # also a cancelled one: asked for by itself it says what is wrong with it
                absent.append(oid)
        if absent:
            fresh = self._read(absent)
            self._keep(fresh)
            found |= fresh
        return found

    def lacks(self, ids: Sequence[bytes]) -> bool:
        """Whether something would have to be read for these."""
        return bool(self._look(ids)[2])

    def foresee(self, ids: Sequence[bytes]) -> None:
        """These will be taken soon. What cannot be read is told when it is taken."""
        if self._pool is None:
            return
        with self._lock:
            wanted = [oid for oid in dict.fromkeys(ids) if oid not in self._held and oid not in self._coming]
            if not wanted:
                return
            future = self._pool.submit(self._fetch, wanted)
            self._coming |= dict.fromkeys(wanted, future)
        future.add_done_callback(lambda _: self._arrived(wanted))

    def _look(self, ids: Sequence[bytes]) -> tuple[Plain, dict[bytes, Future[Plain]], list[bytes]]:
        found: Plain = {}
        coming: dict[bytes, Future[Plain]] = {}
        absent: list[bytes] = []
        with self._lock:
            for oid in dict.fromkeys(ids):
                if (held := self._held.get(oid)) is not None:
                    self._held.move_to_end(oid)
                    found[oid] = held
                elif (future := self._coming.get(oid)) is not None:
                    coming[oid] = future
                else:
                    absent.append(oid)
        return found, coming, absent

    def _fetch(self, ids: list[bytes]) -> Plain:
        plain = dict(self.source.read_many(ids))
        self._keep(plain)
        return plain

    def _arrived(self, ids: list[bytes]) -> None:
        with self._lock:
            for oid in ids:
                self._coming.pop(oid, None)

    def _read(self, ids: list[bytes]) -> Plain:
        if len(ids) > 1:
            try:
                return dict(self.source.read_many(ids))
            except Failed as known:
                if known.failure.code not in OBJECT_DAMAGE:
                    raise
        return {oid: self.source.read(oid) for oid in ids}

    def _keep(self, plain: Plain) -> None:
        with self._lock:
            for oid, chunk in plain.items():
                if oid not in self._held:
                    self._held[oid] = chunk
                    self._size += len(chunk)
            while self._size > self.limit and len(self._held) > 1:
                self._size -= len(self._held.popitem(last=False)[1])


class _List:
    """References of one level, and where each begins (bytes from the start of the list)."""

    __slots__ = ("refs", "size", "starts")

    def __init__(self, refs: list[Ref]) -> None:
        self.refs = refs
        self.starts = array("Q")
        at = 0
        for ref in refs:
            self.starts.append(at)
            at += ref.length
        self.size = at


class ContentReader:
    """One file's, or one disk's, bytes. Thread-safe; nothing has to be closed but a cache that was given."""

    def __init__(self, source: ChunkSource, entry: Entry, *, cache: ChunkCache | None = None) -> None:
        """`cache`: shared with others, of the same source; else one of its own, without threads."""
        self.size = entry.size
        """Bytes in all."""
        self._nodes = NodeReader(source)
        self._cache = cache or ChunkCache(source)
        self._inline = entry.inline
        self._depth = entry.depth
        self._top = _List(content_refs(entry))
        self._lock = threading.Lock()
        self._lists: OrderedDict[bytes, _List] = OrderedDict()
        self._next = 0
        self._ahead = 0
        self._foreseen = 0
        if (len(self._inline) or self._top.size) != self.size:
            raise damage("object-damaged", f"The content is not as long as its size says ({self.size} bytes).")

    def read(self, offset: int, length: int) -> bytes:
        """At most `length` bytes from `offset`; fewer only at the end. Nothing that was not proven is returned.

        Raises Failed `object-missing` or `object-damaged` when a chunk of this very stretch cannot be had.
        """
        end = min(offset + length, self.size)
        if offset < 0 or offset >= end:
            return b""
        if self._inline:
            return self._inline[offset:end]
        wanted = list(self._stretch(offset, end))
        plain = self._chunks(wanted, end, self._guess(offset, end))
        if len(wanted) == 1 and wanted[0][1].id == ZERO_ID:
            return bytes(end - offset)
        parts: list[bytes | memoryview] = []
        for start, ref in wanted:
            first, last = max(offset - start, 0), min(end - start, ref.length)
            if ref.id == ZERO_ID:
                parts.append(bytes(last - first))
                continue
            chunk = plain[ref.id]
            if len(chunk) != ref.length:
                raise damage("object-damaged", f"Object {ref.id.hex()} has another length than its file says.")
            parts.append(chunk if last - first == len(chunk) else memoryview(chunk)[first:last])
        return b"".join(parts)

    def ids(self, offset: int, length: int) -> Iterator[bytes]:
        """Ids of the chunks that hold a stretch; none for holes. Raises Failed where its lists cannot be had."""
        for _, ref in self._stretch(max(offset, 0), min(offset + length, self.size)):
            if ref.id != ZERO_ID:
                yield ref.id

    def _guess(self, offset: int, end: int) -> int:
        """How far to read ahead of `end` (bytes)."""
        with self._lock:
            goes_on = abs(offset - self._next) <= _NEAR
            if not goes_on:
                self._ahead = self._foreseen = 0
            elif end > self._next:
                self._ahead = min(max(2 * self._ahead, AHEAD_MIN), AHEAD_MAX, self._cache.limit // 2)
            self._next = max(end, self._next) if goes_on else end
            return self._ahead

    def _chunks(self, wanted: list[tuple[int, Ref]], end: int, ahead: int) -> Plain:
        needed = [ref.id for _, ref in wanted if ref.id != ZERO_ID]
        if not ahead:
            return self._cache.take(needed)
        if self._cache.reads_ahead:
            self._foresee(end, ahead)
            return self._cache.take(needed)
        if not self._cache.lacks(needed):
            return self._cache.take(needed)
        try:
            return self._cache.take([*needed, *self._following(end, ahead)])
        except Failed as known:
            if known.failure.code not in OBJECT_DAMAGE:
                raise
            return self._cache.take(needed)

    def _foresee(self, end: int, ahead: int) -> None:
        with self._lock:
            start = max(end, self._foreseen)
            if start - end > ahead // 2:
                return
            self._foreseen = end + ahead
        for batch in _batches(self._following(start, end + ahead - start)):
            self._cache.foresee(batch)

    def _following(self, start: int, length: int) -> list[bytes]:
        """Ids of the chunks of a stretch that is only guessed; none where its lists cannot be read."""
        try:
            return list(self.ids(start, length))
        except Failed:
            return []

    def _stretch(self, start: int, end: int) -> Iterator[tuple[int, Ref]]:
        """(where it begins, reference) of each chunk and hole between two offsets."""
        if start < end:
            yield from self._below(self._top, self._depth, 0, start, end)

    def _below(self, there: _List, depth: int, base: int, start: int, end: int) -> Iterator[tuple[int, Ref]]:
        first = max(bisect_right(there.starts, max(start - base, 0)) - 1, 0)
        for number in range(first, len(there.refs)):
            ref, at = there.refs[number], base + there.starts[number]
            if at >= end:
                return
            if not ref.length or at + ref.length <= start:
                continue
            if depth and ref.id != ZERO_ID:
                yield from self._below(self._list(ref, depth - 1), depth - 1, at, start, end)
            else:
                yield at, ref

    def _list(self, ref: Ref, depth: int) -> _List:
        with self._lock:
            known = self._lists.get(ref.id)
            if known is not None:
                self._lists.move_to_end(ref.id)
                return known
        found = _List(self._nodes.refs(ref.id, depth))
        if found.size != ref.length:
            raise damage("object-damaged", f"Object {ref.id.hex()} lists another length than its file says.")
        with self._lock:
            self._lists[ref.id] = found
            if len(self._lists) > _LISTS:
                self._lists.popitem(last=False)
        return found


def _batches(ids: list[bytes], size: int = 8) -> Iterator[list[bytes]]:
    for at in range(0, len(ids), size):
        yield ids[at : at + size]
