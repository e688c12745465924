"""Item models: `ListModel` holds a short list, `WindowModel` asks a Core for the part of a long one that is seen."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt, Signal
from PySide6.QtGui import QColor

from console.desktop.tables.columns import Cell, Column, Row
from console.desktop.tasks import Tasks
from console.desktop.theme.icons import icon
from console.desktop.theme.theme import tokens
from console.desktop.widgets.parts import tone_icon
from console.domain.clock import Clock
from console.domain.errors import Failed

CHUNK = 100
"""Rows asked for at once."""
KEPT_CHUNKS = 40
"""Chunks remembered: memory stays flat however long the table is."""

Index = QModelIndex | QPersistentModelIndex
Fetch = Callable[[str, bool, int, int], Awaitable[tuple[Sequence[Row], int]]]
"""(sort, descending, offset, limit) → rows and how many there are in all. Raises Failed."""

_LOADING = Cell("…")
_LEFT = int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
_RIGHT = int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)


class TableModel(QAbstractTableModel):
    """What both have in common: cells of columns. Rows are told apart by `id_key`."""

    def __init__(self, columns: Sequence[Column], clock: Clock, id_key: str = "id") -> None:
        super().__init__()
        self.columns = tuple(columns)
        self.id_key = id_key
        self._clock = clock
        self._painted: tuple[Row, int, Cell] | None = None

    def row(self, number: int) -> Row | None:
        """None while it is not loaded."""
        raise NotImplementedError

    def number_of(self, id: str) -> int | None:
        """Where a row is, if that is known."""
        raise NotImplementedError

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own signature
        return 0 if parent.isValid() else len(self.columns)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        # Qt asks for seven things of every cell it paints; most are not ours to say.
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _RIGHT if self.columns[index.column()].right else _LEFT
        if role not in _ROLES or not index.isValid():
            return None
        row = self.row(index.row())
        cell = _LOADING if row is None else self._cell(row, index.column())
        if role == Qt.ItemDataRole.DisplayRole:
            return cell.text
        if role == Qt.ItemDataRole.ToolTipRole:
            return cell.tip or cell.text
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return f"{self.columns[index.column()].title}: {cell.text}"
        if role == Qt.ItemDataRole.DecorationRole:
            name = cell.icon or (tone_icon(cell.tone) if cell.tone else "")
            return icon(name, cell.tone) if name else None
        return QColor(tokens().colour(cell.tone)) if cell.tone else None

    def _cell(self, row: Row, column: int) -> Cell:
        """A cell is painted by several questions one after the other: it is made once for all of them."""
        if self._painted is None or self._painted[0] is not row or self._painted[1] != column:
            self._painted = (row, column, self.columns[column].cell(row, self._clock.now()))
        return self._painted[2]

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if orientation != Qt.Orientation.Horizontal or not 0 <= section < len(self.columns):
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return self.columns[section].title
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _RIGHT if self.columns[section].right else _LEFT
        return None


_ROLES = frozenset(
    int(role)
    for role in (
        Qt.ItemDataRole.DisplayRole,
        Qt.ItemDataRole.ToolTipRole,
        Qt.ItemDataRole.AccessibleTextRole,
        Qt.ItemDataRole.DecorationRole,
        Qt.ItemDataRole.ForegroundRole,
    )
)


class ListModel(TableModel):
    """All rows at once, sorted here: for what a Core has dozens of, never thousands."""

    def __init__(self, columns: Sequence[Column], clock: Clock, id_key: str = "id") -> None:
        super().__init__(columns, clock, id_key)
        self._rows: list[Row] = []
        self._sorted: tuple[int, bool] | None = None

    def put(self, rows: Sequence[Row]) -> None:
        """Shows these; where the same things stand in the same places only cells change."""
        ordered = self._in_order(list(rows))
        if [r[self.id_key] for r in ordered] == [r[self.id_key] for r in self._rows]:
            self._rows = ordered
            if ordered:
                self.dataChanged.emit(self.index(0, 0), self.index(len(ordered) - 1, len(self.columns) - 1))
            return
        self.beginResetModel()
        self._rows = ordered
        self.endResetModel()

    def row(self, number: int) -> Row | None:
        return self._rows[number] if 0 <= number < len(self._rows) else None

    def number_of(self, id: str) -> int | None:
        return next((n for n, row in enumerate(self._rows) if row[self.id_key] == id), None)

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self._rows)

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        self._sorted = (column, order == Qt.SortOrder.DescendingOrder) if column >= 0 else None
        self.beginResetModel()
        self._rows = self._in_order(self._rows)
        self.endResetModel()

    def _in_order(self, rows: list[Row]) -> list[Row]:
        if self._sorted is None:
            return rows
        column = self.columns[self._sorted[0]]
        now = self._clock.now()
        key = column.order or (lambda row: column.cell(row, now).text.casefold())
        return sorted(rows, key=key, reverse=self._sorted[1])


class WindowModel(TableModel):
    """Any number of rows, of which those near what is seen are asked for. Sorting and filtering happen at the Core.

    `counted` tells the total after each answer, `failed` a Failure.
    """

    counted = Signal(int)
    failed = Signal(object)
    answered = Signal()

    def __init__(
        self,
        columns: Sequence[Column],
        clock: Clock,
        tasks: Tasks,
        fetch: Fetch,
        *,
        sort: str = "",
        descending: bool = False,
        id_key: str = "id",
    ) -> None:
        super().__init__(columns, clock, id_key)
        self._tasks = tasks
        self._fetch = fetch
        self._order = (sort, descending)
        self._chunks: OrderedDict[int, Sequence[Row]] = OrderedDict()
        self._asked: dict[int, asyncio.Task[Any]] = {}
        self._total = 0
        self._round = 0
        self.ever_answered = False

    @property
    def total(self) -> int:
        return self._total

    @property
    def order(self) -> tuple[str, bool]:
        """(what the Core sorts by, descending)."""
        return self._order

    def start_over(self) -> None:
        """Another filter or order: forgets all rows and asks for the first ones."""
        self._round += 1
        for task in self._asked.values():
            task.cancel()
        self._asked.clear()
        self._ask(0, forget=True)

    def refresh(self) -> None:
        """Something changed at the Core: asks again for what is remembered, while it stays on the screen."""
        self._round += 1
        for task in self._asked.values():
            task.cancel()
        self._asked.clear()
        newest = list(self._chunks)[-3:]
        for number in list(self._chunks):
            if number not in newest:
                del self._chunks[number]
        for number in newest or [0]:
            self._ask(number)

    def row(self, number: int) -> Row | None:
        chunk, place = divmod(number, CHUNK)
        rows = self._chunks.get(chunk)
        if rows is None:
            self._ask(chunk)
            return None
        self._chunks.move_to_end(chunk)
        return rows[place] if place < len(rows) else None

    def number_of(self, id: str) -> int | None:
        for chunk, rows in self._chunks.items():
            for place, row in enumerate(rows):
                if row[self.id_key] == id:
                    return chunk * CHUNK + place
        return None

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else self._total

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        if 0 <= column < len(self.columns) and self.columns[column].sort:
            wanted = (self.columns[column].sort, order == Qt.SortOrder.DescendingOrder)
            if wanted != self._order:
                self._order = wanted
                self.start_over()

    def _ask(self, chunk: int, *, forget: bool = False) -> None:
        if chunk not in self._asked:
            self._asked[chunk] = self._tasks.start(self._load(chunk, self._round, forget))

    async def _load(self, chunk: int, round: int, forget: bool) -> None:
        try:
            rows, total = await self._fetch(*self._order, chunk * CHUNK, CHUNK)
        except Failed as known:
            if round == self._round:
                self._asked.pop(chunk, None)
                self.failed.emit(known.failure)
            return
        if round != self._round:
            return
        self._asked.pop(chunk, None)
        self.ever_answered = True
        if forget:
            self.beginResetModel()
            self._chunks.clear()
            self._chunks[chunk] = rows
            self._total = total
            self.endResetModel()
        else:
            self._chunks[chunk] = rows
            self._chunks.move_to_end(chunk)
            while len(self._chunks) > KEPT_CHUNKS:
                self._chunks.popitem(last=False)
            self._resize(total)
            first, last = chunk * CHUNK, min(total, chunk * CHUNK + CHUNK) - 1
            if last >= first:
                self.dataChanged.emit(self.index(first, 0), self.index(last, len(self.columns) - 1))
        self.counted.emit(total)
        self.answered.emit()

    def _resize(self, total: int) -> None:
        if total > self._total:
            self.beginInsertRows(QModelIndex(), self._total, total - 1)
            self._total = total
            self.endInsertRows()
        elif total < self._total:
            self.beginRemoveRows(QModelIndex(), total, self._total - 1)
            self._total = total
            for chunk in [number for number in self._chunks if number * CHUNK >= total]:
                del self._chunks[chunk]
            self.endRemoveRows()
