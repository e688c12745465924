"""Blocks of a disk that are as they were: taken over from the parent image without being read."""

from __future__ import annotations

from collections.abc import Iterator

from console.domain.errors import Failed
from console.domain.objects import ZERO_ID
from console.domain.trees import Entry
from console.engine.restore.outcome import is_damage
from console.repository import TreeReader, WriteSession

Refs = list[tuple[bytes, int]]

ASKED = 4096


class KeptBlocks:
    """The blocks of one image, asked for once and from front to back. For one thread."""

    def __init__(self, reader: TreeReader, session: WriteSession, entry: Entry) -> None:
        self._session = session
        self._extents = self._all(reader, entry)
        self._at = 0
        self._rest: tuple[bytes, int] | None = None

    def take(self, begin: int, end: int) -> Refs | None:
        """What stands between two offsets (bytes, of block boundaries); None: not all of it is here, or it ends
        elsewhere: it must be read."""
        found: Refs = []
        good = True
        while self._at < end:
            one = self._rest or next(self._extents, None)
            self._rest = None
            if one is None:
                return None
            oid, length = one
            skip, room = max(0, begin - self._at), end - self._at
            if length > room or skip:
                if oid != ZERO_ID and (length > room or skip < length):
                    good = False  # a block that is cut where none of ours is
                taken = min(length, room)
                if length > room:
                    self._rest = (oid, length - room)
                self._at += taken
                if taken > skip:
                    found.append((oid, taken - skip))
            else:
                self._at += length
                found.append(one)
        return found if good and self.here(found) else None

    def here(self, refs: Refs) -> bool:
        """Whether all these blocks are in the repository; the session relies on them then."""
        ids = [oid for oid, _ in refs if oid != ZERO_ID]
        return not any(self._session.missing(ids[n : n + ASKED]) for n in range(0, len(ids), ASKED))

    def all_here(self) -> bool:
        """Whether every block of the image is in the repository. Uses it up."""
        batch: Refs = []
        size = 0
        for oid, length in self._extents:
            batch.append((oid, length))
            size += length
            if len(batch) >= ASKED:
                if not self.here(batch):
                    return False
                batch = []
        return self.whole and self.here(batch)

    def _all(self, reader: TreeReader, entry: Entry) -> Iterator[tuple[bytes, int]]:
        """All blocks; from where the list cannot be read on, none."""
        self.whole = False
        try:
            yield from reader.extents(entry)
        except Failed as known:
            if not is_damage(known):
                raise
            return
        self.whole = True
