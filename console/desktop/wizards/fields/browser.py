"""Directories of the Core's machine to walk through, and a new one where that is wanted."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QAbstractItemView, QLineEdit, QListWidget, QListWidgetItem, QWidget

from console.desktop.desk import Desk
from console.desktop.theme.icons import icon
from console.desktop.theme.tokens import GAP, Tone
from console.desktop.widgets.pane import Pane
from console.desktop.widgets.parts import button, label, line, panel, rows, tool
from console.desktop.wizards.fields.mnemonics import plain
from console.domain.plan_answers import HostEntry, HostFolder
from console.domain.sizes import format_size
from console.flows.wording import say

PATH = Qt.ItemDataRole.UserRole
LINES = 7


class Entries(QListWidget):
    """Enter goes in, Backspace goes up."""

    entered = Signal(str)
    up = Signal()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.currentItem() is not None:
            self.entered.emit(self.currentItem().data(PATH))
        elif event.key() == Qt.Key.Key_Backspace:
            self.up.emit()
        else:
            super().keyPressEvent(event)


class TakingLine(QLineEdit):
    """Enter takes what is typed, and goes on to the window only when there is nothing to take."""

    taken = Signal()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.text().strip():
            self.taken.emit()
        else:
            super().keyPressEvent(event)


class FolderBrowser(QWidget):
    """`chosen` says a path in the text form of `domain.paths`. Nothing is loaded before `open` is called."""

    chosen = Signal(str)

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self._desk = desk
        self._here: HostFolder | None = None
        self._make = False
        self.path = label("", wrap=True, selectable=True)
        self.up = tool("back", say("One directory up"), self._up)
        self.room = label("", "muted")
        self.entries = Entries()
        self.entries.setAccessibleName(say("Directories"))
        self.entries.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.entries.setUniformItemSizes(True)
        self.entries.setFixedHeight((self.fontMetrics().height() + GAP) * LINES)
        self.entries.entered.connect(self._go)
        self.entries.up.connect(self._up)
        self.entries.itemDoubleClicked.connect(lambda item: self._go(item.data(PATH)))
        self.entries.itemSelectionChanged.connect(self._say)
        self.note = label("", "muted", wrap=True)
        self.use = button(say("&Use"), self._use, icon_name="check")
        self.name = TakingLine()
        self.name.setPlaceholderText(say("Name of a new directory"))
        self.name.setAccessibleName(say("Name of a new directory"))
        self.name.textChanged.connect(self._say)
        self.name.taken.connect(self._new)
        self.make = button(say("Ma&ke directory"), self._new, icon_name="add")
        self._new_line = line(self.name, self.make)
        inside = rows(
            line(self.up, self.path, 1, self.room),
            self.entries,
            self.note,
            self._new_line,
            line(1, self.use),
            gap=GAP,
            margin=GAP,
            into=panel(),
        )
        self.path.setMinimumWidth(200)
        self.pane = Pane(inside, desk)
        rows(self.pane, into=self)

    def open(self, path: str, *, make: bool) -> None:
        """Shows a directory, or the home of the Core's owner where it cannot be shown. `make`: new ones can be made."""
        self._make = make
        self._load(path)

    def focus(self) -> None:
        self.entries.setFocus()

    @property
    def here(self) -> str:
        """The directory in front; empty while none is loaded."""
        return self._here["path"] if self._here else ""

    def _load(self, path: str, then: Callable[[], object] | None = None) -> None:
        def show(folder: HostFolder) -> None:
            self._show(folder)
            if then is not None:
                then()

        self.pane.load(lambda: self._desk.client.host_folder(path), show)

    def _show(self, folder: HostFolder) -> None:
        came_from = self.here
        self._here = folder
        self.path.setText(folder["path"])
        self.path.setAccessibleName(folder["path"])
        self.up.setEnabled(folder["parent"] is not None)
        free = folder["free"]
        self.room.setText("" if free is None else say("{size} free", size=format_size(free)))
        self.entries.blockSignals(True)
        self.entries.clear()
        for entry in folder["entries"]:
            if entry["directory"]:
                self.entries.addItem(_item(entry))
        self.entries.blockSignals(False)
        for number in range(self.entries.count()):
            if self.entries.item(number).data(PATH) == came_from:
                self.entries.setCurrentRow(number)
        self.note.setText(_note(folder, self.entries.count()))
        self.note.setVisible(bool(self.note.text()))
        self._new_line.setVisible(self._make and folder["writable"])
        self.name.clear()
        self._say()

    def _say(self) -> None:
        name = self._target.rstrip("/").rsplit("/", 1)[-1] or self._target
        self.use.setText(say("&Use “{name}”", name=plain(name)))
        self.use.setAccessibleName(say("Use “{name}”", name=self._target))
        self.use.setEnabled(bool(self._target))
        self.make.setEnabled(bool(self.name.text().strip()))

    @property
    def _target(self) -> str:
        return next((str(item.data(PATH)) for item in self.entries.selectedItems()), self.here)

    def _use(self) -> None:
        if self._target:
            self.chosen.emit(self._target)

    def _go(self, path: str) -> None:
        self._load(path)

    def _up(self) -> None:
        if self._here is not None and self._here["parent"] is not None:
            self._load(self._here["parent"])

    def _new(self) -> None:
        name = self.name.text().strip()
        if not name or self._here is None:
            return
        path = f"{self.here.rstrip('/')}/{name}"

        def made(folder: HostFolder) -> None:
            self._show(folder)
            self.chosen.emit(folder["path"])

        self.pane.act(lambda: self._desk.client.make_folder(path), made)


def _item(entry: HostEntry) -> QListWidgetItem:
    made = QListWidgetItem(icon("folder"), entry["name"])
    made.setData(PATH, entry["path"])
    if not entry["readable"]:
        made.setIcon(icon("off", Tone.OFF))
        made.setToolTip(say("The Core may not look into it."))
    return made


def _note(folder: HostFolder, shown: int) -> str:
    if folder["truncated"]:
        return say("Only the first directories are shown. Type the path to reach another one.")
    return "" if shown else say("There are no directories in it.")
