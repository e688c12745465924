"""The Console at work: the Cores, the window; and their end in the right order."""

from __future__ import annotations

import asyncio

from PySide6.QtCore import QSettings, QTimer
from PySide6.QtWidgets import QApplication

from console.client.cores import Cores
from console.client.embedded import EmbeddedCore, Start
from console.desktop.bugs import Bugs
from console.desktop.collecting import Collector
from console.desktop.cores import CoreList
from console.desktop.frame.more_cores import MoreCores
from console.desktop.languages import put_on
from console.desktop.main_window import LOOK, MainWindow
from console.desktop.tasks import Tasks
from console.desktop.theme.theme import Theme
from console.domain.clock import Clock
from console.domain.errors import Failed
from console.domain.roles import Right

WELCOMED = "window/welcomed"


async def session(app: QApplication, start: Start, clock: Clock, core: EmbeddedCore, asked: asyncio.Event) -> int:
    """Until the window is ended, or `asked` is set; the exit code. `core`: the first one, which may have been begun.

    All Cores that were started here are stopped when it returns.
    """
    collector = Collector()
    bugs = Bugs()
    bugs.install()
    put_on(str(QSettings().value("window/language", "")))
    theme = Theme(app, str(QSettings().value(LOOK, "system")))
    remembered = Cores(start.data.parent / "console" if start.world is not None else None)
    cores = CoreList(remembered, clock, start.command)
    tasks = Tasks(bugs.crashed)
    for number, data in enumerate(start.cores or (start.data,)):
        title = "" if number == 0 and start.world is None else data.name
        cores.add_local(data, title, core if data == core.data else None)
    window = MainWindow(cores, clock, theme, tasks)
    bugs.window = window
    more = MoreCores(window, cores)  # noqa: F841 - answers the switcher for as long as the window lives
    window.ended.connect(asked.set)
    window.show_core(cores.links[0].key)
    window.show()
    for link in cores.links[1:]:
        link.open()
    try:
        cores.add_all_remembered()
    except Failed as known:
        window.seat.desk.notice(f"{known.failure.message} {known.failure.hint}")
    _welcome(window, start)
    try:
        await asked.wait()
    finally:
        window.hide()
        await tasks.drained()
        await cores.close()
        collector.stop()
    return 0


def _welcome(window: MainWindow, start: Start) -> None:
    """The first time with an empty Core of one's own, the first-start wizard opens by itself; it can be skipped."""
    link = window.seat.desk.link

    def look() -> None:
        if not link.connected or link.status is None:
            return
        link.moved.disconnect(look)
        counts = link.status["counts"]
        fresh = not counts["machines"] and not counts["points"] and not counts["pairings"]
        if fresh and start.world is None and link.may(Right.ADMINISTER) and not QSettings().value(WELCOMED):
            QSettings().setValue(WELCOMED, True)
            QTimer.singleShot(0, lambda: window.open_wizard("first-start"))

    link.moved.connect(look)
    look()
