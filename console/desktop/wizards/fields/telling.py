"""What a step only shows: facts, notes, sentences, a command, tables."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QAbstractTableModel, QEvent, QModelIndex, QPersistentModelIndex, QRectF, Qt, QTimer
from PySide6.QtGui import (
    QColor,
    QFontDatabase,
    QGuiApplication,
    QKeyEvent,
    QKeySequence,
    QPainter,
    QPaintEvent,
    QResizeEvent,
)
from PySide6.QtWidgets import (
    QAbstractItemView,
    QGridLayout,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QPlainTextEdit,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from console.desktop.theme.icons import icon
from console.desktop.theme.theme import tokens
from console.desktop.theme.tokens import GAP, GAP_L, GAP_S, RADIUS, ROW, Tone
from console.desktop.widgets.parts import FactsView, button, label
from console.desktop.wizards.fields.fingerprint import in_lines, is_fingerprint
from console.desktop.wizards.fields.view import FieldView
from console.desktop.wizards.fields.widths import fit
from console.flows.fields import Command, Facts, Lines, Note, Sentences
from console.flows.wording import say

TONES = {"info": Tone.INFO, "warning": Tone.WARN, "danger": Tone.BAD, "good": Tone.GOOD}
SIGNS = {"info": "info", "warning": "warn", "danger": "bad", "good": "good"}
MOST_LINES, MOST_WIDE = 10, 420
COPIED_MS = 2000

Index = QModelIndex | QPersistentModelIndex


class FactsFieldView(FieldView[Facts]):
    asks = False

    def build(self) -> QWidget:
        self.facts = FactsView()
        return self.facts

    def show_field(self, field: Facts) -> None:
        self.facts.show_facts(
            [(name, in_lines(value) if is_fingerprint(value) else value) for name, value in field.facts]
        )


class Soft(QWidget):
    """A sentence on the soft colour of its tone."""

    def __init__(self) -> None:
        super().__init__()
        self._tone, self._icon = Tone.INFO, "info"
        self._sign = QLabel()
        self.text = label(wrap=True, selectable=True)
        self.explain = label(wrap=True, selectable=True)
        words = QVBoxLayout()
        words.setSpacing(GAP_S // 2)
        words.addWidget(self.text)
        words.addWidget(self.explain)
        row = QHBoxLayout(self)
        row.setContentsMargins(GAP + GAP_S, GAP, GAP + GAP_S, GAP)
        row.setSpacing(GAP)
        row.addWidget(self._sign, 0, Qt.AlignmentFlag.AlignTop)
        row.addLayout(words, 1)

    def say(self, tone: Tone, sign: str, text: str, explain: str) -> None:
        self._tone, self._icon = tone, sign
        self._sign.setPixmap(icon(sign, tone).pixmap(18, 18))
        for shown, said in ((self.text, text), (self.explain, explain)):
            shown.setText(said)
            shown.setAccessibleName(said)
            shown.setVisible(bool(said))
        self.setAccessibleName(f"{text} {explain}".strip())
        self.update()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self._sign.setPixmap(icon(self._icon, self._tone).pixmap(18, 18))

    def paintEvent(self, event: QPaintEvent) -> None:
        look = tokens()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(look.soft(self._tone)))
        painter.drawRoundedRect(QRectF(self.rect()), RADIUS, RADIUS)
        painter.end()


class NoteView(FieldView[Note]):
    asks = False

    def build(self) -> QWidget:
        self.soft = Soft()
        return self.soft

    def show_field(self, field: Note) -> None:
        self.name.hide()
        self.explain.hide()
        self.soft.say(TONES[field.level], SIGNS[field.level], field.label, field.explain)


class SentencesView(FieldView[Sentences]):
    asks = False

    def build(self) -> QWidget:
        self._holder = QWidget()
        self._grid = QGridLayout(self._holder)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(GAP)
        self._grid.setVerticalSpacing(GAP_S)
        self._grid.setColumnStretch(1, 1)
        self._shown: tuple[str, ...] = ()
        return self._holder

    def show_field(self, field: Sentences) -> None:
        if field.sentences == self._shown:
            return
        self._shown = field.sentences
        while (item := self._grid.takeAt(0)) is not None:
            gone = item.widget()
            if gone is not None:
                gone.hide()
                gone.deleteLater()
        for number, sentence in enumerate(field.sentences):
            if len(field.sentences) > 1:
                self._grid.addWidget(label(f"{number + 1}.", "muted"), number, 0, Qt.AlignmentFlag.AlignTop)
            self._grid.addWidget(label(sentence, wrap=True, selectable=True), number, 1)


class CommandText(QPlainTextEdit):
    """As high as the command is long."""

    def __init__(self) -> None:
        super().__init__()
        self.setReadOnly(True)
        self.setTabChangesFocus(True)
        self.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))

    def fit(self) -> None:
        lines = max(1, round(self.document().size().height()))  # a plain text document counts lines, not pixels
        self.setFixedHeight(min(lines, MOST_LINES) * self.fontMetrics().lineSpacing() + 2 * GAP + GAP_S)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.fit()


class CommandView(FieldView[Command]):
    asks = False

    def build(self) -> QWidget:
        self.text = CommandText()
        self.copy = button(say("Copy"), self._copy, icon_name="copy", name=say("Copy the command"))
        self._again = QTimer(self)
        self._again.setSingleShot(True)
        self._again.setInterval(COPIED_MS)
        self._again.timeout.connect(lambda: self.copy.setText(say("Copy")))
        row = QWidget()
        made = QHBoxLayout(row)
        made.setContentsMargins(0, 0, 0, 0)
        made.setSpacing(GAP)
        made.addWidget(self.text, 1)
        made.addWidget(self.copy, 0, Qt.AlignmentFlag.AlignTop)
        return row

    def controls(self) -> list[QWidget]:
        return [self.text]

    def show_field(self, field: Command) -> None:
        if self.text.toPlainText() != field.command:
            self.text.setPlainText(field.command)
            self.text.fit()

    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(self.field.command)
        self.copy.setText(say("Copied"))
        self._again.start()


class LinesModel(QAbstractTableModel):
    def __init__(self, field: Lines) -> None:
        super().__init__()
        self.field = field

    def put(self, field: Lines) -> None:
        if field == self.field:
            return
        self.beginResetModel()
        self.field = field
        self.endResetModel()

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own signature
        return 0 if parent.isValid() else len(self.field.rows)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self.field.columns)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if orientation != Qt.Orientation.Horizontal:
            return None
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return self._side(section)
        return self.field.columns[section] if role == Qt.ItemDataRole.DisplayRole else None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        row = self.field.rows[index.row()]
        text = row[index.column()] if index.column() < len(row) else ""
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole):
            return text
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return f"{self.field.columns[index.column()]}: {text}"
        return self._side(index.column()) if role == Qt.ItemDataRole.TextAlignmentRole else None

    def _side(self, column: int) -> int:
        right = column in self.field.numeric
        side = Qt.AlignmentFlag.AlignRight if right else Qt.AlignmentFlag.AlignLeft
        return int(side | Qt.AlignmentFlag.AlignVCenter)


class LinesTable(QTableView):
    """`wanted`: how wide its columns would like to be; the first one takes what is left."""

    def __init__(self) -> None:
        super().__init__()
        self.wanted: list[int] = []

    def fit_columns(self) -> None:
        room = self.viewport().width()
        widths = fit(self.wanted, room)
        for column, width in enumerate(widths):
            self.setColumnWidth(column, width + (max(0, room - sum(widths)) if column == 0 else 0))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.fit_columns()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.matches(QKeySequence.StandardKey.Copy):
            model, row = self.model(), self.currentIndex().row()
            cells = [str(model.index(row, column).data() or "") for column in range(model.columnCount())]
            QGuiApplication.clipboard().setText("\t".join(cells))
            return
        super().keyPressEvent(event)


class LinesView(FieldView[Lines]):
    asks = False

    def build(self) -> QWidget:
        self.lines = LinesModel(self.field)
        self.table = LinesTable()
        self.table.setModel(self.lines)
        self.table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.table.setTabKeyNavigation(False)
        self.table.setShowGrid(False)
        self.table.setWordWrap(False)
        self.table.verticalHeader().setVisible(False)
        self._high = max(ROW, self.fontMetrics().height() + GAP)
        self.table.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        self.table.verticalHeader().setDefaultSectionSize(self._high)
        self.table.horizontalHeader().setHighlightSections(False)
        self._empty = label("", "muted", wrap=True)
        holder = QWidget()
        column = QVBoxLayout(holder)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self._empty)
        column.addWidget(self.table)
        return holder

    def controls(self) -> list[QWidget]:
        return [self.table] if self.field.rows else []

    def show_field(self, field: Lines) -> None:
        changed = field != self.lines.field or not self.table.property("fitted")
        self.lines.put(field)
        self._empty.setText(field.empty)
        self._empty.setVisible(not field.rows and bool(field.empty))
        self.table.setVisible(bool(field.rows))
        self.table.setAccessibleName(self.title)
        if changed:
            self.table.setProperty("fitted", True)
            self.table.resizeColumnsToContents()
            self.table.wanted = [
                min(MOST_WIDE, self.table.columnWidth(column) + GAP_L) for column in range(len(field.columns))
            ]
            self.table.fit_columns()
            head = self.table.horizontalHeader().sizeHint().height()
            self.table.setFixedHeight(head + min(len(field.rows), MOST_LINES) * self._high + GAP_S)
