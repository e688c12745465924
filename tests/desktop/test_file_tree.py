"""Files of a recovery point by tree and by search, chosen and looked at."""

from __future__ import annotations

import asyncio

from PySide6.QtCore import QModelIndex, Qt
from PySide6.QtTest import QSignalSpy

from console.desktop.widgets.file_model import NAME, STATE
from console.desktop.widgets.file_tree import FileTree
from console.domain.errors import failed
from tests.desktop.points_client import PointsClient, file, folder
from tests.support.bench import Bench

POINT = "point-00010"


def tree_on(bench: Bench, client: PointsClient, *, choosing: bool = True) -> FileTree:
    shown = FileTree(bench.desk_on(client.connect), choosing=choosing)
    bench.put(shown, (900, 500))
    return shown


def one_volume() -> PointsClient:
    client = PointsClient()
    client.tree = {
        "": [file("zebra.txt"), folder("etc"), folder("var", here=False), file("iso", here=False)],
        "etc": [file("etc/passwd"), file("etc/shadow", problem="Permission denied")],
    }
    return client


def names(shown: FileTree, parent: QModelIndex | None = None) -> list[str]:
    parent = parent or QModelIndex()
    return [shown.model.index(row, NAME, parent).data() for row in range(shown.model.rowCount(parent))]


def test_a_directory_is_read_when_it_is_opened_and_directories_stand_first(bench: Bench) -> None:
    client = one_volume()
    shown = tree_on(bench, client)
    shown.show_point(POINT)
    bench.wait(lambda: names(shown) == ["etc", "var", "iso", "zebra.txt"], "the top is read")
    assert [call[2] for call in client.calls if call[0] == "files"] == [""]
    etc = shown.model.index_of("etc")
    shown.tree.expand(etc)
    bench.wait(lambda: names(shown, etc) == ["passwd", "shadow"], "the directory is read")
    assert [call[2] for call in client.calls if call[0] == "files"] == ["", "etc"]


def test_several_volumes_are_the_first_level_and_paths_begin_with_their_labels(bench: Bench) -> None:
    client = PointsClient()
    client.volumes = ["srv", "home"]
    client.tree = {"srv:": [file("a")], "home:": [file("b", "home")]}
    shown = tree_on(bench, client)
    shown.show_point(POINT)
    bench.wait(lambda: names(shown) == ["srv", "home"], "the volumes are shown")
    bench.wait(lambda: shown.model.index_of("home:b").isValid(), "few volumes are opened at once")
    shown.model.toggle("home:b")
    assert shown.value == ("home:",)


def test_a_label_is_named_where_a_path_would_read_as_one(bench: Bench) -> None:
    client = PointsClient()
    client.tree = {"": [file("srv:odd"), file("plain")]}
    shown = tree_on(bench, client)
    shown.show_point(POINT)
    bench.wait(lambda: len(names(shown)) == 2, "the files are shown")
    shown.model.toggle("srv:srv:odd")
    assert shown.value == ("srv:srv:odd",)


def test_files_that_are_not_here_say_so(bench: Bench) -> None:
    client = one_volume()
    shown = tree_on(bench, client)
    shown.show_point(POINT)
    bench.wait(lambda: shown.model.index_of("iso").isValid())
    assert shown.model.index_of("iso").siblingAtColumn(STATE).data() == "Bytes not here"
    assert shown.model.index_of("var").siblingAtColumn(STATE).data() == "Names not here"
    assert shown.model.index_of("zebra.txt").siblingAtColumn(STATE).data() == ""


def test_space_chooses_and_directories_are_partly_chosen(bench: Bench) -> None:
    client = one_volume()
    shown = tree_on(bench, client)
    shown.show_point(POINT)
    bench.wait(lambda: shown.model.index_of("etc").isValid())
    shown.tree.expand(shown.model.index_of("etc"))
    bench.wait(lambda: shown.model.index_of("etc/passwd").isValid())
    changed = QSignalSpy(shown.changed)
    shown.tree.setCurrentIndex(shown.model.index_of("etc/passwd"))
    bench.qtbot.keyClick(shown.tree, Qt.Key.Key_Space)
    assert shown.value == ("etc/passwd",)
    assert _check(shown, "etc") is Qt.CheckState.PartiallyChecked
    assert shown.note.text() == "1 file or directory chosen."
    shown.tree.setCurrentIndex(shown.model.index_of("etc/shadow"))
    bench.qtbot.keyClick(shown.tree, Qt.Key.Key_Space)
    assert shown.value == ("etc",)
    bench.qtbot.mouseClick(shown.none, Qt.MouseButton.LeftButton)
    assert shown.value == ()
    assert changed.count() == 3


def test_a_click_on_the_box_chooses(bench: Bench) -> None:
    shown = tree_on(bench, one_volume())
    shown.show_point(POINT)
    bench.wait(lambda: shown.model.index_of("zebra.txt").isValid())
    area = shown.tree.visualRect(shown.model.index_of("zebra.txt"))
    where = area.center()
    where.setX(area.left() + 11)
    bench.qtbot.mouseClick(shown.tree.viewport(), Qt.MouseButton.LeftButton, pos=where)
    assert shown.value == ("zebra.txt",)


def test_a_value_from_outside_is_shown_and_not_told(bench: Bench) -> None:
    shown = tree_on(bench, one_volume())
    changed = QSignalSpy(shown.changed)
    shown.show_point(POINT, ("etc/passwd", "iso"))
    bench.wait(lambda: shown.model.index_of("iso").isValid())
    assert shown.value == ("etc/passwd", "iso")
    assert _check(shown, "iso") is Qt.CheckState.Checked
    shown.set_value(())
    assert shown.value == ()
    assert changed.count() == 0


