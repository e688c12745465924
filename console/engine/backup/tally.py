"""A write session that counts: what of an image was new to its repository."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Protocol

from console.domain.objects import Kind
from console.repository import Prepared, Put


class Store(Protocol):
    """What the threads need of a write session."""

    def put(self, kind: Kind, plain: bytes | memoryview, leaf: Kind = Kind.CHUNK) -> Put: ...

    def name(self, kind: Kind, plain: bytes | memoryview) -> bytes: ...

    def prepare(self, kind: Kind, plains: Sequence[bytes | memoryview]) -> Prepared: ...

    def put_prepared(self, prepared: Prepared) -> list[Put]: ...


class Tally:
    """A write session that counts what it took: objects that were new, plain and stored, in bytes. Thread-safe."""

    def __init__(self, session: Store) -> None:
        self._session = session
        self.lock = threading.Lock()
        self.new = 0
        self.stored = 0

    def put(self, kind: Kind, plain: bytes | memoryview, leaf: Kind = Kind.CHUNK) -> Put:
        put = self._session.put(kind, plain, leaf)
        self._count([put], [plain])
        return put

    def name(self, kind: Kind, plain: bytes | memoryview) -> bytes:
        """As the session's."""
        return self._session.name(kind, plain)

    def prepare(self, kind: Kind, plains: Sequence[bytes | memoryview]) -> Prepared:
        """As the session's."""
        return self._session.prepare(kind, plains)

    def put_prepared(self, prepared: Prepared) -> list[Put]:
        """As the session's."""
        puts = self._session.put_prepared(prepared)
        self._count(puts, prepared.plains)
        return puts

    def _count(self, puts: Sequence[Put], plains: Sequence[bytes | memoryview]) -> None:
        new = stored = 0
        for put, plain in zip(puts, plains, strict=True):
            if put.new:
                new += len(plain)
                stored += put.stored
        if new:
            with self.lock:
                self.new += new
                self.stored += stored
