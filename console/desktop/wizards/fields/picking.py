"""Lines of a table, of which some are picked: by mouse, with Space, by the filter above."""

from __future__ import annotations

from PySide6.QtCore import QAbstractItemModel, QEvent, QItemSelectionModel, QModelIndex, QPersistentModelIndex, Qt
from PySide6.QtGui import QKeyEvent, QPainter, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QComboBox,
    QHeaderView,
    QLineEdit,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionComboBox,
    QStyleOptionViewItem,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from console.desktop.theme.tokens import GAP, GAP_S, ROW
from console.desktop.widgets.parts import button, label, line
from console.desktop.wizards.fields.pick_model import PickModel
from console.desktop.wizards.fields.view import FieldView
from console.desktop.wizards.fields.widths import fit
from console.flows.fields import Pick
from console.flows.wording import say

FILTER_FROM = 9
"""Lines from which on there is a filter."""
LEAST_LINES, FEW_LINES, MOST_CHARACTERS = 5, 8, 48
MOST_PIXELS = 16_777_215
"""As high as a widget can be: Qt's own number for no limit."""

Index = QModelIndex | QPersistentModelIndex


class PickTable(QTableView):
    def __init__(self, model: PickModel) -> None:
        super().__init__()
        self._lines = model
        self.setModel(model)
        self.setItemDelegate(Beside(model, self))
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setTabKeyNavigation(False)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        high = max(ROW, self.fontMetrics().height() + GAP)
        rows = self.verticalHeader()
        rows.setVisible(False)
        rows.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        rows.setDefaultSectionSize(high)
        header = self.horizontalHeader()
        header.setHighlightSections(False)
        header.setStretchLastSection(True)
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        self._high = high
        self._wanted: list[int] = []
        self.clicked.connect(self._clicked)

    def fit(self) -> None:
        """Columns as wide as what is in them, within reason, and as many lines as there are, if they are few."""
        self.resizeColumnsToContents()
        most = self.fontMetrics().averageCharWidth() * MOST_CHARACTERS
        columns = range(self._lines.columnCount())
        self._wanted = [min(most, self.columnWidth(column) + 2 * GAP) for column in columns]
        self._fit_columns()
        head = self.horizontalHeader().sizeHint().height() + GAP_S
        lines = len(self._lines.field.rows)
        self.setMinimumHeight(head + self._high * min(lines, LEAST_LINES))
        self.setMaximumHeight(head + self._high * lines if lines <= FEW_LINES else MOST_PIXELS)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit_columns()

    def _fit_columns(self) -> None:
        for column, width in enumerate(fit(self._wanted, self.viewport().width())):
            self.setColumnWidth(column, width)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        row = self._lines.row(self.currentIndex().row())
        if row is not None and event.key() == Qt.Key.Key_Space:
            self._lines.pick(row)
            return
        opens = event.key() == Qt.Key.Key_F2 or (
            event.key() == Qt.Key.Key_Down and event.modifiers() & Qt.KeyboardModifier.AltModifier
        )
        if row is not None and opens and self._lines.beside_column >= 0:
            self._open(self.currentIndex().row())
            return
        before = self.currentIndex().row()
        super().keyPressEvent(event)
        now = self._lines.row(self.currentIndex().row())
        if not self._lines.field.several and now is not None and self.currentIndex().row() != before:
            self._lines.pick(now)  # as with radio buttons: moving is choosing

    def _clicked(self, index: QModelIndex) -> None:
        row = self._lines.row(index.row())
        if row is None:
            return
        if index.column() == self._lines.beside_column:
            self._open(index.row())
        else:
            self._lines.pick(row)

    def _open(self, number: int) -> None:
        row = self._lines.row(number)
        if row is None or row.why_not:
            return
        if row.value not in self._lines.field.value:
            self._lines.pick(row)
        index = self._lines.index(number, self._lines.beside_column)
        self.setCurrentIndex(index)
        self.edit(index)


