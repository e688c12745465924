"""The simulator: what it counts, what it estimates, and that it is quick."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from console.domain.errors import Failed
from console.domain.retention import DEFAULT, KEEP_EVERYTHING, DatedPoint, fates, parse_policy
from console.domain.retention_play import Habit, Kept, habit, play
from tests.support.effort import effort

NOW = datetime(2026, 5, 4, 0, 0, tzinfo=UTC)
UTC_ZONE = ZoneInfo("UTC")
BERLIN = ZoneInfo("Europe/Berlin")
HOURLY = Habit(3600, 1_000_000, 1_000)


@pytest.mark.parametrize("zone", [UTC_ZONE, BERLIN])
def test_it_counts_what_the_rule_would_keep(zone: ZoneInfo) -> None:
    found = play(DEFAULT, zone, NOW, 100, HOURLY)
    left: list[DatedPoint] = []
    moment = NOW
    for day in found:
        night = datetime.combine(day.date + timedelta(days=1), datetime.min.time(), zone)
        while moment < night:
            left.append(DatedPoint(moment.isoformat(), moment))
            moment += timedelta(hours=1)
        kept = {fate.point for fate in fates(left, DEFAULT, zone) if fate.goes is None}
        left = [point for point in left if point.id in kept]
        assert day.points == len(left)


def test_a_policy_that_keeps_everything_grows_and_another_levels_off() -> None:
    everything, some = play(KEEP_EVERYTHING, UTC_ZONE, NOW, 60, HOURLY), play(DEFAULT, UTC_ZONE, NOW, 60, HOURLY)
    assert [day.points for day in everything] == [24 * (n + 1) for n in range(60)]
    assert everything[-1].bytes == 1_000_000 + 1000 * (24 * 60 - 1)
    assert some[-1].bytes < everything[-1].bytes
    assert some[40].points <= some[50].points + 6
    assert all(one.bytes <= other.bytes for one, other in zip(some, everything, strict=True))


def test_what_is_overwritten_all_the_time_is_kept_once() -> None:
    """All of a small volume changes every day: a month of daily points takes about a volume each, and no more."""
    busy = Habit(3600, 1_000_000, 200_000)
    day = play(parse_policy("all 1d daily 30d"), UTC_ZONE, NOW, 60, busy)[-1]
    assert 1_000_000 * 30 < day.bytes < 1_000_000 * 33 + 25 * 200_000
    still = play(parse_policy("all 1d daily 30d"), UTC_ZONE, NOW, 60, Habit(3600, 1_000_000, 0))[-1]
    assert still.bytes == 1_000_000


def test_points_that_are_there_count_and_held_ones_stay() -> None:
    old = [Kept(NOW - timedelta(days=400 + n), 500, fixed=n == 0) for n in range(5)]
    found = play(parse_policy("all 1d"), UTC_ZONE, NOW, 3, HOURLY, old)
    assert [day.points for day in found] == [25, 26, 26]


def test_the_habit_is_that_of_the_newest_points() -> None:
    points = [Kept(NOW + timedelta(hours=2 * n), 10**6 if n == 0 else 100 + n) for n in range(9)]
    assert habit(points, 0, 10**6) == Habit(7200, 10**6, 105)
    assert habit(points, 900, 10**6).interval_s == 900
    assert habit([], 0, 0) == Habit(86400, 0, 0)


def test_a_year_of_hourly_backups_takes_some_steps_each() -> None:
    calls = effort(lambda: play(DEFAULT, BERLIN, NOW, 365, HOURLY))
    assert calls < 60 * 365 * 24, "what a person waits for is over at once"
    with pytest.raises(Failed, match="simulation-too-long"):
        play(DEFAULT, BERLIN, NOW, 3650, Habit(60, 1, 1))
