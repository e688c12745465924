"""The nightly jobs in the page of settings, on a real Core."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt, QTime
from PySide6.QtTest import QTest

from console.client.client import Client
from console.desktop.pages.settings import SettingsPage
from console.domain.point_checks import PointCheck
from tests.support.bench import Bench
from tests.support.named_worlds import RunningWorld
from tests.support.walking import nameless, shared_letters

Worlds = Callable[..., RunningWorld]


def test_nightly_jobs_are_set_taken_back_refused_and_run(bench: Bench, running_world: Worlds) -> None:
    running = running_world("empty")

    async def connect(user: str | None = None) -> Client:
        return await running.connect(None, user)

    page = bench.show(SettingsPage(bench.desk_on(connect)), None, (1100, 900))
    night, client = page.nightly, page.desk.client
    assert not nameless(page)
    assert not shared_letters(page)
    assert "nightly-at" not in page._edits, "each setting has one place"
    assert not night.dirty
    assert night.said.text() == "They have not run yet."
    night.on.click()
    assert not night.at.isEnabled()
    QTest.mouseClick(night.take_back, Qt.MouseButton.LeftButton)
    assert night.on.isChecked()
    night.keep_jobs.selectAll()
    QTest.keyClicks(night.keep_jobs, "never")
    assert night.wrong.isVisible()
    assert not night.save.isEnabled()
    night.keep_jobs.selectAll()
    QTest.keyClicks(night.keep_jobs, "7")
    night.at.setTime(QTime(3, 30))
    night.jobs["reclaim"].click()
    night.checks[PointCheck.INTEGRITY].click()
    page.reload()
    bench.wait(lambda: not page.pane.busy, "the page did not load")
    assert night.keep_jobs.text() == "7", "what is typed stays while the page reads again"
    QTest.mouseClick(night.save, Qt.MouseButton.LeftButton)
    bench.wait(lambda: not night.dirty and bench.notices, "they were not saved")
    kept = {one["key"]: one["value"] for one in bench.run(client.settings())["settings"]}
    assert (kept["nightly-at"], kept["nightly-jobs"], kept["nightly-checks"]) == ("03:30", "rollup clear", "integrity")
    assert kept["keep-jobs"] == "7"
    QTest.mouseClick(night.run, Qt.MouseButton.LeftButton)
    bench.wait(lambda: bench.gone and bench.gone[-1].page == "jobs", "the job was not opened")
    bench.wait(lambda: "0 points rolled up" in night.said.text(), "how it went is not said")
    assert night.state.text == "Succeeded"
    assert night.run.isEnabled()

    looking = bench.show(SettingsPage(bench.desk_on(lambda: connect("technician"))), None, (1100, 900)).nightly
    assert not looking.run.isEnabled()
    assert looking.run.toolTip() == "Only an administrator may do this."
    assert not looking.at.isEnabled()
