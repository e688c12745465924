"""Plays a retention policy, a schedule and a change rate forward: how many points there will be and what they take.

Pure. The space is an estimate. Writes are taken to fall anywhere in the volume, so that within a time of *t* seconds
S·(1 − e^(−r·t/S)) of its S bytes change, r being the bytes that change in a second: what is overwritten again and again
is kept once by whoever keeps few points.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo

from console.domain.errors import usage
from console.domain.retention import Policy, Stamp, cuts, select, stamp

MOST_POINTS = 100_000
DAY_S = 86400


@dataclass(frozen=True, slots=True)
class Kept:
    """A point that is there already. `stored`: bytes its images took when it was made. `fixed`: held, or otherwise not
    to be rolled up."""

    time: datetime
    stored: int
    fixed: bool = False


@dataclass(frozen=True, slots=True)
class Habit:
    """How a machine is backed up. `interval_s`: seconds between backups. `size`: stored bytes of all its volumes, as
    base images take them; `change`: stored bytes that are new in one backup."""

    interval_s: int
    size: int
    change: int


@dataclass(frozen=True, slots=True)
class Day:
    """How it stands after the nightly jobs that end a day."""

    date: date
    points: int
    bytes: int


def habit(points: Sequence[Kept], interval_s: int, size: int) -> Habit:
    """As the newest points tell (the oldest is a base and tells nothing). Without a schedule, as often as they came."""
    recent = sorted(points, key=lambda point: point.time)[-50:]
    gaps = (recent[-1].time - recent[0].time).total_seconds() if len(recent) > 1 else 0.0
    interval = interval_s or (int(gaps / (len(recent) - 1)) if gaps else DAY_S)
    news = sorted(point.stored for point in recent[1:])
    # The middle one: a base in between, or a day of moving house, is no habit.
    return Habit(max(60, interval), size, news[len(news) // 2] if news else 0)


def play(
    policy: Policy, zone: tzinfo, start: datetime, days: int, what: Habit, points: Sequence[Kept] = ()
) -> list[Day]:
    """One entry a day from the day of `start` on, after that night's rollup. Raises Failed `simulation-too-long`."""
    if days * DAY_S / what.interval_s > MOST_POINTS:
        raise usage(
            "simulation-too-long",
            f"That would be more than {MOST_POINTS} points.",
            "Simulate fewer days, or backups that are further apart.",
        )
    left = [_Point(stamp(p.time, zone), p.stored, p.stored, p.fixed) for p in sorted(points, key=lambda p: p.time)]
    step = timedelta(seconds=what.interval_s)
    new = _changed(what, what.interval_s)
    moment = max(start, left[-1].stamp.moment + step if left else start).astimezone(UTC)
    found: list[Day] = []
    today = start.astimezone(zone).date()
    for day in range(days):
        night = datetime.combine(today + timedelta(days=day + 1), datetime.min.time(), zone).astimezone(UTC)
        while moment < night:
            left.append(_Point(stamp(moment, zone), new, new, False))
            moment += step
        if left:
            left = _rolled_up(left, policy, zone)
        found.append(Day(today + timedelta(days=day), len(left), _space(left, what)))
    return found


@dataclass(slots=True)
class _Point:
    """`own`: bytes new in its own backup; `sum`: with those of all that were rolled up into it."""

    stamp: Stamp
    own: int
    sum: int
    fixed: bool


def _rolled_up(points: list[_Point], policy: Policy, zone: tzinfo) -> list[_Point]:
    if policy.everything:
        return points
    newest = points[-1].stamp
    chosen = select([point.stamp for point in reversed(points)], cuts(policy, newest.moment, zone))
    left: list[_Point] = []
    swallowed = 0
    for point, (_, kept) in zip(points, reversed(chosen), strict=True):
        if kept or point.fixed or point.stamp is newest:
            point.sum += swallowed
            left.append(point)
            swallowed = 0
        else:
            swallowed += point.sum
    return left


def _space(points: Sequence[_Point], what: Habit) -> int:
    """The oldest one is a base; of each other, what can have changed since the one before it."""
    if not points:
        return 0
    total = what.size
    before = points[0].stamp.moment
    for point in points[1:]:
        if point.sum == point.own:
            total += point.own
        else:
            gap = (point.stamp.moment - before).total_seconds()
            total += min(point.sum, max(point.own, _changed(what, gap)))
        before = point.stamp.moment
    return total


def _changed(what: Habit, seconds: float) -> int:
    if not what.size or not what.change:
        return 0
    # So that one interval changes just what it was seen to change.
    share = min(what.change / what.size, 0.999)
    rate = -math.log1p(-share) / what.interval_s
    return int(what.size * -math.expm1(-rate * seconds))
