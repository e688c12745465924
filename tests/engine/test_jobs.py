"""Jobs: every ending, lanes, cancelling, waiting, and what a Core finds after it died."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from console.catalog import Catalog
from console.domain.errors import Failed, failed
from console.domain.jobs import JobKind, JobState, Trigger
from console.domain.progress import Progress
from console.engine.jobs import JobReporter, Jobs
from console.engine.journal import Journal
from console.engine.rate import Rate
from console.host.clock import SystemClock

WAIT = 120.0


@pytest.fixture
def catalog() -> Iterator[Catalog]:
    catalog = Catalog.in_memory(SystemClock())
    yield catalog
    catalog.close()


@pytest.fixture
def jobs(catalog: Catalog) -> Iterator[Jobs]:
    jobs = Jobs(catalog, SystemClock(), Journal(catalog, SystemClock()), at_once=3)
    yield jobs
    jobs.stop()


def test_a_job_that_succeeds_keeps_its_result_and_warnings(jobs: Jobs, catalog: Catalog) -> None:
    def work(reporter: JobReporter) -> dict[str, Any]:
        reporter.phase("Working", bytes_total=10)
        reporter.advance(bytes=10, items=1)
        reporter.warn("file-vanished", "a file vanished")
        return {"answer": 42}

    job = jobs.submit(JobKind.BACKUP, "m1", work, trigger=Trigger.SCHEDULE, reason="due", user="eva")
    assert jobs.drain(WAIT)
    ended = catalog.jobs.get(job.id)
    assert (ended.state, ended.result, ended.user, ended.reason) == (
        JobState.SUCCEEDED,
        {"answer": 42},
        "eva",
        "due",
    )
    assert [w.code for w in ended.warnings] == ["file-vanished"]
    assert ended.progress.bytes_done == 10
    assert [line.text for line in catalog.jobs.log(job.id)] == ["Working", "warning: a file vanished"]
    assert ended.started is not None
    assert ended.ended is not None


def test_a_known_failure_fails_the_job_and_raises_an_alert(jobs: Jobs, catalog: Catalog) -> None:
    def work(reporter: JobReporter) -> dict[str, Any]:
        raise failed("medium-full", "The medium is full.", "Use a larger one.")

    job = jobs.submit(JobKind.SEED_CREATE, "s1", work)
    assert jobs.drain(WAIT)
    ended = catalog.jobs.get(job.id)
    assert ended.state is JobState.FAILED
    assert ended.failure is not None
    assert (ended.failure.code, ended.failure.hint) == ("medium-full", "Use a larger one.")
    alerts, _ = catalog.events.page(alerts_only=True)
    assert "The medium is full." in alerts[0].message


def test_a_bug_crashes_the_job_with_its_traceback_in_the_log(
    jobs: Jobs, catalog: Catalog, caplog: pytest.LogCaptureFixture
) -> None:
    def work(reporter: JobReporter) -> dict[str, Any]:
        raise ZeroDivisionError("a bug")

    job = jobs.submit(JobKind.BACKUP, "m1", work)
    assert jobs.drain(WAIT)
    assert catalog.jobs.get(job.id).state is JobState.CRASHED
    assert any("ZeroDivisionError: a bug" in line.text for line in catalog.jobs.log(job.id))
    assert "crashed" in caplog.text


def test_cancel_is_noticed_where_progress_is_told(jobs: Jobs, catalog: Catalog) -> None:
    started, go = threading.Event(), threading.Event()

    def work(reporter: JobReporter) -> dict[str, Any]:
        started.set()
        assert go.wait(WAIT)
        reporter.advance(bytes=1)
        return {}

    job = jobs.submit(JobKind.RESTORE, "p1", work)
    assert started.wait(WAIT)
    assert jobs.cancel(job.id).state is JobState.CANCELLING
    go.set()
    assert jobs.drain(WAIT)
    assert catalog.jobs.get(job.id).state is JobState.CANCELLED


def test_a_queued_job_is_cancelled_without_having_run(jobs: Jobs, catalog: Catalog) -> None:
    go, ran = threading.Event(), []
    first = jobs.submit(JobKind.BACKUP, "m1", lambda _: {"waited": go.wait(WAIT)}, lanes=["machine:m1"])
    second = jobs.submit(JobKind.BACKUP, "m1", lambda _: ran.append(1) or {}, lanes=["machine:m1"])
    assert jobs.get(second.id).state is JobState.QUEUED
    assert jobs.cancel(second.id).state is JobState.CANCELLED
    go.set()
    assert jobs.drain(WAIT)
    assert ran == []
    assert catalog.jobs.get(first.id).state is JobState.SUCCEEDED


def test_one_job_per_lane_others_at_once(jobs: Jobs) -> None:
    order: list[str] = []
    both = threading.Barrier(2)

    def meet(name: str) -> Any:
        def work(reporter: JobReporter) -> dict[str, Any]:
            both.wait(WAIT)
            order.append(name)
            return {}

        return work

    jobs.submit(JobKind.BACKUP, "a", meet("a1"), lanes=["a"])
    jobs.submit(JobKind.BACKUP, "a", lambda _: order.append("a2") or {}, lanes=["a"])
    jobs.submit(JobKind.BACKUP, "b", meet("b1"), lanes=["b"])
    assert jobs.drain(WAIT)
    assert order.index("a2") > order.index("a1")
    assert set(order) == {"a1", "a2", "b1"}


def test_waiting_returns_when_the_job_moves_and_when_it_ends(jobs: Jobs) -> None:
    go = threading.Event()

    def work(reporter: JobReporter) -> dict[str, Any]:
        assert go.wait(WAIT)
        reporter.phase("Second half")
        return {}

    job = jobs.submit(JobKind.BACKUP, "m1", work)
    seen, version = jobs.wait(job.id, 0, WAIT)
    assert not seen.state.ended
    same, unchanged = jobs.wait(job.id, version, 0.01)
    assert (unchanged >= version, same.state.ended) == (True, False)
    go.set()
    while not seen.state.ended:
        seen, version = jobs.wait(job.id, version, WAIT)
    assert seen.state is JobState.SUCCEEDED


def test_followers_see_the_ended_job_and_may_start_others(jobs: Jobs, catalog: Catalog) -> None:
    followed: list[str] = []

    def follower(job: Any) -> None:
        followed.append(job.state)
        jobs.submit(JobKind.REPLICATE, "p", lambda _: {})

    jobs.then(JobKind.BACKUP, follower)
    jobs.submit(JobKind.BACKUP, "m1", lambda _: {})
    assert jobs.drain(WAIT)
    assert followed == [JobState.SUCCEEDED]
    kinds = {job.kind for job in catalog.jobs.page()[0]}
    assert kinds == {JobKind.BACKUP, JobKind.REPLICATE}


def test_what_ran_when_the_core_died_is_interrupted(catalog: Catalog) -> None:
    jobs = Jobs(catalog, SystemClock(), Journal(catalog, SystemClock()))
    done = jobs.submit(JobKind.BACKUP, "m1", lambda _: {})
    assert jobs.drain(WAIT)
    jobs.stop()
    dead = replace(catalog.jobs.get(done.id), id="dead" * 8, state=JobState.RUNNING, ended=None)
    catalog.jobs.add(dead)
    again = Jobs(catalog, SystemClock(), Journal(catalog, SystemClock()))
    again.stop()
    assert catalog.jobs.get(dead.id).state is JobState.INTERRUPTED
    assert catalog.jobs.get(done.id).state is JobState.SUCCEEDED


def test_a_stopping_core_takes_no_jobs(catalog: Catalog) -> None:
    jobs = Jobs(catalog, SystemClock(), Journal(catalog, SystemClock()))
    jobs.stop()
    with pytest.raises(Failed, match="stopping"):
        jobs.submit(JobKind.BACKUP, "m1", lambda _: {})


def test_no_rate_before_a_second_and_no_eta_before_two_percent() -> None:
    rate = Rate(0.0)
    rate.sample(0.5, 1_000)
    assert rate.estimate(Progress(bytes_done=1_000, bytes_total=10_000)) == (None, None)
    rate.sample(2.0, 4_000)
    assert rate.estimate(Progress(bytes_done=4_000, bytes_total=10_000)) == (2_000.0, 3.0)
    assert rate.estimate(Progress(bytes_done=4_000, bytes_total=10_000_000)) == (2_000.0, None)
    assert rate.estimate(Progress(bytes_done=4_000)) == (2_000.0, None)


def test_replications_that_hang_hold_up_neither_backups_nor_the_night(jobs: Jobs) -> None:
    """As many as there are threads for them, and one that waits for another job: that one has a thread all the same."""
    go_on = threading.Event()

    def hang(_: JobReporter) -> dict[str, Any]:
        assert go_on.wait(WAIT)
        return {}

    def night(reporter: JobReporter) -> dict[str, Any]:
        part = jobs.submit(JobKind.RECLAIM, "r", lambda _: {"swept": True})
        version = -1
        while not part.state.ended:
            part, version = jobs.wait(part.id, version, WAIT)
        return part.result or {}

    sending = [jobs.submit(JobKind.REPLICATE, f"p{number}", hang, lanes=[f"p{number}"]) for number in range(20)]
    nights = [jobs.submit(JobKind.NIGHTLY, str(number), night) for number in range(3)]
    backup = jobs.submit(JobKind.BACKUP, "m", lambda _: {"point": "p"})
    try:
        for job in [*nights, backup]:
            version, shown = -1, job
            while not shown.state.ended:
                shown, version = jobs.wait(job.id, version, WAIT)
            assert shown.state is JobState.SUCCEEDED
        assert not any(jobs.get(job.id).state.ended for job in sending)
    finally:
        go_on.set()
    assert jobs.drain(WAIT)


def test_the_more_important_goes_first_and_a_group_has_its_limit(catalog: Catalog) -> None:
    jobs = Jobs(catalog, SystemClock(), Journal(catalog, SystemClock()), at_once=1)
    go_on, order = threading.Event(), list[str]()

    def note(name: str) -> Any:
        return lambda _: order.append(name) or {}

    try:
        jobs.submit(JobKind.BACKUP, "m", lambda _: {"went on": go_on.wait(WAIT)})
        for name, priority in (("plain", 5), ("low", 2), ("high", 9)):
            made = jobs.submit(JobKind.BACKUP, name, note(name), priority=priority, part="a part")
        assert (catalog.jobs.get(made.id).priority, catalog.jobs.get(made.id).part) == (9, "a part")
        together, most = threading.Semaphore(2), threading.Barrier(2)

        def sends(_: JobReporter) -> dict[str, Any]:
            assert together.acquire(blocking=False), "three of a group at once"
            most.wait(WAIT)
            together.release()
            return {}

        sent = [jobs.submit(JobKind.REPLICATE, "p", sends, group="p", at_once=2) for _ in range(4)]
        go_on.set()
        assert jobs.drain(WAIT)
        assert {catalog.jobs.get(job.id).state for job in sent} == {JobState.SUCCEEDED}
    finally:
        go_on.set()
        jobs.stop()
    assert order == ["high", "plain", "low"]
