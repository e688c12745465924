"""The file of the chunk index: opened, asked and changed; thrown away and filled again when it is not sound.

One connection writes (under a lock), a small stock of others reads; each question is a transaction of its own.
"""

from __future__ import annotations

import logging
import sqlite3
import threading
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import Any, Self, TypeVar

from console.repository.failures import primary_code
from console.repository.places import APPLICATION, REVISION, SCHEMA, SEALED, TABLES, WHOLE, NewPack

log = logging.getLogger(__name__)
T = TypeVar("T")
Row = TypeVar("Row", bound=Sequence[Any])

SIDES = ("", "-wal", "-shm", "-journal")
"""What SQLite appends to the name of its file for those that go with it."""
NEW = ".new"
"""What is appended to the name of an index that is being filled, to take the place of the one in use."""
_STOCK = 8
"""Connections that are kept for the next question."""


class NonsenseError(sqlite3.DatabaseError):
    """A row holds what nobody wrote there: SQLite itself does not mind."""


class IndexFile(ABC):
    """Opens what lies at `path`, or begins anew (empty) when that is not sound. Thread-safe."""

    _writer: sqlite3.Connection

    def __init__(self, path: Path, refill: Callable[[], Iterable[NewPack]]) -> None:
        self._path = path
        self._refill = refill
        self._writing = threading.RLock()
        self._refilling = False
        self._stock: deque[sqlite3.Connection] = deque()
        _remove(path.with_name(path.name + NEW))  # of a process that died while it was filled
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

    def beside(self) -> Self:
        """An empty one beside this one, to be filled for `taking_over`. Raises sqlite3.Error, OSError."""
        path = self._path.with_name(self._path.name + NEW)
        _remove(path)
        return type(self)(path, self._refill)

    def discard(self) -> None:
        """Nothing of it is left."""
        self.close()
        _remove(self._path)

    @contextmanager
    def taking_over(self, other: Self) -> Iterator[None]:
        """Goes on with all that `other` has, which is gone then. Whoever asks waits until the block has ended: what has
        changed since `other` was filled can be made up for in it."""
        with self._writing:
            self._refilling = True
            try:
                self._drop_stock()
                self._writer.close()
                other.close()
                _remove(self._path)
                other._path.replace(self._path)
                self._open()
                yield
            except BaseException:
                self.rebuild(self._refill())
                raise
            finally:
                self._refilling = False

    @abstractmethod
    def _load(self) -> None:
        """Another file is open: what is known of it is read again."""

    @abstractmethod
    def rebuild(self, packs: Iterable[NewPack]) -> object:
        """Throws everything away and learns these packs instead."""

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

    def _all(self, sql: str, values: tuple[object, ...], numbers: int = 0) -> list[Any]:
        """Every row. `numbers`: as for `sound`; 0: whatever they hold."""
        if not numbers:
            return self._ask(lambda connection: connection.execute(sql, values).fetchall())
        return self._ask(lambda connection: sound(connection.execute(sql, values).fetchall(), numbers))

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
            if self._writer.execute(TABLES).fetchall() != _tables():
                raise sqlite3.DatabaseError("its tables are not those of an index")
            self._load()
        except BaseException:
            self._writer.close()
            raise

    def _begin(self) -> None:
        _remove(self._path)
        self._writer = self._connect()
        try:
            self._tune()
            self._writer.executescript(SCHEMA)
            self._load()
        except BaseException:
            self._writer.close()
            raise

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self._path, isolation_level=None, check_same_thread=False, timeout=60)
        connection.execute("PRAGMA cache_size = -2000")
        connection.execute("PRAGMA cell_size_check = ON")
        return connection

    def _tune(self) -> None:
        self._writer.execute("PRAGMA journal_mode = WAL")
        self._writer.execute("PRAGMA synchronous = NORMAL")
        self._writer.execute("PRAGMA cache_size = -16000")
        self._writer.execute(SEALED)
        self._writer.execute(WHOLE)

    def _drop_stock(self) -> None:
        stock, self._stock = self._stock, deque()
        while stock:
            stock.pop().close()


def _remove(path: Path) -> None:
    for suffix in SIDES:
        path.with_name(path.name + suffix).unlink(missing_ok=True)


@cache
def _tables() -> list[Any]:
    with closing(sqlite3.connect(":memory:")) as fresh:
        fresh.executescript(SCHEMA)
        fresh.execute(SEALED)
        fresh.execute(WHOLE)
        return fresh.execute(TABLES).fetchall()


def sound(rows: list[Row], numbers: int) -> list[Row]:
    """The rows, when what follows the id in each is a whole number (`numbers`: 1), or three of them (3). Raises
    NonsenseError."""
    try:
        # Asked for every object that is read, and so not a call for each.
        total = sum([row[1] + row[2] + row[3] for row in rows] if numbers > 1 else [row[1] for row in rows])
    except TypeError as error:
        raise NonsenseError("a number in it is none") from error
    if type(total) is not int:
        raise NonsenseError("a number in it is not whole")
    return rows


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
    if isinstance(error, UnicodeDecodeError | NonsenseError) or str(error).startswith("Could not decode"):  # no text
        return True
    return primary_code(error) in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
