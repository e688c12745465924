"""The calendar of days with recovery points."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtTest import QSignalSpy

from console.desktop.widgets.point_calendar import PointCalendar, neighbour, weeks_of
from tests.support.bench import Bench


def day(name: str, worst: str = "whole") -> dict[str, Any]:
    return {"day": name, "points": 3, "orphaned": 0 if worst == "whole" else 2, "worst": worst, "newest": "p"}


DAYS = [day("2026-03-05"), day("2026-04-28"), day("2026-05-04", "broken"), day("2026-05-06"), day("2026-05-13")]


def put(bench: Bench, days: list[dict[str, Any]]) -> PointCalendar:
    shown = PointCalendar()
    bench.put(shown, (300, 250))
    shown.show_days({"days": days})  # type: ignore[typeddict-item]
    shown.month.setFocus()
    return shown


def test_a_month_has_its_days_in_weeks_from_monday() -> None:
    weeks = weeks_of(2026, 2)
    assert [found.day for found in weeks[0] if found] == [1]
    assert weeks[0][6] is not None
    assert sum(found is not None for week in weeks for found in week) == 28


def test_the_next_day_with_points() -> None:
    days = ["2026-05-04", "2026-05-06"]
    assert neighbour(days, "2026-05-04", 1) == "2026-05-06"
    assert neighbour(days, "2026-05-04", -1) is None


def test_the_month_of_the_newest_point_is_shown_first(bench: Bench) -> None:
    shown = put(bench, DAYS)
    assert shown.title.text() == "May 2026"
    assert not shown.on.isEnabled()
    assert shown.back.isEnabled()


def test_a_click_chooses_a_day_and_another_click_takes_it_back(bench: Bench) -> None:
    shown = put(bench, DAYS)
    chosen = QSignalSpy(shown.chosen)
    where = shown.month.area_of("2026-05-06").center().toPoint()
    bench.qtbot.mouseClick(shown.month, Qt.MouseButton.LeftButton, pos=where)
    assert shown.day == "2026-05-06"
    bench.qtbot.mouseClick(shown.month, Qt.MouseButton.LeftButton, pos=where)
    empty = shown.month.area_of("2026-05-07").center().toPoint()
    bench.qtbot.mouseClick(shown.month, Qt.MouseButton.LeftButton, pos=empty)
    assert [chosen.at(n)[0] for n in range(chosen.count())] == ["2026-05-06", ""]


def test_keys_go_to_days_with_points_across_months_and_enter_chooses(bench: Bench) -> None:
    shown = put(bench, DAYS)
    month = shown.month
    bench.qtbot.keyClick(month, Qt.Key.Key_Left)
    bench.qtbot.keyClick(month, Qt.Key.Key_Left)
    assert "2 not whole; the worst: Broken." in month.accessibleDescription()
    bench.qtbot.keyClick(month, Qt.Key.Key_Left)
    assert shown.title.text() == "April 2026"
    bench.qtbot.keyClick(month, Qt.Key.Key_Return)
    assert shown.day == "2026-04-28"
    assert month.accessibleDescription() == "2026-04-28: 3 recovery points, all whole. Chosen."
    bench.qtbot.keyClick(month, Qt.Key.Key_Home)
    assert shown.title.text() == "March 2026"
    bench.qtbot.keyClick(month, Qt.Key.Key_End)
    bench.qtbot.keyClick(month, Qt.Key.Key_Up)
    assert month.accessibleDescription().startswith("2026-05-06")
    bench.qtbot.keyClick(month, Qt.Key.Key_PageUp)
    assert shown.title.text() == "April 2026"


def test_months_turn_only_where_there_are_points(bench: Bench) -> None:
    shown = put(bench, DAYS)
    for _ in range(5):
        bench.qtbot.mouseClick(shown.back, Qt.MouseButton.LeftButton)
    assert shown.title.text() == "March 2026"
    assert not shown.back.isEnabled()


def test_new_days_leave_the_month_and_forget_a_day_that_is_gone(bench: Bench) -> None:
    shown = put(bench, DAYS)
    shown.choose("2026-03-05")
    shown.show_days({"days": DAYS[1:]})  # type: ignore[typeddict-item]
    assert shown.day == ""
    assert shown.title.text() == "March 2026"


def test_nothing_at_all(bench: Bench) -> None:
    shown = put(bench, [])
    bench.qtbot.keyClick(shown.month, Qt.Key.Key_Left)
    bench.qtbot.keyClick(shown.month, Qt.Key.Key_Return)
    assert shown.day == ""
    assert shown.month.accessibleDescription() == "No day."
