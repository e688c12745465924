"""The one table view: sorting, columns to choose, remembered widths, copy, export, row menus, all by keyboard too."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from functools import partial

from PySide6.QtCore import QItemSelectionModel, QModelIndex, QPoint, QSettings, Qt, Signal
from PySide6.QtGui import QAction, QGuiApplication, QKeyEvent, QKeySequence
from PySide6.QtWidgets import QAbstractItemView, QFileDialog, QHeaderView, QMenu, QTableView, QWidget

from console.desktop.tables.columns import Row
from console.desktop.tables.model import TableModel, WindowModel
from console.desktop.theme.tokens import GAP, ROW
from console.flows.wording import count, say

MOST_EXPORTED = 100_000
"""Rows a table exports at most; reports are for more."""

RowMenu = Callable[[Row, QMenu], None]
"""Fills the menu of a row."""


class Table(QTableView):
    """`name`: stable, for remembered columns. `chosen` when another row is in front (None: none), `opened` on Enter and
    double click, `column_shown` when a person wants to see a column that was hidden."""

    chosen = Signal(object)
    opened = Signal(object)
    column_shown = Signal()

    def __init__(self, name: str, title: str, model: TableModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName(name)
        self.setAccessibleName(title)
        self._model = model
        self._menu: RowMenu | None = None
        self._wanted = ""
        self._fit = (0, 0)
        self.setModel(model)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setTabKeyNavigation(False)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.customContextMenuRequested.connect(self._show_menu)
        self.doubleClicked.connect(self._open)
        self.selectionModel().currentRowChanged.connect(self._moved)
        rows = self.verticalHeader()
        rows.setVisible(False)
        rows.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        rows.setDefaultSectionSize(max(ROW, self.fontMetrics().height() + GAP))
        self._set_up_header()
        model.modelReset.connect(self._find_again)

    def shows(self, key: str) -> bool:
        """Whether the column of a key is there and not hidden."""
        return any(self._model.columns[number].key == key for number in self._visible())

    def set_row_menu(self, menu: RowMenu) -> None:
        self._menu = menu

    def fit_rows(self, least: int, most: int) -> None:
        """Takes just the height of its rows, between `least` and `most`; for tables that stand above others."""
        self._fit = (least, most)
        for signal in (self._model.modelReset, self._model.rowsInserted, self._model.rowsRemoved):
            signal.connect(lambda *_: self._fit_now())
        self._fit_now()

    def _fit_now(self) -> None:
        rows = min(max(self._model.rowCount(), self._fit[0]), self._fit[1])
        frame = 2 * self.frameWidth() + self.horizontalHeader().sizeHint().height()
        bar = self.horizontalScrollBar().sizeHint().height()
        self.setFixedHeight(frame + rows * self.verticalHeader().defaultSectionSize() + bar)

    @property
    def current(self) -> Row | None:
        index = self.currentIndex()
        return self._model.row(index.row()) if index.isValid() else None

    def choose(self, id: str) -> bool:
        """Puts the row of an id in front, now or when it is loaded. False: it is not known yet."""
        self._wanted = id
        return self._find_again()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.matches(QKeySequence.StandardKey.Copy):
            self.copy()
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.currentIndex().isValid():
            self._open(self.currentIndex())
        elif event.key() == Qt.Key.Key_Menu or (
            event.key() == Qt.Key.Key_F10 and event.modifiers() & Qt.KeyboardModifier.ShiftModifier
        ):
            self._show_menu(self.visualRect(self.currentIndex()).center())
        else:
            super().keyPressEvent(event)

    def copy(self) -> None:
        """The row in front as tab-separated text."""
        row = self.currentIndex().row()
        cells = [str(self._model.index(row, column).data() or "") for column in self._visible()]
        QGuiApplication.clipboard().setText("\t".join(cells))

    def as_csv(self) -> str:
        """What is loaded, as CSV with the visible columns."""
        made = io.StringIO()
        writer = csv.writer(made)
        writer.writerow([self._model.columns[column].title for column in self._visible()])
        for row in range(min(self._model.rowCount(), MOST_EXPORTED)):
            writer.writerow([str(self._model.index(row, column).data() or "") for column in self._visible()])
        return made.getvalue()

    # --- columns

    def _set_up_header(self) -> None:
        header = self.horizontalHeader()
        header.setSectionsMovable(True)
        header.setHighlightSections(False)
        header.setStretchLastSection(True)
        header.setMinimumSectionSize(40)
        header.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        header.customContextMenuRequested.connect(self._choose_columns)
        wide = self.fontMetrics().averageCharWidth()
        for number, column in enumerate(self._model.columns):
            # The title is bold, has room at both sides, and an arrow when it is sorted by.
            title = round(self.fontMetrics().horizontalAdvance(column.title) * 1.15) + 2 * GAP + 14
            self.setColumnWidth(number, max(column.width * wide + 2 * GAP + 24, title))
            self.setColumnHidden(number, column.hidden)
        kept = QSettings().value(self._kept_under)
        if kept is not None:
            header.restoreState(kept)
        # Sorting is switched on after the order is known, or Qt would ask for its own first.
        number, order = self._first_order()
        header.setSortIndicator(number, order)
        header.setSortIndicatorShown(True)
        self.setSortingEnabled(True)
        header.sectionResized.connect(self._keep_columns)
        header.sectionMoved.connect(self._keep_columns)

    def _first_order(self) -> tuple[int, Qt.SortOrder]:
        if isinstance(self._model, WindowModel):
            sort, descending = self._model.order
            order = Qt.SortOrder.DescendingOrder if descending else Qt.SortOrder.AscendingOrder
            for number, column in enumerate(self._model.columns):
                if column.sort == sort:
                    return number, order
        return -1, Qt.SortOrder.AscendingOrder

    @property
    def _kept_under(self) -> str:
        keys = "-".join(column.key for column in self._model.columns)
        return f"tables/{self.objectName()}/{keys}"

    def _keep_columns(self) -> None:
        QSettings().setValue(self._kept_under, self.horizontalHeader().saveState())

    def _visible(self) -> list[int]:
        header = self.horizontalHeader()
        shown = [number for number in range(len(self._model.columns)) if not self.isColumnHidden(number)]
        return sorted(shown, key=header.visualIndex)

    def _choose_columns(self, where: QPoint) -> None:
        menu = QMenu(self)
        for number, column in enumerate(self._model.columns):
            made = menu.addAction(column.title)
            made.setCheckable(True)
            made.setChecked(not self.isColumnHidden(number))
            made.toggled.connect(partial(self._show_column, number))
        menu.popup(self.horizontalHeader().mapToGlobal(where))

    def _show_column(self, number: int, shown: bool) -> None:
        if shown or len(self._visible()) > 1:
            self.setColumnHidden(number, not shown)
            self._keep_columns()
        if shown:
            self.column_shown.emit()

    # --- rows

    def _moved(self, current: QModelIndex, before: QModelIndex) -> None:
        row = self._model.row(current.row()) if current.isValid() else None
        if row is not None:
            self._wanted = str(row[self._model.id_key])
        self.chosen.emit(row)

    def _open(self, index: QModelIndex) -> None:
        row = self._model.row(index.row())
        if row is not None:
            self.opened.emit(row)

    def _find_again(self) -> bool:
        number = self._model.number_of(self._wanted) if self._wanted else None
        if number is None:
            return False
        index = self._model.index(number, 0)
        flags = QItemSelectionModel.SelectionFlag
        self.selectionModel().setCurrentIndex(index, flags.ClearAndSelect | flags.Rows)
        self.scrollTo(index)
        return True

    def _show_menu(self, where: QPoint) -> None:
        index = self.indexAt(where)
        row = self._model.row(index.row()) if index.isValid() else None
        menu = QMenu(self)
        menu.setToolTipsVisible(True)
        if row is not None and self._menu is not None:
            self._menu(row, menu)
            menu.addSeparator()
        copy = QAction(say("&Copy row"), menu)
        copy.setShortcut(QKeySequence.StandardKey.Copy)
        copy.triggered.connect(self.copy)
        copy.setEnabled(row is not None)
        menu.addAction(copy)
        export = QAction(say("&Export table as CSV …"), menu)
        export.triggered.connect(self._export)
        menu.addAction(export)
        menu.popup(self.viewport().mapToGlobal(where))

    def _export(self) -> None:
        dialog = QFileDialog(self, say("Export table"))
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setDefaultSuffix("csv")
        dialog.setNameFilter(say("CSV files (*.csv)"))
        dialog.selectFile(f"{self.objectName()}.csv")
        dialog.fileSelected.connect(self._write)
        dialog.open()

    def _write(self, path: str) -> None:
        with open(path, "w", encoding="utf-8", newline="") as file:
            file.write(self.as_csv())


def rows_text(total: int) -> str:
    """How many rows there are, for the line below a table."""
    return count("{n} row", "{n} rows", total)
