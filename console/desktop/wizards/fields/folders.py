"""Directories of the Core's machine: typed, or found by walking through them."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QLineEdit, QListWidget, QVBoxLayout, QWidget

from console.desktop.theme.icons import icon
from console.desktop.theme.tokens import GAP, GAP_S
from console.desktop.widgets.parts import button, line
from console.desktop.wizards.fields.browser import FolderBrowser, TakingLine
from console.desktop.wizards.fields.view import FieldView
from console.flows.fields import Folders
from console.flows.wording import say

LINES = 4


class Chosen(QListWidget):
    """Delete takes the line in front away."""

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Delete:
            self.itemActivated.emit(self.currentItem())
        else:
            super().keyPressEvent(event)


class FoldersView(FieldView[Folders]):
    def build(self) -> QWidget:
        self.edit = TakingLine() if self.field.several else QLineEdit()
        self.edit.setPlaceholderText(say("/path/to/a/directory"))
        self.edit.textEdited.connect(self._typed)
        if isinstance(self.edit, TakingLine):
            self.edit.taken.connect(self._add)
        self.watch(self.edit)
        self.browse = button(say("Browse"), self._browse, icon_name="folder")
        self.browse.setCheckable(True)
        self.add = button(say("Add"), self._add, icon_name="add")
        self.remove = button(say("Remove"), self._remove, icon_name="delete")
        self.list = Chosen()
        self.list.setFixedHeight((self.fontMetrics().height() + GAP) * LINES)
        self.list.itemActivated.connect(lambda _: self._remove())
        self.list.currentRowChanged.connect(lambda number: self.remove.setEnabled(number >= 0))
        self.watch(self.list)
        self.browser = FolderBrowser(self.desk)
        self.browser.chosen.connect(self._found)
        self.browser.hide()
        self._several = line(self.list, self.remove)
        holder = QWidget()
        column = QVBoxLayout(holder)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GAP_S)
        column.addWidget(self._several)
        column.addWidget(line(self.edit, self.add, self.browse, gap=GAP))
        column.addWidget(self.browser)
        return holder

    def controls(self) -> list[QWidget]:
        return [self.edit]

    def show_field(self, field: Folders) -> None:
        self._several.setVisible(field.several)
        self.add.setVisible(field.several)
        self.browse.setAccessibleName(say("Browse: {name}", name=self.title))
        if field.several:
            self._show_list(field.value)
            self.list.setAccessibleName(self.title)
            self.edit.setAccessibleName(say("Another directory"))
            self.add.setEnabled(bool(self.edit.text().strip()))
        else:
            self.edit.setAccessibleName(self.title)
            text = next(iter(field.value), "")
            if self.edit.text() != text:
                at = self.edit.cursorPosition()
                self.edit.setText(text)
                if self.edit.hasFocus():
                    self.edit.setCursorPosition(min(at, len(text)))

    def _show_list(self, value: tuple[str, ...]) -> None:
        if [self.list.item(number).text() for number in range(self.list.count())] != list(value):
            self.list.clear()
            self.list.addItems(list(value))
            for number in range(self.list.count()):
                self.list.item(number).setIcon(icon("folder"))
        self.list.setVisible(bool(value))
        self.remove.setVisible(bool(value))
        self.remove.setEnabled(self.list.currentRow() >= 0)

    def _typed(self, text: str) -> None:
        if self.field.several:
            self.add.setEnabled(bool(text.strip()))
        else:
            self.give((text,) if text else ())

    def _add(self) -> None:
        text = self.edit.text().strip()
        if self.field.several and text:
            self.edit.clear()
            self._take(text)

    def _take(self, path: str) -> None:
        if path not in self.field.value:
            self.give((*self.field.value, path))

    def _remove(self) -> None:
        item = self.list.currentItem()
        if item is not None:
            self.give(tuple(path for path in self.field.value if path != item.text()))

    def _found(self, path: str) -> None:
        if self.field.several:
            self._take(path)
            return
        self.give((path,))
        self.browse.setChecked(False)
        self._browse()
        self.edit.setFocus(Qt.FocusReason.OtherFocusReason)

    def _browse(self) -> None:
        opened = self.browse.isChecked()
        self.browser.setVisible(opened)
        if opened:
            typed = self.edit.text().strip() or next(iter(self.field.value), "")
            self.browser.open(typed if typed.startswith("/") else "", make=self.field.make)
            self.browser.focus()
