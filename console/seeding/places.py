"""Where objects lie on a drive. Grows with the drive on disk, not in memory."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from console.domain.objects import FRAME_SIZE

_BATCH = 500


class Place(NamedTuple):
    """An object's frame: number of the segment, where in it the frame begins, bytes after the frame's header."""

    segment: int
    offset: int
    stored: int
    id: bytes

    @property
    def end(self) -> int:
        return self.offset + FRAME_SIZE + self.stored


class Places:
    """A private table of ids, in a temporary file that the system removes. Any thread may call."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._db = sqlite3.connect("", isolation_level=None, check_same_thread=False)
        self._db.execute("PRAGMA journal_mode = OFF")
        self._db.execute("PRAGMA cache_size = -16000")
        self._db.execute(
            "CREATE TABLE places (id BLOB PRIMARY KEY, segment INTEGER NOT NULL, offset INTEGER NOT NULL, "
            "stored INTEGER NOT NULL) WITHOUT ROWID"
        )

    def close(self) -> None:
        with self._lock:
            self._db.close()

    def add(self, places: Iterable[Place]) -> None:
        """An object that is known already stays where it is."""
        rows = sorted((place.id, place.segment, place.offset, place.stored) for place in places)
        with self._lock:
            self._db.execute("BEGIN")
            self._db.executemany("INSERT OR IGNORE INTO places VALUES (?, ?, ?, ?)", rows)
            self._db.execute("COMMIT")

    def known(self, ids: Sequence[bytes]) -> set[bytes]:
        """Those of `ids` that are on the drive."""
        return {row[0] for row in self._rows("SELECT id FROM places WHERE id IN", ids)}

    def find(self, ids: Sequence[bytes]) -> list[Place]:
        """The places of those that are on the drive, each once, in the order in which they lie there."""
        rows = self._rows("SELECT segment, offset, stored, id FROM places WHERE id IN", ids)
        return sorted(Place(*row) for row in rows)

    def count(self) -> int:
        with self._lock:
            return int(self._db.execute("SELECT count(*) FROM places").fetchone()[0])

    def _rows(self, select: str, ids: Sequence[bytes]) -> set[Any]:
        found: set[Any] = set()
        with self._lock:
            for begin in range(0, len(ids), _BATCH):
                some = ids[begin : begin + _BATCH]
                found.update(self._db.execute(f"{select} ({','.join('?' * len(some))})", list(some)))
        return found
