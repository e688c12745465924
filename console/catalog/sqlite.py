"""The engine set-up for SQLite: connections, pragmas, files, and which of its errors are known failures.

Everything that is SQLite's own stands here; another database needs another file like this one.
"""

from __future__ import annotations

import errno
import json
import os
import sqlite3
from collections.abc import Collection, Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path

from sqlalchemy import Connection, Engine, ExceptionContext, QueuePool, StaticPool, create_engine, event

from console.catalog.soundness import HINT, sound
from console.domain.errors import Failed, damage, failed

SIDES = ("-wal", "-shm", "-journal")
"""What SQLite keeps beside a database, by the end of its name."""
IMMEDIATE = "immediate"
"""Execution option of connections that write: their transactions begin with the write lock."""

_MAGIC = b"SQLite format 3\0"
_COLUMNS = """SELECT t.name, c.name FROM sqlite_master AS t, pragma_table_info(t.name) AS c WHERE t.type = 'table'"""
_BUSY_S = 10.0
_KEPT_CONNECTIONS = 16
_WHOLE_CHECK_BYTES = 2 << 20
"""Up to this size a catalog is checked whole at opening, in some ten milliseconds."""


def file_engine(path: Path, *, references: bool = True) -> Engine:
    """An engine over an existing file; it never makes one. Without `references` foreign keys are not enforced, as a
    migration needs it that builds a table anew."""
    engine = create_engine(
        "sqlite://",
        creator=lambda: _connect(path, references=references),
        poolclass=QueuePool,
        pool_size=_KEPT_CONNECTIONS,
        max_overflow=-1,
        json_deserializer=sound(json.loads),
    )
    _listen(engine, path)
    return engine


def memory_engine() -> Engine:
    """An engine over one connection to an empty database in memory. One thread at a time may use it."""

    def connect() -> sqlite3.Connection:
        connection = sqlite3.connect(":memory:", check_same_thread=False, isolation_level=None)
        connection.execute("PRAGMA foreign_keys=ON")
        return connection

    engine = create_engine("sqlite://", creator=connect, poolclass=StaticPool)
    _listen(engine, Path(":memory:"))
    return engine


def revision_of(path: Path, tables: Mapping[str, Collection[str]]) -> tuple[str, bool]:
    """The revision a catalog file says it has, and whether all of `tables` are in it, with their columns. Changes
    nothing.

    Raises Failed `catalog-damaged` for whatever is not a catalog, `catalog-unreadable` when it cannot be read at all.
    """
    with known_failures(path), _sound_schema(path):
        with open(path, "rb") as handle:
            magic = handle.read(len(_MAGIC))
            size = os.fstat(handle.fileno()).st_size
        # Looked at before SQLite gets to see it: SQLite may write into what it opens.
        if magic != _MAGIC:
            raise damaged(path, "it is not a database")
        with closing(sqlite3.connect(_uri(path), uri=True, timeout=_BUSY_S)) as connection:
            found: dict[str, set[str]] = {}
            for name, column in connection.execute(_COLUMNS):
                found.setdefault(name, set()).add(column)
            if "alembic_version" not in found:
                raise damaged(path, "it is a database, but not a catalog")
            revisions = connection.execute("SELECT version_num FROM alembic_version").fetchall()
            if len(revisions) != 1:
                raise damaged(path, "its revision cannot be told")
            if size <= _WHOLE_CHECK_BYTES:
                (said,) = connection.execute("PRAGMA quick_check(1)").fetchone()
                if said != "ok":
                    raise damaged(path, said.splitlines()[-1])
            return str(revisions[0][0]), all(found.get(name, set()).issuperset(tables[name]) for name in tables)


@contextmanager
def _sound_schema(path: Path) -> Iterator[None]:
    """A statement that no catalog of any revision refuses, and this one does: its schema is damaged."""
    try:
        yield
    except sqlite3.OperationalError as problem:
        if getattr(problem, "sqlite_errorcode", 0) != sqlite3.SQLITE_ERROR:
            raise
        raise damaged(path, str(problem)) from problem
    except UnicodeDecodeError as problem:
        raise damaged(path, "its schema is no text") from problem


def create_file(path: Path) -> None:
    """An empty file that only its owner may read: there are password hashes in a catalog."""
    for stale in (path, *sides(path)):
        stale.unlink(missing_ok=True)
    os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))


