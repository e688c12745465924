"""A write session that counts: what of an image was new to its repository."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Protocol

from console.domain.objects import Kind
from console.repository import Put


class Store(Protocol):
    """What the threads need of a write session."""

    def put(self, kind: Kind, plain: bytes | memoryview, leaf: Kind = Kind.CHUNK) -> Put: ...


class Tally:
    """A write session that counts what it took: objects that were new, plain and stored, in bytes. Thread-safe."""

    def __init__(self, session: Store) -> None:
        self._session = session
        self.lock = threading.Lock()
        self.new = 0
        self.stored = 0

    def put(self, kind: Kind, plain: bytes | memoryview, leaf: Kind = Kind.CHUNK) -> Put:
        put = self._session.put(kind, plain, leaf)
        if put.new:
            with self.lock:
                self.new += len(plain)
                self.stored += put.stored
        return put

    def put_many(self, kind: Kind, plains: Sequence[bytes | memoryview]) -> list[Put]:
        """As `put`, of many small objects."""
        return [self.put(kind, plain) for plain in plains]
