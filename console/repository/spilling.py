"""Ids by the million, and what each is: in memory while they are few, then in a temporary file that goes by itself."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from typing import TypeVar

from console.domain.errors import failed
from console.repository.places import in_lists
from console.repository.sealing import Edge

T = TypeVar("T")

KEPT = 1 << 15
"""So many are kept in memory by each collection."""
_CACHE_KIB = 8192
_PORTION = 512
_TOGETHER = 8192
_ADD = "INSERT OR IGNORE INTO named(id, what) VALUES (?, ?)"
_BEGIN = f"""
PRAGMA journal_mode = OFF;
PRAGMA synchronous = OFF;
PRAGMA cache_size = -{_CACHE_KIB};
CREATE TABLE named(number INTEGER PRIMARY KEY, id BLOB NOT NULL UNIQUE, what INTEGER NOT NULL);
BEGIN;
"""


class Named:
    """Ids, each once, with a small number that says what each is; in the order in which they came. Not thread-safe."""

    def __init__(self, kept: int | None = None) -> None:
        self._kept = KEPT if kept is None else kept
        self._few: dict[bytes, int] = {}
        self._file: sqlite3.Connection | None = None

    def add(self, named: Iterable[tuple[bytes, int]]) -> None:
        """Of one that was there before, what it is stays. Raises Failed `temporary-full`."""
        for some in portions(named, _TOGETHER):
            file = self._file
            if file is not None:
                _tried(partial(file.executemany, _ADD, some))
                continue
            for oid, what in some:
                self._few.setdefault(oid, what)
            if len(self._few) > self._kept:
                self._spill()

    def find(self, ids: Sequence[bytes]) -> dict[bytes, int]:
        """Those of `ids` that are here, and what they are."""
        file = self._file
        if file is None:
            few = self._few
            return {oid: few[oid] for oid in ids if oid in few}
        return {
            oid: what
            for part in in_lists(ids)
            for oid, what in file.execute(f"SELECT id, what FROM named WHERE id IN ({','.join('?' * len(part))})", part)
        }

    def __iter__(self) -> Iterator[tuple[bytes, int]]:
        """All there are; nothing may be added meanwhile."""
        if self._file is None:
            yield from self._few.items()
            return
        after = 0
        while rows := self._file.execute(
            f"SELECT id, what, number FROM named WHERE number > ? ORDER BY number LIMIT {_PORTION}", (after,)
        ).fetchall():
            for oid, what, _ in rows:
                yield oid, what
            after = rows[-1][2]

    def without(self, other: Named) -> Iterator[tuple[bytes, int]]:
        """Those that `other` has not got as the same."""
        for some in portions(self, _PORTION):
            theirs = other.find([oid for oid, _ in some])
            yield from ((oid, what) for oid, what in some if theirs.get(oid) != what)

    def _spill(self) -> None:
        rows, self._few = list(self._few.items()), {}
        # A database without a name is a file that only this connection sees, and that is gone with it.
        file = self._file = sqlite3.connect("", isolation_level=None, check_same_thread=False)
        _tried(partial(file.executescript, _BEGIN))
        _tried(partial(file.executemany, _ADD, rows))


def packed(edge: Edge) -> tuple[bytes, int]:
    """What `Named` keeps of an edge: all but its length."""
    return edge.id, edge.kind << 8 | edge.depth


def unpacked(oid: bytes, what: int) -> Edge:
    """An edge again, of no length."""
    return Edge(oid, what >> 8, what & 0xFF, 0)


def portions(things: Iterable[T], size: int) -> Iterator[list[T]]:
    """Lists of `size`, the last one shorter."""
    some: list[T] = []
    for thing in things:
        some.append(thing)
        if len(some) == size:
            yield some
            some = []
    if some:
        yield some


def _tried(write: Callable[[], object]) -> None:
    try:
        write()
    except sqlite3.OperationalError as error:
        raise failed(
            "temporary-full",
            f"Large volume images cannot be compared: the temporary file for it cannot be written ({error}).",
            "Make room where temporary files lie, or name another place in the environment variable SQLITE_TMPDIR.",
        ) from error
