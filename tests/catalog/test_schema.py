"""The paper, the models, the migrations and the head say the same."""

from __future__ import annotations

import json
import re
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Dialect, Engine, MetaData, select
from sqlalchemy.dialects import postgresql
from sqlalchemy.dialects import sqlite as sqlite_dialect
from sqlalchemy.schema import CreateIndex, CreateTable

from console.catalog import Catalog, opening, replication_row_classes, replication_rows, sqlite
from console.catalog.opening import MIGRATIONS
from console.catalog.revision import HEAD
from tests.catalog.keep_revision import GOLDEN, contents
from tests.support.clock import FixedClock

PAPER = Path(opening.__file__).with_name("SCHEMA.md").read_text()


@pytest.fixture
def migrated(tmp_path: Path) -> Engine:
    """An empty database, brought to the head by every migration there is."""
    path = tmp_path / "migrated.sqlite"
    sqlite.create_file(path)
    engine = sqlite.file_engine(path, references=False)
    with engine.begin() as connection:
        opening.migrate(connection)
    return engine


def scripts() -> ScriptDirectory:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    return ScriptDirectory.from_config(config)


def schema_of(engine: Engine) -> dict[str, str]:
    """The SQL of every table and index, without differences that mean nothing."""
    with engine.connect() as connection:
        found = connection.exec_driver_sql("SELECT type, name, coalesce(sql, '') FROM sqlite_master").all()
    return {f"{kind} {name}": " ".join(sql.replace('"', "").split()).replace(" )", ")") for kind, name, sql in found}


def test_the_head_is_the_newest_migration() -> None:
    assert scripts().get_heads() == [HEAD]
    assert f"revision {HEAD}" in PAPER.splitlines()[0]


def test_migrations_make_what_the_models_say(migrated: Engine) -> None:
    with migrated.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        assert compare_metadata(context, replication_rows.METADATA) == []
    migrated.dispose()


@pytest.mark.parametrize("dialect", [sqlite_dialect.dialect(), postgresql.dialect()], ids=["sqlite", "postgresql"])
def test_the_rows_say_what_the_classes_do(dialect: Dialect) -> None:
    """`rows.py` is written from `row_classes.py`: python -m tests.catalog.keep_rows"""

    def said(metadata: MetaData) -> dict[str, list[str]]:
        return {
            table.name: [
                str(CreateTable(table).compile(dialect=dialect)),
                *sorted(str(CreateIndex(index).compile(dialect=dialect)) for index in table.indexes),
                *(f"{c.name} {getattr(c.type, 'none_as_null', '')} {c.server_default is None}" for c in table.columns),
            ]
            for table in metadata.sorted_tables
        }

    assert said(replication_rows.METADATA) == said(replication_row_classes.Row.metadata)


def test_a_new_catalog_is_the_same_as_a_migrated_one(migrated: Engine) -> None:
    fresh = opening.open_memory()
    assert schema_of(fresh) == schema_of(migrated)
    version = select(opening._VERSION)
    with fresh.connect() as one, migrated.connect() as other:
        assert one.execute(version).all() == other.execute(version).all() == [(HEAD,)]
    fresh.dispose()
    migrated.dispose()


def test_the_paper_names_every_table_and_column() -> None:
    sections = dict(re.findall(r"^### (\w+)\n(.*?)(?=^##)", PAPER, re.MULTILINE | re.DOTALL))
    assert set(sections) == {*replication_rows.METADATA.tables, "alembic_version"}
    for name, table in replication_rows.METADATA.tables.items():
        said = set(re.findall(r"`(\w+)`", sections[name]))
        assert {column.name for column in table.columns} <= said, name
        for column in table.columns:
            if column.nullable:
                assert re.search(rf"`{column.name}`[^|`]* or NULL", sections[name]), f"{name}.{column.name} may be NULL"


def test_the_tables_can_be_made_in_postgresql() -> None:
    dialect = postgresql.dialect()
    for table in replication_rows.METADATA.sorted_tables:
        assert "CREATE TABLE" in str(CreateTable(table).compile(dialect=dialect))
        for index in table.indexes:
            assert "CREATE INDEX" in str(CreateIndex(index).compile(dialect=dialect))
        # Names longer than this are cut there.
        assert all(len(str(c.name)) <= 63 for c in [*table.constraints, *table.indexes])


@pytest.mark.parametrize("dump", sorted(GOLDEN.glob("*.sql")), ids=lambda path: path.stem)
def test_catalogs_of_every_released_revision_are_still_read(dump: Path, tmp_path: Path) -> None:
    """The dump is a catalog of that revision, the JSON beside it what it said then. Neither is ever edited."""
    path = tmp_path / "catalog.sqlite"
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(dump.read_text(encoding="utf-8"))
    with Catalog.open(path, FixedClock()) as catalog:
        said = contents(catalog)
    expected = json.loads(dump.with_suffix(".json").read_text(encoding="utf-8"))
    assert within(said, expected) == expected


def within(said: Any, expected: Any) -> Any:
    """What is said now of what was said then: a newer program may say more of a thing."""
    if isinstance(expected, dict) and isinstance(said, dict):
        return {key: within(said[key], value) for key, value in expected.items() if key in said}
    if isinstance(expected, list) and isinstance(said, list) and len(said) == len(expected):
        return [within(one, other) for one, other in zip(said, expected, strict=True)]
    return said


def test_there_is_a_kept_catalog_of_every_revision() -> None:
    assert {script.revision for script in scripts().walk_revisions()} == {path.stem for path in GOLDEN.glob("*.sql")}
