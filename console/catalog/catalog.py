"""The catalog: everything a Core knows, behind one door."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

from sqlalchemy import Engine

from console.catalog import opening
from console.catalog.between import Between
from console.catalog.bulk import Bulk
from console.catalog.damage import Damage
from console.catalog.database import Database
from console.catalog.events import Events
from console.catalog.growth import Growth
from console.catalog.jobs import Jobs
from console.catalog.keys import Keys
from console.catalog.machines import Machines
from console.catalog.members import Members
from console.catalog.pairings import Pairings
from console.catalog.point_checks import PointChecks
from console.catalog.points import Points
from console.catalog.reclaims import Reclaims
from console.catalog.replicas import Replicas
from console.catalog.repositories import Repositories
from console.catalog.retention import Retention
from console.catalog.seeds import Seeds
from console.catalog.settings import Settings
from console.catalog.users import Users
from console.catalog.windows import PointWindows
from console.catalog.wishes import Wishes
from console.domain.clock import Clock
from console.domain.events import Changed


class Catalog(Between):
    """Takes and returns domain values. Thread-safe; every method is a transaction of its own or part of an open one.

    What may fail at any call, as Failed: `catalog-damaged`, `catalog-full`, `catalog-busy` (another program holds the
    file), `catalog-unreadable`, `catalog-unwritable`.
    """

    def __init__(self, engine: Engine, clock: Clock, *, one_connection: bool) -> None:
        """Use `open` or `in_memory`."""
        self._database = Database(engine, one_connection=one_connection)
        self.settings = Settings(self._database)
        self.users = Users(self._database)
        self.repositories = Repositories(self._database)
        self.damage = Damage(self._database)
        self.reclaims = Reclaims(self._database)
        self.machines = Machines(self._database)
        self.points = Points(self._database)
        self.point_windows = PointWindows(self._database)
        self.growth = Growth(self._database)
        self.point_checks = PointChecks(self._database)
        self.pairings = Pairings(self._database)
        self.members = Members(self._database)
        self.replicas = Replicas(self._database)
        self.seeds = Seeds(self._database, clock)
        self.wishes = Wishes(self._database)
        self.retention = Retention(self._database)
        self.keys = Keys(self._database)
        self.jobs = Jobs(self._database)
        self.events = Events(self._database)
        self.bulk = Bulk(self._database)

    @classmethod
    def open(cls, path: Path, clock: Clock) -> Catalog:
        """The catalog in this file: made when there is none, migrated (after a copy of it) when it is an older one.

        Raises Failed: `catalog-newer`; `catalog-damaged` for what is not a catalog, which is left as it is.
        """
        return cls(opening.open_file(path), clock, one_connection=False)

    @classmethod
    def in_memory(cls, clock: Clock) -> Catalog:
        """An empty catalog that is gone when it is closed. Readers wait for writers; all else is as with a file."""
        return cls(opening.open_memory(), clock, one_connection=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Waits for whoever writes. Nothing may be called afterwards."""
        self._database.close()

    def on_change(self, listener: Callable[[frozenset[Changed]], None], *, last: bool = False) -> None:
        """`listener` is called after each commit that changed something, with the kinds of what changed, in the thread
        that committed, under no lock. It may use the catalog. What it raises is logged. `last`: after all others, also
        later ones; for who asks at once, and must not get an answer that was kept from before."""
        self._database.listen(listener, last=last)

    def on_points(self, listener: Callable[[frozenset[str] | None], None]) -> None:
        """`listener` is called like those of `on_change`, before them, with the machines (ids) whose points changed;
        None: it may be any. It must not raise, nor wait."""
        self._database.listen_points(listener)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All that this thread does inside is one transaction; other threads do not see it before its end, nor write.

        Nested ones join: an exception that leaves a block undoes what was done in that block, one that leaves the
        outermost undoes everything.
        """
        with self._database.transaction():
            yield
