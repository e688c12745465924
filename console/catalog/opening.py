"""Opening a catalog file: made when missing, migrated when older, refused when newer or damaged. Paper: SCHEMA.md."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Column, Connection, Engine, MetaData, PrimaryKeyConstraint, String, Table, insert

from console.catalog import sqlite
from console.catalog.replication_rows import METADATA
from console.catalog.revision import HEAD
from console.domain.errors import refused

if TYPE_CHECKING:
    from alembic.config import Config

MIGRATIONS = Path(__file__).with_name("migrations")

# As alembic makes it, so that alembic finds what it would have written.
_VERSION = Table(
    "alembic_version",
    MetaData(),
    Column("version_num", String(32), nullable=False),
    PrimaryKeyConstraint("version_num", name="alembic_version_pkc"),
)


@dataclass(frozen=True, slots=True)
class Schema:
    """What a program knows of schemas: its revision, and the way there from older ones. Tests play other programs."""

    head: str = HEAD
    migrations: Path = MIGRATIONS
    metadata: MetaData = METADATA


CURRENT = Schema()


def open_file(path: Path, schema: Schema = CURRENT) -> Engine:
    """An engine over the catalog at `path`, which is at the schema's head when this returns.

    Raises Failed: `catalog-newer`, `catalog-damaged`, `catalog-unreadable`, `catalog-unwritable`, `catalog-busy`,
    `catalog-full`.
    """
    with sqlite.known_failures(path):
        if not path.exists():
            _create(path, schema)
    wanted = {name: table.columns.keys() for name, table in schema.metadata.tables.items()}
    revision, complete = sqlite.revision_of(path, wanted)
    if revision != schema.head:
        _migrate(path, revision, schema)
    elif not complete:
        raise sqlite.damaged(path, "tables or columns are missing in it")
    return sqlite.file_engine(path)


def open_memory(schema: Schema = CURRENT) -> Engine:
    """An engine over a new catalog in memory."""
    engine = sqlite.memory_engine()
    with engine.begin() as connection:
        _fill(connection, schema)
    return engine


def migrate(connection: Connection, schema: Schema = CURRENT) -> None:
    """Brings the database of `connection` to the schema's head, within the transaction it is in."""
    # Imported here: alembic takes longer to import than a catalog to open.
    from alembic import command

    config = _config(schema)
    config.attributes["connection"] = connection
    command.upgrade(config, schema.head)


def _create(path: Path, schema: Schema) -> None:
    for side in sqlite.sides(path):
        if side.exists() and side.stat().st_size:
            raise sqlite.damaged(path, f"it is gone, but {side.name} is still there")
    aside = path.with_name(path.name + ".new")
    sqlite.create_file(aside)
    engine = sqlite.file_engine(aside)
    try:
        with engine.execution_options(**{sqlite.IMMEDIATE: True}).begin() as connection:
            _fill(connection, schema)
    finally:
        engine.dispose()
    sqlite.put_in_place(aside, path)


def _fill(connection: Connection, schema: Schema) -> None:
    schema.metadata.create_all(connection, checkfirst=False)
    _VERSION.create(connection)
    connection.execute(insert(_VERSION).values(version_num=schema.head))


def _migrate(path: Path, revision: str, schema: Schema) -> None:
    from alembic.script import ScriptDirectory

    known = {script.revision for script in ScriptDirectory.from_config(_config(schema)).walk_revisions()}
    if revision not in known:
        raise refused(
            "catalog-newer",
            f"The catalog {path} has revision {revision}; this program knows revisions up to {schema.head}.",
            "Use the newer version of Replicore that has written it. Nothing was changed.",
        )
    with sqlite.known_failures(path):
        sqlite.copy_file(path, path.with_name(f"{path.name}.before-{schema.head}"))
    engine = sqlite.file_engine(path, references=False)
    try:
        with engine.execution_options(**{sqlite.IMMEDIATE: True}).begin() as connection:
            migrate(connection, schema)
            sqlite.require_references(connection, path)
    finally:
        engine.dispose()


def _config(schema: Schema) -> Config:
    from alembic.config import Config

    config = Config()
    # The percent sign is special in configuration files, which this only pretends to be.
    config.set_main_option("script_location", str(schema.migrations).replace("%", "%%"))
    return config
