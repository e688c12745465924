"""When the next scheduled backup is due. Pure: time is an argument."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


def parse_interval(text: str) -> int | None:
    """`60m`, `90s`, `4h`, `1d`, `off`/`0` (never) as seconds; None when it is none of these."""
    text = text.strip().lower()
    if text in ("off", "never", "0"):
        return 0
    match = re.fullmatch(r"(\d+)\s*([smhd])", text)
    if match is None:
        return None
    return int(match.group(1)) * _UNITS[match.group(2)]


def next_due(last_started: datetime | None, interval_s: int, now: datetime, *, paused: bool = False) -> datetime | None:
    """When a machine is next backed up by itself; None: never.

    Counted from the start of the last backup, so that a slow backup does not move the schedule; what was missed while
    no Core ran is due at once, and only once.
    """
    if interval_s <= 0 or paused:
        return None
    if last_started is None:
        return now
    return max(now, last_started + timedelta(seconds=interval_s))
