"""The chunk index: which object lies where. A cache in SQLite of what the packs say, thrown away when it is not sound.

One connection writes (under a lock), a small stock of others reads; each question is a transaction of its own.
"""

from __future__ import annotations

import logging
import sqlite3
import threading
from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, suppress
from pathlib import Path
from typing import Any, TypeVar

from console.domain.objects import Kind
from console.repository.failures import primary_code
from console.repository.filter import Filter
from console.repository.places import (
    APPLICATION,
    COLUMNS,
    FIND,
    HAS,
    IDS,
    PLACES,
    REVISION,
    SCHEMA,
    TALLIED,
    IndexedPack,
    NewPack,
    Place,
    Tally,
    Totals,
    add_tallies,
    elsewhere,
    in_lists,
    recount,
    replace_packs,
)

log = logging.getLogger(__name__)
T = TypeVar("T")

SIDES = ("", "-wal", "-shm", "-journal")
"""What SQLite appends to the name of its file for those that go with it."""
_ROWS = 100_000
_MISSES = 1000
_STOCK = 8
"""Connections that are kept for the next question."""


class Index:
    """Opens what lies at `path`, or begins anew (empty) when that is not sound.

    `refill` gives every pack there is; it is asked when the file turns out to be damaged later. Thread-safe.
    """

    def __init__(self, path: Path, refill: Callable[[], Iterable[NewPack]]) -> None:
        self._path = path
        self._refill = refill
        self._writing = threading.RLock()
        self._refilling = False
        self._stock: deque[sqlite3.Connection] = deque()
        self._names: dict[int, str] = {}
        self._totals = Totals()
        self._filter = Filter()
        self._misses = 0
        self.changes = 0
        """Grows when objects come to be looked for elsewhere than where they were, but by `exchange`."""
        try:
            self._open()
        except (sqlite3.DatabaseError, UnicodeDecodeError) as error:
            if path.exists():
                log.warning("The index %s is not sound (%s); it is built again from the packs.", path, error)
            self._begin()

    def close(self) -> None:
        """Leaves one whole file behind."""
        with self._writing:
            self._drop_stock()
            with suppress(sqlite3.Error):  # the log of a cache: what is not folded in is read again at opening
                self._writer.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            self._writer.close()

    # ---------------------------------------------------------------------------------------- questions

    def find(self, oid: bytes) -> Place | None:
        """Where an object lies; None when no finished pack has it."""
        row = self._ask(lambda connection: connection.execute(FIND, (oid,)).fetchone())
        return Place(*row) if row else None

    def has(self, oid: bytes) -> bool:
        """Whether a finished pack has the object."""
        if self._filter.excludes(oid):
            return False
        found = bool(self._ask(lambda connection: connection.execute(HAS, (oid,)).fetchone()))
        self._asked(0 if found else 1)
        return found

    def find_many(self, ids: Iterable[bytes]) -> list[Place]:
        """Where those of `ids` lie that are here, each once, in no order."""
        wanted = list(dict.fromkeys(ids))

        def question(connection: sqlite3.Connection) -> list[Any]:
            return [row for part in in_lists(wanted) for row in connection.execute(PLACES[len(part)], part)]

        return [Place(*row) for row in self._ask(question)]

    def known(self, ids: Sequence[bytes]) -> set[bytes]:
        """Those of `ids` that finished packs have."""
        ids = self._filter.passes(ids)
        if not ids:
            return set()

        def question(connection: sqlite3.Connection) -> set[bytes]:
            return {row[0] for part in in_lists(ids) for row in connection.execute(IDS[len(part)], part)}

        found = self._ask(question)
        self._asked(len(ids) - len(found))
        return found

    def ids_of(self, kind: Kind) -> Iterator[bytes]:
        """Ids of all objects of a kind, in the order of ids; of what is added meanwhile some may be among them."""
        # The second condition lets SQLite use the index over rare kinds.
        rare = f" AND kind >= {int(Kind.ROOT)}" if kind >= Kind.ROOT else ""
        sql = f"SELECT id FROM objects WHERE kind = {int(kind)}{rare} AND id > ? ORDER BY id LIMIT 5000"
        after = b""
        while rows := self._all(sql, (after,)):
            for row in rows:
                yield row[0]
            after = rows[-1][0]

    def sweep(self) -> Iterator[tuple[bytes, int]]:
        """(id, stored bytes without the header) of every object, in the order of ids."""
        after = b""
        while rows := self._all("SELECT id, stored FROM objects WHERE id > ? ORDER BY id LIMIT 20000", (after,)):
            yield from rows
            after = rows[-1][0]

    def packs(self) -> dict[str, IndexedPack]:
        """Every pack the index knows, by name."""
        rows = self._all("SELECT number, name, bytes, objects FROM packs", ())
        return {row[1]: IndexedPack(*row) for row in rows}

    def within(self, number: int) -> list[Place]:
        """All objects that are looked for in one pack. Looks at every row: for damage only."""
        return [Place(*row) for row in self._all(f"SELECT {COLUMNS} FROM objects WHERE pack = ?", (number,))]

    def name(self, number: int) -> str:
        """What a pack is called. Raises FileNotFoundError when it is known no more."""
        try:
            return self._names[number]
        except KeyError:
            raise FileNotFoundError(f"pack number {number}") from None

    def placed(self) -> Iterator[tuple[bytes, int, int, int]]:
        """(id, number of the pack, stored bytes without the header, kind) of every object, in the order of ids."""
        sql = "SELECT id, pack, stored, kind FROM objects WHERE id > ? ORDER BY id LIMIT 20000"
        after = b""
        while rows := self._all(sql, (after,)):
            yield from rows
            after = rows[-1][0]

    def tallies(self) -> dict[int, Tally]:
        """Of every pack, by number, what is looked for in it: equal to the `tally` of what it tells of itself, unless
        copies lie elsewhere or the index is wrong. One pass over all rows."""
        sums: dict[int, Tally] = {}
        after = b""
        while rows := self._all(TALLIED, (after,)):
            add_tallies(sums, rows)
            after = rows[-1][0]
        return sums

    def packs_named(self, names: Sequence[str]) -> dict[str, IndexedPack]:
        """Those of these packs the index knows."""
        sql = "SELECT number, name, bytes, objects FROM packs WHERE name = ?"
        return {name: IndexedPack(*row) for name in names for row in self._all(sql, (name,))}

    def condemned(self) -> set[tuple[bytes, int]]:
        """(id, number of the pack) of copies that were struck out because they are damaged."""
        return set(self._all("SELECT id, pack FROM condemned", ()))

    def totals(self) -> Totals:
        """What all packs have together."""
        return self._totals

    # ------------------------------------------------------------------------------------------ changes

    def add(self, packs: Iterable[NewPack]) -> list[Place]:
        """Learns finished packs; one transaction for about 100 000 objects. Copies of objects that lie elsewhere
        already are not taken; they are what is returned. Raises sqlite3.Error; nothing of that transaction is kept.
        """
        refused: list[Place] = []
        some: list[NewPack] = []
        count = 0
        for pack in packs:
            some.append(pack)
            count += len(pack[2])
            if count >= _ROWS:
                refused += self._add(some)
                some, count = [], 0
        if some:
            refused += self._add(some)
        return refused

    def strike(self, names: Iterable[str]) -> None:
        """Forgets packs and all objects in them."""
        wanted = list(names)

        def change(writer: sqlite3.Connection) -> None:
            for name in wanted:
                row = writer.execute("SELECT number FROM packs WHERE name = ?", (name,)).fetchone()
                if row is not None:
                    writer.execute("DELETE FROM objects WHERE pack = ?", row)
                    writer.execute("DELETE FROM condemned WHERE pack = ?", row)
                    writer.execute("DELETE FROM packs WHERE number = ?", row)

        self.changes += 1
        self._change(change)
        self._load()

    def condemn(self, ids: Sequence[bytes]) -> None:
        """Strikes out damaged objects, so that they are missing and may be stored again."""

        def change(writer: sqlite3.Connection) -> None:
            for oid in ids:
                row = writer.execute("DELETE FROM objects WHERE id = ? RETURNING pack", (oid,)).fetchone()
                if row is not None:
                    writer.execute("INSERT OR IGNORE INTO condemned VALUES (?, ?)", (oid, row[0]))
            recount(writer)

        self.changes += 1
        self._change(change)
        self._load()

    def repoint(self, places: Sequence[Place]) -> None:
        """Looks for objects at these places from now on, also where a copy there had been struck out."""

        def change(writer: sqlite3.Connection) -> None:
            writer.executemany("DELETE FROM condemned WHERE id = ? AND pack = ?", [place[:2] for place in places])
            writer.executemany(f"INSERT OR REPLACE INTO objects({COLUMNS}) VALUES (?, ?, ?, ?, ?, ?)", places)
            recount(writer)

        self.changes += 1
        self._change(change)
        self._load()

    def exchange(self, gone: Mapping[str, Collection[bytes]], made: Sequence[NewPack]) -> None:
        """Forgets packs, given with the ids of all objects in them, and learns those that hold what of them is still
        needed: objects that were looked for in one of the former are looked for in the latter. On the medium when it
        returns, so that the packs' files can go then. Raises sqlite3.Error; nothing is changed then.
        """
        with self._writing:
            self._writer.execute("PRAGMA synchronous = FULL")
            try:
                self._change(lambda writer: replace_packs(writer, gone, made))
            finally:
                self._writer.execute("PRAGMA synchronous = NORMAL")
            self._load()

    def restore(self, pack: NewPack) -> None:
        """A pack is true again as a whole: what was struck out in it, or is looked for nowhere, is found there."""
        self.add([pack])

        def change(writer: sqlite3.Connection) -> None:
            writer.execute("DELETE FROM condemned WHERE pack = (SELECT number FROM packs WHERE name = ?)", (pack[0],))

        self._change(change)

    def copy(self, path: Path) -> None:
        """Writes the whole index to another file, in place of what is there. Raises sqlite3.Error, OSError."""
        for suffix in SIDES:
            path.with_name(path.name + suffix).unlink(missing_ok=True)
        with self._writing, closing(sqlite3.connect(path)) as copy:
            self._writer.backup(copy)

    def use(self, path: Path) -> None:
        """Goes on with a copy that was made with `copy`, while nothing was written."""
        with self._writing:
            self._path = path
            self._drop_stock()
            self._writer.close()
            try:
                self._open()
            except (sqlite3.DatabaseError, UnicodeDecodeError) as error:
                log.warning("The index %s is not sound (%s); it is built again from the packs.", path, error)
                self._begin()
                self.add(self._refill())

    def rebuild(self, packs: Iterable[NewPack]) -> list[Place]:
        """Throws everything away and learns these packs instead; returns as `add` does."""
        with self._writing:
            self._refilling = True
            self.changes += 1
            try:
                self._drop_stock()
                self._writer.close()
                self._begin()
                return self.add(packs)
            finally:
                self._refilling = False

    # ------------------------------------------------------------------------------------------- inside

    def _add(self, packs: list[NewPack]) -> list[Place]:
        def change(writer: sqlite3.Connection) -> tuple[dict[int, str], list[Place] | None]:
            numbers: dict[int, str] = {}
            rows: list[tuple[bytes, int, int, int, int, int]] = []
            for name, size, entries in packs:
                number = writer.execute(
                    "INSERT INTO packs(name, bytes, objects, plain) VALUES (?, ?, ?, ?)"
                    " ON CONFLICT(name) DO UPDATE SET bytes = excluded.bytes RETURNING number",
                    (name, size, len(entries), sum(entry.plain for entry in entries)),
                ).fetchone()[0]
                numbers[number] = name
                rows += [
                    (oid, number, offset, stored, plain, kind) for oid, offset, stored, plain, kind, _, _ in entries
                ]
            rows.sort()
            before = writer.total_changes
            writer.executemany(f"INSERT OR IGNORE INTO objects({COLUMNS}) VALUES (?, ?, ?, ?, ?, ?)", rows)
            if writer.total_changes - before == len(rows):
                return numbers, None
            recount(writer)
            return numbers, elsewhere(writer, [Place(*row) for row in rows])

        with self._writing:
            numbers, refused = self._change(change)
            self._filter.add(entry.id for _, _, entries in packs for entry in entries)
            if refused is not None:
                self._load()
                return refused
            self._names |= numbers
            was = self._totals
            self._totals = Totals(
                was.objects + sum(len(entries) for _, _, entries in packs),
                was.stored + sum(size for _, size, _ in packs),
                was.plain + sum(entry.plain for _, _, entries in packs for entry in entries),
                was.packs + len(packs),
            )
            return []

    def _asked(self, misses: int) -> None:
        """Makes the filter as soon as it would have paid for itself."""
        if self._filter.ready or not misses:
            return
        self._misses += misses
        if self._misses > _MISSES + self._totals.objects // 16 and self._filter.begin(self._totals.objects):
            self._filter.fill(oid for oid, _ in self.sweep())

    def _ask(self, question: Callable[[sqlite3.Connection], T]) -> T:
        if self._refilling:
            with self._writing:  # until it is whole: a half-filled index would call objects missing
                pass
        stock = self._stock
        try:
            connection = stock.pop()
        except IndexError:
            connection = self._connect()
        try:
            answer = question(connection)
        except BaseException as error:
            connection.close()
            if isinstance(error, sqlite3.DatabaseError | UnicodeDecodeError) and _is_damage(error):
                self._heal(stock, error)
                return self._ask(question)
            raise
        if stock is self._stock and len(stock) < _STOCK:
            stock.append(connection)
        else:
            connection.close()
        return answer

    def _all(self, sql: str, values: tuple[object, ...]) -> list[Any]:
        return self._ask(lambda connection: connection.execute(sql, values).fetchall())

    def _change(self, change: Callable[[sqlite3.Connection], T]) -> T:
        with self._writing:
            stock = self._stock
            try:
                return _within_transaction(self._writer, change)
            except sqlite3.DatabaseError as error:
                if not _is_damage(error) or self._refilling:
                    raise
                self._heal(stock, error)
            return _within_transaction(self._writer, change)

    def _heal(self, stock: deque[sqlite3.Connection], error: Exception) -> None:
        """Builds everything again, unless another thread has done so since `stock` was current."""
        with self._writing:
            if stock is self._stock and not self._refilling:
                log.warning("The index %s is damaged (%s); it is built again from the packs.", self._path, error)
                self.rebuild(self._refill())

    def _open(self) -> None:
        """Raises sqlite3.DatabaseError when what is there is not sound (or not there at all)."""
        if not self._path.exists() or not self._path.stat().st_size:
            raise sqlite3.DatabaseError("it is empty")
        self._writer = self._connect()
        try:
            for pragma, expected in (("application_id", APPLICATION), ("user_version", REVISION)):
                if self._writer.execute(f"PRAGMA {pragma}").fetchone()[0] != expected:
                    raise sqlite3.DatabaseError("it is not one of this version")
            self._tune()
            self._load()
        except BaseException:
            self._writer.close()
            raise

    def _begin(self) -> None:
        for suffix in SIDES:
            self._path.with_name(self._path.name + suffix).unlink(missing_ok=True)
        self._writer = self._connect()
        try:
            self._tune()
            self._writer.executescript(SCHEMA)
            self._load()
        except BaseException:
            self._writer.close()
            raise

    def _load(self) -> None:
        with self._writing:
            rows = self._writer.execute("SELECT number, name FROM packs").fetchall()
            self._names = dict(rows)
            sums = self._writer.execute("SELECT sum(objects), sum(bytes), sum(plain), count(*) FROM packs").fetchone()
            self._totals = Totals(*(int(value or 0) for value in sums))

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self._path, isolation_level=None, check_same_thread=False, timeout=60)
        connection.execute("PRAGMA cache_size = -2000")
        connection.execute("PRAGMA cell_size_check = ON")
        return connection

    def _tune(self) -> None:
        self._writer.execute("PRAGMA journal_mode = WAL")
        self._writer.execute("PRAGMA synchronous = NORMAL")
        self._writer.execute("PRAGMA cache_size = -16000")

    def _drop_stock(self) -> None:
        stock, self._stock = self._stock, deque()
        while stock:
            stock.pop().close()


def _within_transaction(writer: sqlite3.Connection, change: Callable[[sqlite3.Connection], T]) -> T:
    writer.execute("BEGIN IMMEDIATE")
    try:
        result = change(writer)
        writer.execute("COMMIT")
    except BaseException:
        with suppress(sqlite3.Error):  # SQLite has often rolled back by itself; the first error is the one to tell
            writer.execute("ROLLBACK")
        raise
    return result


def _is_damage(error: sqlite3.DatabaseError | UnicodeDecodeError) -> bool:
    if isinstance(error, UnicodeDecodeError) or str(error).startswith("Could not decode"):  # a text in it is none
        return True
    return primary_code(error) in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
