"""The lines of a Pick as an item model: which are picked, which cannot be, and what each one's own choice is."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt, Signal
from PySide6.QtGui import QColor

from console.desktop.theme.icons import icon
from console.desktop.theme.theme import tokens
from console.desktop.theme.tokens import Tone
from console.desktop.wizards.fields.widths import is_numeric
from console.flows.fields import Pick, Row
from console.flows.wording import say

Index = QModelIndex | QPersistentModelIndex
Roles = Qt.ItemDataRole
NUMERIC_LINES = 50
"""So many lines are looked at to find columns of numbers."""


class PickModel(QAbstractTableModel):
    """`picked` and `beside_chosen` say what a person did; the model changes when the step answers with a new Pick."""

    picked = Signal(object)
    beside_chosen = Signal(object)

    def __init__(self, field: Pick) -> None:
        super().__init__()
        self._field = field
        self._needle = ""
        self._rows: list[Row] = list(field.rows)
        self._picked = frozenset(field.value)
        self._why = any(row.why_not for row in field.rows)
        self._numeric = _numeric_columns(field)

    @property
    def field(self) -> Pick:
        return self._field

    @property
    def beside_column(self) -> int:
        """-1: there is none."""
        return len(self._field.columns) if self._field.beside else -1

    def show_field(self, field: Pick) -> None:
        """In place where the same lines stand in the same places."""
        before, self._field = self._field, field
        same = [row.value for row in before.rows] == [row.value for row in field.rows]
        why = any(row.why_not for row in field.rows)
        same = same and (before.columns, before.beside, self._why) == (field.columns, field.beside, why)
        self._picked = frozenset(field.value)
        self._numeric = _numeric_columns(field)
        if not same:
            self.beginResetModel()
            self._why = why
            self._rows = self._found()
            self.endResetModel()
        else:
            self._rows = self._found()
            if self._rows:
                self.dataChanged.emit(self.index(0, 0), self.index(len(self._rows) - 1, self.columnCount() - 1))

    def seek(self, text: str) -> None:
        """Only lines with this text in one of their cells."""
        self.beginResetModel()
        self._needle = text.casefold().strip()
        self._rows = self._found()
        self.endResetModel()

    def row(self, number: int) -> Row | None:
        return self._rows[number] if 0 <= number < len(self._rows) else None

    def number_of(self, value: str) -> int | None:
        return next((number for number, row in enumerate(self._rows) if row.value == value), None)

    def can(self, row: Row) -> bool:
        return not row.why_not

    def pick(self, row: Row) -> None:
        """What a click on a line means."""
        if row.why_not and row.value not in self._picked:
            return
        if not self._field.several:
            if row.value not in self._picked:
                self.picked.emit((row.value,))
            return
        wanted = self._picked - {row.value} if row.value in self._picked else self._picked | {row.value}
        self.picked.emit(self._ordered(wanted))

    def pick_seen(self, wanted: bool) -> None:
        """All lines that are shown now, or none of them."""
        seen = {row.value for row in self._rows if not row.why_not}
        self.picked.emit(self._ordered(self._picked | seen if wanted else self._picked - seen))

    def choose_beside(self, row: Row, option: str) -> None:
        self.beside_chosen.emit({**self._field.beside_value, row.value: option})

    def beside_of(self, row: Row) -> str:
        """The option (its value) beside a line."""
        return self._field.beside_value.get(row.value, "")

    # --- Qt

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own signature
        return 0 if parent.isValid() else len(self._rows)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        if parent.isValid():
            return 0
        return len(self._field.columns) + bool(self._field.beside) + self._why

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Roles.DisplayRole) -> Any:
        if orientation != Qt.Orientation.Horizontal:
            return None
        if role == Roles.TextAlignmentRole:
            return self._side(section)
        return self._title(section) if role == Roles.DisplayRole else None

    def flags(self, index: Index) -> Qt.ItemFlag:
        row = self.row(index.row())
        if row is None:
            return Qt.ItemFlag.NoItemFlags
        flags = Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemIsEnabled
        if self._field.several and index.column() == 0 and not row.why_not:
            flags |= Qt.ItemFlag.ItemIsUserCheckable
        if index.column() == self.beside_column and row.value in self._picked:
            flags |= Qt.ItemFlag.ItemIsEditable
        return flags

    def data(self, index: Index, role: int = Roles.DisplayRole) -> Any:
        row = self.row(index.row())
        if row is None:
            return None
        column = index.column()
        if role == Roles.CheckStateRole and column == 0 and self._field.several:
            return Qt.CheckState.Checked if row.value in self._picked else Qt.CheckState.Unchecked
        if role == Roles.DecorationRole and column == 0 and not self._field.several:
            return icon("good", Tone.INFO) if row.value in self._picked else icon("empty", Tone.OFF)
        if role == Roles.TextAlignmentRole:
            return self._side(column)
        text = self._text(row, column)
        if role == Roles.DisplayRole:
            return text
        if role == Roles.ToolTipRole:
            return row.why_not or text
        if role == Roles.ForegroundRole and row.why_not:
            return QColor(tokens().muted)
        if role == Roles.AccessibleTextRole:
            return self._spoken(row, column, text)
        return None

    def _side(self, column: int) -> int:
        right = column in self._numeric
        return int(
            (Qt.AlignmentFlag.AlignRight if right else Qt.AlignmentFlag.AlignLeft) | Qt.AlignmentFlag.AlignVCenter
        )

    def _text(self, row: Row, column: int) -> str:
        if column < len(self._field.columns):
            return row.cells[column] if column < len(row.cells) else ""
        if column == self.beside_column:
            chosen = self.beside_of(row)
            return next((one.label for one in self._field.beside_options if one.value == chosen), "")
        return row.why_not

    def _title(self, column: int) -> str:
        if column < len(self._field.columns):
            return self._field.columns[column]
        return self._field.beside if column == self.beside_column else say("Why not")

    def _spoken(self, row: Row, column: int, text: str) -> str:
        said = f"{self._title(column)}: {text}"
        if column:
            return said
        if row.why_not:
            return say("{line}, cannot be chosen: {why}", line=said, why=row.why_not)
        return say("{line}, chosen", line=said) if row.value in self._picked else said

    def _found(self) -> list[Row]:
        needle = self._needle
        if not needle:
            return list(self._field.rows)
        return [row for row in self._field.rows if any(needle in cell.casefold() for cell in row.cells)]

    def _ordered(self, wanted: frozenset[str] | set[str]) -> tuple[str, ...]:
        return tuple(row.value for row in self._field.rows if row.value in wanted)


def _numeric_columns(field: Pick) -> frozenset[int]:
    """Columns that are aligned to the right; the first one names the line and never is."""
    rows = field.rows[:NUMERIC_LINES]
    return frozenset(
        column
        for column in range(1, len(field.columns))
        if is_numeric(row.cells[column] for row in rows if column < len(row.cells))
    )
