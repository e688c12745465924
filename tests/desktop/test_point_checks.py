"""Checks of points from their rows and from a machine, and what is shown of them; on real Cores."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from console.client.client import Client
from console.desktop.desk import Place
from console.desktop.pages.machine import MachinePage
from console.desktop.pages.points import PointsPage
from console.desktop.widgets.check_dialog import CheckDialog
from tests.support.bench import Bench
from tests.support.named_worlds import RunningWorld
from tests.support.walking import nameless, shared_letters

Worlds = Callable[..., RunningWorld]


def asked(page: PointsPage | MachinePage) -> CheckDialog:
    return page.findChildren(CheckDialog)[-1]


def test_a_point_is_checked_and_shows_results_time_and_log(bench: Bench, running_world: Worlds) -> None:
    running = running_world("one-machine")

    async def connect() -> Client:
        return await running.connect()

    page = bench.show(PointsPage(bench.desk_on(connect)), None, (1200, 760))
    bench.wait(lambda: page.detail.shown is not None, "no point was shown")
    point = page.detail.point
    checks = page.detail.checks
    page.detail.tabs.setCurrentWidget(checks)
    assert checks.model.rowCount() == 4
    assert not nameless(page)
    assert not shared_letters(page)
    QTest.mouseClick(checks.check, Qt.MouseButton.LeftButton)
    dialog = asked(page)
    assert not nameless(dialog)
    for box in dialog.checks.values():
        box.setChecked(False)
    assert not dialog.yes.isEnabled(), "no check at all is nothing to begin"
    dialog.reject()
    assert not bench.run(page.desk.client.jobs(kind="point-check", offset=0))["jobs"], "Cancel checks nothing"

    QTest.mouseClick(checks.check, Qt.MouseButton.LeftButton)
    QTest.mouseClick(asked(page).yes, Qt.MouseButton.LeftButton)
    bench.wait(lambda: len(page.detail.shown["check_results"]) == 4, "no results came")  # type: ignore[index]
    checks.table.choose("checksum")
    row = checks.table.current
    assert row is not None
    assert row["verdict"] == "good"
    assert "were read and are true" in checks.message.text()
    bench.wait(lambda: "checksum: good" in checks.log.toPlainText(), "the log of its job is not shown")
    QTest.mouseClick(checks.open_job, Qt.MouseButton.LeftButton)
    assert bench.gone[-1] == Place("jobs", row["job"])

    bench.wait(lambda: page.model.row(0)["checks"].get("checksum") == "good", "the table does not know")  # type: ignore[index]
    column = next(n for n, one in enumerate(page.model.columns) if one.key == "checks")
    cell = page.model.index(page.model.number_of(point) or 0, column)
    assert cell.data() == "Good"
    assert "Chain: good" in str(cell.data(Qt.ItemDataRole.ToolTipRole))


def test_a_machine_is_checked_and_its_points_say_what_keeps_them(bench: Bench, running_world: Worlds) -> None:
    running = running_world("one-machine")

    async def connect() -> Client:
        return await running.connect()

    desk = bench.desk_on(connect)
    machine = bench.run(desk.client.machines())["machines"][0]
    page = bench.show(MachinePage(desk), Place("machine", machine["id"], "points"), (1200, 760))
    bench.wait(lambda: page.points.model.ever_answered and page.points.model.rowCount() > 0, "no points were listed")
    column = next(n for n, one in enumerate(page.points.model.columns) if one.key == "kept")
    assert "Newest" in str(page.points.model.index(0, column).data())
    QTest.mouseClick(page.check, Qt.MouseButton.LeftButton)
    dialog = asked(page)
    assert str(machine["points"]) in dialog.every.text()
    dialog.every.setChecked(True)
    for check, box in dialog.checks.items():
        box.setChecked(check == "integrity")
    QTest.mouseClick(dialog.yes, Qt.MouseButton.LeftButton)
    bench.wait(lambda: bench.gone and bench.gone[-1].page == "jobs", "the job was not opened")

    async def checked() -> int:
        return sum("integrity" in one["checks"] for one in (await desk.client.points(limit=1000))["points"])

    bench.wait(lambda: bench.run(checked()) == machine["points"], "not every point was checked")

    async def helpdesk() -> Client:
        return await running.connect(None, "helpdesk")

    looking = bench.show(MachinePage(bench.desk_on(helpdesk)), Place("machine", machine["id"]))
    assert not looking.check.isEnabled()
    assert looking.check.toolTip() == "Help desk may look, not check."
