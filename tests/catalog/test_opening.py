"""A catalog file is made whole or not at all, migrated after a copy, refused when newer, left alone when damaged."""

from __future__ import annotations

import errno
import os
import shutil
import signal
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import Engine, insert, select, text

from console.catalog import Catalog, opening, rows, sqlite
from console.catalog.opening import CURRENT, MIGRATIONS, Schema
from console.catalog.revision import HEAD
from console.domain.errors import Failed, Failure, FailureKind
from tests.support import values
from tests.support.clock import FixedClock


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "catalog.sqlite"


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("original") / "catalog.sqlite"
    with Catalog.open(path, FixedClock()) as catalog:
        catalog.repositories.add(values.repository())
        catalog.machines.add(values.machine())
        with catalog.transaction():
            for number in range(120):
                point = values.point(f"p{number}", f"p{number - 1}.0" if number else None)
                catalog.points.add(point, "repo-1", here={f"p{number}.0"})
    return path


@pytest.fixture
def full(path: Path, original: Path) -> Path:
    """A catalog with some hundred points, closed."""
    shutil.copy(original, path)
    return path


def refusal(path: Path, schema: Schema = CURRENT) -> Failure:
    with pytest.raises(Failed) as caught:
        opening.open_file(path, schema)
    return caught.value.failure


def everything(directory: Path) -> dict[str, bytes]:
    return {entry.name: entry.read_bytes() for entry in directory.iterdir() if entry.is_file()}


def run_sql(path: Path, *statements: str) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        for statement in statements:
            connection.execute(statement)


# ---------------------------------------------------------------------------------------------------------- a new one


def test_a_new_catalog_is_there_whole(path: Path) -> None:
    with Catalog.open(path, FixedClock()) as catalog:
        assert catalog.machines.list() == []
    assert [entry.name for entry in path.parent.iterdir()] == ["catalog.sqlite"]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600 or os.name != "posix"


@pytest.mark.parametrize("name", ["100% #1?.sqlite", "a b", "näme\udcff"])
def test_odd_places(tmp_path: Path, name: str) -> None:
    directory = tmp_path / "50% of?all #things"
    directory.mkdir()
    with Catalog.open(directory / name, FixedClock()) as catalog:
        catalog.settings.set("a", "1")
    with Catalog.open(directory / name, FixedClock()) as catalog:
        assert catalog.settings.all() == {"a": "1"}


def test_what_a_killed_creation_left_is_no_hindrance(path: Path) -> None:
    for name in (".new", ".new-wal", ".new-shm"):
        path.with_name(path.name + name).write_bytes(b"half of something")
    with Catalog.open(path, FixedClock()) as catalog:
        assert catalog.settings.all() == {}
    assert [entry.name for entry in path.parent.iterdir()] == ["catalog.sqlite"]


def test_a_disk_that_is_full_before_the_catalog_is_made(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", full)
        assert refusal(path).code == "catalog-full"
    assert not path.exists(), "there is never half a catalog"
    Catalog.open(path, FixedClock()).close()


def test_what_is_written_stays(full: Path) -> None:
    for _ in range(2):
        with Catalog.open(full, FixedClock()) as catalog:
            assert catalog.machines.list() == [values.machine()]
            assert catalog.points.count() == 120


def test_connections_are_set_up_for_promises(full: Path) -> None:
    engine = opening.open_file(full)
    with engine.connect() as connection:
        said = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        }
    engine.dispose()
    assert said == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "busy_timeout": 10_000}


def test_a_catalog_at_head_is_opened_without_alembic_and_classes(full: Path) -> None:
    """Alembic takes longer to import than everything else together, classes of rows a fifth of a second."""
    program = """
import sys
from pathlib import Path
from console.catalog import Catalog
from tests.support.clock import FixedClock
for path in map(Path, sys.argv[1:]):
    Catalog.open(path, FixedClock()).close()
Catalog.in_memory(FixedClock()).close()
sys.exit(not {"alembic", "sqlmodel", "sqlalchemy.orm"}.isdisjoint(sys.modules))
"""
    new = full.with_name("new.sqlite")
    subprocess.run([sys.executable, "-c", program, full, new], check=True, cwd=Path(__file__).parents[2])


# ---------------------------------------------------------------------------------------------------- older and newer

ADD_A_COLUMN = """
    op.add_column("machines", sa.Column("notes", sa.String(), nullable=False, server_default="none yet"))
"""
BUILD_A_TABLE_ANEW = """
    with op.batch_alter_table("points", recreate="always") as batch:
        batch.alter_column("record", new_column_name="record_object")
"""
FAIL_HALF_WAY = """
    op.add_column("machines", sa.Column("notes", sa.String(), nullable=True))
    op.execute("UPDATE machines SET name = 'lost'")
    raise LookupError("a bug in a migration")
"""
BREAK_A_REFERENCE = """
    op.execute("DELETE FROM machines")
"""


