"""Files of a recovery point found by a text, or those whose bytes are (not) here: one page after the other."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt, Signal

from console.desktop.tasks import Tasks
from console.desktop.widgets.file_choice import Chosen, FileChoice
from console.desktop.widgets.file_model import NAME, SIZE, STATE, check_state, file_data, titles
from console.domain.answers import FileAnswer
from console.domain.errors import Failed
from console.domain.overview_answers import FoundFiles
from console.flows.wording import say

Index = QModelIndex | QPersistentModelIndex
Find = Callable[[str | None], Awaitable[FoundFiles]]
"""(cursor of the page before, or None) → a page. Raises Failed."""


ENOUGH = 50
"""So many files are asked for without anybody scrolling."""


class FoundModel(QAbstractTableModel):
    """`choice`: of whom; None: without check boxes. `toggle` is told which path somebody clicked."""

    answered = Signal()
    failed = Signal(object)

    def __init__(
        self,
        tasks: Tasks,
        path_of: Callable[[FileAnswer], str],
        choice: Callable[[], FileChoice] | None = None,
        toggle: Callable[[str], bool] | None = None,
    ) -> None:
        super().__init__()
        self._tasks = tasks
        self._path_of = path_of
        self._choice = choice
        self._toggle = toggle
        self._files: list[FileAnswer] = []
        self._find: Find | None = None
        self._next: str | None = None
        self._task: asyncio.Task[Any] | None = None
        self.complete = True

    @property
    def busy(self) -> bool:
        return self._task is not None

    @property
    def more(self) -> bool:
        """Whether there are more pages."""
        return self._next is not None

    def start(self, find: Find) -> None:
        """Another question; what was found before goes when the first answer comes."""
        if self._task is not None:
            self._task.cancel()
        self._find, self._next = find, None
        self._task = self._tasks.start(self._load(find, None))

    def clear(self) -> None:
        if self._task is not None:
            self._task.cancel()
        self._task, self._find, self._next = None, None, None
        self.beginResetModel()
        self._files = []
        self.endResetModel()

    def again(self) -> None:
        """Asks for the page once more that could not be had."""
        if self._find is not None and self._task is None:
            self._task = self._tasks.start(self._load(self._find, self._next))

    def file(self, row: int) -> FileAnswer:
        return self._files[row]

    def tell_choice(self) -> None:
        if self._files:
            self.dataChanged.emit(self.index(0, 0), self.index(len(self._files) - 1, 0))

    # --- Qt asks

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self._files)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else STATE + 1

    def canFetchMore(self, parent: Index) -> bool:
        return not parent.isValid() and self._next is not None and self._task is None

    def fetchMore(self, parent: Index) -> None:
        if self.canFetchMore(parent):
            self.again()

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if orientation == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return say("File") if section == NAME else titles()[section]
        if role == Qt.ItemDataRole.TextAlignmentRole and section == SIZE:
            return int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        return None

    def flags(self, index: Index) -> Qt.ItemFlag:
        flags = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable
        if self._choice is not None and index.column() == NAME and not self._carried(index.row()):
            flags |= Qt.ItemFlag.ItemIsUserCheckable
        return flags

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        file = self._files[index.row()]
        path = self._path_of(file)
        if index.column() == NAME and self._choice is not None:
            if role == Qt.ItemDataRole.CheckStateRole:
                return check_state(self._choice().state(path))
            carrier = self._carried(index.row())
            if role == Qt.ItemDataRole.ToolTipRole and carrier:
                return say("It comes with the directory “{path}”.", path=carrier)
        return file_data(file, path, index.column(), role)

    def setData(self, index: Index, value: Any, role: int = Qt.ItemDataRole.EditRole) -> bool:
        if role != Qt.ItemDataRole.CheckStateRole or self._toggle is None:
            return False
        return self._toggle(self._path_of(self._files[index.row()]))

    def _carried(self, row: int) -> str:
        if self._choice is None:
            return ""
        choice, path = self._choice(), self._path_of(self._files[row])
        return choice.carrier(path) if choice.state(path) is Chosen.YES else ""

    async def _load(self, find: Find, after: str | None) -> None:
        me = asyncio.current_task()
        try:
            page = await find(after)
        except Failed as known:
            if self._task is me:
                self._task = None
                self.failed.emit(known.failure)
            return
        if self._task is not me:
            return
        self._task, self._next, self.complete = None, page["next"], page["complete"]
        if after is None:
            self.beginResetModel()
            self._files = list(page["files"])
            self.endResetModel()
        elif page["files"]:
            first = len(self._files)
            self.beginInsertRows(QModelIndex(), first, first + len(page["files"]) - 1)
            self._files += page["files"]
            self.endInsertRows()
        self.answered.emit()
        if self._next is not None and len(self._files) < ENOUGH:
            self.again()  # a page may be short, or empty, long before the end
