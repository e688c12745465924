"""Where the axes of a chart are marked. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from console.domain.clock import from_iso
from console.domain.sizes import format_size

Tick = tuple[float, str]
DAY_S = 86_400


def size_ticks(largest: float, most: int = 4) -> list[Tick]:
    """From 0 to the first round number of bytes that is not below `largest`, in at most `most` equal steps."""
    if largest <= 0:
        return [(0.0, format_size(0))]
    step = next(
        digit * 10.0**power for power in range(19) for digit in (1, 2, 5) if digit * 10.0**power * most >= largest
    )
    steps = int(-(-largest // step))
    return [(step * number, format_size(step * number)) for number in range(steps + 1)]


def time_ticks(times: Sequence[str], span_s: int, most: int = 8) -> list[Tick]:
    """Marks at bucket numbers: full hours for spans of up to two days, else midnights, in local time; `most` at most.

    `times`: ISO 8601 beginnings of the buckets, each `span_s` seconds long, oldest first.
    """
    if not times:
        return []
    moments = [from_iso(time).astimezone() for time in times]
    by_day = span_s * len(times) > 2 * DAY_S
    marked: list[tuple[int, datetime]] = []
    for number, moment in enumerate(moments):
        before = moments[number - 1] if number else None
        if by_day:
            fresh = before is None or before.date() != moment.date()
        else:
            fresh = before is None or (before.date(), before.hour) != (moment.date(), moment.hour)
        if fresh:
            marked.append((number, moment))
    every = max(1, -(-len(marked) // max(1, most)))
    # The newest stays marked: it is the one people look for.
    kept = [mark for place, mark in enumerate(reversed(marked)) if place % every == 0][::-1]
    return [(float(number), moment.strftime("%m-%d" if by_day else "%H:%M")) for number, moment in kept]
