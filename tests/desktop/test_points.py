"""The page over recovery points, on real Cores."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from PySide6.QtCore import QPoint, QSettings, Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QDialog, QLineEdit, QMenu, QMessageBox, QPushButton

from console.client.client import Client
from console.desktop.desk import Place
from console.desktop.pages.points import PointsPage
from console.domain.errors import failed
from tests.desktop.points_client import PointsClient
from tests.support.bench import Bench
from tests.support.chain_map import place_of
from tests.support.named_worlds import RunningWorld

Worlds = Callable[..., RunningWorld]


def page_on(
    bench: Bench, running: RunningWorld, core: str | None = None, user: str | None = None, place: Place | None = None
) -> PointsPage:
    async def connect() -> Client:
        return await running.connect(core, user)

    page = PointsPage(bench.desk_on(connect))
    bench.show(page, place, (1100, 700))
    bench.wait(lambda: page.model.ever_answered, "the table was answered")
    return page


def page_of(bench: Bench, client: PointsClient, place: Place | None = None) -> PointsPage:
    page = PointsPage(bench.desk_on(client.connect))
    bench.show(page, place, (1100, 700))
    bench.wait(lambda: page.model.ever_answered, "the table was answered")
    return page


def settled(bench: Bench, page: PointsPage) -> None:
    bench.wait(
        lambda: not any(pane.busy for pane in (page.pane, page.detail.pane, page.chain.pane, page.detail.orphan.pane)),
        "the page came to rest",
    )


def act(page: PointsPage, text: str) -> QAction:
    menu = QMenu(page)
    row = page.table.current
    assert row is not None
    page._fill_menu(row, menu)
    return next(one for one in menu.actions() if one.text().replace("&", "").startswith(text))


def rows(page: PointsPage) -> list[str]:
    found = [page.model.row(number) for number in range(page.model.rowCount())]
    return [row["machine"] for row in found if row is not None]


def yes(page: PointsPage) -> QPushButton:
    (box,) = page.findChildren(QMessageBox)
    return next(one for one in box.findChildren(QPushButton) if one.text() == "&Delete")


def test_the_newest_point_is_in_front_with_its_chain_and_files(bench: Bench, running_world: Worlds) -> None:
    page = page_on(bench, running_world("two-cores-one-orphan"), "Office")
    bench.wait(lambda: page.table.current is not None, "a point is in front")
    row = page.table.current
    assert row is not None
    bench.wait(lambda: page.chain.map.point == row["id"], "the chain of its machine is shown")
    bench.wait(lambda: page.detail.shown is not None and page.detail.shown["id"] == row["id"], "it is shown in detail")
    bench.wait(lambda: page.detail.files.model.index_of("etc").isValid(), "its files are listed")
    assert page.detail.chain.text == "Whole"
    assert not page.detail.tabs.isTabVisible(page.detail.tabs.indexOf(page.detail.orphan))
    assert page.total.text() == "6 recovery points"


def test_an_orphan_is_explained_and_its_seed_drive_is_one_click_away(bench: Bench, running_world: Worlds) -> None:
    running = running_world("two-cores-one-orphan")
    page = page_on(bench, running, "Vault", place=Place("points", filter="orphaned"))
    bench.wait(lambda: page.model.total == 2 and page.table.current is not None, "the two orphans are listed")
    assert set(rows(page)) == {"fileserver"}
    bench.wait(lambda: page.detail.orphan.isVisible() and bool(page.detail.orphan.repairs), "it is explained")
    assert "Blue 1" in page.detail.orphan.summary.text()
    bench.wait(lambda: page.detail.orphan.files.rowCount() > 0, "files can be restored now")
    (consume,) = [one for one in page.detail.orphan.repairs if one.property("kind") == "consume"]
    bench.qtbot.mouseClick(consume, Qt.MouseButton.LeftButton)
    ((name, presets),) = bench.opened
    assert name == "consume"
    assert presets["seed"]


def test_a_place_shows_its_point_and_its_machine(bench: Bench, running_world: Worlds) -> None:
    running = running_world("two-cores-one-orphan")
    page = page_on(bench, running, "Office")
    bench.wait(lambda: page.table.current is not None)
    points = bench.run(page.desk.client.points(machine="webserver"))["points"]
    page.go_to(Place("points", points[-1]["id"]))
    bench.wait(lambda: page.detail.point == points[-1]["id"] and page.chain.map.point == points[-1]["id"])
    assert page.table.current is not None
    assert page.table.current["id"] == points[-1]["id"]
    machine = points[0]["machine_id"]
    page.go_to(Place("points", filter=f"machine:{machine}"))
    bench.wait(lambda: page.model.total == 3, "only its points are listed")
    assert set(rows(page)) == {"webserver"}
    assert page.machine.text() == "webserver"
    bench.qtbot.mouseClick(page.clear, Qt.MouseButton.LeftButton)
    bench.wait(lambda: page.model.total == 6, "all points are listed again")
    assert page.machine.text() == ""


def test_a_point_that_is_gone_is_told_and_the_table_is_shown_all_the_same(bench: Bench, running_world: Worlds) -> None:
    page = page_on(bench, running_world("one-machine"), place=Place("points", "0" * 32))
    bench.wait(lambda: page.model.total > 0, "the table is shown")
    assert page.pane.problem.isVisible()
    assert page.pane.problem.failure is not None
    assert page.pane.problem.failure.code == "no-such-recovery-point"


def test_filters_ask_the_core(bench: Bench, running_world: Worlds) -> None:
    page = page_on(bench, running_world("two-cores-one-orphan"), "Office")
    page.kind.setCurrentIndex(page.kind.findData("base"))
    bench.wait(lambda: page.model.total == 2, "only bases are listed")
    page.kind.setCurrentIndex(0)
    page.span.setCurrentIndex(page.span.findData("day"))
    bench.wait(lambda: page.model.total == 2, "only points of the last day are listed")
    page.span.setCurrentIndex(0)
    page.machine.setFocus()
    bench.qtbot.keyClicks(page.machine, "file")
    bench.wait(lambda: page.machine.found.rowCount() == 1, "the machine is found")
    popup = page.machine.completer().popup()
    bench.wait(popup.isVisible, "it is offered")
    bench.qtbot.keyClick(popup, Qt.Key.Key_Down)
    bench.qtbot.keyClick(popup, Qt.Key.Key_Return)
    bench.wait(lambda: page.model.total == 3, "only its points are listed")
    page.state.setCurrentIndex(page.state.findData("orphaned"))
    bench.wait(lambda: page.total.text() == "No recovery point matches.", "nothing matches")
    assert page.split.isVisible()


def test_a_click_on_the_chain_map_shows_that_point(bench: Bench, running_world: Worlds) -> None:
    page = page_on(bench, running_world("one-machine"))
    bench.wait(lambda: bool(page.chain.map.point))
    settled(bench, page)
    oldest = bench.run(page.desk.client.points(descending=False, limit=1))["points"][0]["id"]
    shown = page.chain.map
    bench.qtbot.mouseClick(shown.viewport(), Qt.MouseButton.LeftButton, pos=place_of(shown, oldest))
    bench.wait(lambda: page.detail.point == oldest, "it is shown")
    assert page.table.current is not None
    assert page.table.current["id"] == oldest


def test_deleting_asks_first_names_the_loss_and_deletes(bench: Bench, running_world: Worlds) -> None:
    page = page_on(bench, running_world("one-machine"))
    bench.wait(lambda: page.table.current is not None)
    total = page.model.total
    oldest = bench.run(page.desk.client.points(descending=False, limit=1))["points"][0]["id"]
    page.table.choose(oldest)
    act(page, "Delete …").trigger()
    bench.wait(lambda: bool(page.findChildren(QMessageBox)), "it asks")
    (box,) = page.findChildren(QMessageBox)
    assert "build on it" in box.informativeText()
    box.reject()
    bench.wait(lambda: not page.findChildren(QMessageBox), "the question is closed")
    act(page, "Delete with").trigger()
    bench.wait(lambda: bool(page.findChildren(QMessageBox)), "it asks")
    (box,) = page.findChildren(QMessageBox)
    deep = bench.run(page.desk.client.points_loss([oldest], chain=True))["points"]
    assert f"{deep} recovery points are lost." in box.informativeText()
    bench.qtbot.mouseClick(yes(page), Qt.MouseButton.LeftButton)
    bench.wait(lambda: page.model.total == total - deep, "they are gone")
    assert any("deleted" in notice for notice in bench.notices)


def test_what_others_build_on_is_refused_in_place(bench: Bench, running_world: Worlds) -> None:
    page = page_on(bench, running_world("one-machine"))
    bench.wait(lambda: page.table.current is not None)
    oldest = bench.run(page.desk.client.points(descending=False, limit=1))["points"][0]["id"]
    page.table.choose(oldest)
    act(page, "Delete …").trigger()
    bench.wait(lambda: bool(page.findChildren(QMessageBox)), "it asks")
    bench.qtbot.mouseClick(yes(page), Qt.MouseButton.LeftButton)
    bench.wait(lambda: page.pane.problem.isVisible(), "the refusal is shown")
    assert page.pane.problem.failure is not None
    assert page.pane.problem.failure.code == "points-depend"


def test_a_new_backup_appears_by_itself(bench: Bench, running_world: Worlds) -> None:
    page = page_on(bench, running_world("one-machine"))
    bench.wait(lambda: page.model.total > 0)
    before, front = page.model.total, page.table.current
    machine = bench.run(page.desk.client.machines())["machines"][0]["id"]
    bench.run(page.desk.client.back_up(machine))
    bench.wait(lambda: page.model.total == before + 1, "the new point is listed")
    assert front is not None
    bench.wait(lambda: page.detail.point == front["id"], "what was in front stays")


def test_restoring_opens_the_wizard_with_the_point_and_what_is_chosen(bench: Bench, running_world: Worlds) -> None:
    page = page_on(bench, running_world("one-machine"))
    bench.wait(lambda: page.detail.files.model.rowCount() > 1, "the files are listed")
    point = page.detail.point
    bench.qtbot.mouseClick(page.detail.restore, Qt.MouseButton.LeftButton)
    assert not page.detail.chosen.isEnabled()
    path = page.detail.files.model.node(page.detail.files.model.index(0, 0)).path
    page.detail.files.tree.setCurrentIndex(page.detail.files.model.index(0, 0))
    bench.qtbot.keyClick(page.detail.files.tree, Qt.Key.Key_Space)
    bench.qtbot.mouseClick(page.detail.chosen, Qt.MouseButton.LeftButton)
    assert bench.opened == [("restore", {"point": point}), ("restore", {"point": point, "paths": (path,)})]


def test_enter_opens_the_files(bench: Bench, running_world: Worlds) -> None:
    page = page_on(bench, running_world("one-machine"))
    bench.wait(lambda: page.table.current is not None)
    settled(bench, page)
    page.detail.tabs.setCurrentWidget(page.detail.about)
    page.table.setFocus()
    bench.qtbot.keyClick(page.table, Qt.Key.Key_Return)
    bench.wait(page.detail.files.tree.isVisible, "the files are in front")
    act(page, "Open machine").trigger()
    assert bench.gone[-1].page == "machine"


def test_help_desk_may_look_and_neither_restore_nor_delete(bench: Bench, running_world: Worlds) -> None:
    page = page_on(bench, running_world("one-machine"), user="helpdesk")
    bench.wait(lambda: page.table.current is not None and page.detail.shown is not None)
    assert not page.detail.restore.isEnabled()
    assert page.detail.restore.toolTip()
    for text in ("Restore", "Delete …", "Delete with"):
        assert not act(page, text).isEnabled()
        assert act(page, text).toolTip()
    assert act(page, "Open files").isEnabled()


def test_an_empty_core_offers_the_first_step(bench: Bench, running_world: Worlds) -> None:
    page = page_on(bench, running_world("empty"))
    bench.wait(page.empty.isVisible, "it says that there is nothing yet")
    (protect,) = [one for one in page.empty.findChildren(QPushButton) if "Protect" in one.text()]
    bench.qtbot.mouseClick(protect, Qt.MouseButton.LeftButton)
    assert bench.opened == [("protect", {})]


def test_a_failure_is_told_in_place_and_tried_again(bench: Bench) -> None:
    client = PointsClient()
    client.fails["points"] = failed("core-busy", "The Core is busy.")
    page = PointsPage(bench.desk_on(client.connect))
    bench.show(page)
    bench.wait(lambda: page.pane.problem.isVisible(), "the failure is shown")
    del client.fails["points"]
    page.pane.problem.again.emit()
    bench.wait(lambda: page.model.total == 40, "the points are shown")
    bench.wait(lambda: not page.pane.problem.isVisible(), "the failure is gone")


def test_a_lost_core_leaves_the_picture(bench: Bench) -> None:
    page = page_of(bench, PointsClient())
    bench.wait(lambda: page.table.current is not None)
    page.tell_link(False)
    assert not page.pane.content.isEnabled()
    assert page.model.total == 40


@pytest.mark.parametrize("name", ["beside", "above"])
def test_the_sizes_of_its_parts_are_remembered(bench: Bench, name: str) -> None:
    page = page_of(bench, PointsClient())
    split = page.beside if name == "beside" else page.split
    handle = split.handle(1)
    middle = handle.rect().center()
    by = QPoint(60, 0) if name == "beside" else QPoint(0, 40)
    bench.qtbot.mousePress(handle, Qt.MouseButton.LeftButton, pos=middle)
    bench.qtbot.mouseMove(handle, middle + by)
    bench.qtbot.mouseRelease(handle, Qt.MouseButton.LeftButton, pos=middle + by)
    assert QSettings().value(f"points/{name}") == split.saveState()


def test_everything_fits_a_small_window(bench: Bench) -> None:
    page = page_of(bench, PointsClient())
    assert page.minimumSizeHint().width() <= 980
    assert page.minimumSizeHint().height() <= 600


def test_a_point_is_held_and_released_from_its_menu(bench: Bench, running_world: Worlds) -> None:
    page = page_on(bench, running_world("one-machine"))
    bench.wait(lambda: page.table.current is not None)
    oldest = bench.run(page.desk.client.points(descending=False, limit=1))["points"][0]["id"]
    page.table.choose(oldest)
    act(page, "Hold").trigger()
    asked = page.findChild(QDialog)
    assert asked is not None
    asked.reject()
    assert not bench.run(page.desk.client.point(oldest))["held"], "Cancel holds nothing"
    act(page, "Hold").trigger()
    asked = page.findChildren(QDialog)[-1]
    asked.findChildren(QLineEdit)[0].setText("audit 2026")
    asked.accept()
    bench.wait(lambda: any("held" in notice for notice in bench.notices), "it is said")
    assert bench.run(page.desk.client.point(oldest))["held"]
    bench.wait(lambda: page.table.current is not None and bool(page.table.current["held"]), "the list shows it")
    column = next(n for n, column in enumerate(page.model.columns) if column.key == "held")
    assert page.model.index(page.table.currentIndex().row(), column).data() == "audit 2026"
    page.detail.tabs.setCurrentWidget(page.detail.kept)
    bench.wait(lambda: page.detail.kept.kept is not None, "what keeps it is shown")
    assert "held" in {why["code"] for why in page.detail.kept.kept["kept_by"]}  # type: ignore[index]
    assert "audit 2026" in page.detail.kept.held.text()
    assert "first of its volume" in page.detail.kept.base.text()
    act(page, "Release hold").trigger()
    bench.wait(lambda: any("no longer" in notice for notice in bench.notices), "it is said")
    assert not bench.run(page.desk.client.point(oldest))["held"]