def copy_file(path: Path, to: Path) -> None:
    """A complete and synced copy of a catalog, also of what is still in its write-ahead log. Replaces `to`."""
    aside = to.with_name(to.name + ".new")
    create_file(aside)
    with (
        closing(sqlite3.connect(_uri(path), uri=True, timeout=_BUSY_S)) as source,
        closing(sqlite3.connect(_uri(aside), uri=True)) as target,
    ):
        source.backup(target)
    put_in_place(aside, to)


def put_in_place(aside: Path, path: Path) -> None:
    """Renames a finished file, durably."""
    with open(aside, "rb+") as handle:
        os.fsync(handle.fileno())
    os.replace(aside, path)
    if os.name == "posix":  # elsewhere a directory cannot be opened, nor needs to be
        directory = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(directory)
        finally:
            os.close(directory)


def require_references(connection: Connection, path: Path) -> None:
    """Raises Failed `catalog-damaged` when a row refers to one that is not there."""
    broken = connection.exec_driver_sql("PRAGMA foreign_key_check").first()
    if broken is not None:
        raise damaged(path, f"a row of {broken[0]} refers to one of {broken[2]} that is not there")


def sides(path: Path) -> list[Path]:
    return [path.with_name(path.name + side) for side in SIDES]


def damaged(path: Path, why: str) -> Failed:
    return damage("catalog-damaged", f"The catalog {path} is damaged: {why}.", HINT)


@contextmanager
def known_failures(path: Path) -> Iterator[None]:
    """What goes wrong with the catalog's files or the driver itself, as Failed."""
    try:
        yield
    except sqlite3.Error as problem:
        known = known_failure(problem, path)
        if known is None:
            raise
        raise known from problem
    except OSError as problem:
        full = problem.errno == errno.ENOSPC
        raise failed(
            "catalog-full" if full else "catalog-unreadable",
            f"The catalog {path} cannot be opened: {problem.strerror}.",
            "Make room on that disk." if full else "Give the user that runs this Core access to that place.",
        ) from problem


def known_failure(problem: BaseException, path: Path) -> Failed | None:
    """The failure that an error of SQLite stands for; None when it would be a bug of ours."""
    if not isinstance(problem, sqlite3.Error):
        return None
    # Extended codes keep the primary one in their low byte.
    code = getattr(problem, "sqlite_errorcode", 0) & 0xFF
    if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB) or str(problem).startswith("Could not decode to UTF-8"):
        return damaged(path, str(problem))
    # SQLite's shared memory is a file, too.
    no_shared_memory = getattr(problem, "sqlite_errorcode", 0) == sqlite3.SQLITE_IOERR_SHMSIZE
    if code == sqlite3.SQLITE_FULL or no_shared_memory:
        return failed("catalog-full", f"There is no room left for the catalog {path}.", "Make room on that disk.")
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return failed("catalog-busy", f"Another program holds the catalog {path}.", "End that program, then try again.")
    if code in (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM):
        return failed(
            "catalog-unwritable",
            f"The catalog {path} cannot be written: {problem}.",
            "Check the disk, and that the user that runs this Core may write there.",
        )
    if code == sqlite3.SQLITE_IOERR:
        return failed(
            "catalog-unreadable", f"The disk of the catalog {path} failed: {problem}.", "Check that disk and its log."
        )
    return None


def _uri(path: Path) -> str:
    return f"{path.absolute().as_uri()}?mode=rw"


def _connect(path: Path, *, references: bool) -> sqlite3.Connection:
    connection = sqlite3.connect(_uri(path), uri=True, timeout=_BUSY_S, check_same_thread=False, isolation_level=None)
    try:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute(f"PRAGMA foreign_keys={'ON' if references else 'OFF'}")
        connection.execute(f"PRAGMA journal_size_limit={64 << 20}")
    except BaseException:
        connection.close()
        raise
    return connection


def _listen(engine: Engine, path: Path) -> None:
    """Makes transactions begin when SQLAlchemy says so (the driver is in autocommit mode) and known errors `Failed`."""

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        immediate = connection.get_execution_options().get(IMMEDIATE, False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if immediate else "BEGIN")

    @event.listens_for(engine, "handle_error")
    def handle_error(context: ExceptionContext) -> None:
        known = known_failure(context.original_exception, path)
        if known is not None:
            raise known from context.original_exception
