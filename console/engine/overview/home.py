"""The tiles of the first page: how everything is, in a few numbers."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

from console.catalog import Catalog
from console.domain.clock import Clock
from console.domain.errors import Failed
from console.domain.events import Event
from console.domain.jobs import JobState
from console.domain.overview_answers import Home, NightAnswer, RepositoryUse
from console.domain.repositories import RepositoryInfo
from console.domain.safety import Verdict
from console.engine.jobs import Jobs
from console.engine.overview.safety import Safety
from console.engine.overview.standings import Standings
from console.engine.repositories import Repositories

GROWTH = timedelta(days=30)
LEAST_SPAN = timedelta(days=1)
"""Growth is not foretold from less."""
GROWTH_KEPT_S = 3600.0
NIGHT = timedelta(hours=24)
NEWEST_ALERTS = 5
_FAILED = (JobState.FAILED, JobState.CRASHED, JobState.INTERRUPTED)


class Overview:
    """Everything for the tiles at once, and the newest alerts as they are."""

    def __init__(
        self,
        catalog: Catalog,
        repositories: Repositories,
        jobs: Jobs,
        standings: Standings,
        safety: Safety,
        clock: Clock,
    ) -> None:
        self._catalog = catalog
        self._repositories = repositories
        self._jobs = jobs
        self._standings = standings
        self._safety = safety
        self._clock = clock
        self._growth: tuple[float, dict[str, float]] | None = None

    def home(self) -> tuple[Home, list[Event]]:
        """The tiles with no alert named, and the newest open alerts."""
        rows = self._safety.rows()
        members = [member for pairing in self._safety.pairings() for member in pairing.machines]
        alerts = self._catalog.events.open_alerts()
        verdicts = Counter(row["verdict"] for row in rows)
        seeds = Counter(seed.state.value for seed in self._catalog.seeds.list())
        home: Home = {
            "machines": len(rows),
            "verdicts": {verdict.value: verdicts[verdict.value] for verdict in Verdict},
            "lag_s": max((member.lag_s for member in members if member.lag_s is not None), default=None),
            "lag_points": max((member.lag_points for member in members), default=0),
            "lag_bytes": max((member.lag_bytes for member in members), default=0),
            "orphaned_points": len(self._standings.orphans().points),
            "repositories": [self._use(info) for info in self._repositories.list()],
            "seeds": dict(seeds),
            "jobs": self._night(),
            "alerts": len(alerts),
            "newest_alerts": [],
        }
        return home, alerts[:NEWEST_ALERTS]

    def _night(self) -> NightAnswer:
        outcomes = self._catalog.jobs.outcomes(self._clock.now() - NIGHT)
        return {
            "succeeded": outcomes.get(JobState.SUCCEEDED, 0),
            "failed": sum(outcomes.get(state, 0) for state in _FAILED),
            "running": self._jobs.busy(),
        }

    def _use(self, info: RepositoryInfo) -> RepositoryUse:
        try:
            stored = self._repositories.usage(info.id).stored_bytes
        except Failed:
            stored = 0
        free = self._repositories.free(info)
        growth = self._daily().get(info.id, 0.0)
        return {
            "id": info.id,
            "name": info.name,
            "stored_bytes": stored,
            "free_bytes": free,
            "damaged": len(self._catalog.damage.list(info.id)),
            "days_to_full": free / growth if growth > 0 else None,
        }

    def _daily(self) -> dict[str, float]:
        """Bytes by which each repository (id) grew a day, looked at once an hour: it reads a month of points."""
        at = self._clock.monotonic()
        if self._growth is None or at - self._growth[0] > GROWTH_KEPT_S:
            now = self._clock.now()
            found = self._catalog.points.growth(now - GROWTH)
            self._growth = (
                at,
                {
                    id: size / (max(now - oldest, LEAST_SPAN) / timedelta(days=1))
                    for id, (size, oldest) in found.items()
                },
            )
        return self._growth[1]
