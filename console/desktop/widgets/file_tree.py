"""The files of one recovery point: by tree, by search, to look at and to choose for a restore."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QModelIndex, Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QLineEdit,
    QSizePolicy,
    QStackedLayout,
    QTableView,
    QTreeView,
    QWidget,
)

from console.desktop.desk import Desk
from console.desktop.theme.tokens import GAP, ROW
from console.desktop.widgets.file_model import NAME, SIZE, STATE, TIME, FileModel
from console.desktop.widgets.found_model import Find, FoundModel
from console.desktop.widgets.locked_view import LockedView
from console.desktop.widgets.pane import Pane
from console.desktop.widgets.parts import button, label, line, rows
from console.domain.answers import FileAnswer, PointDetailAnswer, PointKeyAnswer
from console.domain.overview_answers import FoundFiles
from console.flows.wording import count, say

PAUSE_MS = 300
"""After the last key, before it is searched."""


class FileTree(QWidget):
    """`value`: what is chosen, as restore takes it (`sub/dir`, or `label:sub/dir` with several volumes). `changed` when
    a person chose otherwise. With `choosing` False one can only look."""

    changed = Signal()

    def __init__(self, desk: Desk, *, choosing: bool = True) -> None:
        super().__init__()
        self._desk = desk
        self._point = ""
        self._choosing = choosing
        self.model = FileModel(desk.tasks, self._read, choosing=choosing)
        self.model.chosen.connect(self._chosen)
        self.tree = Tree(self.model)
        self.found = (
            FoundModel(desk.tasks, self.model.path_of, lambda: self.model.choice, self.model.toggle)
            if choosing
            else FoundModel(desk.tasks, self.model.path_of)
        )
        self.found.answered.connect(self._tell)
        self.list = FoundList(self.found, say("Files found"))
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(PAUSE_MS)
        self._soon.timeout.connect(self._seek)
        self.search = QLineEdit()
        self.search.setPlaceholderText(say("Search files by part of their path"))
        self.search.setClearButtonEnabled(True)
        self.search.setAccessibleName(say("Search files"))
        self.search.textChanged.connect(lambda _: self._soon.start())
        self.search.returnPressed.connect(self._seek)
        self.note = label("", "muted", wrap=True)
        self.note.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self.none = button(say("Choos&e none"), lambda: self._choose_none(), role="link")
        holder = QWidget()
        self._stack = QStackedLayout(holder)
        self._stack.addWidget(self.tree)
        self._stack.addWidget(self.list)
        self.locked = LockedView(desk)
        self.locked.unlocked.connect(lambda: self.show_keys(()))
        self._stack.addWidget(self.locked)
        self.pane = Pane(holder, desk)
        self.found.answered.connect(self.pane.problem.clear)
        self.found.failed.connect(lambda failure: self.pane.tell(failure, self.found.again))
        rows(self.search, self.pane, line(self.note, self.none), gap=GAP // 2, into=self)
        layout = self.layout()
        assert layout is not None
        layout.setContentsMargins(0, 0, 0, 0)
        self._tell()

    @property
    def point(self) -> str:
        return self._point

    @property
    def value(self) -> tuple[str, ...]:
        return self.model.choice.value

    def set_value(self, value: Sequence[str]) -> None:
        """Without `changed`."""
        self.model.set_value(value)
        self.found.tell_choice()
        self._tell()

    def show_point(self, point: str, value: Sequence[str] = ()) -> None:
        """The files of a point (id); the same point is not read again. Empty: none."""
        if point == self._point:
            self.set_value(value)
            return
        self._point = point
        self.search.clear()
        self._soon.stop()
        self.search.setEnabled(True)
        self._stack.setCurrentWidget(self.tree)
        self.found.clear()
        self.model.start("", (), value)
        self._tell()
        if point:
            self.pane.load(lambda: self._desk.client.point(point), lambda detail: self._show(detail, value))

    def show_keys(self, keys: Sequence[PointKeyAnswer]) -> None:
        """What the point is sealed with: nothing of it is asked for while that is locked."""
        was = self._stack.currentWidget() is self.locked
        if self.locked.show_keys(keys):
            self._stack.setCurrentWidget(self.locked)
            self.search.setEnabled(False)
        elif was:
            point, value = self._point, self.value
            self._point = ""
            self.show_point(point, value)

    def _show(self, detail: PointDetailAnswer, value: Sequence[str]) -> None:
        self.show_keys(detail.get("keys", ()))
        if self._stack.currentWidget() is self.locked:
            return
        chosen = self.value or tuple(value)
        self.model.start(detail["id"], [image["volume"] for image in detail["images"]], chosen)
        if len(detail["images"]) <= 2:
            for row in range(self.model.rowCount()):
                self.tree.expand(self.model.index(row, 0))
        self._tell()

    async def _read(self, path: str) -> Sequence[FileAnswer]:
        return (await self._desk.client.files(self._point, path))["files"]

    # --- search

    def _seek(self) -> None:
        self._soon.stop()
        text = self.search.text().strip()
        if not text or not self._point:
            self._stack.setCurrentWidget(self.tree)
            self.found.clear()
            self.pane.problem.clear()
            self._tell()
            return
        point = self._point

        async def find(after: str | None) -> FoundFiles:
            return await self._desk.client.find_files(point, text=text, after=after)

        self._stack.setCurrentWidget(self.list)
        self.pane.problem.clear()
        self.found.start(find)
        self._tell()

    # --- choosing

    def _chosen(self) -> None:
        self.found.tell_choice()
        self._tell()
        self.changed.emit()

    def _choose_none(self) -> None:
        self.model.set_value(())
        self._chosen()

    def _tell(self) -> None:
        said = []
        if self._stack.currentWidget() is self.list:
            said.append(found_text(self.found))
        if self._choosing:
            said.append(
                count("{n} file or directory chosen.", "{n} files or directories chosen.", len(self.value))
                if self.value
                else say("Nothing chosen.")
            )
        self.note.setText(" ".join(said))
        self.note.setVisible(bool(said))
        self.none.setVisible(bool(self.value))


class Tree(QTreeView):
    """Space chooses, Enter opens and closes a directory, or tries again to read it."""

    def __init__(self, model: FileModel) -> None:
        super().__init__()
        self._files = model
        self.setModel(model)
        self.setAccessibleName(say("Files"))
        self.setUniformRowHeights(True)
        self.setAllColumnsShowFocus(True)
        self.setExpandsOnDoubleClick(True)
        self.setTabKeyNavigation(False)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setMinimumHeight(4 * ROW)
        _widths(self.header(), self.fontMetrics().averageCharWidth())
        self.doubleClicked.connect(self._opened)
        model.rowsInserted.connect(self._span)

    def _span(self, parent: QModelIndex, first: int, last: int) -> None:
        """Lines that say how reading goes take the whole width."""
        for row in range(first, last + 1):
            if not self._files.node(self._files.index(row, NAME, parent)).says:
                return
            self.setFirstColumnSpanned(row, parent, True)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        index = self.currentIndex()
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and index.isValid():
            if self._files.node(index).says:
                self._opened(index)
            else:
                self.setExpanded(index, not self.isExpanded(index))
        elif event.key() == Qt.Key.Key_Space and index.isValid():
            first = index.siblingAtColumn(NAME)
            if self._files.flags(first) & Qt.ItemFlag.ItemIsUserCheckable:
                self._files.toggle(self._files.node(first).path)
        else:
            super().keyPressEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.setColumnHidden(TIME, _narrow(self))

    def _opened(self, index: QModelIndex) -> None:
        node = self._files.node(index)
        if node.says:
            self._files.try_again(node)


class FoundList(QTableView):
    """Files found, as a list that asks for more when its end is seen. Space chooses."""

    def __init__(self, model: FoundModel, title: str) -> None:
        super().__init__()
        self._found = model
        self.setModel(model)
        self.setAccessibleName(title)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setTabKeyNavigation(False)
        self.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.verticalHeader().setVisible(False)
        self.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        self.verticalHeader().setDefaultSectionSize(max(ROW, self.fontMetrics().height() + GAP))
        self.horizontalHeader().setHighlightSections(False)
        self.setMinimumHeight(4 * ROW)
        _widths(self.horizontalHeader(), self.fontMetrics().averageCharWidth())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        index = self.currentIndex()
        if event.key() == Qt.Key.Key_Space and index.isValid():
            first = index.siblingAtColumn(NAME)
            if self._found.flags(first) & Qt.ItemFlag.ItemIsUserCheckable:
                self._found.setData(first, None, Qt.ItemDataRole.CheckStateRole)
            return
        super().keyPressEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.setColumnHidden(TIME, _narrow(self))


def find_here(desk: Desk, point: str, here: bool) -> Find:
    """All files of a point whose bytes are (not) all on this Core."""

    async def find(after: str | None) -> FoundFiles:
        return await desk.client.find_files(point, here=here, after=after)

    return find


def found_text(found: FoundModel) -> str:
    """How many files were found, and whether there may be more."""
    if found.busy and not found.rowCount():
        return say("Searching …")
    rows_now = found.rowCount()
    if found.more:
        text = count("The first {n} file; scroll for more.", "The first {n} files; scroll for more.", rows_now)
    else:
        text = count("{n} file.", "{n} files.", rows_now)
    if not found.complete:
        text += " " + say("Some names have not arrived on this Core, so there may be more.")
    return text


def _narrow(view: QWidget) -> bool:
    """Whether names need the room more than times."""
    return view.width() < 75 * view.fontMetrics().averageCharWidth()


def _widths(header: QHeaderView, character: int) -> None:
    header.setStretchLastSection(False)
    header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
    header.setSectionResizeMode(NAME, QHeaderView.ResizeMode.Stretch)
    for column, width in ((SIZE, 11), (TIME, 24), (STATE, 18)):
        header.setSectionResizeMode(column, QHeaderView.ResizeMode.Interactive)
        header.resizeSection(column, width * character + 2 * GAP)
