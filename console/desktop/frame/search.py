"""Search over everything of a Core, and over commands: type, choose with the arrows, Enter."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QEvent, QObject, QPoint, Qt, QTimer
from PySide6.QtGui import QAction, QKeyEvent
from PySide6.QtWidgets import QFrame, QLabel, QLineEdit, QListWidget, QListWidgetItem, QWidget

from console.desktop.desk import Desk, PageName
from console.desktop.theme.icons import icon
from console.desktop.theme.tokens import GAP_S, Tone
from console.desktop.widgets.parts import label, rows
from console.domain.errors import Failed
from console.domain.overview_answers import HitAnswer
from console.flows.wording import say

SETTLE_MS = 150
SHOWN = 12
FILES_FROM = 3
"""Letters from which on files are worth looking for."""

_PAGES: dict[str, tuple[PageName, str]] = {
    "machine": ("machine", "machine"),
    "recovery point": ("points", "point"),
    "pairing": ("replication", "pairing"),
    "seed drive": ("seeds", "seed"),
    "repository": ("repositories", "repository"),
    "job": ("jobs", "job"),
    "event": ("events", "event"),
}
"""Kind of a hit → its page and icon."""


@dataclass(frozen=True, slots=True)
class SearchCommand:
    """Something that can be done from anywhere, found by its title."""

    title: str
    icon: str
    run: Callable[[], object]


class SearchField(QLineEdit):
    """`host`: the window over which the hits are shown. `commands` are asked for each time: rights may change."""

    def __init__(self, host: QWidget, commands: Callable[[], list[SearchCommand]]) -> None:
        super().__init__()
        self._desk: Desk | None = None
        self._commands = commands
        self._task: asyncio.Task[Any] | None = None
        self._host = host
        self.setPlaceholderText(say("Search everything (Ctrl+K)"))
        self.setAccessibleName(say("Search"))
        self.setClearButtonEnabled(True)
        self.addAction(QAction(icon("search", Tone.OFF), "", self), QLineEdit.ActionPosition.LeadingPosition)
        self._settle = QTimer(self)
        self._settle.setSingleShot(True)
        self._settle.setInterval(SETTLE_MS)
        self._settle.timeout.connect(self._search)
        self.textEdited.connect(self._typed)
        self.popup = QFrame(host)
        self.popup.setProperty("role", "panel")
        self.popup.setAccessibleName(say("Search results"))
        self.hits = QListWidget()
        self.hits.setAccessibleName(say("Search results"))
        self.hits.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.hits.itemClicked.connect(self._chosen)
        self._none: QLabel = label("", "muted")
        rows(self.hits, self._none, gap=GAP_S, margin=GAP_S, into=self.popup)
        self.popup.hide()
        self.installEventFilter(self)

    def use(self, desk: Desk) -> None:
        """Searches this Core from now on."""
        self._desk = desk
        self._close()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.FocusOut and not self.hits.underMouse():
            self._close()
        return super().eventFilter(watched, event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = event.key()
        if key in (Qt.Key.Key_Down, Qt.Key.Key_Up) and self.popup.isVisible():
            step = 1 if key == Qt.Key.Key_Down else -1
            self.hits.setCurrentRow((self.hits.currentRow() + step) % max(1, self.hits.count()))
            self.setAccessibleDescription(self.hits.item(self.hits.currentRow()).text() if self.hits.count() else "")
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.popup.isVisible():
            if self.hits.count():
                self._chosen(self.hits.item(max(0, self.hits.currentRow())))
        elif key == Qt.Key.Key_Escape:
            self._close()
        else:
            super().keyPressEvent(event)

    def _typed(self, text: str) -> None:
        if text.strip():
            self._settle.start()
        else:
            self._close()

    def _search(self) -> None:
        if self._task is not None:
            self._task.cancel()
        if self._desk is not None and self.text().strip():
            self._task = self._desk.tasks.start(self._find(self._desk, self.text().strip()))

    async def _find(self, desk: Desk, text: str) -> None:
        words = text.casefold().split()
        found: list[HitAnswer] = []
        said = say("Nothing found.")
        try:
            found = (await desk.client.search(text, limit=SHOWN))["hits"]
        except Failed as known:
            said = known.failure.message
        self.hits.clear()
        for command in self._commands():
            if all(word in command.title.casefold() for word in words):
                self._add(command.title, say("Command"), command.icon, command.run)
        for hit in found:
            page, icon_name = _PAGES.get(hit["kind"], ("home", "info"))
            self._add(hit["title"], f"{_kind(hit['kind'])} · {hit['detail']}", icon_name, _going(desk, page, hit["id"]))
        nothing = not self.hits.count()
        if len(text) >= FILES_FROM:
            title = say("Search files for “{text}”", text=text)
            self._add(title, say("In the newest point of each machine"), "finder", _to_files(desk, text))
        self._none.setText(said)
        self._none.setVisible(nothing)
        self.hits.setVisible(bool(self.hits.count()))
        if self.hits.count():
            self.hits.setCurrentRow(0)
        self._open()

    def _add(self, title: str, detail: str, icon_name: str, run: Callable[[], object]) -> None:
        item = QListWidgetItem(icon(icon_name), f"{title}    {detail}")
        item.setData(Qt.ItemDataRole.UserRole, run)
        item.setToolTip(detail)
        self.hits.addItem(item)

    def _chosen(self, item: QListWidgetItem) -> None:
        run = item.data(Qt.ItemDataRole.UserRole)
        self.clear()
        self._close()
        run()

    def _open(self) -> None:
        row = max(self.hits.sizeHintForRow(0), 24)
        lines = self.hits.count() + self._none.isVisibleTo(self.popup)
        height = min(max(lines, 1), SHOWN) * row + 4 * GAP_S + 6
        self.popup.resize(max(self.width(), 520), height)
        below = self.mapTo(self._host, QPoint(0, self.height() + GAP_S))
        self.popup.move(min(below.x(), max(0, self._host.width() - self.popup.width() - GAP_S)), below.y())
        self.popup.raise_()
        self.popup.show()

    def _close(self) -> None:
        self._settle.stop()
        self.popup.hide()


def _going(desk: Desk, page: PageName, id: str) -> Callable[[], None]:
    return lambda: desk.go(page, id)


def _to_files(desk: Desk, text: str) -> Callable[[], object]:
    return lambda: desk.go("finder", filter=text)


def _kind(kind: str) -> str:
    return {
        "machine": say("Machine"),
        "recovery point": say("Recovery point"),
        "pairing": say("Replication"),
        "seed drive": say("Seed drive"),
        "repository": say("Repository"),
        "job": say("Job"),
        "event": say("Event"),
    }.get(kind, kind)
