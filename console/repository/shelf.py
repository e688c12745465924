"""Stretches of packs that were read lately: nodes lie beside their neighbours, and are asked for one by one."""

from __future__ import annotations

import threading
from collections import OrderedDict

from console.repository.storage import PackStorage

STRETCH = 64 << 10
"""Bytes that are read at once."""
KEPT = 64
"""So many stretches are kept."""


class Shelf:
    """Gives bytes of packs as they lay there when they were read, which may be long ago: for one walk. Whoever finds
    them not to be true asks the pack itself, and has it dropped here. Thread-safe."""

    def __init__(self, storage: PackStorage) -> None:
        self._storage = storage
        self._lock = threading.Lock()
        self._held: OrderedDict[tuple[str, int], bytes] = OrderedDict()

    def read(self, name: str, offset: int, length: int) -> bytes:
        """Up to `length` bytes of a pack; fewer only at its end. Raises OSError."""
        first, last = offset // STRETCH, (offset + length - 1) // STRETCH
        if last > first + 1:
            with self._storage.open(name) as pack:
                return pack.read(offset, length)
        at = offset - first * STRETCH
        found = self._stretch(name, first)
        if last > first and len(found) == STRETCH:
            return found[at:] + self._stretch(name, last)[: at + length - STRETCH]
        return found[at : at + length]

    def drop(self, name: str) -> None:
        """Nothing of this pack is held from now on."""
        with self._lock:
            for key in [key for key in self._held if key[0] == name]:
                del self._held[key]

    def _stretch(self, name: str, number: int) -> bytes:
        key = name, number
        with self._lock:
            held = self._held.get(key)
            if held is not None:
                self._held.move_to_end(key)
                return held
        with self._storage.open(name) as pack:
            read = pack.read(number * STRETCH, STRETCH)
        with self._lock:
            self._held[key] = read
            while len(self._held) > KEPT:
                self._held.popitem(last=False)
        return read
