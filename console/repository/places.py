"""What the chunk index holds, and the SQL that asks it: no connection here."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from console.domain.objects import FRAME_SIZE, Kind
from console.repository.pack import PackEntry

REVISION = 1
APPLICATION = 0x52504C49
"""“RPLI”: marks the file as ours."""
_AT_ONCE = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512)
"""Sizes of the lists that are looked up together: few, so that few statements are prepared."""
SCHEMA = f"""
BEGIN IMMEDIATE;
CREATE TABLE packs(number INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, bytes INTEGER NOT NULL,
                   objects INTEGER NOT NULL, plain INTEGER NOT NULL);
CREATE TABLE objects(id BLOB PRIMARY KEY, pack INTEGER NOT NULL, offset INTEGER NOT NULL, stored INTEGER NOT NULL,
                     plain INTEGER NOT NULL, kind INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE condemned(id BLOB NOT NULL, pack INTEGER NOT NULL, PRIMARY KEY(id, pack)) WITHOUT ROWID;
CREATE INDEX rare_kinds ON objects(kind) WHERE kind >= {int(Kind.ROOT)};
PRAGMA application_id = {APPLICATION};
PRAGMA user_version = {REVISION};
COMMIT;
"""
SEALED = "CREATE TABLE IF NOT EXISTS sealed_packs(pack INTEGER PRIMARY KEY)"
"""Packs in which anything is sealed. What lies there stands for no object that is not: nobody has proven its id."""
TABLES = "SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY name"
"""What the file says it holds."""
WHOLE = "CREATE TABLE IF NOT EXISTS whole(number INTEGER PRIMARY KEY, root BLOB NOT NULL UNIQUE)"
"""Roots of trees of which every object is here, as who wrote them has seen. None is left as soon as anything goes."""
WHOLE_KEPT = 10_000
TAKE_OVER = (
    "UPDATE objects SET pack = ?2, offset = ?3, stored = ?4, plain = ?5, kind = ?6"
    " WHERE id = ?1 AND pack IN (SELECT pack FROM sealed_packs)"
)
COLUMNS = "id, pack, offset, stored, plain, kind"
FIND = f"SELECT {COLUMNS} FROM objects WHERE id = ?"
HAS = "SELECT 1 FROM objects WHERE id = ?"
PLACES = {n: f"SELECT {COLUMNS} FROM objects WHERE id IN ({','.join('?' * n)})" for n in _AT_ONCE}
IDS = {n: f"SELECT id, pack FROM objects WHERE id IN ({','.join('?' * n)})" for n in _AT_ONCE}


NONSENSE = """
SELECT 1 FROM packs WHERE typeof(name) != 'text' OR typeof(bytes) != 'integer' OR typeof(objects) != 'integer'
                       OR typeof(plain) != 'integer' LIMIT 1
"""
TALLIED = "SELECT id, offset, stored, plain, kind, pack FROM objects WHERE id > ? ORDER BY id LIMIT 20000"


class Place(NamedTuple):
    """Where an object lies: number of the pack, offset of its frame; sizes in bytes, `stored` without the header."""

    id: bytes
    pack: int
    offset: int
    stored: int
    plain: int
    kind: int

    @property
    def end(self) -> int:
        return self.offset + FRAME_SIZE + self.stored


@dataclass(frozen=True, slots=True)
class IndexedPack:
    """A pack as the index knows it. `bytes`: of the file; `objects`: those that are looked for in it."""

    number: int
    name: str
    bytes: int
    objects: int


@dataclass(frozen=True, slots=True)
class Totals:
    """Over all packs. `stored`: bytes of the files; `plain`: of the objects."""

    objects: int = 0
    stored: int = 0
    plain: int = 0
    packs: int = 0


NewPack = tuple[str, int, Sequence[PackEntry]]
"""Name, bytes of the file, objects."""


Tally = tuple[int, int]
"""How many objects, and the sum of what hashes to 64 bits of each: where it lies in its pack, and what it is. Two that
are equal within one process stand for the same objects at the same places."""


def tally(entries: Sequence[PackEntry]) -> Tally:
    """Of the objects of one pack, as the pack tells."""
    return len(entries), sum([hash((one.id, one.offset, one.stored, one.plain, one.kind)) for one in entries])


def add_tallies(sums: dict[int, Tally], rows: Iterable[tuple[bytes, int, int, int, int, int]]) -> None:
    """Adds `rows` of `TALLIED` to the tallies of their packs."""
    for row in rows:
        count, total = sums.get(row[5], (0, 0))
        sums[row[5]] = count + 1, total + hash(row[:5])


def in_lists(ids: Sequence[bytes]) -> Iterator[Sequence[bytes]]:
    """In lists of the lengths that statements are prepared for; the last one is filled up with its last id."""
    for start in range(0, len(ids), _AT_ONCE[-1]):
        part = ids[start : start + _AT_ONCE[-1]]
        wanted = 1 << (len(part) - 1).bit_length()
        yield part if len(part) == wanted else [*part, *[part[-1]] * (wanted - len(part))]


def recount(writer: sqlite3.Connection) -> None:
    """Sets what the table of packs says of their objects to what is true."""
    counts = writer.execute("SELECT count(*), sum(plain), pack FROM objects GROUP BY pack").fetchall()
    writer.execute("UPDATE packs SET objects = 0, plain = 0")
    writer.executemany("UPDATE packs SET objects = ?, plain = ? WHERE number = ?", counts)


def elsewhere(writer: sqlite3.Connection, rows: list[Place]) -> list[Place]:
    """Those of `rows` whose object is looked for in another place."""
    taken = {
        row[0]: (row[1], row[2])
        for part in in_lists([row.id for row in rows])
        for row in writer.execute(PLACES[len(part)], part)
    }
    return [row for row in rows if taken.get(row.id) != (row.pack, row.offset)]


def replace_packs(writer: sqlite3.Connection, gone: Mapping[str, Collection[bytes]], made: Sequence[NewPack]) -> None:
    """See `Index.exchange`. An object that is looked for in no pack of `gone` stays where it is."""
    numbers = {name: number for name in gone if (number := _number(writer, name)) is not None}
    old = set(numbers.values())
    for name, size, entries in made:
        number = writer.execute(
            "INSERT INTO packs(name, bytes, objects, plain) VALUES (?, ?, 0, 0)"
            " ON CONFLICT(name) DO UPDATE SET bytes = excluded.bytes RETURNING number",
            (name, size),
        ).fetchone()[0]
        note_sealed(writer, number, entries)
        ids = [entry.id for entry in entries]
        now = {oid: pack for part in in_lists(ids) for oid, pack, *_ in writer.execute(PLACES[len(part)], part)}
        moved = [entry for entry in entries if now.get(entry.id) in old]
        writer.executemany(
            "UPDATE objects SET pack = ?, offset = ?, stored = ? WHERE id = ?",
            [(number, entry.offset, entry.stored, entry.id) for entry in moved],
        )
        writer.execute(
            "UPDATE packs SET objects = objects + ?, plain = plain + ? WHERE number = ?",
            (len(moved), sum(entry.plain for entry in moved), number),
        )
    for name, number in numbers.items():
        writer.executemany("DELETE FROM objects WHERE id = ? AND pack = ?", [(oid, number) for oid in gone[name]])
        forget_pack(writer, number)


def note_sealed(writer: sqlite3.Connection, number: int, entries: Sequence[PackEntry]) -> bool:
    """Writes down that something in a pack is sealed, if so; whether it is."""
    sealed = any(entry.seal for entry in entries)
    if sealed:
        writer.execute("INSERT OR IGNORE INTO sealed_packs VALUES (?)", (number,))
    return sealed


def forget_pack(writer: sqlite3.Connection, number: int) -> None:
    """All that is known of a pack itself; numbers are used again."""
    writer.execute("DELETE FROM condemned WHERE pack = ?", (number,))
    writer.execute("DELETE FROM sealed_packs WHERE pack = ?", (number,))
    writer.execute("DELETE FROM packs WHERE number = ?", (number,))


def _number(writer: sqlite3.Connection, name: str) -> int | None:
    row = writer.execute("SELECT number FROM packs WHERE name = ?", (name,)).fetchone()
    return None if row is None else int(row[0])
