"""Lines over days: where they go, what the axes say, what hovering and keys tell."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest

from console.desktop.theme.theme import Theme
from console.desktop.widgets.line_chart import Line, LineChart, LineData, Panel, look_of
from console.desktop.widgets.line_layout import Area, count_text, date_ticks, size_text, ticks
from tests.support.bench import Bench

START = date(2026, 1, 15)


def days(number: int) -> tuple[str, ...]:
    return tuple((START + timedelta(days=at)).isoformat() for at in range(number))


def data(number: int = 30, lines: int = 2) -> LineData:
    names = [f"place {line}" for line in range(lines)]
    points = tuple(Line(name, tuple(float(at + line) for at in range(number))) for line, name in enumerate(names))
    sizes = tuple(Line(name, tuple(1e6 * (at + 1) for at in range(number))) for name in names)
    return LineData(days(number), (Panel("Points", count_text, points), Panel("Space", size_text, sizes)))


def test_the_first_day_lies_left_and_nothing_lies_at_the_bottom() -> None:
    area = Area(40, 10, 100, 50, 20.0)
    assert (area.x(0, 11), area.x(10, 11)) == (40, 140)
    assert (area.y(0), area.y(20)) == (60, 10)
    assert area.place(area.x(3, 11) + 2, 11) == 3
    assert area.place(0, 11) is None
    assert area.place(90, 1) == 0
    assert Area(0, 0, 10, 10, 0.0).y(0) == 10, "where all is 0 nothing is divided by it"


def test_ten_years_of_days_are_drawn_with_as_many_places_as_there_are_pixels() -> None:
    area = Area(0, 0, 300, 50, 5000.0)
    path = area.path([float(at) for at in range(3650)])
    assert len(path) <= 320
    assert list(path[0]) == [0, 50]
    assert list(path[-1]) == [300, area.y(3649)], "the last day is always drawn"
    assert area.path([]) == []


@pytest.mark.parametrize(
    ("largest", "texts"),
    [(0, ["0", "1"]), (7, ["0", "2", "4", "6", "8"]), (1200, ["0", "500", "1,000", "1,500"])],
)
def test_points_are_marked_at_whole_numbers(largest: float, texts: list[str]) -> None:
    found = ticks(largest, 4, count_text)
    assert [text for _, text in found] == texts
    assert found[-1][0] >= largest


@pytest.mark.parametrize(("number", "most"), [(1, 5), (30, 6), (90, 6), (365, 7), (1095, 7), (3650, 9)])
def test_days_are_marked_no_more_than_fit(number: int, most: int) -> None:
    found = date_ticks(days(number), most)
    assert 1 <= len(found) <= most
    assert [at for at, _ in found] == sorted({at for at, _ in found})
    if number > 120:
        assert all(days(number)[at].endswith("-01") for at, _ in found), "months begin with their first day"
    assert date_ticks((), most) == []


def test_hovering_and_keys_put_a_day_in_front(bench: Bench) -> None:
    chart = LineChart("To come")
    told: list[object] = []
    chart.picked.connect(told.append)
    bench.put(chart, (600, 360))
    chart.show_data(data(), "All of it in words.")
    assert chart.accessibleDescription() == "All of it in words."
    area = chart.areas()[0]
    QTest.mouseMove(chart, QPoint(round(area.x(12, 30)), 100))
    bench.wait(lambda: chart.at == 12, "hovering picked nothing")
    chart.setFocus()
    QTest.keyClick(chart, Qt.Key.Key_Right)
    QTest.keyClick(chart, Qt.Key.Key_PageDown)
    assert chart.at == 20
    QTest.keyClick(chart, Qt.Key.Key_End)
    QTest.keyClick(chart, Qt.Key.Key_Right)
    assert chart.at == 29
    QTest.keyClick(chart, Qt.Key.Key_Home)
    assert chart.at == 0
    assert told[-1] == 0
    chart.show_data(data(7), "Fewer.")
    assert chart.at is None, "another time has another day in front"


def test_lines_are_painted_and_told_apart_without_colour(bench: Bench, theme: Theme) -> None:
    chart = LineChart("To come")
    bench.put(chart, (600, 360))
    empty = chart.grab().toImage()
    chart.show_data(data(lines=3), "words")
    light = chart.grab().toImage()
    assert light != empty
    theme.choose("dark")
    assert chart.grab().toImage() != light
    theme.choose("light")
    assert len({look_of(number)[1] for number in range(3)}) == 3
