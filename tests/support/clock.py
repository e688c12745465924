"""A clock that moves when it is told to."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta


class FixedClock:
    """Stands at 4 May 2026, 12:00 UTC until `forward` is called."""

    def __init__(self, start: datetime | None = None) -> None:
        self._now = start or datetime(2026, 5, 4, 12, 0, tzinfo=UTC)
        self._run = 0.0

    def now(self) -> datetime:
        return self._now

    def monotonic(self) -> float:
        return self._run

    def forward(self, seconds: float) -> None:
        self._now += timedelta(seconds=seconds)
        self._run += seconds
