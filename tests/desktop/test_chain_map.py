"""The chain map under keys, mouse and wheel."""

from __future__ import annotations

from typing import Any

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QPixmap, QWheelEvent
from PySide6.QtTest import QSignalSpy
from PySide6.QtWidgets import QApplication

from console.desktop.theme.theme import Theme
from console.desktop.widgets.chain_map import ChainMap
from console.desktop.widgets.chain_panel import ChainPanel
from console.domain.errors import failed
from tests.desktop.points_client import MACHINE, PointsClient, chain_map
from tests.support.bench import Bench
from tests.support.chain_map import place_of
from tests.support.effort import effort


def put(bench: Bench, answer: dict[str, Any], width: int = 900) -> ChainMap:
    shown = ChainMap()
    bench.put(shown, (width, 200))
    shown.show_map(answer)  # type: ignore[arg-type]
    shown.setFocus()
    return shown


def key(bench: Bench, shown: ChainMap, *keys: Qt.Key) -> None:
    for one in keys:
        bench.qtbot.keyClick(shown, one)


def wheel(shown: ChainMap, turn: int, modifier: Qt.KeyboardModifier) -> None:
    where = QPointF(400, 30)
    event = QWheelEvent(
        where,
        shown.viewport().mapToGlobal(where),
        QPoint(),
        QPoint(0, turn),
        Qt.MouseButton.NoButton,
        modifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(shown.viewport(), event)


def test_keys_go_to_neighbours_to_the_ends_and_to_other_volumes(bench: Bench) -> None:
    shown = put(bench, chain_map(10, ("srv", "home")))
    chosen = QSignalSpy(shown.chosen)
    key(bench, shown, Qt.Key.Key_Left)
    assert shown.point == "point-00009"  # nothing was in front: the newest
    key(bench, shown, Qt.Key.Key_Left, Qt.Key.Key_Left)
    assert shown.point == "point-00007"
    key(bench, shown, Qt.Key.Key_Home)
    assert shown.point == "point-00000"
    key(bench, shown, Qt.Key.Key_Left)
    assert shown.point == "point-00000"
    key(bench, shown, Qt.Key.Key_Right, Qt.Key.Key_Down)
    assert shown.point == "point-00001"
    assert shown.accessibleDescription().startswith("home: ")
    key(bench, shown, Qt.Key.Key_End)
    assert shown.point == "point-00009"
    assert chosen.count() == 6


def test_up_and_down_go_to_the_nearest_image_where_the_point_has_none(bench: Bench) -> None:
    answer = chain_map(10, ("srv", "home"))
    del answer["volumes"][1]["images"][5:]
    shown = put(bench, answer)
    shown.choose("point-00008")
    key(bench, shown, Qt.Key.Key_Down)
    assert shown.point == "point-00004"


def test_enter_and_double_click_open_the_point_in_front(bench: Bench) -> None:
    shown = put(bench, chain_map(5))
    opened = QSignalSpy(shown.opened)
    key(bench, shown, Qt.Key.Key_Return)
    assert opened.count() == 0
    shown.choose("point-00002")
    key(bench, shown, Qt.Key.Key_Return)
    assert opened.at(0)[0] == "point-00002"
    where = place_of(shown, "point-00003")
    bench.qtbot.mouseClick(shown.viewport(), Qt.MouseButton.LeftButton, pos=where)
    bench.qtbot.mouseDClick(shown.viewport(), Qt.MouseButton.LeftButton, pos=where)
    assert opened.at(1)[0] == "point-00003"


def test_a_click_chooses_and_a_click_beside_does_not(bench: Bench) -> None:
    shown = put(bench, chain_map(5))
    chosen = QSignalSpy(shown.chosen)
    where = place_of(shown, "point-00003")
    bench.qtbot.mouseClick(shown.viewport(), Qt.MouseButton.LeftButton, pos=where)
    bench.qtbot.mouseClick(shown.viewport(), Qt.MouseButton.LeftButton, pos=where + QPoint(60, 0))
    assert [chosen.at(n)[0] for n in range(chosen.count())] == ["point-00003"]


def test_double_click_on_a_shared_mark_tells_its_images_apart(bench: Bench) -> None:
    shown = put(bench, chain_map(600))
    where = place_of(shown, "point-00300")
    assert "images" in shown.tip_at(QPointF(where))
    bench.qtbot.mouseDClick(shown.viewport(), Qt.MouseButton.LeftButton, pos=where)
    assert not shown.fits
    shown.choose("point-00300")
    where = place_of(shown, "point-00300")
    assert 0 < where.x() < shown.viewport().width()
    assert "images" not in shown.tip_at(QPointF(where))


def test_hovering_explains_an_orphan(bench: Bench) -> None:
    answer = chain_map(3)
    answer["volumes"][0]["images"][2] |= {"chain": "awaiting-seed", "why": "It waits for seed drive “Blue 1”."}
    shown = put(bench, answer)
    tip = shown.tip_at(QPointF(place_of(shown, "point-00002")))
    assert "Awaiting seed" in tip
    assert "It waits for seed drive “Blue 1”." in tip
    assert shown.tip_at(QPointF(5, 5)) == ""


def test_keys_and_wheel_look_closer_and_the_moment_under_the_mouse_stays(bench: Bench) -> None:
    shown = put(bench, chain_map(400))
    key(bench, shown, Qt.Key.Key_Plus, Qt.Key.Key_Plus)
    assert not shown.fits
    assert shown.horizontalScrollBar().maximum() > 0
    key(bench, shown, Qt.Key.Key_0)
    assert shown.fits
    where = place_of(shown, "point-00200")
    shown.choose("point-00200")
    for _ in range(3):
        around = place_of(shown, "point-00200")
        event = QWheelEvent(
            QPointF(around),
            shown.viewport().mapToGlobal(QPointF(around)),
            QPoint(),
            QPoint(0, 120),
            Qt.MouseButton.NoButton,
            Qt.KeyboardModifier.ControlModifier,
            Qt.ScrollPhase.NoScrollPhase,
            False,
        )
        QApplication.sendEvent(shown.viewport(), event)
    assert abs(place_of(shown, "point-00200").x() - where.x()) < 40
    key(bench, shown, Qt.Key.Key_Minus, Qt.Key.Key_Minus, Qt.Key.Key_Minus, Qt.Key.Key_Minus)
    assert shown.fits


def test_the_wheel_scrolls_what_is_looked_at_closely(bench: Bench) -> None:
    shown = put(bench, chain_map(400))
    shown.look_closer(8)
    before = shown.horizontalScrollBar().value()
    wheel(shown, 120, Qt.KeyboardModifier.NoModifier)
    assert shown.horizontalScrollBar().value() < before


def test_what_is_chosen_comes_into_sight(bench: Bench) -> None:
    shown = put(bench, chain_map(400))
    shown.look_closer(20)
    for point in ("point-00000", "point-00399", "point-00123"):
        shown.choose(point)
        assert 0 < place_of(shown, point).x() < shown.viewport().width()


def test_a_screen_reader_hears_what_is_in_front(bench: Bench) -> None:
    shown = put(bench, chain_map(3))
    assert shown.accessibleName() == "Chain map of “fileserver”"
    assert shown.accessibleDescription() == "3 images. Nothing is chosen."
    shown.choose("point-00001")
    said = shown.accessibleDescription()
    assert said.startswith("srv: ")
    assert "Incremental, Whole." in said
    assert said.endswith("2 of 3")


def test_another_picture_keeps_what_is_in_front_and_how_close_one_looks(bench: Bench) -> None:
    shown = put(bench, chain_map(400))
    shown.choose("point-00100")
    shown.look_closer(10)
    shown.show_map(chain_map(401))  # type: ignore[arg-type]
    assert shown.point == "point-00100"
    assert not shown.fits
    shown.show_map(chain_map(50))  # type: ignore[arg-type]
    assert shown.point == ""


@pytest.mark.parametrize("look", ["light", "dark"])
def test_two_thousand_images_are_painted_within_a_frame(bench: Bench, theme: Theme, look: str) -> None:
    theme.choose(look)
    answer = chain_map(2000, ("srv",))
    for number in range(0, 2000, 3):
        answer["volumes"][0]["images"][number]["chain"] = "broken"
    shown = put(bench, answer, width=1600)
    picture = QPixmap(shown.size())
    for factor in (1, 4, 40):
        shown.look_at_all()
        shown.look_closer(factor)
        shown.render(picture)  # icons are made once
        assert effort(lambda: shown.render(picture)) < 6000, "a few milliseconds, however many images there are"
    theme.choose("light")


def test_the_panel_reads_a_machine_once_and_asks_around_a_point_that_is_not_on_it(bench: Bench) -> None:
    client = PointsClient()
    panel = ChainPanel(bench.desk_on(client.connect))
    bench.put(panel)
    panel.show_machine(MACHINE, "point-00010")
    bench.wait(lambda: panel.map.point == "point-00010", "the point is in front")
    panel.show_machine(MACHINE, "point-00020")
    assert panel.map.point == "point-00020"
    assert len([call for call in client.calls if call[0] == "chain_map"]) == 1
    client.map = chain_map(60)
    panel.show_machine(MACHINE, "point-00055")
    bench.wait(lambda: panel.map.point == "point-00055", "the point is in front")
    assert client.calls[-1][2]["point"] == "point-00055"
    assert panel.newest.isVisible()


def test_the_panel_shows_earlier_images_on_request(bench: Bench) -> None:
    client = PointsClient()
    client.map = chain_map(40, earlier=700)
    panel = ChainPanel(bench.desk_on(client.connect))
    bench.put(panel)
    panel.show_machine(MACHINE)
    bench.wait(panel.earlier.isVisible, "earlier images are offered")
    bench.qtbot.mouseClick(panel.earlier, Qt.MouseButton.LeftButton)
    bench.wait(lambda: client.calls[-1][2]["limit"] == 1000, "more images are asked for")
    bench.wait(lambda: not panel.pane.busy)
    bench.qtbot.mouseClick(panel.earlier, Qt.MouseButton.LeftButton)
    bench.wait(lambda: client.calls[-1][2]["until"] is not None, "older images are asked for")
    bench.wait(panel.newest.isVisible)
    bench.qtbot.mouseClick(panel.newest, Qt.MouseButton.LeftButton)
    bench.wait(lambda: client.calls[-1][2]["until"] is None, "the newest images are asked for")


def test_a_failure_is_told_in_place_and_tried_again(bench: Bench) -> None:
    client = PointsClient()
    client.fails["chain_map"] = failed("core-busy", "The Core is busy.")
    panel = ChainPanel(bench.desk_on(client.connect))
    bench.put(panel)
    panel.show_machine(MACHINE)
    bench.wait(lambda: panel.pane.problem.failure is not None, "the failure is shown")
    assert panel.pane.problem.isVisible()
    del client.fails["chain_map"]
    panel.pane.problem.again.emit()
    bench.wait(lambda: panel.map.isVisible() and panel.map.shows("point-00001"), "the map is shown")


def test_a_machine_without_points_says_so(bench: Bench) -> None:
    client = PointsClient()
    client.map = chain_map(0, ())
    panel = ChainPanel(bench.desk_on(client.connect))
    bench.put(panel)
    panel.show_machine(MACHINE)
    bench.wait(lambda: "has no recovery point yet" in panel.nothing.text(), "it says that there is nothing")
    assert not panel.map.isVisible()
