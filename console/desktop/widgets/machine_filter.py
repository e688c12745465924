"""A field that narrows a page to one machine: some letters of its name, then a choice."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, Qt, QTimer, Signal
from PySide6.QtGui import QStandardItem, QStandardItemModel
from PySide6.QtWidgets import QCompleter, QLineEdit

from console.desktop.desk import Desk
from console.desktop.theme.icons import icon
from console.desktop.widgets import states
from console.domain.errors import Failed
from console.flows.wording import say

PAUSE_MS, MOST = 200, 20
_ID = Qt.ItemDataRole.UserRole


class MachineFilter(QLineEdit):
    """`machine`: the id of the chosen one, empty: all. `changed` when a person chose another one or none."""

    changed = Signal(str)

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self._desk = desk
        self.machine = ""
        self._asked = 0
        self.setPlaceholderText(say("All machines"))
        self.setAccessibleName(say("Machine"))
        self.setClearButtonEnabled(True)
        self.setMinimumWidth(150)
        self.setMaximumWidth(280)
        self.found = QStandardItemModel(self)
        completer = QCompleter(self.found, self)
        completer.setCompletionMode(QCompleter.CompletionMode.UnfilteredPopupCompletion)
        completer.setCompletionRole(Qt.ItemDataRole.DisplayRole)
        completer.activated[QModelIndex].connect(self._take)  # type: ignore[index]
        self.setCompleter(completer)
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(PAUSE_MS)
        self._soon.timeout.connect(self._seek)
        self.textEdited.connect(self._edited)
        self.textChanged.connect(self._changed)

    def show_machine(self, machine: str, name: str) -> None:
        """Without `changed`; an empty id: all machines."""
        self.machine = machine
        before = self.blockSignals(True)
        self.setText(name)
        self.blockSignals(before)

    def _edited(self, _: str) -> None:
        self._soon.start()

    def _changed(self, text: str) -> None:
        if not text and self.machine:
            self.machine = ""
            self.changed.emit("")

    def _seek(self) -> None:
        self._asked += 1
        self._desk.tasks.start(self._look(self.text().strip(), self._asked))

    async def _look(self, text: str, number: int) -> None:
        try:
            page = await self._desk.client.machines(text=text or None, limit=MOST)
        except Failed:
            return  # the table below tells of a Core that does not answer
        if number != self._asked:
            return
        self.found.clear()
        for machine in page["machines"]:
            shown = states.machine_kind(machine["kind"])
            item = QStandardItem(icon(shown.icon), machine["name"])
            item.setData(machine["id"], _ID)
            item.setToolTip(f"{shown.text} · {machine['origin']}")
            self.found.appendRow(item)
        if self.hasFocus() and self.text():
            self.completer().complete()

    def _take(self, index: QModelIndex) -> None:
        machine = index.data(_ID)
        if machine:
            self.machine = machine
            self.changed.emit(machine)
