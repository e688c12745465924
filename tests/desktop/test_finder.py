"""The file search on real Cores, from its page and from the search on top."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QMenu

from console.client.client import Client
from console.desktop.desk import Place
from console.desktop.pages.finder import FinderPage
from tests.support.bench import Bench
from tests.support.named_worlds import RunningWorld
from tests.support.walking import nameless, shared_letters

Worlds = Callable[..., RunningWorld]


def act(page: FinderPage, text: str) -> QAction:
    menu = QMenu(page)
    row = page.table.current
    assert row is not None
    page._menu(row, menu)
    return next(one for one in menu.actions() if one.text().replace("&", "").startswith(text))


def ended(page: FinderPage) -> bool:
    return page.search is not None and page.search.ended and not page.stop.isEnabled()


def test_a_file_is_found_opened_restored_and_its_versions_told(bench: Bench, running_world: Worlds) -> None:
    running = running_world("one-machine")

    async def connect() -> Client:
        return await running.connect()

    desk = bench.desk_on(connect)
    machine = bench.run(desk.client.machines())["machines"][0]
    newest = bench.run(desk.client.points(limit=1))["points"][0]["id"]
    files = bench.run(desk.client.find_files(newest, limit=1000))["files"]
    path = next(file["path"] for file in files if file["type"] == "file")
    page = bench.show(FinderPage(desk), Place("finder", filter=path), (1100, 700))
    bench.wait(lambda: ended(page), "the search did not end")
    assert not nameless(page)
    assert not shared_letters(page)
    rows = [page.model.row(number) for number in range(page.model.rowCount())]
    row = next(row for row in rows if row is not None and row["path"] == path)
    assert row["point"]["id"] == newest
    page.table.choose(row["key"])
    act(page, "Restore").trigger()
    bench.wait(lambda: bench.opened, "the wizard was not opened")
    assert bench.opened[-1] == ("restore", {"point": newest, "paths": (path,)})
    act(page, "All versions").trigger()
    bench.wait(lambda: ended(page) and page.search.question.every, "not all points were searched")  # type: ignore[union-attr]
    assert page.machine.machine == machine["id"]
    assert page.search is not None
    assert page.search.points == machine["points"]
    found = [page.model.row(number) for number in range(page.model.rowCount())]
    assert sum(row["versions"] for row in found if row is not None and row["path"] == path) <= machine["points"]
    page.table.selectRow(0)
    QTest.keyClick(page.table, Qt.Key.Key_Return)
    assert bench.gone[-1].page == "points"

    page.text.clear()
    QTest.keyClick(page.text, Qt.Key.Key_Return)
    assert page.note.text() == "Type a part of the path."
    running.primary.kill()
    page.text.setText(path)
    QTest.keyClick(page.text, Qt.Key.Key_Return)
    bench.wait(lambda: page.pane.problem.isVisible(), "nobody says that the Core is gone")
    assert not page.stop.isEnabled()
    assert page.pane.problem._retry.isVisible()


def test_the_search_on_top_leads_to_files(bench: Bench, running_world: Worlds, tmp_path: Path) -> None:
    window = bench.open_console(running_world("empty").world, tmp_path)
    QTest.keyClicks(window.search, "invoice")
    bench.wait(lambda: window.search.hits.count(), "files were not offered")
    assert window.search._none.isVisible(), "that nothing has this name is said all the same"
    QTest.keyClick(window.search, Qt.Key.Key_Return)
    bench.settle(window)
    page = window.seat.page
    assert isinstance(page, FinderPage)
    assert page.text.text() == "invoice"
    bench.wait(lambda: ended(page), "the search did not end")
    assert page.note.text() == "0 files in 0 recovery points."
