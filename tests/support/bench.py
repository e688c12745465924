"""The Console under test: turns Qt with asyncio on it, waits for conditions, puts pages into windows."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot
from shiboken6 import delete, isValid

from console.client.client import Client
from console.client.cores import Cores
from console.desktop.cores import CoreList
from console.desktop.desk import Desk, Place
from console.desktop.link import Link
from console.desktop.main_window import MainWindow
from console.desktop.pages.page import Page
from console.desktop.tasks import Tasks
from console.desktop.theme.theme import Theme
from console.host.clock import SystemClock
from console.worlds import World

WAIT_MS = 120_000
P = TypeVar("P", bound=Page)
T = TypeVar("T")


@dataclass
class Bench:
    """Turns coroutines and waits for conditions, with a time-out that says what was waited for."""

    qtbot: QtBot
    loop: asyncio.AbstractEventLoop
    theme: Theme
    gone: list[Place] = field(default_factory=list)
    opened: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)
    _links: list[Link] = field(default_factory=list)
    _tasks: list[Tasks] = field(default_factory=list)
    _consoles: list[MainWindow] = field(default_factory=list)
    _widgets: list[QWidget] = field(default_factory=list)
    crashed: list[BaseException] = field(default_factory=list)

    def wait(self, condition: Callable[[], object], text: str = "", timeout_ms: int = WAIT_MS) -> None:
        """Until `condition` is true; `text` says what for."""

        def met() -> None:
            assert condition(), text or "the condition was not met"

        self.qtbot.waitUntil(met, timeout=timeout_ms)

    def run(self, work: Awaitable[T]) -> T:
        """A coroutine to its end, while Qt goes on."""
        task: asyncio.Future[T] = asyncio.ensure_future(work, loop=self.loop)  # noqa: TID251 - held here until done
        self.wait(task.done, "the coroutine did not end")
        return task.result()

    def desk_on(self, connect: Callable[[], Awaitable[Client]], title: str = "Test Core") -> Desk:
        """A desk whose link is connected; it remembers where pages wanted to go and which wizards they opened."""
        clock = SystemClock()
        link = Link("test", title, connect, clock)
        self._links.append(link)
        self._tasks.append(Tasks(self.crashed.append))
        desk = Desk(link, clock, self._tasks[-1])
        desk.going.connect(self.gone.append)
        desk.opening.connect(lambda name, presets: self.opened.append((name, presets)))
        desk.noticed.connect(self.notices.append)
        link.open()
        self.wait(lambda: link.connected, "the link did not connect")
        return desk

    def show(self, page: P, place: Place | None = None, size: tuple[int, int] = (1100, 700)) -> P:
        """Puts a page (or any widget) in front and waits until it has loaded."""
        self.put(page, size)
        page.desk.link.changed.connect(page.tell_changed)
        page.desk.link.moved.connect(lambda: isValid(page) and page.tell_link(page.desk.link.connected))
        if place is not None:
            page.go_to(place)
        self.wait(lambda: not page.pane.busy, f"the page {page.name} did not load")
        return page

    def put(self, widget: QWidget, size: tuple[int, int] = (1100, 700)) -> QWidget:
        """`close` takes it away again, when nothing works for it any more; pytest-qt would do it earlier."""
        self._widgets.append(widget)
        widget.resize(*size)
        widget.show()
        self.qtbot.waitExposed(widget)
        return widget

    def open_console(self, world: World, settings: Path, *, size: tuple[int, int] = (1280, 800)) -> MainWindow:
        """The whole window on the Cores of a world, the primary one in front; they are joined where they run."""
        clock = SystemClock()
        cores = CoreList(Cores(settings), clock, (sys.executable, "-m", "console"))
        for core in sorted(world.cores, key=lambda core: not core.primary):
            cores.add_local(core.data, core.name)
        window = MainWindow(cores, clock, self.theme, Tasks(self.crashed.append))
        self._consoles.append(window)
        self.qtbot.addWidget(window)
        self._widgets.append(window)
        window.resize(*size)
        window.show_core(cores.links[0].key)
        window.show()
        self.wait(lambda: window.seat.desk.link.connected, "the Console did not connect")
        self.settle(window)
        return window

    def settle(self, window: MainWindow) -> None:
        """Until the page in front has loaded."""
        self.wait(
            lambda: window.seat.page is not None and window.seat.page.pane.has_shown and not window.seat.page.pane.busy,
            f"the page {window.seat.place} did not load",
        )

    def close(self) -> None:
        for window in self._consoles:
            for wizard in list(window.wizards):
                wizard.close()
            self.run(window.cores.close())
        for tasks in self._tasks:
            self.run(tasks.drained())  # what still reads would open connections that nobody closes
        for link in self._links:
            self.run(link.close())
        for widget in self._widgets:
            if isValid(widget):
                delete(widget)  # with its timers: they must not meet the next test's loop
        assert not self.crashed, self.crashed