def test_a_directory_that_cannot_be_read_says_why_and_is_tried_again(bench: Bench) -> None:
    client = one_volume()
    shown = tree_on(bench, client)
    shown.show_point(POINT)
    bench.wait(lambda: shown.model.index_of("etc").isValid())
    client.fails["files"] = failed("names-missing", "The names in “etc” have not arrived.")
    etc = shown.model.index_of("etc")
    shown.tree.expand(etc)
    bench.wait(lambda: "have not arrived" in " ".join(names(shown, etc)), "the failure is in place")
    assert names(shown) == ["etc", "var", "iso", "zebra.txt"]
    del client.fails["files"]
    shown.tree.setCurrentIndex(shown.model.index(0, 0, etc))
    bench.qtbot.keyClick(shown.tree, Qt.Key.Key_Return)
    bench.wait(lambda: names(shown, etc) == ["passwd", "shadow"], "it is tried again")


def test_while_a_directory_is_read_it_says_so_and_an_older_answer_is_not_shown(bench: Bench) -> None:
    client = one_volume()
    gate = client.gates["files"] = asyncio.Event()
    shown = tree_on(bench, client)
    shown.show_point(POINT)
    bench.wait(lambda: names(shown) == ["Reading …"], "it says that it reads")
    shown.show_point("point-00011")
    client.tree = {"": [file("other")]}
    gate.set()
    bench.wait(lambda: names(shown) == ["other"], "the newer point is shown")


def test_search_shows_pages_and_chooses(bench: Bench) -> None:
    client = one_volume()
    client.tree["var"] = [file(f"var/log-{number:03}") for number in range(120)]
    client.page = 60
    shown = tree_on(bench, client)
    shown.show_point(POINT)
    bench.wait(lambda: shown.model.index_of("etc").isValid())
    bench.qtbot.keyClicks(shown.search, "log-")
    bench.wait(lambda: shown.list.isVisible() and shown.found.rowCount() == 60, "the first page is shown")
    assert "scroll for more" in shown.note.text()
    shown.list.scrollToBottom()
    bench.wait(lambda: shown.found.rowCount() == 120, "the second page is read at the end")
    assert "120 files." in shown.note.text()
    assert "so there may be more" in shown.note.text()  # names of one directory are not here
    shown.list.setCurrentIndex(shown.found.index(3, 0))
    bench.qtbot.keyClick(shown.list, Qt.Key.Key_Space)
    assert shown.value == ("var/log-003",)
    shown.search.clear()
    bench.wait(shown.tree.isVisible, "the tree is back")
    assert shown.value == ("var/log-003",)


def test_an_empty_page_is_not_the_end(bench: Bench) -> None:
    client = one_volume()
    client.page = 1
    shown = tree_on(bench, client)
    shown.show_point(POINT)
    bench.wait(lambda: shown.model.index_of("etc").isValid())
    shown.search.setText("e")
    bench.wait(lambda: shown.found.rowCount() == 4 and not shown.found.more, "all pages are read")


def test_what_comes_with_a_directory_cannot_be_left_out_in_the_search(bench: Bench) -> None:
    client = one_volume()
    shown = tree_on(bench, client)
    shown.show_point(POINT, ("etc",))
    bench.wait(lambda: shown.model.index_of("etc").isValid())
    shown.search.setText("passwd")
    bench.wait(lambda: shown.found.rowCount() == 1)
    index = shown.found.index(0, 0)
    assert index.data(Qt.ItemDataRole.CheckStateRole) is Qt.CheckState.Checked
    assert not shown.found.flags(index) & Qt.ItemFlag.ItemIsUserCheckable
    assert index.data(Qt.ItemDataRole.ToolTipRole) == "It comes with the directory “etc”."


def test_a_search_that_fails_is_told_and_tried_again(bench: Bench) -> None:
    client = one_volume()
    client.fails["find_files"] = failed("core-busy", "The Core is busy.")
    shown = tree_on(bench, client)
    shown.show_point(POINT)
    shown.search.setText("pass")
    bench.wait(lambda: shown.pane.problem.failure is not None, "the failure is shown")
    del client.fails["find_files"]
    shown.pane.problem.again.emit()
    bench.wait(lambda: shown.found.rowCount() == 1, "it is tried again")
    assert not shown.pane.problem.isVisible()


def test_a_point_that_is_gone_is_told(bench: Bench) -> None:
    shown = tree_on(bench, one_volume())
    shown.show_point("nowhere")
    bench.wait(lambda: shown.pane.problem.failure is not None, "the failure is shown")
    assert shown.pane.problem.failure is not None
    assert shown.pane.problem.failure.code == "no-such-recovery-point"


def test_without_choosing_there_are_no_boxes(bench: Bench) -> None:
    shown = tree_on(bench, one_volume(), choosing=False)
    shown.show_point(POINT)
    bench.wait(lambda: shown.model.index_of("iso").isValid())
    assert shown.model.index_of("iso").data(Qt.ItemDataRole.CheckStateRole) is None
    assert not shown.model.flags(shown.model.index_of("iso")) & Qt.ItemFlag.ItemIsUserCheckable


def _check(shown: FileTree, path: str) -> Qt.CheckState:
    return Qt.CheckState(shown.model.index_of(path).data(Qt.ItemDataRole.CheckStateRole))
