"""The page of one machine, on real Cores: what it shows, what its buttons do there, what a role may not do.

Tests ask for the world before the bench, so that links are closed before their Cores are stopped: a Core waits a while
for those who listen.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QMenu, QWidget

from console.desktop.desk import Desk, Place
from console.desktop.machine.figures import change_chart, growth
from console.desktop.pages.machine import MachinePage
from console.domain.clock import iso
from console.domain.overview_answers import ChainMap
from tests.support.bench import Bench
from tests.support.named_worlds import RunningWorld
from tests.support.told_core import ToldCore

Running = Callable[..., RunningWorld]
NOW = datetime(2026, 5, 20, 12, 0, tzinfo=UTC)


def _texts(widget: QWidget) -> str:
    return "\n".join(label.text() for label in widget.findChildren(QLabel))


def _desk(bench: Bench, running: RunningWorld, core: str | None = None, user: str | None = None) -> Desk:
    return bench.desk_on(lambda: running.connect(core, user))


def _machine(bench: Bench, desk: Desk, name: str) -> dict[str, Any]:
    return dict(bench.run(desk.client.machine(name)))


def _page(bench: Bench, desk: Desk, name: str, tab: str = "") -> MachinePage:
    id = _machine(bench, desk, name)["id"]
    return bench.show(MachinePage(desk), Place("machine", id, tab))


def _click(button: QWidget) -> None:
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)


def test_a_protected_machine_is_shown_with_its_points_replicas_and_events(running_world: Running, bench: Bench) -> None:
    desk = _desk(bench, running_world("two-cores-one-orphan"))
    page = _page(bench, desk, "fileserver")
    assert page.title == "fileserver"
    text = _texts(page.summary)
    assert "Every 1 d" in text
    assert "3 points" in text
    assert "vault" in text
    assert "system" in text
    bench.wait(lambda: page.summary.chart.drawn, "what changed is not drawn")
    assert page.kind.text == "Protected"

    page.go_to(Place("machine", page.place.id, "points"))
    bench.wait(lambda: page.points.model.total == 3, "the points are not listed")
    QTest.keyClick(page.points.table, Qt.Key.Key_Down)
    page.points.table.selectRow(0)
    QTest.keyClick(page.points.table, Qt.Key.Key_Return)
    newest = bench.run(desk.client.points(machine="fileserver"))["points"][0]["id"]
    assert bench.gone[-1] == Place("points", newest)

    page.tabs.setCurrentWidget(page.replication)
    bench.wait(lambda: page.replication.model.rowCount() == 1, "the replica is not listed")
    page.replication.table.selectRow(0)
    QTest.keyClick(page.replication.table, Qt.Key.Key_Return)
    assert bench.gone[-1].page == "replication"
    assert bench.gone[-1].id

    page.tabs.setCurrentWidget(page.events)
    bench.wait(lambda: page.events.model.ever_answered, "the events were not read")


def test_pausing_and_resuming_reach_the_core_and_the_page_follows(running_world: Running, bench: Bench) -> None:
    desk = _desk(bench, running_world("one-machine"))
    page = _page(bench, desk, "laptop")
    assert page.pause.isVisible()
    assert not page.resume.isVisible()
    _click(page.pause)
    bench.wait(lambda: page.resume.isVisible() and not page.pause.isVisible(), "the page did not follow")
    assert _machine(bench, desk, "laptop")["paused"]
    # Somebody else resumes it: the change feed says so.
    bench.run(desk.client.resume_machine("laptop"))
    bench.wait(lambda: page.pause.isVisible(), "the page did not hear of it")


def _choose(page: MachinePage, text: str) -> None:
    """A line of the menu of the row in front, as the keyboard opens it."""
    table = page.replication.table
    QTest.keyClick(table, Qt.Key.Key_Menu)
    menu = table.findChildren(QMenu)[-1]
    next(line for line in menu.actions() if line.text() == text).trigger()
    menu.close()


def test_a_replica_is_paused_and_resumed_by_its_menu(running_world: Running, bench: Bench) -> None:
    desk = _desk(bench, running_world("two-cores-one-orphan"))
    page = _page(bench, desk, "webserver", "replication")
    pairing = bench.run(desk.client.pairings())["pairings"][0]["pairing"]

    def paused_by() -> str | None:
        row = page.replication.model.row(0)
        assert row is not None
        who: str | None = row["paused_by"]
        return who

    page.replication.table.selectRow(0)
    _choose(page, "&Pause")
    bench.wait(paused_by, "the page did not follow")
    members = bench.run(desk.client.pairing(pairing))["machines"]
    assert {one["machine"]: bool(one["paused_by"]) for one in members} == {"webserver": True, "fileserver": False}
    bench.run(desk.client.pause_pairing(pairing))
    bench.wait(lambda: paused_by() == "this Core", "the page did not hear that all of it is paused")
    _choose(page, "Res&ume")
    bench.wait(lambda: bench.notices, "nobody said that it is still paused")
    assert bench.notices == ["“vault” is still paused by this Core."]
    bench.run(desk.client.resume_pairing(pairing))
    bench.wait(lambda: paused_by() is None, "the machine itself was not resumed")


def test_a_backup_is_started_by_the_menu(running_world: Running, bench: Bench) -> None:
    desk = _desk(bench, running_world("one-machine"))
    page = _page(bench, desk, "laptop", "points")
    bench.wait(lambda: page.points.model.total == 5, "the points are not listed")
    page.base_menu.actions()[1].trigger()
    bench.wait(lambda: bench.notices, "nothing was said")
    assert bench.notices == ["The backup of “laptop” has started."]
    bench.wait(lambda: page.points.model.total == 6, "the new point did not appear")
    bench.wait(lambda: not page.job.isVisible(), "the job is still said to run")
    assert bench.run(desk.client.points(machine="laptop"))["points"][0]["kind"] == "base"


def test_a_job_that_works_on_the_machine_is_one_click_away(bench: Bench) -> None:
    machine: dict[str, Any] = {"id": "m1", "name": "laptop", "kind": "protected", "origin": "Office", "volumes": []}
    machine |= {"via": []}
    machine |= {"repository": "", "key": None}
    machine |= {"created": iso(NOW), "interval_s": 3600, "excludes": [], "paused": False, "next_due": None}
    machine |= {"points": 0, "last_point": None, "pairings": []}
    core = ToldCore(
        machine=machine,
        chain_map={"machine": "laptop", "machine_id": "m1", "volumes": []},
        safety={"machines": [], "total": 0},
        jobs={"jobs": [{"id": "j1", "kind": "backup", "state": "running"}], "next": None},
    )
    page = bench.show(MachinePage(bench.desk_on(core.connect)), Place("machine", "m1"))
    assert page.job.text() == "Backup: Running …"
    _click(page.job)
    assert bench.gone == [Place("jobs", "j1")]
    assert page.restore.toolTip() == "There is no recovery point yet."
    core.answers["jobs"] = {"jobs": [], "next": None}
    core.say_changed("jobs")
    bench.wait(lambda: not page.job.isVisible(), "it is still said to run")


def test_a_replicated_machine_has_only_what_can_be_done_here(running_world: Running, bench: Bench) -> None:
    desk = _desk(bench, running_world("two-cores-one-orphan"), "Vault")
    page = _page(bench, desk, "fileserver")
    assert page.kind.text == "Replicated"
    assert page.verdict.text == "Waiting"
    for button in (page.back_up, page.pause, page.resume, page.replicate):
        assert not button.isVisible()
    assert "Office" in _texts(page.summary)
    assert "2 orphaned" in _texts(page.summary)
    _click(page.restore)
    assert bench.opened == [("restore", {"machine": page.place.id})]
    page.tabs.setCurrentWidget(page.settings)
    assert not page.settings.protection.isVisible()
    assert not page.settings.ending.isVisible()
    assert "Office" in page.settings.elsewhere.text()
    page.tabs.setCurrentWidget(page.replication)
    assert not page.replication.table.isVisible()


def test_the_help_desk_sees_all_and_may_change_nothing(running_world: Running, bench: Bench) -> None:
    desk = _desk(bench, running_world("one-machine"), user="helpdesk")
    page = _page(bench, desk, "laptop")
    for button in (page.restore, page.back_up, page.pause, page.replicate):
        assert not button.isEnabled()
        assert "may do this" in button.toolTip()
    page.tabs.setCurrentWidget(page.settings)
    tab = page.settings
    closed = (tab.name, tab.save, tab.ending.keep, tab.ending.delete, tab.volumes, tab.before, tab.sealing.change)
    for widget in closed:
        assert not widget.isEnabled()


def test_a_machine_that_is_gone_is_said_to_be_gone(running_world: Running, bench: Bench) -> None:
    desk = _desk(bench, running_world("one-machine"))
    page = _page(bench, desk, "laptop")
    page.go_to(Place("machine", "0" * 32))
    bench.wait(lambda: page.pane.problem.failure, "nothing is said")
    assert not page.tabs.isVisible(), "what belongs to another machine is still to be seen"
    page.go_to(Place("machine", _machine(bench, desk, "laptop")["id"]))
    bench.wait(page.tabs.isVisible, "it does not come back")
    assert page.pane.problem.failure is None


def _chain(*images: tuple[float, str, int, int], earlier: int = 0) -> ChainMap:
    """Of (days ago, kind, new bytes, size)."""
    made: list[Any] = [
        {"time": iso(NOW - timedelta(days=ago)), "kind": kind, "bytes_new": new, "bytes_stored": new // 2, "size": size}
        for ago, kind, new, size in images
    ]
    return {
        "machine": "m",
        "machine_id": "m1",
        "volumes": [{"volume": "v", "label": "v", "images": made, "earlier": earlier}],
    }


def test_growth_counts_the_incrementals_of_the_last_days() -> None:
    found = growth(_chain((10, "base", 1000, 1000), (5, "incremental", 60, 1040), (1, "incremental", 40, 1080)), NOW)
    assert (found.size, found.stored) == (1080, 550)
    assert found.new_per_day == pytest.approx(10)
    assert found.stored_per_day == pytest.approx(5)


def test_growth_of_less_than_a_day_is_not_guessed() -> None:
    found = growth(_chain((0.2, "base", 1000, 1000)), NOW)
    assert found.new_per_day is None
    assert growth(_chain(), NOW).size == 0


def test_the_chart_of_changes_has_a_bar_for_each_day() -> None:
    data = change_chart(_chain((3, "base", 1000, 1000), (1, "incremental", 60, 1), (1, "incremental", 5, 1)), NOW)
    assert len(data.times) == 30
    increments, bases = data.series
    assert bases.amounts[-4] == 1000
    assert increments.amounts[-2] == 65
    assert sum(data.tops) == 1065


def test_days_whose_images_were_left_out_are_not_drawn_as_quiet() -> None:
    data = change_chart(_chain((3, "incremental", 10, 1), (2, "incremental", 20, 1), earlier=400), NOW)
    assert len(data.times) == 3
    assert data.series[0].amounts == (20, 0, 0)
