"""Tells of most ids that they are new without asking the index: one bit an id, in memory.

Asking SQLite costs 5 µs and gives the interpreter away several times, which threads that put small objects feel.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence
from itertools import islice

_BITS_EACH = 64
_BITS_MIN = 1 << 22
_PART = 20_000
_BITS_MAX = 1 << 28
"""32 MiB: with ten million objects one id in thirty passes although it is new."""


class Filter:
    """Excludes nothing until it is `ready`. Never excludes an id that was added. Thread-safe."""

    def __init__(self) -> None:
        self.ready = False
        self._lock = threading.Lock()
        self._mask = 0
        self._bits = bytearray()

    def begin(self, objects: int) -> bool:
        """Makes room for about so many objects; False when another thread has. What is added counts from now on."""
        with self._lock:
            if self._mask:
                return False
            bits = _BITS_MIN
            while bits < min(objects * _BITS_EACH, _BITS_MAX):
                bits *= 2
            self._bits = bytearray(bits // 8)
            self._mask = bits - 1
            return True

    def fill(self, ids: Iterable[bytes]) -> None:
        """Everything that was there when it was begun; afterwards it is ready."""
        rest = iter(ids)
        # In parts, so that packs can be added meanwhile.
        while part := list(islice(rest, _PART)):
            self.add(part)
        self.ready = True

    def add(self, ids: Iterable[bytes]) -> None:
        """These are there from now on."""
        with self._lock:
            bits, mask = self._bits, self._mask
            if mask:
                for oid in ids:
                    at = int.from_bytes(oid[:4], "little") & mask
                    bits[at >> 3] |= 1 << (at & 7)

    def excludes(self, oid: bytes) -> bool:
        """True: the id was never added."""
        if not self.ready:
            return False
        at = int.from_bytes(oid[:4], "little") & self._mask
        return not self._bits[at >> 3] >> (at & 7) & 1

    def passes(self, ids: Sequence[bytes]) -> Sequence[bytes]:
        """Those of `ids` that are not excluded."""
        if not self.ready:
            return ids
        bits, mask = self._bits, self._mask
        return [oid for oid in ids if bits[(at := int.from_bytes(oid[:4], "little") & mask) >> 3] >> (at & 7) & 1]
