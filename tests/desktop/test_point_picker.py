"""Choosing one recovery point by map, calendar and list, which all tell the same."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtTest import QSignalSpy

from console.desktop.widgets.point_picker import PointPicker, span_of
from console.domain.errors import failed
from tests.desktop.points_client import MACHINE, PointsClient
from tests.support.bench import Bench
from tests.support.chain_map import place_of


def put(bench: Bench, client: PointsClient, value: str = "point-00020") -> PointPicker:
    shown = PointPicker(bench.desk_on(client.connect))
    bench.put(shown, (1000, 650))
    shown.show_machine(MACHINE, value)
    bench.wait(lambda: shown.table.current is not None or not value, "the list shows the point")
    bench.wait(lambda: shown.chain.map.point == value and not shown.pane.busy, "the map shows the point")
    return shown


def test_a_day_ends_before_the_next_one() -> None:
    assert span_of("2026-12-31") == ("2026-12-31T00:00:00Z", "2026-12-31T23:59:59.999999Z")
    assert span_of("") == (None, None)


def test_the_value_is_in_front_everywhere_and_nobody_is_told(bench: Bench) -> None:
    shown = PointPicker(bench.desk_on(PointsClient().connect))
    changed = QSignalSpy(shown.changed)
    bench.put(shown, (1000, 650))
    shown.show_machine(MACHINE, "point-00020")
    bench.wait(lambda: shown.table.current is not None and shown.chain.map.point == "point-00020")
    assert shown.table.current is not None
    assert shown.table.current["id"] == "point-00020"
    assert (shown.value, shown.machine, changed.count()) == ("point-00020", MACHINE, 0)
    shown.set_value("point-00003")
    assert shown.chain.map.point == "point-00003"
    assert shown.table.current["id"] == "point-00003"
    assert changed.count() == 0


def test_the_map_moves_the_list(bench: Bench) -> None:
    shown = put(bench, PointsClient())
    changed = QSignalSpy(shown.changed)
    where = place_of(shown.chain.map, "point-00030")
    bench.qtbot.mouseClick(shown.chain.map.viewport(), Qt.MouseButton.LeftButton, pos=where)
    assert shown.value == shown.chain.map.point != "point-00020"
    assert shown.table.current is not None
    assert shown.table.current["id"] == shown.value
    assert [changed.at(n)[0] for n in range(changed.count())] == [shown.value]


def test_the_list_moves_the_map(bench: Bench) -> None:
    shown = put(bench, PointsClient())
    changed = QSignalSpy(shown.changed)
    shown.table.setFocus()
    bench.qtbot.keyClick(shown.table, Qt.Key.Key_Down)
    assert shown.value == shown.chain.map.point == "point-00019"
    assert changed.count() == 1


def test_a_day_narrows_the_list_and_keeps_the_value(bench: Bench) -> None:
    client = PointsClient()
    shown = put(bench, client)
    day = client.points_known[-1]["time"][:10]
    shown.calendar.choose(day)
    shown.calendar.chosen.emit(day)
    expected = sum(one["time"].startswith(day) for one in client.points_known)
    bench.wait(lambda: shown.model.total == expected, "the day's points are listed")
    assert shown.value == "point-00020"
    assert day in shown.note.text()
    bench.qtbot.mouseClick(shown.every, Qt.MouseButton.LeftButton)
    bench.wait(lambda: shown.model.total == 40, "all points are listed again")
    assert shown.calendar.day == ""


def test_enter_and_double_click_mean_it(bench: Bench) -> None:
    shown = put(bench, PointsClient())
    opened = QSignalSpy(shown.opened)
    bench.qtbot.keyClick(shown.table, Qt.Key.Key_Return)
    shown.chain.map.setFocus()
    bench.qtbot.keyClick(shown.chain.map, Qt.Key.Key_Return)
    assert [opened.at(n)[0] for n in range(opened.count())] == ["point-00020", "point-00020"]


def test_a_failure_is_told_and_tried_again(bench: Bench) -> None:
    client = PointsClient()
    client.fails["days"] = failed("core-busy", "The Core is busy.")
    shown = PointPicker(bench.desk_on(client.connect))
    bench.put(shown, (1000, 650))
    shown.show_machine(MACHINE)
    bench.wait(lambda: shown.pane.problem.isVisible(), "the failure is shown")
    del client.fails["days"]
    shown.pane.problem.again.emit()
    bench.wait(lambda: bool(shown.calendar.title.text()), "the calendar is shown")
