"""Charts say in words what they draw, are marked at round figures, and are drawn only when they are seen."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime, timedelta

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from console.desktop.theme.theme import Theme
from console.desktop.theme.tokens import Tone
from console.desktop.widgets.chart import BarChart
from console.desktop.widgets.chart_data import ChartData, Series
from console.desktop.widgets.sparkline import Sparkline, spark_points
from console.desktop.widgets.ticks import size_ticks, time_ticks
from console.domain.clock import iso
from tests.support.bench import Bench

START = datetime(2026, 3, 2, 0, 0, tzinfo=UTC)


def _times(number: int, span_s: int, start: datetime = START) -> tuple[str, ...]:
    return tuple(iso(start + timedelta(seconds=span_s * place)) for place in range(number))


def _data(stored: tuple[int, ...], sent: tuple[int, ...]) -> ChartData:
    series = (Series("Stored", Tone.INFO, stored), Series("Sent", Tone.GOOD, sent))
    return ChartData(_times(len(stored), 3600), 3600, series)


@pytest.mark.parametrize(
    ("largest", "marks"),
    [
        (0, ["0 B"]),
        (7, ["0 B", "2 B", "4 B", "6 B", "8 B"]),
        (950, ["0 B", "500 B", "1.0 kB"]),
        (298_000_000, ["0 B", "100 MB", "200 MB", "300 MB"]),
        (1_010_000_000, ["0 B", "500 MB", "1.0 GB", "1.5 GB"]),
    ],
)
def test_sizes_are_marked_at_round_figures_up_to_the_largest(largest: float, marks: list[str]) -> None:
    ticks = size_ticks(largest)
    assert [text for _, text in ticks] == marks
    assert ticks[-1][0] >= largest


def test_times_are_marked_by_the_hour_or_by_the_day_and_never_more_than_fit() -> None:
    day = time_ticks(_times(24, 3600), 3600, 6)
    assert len(day) <= 6
    assert day[-1][0] == 23.0, "the newest stays marked"
    assert all(":" in text for _, text in day)
    month = time_ticks(_times(30, 86_400), 86_400, 10)
    assert len(month) <= 10
    assert all("-" in text for _, text in month)
    assert time_ticks((), 3600) == []


def test_a_chart_says_in_words_what_it_shows(bench: Bench) -> None:
    chart = BarChart("Throughput")
    bench.put(chart, (600, 300))
    chart.show_data(_data((1_000_000, 0, 3_000_000), (0, 0, 500_000)))
    bench.wait(lambda: chart.drawn, "no bars were drawn")
    assert chart.accessibleDescription().startswith("In all: Stored 4.0 MB, Sent 500 kB. Most: ")
    assert "Stored 3.0 MB · Sent 500 kB" in chart.readout


def test_arrow_keys_walk_through_the_buckets(bench: Bench) -> None:
    chart = BarChart("Throughput")
    bench.put(chart, (600, 300))
    chart.show_data(_data((1_000_000, 0, 3_000_000), (0, 0, 0)))
    bench.wait(lambda: chart.drawn, "no bars were drawn")
    QTest.keyClick(chart, Qt.Key.Key_Left)
    assert chart.picked == 2
    assert chart.readout.endswith("Stored 3.0 MB")
    QTest.keyClick(chart, Qt.Key.Key_Left)
    assert chart.readout.endswith("nothing")
    QTest.keyClick(chart, Qt.Key.Key_Home)
    assert chart.picked == 0
    QTest.keyClick(chart, Qt.Key.Key_Left)
    assert chart.picked == 0
    chart.show_data(_data((1_000_000, 7_000, 3_000_000), (0, 0, 0)))
    assert chart.picked == 0, "fresh figures of the same time leave the selection"


def test_where_nothing_happened_there_are_words_and_no_bars(bench: Bench, theme: Theme) -> None:
    chart = BarChart("Throughput")
    bench.put(chart, (600, 300))
    chart.show_data(_data((1,), (0,)))
    bench.wait(lambda: chart.drawn, "no bars were drawn")
    chart.show_data(_data((0, 0), (0, 0)))
    bench.wait(lambda: not chart.drawn, "the bars stayed")
    assert chart.accessibleDescription() == "Nothing happened in this time."
    chart.show_data(_data((5, 5), (0, 0)))
    bench.wait(lambda: chart.drawn, "the bars did not come back")
    theme.choose("dark")
    theme.choose("light")
    bench.wait(lambda: chart.drawn, "another look lost the bars")


def test_the_plotting_library_is_not_loaded_before_a_chart_is_seen() -> None:
    code = (
        "import sys; import console.desktop.pages.home, console.desktop.pages.machine;"
        "assert 'pyqtgraph' not in sys.modules and 'numpy' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=240)


def test_a_small_line_spans_its_room_from_the_smallest_to_the_largest() -> None:
    assert spark_points((1, 3, 2), 100, 20) == [(0.0, 20.0), (50.0, 0.0), (100.0, 10.0)]
    assert spark_points((4, 4), 100, 20) == [(0.0, 10.0), (100.0, 10.0)]
    assert spark_points((), 100, 20) == []


def test_a_small_line_has_words_too(bench: Bench) -> None:
    line = Sparkline("Size over time")
    bench.put(line, (120, 24))
    empty = line.grab().toImage()
    line.show_values((1, 5, 2), "From 1 B to 2 B")
    assert line.accessibleDescription() == "From 1 B to 2 B"
    assert line.grab().toImage() != empty
