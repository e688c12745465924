"""Directory nodes written some at a time, which takes much less than writing each by itself."""

from __future__ import annotations

import threading

from console.domain.objects import Kind
from console.engine.backup.tally import Tally
from console.repository.codec import SMALL

TOGETHER = 128
"""So many are written together."""


class Nodes:
    """An `ObjectWriter`. What it was given may wait until `finish`. Thread-safe."""

    def __init__(self, store: Tally) -> None:
        self._store = store
        self._lock = threading.Lock()
        self._waiting: list[bytes | memoryview] = []

    def put(self, kind: Kind, plain: bytes | memoryview, leaf: Kind = Kind.CHUNK) -> tuple[bytes, bool, int]:
        """See `ObjectWriter.put`; of what waits nothing but its id is known."""
        if kind is not Kind.TREE or len(plain) > SMALL:
            return self._store.put(kind, plain, leaf)
        with self._lock:
            self._waiting.append(plain)
            full = len(self._waiting) >= TOGETHER
        if full:
            self.finish()
        return self._store.name(kind, plain), False, 0

    def finish(self) -> None:
        """Writes what waits. Raises what a session's `put` raises."""
        with self._lock:
            waiting, self._waiting = self._waiting, []
        if waiting:
            prepared = self._store.prepare(Kind.TREE, waiting)
            prepared.compress()
            self._store.put_prepared(prepared)
