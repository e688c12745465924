"""Pages and a long table on a Core that runs: prints `name = value` lines. Arguments: data directory, settings."""

from __future__ import annotations

import asyncio
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import qasync
from PySide6.QtCore import QSettings, Qt
from PySide6.QtWidgets import QApplication, QTableView

from console.client.cores import Cores
from console.desktop.cores import CoreList
from console.desktop.desk import Place
from console.desktop.link import EVERYTHING
from console.desktop.main_window import MainWindow
from console.desktop.tables.model import WindowModel
from console.desktop.tasks import Tasks
from console.desktop.theme.theme import Theme
from console.host.clock import SystemClock

FRAMES = 400
CHANGES = 200
PAGES = ("home", "points", "replication", "seeds", "jobs", "events", "repositories")


async def until(condition: Callable[[], object], timeout: float = 60.0) -> None:
    async with asyncio.timeout(timeout):
        while not condition():  # noqa: ASYNC110 - what is waited for has no event
            await asyncio.sleep(0.001)


async def session(app: QApplication, data: Path, settings: Path) -> None:
    clock = SystemClock()
    cores = CoreList(Cores(settings), clock, (sys.executable, "-m", "console"))
    cores.add_local(data)
    window = MainWindow(cores, clock, Theme(app, "light"), Tasks())
    window.resize(1280, 800)
    window.show_core(cores.links[0].key)
    window.show()
    await until(lambda: window.seat.page is not None and window.seat.page.pane.has_shown)
    for name in PAGES:  # the first opening imports the page
        await page(window, name)
    for name in PAGES:
        began = time.perf_counter()
        await page(window, name)
        print(f"page {name}, ms = {(time.perf_counter() - began) * 1000}")
    await table(window)
    await changes(window)
    print(f"memory after, MB = {psutil.Process().memory_info().rss / 1e6}")
    window.quit()
    await cores.close()


async def page(window: MainWindow, name: str) -> None:
    window.seat.go(Place(name))  # type: ignore[arg-type]
    shown = window.seat.page
    assert shown is not None
    shown.reload()
    await until(lambda: shown.pane.has_shown and not shown.pane.busy)
    for view in shown.findChildren(QTableView):
        model = view.model()
        if view.isVisible() and isinstance(model, WindowModel):
            await until(lambda model=model: model.ever_answered)


async def changes(window: MainWindow) -> None:
    """A day of changes in short: every page that was opened hears of each of them, the one in front reloads."""
    window.seat.go(Place("home"))
    shown = window.seat.page
    assert shown is not None
    memory = []
    for number in range(CHANGES):
        window.seat.desk.link.changed.emit(EVERYTHING)
        shown.reload()
        await until(lambda: not shown.pane.busy)
        if number in (CHANGES // 4, CHANGES - 1):
            memory.append(psutil.Process().memory_info().rss / 1e6)
    print(f"memory added by {CHANGES * 3 // 4} changes, MB = {memory[1] - memory[0]}")


async def table(window: MainWindow) -> None:
    window.seat.go(Place("points"))
    shown = window.seat.page
    assert shown is not None
    view = next(v for v in shown.findChildren(QTableView) if isinstance(v.model(), WindowModel))
    model = view.model()
    assert isinstance(model, WindowModel)
    sizes = [number for number, column in enumerate(model.columns) if column.sort == "size"]
    await timed("open", model, model.start_over)
    await timed("sort", model, lambda: view.sortByColumn(sizes[0], Qt.SortOrder.DescendingOrder))
    everything = model.total
    began = time.perf_counter()
    window.seat.go(Place("points", filter="orphaned"))
    await until(lambda: model.total < everything)
    print(f"table: filter, ms = {(time.perf_counter() - began) * 1000}")
    began = time.perf_counter()
    shown.clear.click()  # type: ignore[attr-defined]
    await until(lambda: model.total == everything)
    print(f"table: filter taken off, ms = {(time.perf_counter() - began) * 1000}")
    bar = view.verticalScrollBar()
    await timed("jump to the middle", model, lambda: bar.setValue(bar.maximum() // 2))
    before = psutil.Process().memory_info().rss
    frames = []
    for number in range(FRAMES):
        began = time.perf_counter()
        bar.setValue(bar.maximum() // 2 + number * 3)
        view.viewport().repaint()
        frames.append((time.perf_counter() - began) * 1000)
        await asyncio.sleep(0)
    print(f"table: a frame while scrolling, median ms = {statistics.median(frames)}")
    print(f"table: a frame while scrolling, 99 %, ms = {sorted(frames)[int(FRAMES * 0.99)]}")
    print(f"table: memory added by scrolling, MB = {(psutil.Process().memory_info().rss - before) / 1e6}")


async def timed(name: str, model: WindowModel, work: Callable[[], object]) -> None:
    """Until the Core has answered what `work` asks for."""
    answered = asyncio.Event()
    model.answered.connect(answered.set)
    began = time.perf_counter()
    work()
    try:
        async with asyncio.timeout(60):
            await answered.wait()
    finally:
        model.answered.disconnect(answered.set)
    print(f"table: {name}, ms = {(time.perf_counter() - began) * 1000}")


def main() -> int:
    app = QApplication(["replicore"])
    app.setOrganizationName("replicore")
    app.setApplicationName("replicore-bench")
    app.setQuitOnLastWindowClosed(False)
    QSettings.setDefaultFormat(QSettings.Format.IniFormat)
    QSettings.setPath(QSettings.Format.IniFormat, QSettings.Scope.UserScope, sys.argv[2])
    loop = qasync.QEventLoop(app)
    asyncio.set_event_loop(loop)
    with loop:
        loop.run_until_complete(session(app, Path(sys.argv[1]), Path(sys.argv[2])))
    return 0


if __name__ == "__main__":
    sys.exit(main())
