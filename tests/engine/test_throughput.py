"""What jobs moved, spread over the time they took."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from console.catalog import Catalog
from console.domain.jobs import JobKind, JobState
from console.domain.overview_answers import BucketAnswer
from console.engine.overview.throughput import Amounts
from console.engine.replicate.received import Received
from tests.support import values
from tests.support.clock import FixedClock

IMAGES = {"images": [{"bytes_read": 60, "bytes_stored": 30}, {"bytes_read": 40, "bytes_stored": 0}]}


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock()


@pytest.fixture
def catalog(clock: FixedClock) -> Iterator[Catalog]:
    with Catalog.in_memory(clock) as catalog:
        catalog.machines.add(values.machine("machine-1", name="web"))
        yield catalog


def moved(buckets: list[BucketAnswer], key: str) -> dict[int, int]:
    """Bytes that are not none, by how many buckets ago (0: now)."""
    found = {len(buckets) - 1 - number: dict(bucket)[key] for number, bucket in enumerate(buckets)}
    return {ago: count for ago, count in found.items() if isinstance(count, int) and count}


def test_a_job_is_spread_over_the_buckets_it_lies_in(catalog: Catalog, clock: FixedClock) -> None:
    now = clock.now()  # noon, where a bucket begins
    begun = now - timedelta(minutes=45)
    catalog.jobs.add(values.job("a", created=begun, started=begun, ended=now + timedelta(minutes=15), result=IMAGES))
    clock.forward(1200)
    shown = Amounts(catalog, clock).over("24h", None)
    assert len(shown["buckets"]) == 48
    assert shown["buckets"][-1]["time"] == "2026-05-04T12:00:00.000000Z"
    assert moved(shown["buckets"], "read") == {2: 25, 1: 50, 0: 25}
    assert sum(moved(shown["buckets"], "stored").values()) in (29, 30, 31)


def test_each_kind_has_its_own_line_and_what_failed_has_none(catalog: Catalog, clock: FixedClock) -> None:
    now = clock.now()
    catalog.points.add(values.point("abcd"), "repo-1")
    for id, kind, subject, result in [
        ("a", JobKind.REPLICATE, "pairing-1", {"bytes_sent": 7}),
        ("b", JobKind.SEED_CONSUME, "5eed", {"bytes": 8}),
        ("c", JobKind.RESTORE, "abcd", {"bytes": 9}),
        ("d", JobKind.RESTORE, "gone", {"bytes": 10}),
        ("e", JobKind.REPOSITORY_CHECK, "repo-1", {"bytes": 11}),
        ("f", JobKind.REPLICATE, "pairing-1", {"bytes_sent": "odd"}),
    ]:
        catalog.jobs.add(values.job(id, kind=kind, subject=subject, created=now, started=now, ended=now, result=result))
    catalog.jobs.add(values.job("g", state=JobState.FAILED, created=now, started=now, ended=now, result=None))
    amounts = Amounts(catalog, clock)
    for _ in range(2):
        buckets = amounts.over("7d", None)["buckets"]
        found = [moved(buckets, key) for key in ("sent", "received", "restored", "read")]
        assert found == [{0: 7}, {0: 8}, {0: 19}, {}]
    mine = amounts.over("30d", "web")["buckets"]
    assert [moved(mine, key) for key in ("sent", "restored")] == [{}, {0: 9}]


def test_what_is_older_is_not_shown(catalog: Catalog, clock: FixedClock) -> None:
    now = clock.now()
    catalog.jobs.add(values.job("a", created=now, started=now, ended=now, result=IMAGES))
    amounts = Amounts(catalog, clock)
    assert sum(moved(amounts.over("24h", None)["buckets"], "read").values()) == 100
    clock.forward(25 * 3600)
    assert moved(amounts.over("24h", None)["buckets"], "read") == {}
    assert sum(moved(amounts.over("7d", None)["buckets"], "read").values()) == 100


def test_what_comes_from_sources_is_received_also_after_a_restart(catalog: Catalog, clock: FixedClock) -> None:
    received = Received(catalog, clock)
    received.note(5)
    clock.forward(4 * 1800)
    received.note(7)
    received.note(2)
    received.save()
    amounts = Amounts(catalog, clock)
    amounts.received = Received(catalog, clock).since
    assert moved(amounts.over("24h", None)["buckets"], "received") == {4: 5, 0: 9}
    assert moved(amounts.over("24h", "web")["buckets"], "received") == {}
    clock.forward(40 * 86_400)
    received.note(1)
    received.save()
    assert [size for _, _, size in Received(catalog, clock).since(clock.now() - timedelta(days=90))] == [1]
    catalog.settings.set("replication.received", "[half")
    assert Received(catalog, clock).since(clock.now() - timedelta(days=90)) == []