@pytest.fixture
def later(tmp_path: Path) -> Callable[[str], Schema]:
    """A program of tomorrow: today's migrations and one more with this body."""

    def make(body: str) -> Schema:
        migrations = tmp_path / "tomorrow" / "migrations"
        shutil.copytree(MIGRATIONS, migrations, ignore=shutil.ignore_patterns("__pycache__"))
        (migrations / "versions" / "r9999_tomorrow.py").write_text(
            f"import sqlalchemy as sa\nfrom alembic import op\nrevision = '9999'\ndown_revision = '{HEAD}'\n"
            f"def upgrade():{body}"
        )
        return Schema("9999", migrations)

    return make


def ask(engine: Engine, statement: str) -> list[tuple[object, ...]]:
    with engine.connect() as connection:
        return [tuple(row) for row in connection.execute(text(statement))]


def test_an_older_catalog_is_migrated_with_its_data_after_a_copy(full: Path, later: Callable[[str], Schema]) -> None:
    engine = opening.open_file(full, later(ADD_A_COLUMN))
    assert ask(engine, "SELECT id, notes FROM machines") == [("machine-1", "none yet")]
    assert ask(engine, "SELECT version_num FROM alembic_version") == [("9999",)]
    engine.dispose()
    copy = full.with_name("catalog.sqlite.before-9999")
    assert sorted(entry.name for entry in full.parent.iterdir() if entry.is_file()) == [full.name, copy.name]
    with Catalog.open(copy, FixedClock()) as before:
        assert before.machines.list() == [values.machine()]
        assert before.points.count() == 120


def test_the_copy_has_what_was_still_in_the_write_ahead_log(full: Path, later: Callable[[str], Schema]) -> None:
    with closing(sqlite3.connect(full)) as holding:
        holding.execute("SELECT * FROM settings").fetchall()
        run_sql(full, "INSERT INTO settings VALUES ('late', 'yes')")
        opening.open_file(full, later(ADD_A_COLUMN)).dispose()
    with Catalog.open(full.with_name("catalog.sqlite.before-9999"), FixedClock()) as before:
        assert before.settings.all() == {"late": "yes"}


def test_building_a_table_anew_keeps_what_refers_to_it(full: Path, later: Callable[[str], Schema]) -> None:
    engine = opening.open_file(full, later(BUILD_A_TABLE_ANEW))
    assert ask(engine, "SELECT count(*), min(record_object) FROM points") == [(120, "record-p0")]
    assert ask(engine, "SELECT count(*) FROM images") == [(120,)], "no image was deleted with the old table"
    engine.dispose()


def test_a_migration_that_fails_changes_nothing(full: Path, later: Callable[[str], Schema]) -> None:
    with pytest.raises(LookupError):
        opening.open_file(full, later(FAIL_HALF_WAY))
    with Catalog.open(full, FixedClock()) as catalog:
        assert catalog.machines.list() == [values.machine()]


def test_a_migration_that_breaks_a_reference_changes_nothing(full: Path, later: Callable[[str], Schema]) -> None:
    assert refusal(full, later(BREAK_A_REFERENCE)).code == "catalog-damaged"
    with Catalog.open(full, FixedClock()) as catalog:
        assert catalog.machines.list() == [values.machine()]


def test_a_newer_catalog_is_refused_and_left_alone(full: Path, later: Callable[[str], Schema]) -> None:
    opening.open_file(full, later(ADD_A_COLUMN)).dispose()
    before = everything(full.parent)
    failure = refusal(full)
    assert (failure.code, failure.kind) == ("catalog-newer", FailureKind.REFUSED)
    assert "9999" in failure.message
    assert HEAD in failure.message
    assert everything(full.parent) == before


# ------------------------------------------------------------------------------------------------------------- damage


def overwrite(path: Path, at: int, count: int) -> None:
    with open(path, "rb+") as handle:
        handle.seek(at)
        handle.write(os.urandom(count))


