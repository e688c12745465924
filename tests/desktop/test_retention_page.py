"""The page of retention on a real Core: editing, playing, rolling up; also refused, greyed, and with the Core gone."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QMessageBox

from console.client.client import Client
from console.desktop.desk import Place
from console.desktop.pages.retention import CORE, RetentionPage
from console.domain.errors import failed
from console.domain.retention import Rule
from tests.support.bench import Bench
from tests.support.named_worlds import RunningWorld
from tests.support.walking import nameless, shared_letters

Worlds = Callable[..., RunningWorld]
DEFAULT = "all 3d hourly 2d daily 4d weekly 3w monthly 2m"


def page_on(bench: Bench, running: RunningWorld, place: Place | None = None, user: str | None = None) -> RetentionPage:
    async def connect() -> Client:
        return await running.connect(None, user)

    page = bench.show(RetentionPage(bench.desk_on(connect)), place, (1100, 760))
    bench.wait(lambda: page.model.rowCount() > 1, "the policies were not listed")
    return page


def machine_of(bench: Bench, page: RetentionPage) -> str:
    return str(bench.run(page.desk.client.machines())["machines"][0]["id"])


def type_number(page: RetentionPage, rule: Rule, text: str) -> None:
    edit = page.editor.lines[rule].number
    edit.setFocus()
    edit.selectAll()
    QTest.keyClicks(edit, text) if text else QTest.keyClick(edit, Qt.Key.Key_Delete)


def cells(page: RetentionPage, row: int) -> list[str]:
    return [str(page.model.index(row, column).data()) for column in range(page.model.columnCount())]


def test_the_core_and_each_machine_say_whose_policy_holds(bench: Bench, running_world: Worlds) -> None:
    running = running_world("one-machine")
    page = page_on(bench, running)
    assert cells(page, 0)[:2] == ["This Core", "For 1 machine"]
    assert cells(page, 1)[1] == "The Core's"
    assert "daily 4 days" in cells(page, 1)[3]
    assert page.table.current is not None
    assert page.table.current["id"] == CORE
    bench.wait(lambda: page.simulator.played is not None, "it was not played on the machine that follows")
    assert page.simulator.chart.data is not None
    assert len(page.simulator.chart.data.days) == 365
    assert "Here" in page.simulator.chart.accessibleDescription()

    looking = page_on(bench, running, user="helpdesk")
    assert not looking.editor.lines[Rule.ALL].number.isEnabled()
    assert not looking.save.isEnabled()
    assert looking.save.toolTip() == "Only an administrator may do this."
    bench.wait(lambda: looking.simulator.played is not None, "help desk may look")


def test_a_machine_gets_a_policy_of_its_own_and_gives_it_back(bench: Bench, running_world: Worlds) -> None:
    running = running_world("one-machine")
    page = page_on(bench, running)
    machine = machine_of(bench, page)
    page.go_to(Place("retention", machine))
    bench.wait(lambda: page._front == machine and not page.pane.busy, "the machine was not shown")
    assert page.editor.core.isChecked()
    assert not page.editor.lines[Rule.DAILY].number.isEnabled(), "the Core's policy is not edited here"
    page.editor.own.click()
    assert not shared_letters(page)
    assert not nameless(page)
    type_number(page, Rule.DAILY, "30")
    assert page.dirty
    assert page.unsaved.isVisible()
    bench.wait(
        lambda: page.simulator.played is not None and "daily 30d" in page.simulator.played["courses"][0]["policy"],
        "what is typed was not played",
    )
    assert bench.run(page.desk.client.retention(machine))["policy"] == DEFAULT, "nothing is saved by looking"
    QTest.mouseClick(page.save, Qt.MouseButton.LeftButton)
    bench.wait(lambda: not page.dirty and bench.notices, "the policy was not saved")
    kept = bench.run(page.desk.client.retention(machine))
    assert (kept["own"], kept["policy"]) == (True, DEFAULT.replace("daily 4d", "daily 30d"))
    bench.wait(lambda: cells(page, 1)[1] == "Its own", "the table does not say so")
    page.editor.core.click()
    QTest.mouseClick(page.save, Qt.MouseButton.LeftButton)
    bench.wait(lambda: not bench.run(page.desk.client.retention(machine))["own"], "it does not follow the Core again")


def test_what_cannot_be_is_told_while_it_is_typed_and_taken_back(bench: Bench, running_world: Worlds) -> None:
    page = page_on(bench, running_world("one-machine"))
    type_number(page, Rule.WEEKLY, "0")
    line = page.editor.lines[Rule.WEEKLY]
    assert line.wrong.isVisible()
    assert "“0”" in line.number.accessibleDescription()
    assert not page.save.isEnabled()
    assert page.simulator.nothing.isVisible(), "what is no policy is not played"
    page.table.choose(machine_of(bench, page))
    page.table.choose(CORE)
    assert page.editor.lines[Rule.WEEKLY].number.text() == "0", "what is typed stays while another row is looked at"
    QTest.mouseClick(page.take_back, Qt.MouseButton.LeftButton)
    assert line.number.text() == "3"
    assert not line.wrong.isVisible()
    assert not page.dirty


def test_a_policy_that_the_core_refuses_is_told_in_place(
    bench: Bench, running_world: Worlds, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = page_on(bench, running_world("one-machine"))

    async def refuse(*_: object) -> None:
        raise failed("bad-retention", "The Core does not take that policy.", "Write another one.")

    monkeypatch.setattr(page.desk.client, "set", refuse)
    type_number(page, Rule.DAILY, "9")
    QTest.mouseClick(page.save, Qt.MouseButton.LeftButton)
    bench.wait(lambda: page.pane.problem.isVisible(), "the refusal was not told")
    assert page.pane.problem.failure is not None
    assert page.pane.problem.failure.code == "bad-retention"
    assert page.dirty, "what is typed is still there"
    assert page.editor.lines[Rule.DAILY].number.text() == "9"


def test_what_would_go_is_listed_with_reasons_and_removed_after_the_question(
    bench: Bench, running_world: Worlds
) -> None:
    running = running_world("one-machine")
    page = page_on(bench, running)
    machine = machine_of(bench, page)
    before = bench.run(page.desk.client.machine(machine))["points"]
    page.go_to(Place("retention", machine, "rollup"))
    bench.wait(lambda: page.rollup.plan is not None, "nothing was planned")
    assert not shared_letters(page)
    page.editor.own.click()
    for rule in (Rule.HOURLY, Rule.WEEKLY, Rule.MONTHLY, Rule.DAILY):
        on = page.editor.lines[rule].on
        assert on is not None
        if on.isChecked():
            on.click()
    type_number(page, Rule.ALL, "1")
    bench.wait(
        lambda: page.rollup.plan is not None and page.rollup.plan["policy"] == "all 1d", "it was not planned anew"
    )
    plan = page.rollup.plan
    assert plan is not None
    assert plan["points_removed"] > 0
    assert page.rollup.model.rowCount() == before
    assert not page.rollup.run.isEnabled(), "a rollup goes by what is saved"
    assert page.rollup.run.toolTip() == "Save the policy first."
    page.rollup.which.setCurrentIndex(page.rollup.which.findData("stays"))
    assert page.rollup.model.rowCount() == plan["points_kept"]
    assert "Newest" in str(page.rollup.model.index(0, 2).data())
    QTest.mouseClick(page.save, Qt.MouseButton.LeftButton)
    bench.wait(lambda: page.rollup.run.isEnabled(), "it cannot be run after it was saved")
    QTest.mouseClick(page.rollup.run, Qt.MouseButton.LeftButton)
    box = page.findChildren(QMessageBox)[-1]
    assert "cannot be brought back" in box.informativeText()
    box.reject()
    bench.wait(lambda: not page.findChildren(QMessageBox), "the question stayed")
    assert bench.run(page.desk.client.machine(machine))["points"] == before, "Cancel removes nothing"
    QTest.mouseClick(page.rollup.run, Qt.MouseButton.LeftButton)
    box = page.findChildren(QMessageBox)[-1]
    next(one for one in box.buttons() if one.text() == "&Roll up").click()
    bench.wait(lambda: bench.gone and bench.gone[-1].page == "jobs", "the job was not opened")
    bench.wait(
        lambda: bench.run(page.desk.client.machine(machine))["points"] == plan["points_kept"], "nothing was rolled up"
    )


def test_other_habits_are_played_wrong_ones_told_and_a_core_that_is_gone(bench: Bench, running_world: Worlds) -> None:
    running = running_world("one-machine")
    page = page_on(bench, running)
    play = page.simulator
    bench.wait(lambda: play.played is not None, "it was not played")
    play.horizon.setCurrentIndex(0)
    QTest.keyClicks(play.every, "1d")
    QTest.keyClicks(play.change, "500 MB")
    bench.wait(
        lambda: (
            play.played is not None
            and (play.played["interval_s"], play.played["change"]) == (86_400, 500_000_000)
            and len(play.played["courses"][0]["days"]) == 30
        ),
        "the wishes were not played",
    )
    QTest.keyClick(play.chart, Qt.Key.Key_Home)
    assert play.readout.text().startswith(play.played["courses"][0]["days"][0]["date"])  # type: ignore[index]
    QTest.keyClicks(play.change, " or so")
    assert play.wrong.isVisible()
    assert "or so" in play.wrong.text

    play.change.clear()
    running.primary.kill()
    page.reload()
    bench.wait(lambda: page.pane.problem.isVisible(), "nobody says that the Core is gone")
    assert page.model.rowCount() == 2
    page.simulator.horizon.setCurrentIndex(1)
    bench.wait(lambda: page.simulator.pane.problem.isVisible(), "the simulator waits for ever")
    assert page.simulator.pane.problem._retry.isVisible(), "it can be tried again"
