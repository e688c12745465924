"""What follows Finish in a wizard: jobs live, cancelled, lost and found again, and the way on."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from console.client.client import Client
from console.desktop.desk import Desk
from console.desktop.wizards.outcome import figures, share_of
from console.domain.answers import JobAnswer, ProgressAnswer
from console.domain.errors import unreachable
from console.flows.plan import Finished
from tests.support.bench import Bench
from tests.support.sample_wizard import Open, to_summary

# --- afterwards


def test_the_job_is_watched_to_its_end_and_leads_on(
    bench: Bench, sample_desk: Desk, open_wizard: Open, tmp_path: Path
) -> None:
    files = tmp_path / "files"
    files.mkdir()
    (files / "a").write_bytes(b"x" * 300_000)
    machine = bench.run(sample_desk.client.protect("watched", [(None, str(files))]))
    hand = to_summary(open_wizard())
    job = bench.run(sample_desk.client.back_up(machine["id"]))
    hand.flow.finished = Finished(
        text="It was started.", jobs=(job["id"],), page="machine", id=machine["id"], then="replication"
    )
    hand.next()
    outcome = hand.window.outcome
    assert outcome is not None
    bench.wait(lambda: outcome.jobs[0].ended, "the job is not watched to its end")
    assert outcome.jobs[0].title.text() == "Backup: watched"
    assert outcome.jobs[0].badge.text == "Succeeded"
    assert "It is done." in hand.said
    hand.click(hand.window.footer.then)
    assert bench.opened == [("replication", {})]


def test_a_job_that_fails_says_why(bench: Bench, sample_desk: Desk, open_wizard: Open, tmp_path: Path) -> None:
    files = tmp_path / "gone"
    files.mkdir()
    machine = bench.run(sample_desk.client.protect("failing", [(None, str(files))]))
    files.rmdir()
    hand = to_summary(open_wizard())
    job = bench.run(sample_desk.client.back_up(machine["id"]))
    hand.flow.finished = Finished(text="It was started.", jobs=(job["id"],), page="machine", id=machine["id"])
    hand.next()
    view = hand.window.outcome.jobs[0]
    bench.wait(lambda: view.ended)
    assert view.badge.text == "Failed"
    assert view.shown["failure"]["message"] in hand.said
    hand.click(hand.window.footer.go)
    assert [(place.page, place.id) for place in bench.gone] == [("machine", machine["id"])]


def test_a_job_is_found_again_after_the_core_was_away(
    bench: Bench, sample_desk: Desk, open_wizard: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    watched: list[str] = []

    async def watch(self: Client, job: str) -> AsyncIterator[JobAnswer]:
        watched.append(job)
        yield {**_JOB, "state": "running"} if len(watched) == 1 else {**_JOB, "state": "succeeded"}
        if len(watched) == 1:
            raise unreachable("core-unreachable", "The Core cannot be reached.", "Is it running?")

    monkeypatch.setattr(Client, "watch", watch)
    hand = to_summary(open_wizard())
    hand.flow.finished = Finished(text="It was started.", jobs=("j1",))
    hand.next()
    view = hand.window.outcome.jobs[0]
    bench.wait(view.problem.isVisible, "it is not told that the Core is away")
    assert not view.ended
    assert view.bar.value() == 250
    assert "The Core cannot be reached." in hand.said
    hand.click(view.problem._retry)
    bench.wait(lambda: view.ended, "the job is not found again")
    assert not view.problem.isVisible()


def test_a_job_can_be_cancelled_from_here(
    bench: Bench, sample_desk: Desk, open_wizard: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    ended = asyncio.Event()

    async def watch(self: Client, job: str) -> AsyncIterator[JobAnswer]:
        yield {**_JOB, "state": "running"}
        await ended.wait()
        yield {**_JOB, "state": "cancelled"}

    async def cancel_job(self: Client, job: str) -> JobAnswer:
        ended.set()
        return {**_JOB, "state": "cancelling"}

    monkeypatch.setattr(Client, "watch", watch)
    monkeypatch.setattr(Client, "cancel_job", cancel_job)
    hand = to_summary(open_wizard())
    hand.flow.finished = Finished(text="It was started.", jobs=("j1",))
    hand.next()
    view = hand.window.outcome.jobs[0]
    bench.wait(view.cancel.isVisible)
    bench.wait(lambda: "1.0 MB of 4.0 MB · 2.0 MB/s · 1.5 s left" in hand.said, "the figures are not shown")
    assert "It goes on when this window is closed." in hand.said
    hand.click(view.cancel)
    bench.wait(lambda: view.ended, "the job goes on")
    assert "It was cancelled." in hand.said
    assert "It goes on when this window is closed." not in hand.said


_JOB: JobAnswer = {
    "id": "j1",
    "kind": "backup",
    "subject": "m1",
    "subject_name": "web-01",
    "state": "running",
    "trigger": "person",
    "reason": "",
    "user": "",
    "created": "2026-11-21T12:00:00Z",
    "started": None,
    "ended": None,
    "progress": {
        "phase": "Reading",
        "bytes_done": 1_000_000,
        "bytes_total": 4_000_000,
        "items_done": 0,
        "items_total": None,
        "rate_bps": 2_000_000.0,
        "eta_s": 1.5,
        "text": "",
    },
    "result": None,
    "failure": None,
    "warnings": [],
    "warning_count": 0,
    "version": 1,
}


def test_figures_of_a_job_say_what_is_known() -> None:
    progress: ProgressAnswer = {
        "phase": "Sending",
        "bytes_done": 1_200_000_000,
        "bytes_total": 4_000_000_000,
        "items_done": 3,
        "items_total": 9,
        "rate_bps": 48_000_000.0,
        "eta_s": 65.0,
        "text": "",
    }
    assert figures(progress) == "1.2 GB of 4.0 GB · 48 MB/s · 1 min 5 s left"
    assert share_of(progress) == pytest.approx(0.3)
    progress.update(bytes_total=None, rate_bps=None, eta_s=None)
    assert figures(progress) == "3 of 9"
    assert share_of(progress) == pytest.approx(1 / 3)
    progress.update(items_total=None)
    assert share_of(progress) is None
