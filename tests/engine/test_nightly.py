"""The nightly jobs: when they are due, what they do, and that a night that was missed or cut off is done."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from console.domain.errors import Failed
from console.domain.events import Severity
from console.domain.jobs import JobKind, JobState, Trigger
from console.domain.progress import Silent
from console.domain.retention import parse_policy
from console.domain.settings import setting
from console.engine.core import Core
from console.engine.nightly import UNFINISHED
from tests.support.clock import FixedClock

WAIT = 120.0


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(datetime(2026, 5, 4, 12, 0, tzinfo=UTC))


@pytest.fixture
def core(tmp_path: Path, clock: FixedClock) -> Iterator[Core]:
    core = Core(tmp_path / "core", clock=clock, name="here")
    core.catalog.settings.set("zone", "Europe/Berlin")
    yield core
    core.stop()


def _back_up(core: Core, clock: FixedClock, tree: Path, times: int) -> str:
    machine = core.protect.add("web", [("tree", str(tree))], interval_s=0).id
    for number in range(times):
        (tree / "changing").write_bytes(bytes([number]) * 200_000 + str(number).encode() * 1000)
        clock.forward(12 * 3600)
        core.protect.start_backup(machine)
        assert core.jobs.drain(WAIT)
    return machine


def test_they_are_due_at_midnight_of_the_zone_also_when_clocks_change(core: Core) -> None:
    def due(*moment: int) -> datetime | None:
        return core.nightly.due(datetime(*moment, tzinfo=UTC))  # type: ignore[arg-type,misc]

    assert due(2026, 5, 4, 12) == datetime(2026, 5, 3, 22, tzinfo=UTC)
    assert due(2026, 5, 4, 22) == datetime(2026, 5, 4, 22, tzinfo=UTC)
    assert due(2026, 5, 4, 21, 59, 59) == datetime(2026, 5, 3, 22, tzinfo=UTC)
    # 29 March 2026 has 23 hours in Berlin, and no half past two.
    assert due(2026, 3, 29, 12) == datetime(2026, 3, 28, 23, tzinfo=UTC)
    assert due(2026, 3, 29, 22) == datetime(2026, 3, 29, 22, tzinfo=UTC)
    core.catalog.settings.set("nightly-at", "02:30")
    assert due(2026, 3, 29, 12) == datetime(2026, 3, 29, 1, 30, tzinfo=UTC)
    core.catalog.settings.set("nightly-at", "off")
    assert due(2026, 3, 29, 12) is None
    assert core.nightly.keep() is None


def test_a_new_core_has_missed_no_night_and_an_old_one_catches_up_once(core: Core, clock: FixedClock) -> None:
    assert core.nightly.keep() is None
    clock.forward(3600)
    assert core.nightly.keep() is None
    clock.forward(5 * 86400)
    job = core.nightly.keep()
    assert job is not None
    assert job.trigger is Trigger.SCHEDULE
    assert core.jobs.drain(WAIT)
    assert core.nightly.keep() is None
    clock.forward(86400)
    assert core.nightly.keep() is not None
    assert core.jobs.drain(WAIT)


def test_a_night_rolls_up_gives_back_and_says_what_it_did(core: Core, clock: FixedClock, tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    tree.mkdir()
    machine = _back_up(core, clock, tree, 6)
    core.rollup.set_policy(machine, parse_policy("all 1d"))
    job = core.nightly.start()
    assert core.jobs.drain(WAIT)
    ended = core.jobs.get(job.id)
    assert ended.state is JobState.SUCCEEDED
    assert ended.result is not None
    assert ended.result["points_removed"] == 3
    assert ended.result["repositories"] == 1
    assert ended.result["failed"] == []
    assert core.catalog.points.count(machine) == 3
    parts = {job.kind: job for job in core.catalog.jobs.page()[0]}
    assert parts[JobKind.ROLLUP].subject == machine
    assert parts[JobKind.ROLLUP].reason == "nightly jobs"
    assert parts[JobKind.RECLAIM].state is JobState.SUCCEEDED
    info = core.catalog.repositories.list()[0]
    report = core.check.repository(info, read_data=True, reporter=Silent())
    assert report["damaged"] == []
    assert {image.parent for point in core.catalog.points.all_of(machine) for image in point.images} >= {None}


def test_only_what_is_wanted_is_done_and_newest_points_are_checked(
    core: Core, clock: FixedClock, tmp_path: Path
) -> None:
    tree = tmp_path / "tree"
    tree.mkdir()
    machine = _back_up(core, clock, tree, 4)
    core.rollup.set_policy(machine, parse_policy("all 1d"))
    core.protect.add("empty", [("tree", str(tree))], interval_s=0)
    core.catalog.settings.set("nightly-jobs", "off")
    core.catalog.settings.set("nightly-checks", "integrity checksum")
    job = core.nightly.start()
    assert core.jobs.drain(WAIT)
    result = core.jobs.get(job.id).result
    assert result is not None
    assert (result["machines"], result["repositories"], result["jobs_removed"]) == (0, 0, 0)
    assert (result["points_checked"], result["points_bad"], result["failed"]) == (1, 0, [])
    assert core.catalog.points.count(machine) == 4
    newest, oldest = core.catalog.points.latest(machine), core.catalog.points.all_of(machine)[0]
    assert newest is not None
    known = core.catalog.point_checks.of([newest.id, oldest.id])
    assert {one.check.value: one.verdict.value for one in known[newest.id]} == {"checksum": "good", "integrity": "good"}
    assert not known.get(oldest.id)
    check = next(one for one in core.catalog.jobs.page()[0] if one.kind is JobKind.POINT_CHECK)
    assert check.trigger is Trigger.SCHEDULE


@pytest.mark.parametrize(
    ("key", "value"), [("nightly-jobs", "rollup sweep"), ("nightly-jobs", ""), ("nightly-checks", "off checksum")]
)
def test_what_no_night_can_do_is_refused(key: str, value: str) -> None:
    with pytest.raises(Failed, match="bad-setting"):
        setting(key).check(value)


def test_a_night_that_was_cut_off_is_done_by_the_next_core(core: Core, clock: FixedClock, tmp_path: Path) -> None:
    core.nightly.keep()
    core.catalog.settings.set(UNFINISHED, "2026-05-04T12:00:00Z")
    core.stop()
    again = Core(tmp_path / "core", clock=clock, name="here")
    try:
        assert again.nightly.keep() is not None
        assert again.jobs.drain(WAIT)
        assert again.catalog.settings.get(UNFINISHED) is None
        assert again.nightly.keep() is None
    finally:
        again.stop()


def test_old_jobs_and_events_go_and_open_alerts_stay(core: Core, clock: FixedClock) -> None:
    core.journal.note(Severity.INFO, "old", "An old event.")
    core.journal.note(Severity.ERROR, "open", "An open alert.", alert=True)
    old = core.nightly.start()
    assert core.jobs.drain(WAIT)
    clock.forward(31 * 86400)
    core.journal.note(Severity.INFO, "new", "A new event.")
    job = core.nightly.start()
    assert core.jobs.drain(WAIT)
    result = core.jobs.get(job.id).result
    assert result is not None
    assert result["events_removed"] >= 1
    assert result["jobs_removed"] >= 1
    codes = {event.code for event in core.catalog.events.page(limit=1000)[0]}
    assert {"open", "new"} <= codes
    assert "old" not in codes
    assert core.catalog.jobs.several([old.id]) == {}
    core.catalog.settings.set("keep-jobs", "off")
    clock.forward(timedelta(days=400).total_seconds())
    job = core.nightly.start()
    assert core.jobs.drain(WAIT)
    result = core.jobs.get(job.id).result
    assert result is not None
    assert result["jobs_removed"] == 0
