"""Which points a retention policy keeps: blocks, bounds, daylight saving time, and what must hold for any of them."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from console.domain.errors import Failed
from console.domain.retention import (
    DEFAULT,
    KEEP_EVERYTHING,
    DatedPoint,
    Fate,
    Go,
    Keep,
    Policy,
    Rule,
    Span,
    Unit,
    Why,
    changed,
    fates,
    parse_policy,
    parse_span,
)

NOW = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)
BERLIN = ZoneInfo("Europe/Berlin")
DAY = timedelta(days=1)


def _points(*times: datetime, **more: object) -> list[DatedPoint]:
    return [DatedPoint(time.isoformat(), time, **more) for time in times]  # type: ignore[arg-type]


def _kept(points: list[DatedPoint], policy: Policy, zone: ZoneInfo | None = None) -> set[str]:
    return {fate.point for fate in fates(points, policy, zone or ZoneInfo("UTC")) if fate.goes is None}


def _left(points: list[DatedPoint], policy: Policy, zone: ZoneInfo) -> list[DatedPoint]:
    kept = _kept(points, policy, zone)
    return [point for point in points if point.id in kept]


def _wall(year: int, month: int, day: int) -> datetime:
    return datetime(year, month, day, 9, tzinfo=UTC).replace(tzinfo=None)


def _codes(fate: Fate) -> list[str]:
    return [why.code for why in fate.kept]


def test_a_policy_is_written_and_read_alike() -> None:
    assert str(DEFAULT) == "all 3d hourly 2d daily 4d weekly 3w monthly 2m"
    assert parse_policy(str(DEFAULT)) == DEFAULT
    assert parse_policy("all 1w, yearly 10y, daily off") == Policy(
        Span(1, Unit.WEEKS), None, None, None, None, Span(10, Unit.YEARS)
    )
    assert parse_policy("everything") == KEEP_EVERYTHING
    assert str(KEEP_EVERYTHING) == "everything"
    assert changed(DEFAULT, {"daily": None, "yearly": Span(1, Unit.YEARS)}) == replace(
        DEFAULT, daily=None, yearly=Span(1, Unit.YEARS)
    )
    assert DEFAULT.text.startswith("All points of 3 days, then one an hour for 2 days")


@pytest.mark.parametrize(
    "text", ["", "hourly 2d", "all", "all off", "all 3", "all 3d all 4d", "all 3d minutely 4d", "all 1000d", "all -1d"]
)
def test_what_is_no_policy_is_refused(text: str) -> None:
    with pytest.raises(Failed) as refused:
        parse_policy(text)
    assert refused.value.failure.code == "bad-retention"
    assert refused.value.failure.hint


def test_months_end_where_months_end() -> None:
    month = parse_span("1m")
    assert month is not None
    assert month.before(_wall(2024, 3, 31)) == _wall(2024, 2, 29)
    assert month.before(_wall(2026, 1, 15)) == _wall(2025, 12, 15)
    year = parse_span("1y")
    assert year is not None
    assert year.before(_wall(2024, 2, 29)) == _wall(2023, 2, 28)


def test_each_block_keeps_the_newest_of_its_unit_and_says_so() -> None:
    policy = parse_policy("all 1d daily 2d")
    hours = _points(*(NOW - timedelta(hours=hour) for hour in range(24 * 5)))
    found = {fate.point: fate for fate in fates(hours, policy, ZoneInfo("UTC"))}
    # All of one day, and the point exactly on its bound; then the newest of 3 May (in part), 2 May, 1 May (in part).
    kept = [fate for fate in found.values() if fate.goes is None]
    assert [_codes(fate) for fate in kept[:25]] == [["newest", "all"], *[["all"]] * 24]
    assert [fate.time for fate in kept[25:]] == [
        datetime(2026, 5, 3, 11, tzinfo=UTC),
        datetime(2026, 5, 2, 23, tzinfo=UTC),
        datetime(2026, 5, 1, 23, tzinfo=UTC),
    ]
    assert all(_codes(fate) == [Rule.DAILY] for fate in kept[25:])
    gone = [fate.goes for fate in found.values() if fate.goes]
    assert Counter(why.code for why in gone)[Go.AGED] == 47
    assert gone[0] == Why(Go.SUPERSEDED, "A newer point is kept for the same day.")


def test_a_point_on_a_bound_belongs_to_the_newer_block() -> None:
    policy = parse_policy("all 1d")
    on, before = NOW - DAY, NOW - DAY - timedelta(microseconds=1)
    assert _kept(_points(NOW, on, before), policy) == {NOW.isoformat(), on.isoformat()}


def test_the_newest_point_is_the_reference_and_not_today() -> None:
    old = datetime(1999, 1, 31, 5, tzinfo=UTC)
    assert len(_kept(_points(old, old - DAY, old - 2 * DAY), DEFAULT)) == 3


def test_held_points_orphans_and_locked_points_stay_and_stand_for_nothing() -> None:
    policy = parse_policy("all 1d daily 3d")
    day = datetime(2026, 5, 2, tzinfo=UTC)
    held = DatedPoint("held", day + timedelta(hours=3), held="audit")
    orphan = DatedPoint("orphan", day + timedelta(hours=23), whole=False)
    locked = DatedPoint("locked", day + timedelta(hours=2), locks=(Why(Keep.ON_SEED, "…"),))
    plain = [DatedPoint("plain", day + timedelta(hours=9)), DatedPoint("early", day + timedelta(hours=1))]
    found = {f.point: f for f in fates([DatedPoint("new", NOW), held, orphan, locked, *plain], policy, ZoneInfo("UTC"))}
    assert _codes(found["held"]) == [Keep.HELD]
    assert found["held"].kept[0].text == "It is held (audit)."
    assert _codes(found["orphan"]) == [Keep.NOT_WHOLE]
    assert _codes(found["locked"]) == [Keep.ON_SEED]
    assert _codes(found["plain"]) == [Rule.DAILY]
    assert found["early"].goes is not None


def test_the_newest_whole_point_stays_however_old() -> None:
    old = DatedPoint("old", NOW - 900 * DAY)
    broken = [DatedPoint(f"b{n}", NOW - n * DAY, whole=False) for n in range(3)]
    found = {f.point: f for f in fates([old, *broken], DEFAULT, ZoneInfo("UTC"))}
    assert _codes(found["old"]) == [Keep.NEWEST_WHOLE]


def test_the_hour_that_comes_twice_is_two_hours_and_the_day_is_one() -> None:
    # Clocks in Berlin went back from 3 to 2 o'clock at 1:00 UTC on 25 October 2026.
    twice = datetime(2026, 10, 25, 0, tzinfo=UTC)
    quarters = [twice + timedelta(minutes=15 * n) for n in range(8)]
    points = _points(datetime(2026, 10, 28, 12, tzinfo=UTC), *quarters)
    assert len(_kept(points, parse_policy("all 1d hourly 3d"), BERLIN)) == 3
    assert len(_kept(points, parse_policy("all 1d daily 5d"), BERLIN)) == 2


def test_a_day_has_the_bounds_of_the_zone() -> None:
    # 22:30 UTC is the next day in Berlin.
    late, early = datetime(2026, 5, 1, 22, 30, tzinfo=UTC), datetime(2026, 5, 1, 12, tzinfo=UTC)
    policy = parse_policy("all 1d daily 5d")
    assert len(_kept(_points(NOW, late, early), policy, BERLIN)) == 3
    assert len(_kept(_points(NOW, late, early), policy, ZoneInfo("UTC"))) == 2


def test_three_days_are_three_days_of_the_wall_also_when_clocks_change() -> None:
    newest = datetime(2026, 3, 30, 10, tzinfo=BERLIN)
    bound = datetime(2026, 3, 27, 10, tzinfo=BERLIN)
    points = _points(newest, bound, bound - timedelta(seconds=1))
    assert _kept(points, parse_policy("all 3d"), BERLIN) == {newest.isoformat(), bound.isoformat()}


# ------------------------------------------------------------------------------------------------ properties

spans = st.builds(Span, st.integers(1, 6), st.sampled_from(Unit))
policies = st.builds(Policy, spans, *[st.none() | spans] * 5)
zones = st.sampled_from([ZoneInfo("UTC"), BERLIN, ZoneInfo("Asia/Kolkata"), ZoneInfo("America/St_Johns")])
moments = st.integers(0, 3 * 365 * 86400).map(lambda second: datetime(2024, 1, 1, tzinfo=UTC) + timedelta(0, second))


@st.composite
def histories(draw: st.DrawFn) -> list[DatedPoint]:
    """Points here and there, some held, some not whole; and a stretch of regular ones."""
    times = set(draw(st.lists(moments, min_size=1, max_size=40)))
    start, step = draw(moments), draw(st.sampled_from([600, 3600, 86400, 86400 * 9]))
    times |= {start + timedelta(seconds=step * n) for n in range(draw(st.integers(0, 60)))}
    return [
        DatedPoint(
            f"p{number}",
            time,
            whole=draw(st.integers(0, 9)) != 0,
            held="why" if draw(st.integers(0, 15)) == 0 else None,
        )
        for number, time in enumerate(sorted(times))
    ]


@settings(max_examples=40, deadline=None)
@given(histories(), policies, zones)
def test_what_must_stay_stays_and_rolling_up_twice_changes_nothing(
    points: list[DatedPoint], policy: Policy, zone: ZoneInfo
) -> None:
    found = fates(points, policy, zone)
    assert [f.time for f in found] == sorted((p.time for p in points), reverse=True)
    assert all((fate.goes is None) == bool(fate.kept) for fate in found)
    left = _left(points, policy, zone)
    kept = {point.id for point in left}
    assert points[-1].id in kept
    assert {p.id for p in points if p.held is not None or not p.whole} <= kept
    whole = [p.id for p in points if p.whole]
    assert not whole or whole[-1] in kept
    assert _left(left, policy, zone) == left


@settings(max_examples=30, deadline=None)
@given(histories(), policies, zones, spans)
def test_more_at_the_end_keeps_more_and_a_hold_takes_nothing_away(
    points: list[DatedPoint], policy: Policy, zone: ZoneInfo, more: Span
) -> None:
    kept = _kept(points, replace(policy, yearly=None), zone)
    assert kept <= _kept(points, replace(policy, yearly=more), zone)
    held = [replace(point, held="") if number % 3 == 0 else point for number, point in enumerate(points)]
    assert _kept(points, policy, zone) <= _kept(held, policy, zone)


@settings(max_examples=25, deadline=None)
@given(histories(), zones)
def test_no_unit_has_two_of_a_block_and_none_that_had_one_is_left_without(
    points: list[DatedPoint], zone: ZoneInfo
) -> None:
    policy = parse_policy("all 1d daily 30d monthly 999m")
    whole = [replace(point, held=None) for point in points if point.whole]
    if not whole:
        return
    daily = [f.time.astimezone(zone).date() for f in fates(whole, policy, zone) if Rule.DAILY in _codes(f)]
    assert len(daily) == len(set(daily))
    left = _left(whole, policy, zone)
    assert {(t.year, t.month) for t in (p.time.astimezone(zone) for p in left)} == {
        (t.year, t.month) for t in (p.time.astimezone(zone) for p in whole)
    }


@pytest.mark.parametrize("zone", [ZoneInfo("UTC"), BERLIN])
def test_a_year_of_hourly_points_rolled_up_every_night_ends_in_a_bounded_and_expected_set(zone: ZoneInfo) -> None:
    left: list[DatedPoint] = []
    sizes = []
    start = datetime(2026, 1, 1, tzinfo=UTC)
    for day in range(365):
        left += _points(*(start + day * DAY + timedelta(hours=hour) for hour in range(24)))
        left = _left(left, DEFAULT, zone)
        sizes.append(len(left))
    # 72 hours in full, 48 of the hourly ones, 4 days, 3 weeks, 2 months, and at most one more for each bound.
    assert max(sizes) <= 73 + 49 + 5 + 4 + 3
    assert min(sizes[150:]) >= 73 + 48 + 4 + 3 + 2
    times = [point.time for point in left]
    newest = start + 364 * DAY + timedelta(hours=23)
    assert max(times) == newest
    assert set(times) >= {newest - timedelta(hours=hour) for hour in range(73)}
    assert sum(newest - 5 * DAY <= time < newest - 3 * DAY for time in times) == 48
    assert min(times) >= newest - timedelta(days=3 + 2 + 4 + 21 + 62)
