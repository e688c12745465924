"""What open sessions rely on, so that a sweep takes nothing of it. Paper: `FORMAT.md`, "Reclaim"."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

_FIRST = 1 << 19
_LAST = 1 << 25
_FULL = 8
"""A layer is full when one bit in so many is set; then one in eight other ids passes for one relied on."""


class Reliance:
    """Ids that one session found present, or put. May take others for them as well, but never forgets one.

    Bits by the first bytes of an id, in layers that grow: 64 KiB for few ids, 4.6 MiB for any number. Thread-safe.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._layers = [bytearray(_FIRST // 8)]
        self._mask = _FIRST - 1
        self._room = _FIRST // _FULL
        self.roots: set[bytes] = set()
        """Roots whose whole trees are relied on."""

    def add(self, ids: Iterable[bytes]) -> None:
        """From now on these are relied on."""
        with self._lock:
            bits, mask, count = self._layers[-1], self._mask, 0
            for oid in ids:
                at = int.from_bytes(oid[:4], "little") & mask
                bits[at >> 3] |= 1 << (at & 7)
                count += 1
            self._room -= count
            if self._room <= 0 and mask + 1 < _LAST:
                size = (mask + 1) * 8
                self._layers.append(bytearray(size // 8))
                self._mask, self._room = size - 1, size // _FULL

    def has(self, oid: bytes) -> bool:
        """True for every id that was added, and for some others."""
        number = int.from_bytes(oid[:4], "little")
        for bits in self._layers:
            at = number & (len(bits) * 8 - 1)
            if bits[at >> 3] >> (at & 7) & 1:
                return True
        return False


class Sweeps:
    """Keeps sessions and sweeps apart.

    A session writes down what it relies on, *then* asks whether it is there, then whether no sweep took place meanwhile
    (else it asks again). A sweep looks at what is relied on, and strikes out what it takes, within `gate`.
    """

    def __init__(self) -> None:
        self._lock = threading.RLock()  # a session may be dropped by the collector while this thread holds it
        self._open: set[Reliance] = set()
        self._left: list[Reliance] = []
        self._reclaims = 0
        self.count = 0
        """Grows when a sweep begins and when it ends: odd while one takes place."""

    def enter(self) -> Reliance:
        """Of a session that begins."""
        reliance = Reliance()
        with self._lock:
            self._open.add(reliance)
        return reliance

    def leave(self, reliance: Reliance) -> None:
        """Of a session that ends, or whose work is in the catalog: a reclaim that runs may not have seen it there."""
        with self._lock:
            if reliance in self._open:
                self._open.discard(reliance)
                if self._reclaims:
                    self._left.append(reliance)

    def settled(self, count: int) -> bool:
        """Whether no sweep took place since `count` was read. Waits for one that does."""
        if count == self.count and not count & 1:
            return True
        with self._lock:
            return False

    @contextmanager
    def reclaiming(self) -> Iterator[None]:
        """From before the first look at the catalog to the last sweep: what sessions relied on outlives them."""
        with self._lock:
            self._reclaims += 1
        try:
            yield
        finally:
            with self._lock:
                self._reclaims -= 1
                if not self._reclaims:
                    self._left.clear()

    @contextmanager
    def gate(self) -> Iterator[None]:
        """While it is held no session learns that anything is there."""
        with self._lock:
            self.count += 1
            try:
                yield
            finally:
                self.count += 1

    def relied(self, oid: bytes) -> bool:
        """Whether a session relies on an object; to be believed to the end of the gate only."""
        return any(reliance.has(oid) for reliance in (*self._open, *self._left))

    def roots(self) -> set[bytes]:
        """Of all trees that sessions rely on as a whole."""
        with self._lock:
            return {root for reliance in (*self._open, *self._left) for root in reliance.roots}
