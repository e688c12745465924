"""The one place that asks the system for the time, and for where it is that time."""

from __future__ import annotations

import os
import time
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError


class SystemClock:
    """The real `domain.clock.Clock`."""

    def now(self) -> datetime:
        """The moment, aware, in UTC, microseconds."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Seconds that only run forward; not comparable between processes or restarts."""
        return time.monotonic()


def local_zone() -> tzinfo:
    """The zone of this machine, with its changes of the clocks; UTC where it cannot be told."""
    named = os.environ.get("TZ", "").removeprefix(":")
    try:
        if named:
            return ZoneInfo(named)
        with Path("/etc/localtime").open("rb") as file:
            return ZoneInfo.from_file(file)
    except (OSError, ValueError, ZoneInfoNotFoundError):
        return UTC


def zone_named(name: str) -> tzinfo:
    """By its name in the time zone database; UTC where that has not got it."""
    try:
        return ZoneInfo(name)
    except (OSError, ValueError, ZoneInfoNotFoundError):
        return UTC
