"""Whose turn it is: order, ageing, pools, lanes and groups."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from console.domain.jobs import JobKind
from console.domain.queueing import AGE_S, Limits, Pool, Queued, ordered, pool_of, starting

LIMITS = Limits({Pool.WORK: 3, Pool.SENDING: 2, Pool.OVERSEEING: 1})

jobs = st.builds(
    Queued,
    id=st.uuids().map(str),
    kind=st.sampled_from([JobKind.BACKUP, JobKind.REPLICATE, JobKind.NIGHTLY, JobKind.RECLAIM]),
    waited=st.floats(0, 1e5),
    priority=st.integers(1, 10),
    lanes=st.frozensets(st.sampled_from("abc"), max_size=2),
    group=st.sampled_from(["", "x", "y"]),
    at_once=st.just(2),
)


def job(id: str, kind: JobKind = JobKind.BACKUP, **other: object) -> Queued:
    return Queued(id, kind, **other)  # type: ignore[arg-type]


def test_who_came_first_is_first_among_equals() -> None:
    assert starting([job("a", waited=3), job("b", waited=2), job("c", waited=2)], [], LIMITS) == ["a", "b", "c"]


def test_priority_goes_before_and_waiting_makes_up_for_it() -> None:
    urgent, patient = job("urgent", priority=10), job("patient", priority=1, waited=9 * AGE_S + 1)
    assert [one.id for one in ordered([job("plain", waited=1), urgent])] == ["urgent", "plain"]
    assert [one.id for one in ordered([urgent, patient])] == ["patient", "urgent"], "nobody waits for ever"


def test_replications_that_take_days_and_a_night_that_waits_hold_up_no_backup() -> None:
    running = [job(f"r{n}", JobKind.REPLICATE) for n in range(2)] + [job("n", JobKind.NIGHTLY)]
    waiting = [job("r2", JobKind.REPLICATE, waited=99), job("n2", JobKind.NIGHTLY, waited=98)]
    backups = [job(f"b{n}") for n in range(4)]
    assert starting([*waiting, *backups], running, LIMITS) == ["b0", "b1", "b2"]


def test_a_kind_may_have_a_limit_of_its_own() -> None:
    limits = Limits(LIMITS.pools, {JobKind.RECLAIM: 1})
    waiting = [job("s1", JobKind.RECLAIM), job("s2", JobKind.RECLAIM), job("b")]
    assert starting(waiting, [], limits) == ["s1", "b"]


def test_nobody_overtakes_in_a_lane_or_a_group() -> None:
    running = [job("now", lanes=frozenset("a"))]
    first, second, other = job("1", lanes=frozenset("ab")), job("2", lanes=frozenset("b")), job("3")
    assert starting([first, second, other], running, LIMITS) == ["3"]
    sends = [job(str(n), JobKind.REPLICATE, group="x", at_once=1) for n in range(2)]
    assert starting([*sends, job("y", JobKind.REPLICATE, group="y")], [], LIMITS) == ["0", "y"]


@given(st.lists(jobs, max_size=12, unique_by=lambda one: one.id), st.data())
def test_what_starts_is_within_all_limits_and_nothing_that_could_is_left(
    waiting: list[Queued], data: st.DataObject
) -> None:
    """Started round after round: whatever runs is allowed to run together, and everything has its turn in the end."""
    rest, running, rounds = list(waiting), list[Queued](), 0
    while rest:
        started = starting(rest, running, LIMITS)
        running += [one for one in rest if one.id in started]
        rest = [one for one in rest if one.id not in started]
        pools = Counter(pool_of(one.kind) for one in running)
        assert all(pools[pool] <= size for pool, size in LIMITS.pools.items())
        lanes = Counter(lane for one in running for lane in one.lanes)
        assert all(count == 1 for count in lanes.values())
        groups = Counter(one.group for one in running if one.group)
        assert all(count <= 2 for count in groups.values())
        assert running, "something may always start when nothing runs"
        running.remove(data.draw(st.sampled_from(running)))
        rounds += 1
        assert rounds <= 2 * len(waiting) + 1


@given(st.lists(st.integers(1, 10), min_size=1, max_size=20))
def test_the_least_of_all_has_its_turn_while_new_ones_come_all_the_time(priorities: list[int]) -> None:
    """One thread; each round takes a minute, and one job of the highest priority comes in each."""
    one = Limits({Pool.WORK: 1, Pool.SENDING: 1, Pool.OVERSEEING: 1})
    waiting = [(0.0, job(str(number), priority=priority)) for number, priority in enumerate(priorities)]
    old, now = {str(number) for number in range(len(priorities))}, 0.0
    while old:
        assert now <= 60 * (len(priorities) * 2 + 9 * AGE_S / 60 + 1), "somebody starves"
        queue = [job(each.id, priority=each.priority, waited=now - came) for came, each in waiting]
        (chosen,) = starting(queue, [], one)
        waiting = [(came, each) for came, each in waiting if each.id != chosen]
        old.discard(chosen)
        now += 60.0
        waiting.append((now, job(f"new {now}", priority=10)))