class Beside(QStyledItemDelegate):
    """Draws what stands beside a picked line as a box that opens, and opens it."""

    def __init__(self, model: PickModel, parent: QWidget) -> None:
        super().__init__(parent)
        self._lines = model

    def editorEvent(self, event: QEvent, model: QAbstractItemModel, option: QStyleOptionViewItem, index: Index) -> bool:
        return False  # the table itself answers to clicks and keys, on the whole line

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        row = self._lines.row(index.row())
        picked = row is not None and row.value in self._lines.field.value
        if index.column() != self._lines.beside_column or not picked:
            super().paint(painter, option, index)
            return
        self.initStyleOption(option, index)
        box = QStyleOptionComboBox()
        box.rect = option.rect.adjusted(GAP_S // 2, 1, -GAP_S // 2, -1)
        box.currentText = str(index.data() or say("Choose …"))
        box.palette = option.palette
        box.fontMetrics = option.fontMetrics
        box.state = QStyle.StateFlag.State_Enabled
        style = option.widget.style()
        style.drawPrimitive(QStyle.PrimitiveElement.PE_PanelItemViewItem, option, painter, option.widget)
        style.drawComplexControl(QStyle.ComplexControl.CC_ComboBox, box, painter)
        style.drawControl(QStyle.ControlElement.CE_ComboBoxLabel, box, painter)

    def createEditor(self, parent: QWidget, option: QStyleOptionViewItem, index: Index) -> QWidget:
        box = QComboBox(parent)
        row = self._lines.row(index.row())
        box.setAccessibleName(f"{self._lines.field.beside}: {row.cells[0] if row and row.cells else ''}")
        for choice in self._lines.field.beside_options:
            box.addItem(choice.label, choice.value)
            item = box.model().index(box.count() - 1, 0)
            box.model().setData(item, choice.why_not or choice.explain, Qt.ItemDataRole.ToolTipRole)
        number = box.findData(self._lines.beside_of(row)) if row else -1
        box.setCurrentIndex(number)
        box.activated.connect(lambda _: self._chosen(box, index.row()))
        return box

    def setEditorData(self, editor: QWidget, index: Index) -> None:
        return

    def setModelData(self, editor: QWidget, model: QAbstractItemModel, index: Index) -> None:
        return

    def _chosen(self, box: QComboBox, number: int) -> None:
        row = self._lines.row(number)
        chosen = box.currentData()
        self.closeEditor.emit(box)
        if row is not None and chosen is not None:
            self._lines.choose_beside(row, chosen)


class PickView(FieldView[Pick]):
    wide = True

    def build(self) -> QWidget:
        self.lines = PickModel(self.field)
        self.table = PickTable(self.lines)
        self.lines.picked.connect(self.give)
        self.lines.beside_chosen.connect(lambda value: self.give(value, ".beside"))
        self.watch(self.table)
        self.seek = QLineEdit()
        self.seek.setPlaceholderText(say("Filter"))
        self.seek.setClearButtonEnabled(True)
        self.seek.setAccessibleName(say("Filter"))
        self.seek.setProperty("own-description", True)
        self.seek.textChanged.connect(self._seek)
        self.all = button(say("All"), lambda: self.lines.pick_seen(True), role="link", tip=say("Choose all shown"))
        self.none = button(say("None"), lambda: self.lines.pick_seen(False), role="link", tip=say("Choose none shown"))
        self.total = label("", "muted")
        self._above = line(self.seek, 0, self.all, self.none)
        self._empty = label("", "muted", wrap=True)
        self._shape: object = None
        holder = QWidget()
        column = QVBoxLayout(holder)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GAP_S)
        column.addWidget(self._above)
        column.addWidget(self._empty)
        column.addWidget(self.table, 1)
        column.addWidget(self.total)
        column.addStretch(0)
        return holder

    def controls(self) -> list[QWidget]:
        shown: list[QWidget] = [self.table]
        return shown if self.field.rows else []

    def take_focus(self) -> bool:
        if not self.field.rows:
            return False
        self.table.setFocus()
        self._begin()
        return True

    def show_field(self, field: Pick) -> None:
        rows = len(field.rows)
        self.lines.show_field(field)
        shape = (rows, field.columns, self.lines.columnCount())
        if rows and shape != self._shape:
            self._shape = shape
            self.table.fit()
        self.table.setAccessibleName(self.title)
        self._empty.setText(field.empty or say("There is nothing to choose from."))
        self._empty.setVisible(not rows)
        self.table.setVisible(bool(rows))
        self.seek.setVisible(rows >= FILTER_FROM or bool(self.seek.text()))
        for one in (self.all, self.none):
            one.setVisible(field.several and rows > 1)
        self._above.setVisible(rows > 1 and (field.several or rows >= FILTER_FROM))
        self.total.setText(_total(field))
        self.total.setVisible(field.several and bool(rows))
        self._begin()

    def _begin(self) -> None:
        """Puts the line that is picked, or the first one, in front, so that the keyboard has somewhere to start."""
        if self.table.currentIndex().isValid() or not self.lines.rowCount():
            return
        number = next((n for n in map(self.lines.number_of, self.field.value) if n is not None), 0)
        flags = QItemSelectionModel.SelectionFlag
        index = self.lines.index(number, 0)
        self.table.selectionModel().setCurrentIndex(index, flags.ClearAndSelect | flags.Rows)

    def _seek(self, text: str) -> None:
        self.lines.seek(text)
        self._begin()


def _total(field: Pick) -> str:
    said = say("{n} of {total} chosen", n=len(field.value), total=len(field.rows))
    if field.beside:
        return say("{chosen}. F2 opens “{beside}” of the line in front.", chosen=said, beside=field.beside)
    return said
