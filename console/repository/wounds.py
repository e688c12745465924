"""What readers of a repository found damaged since somebody asked last."""

from __future__ import annotations

import threading
from collections import defaultdict

_MOST = 100_000


class Wounds:
    """Thread-safe. Keeps at most some number of objects: a repair looks at whole packs anyway."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._found: dict[str, set[bytes]] = defaultdict(set)
        self._count = 0

    def __bool__(self) -> bool:
        return bool(self._found)

    def add(self, pack: str, oid: bytes) -> None:
        """An object in a pack could not be read true from its place."""
        with self._lock:
            if self._count < _MOST and oid not in self._found[pack]:
                self._found[pack].add(oid)
                self._count += 1

    def take(self) -> dict[str, set[bytes]]:
        """Objects by pack; from now on only what is found later."""
        with self._lock:
            found, self._found, self._count = dict(self._found), defaultdict(set), 0
        return found
