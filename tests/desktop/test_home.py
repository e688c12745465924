"""The first page: tiles, the safety table, the chart and the map, each a key or a click from its page.

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
from PySide6.QtWidgets import QWidget

from console.desktop.desk import Desk, Place
from console.desktop.pages.home import HomePage
from console.desktop.pages.home_tiles import HomeTiles
from console.desktop.tables.safety import replica_text, safety_columns
from console.desktop.theme.tokens import Tone
from console.domain.clock import iso
from console.domain.errors import unreachable
from console.domain.overview_answers import Home, ReplicaAnswer, Topology
from tests.support.bench import Bench
from tests.support.named_worlds import RunningWorld
from tests.support.told_core import ToldCore

Running = Callable[..., RunningWorld]
NOW = datetime(2026, 5, 20, 12, 0, tzinfo=UTC)
ALONE: Topology = {"cores": [{"id": "a", "name": "Office", "version": "1", "self": True, "machines": 0}], "arrows": []}


def _desk(bench: Bench, running: RunningWorld, core: str | None = None, user: str | None = None) -> Desk:
    return bench.desk_on(lambda: running.connect(core, user))


def _home(bench: Bench, desk: Desk, rows: int | None = None) -> HomePage:
    page = bench.show(HomePage(desk))
    if rows is not None:
        bench.wait(lambda: page.model.total == rows and page.model.row(0), "the machines are not listed")
    return page


def _column(page: HomePage, key: str) -> list[str]:
    number = next(place for place, column in enumerate(page.model.columns) if column.key == key)
    return [page.model.index(row, number).data() for row in range(page.model.rowCount())]


def _enter(widget: QWidget) -> None:
    QTest.keyClick(widget, Qt.Key.Key_Return)


def _answer(**changes: Any) -> Home:
    made: dict[str, Any] = {
        "machines": 0,
        "verdicts": {},
        "lag_s": None,
        "lag_points": 0,
        "lag_bytes": 0,
        "orphaned_points": 0,
        "repositories": [],
        "seeds": {},
        "jobs": {"succeeded": 0, "failed": 0, "running": 0},
        "alerts": 0,
        "newest_alerts": [],
    }
    return made | changes  # type: ignore[return-value]


def _throughput(span: str = "24h", machine: str | None = None) -> dict[str, Any]:
    times = [iso(NOW - timedelta(hours=number)) for number in range(3)][::-1]
    zeros = dict.fromkeys(("read", "stored", "sent", "received", "restored"), 0)
    return {"span_s": 3600, "buckets": [{"time": time, **zeros} for time in times]}


def test_an_empty_core_offers_the_first_step(running_world: Running, bench: Bench) -> None:
    desk = _desk(bench, running_world("empty"))
    page = _home(bench, desk)
    assert page.protect.isVisible()
    assert not page.table.isVisible()
    QTest.mouseClick(page.protect, Qt.MouseButton.LeftButton)
    assert bench.opened == [("protect", {})]


def test_who_may_not_protect_is_told_who_may(running_world: Running, bench: Bench) -> None:
    page = _home(bench, _desk(bench, running_world("empty"), user="helpdesk"))
    assert not page.protect.isEnabled()
    assert page.protect.toolTip() == "Only an administrator may do this."


def test_the_source_of_two_cores_at_one_glance(running_world: Running, bench: Bench) -> None:
    running = running_world("two-cores-one-orphan")
    desk = _desk(bench, running)
    page = _home(bench, desk, rows=2)
    assert sorted(_column(page, "machine")) == ["fileserver", "webserver"]
    assert all("vault: " in text for text in _column(page, "replicas"))
    assert page.tiles["machines"].figure == "2 of 2 safe"
    assert page.tiles["seeds"].figure == "1"
    assert "Outstanding: 1" in page.tiles["seeds"].lines
    pairing = bench.run(desk.client.pairings())["pairings"][0]["pairing"]
    assert "seed drive" in page.map.words_of(pairing)

    for name, place in (
        ("lag", Place("replication")),
        ("repositories", Place("repositories")),
        ("seeds", Place("seeds")),
        ("jobs", Place("jobs")),
        ("alerts", Place("events", filter="alerts")),
    ):
        _enter(page.tiles[name])
        assert bench.gone[-1] == place
    _enter(page.tiles["machines"])
    assert page.table.hasFocus()
    _enter(page.table)
    assert bench.gone[-1].page == "machine"
    row = page.model.row(0)
    assert row is not None
    assert bench.gone[-1].id == row["machine_id"]

    QTest.mouseClick(page.map, Qt.MouseButton.LeftButton, pos=page.map.place_of(pairing).toPoint())
    assert bench.gone[-1] == Place("replication", pairing)
    page.map.setFocus()
    QTest.keyClick(page.map, Qt.Key.Key_Right)
    _enter(page.map)
    assert bench.gone[-1] == Place("replication", pairing), "the other Core is a click from its pairing"


def test_the_target_names_what_waits_for_the_seed(running_world: Running, bench: Bench) -> None:
    page = _home(bench, _desk(bench, running_world("two-cores-one-orphan"), "Vault"), rows=2)
    assert _column(page, "machine")[0] == "fileserver", "the worst stands first"
    assert _column(page, "verdict")[0] == "Waiting"
    assert "2 orphaned points here" in page.tiles["lag"].lines
    page.verdicts.setCurrentIndex(page.verdicts.findData("waiting"))
    bench.wait(lambda: page.model.total == 1, "the state does not filter")
    QTest.keyClicks(page.name_filter, "webs")
    bench.wait(lambda: page.model.total == 0, "the name does not filter")
    assert page.table.isVisible(), "a filter that matches nothing does not make the Core an empty one"


def test_the_page_follows_what_happens_at_the_core(running_world: Running, bench: Bench) -> None:
    desk = _desk(bench, running_world("one-machine"))
    page = _home(bench, desk, rows=1)
    assert _column(page, "verdict") == ["Safe"]
    bench.run(desk.client.pause_machine("laptop"))
    bench.wait(lambda: _column(page, "verdict") == ["Paused"], "it did not hear of the pause")
    assert page.tiles["machines"].figure == "0 of 1 safe"
    bench.run(desk.client.back_up("laptop"))
    bench.wait(lambda: page.chart.data is not None and page.chart.data.seen, "the chart shows nothing of the backup")


def test_the_chart_asks_for_the_span_that_was_chosen(bench: Bench) -> None:
    core = ToldCore(
        home=_answer(machines=1, verdicts={"safe": 1}),
        topology=ALONE,
        throughput=_throughput,
        safety={"machines": [], "total": 0},
    )
    page = _home(bench, bench.desk_on(core.connect))
    QTest.mouseClick(page.spans["7d"], Qt.MouseButton.LeftButton)
    bench.wait(lambda: core.called("throughput")[-1][0] == ("7d",), "the span was not asked for")
    core.say_changed("jobs")
    bench.wait(lambda: [args for args, _ in core.called("throughput")][2:] == [("7d",)], "it forgot the span")


def test_a_failure_is_said_in_place_and_tried_again(bench: Bench) -> None:
    failure = unreachable("core-unreachable", "The Core does not answer.", "Look after it.")
    core = ToldCore(home=failure, topology=ALONE, throughput=_throughput)
    page = _home(bench, bench.desk_on(core.connect))
    assert page.pane.problem.isVisible()
    assert page.pane.problem.failure == failure.failure
    core.answers["home"] = _answer()
    page.pane.problem.again.emit()
    bench.wait(page.protect.isVisible, "it was not tried again")
    assert not page.pane.problem.isVisible()


def test_a_lost_core_leaves_the_last_picture_greyed(bench: Bench) -> None:
    core = ToldCore(home=_answer(), topology=ALONE, throughput=_throughput)
    page = _home(bench, bench.desk_on(core.connect))
    page.tell_link(False)
    assert page.protect.isVisible()
    assert not page.protect.isEnabled()
    page.tell_link(True)
    assert page.protect.isEnabled()


@pytest.mark.parametrize(
    ("changes", "tile", "figure", "line", "tone"),
    [
        ({}, "jobs", "0", "None ended", Tone.OFF),
        ({"jobs": {"succeeded": 4, "failed": 2, "running": 1}}, "jobs", "2 failed", "4 succeeded", Tone.BAD),
        ({"machines": 3, "verdicts": {"safe": 2, "late": 1}}, "machines", "2 of 3 safe", "Late: 1, Safe: 2", Tone.WARN),
        ({"alerts": 0}, "alerts", "0", "Nothing wants you", Tone.GOOD),
        ({"seeds": {"outstanding": 2, "consumed": 5}}, "seeds", "2", "Outstanding: 2", Tone.WAIT),
        ({"orphaned_points": 2}, "lag", "–", "2 orphaned points here", Tone.WAIT),
    ],
)
def test_what_a_tile_says(bench: Bench, changes: dict[str, Any], tile: str, figure: str, line: str, tone: Tone) -> None:
    tiles = HomeTiles()
    bench.put(tiles, (1000, 120))
    tiles.show_home(_answer(**changes), ALONE)
    shown = tiles.tiles[tile]
    assert (shown.figure, shown.tone) == (figure, tone)
    assert line in shown.lines
    assert figure in shown.accessibleName()
    assert line in shown.accessibleDescription()


def test_the_repository_that_is_full_first_is_named(bench: Bench) -> None:
    tiles = HomeTiles()
    bench.put(tiles, (1000, 120))
    repositories = [
        {"id": "1", "name": "big", "stored_bytes": 5, "free_bytes": 10**12, "damaged": 0, "days_to_full": None},
        {"id": "2", "name": "small", "stored_bytes": 7, "free_bytes": 10**9, "damaged": 0, "days_to_full": 4.5},
    ]
    tiles.show_home(_answer(repositories=repositories), ALONE)
    tile = tiles.tiles["repositories"]
    assert tile.lines == ("Full in 4 days", "small: 1.0 GB free")
    assert tile.tone is Tone.BAD
    repositories[0]["damaged"] = 3
    tiles.show_home(_answer(repositories=repositories), ALONE)
    assert tile.lines[0] == "3 damaged objects"


def test_replicas_are_told_with_their_state_and_lag() -> None:
    replica: ReplicaAnswer = {
        "pairing": "p",
        "name": "vault",
        "peer": "Vault",
        "state": "behind",
        "last_replicated": None,
        "lag_s": 7500.0,
        "lag_points": 3,
        "lag_bytes": 5,
        "images_on_seed": 0,
        "paused_by": None,
    }
    assert replica_text(replica) == "vault: Behind, 2 h 5 min"
    in_step = replica | {"state": "in-step", "lag_points": 0}
    assert replica_text(in_step) == "vault: Up to date"  # type: ignore[arg-type]
    column = next(column for column in safety_columns() if column.key == "replicas")
    cell = column.cell({"replicas": [in_step, replica]}, NOW)
    assert cell.tone is Tone.WARN, "the worst of them decides"
    assert cell.tip == "vault: Up to date\nvault: Behind, 2 h 5 min"
