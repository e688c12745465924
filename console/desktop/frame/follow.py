"""A small reader of one thing that follows the change feed: for rings, bells and trees around the pages."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Generic, TypeVar

from PySide6.QtCore import QObject, QTimer
from shiboken6 import isValid

from console.client.client import Client
from console.desktop.desk import Desk
from console.domain.errors import Failed
from console.domain.events import Changed

T = TypeVar("T")
SETTLE_MS = 300


class Follow(QObject, Generic[T]):
    """Reads with `read` at once and after each change of `kinds`, and hands the answer to `show`. While the Core does
    not answer nothing is shown anew; the banner says so."""

    def __init__(
        self,
        desk: Desk,
        kinds: frozenset[Changed],
        read: Callable[[Client], Awaitable[T]],
        show: Callable[[T], object],
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._desk = desk
        self._kinds = kinds
        self._read = read
        self._show = show
        self._task: asyncio.Task[Any] | None = None
        self._settle = QTimer(self)
        self._settle.setSingleShot(True)
        self._settle.setInterval(SETTLE_MS)
        self._settle.timeout.connect(self.reload)
        desk.link.changed.connect(self._changed)
        if desk.link.connected:
            self.reload()

    def reload(self) -> None:
        if self._task is None or self._task.done():
            self._task = self._desk.tasks.start(self._load())
        else:
            self._settle.start()

    def _changed(self, kinds: frozenset[Changed]) -> None:
        if kinds & self._kinds and not self._settle.isActive():
            self._settle.start()

    async def _load(self) -> None:
        try:
            answer = await self._read(self._desk.client)
        except Failed:
            return
        if isValid(self):  # with another Core in front, what it was read for may be gone by now
            self._show(answer)
