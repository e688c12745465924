"""What is typed: lines of text, whole numbers, sizes, and a tick."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent, QTextCursor
from PySide6.QtWidgets import QCheckBox, QComboBox, QLineEdit, QPlainTextEdit, QSpinBox, QWidget

from console.desktop.theme.tokens import GAP
from console.desktop.widgets.parts import line
from console.desktop.wizards.fields.view import FieldView, text_begin
from console.domain.sizes import format_size, parse_size
from console.flows.fields import Number, Size, Text, Toggle
from console.flows.wording import say

LINES = 4
WIDEST = 760
"""A line that is longer than a window is wide is not easier to read."""
NARROW = 24
"""Characters that a number or a size has room for."""


class Lines(QPlainTextEdit):
    """Several lines, left with Tab."""

    def __init__(self) -> None:
        super().__init__()
        self.setTabChangesFocus(True)
        high = self.fontMetrics().lineSpacing() * LINES
        self.setFixedHeight(high + 3 * GAP)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and (
            event.modifiers() & Qt.KeyboardModifier.ControlModifier
        ):
            event.ignore()  # goes on to the window, which takes it for Next
            return
        super().keyPressEvent(event)


class TextView(FieldView[Text]):
    def build(self) -> QWidget:
        self._showing = False
        self.line: QLineEdit | None = None
        self.lines: Lines | None = None
        if self.field.long:
            self.lines = Lines()
            self.lines.textChanged.connect(self._typed)
        else:
            self.line = QLineEdit()
            self.line.textEdited.connect(self.give)
        self._control.setMaximumWidth(WIDEST)
        self.watch(self._control)
        return self._control

    @property
    def _control(self) -> QWidget:
        control = self.line or self.lines
        assert control is not None
        return control

    def controls(self) -> list[QWidget]:
        return [self._control]

    def show_field(self, field: Text) -> None:
        self._showing = True
        try:
            if self.line is not None:
                _show_line(self.line, field)
            elif self.lines is not None:
                _show_lines(self.lines, field)
        finally:
            self._showing = False

    def _typed(self) -> None:
        if not self._showing and self.lines is not None:
            self.give(self.lines.toPlainText())


def _show_line(shown: QLineEdit, field: Text) -> None:
    shown.setPlaceholderText(field.placeholder)
    mode = QLineEdit.EchoMode.Password if field.secret else QLineEdit.EchoMode.Normal
    if shown.echoMode() != mode:
        shown.setEchoMode(mode)
    if shown.hasFocus() and shown.text().strip() == field.value:
        return  # a space that is being typed, and that the step does not count
    if shown.text() != field.value:
        at = shown.cursorPosition()
        shown.setText(field.value)
        shown.setCursorPosition(min(at, len(field.value)) if shown.hasFocus() else 0)


def _show_lines(shown: Lines, field: Text) -> None:
    shown.setPlaceholderText(field.placeholder)
    if shown.toPlainText() != field.value:
        at = shown.textCursor().position()
        shown.setPlainText(field.value)
        cursor = QTextCursor(shown.document())
        cursor.setPosition(min(at, len(field.value)))
        shown.setTextCursor(cursor)


class NumberView(FieldView[Number]):
    def build(self) -> QWidget:
        self.box = QSpinBox()
        self.box.setMinimumWidth(self.fontMetrics().averageCharWidth() * NARROW)
        self.box.valueChanged.connect(self._typed)
        self.watch(self.box)
        self._showing = False
        return line(self.box, 1)

    def controls(self) -> list[QWidget]:
        return [self.box]

    def show_field(self, field: Number) -> None:
        self._showing = True
        try:
            # An answer outside is shown as it is: the step says what is wrong with it.
            self.box.setRange(min(field.minimum, field.value), max(field.maximum, field.value))
            self.box.setSuffix(f" {field.unit}" if field.unit else "")
            if self.box.value() != field.value:
                self.box.setValue(field.value)
        finally:
            self._showing = False

    def _typed(self, value: int) -> None:
        if not self._showing:
            self.give(value)


class SizeView(FieldView[Size]):
    """A box that takes sizes as people write them, with a list of usual ones."""

    def build(self) -> QWidget:
        self.box = QComboBox()
        self.box.setEditable(True)
        self.box.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
        self.box.setMinimumWidth(self.fontMetrics().averageCharWidth() * NARROW)
        edit = self.box.lineEdit()
        assert edit is not None
        self.box.setCompleter(None)  # type: ignore[arg-type]
        edit.textEdited.connect(self._typed)
        self.box.activated.connect(lambda number: self._typed(self.box.itemText(number)))
        self.watch(self.box)
        self.watch(edit)
        self._offered: tuple[str, ...] = ()
        self._last: int | str | None = ""
        return line(self.box, 1)

    def controls(self) -> list[QWidget]:
        return [self.box]

    def show_field(self, field: Size) -> None:
        offered = (*((field.none_text,) if field.none_text else ()), *(format_size(one) for one in field.suggestions))
        if offered != self._offered:
            kept = self.box.currentText()
            self._offered = offered
            self.box.clear()
            self.box.addItems(list(offered))
            self.box.setCurrentIndex(-1)
            self.box.setEditText(kept)
        # Asked for each time: the box owns its line, and a reference kept here has been seen to outlive it.
        edit = self.box.lineEdit()
        if edit is not None:
            edit.setPlaceholderText(field.none_text or say("For example 25 GB"))
            edit.setAccessibleName(self.title)
        if field.value != self._last:
            self._last = field.value
            self.problem = ""
            self.box.setEditText(field.none_text if field.value is None else format_size(field.value))

    def _typed(self, text: str) -> None:
        text = text.strip()
        size = parse_size(text)
        self.problem = ""
        if not text or text == self.field.none_text:
            size = None
        elif size is None:
            self.problem = say("“{text}” is no size: write it as “25 GB” or “700 MB”.", text=text)
        elif text in self._offered:
            size = next(one for one in self.field.suggestions if format_size(one) == text)
        if self.problem:
            size = self.field.value
        self._last = size
        self.give(size)


class ToggleView(FieldView[Toggle]):
    def build(self) -> QWidget:
        self.box = QCheckBox()
        self.box.clicked.connect(lambda checked: self.give(bool(checked)))
        self.watch(self.box)
        self.explain.setIndent(text_begin(self.box))
        return self.box

    def controls(self) -> list[QWidget]:
        return [self.box]

    def show_field(self, field: Toggle) -> None:
        self.name.hide()
        self.box.setChecked(field.value)
        self.box.setAccessibleName(self.title)

    def set_label(self, text: str) -> None:
        self.box.setText(text)
