"""How many bytes came from sources, and when: kept for a month, by the half hour."""

from __future__ import annotations

import json
import threading
from contextlib import suppress
from datetime import UTC, datetime, timedelta

from console.catalog import Catalog
from console.domain.clock import Clock
from console.domain.errors import Failed

KEY = "replication.received"
STEP = timedelta(minutes=30)
KEPT = timedelta(days=31)
SAVED_S = 60.0
"""Written down this often at most: what a Core that is killed has not written is missing from a chart."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Received:
    """Thread-safe."""

    def __init__(self, catalog: Catalog, clock: Clock) -> None:
        self._catalog = catalog
        self._clock = clock
        self._lock = threading.Lock()
        self._saved = clock.monotonic()
        self._dirty = False
        self._bytes = _read(catalog.settings.get(KEY))

    def note(self, size: int) -> None:
        """So many bytes have just come."""
        if not size:
            return
        with self._lock:
            number = (self._clock.now() - _EPOCH) // STEP
            self._bytes[number] = self._bytes.get(number, 0) + size
            self._dirty = True
            due = self._clock.monotonic() - self._saved >= SAVED_S
        if due:
            self.save()

    def save(self) -> None:
        """Writes down what came. A catalog without room for it is told later."""
        with self._lock:
            if not self._dirty:
                return
            self._saved, self._dirty = self._clock.monotonic(), False
            oldest = (self._clock.now() - KEPT - _EPOCH) // STEP
            self._bytes = {number: size for number, size in self._bytes.items() if number >= oldest}
            said = json.dumps({str(number): size for number, size in self._bytes.items()})
        with suppress(Failed):
            self._catalog.settings.set(KEY, said)

    def since(self, moment: datetime) -> list[tuple[datetime, datetime, int]]:
        """(from, to, bytes) of every half hour that ends after a moment, the oldest first."""
        with self._lock:
            found = sorted(self._bytes.items())
        spans = [(_EPOCH + number * STEP, _EPOCH + (number + 1) * STEP, size) for number, size in found]
        return [span for span in spans if span[1] > moment]


def _read(said: str | None) -> dict[int, int]:
    try:
        found = json.loads(said or "{}")
        return {int(number): int(size) for number, size in found.items()}
    except (ValueError, TypeError, AttributeError):
        return {}
