"""The one place that asks the system for the time."""

from __future__ import annotations

import time
from datetime import UTC, datetime


class SystemClock:
    """The real `domain.clock.Clock`."""

    def now(self) -> datetime:
        """The moment, aware, in UTC, microseconds."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Seconds that only run forward; not comparable between processes or restarts."""
        return time.monotonic()
