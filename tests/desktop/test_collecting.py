"""Garbage with widgets in it is collected on Qt's thread, whoever makes garbage meanwhile."""

from __future__ import annotations

import gc
import threading

from PySide6.QtCore import QObject
from pytestqt.qtbot import QtBot

from console.desktop.collecting import Collector


class Cycle:
    """Says on which thread it was collected."""

    where: list[int] = []  # noqa: RUF012 - one list for all of them is meant

    def __init__(self) -> None:
        self.me = self
        self.qt = QObject()

    def __del__(self) -> None:
        self.where.append(threading.get_ident())


def test_no_other_thread_collects(qtbot: QtBot) -> None:
    Cycle.where.clear()
    collector = Collector()
    try:
        for _ in range(50):
            Cycle()

        def work() -> None:
            kept = []
            for _ in range(20_000):
                garbage: list[object] = []
                garbage.append(garbage)
                kept.append(garbage)

        worker = threading.Thread(target=work)
        worker.start()
        worker.join()
        assert not Cycle.where, "another thread collected what belongs to Qt"
        qtbot.waitUntil(lambda: len(Cycle.where) == 50, timeout=60_000)
        assert set(Cycle.where) == {threading.get_ident()}
    finally:
        collector.stop()
    assert gc.isenabled()
