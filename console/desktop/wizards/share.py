"""A part of a window has a desk of its own: what it started ends with it, and nothing answers to what is gone."""

from __future__ import annotations

import asyncio
from typing import Any

from PySide6.QtWidgets import QWidget
from shiboken6 import isValid

from console.desktop.desk import Desk
from console.desktop.tasks import Tasks, Work


class Share(Tasks):
    """Started among those of `whole`, which hears of bugs; `cancel` and `drained` are about its own alone."""

    def __init__(self, whole: Tasks) -> None:
        super().__init__()
        self._whole = whole

    def start(self, work: Work) -> asyncio.Task[Any]:
        task = self._whole.start(work)
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        return task


def share_of(desk: Desk) -> Desk:
    """A desk at the same Core, with tasks of its own."""
    made = Desk(desk.link, desk.clock, Share(desk.tasks))
    made.going.connect(desk.going)
    made.opening.connect(desk.opening)
    made.noticed.connect(desk.noticed)
    made.helping.connect(desk.helping)
    made.others = desk.others
    return made


def let_go(widget: QWidget, own: Desk, whole: Desk) -> None:
    """Deletes a widget once everything has ended that it started on its `own` desk, a share of `whole`."""

    async def gone() -> None:
        await own.tasks.drained()
        if isValid(widget):
            widget.deleteLater()

    own.tasks.cancel()
    whole.tasks.start(gone())
