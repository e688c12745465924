"""How one repository grew, day by day, and when it is full at that pace."""

from __future__ import annotations

import threading
from datetime import date, timedelta

from console.catalog import Catalog
from console.domain.clock import Clock
from console.domain.repair_answers import RepositoryGrowth
from console.engine.repositories import Repositories

SHOWN = timedelta(days=60)
PACE = timedelta(days=30)
LEAST_DAYS = 1.0
"""Growth is not foretold from less."""
KEPT_S = 600.0
"""All images of a repository are read for it."""


class Growing:
    """Thread-safe."""

    def __init__(self, catalog: Catalog, repositories: Repositories, clock: Clock) -> None:
        self._catalog = catalog
        self._repositories = repositories
        self._clock = clock
        self._lock = threading.Lock()
        self._kept: dict[str, tuple[float, dict[date, int], int]] = {}

    def of(self, name: str) -> RepositoryGrowth:
        """Raises Failed `no-such-repository`."""
        info = self._repositories.info(name)
        days, protected = self._look(info.id)
        today = self._clock.now().date()
        shown = {day: size for day, size in days.items() if today - day < SHOWN}
        recent = {day: size for day, size in shown.items() if today - day < PACE}
        span = max(LEAST_DAYS, (today - min(recent)).days) if recent else LEAST_DAYS
        daily = sum(recent.values()) / span
        free = self._repositories.free(info)
        return {
            "days": [{"day": day.isoformat(), "stored": size} for day, size in shown.items()],
            "protected": protected,
            "days_to_full": free / daily if daily > 0 else None,
        }

    def _look(self, repository: str) -> tuple[dict[date, int], int]:
        at = self._clock.monotonic()
        with self._lock:
            known = self._kept.get(repository)
            if known is None or at - known[0] > KEPT_S:
                known = self._kept[repository] = (at, *self._catalog.growth.of(repository))
        return known[1], known[2]