DAMAGES: dict[str, Callable[[Path], object]] = {
    "random bytes": lambda path: path.write_bytes(os.urandom(path.stat().st_size)),
    "few random bytes": lambda path: path.write_bytes(os.urandom(64)),
    "empty": lambda path: path.write_bytes(b""),
    "text": lambda path: path.write_text("SQLite is a nice thing to have"),
    "zeros": lambda path: path.write_bytes(bytes(path.stat().st_size)),
    "cut in half": lambda path: os.truncate(path, path.stat().st_size // 2),
    "cut to its first bytes": lambda path: os.truncate(path, 50),
    "header overwritten": lambda path: overwrite(path, 16, 84),
    "first page overwritten": lambda path: overwrite(path, 100, 3996),
    "middle overwritten": lambda path: overwrite(path, path.stat().st_size // 2, 8192),
    "another database": lambda path: (path.unlink(), run_sql(path, "CREATE TABLE cats (name TEXT)")),
    "an empty database": lambda path: (path.unlink(), run_sql(path, "PRAGMA user_version = 7")),
    "no revision": lambda path: run_sql(path, "DELETE FROM alembic_version"),
    "two revisions": lambda path: run_sql(path, "INSERT INTO alembic_version VALUES ('0000')"),
    "a table less": lambda path: run_sql(path, "DROP TABLE seed_images"),
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES.keys())
def test_a_damaged_catalog_is_named_and_left_as_it_is(full: Path, damage: Callable[[Path], object]) -> None:
    damage(full)
    before = everything(full.parent)
    failure = refusal(full)
    assert (failure.code, failure.kind) == ("catalog-damaged", FailureKind.DAMAGE)
    assert str(full) in failure.message
    assert "replicore core rebuild-catalog" in failure.hint
    assert everything(full.parent) == before


def test_a_lost_file_whose_log_is_still_there_is_not_replaced(full: Path) -> None:
    wal = full.with_name(full.name + "-wal")
    wal.write_bytes(b"commits that are in no file any more")
    full.unlink()
    before = everything(full.parent)
    failure = refusal(full)
    assert (failure.code, wal.name in failure.message) == ("catalog-damaged", True)
    assert everything(full.parent) == before


def test_a_large_catalog_tells_damage_where_it_is_read(full: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite, "_WHOLE_CHECK_BYTES", 0)
    with closing(sqlite3.connect(full)) as connection:
        (page,) = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = 'images'").fetchone()
        (size,) = connection.execute("PRAGMA page_size").fetchone()
    overwrite(full, (page - 1) * size, size)
    with Catalog.open(full, FixedClock()) as catalog:
        assert catalog.machines.list() == [values.machine()], "the rest can be read"
        with pytest.raises(Failed) as caught:
            catalog.points.page()
    assert (caught.value.failure.code, caught.value.failure.kind) == ("catalog-damaged", FailureKind.DAMAGE)
    assert "rebuild-catalog" in caught.value.failure.hint


def test_a_directory_in_its_place(path: Path) -> None:
    path.mkdir()
    assert refusal(path).code == "catalog-unreadable"


def test_a_place_that_is_not_there(tmp_path: Path) -> None:
    assert refusal(tmp_path / "nowhere" / "catalog.sqlite").code == "catalog-unreadable"


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read(full: Path) -> None:
    full.chmod(0)
    assert refusal(full).code == "catalog-unreadable"


# ------------------------------------------------------------------------------------------------ trouble while at work


def test_another_program_that_holds_the_catalog(full: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite, "_BUSY_S", 0.05)
    with Catalog.open(full, FixedClock()) as catalog, closing(sqlite3.connect(full, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(Failed) as caught:
            catalog.settings.set("a", "1")
        assert caught.value.failure.code == "catalog-busy"
        assert catalog.settings.all() == {}, "reading goes on"
        other.execute("ROLLBACK")
        catalog.settings.set("a", "1")


def test_no_room_left(full: Path) -> None:
    engine = opening.open_file(full)
    with engine.connect() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar()
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")
        with pytest.raises(Failed) as caught:
            connection.execute(insert(rows.settings).values(key="big", value="x" * 1_000_000))
        connection.rollback()
        assert caught.value.failure.code == "catalog-full"
        assert connection.scalar(select(rows.settings.c.value)) is None
    engine.dispose()


def test_a_catalog_that_may_not_be_written(full: Path) -> None:
    engine = opening.open_file(full)
    with engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA query_only = ON")
        with pytest.raises(Failed) as caught:
            connection.execute(insert(rows.settings).values(key="a", value="1"))
    engine.dispose()
    assert caught.value.failure.code == "catalog-unwritable"


KILLED = """
import sys
from pathlib import Path
from console.catalog import Catalog
from tests.support.clock import FixedClock
catalog = Catalog.open(Path(sys.argv[1]), FixedClock())
number = 0
while True:
    number += 1
    with catalog.transaction():
        catalog.settings.set("a", str(number))
        catalog.settings.set("b", str(number))
    print(number, flush=True)
"""


@pytest.mark.skipif(os.name != "posix", reason="kills a process as only POSIX can")
def test_what_was_committed_survives_kill_9(path: Path) -> None:
    child = subprocess.Popen(
        [sys.executable, "-c", KILLED, path], stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2]
    )
    assert child.stdout is not None
    told = 0
    for line in child.stdout:
        told = int(line)
        if told == 40:
            os.kill(child.pid, signal.SIGKILL)
    child.wait(120)
    child.stdout.close()
    with Catalog.open(path, FixedClock()) as catalog:
        found = catalog.settings.all()
    assert found["a"] == found["b"]
    assert int(found["a"]) in (told, told + 1)
