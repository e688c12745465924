"""Rows of the index that hold what nobody wrote there, as a flipped bit leaves them: mended or refused, no crash."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing, suppress
from pathlib import Path
from typing import NamedTuple

import pytest

from console.domain.errors import Failed
from console.domain.objects import Kind
from console.domain.progress import Silent
from console.repository import Repository
from tests.repository.builders import content, store
from tests.repository.conftest import CREATED

TABLES = {
    "packs": ("name", "bytes", "objects", "plain"),
    "objects": ("id", "pack", "offset", "stored", "plain", "kind"),
    "condemned": ("id", "pack"),
}
NONSENSE = [None, b"\x00\xff", -1, 1 << 62]
MORE = ["text", b"x" * 32, 0, 1.5]


class Shut(NamedTuple):
    """A closed repository; ids of what it must give back."""

    place: Path
    objects: dict[bytes, bytes]


@pytest.fixture(scope="module")
def shut(tmp_path_factory: pytest.TempPathFactory) -> Shut:
    place = tmp_path_factory.mktemp("shut") / "repository"
    plain = [content(number) for number in range(20)]
    with Repository.create(place, id="a1b2", created=CREATED) as repository:
        ids = store(repository, plain[:10]) + store(repository, plain[10:], Kind.TREE)
        repository.condemn(ids[:1])
    return Shut(place, dict(zip(ids[1:], plain[1:], strict=True)))


def spoil(index: Path, table: str, column: str, value: object) -> bool:
    """Writes the value into the last row, whatever the table allows; whether that can be."""
    with closing(sqlite3.connect(index, isolation_level=None)) as connection:
        (schema,) = connection.execute("SELECT sql FROM sqlite_schema WHERE name = ?", (table,)).fetchone()
        loose = schema.replace(" NOT NULL", "").replace("INTEGER,", "BLOB,").replace("INTEGER)", "BLOB)")
        loose = loose.replace("TEXT", "BLOB").replace("number BLOB", "number INTEGER")
        connection.execute("PRAGMA writable_schema = ON")
        connection.execute("UPDATE sqlite_schema SET sql = ? WHERE name = ?", (loose, table))
    with closing(sqlite3.connect(index, isolation_level=None)) as connection:
        key = "number" if table == "packs" else "id"
        try:
            connection.execute(
                f"UPDATE {table} SET {column} = ? WHERE {key} = (SELECT max({key}) FROM {table})", (value,)
            )
        except sqlite3.IntegrityError:  # no key is NULL
            return False
        connection.execute("PRAGMA writable_schema = ON")
        connection.execute("UPDATE sqlite_schema SET sql = ? WHERE name = ?", (schema, table))
    return True


@pytest.mark.parametrize("value", [*NONSENSE, *(pytest.param(value, marks=pytest.mark.slow) for value in MORE)])
@pytest.mark.parametrize(("table", "column"), [(table, column) for table in TABLES for column in TABLES[table]])
def test_nonsense_costs_nothing(tmp_path: Path, shut: Shut, table: str, column: str, value: object) -> None:
    place = shutil.copytree(shut.place, tmp_path / "repository")
    if not spoil(place / "own" / "index.sqlite", table, column, value):
        return
    with Repository.open(place) as repository:
        assert repository.usage().objects >= 0
        for oid, plain in shut.objects.items():
            with suppress(Failed):  # until a check has put it right
                assert repository.read(oid) == plain
        assert not repository.check(read_data=True, reporter=Silent()).damaged
        assert repository.check(read_data=True, reporter=Silent()).notes == ()
        assert dict(repository.read_many(list(shut.objects))) == shut.objects
        with repository.reclaim() as work:
            work.marks.add(shut.objects)
            work.run(work.plan(small=1 << 20), Silent())
        assert {oid: repository.read(oid) for oid in shut.objects} == shut.objects
