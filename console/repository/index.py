"""The chunk index: which object lies where. A cache of what the packs say."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from itertools import starmap
from pathlib import Path
from typing import Any

from console.domain.objects import Kind
from console.repository.filter import Filter
from console.repository.index_file import SIDES, IndexFile, NonsenseError, sound
from console.repository.places import (
    COLUMNS,
    FIND,
    HAS,
    IDS,
    NONSENSE,
    PLACES,
    TAKE_OVER,
    TALLIED,
    WHOLE_KEPT,
    IndexedPack,
    NewPack,
    Place,
    Tally,
    Totals,
    add_tallies,
    elsewhere,
    forget_pack,
    in_lists,
    note_sealed,
    recount,
    replace_packs,
)

log = logging.getLogger(__name__)

_ROWS = 100_000
_MISSES = 1000
_SMALL = 25_000


class Index(IndexFile):
    """Opens what lies at `path`, or begins anew (empty) when that is not sound.

    `refill` gives every pack there is; it is asked when the file turns out to be damaged later. Thread-safe.
    """

    def __init__(self, path: Path, refill: Callable[[], Iterable[NewPack]]) -> None:
        self._names: dict[int, str] = {}
        self._totals = Totals()
        self._filter = Filter()
        self._misses = 0
        self.changes = 0
        """Grows when objects come to be looked for elsewhere than where they were, but by `exchange`."""
        self.losses = 0
        """Grows when objects may have gone."""
        self.sealed: frozenset[int] = frozenset()
        """Numbers of the packs that hold something sealed."""
        super().__init__(path, refill)

    # ---------------------------------------------------------------------------------------- questions

    def find(self, oid: bytes) -> Place | None:
        """Where an object lies; None when no finished pack has it."""
        rows = self._ask(lambda connection: sound(connection.execute(FIND, (oid,)).fetchall(), 3))
        return Place(*rows[0]) if rows else None

    def has(self, oid: bytes, *, plain: bool = False) -> bool:
        """Whether a finished pack has the object. `plain`: as for `known`."""
        if self._filter.excludes(oid):
            return False
        if plain and self.sealed:
            return bool(self.known([oid], plain=True))
        found = bool(self._ask(lambda connection: connection.execute(HAS, (oid,)).fetchone()))
        self._asked(0 if found else 1)
        return found

    def find_many(self, ids: Iterable[bytes]) -> list[Place]:
        """Where those of `ids` lie that are here, each once, in no order."""
        wanted = list(dict.fromkeys(ids))

        def question(connection: sqlite3.Connection) -> list[Any]:
            rows = [row for part in in_lists(wanted) for row in connection.execute(PLACES[len(part)], part)]
            return sound(rows, 3)

        return list(starmap(Place, self._ask(question)))

    def known(self, ids: Sequence[bytes], *, plain: bool = False) -> set[bytes]:
        """Those of `ids` that finished packs have. `plain`: what is asked for is not sealed; what lies here sealed
        under such an id is not it, whatever it is."""
        ids = self._filter.passes(ids)
        if not ids:
            return set()

        def question(connection: sqlite3.Connection) -> dict[bytes, int]:
            return {oid: pack for part in in_lists(ids) for oid, pack in connection.execute(IDS[len(part)], part)}

        found = self._ask(question)
        self._asked(len(ids) - len(found))
        if plain and self.sealed:
            return {oid for oid, pack in found.items() if pack not in self.sealed}
        return set(found)

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
        sql = "SELECT id, stored FROM objects WHERE id > ? ORDER BY id LIMIT 20000"
        while rows := self._all(sql, (after,), 1):
            yield from rows
            after = rows[-1][0]

    def packs(self) -> dict[str, IndexedPack]:
        """Every pack the index knows, by name."""
        rows = self._all("SELECT number, name, bytes, objects FROM packs", ())
        return {row[1]: IndexedPack(*row) for row in rows}

    def within(self, number: int) -> list[Place]:
        """All objects that are looked for in one pack. Looks at every row: for damage only."""
        sql = f"SELECT {COLUMNS} FROM objects WHERE pack = ?"
        return [Place(*row) for row in self._all(sql, (number,), 3)]

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
        while rows := self._all(sql, (after,), 3):
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

    def is_whole(self, root: bytes) -> bool:
        """Whether every object of this tree was here once (`note_whole`), and nothing has gone since."""
        return bool(self._all("SELECT 1 FROM whole WHERE root = ?", (root,)))

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

    def note_whole(self, roots: Iterable[bytes], losses: int) -> None:
        """Of these trees every object is here, unless something has gone since `losses` was what it is said to be."""
        wanted = [(root,) for root in roots if not self.is_whole(root)]

        def change(writer: sqlite3.Connection) -> None:
            if losses == self.losses:
                writer.executemany("INSERT OR IGNORE INTO whole(root) VALUES (?)", wanted)
                writer.execute("DELETE FROM whole WHERE number <= (SELECT max(number) FROM whole) - ?", (WHOLE_KEPT,))

        if wanted:
            self._change(change)

    def strike(self, names: Iterable[str]) -> None:
        """Forgets packs and all objects in them."""
        wanted = list(names)

        def change(writer: sqlite3.Connection) -> None:
            for name in wanted:
                row = writer.execute("SELECT number FROM packs WHERE name = ?", (name,)).fetchone()
                if row is not None:
                    writer.execute("DELETE FROM objects WHERE pack = ?", row)
                    forget_pack(writer, row[0])

        self.changes += 1
        self._lose(change)
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
        self._lose(change)
        self._load()

    def repoint(self, places: Sequence[Place]) -> None:
        """Looks for objects at these places from now on, also where a copy there had been struck out. What is sealed
        takes the place of nothing that is not."""

        def change(writer: sqlite3.Connection) -> None:
            nonlocal places
            veiled = [place.id for place in places if place.pack in self.sealed]
            if veiled:
                plain = {
                    oid
                    for part in in_lists(veiled)
                    for oid, pack in writer.execute(IDS[len(part)], part)
                    if pack not in self.sealed
                }
                places = [place for place in places if place.pack not in self.sealed or place.id not in plain]
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
                self._lose(lambda writer: replace_packs(writer, gone, made))
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
            self.losses += 1
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
            sealed: set[int] = set()
            rows: list[tuple[bytes, int, int, int, int, int]] = []
            for name, size, entries in packs:
                number = writer.execute(
                    "INSERT INTO packs(name, bytes, objects, plain) VALUES (?, ?, ?, ?)"
                    " ON CONFLICT(name) DO UPDATE SET bytes = excluded.bytes RETURNING number",
                    (name, size, len(entries), sum(entry.plain for entry in entries)),
                ).fetchone()[0]
                numbers[number] = name
                if note_sealed(writer, number, entries):
                    sealed.add(number)
                rows += [
                    (oid, number, offset, stored, plain, kind) for oid, offset, stored, plain, kind, _, _ in entries
                ]
            rows.sort()
            before = writer.total_changes
            writer.executemany(f"INSERT OR IGNORE INTO objects({COLUMNS}) VALUES (?, ?, ?, ?, ?, ?)", rows)
            if writer.total_changes - before == len(rows):
                return numbers, None
            if self.sealed or sealed:
                self.changes += 1
                writer.executemany(TAKE_OVER, [row for row in rows if row[1] not in sealed])
            recount(writer)
            return numbers, elsewhere(writer, [Place(*row) for row in rows])

        with self._writing:
            numbers, refused = self._change(change)
            self._filter.add(entry.id for _, _, entries in packs for entry in entries)
            if refused is not None:
                self._load()
                return refused
            self._names |= numbers
            veiled = {name for name, _, entries in packs if any(entry.seal for entry in entries)}
            self.sealed |= {number for number, name in numbers.items() if name in veiled}
            was = self._totals
            self._totals = Totals(
                was.objects + sum(len(entries) for _, _, entries in packs),
                was.stored + sum(size for _, size, _ in packs),
                was.plain + sum(entry.plain for _, _, entries in packs for entry in entries),
                was.packs + len(packs),
            )
            return []

    def _lose(self, change: Callable[[sqlite3.Connection], None]) -> None:
        """A change after which objects may be missing that were here."""

        def losing(writer: sqlite3.Connection) -> None:
            writer.execute("DELETE FROM whole")
            change(writer)

        with self._writing:
            self.losses += 1
            self._change(losing)

    def _asked(self, misses: int) -> None:
        """Makes the filter as soon as it would have paid for itself."""
        if self._filter.ready or not misses:
            return
        self._misses += misses
        objects = self._totals.objects
        # Looking through a small index takes as long as asking it for a third of its objects; in one that is too large
        # for memory each question may wait for the disk.
        if self._misses > _MISSES + min(objects // 3, _SMALL + objects // 16) and self._filter.begin(objects):
            self._filter.fill(oid for oid, _ in self.sweep())

    def _load(self) -> None:
        with self._writing:
            rows = self._writer.execute("SELECT number, name FROM packs").fetchall()
            if self._writer.execute(NONSENSE).fetchone():
                raise NonsenseError("what it says of a pack cannot be")
            self._names = dict(rows)
            self.sealed = frozenset(row[0] for row in self._writer.execute("SELECT pack FROM sealed_packs"))
            sums = self._writer.execute("SELECT sum(objects), sum(bytes), sum(plain), count(*) FROM packs").fetchone()
            self._totals = Totals(*(int(value or 0) for value in sums))
