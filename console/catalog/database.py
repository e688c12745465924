"""Sessions over the catalog's database: one writer at a time, transactions that join, and word of what changed."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager, nullcontext

from sqlalchemy import Connection, Engine

from console.catalog.sqlite import IMMEDIATE
from console.domain.events import Changed

log = logging.getLogger(__name__)

Listener = Callable[[frozenset[Changed]], None]
PointsListener = Callable[[frozenset[str] | None], None]
"""Is told the machines (ids) whose points changed; None: it may be any."""


class _Session(threading.local):
    """The transaction that this thread has open, if any."""

    connection: Connection | None = None
    touched: frozenset[Changed] = frozenset()
    machines: frozenset[str] | None = frozenset()


class Database:
    """Thread-safe. Protocol: SCHEMA.md, "Concurrency"."""

    def __init__(self, engine: Engine, *, one_connection: bool) -> None:
        """`one_connection`: readers have to wait for writers, because they share their only connection."""
        self._engine = engine
        self._writing = engine.execution_options(**{IMMEDIATE: True})
        self._writer = threading.RLock()
        self._reader = self._writer if one_connection else nullcontext()
        self._session = _Session()
        self._listening = threading.Lock()
        self._listeners: tuple[Listener, ...] = ()
        self._last_listeners: tuple[Listener, ...] = ()
        self._points_listeners: tuple[PointsListener, ...] = ()
        self._closed = False

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A connection that sees one moment; inside a transaction of this thread, what that has written too."""
        if self._session.connection is not None:
            yield self._session.connection
            return
        self._require_open()
        with self._reader, self._engine.connect() as connection:
            yield connection

    @contextmanager
    def write(self, *kinds: Changed) -> Iterator[Connection]:
        """A transaction in which things of `kinds` change. See `transaction`; use `touch` where it is not certain."""
        with self.transaction() as connection:
            yield connection
            self.touch(*kinds)

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """Begins a transaction, or joins the one this thread is in. An exception undoes what was done since then."""
        session = self._session
        if session.connection is not None:
            touched = session.touched
            try:
                with session.connection.begin_nested():
                    yield session.connection
            except BaseException:
                session.touched = touched
                raise
            return
        self._require_open()
        with self._writer:
            self._require_open()
            session.touched = frozenset()
            session.machines = frozenset()
            with self._writing.connect() as connection, connection.begin():
                session.connection = connection
                try:
                    yield connection
                finally:
                    session.connection = None
            touched, machines = session.touched, session.machines
        if touched:
            self._tell(touched, machines)

    def touch(self, *kinds: Changed, machines: Collection[str] | None = None) -> None:
        """Things of `kinds` have changed in the transaction of this thread; of points, those of `machines` (ids) alone,
        where that is known."""
        session = self._session
        session.touched = session.touched.union(kinds)
        if Changed.POINTS in kinds:
            before = session.machines
            session.machines = None if before is None or machines is None else before.union(machines)

    def listen(self, listener: Listener, *, last: bool = False) -> None:
        with self._listening:
            if last:
                self._last_listeners = (*self._last_listeners, listener)
            else:
                self._listeners = (*self._listeners, listener)

    def listen_points(self, listener: PointsListener) -> None:
        """Before those of `listen`."""
        with self._listening:
            self._points_listeners = (*self._points_listeners, listener)

    def close(self) -> None:
        """Waits for whoever writes. Later calls are a bug and raise RuntimeError."""
        with self._writer:
            self._closed = True
            self._engine.dispose()

    def _require_open(self) -> None:
        if self._closed:
            raise RuntimeError("the catalog is closed")

    def _tell(self, kinds: frozenset[Changed], machines: frozenset[str] | None) -> None:
        if Changed.POINTS in kinds:
            # They only note what they have to look at again.
            for note in self._points_listeners:
                note(machines)
        for listener in (*self._listeners, *self._last_listeners):
            try:
                listener(kinds)
            except Exception:
                # The commit has happened: whoever made it must not take a listener's bug for its failure.
                log.exception("a listener to changes of the catalog failed")
