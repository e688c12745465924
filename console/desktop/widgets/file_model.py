"""The files of a recovery point as a tree that reads a directory when it is opened."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from PySide6.QtCore import QAbstractItemModel, QModelIndex, QPersistentModelIndex, QSize, Qt, Signal
from PySide6.QtGui import QColor

from console.desktop.tasks import Tasks
from console.desktop.theme.icons import icon
from console.desktop.theme.theme import tokens
from console.desktop.theme.tokens import ROW, Tone
from console.desktop.widgets.file_choice import Chosen, FileChoice
from console.domain.answers import FileAnswer
from console.domain.errors import Failed, Failure
from console.domain.sizes import format_size
from console.flows.amounts import local
from console.flows.wording import say

NAME, SIZE, TIME, STATE = range(4)
Index = QModelIndex | QPersistentModelIndex
List = Callable[[str], Awaitable[Sequence[FileAnswer]]]
"""The files in one directory, by the path restore takes. Raises Failed."""


@dataclass(eq=False, slots=True)
class FileNode:
    """`file` None: the top, a volume, or a line that says how reading is going. `children` None: not read yet."""

    path: str
    name: str
    up: FileNode | None
    file: FileAnswer | None = None
    folder: bool = False
    children: list[FileNode] | None = None
    number: int = 0
    reading: bool = False
    failure: Failure | None = None
    says: bool = field(default=False)
    """It is no file, but a line that says how reading its directory is going."""


class FileModel(QAbstractItemModel):
    """`chosen` after the choice changed. With `choosing` False there are no check boxes."""

    chosen = Signal()

    def __init__(self, tasks: Tasks, read: List, *, choosing: bool) -> None:
        super().__init__()
        self._tasks = tasks
        self._read = read
        self._choosing = choosing
        self._round = 0
        self._several = False
        self._volumes: tuple[str, ...] = ()
        self._top = FileNode("", "", None, folder=True)
        self._places: dict[str, FileNode] = {}
        self.choice = FileChoice()

    def start(self, point: str, volumes: Sequence[str], value: Sequence[str] = ()) -> None:
        """Another point. With several volumes they are the first level."""
        self._round += 1
        self.beginResetModel()
        self.choice = FileChoice(value)
        self._top = FileNode("", "", None, folder=True)
        self._places = {}
        self._several = len(volumes) > 1
        self._volumes = tuple(volumes)
        if self._several:
            self._fill(self._top, [(f"{volume}:", volume, None) for volume in volumes])
        self.endResetModel()
        if point and not self._several:
            self._load(self._top)

    def path_of(self, file: FileAnswer) -> str:
        """As restore takes it."""
        several = self._several or (file["path"].partition(":")[0] in self._volumes and ":" in file["path"])
        return f"{file['volume']}:{file['path']}" if several else file["path"]

    def node(self, index: Index) -> FileNode:
        found: FileNode = index.internalPointer() if index.isValid() else self._top
        return found

    def index_of(self, path: str) -> QModelIndex:
        """Where a path is, if it was read."""
        found = self._places.get(path)
        return self._index(found) if found else QModelIndex()

    def try_again(self, node: FileNode) -> None:
        """Reads a directory again that could not be read; `node` may be the line that says so."""
        wanted = node.up if node.says else node
        if wanted is not None and wanted.failure is not None:
            self._load(wanted)

    def set_value(self, value: Sequence[str]) -> None:
        if tuple(sorted(value)) != self.choice.value:
            self.choice = FileChoice(value)
            self._tell_all()

    def toggle(self, path: str) -> bool:
        """Chooses what is not chosen, and the other way round. False: see `FileChoice.drop`."""
        if self.choice.state(path) is Chosen.YES:
            if not self.choice.drop(path, self._siblings):
                return False
        else:
            self.choice.choose(path, self._siblings)
        self._tell_all()
        self.chosen.emit()
        return True

    # --- Qt asks

    def index(self, row: int, column: int, parent: Index = QModelIndex()) -> QModelIndex:  # noqa: B008
        children = self.node(parent).children
        if children is None or not (0 <= row < len(children) and 0 <= column <= STATE):
            return QModelIndex()
        return self.createIndex(row, column, children[row])

    def parent(self, index: Index) -> QModelIndex:  # type: ignore[override]
        up = self.node(index).up
        return QModelIndex() if up is None else self._index(up)

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return len(self.node(parent).children or ()) if parent.column() <= 0 else 0

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 4

    def hasChildren(self, parent: Index = QModelIndex()) -> bool:  # noqa: B008
        node = self.node(parent)
        return node.folder and (node.children is None or bool(node.children))

    def canFetchMore(self, parent: Index) -> bool:
        node = self.node(parent)
        return node.folder and node.up is not None and node.children is None and not node.reading

    def fetchMore(self, parent: Index) -> None:
        if self.canFetchMore(parent):
            self._load(self.node(parent))

    def flags(self, index: Index) -> Qt.ItemFlag:
        flags = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable
        if self._choosing and index.column() == NAME and not self.node(index).says:
            flags |= Qt.ItemFlag.ItemIsUserCheckable
        return flags

    def setData(self, index: Index, value: Any, role: int = Qt.ItemDataRole.EditRole) -> bool:
        node = self.node(index)
        if role != Qt.ItemDataRole.CheckStateRole or node.says or not self._choosing:
            return False
        return self.toggle(node.path)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if orientation == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return titles()[section]
        if role == Qt.ItemDataRole.TextAlignmentRole and section == SIZE:
            return int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        return None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        node, column = self.node(index), index.column()
        if role == Qt.ItemDataRole.SizeHintRole and column == NAME:
            return QSize(0, ROW)
        if node.says:
            return _line(node, column, role)
        if role == Qt.ItemDataRole.CheckStateRole and column == NAME and self._choosing:
            return check_state(self.choice.state(node.path))
        if node.file is None:
            if column == NAME and role == Qt.ItemDataRole.DisplayRole:
                return node.name
            return icon("volume") if column == NAME and role == Qt.ItemDataRole.DecorationRole else None
        return file_data(node.file, node.name, column, role)

    # --- reading

    def _load(self, node: FileNode) -> None:
        node.reading, node.failure = True, None
        self._show_lines(node, [FileNode(node.path, say("Reading …"), node, says=True)])
        self._tasks.start(self._loaded(node, self._round))

    async def _loaded(self, node: FileNode, round: int) -> None:
        try:
            files = await self._read(node.path)
        except Failed as known:
            if round == self._round:
                node.reading, node.failure = False, known.failure
                self._show_lines(node, [FileNode(node.path, known.failure.message, node, says=True)])
            return
        if round != self._round:
            return
        node.reading = False
        ordered = sorted(files, key=lambda file: (file["type"] != "directory", _last(file["path"]).casefold()))
        self._clear(node)
        if ordered:
            self.beginInsertRows(self._index(node), 0, len(ordered) - 1)
            self._fill(node, [(self.path_of(file), _last(file["path"]), file) for file in ordered])
            self.endInsertRows()
        else:
            node.children = []
            self._show_lines(node, [FileNode(node.path, say("No files."), node, says=True)])

    def _fill(self, node: FileNode, lines: Sequence[tuple[str, str, FileAnswer | None]]) -> None:
        node.children = [
            FileNode(path, name, node, file, file is None or file["type"] == "directory", None, number)
            for number, (path, name, file) in enumerate(lines)
        ]
        self._places.update((child.path, child) for child in node.children)

    def _show_lines(self, node: FileNode, lines: list[FileNode]) -> None:
        self._clear(node)
        self.beginInsertRows(self._index(node), 0, len(lines) - 1)
        node.children = lines
        self.endInsertRows()

    def _clear(self, node: FileNode) -> None:
        if node.children:
            self.beginRemoveRows(self._index(node), 0, len(node.children) - 1)
            node.children = []
            self.endRemoveRows()

    def _index(self, node: FileNode) -> QModelIndex:
        return QModelIndex() if node.up is None else self.createIndex(node.number, 0, node)

    # --- choosing

    def _siblings(self, path: str) -> Sequence[str] | None:
        node = self._places.get(path)
        if node is None or node.children is None or any(child.says for child in node.children):
            return None
        return [child.path for child in node.children]

    def _tell_all(self) -> None:
        """Check boxes above and below change with one; only those that are seen are asked for."""
        self._tell_below(QModelIndex())

    def _tell_below(self, parent: QModelIndex) -> None:
        children = self.node(parent).children
        if not children:
            return
        role = [Qt.ItemDataRole.CheckStateRole]
        self.dataChanged.emit(self.index(0, 0, parent), self.index(len(children) - 1, 0, parent), role)
        for child in children:
            if child.children:
                self._tell_below(self._index(child))


def titles() -> tuple[str, str, str, str]:
    return say("Name"), say("Size"), say("Changed"), say("State")


def check_state(chosen: Chosen) -> Qt.CheckState:
    return {
        Chosen.NO: Qt.CheckState.Unchecked,
        Chosen.PARTLY: Qt.CheckState.PartiallyChecked,
        Chosen.YES: Qt.CheckState.Checked,
    }[chosen]


def file_data(file: FileAnswer, name: str, column: int, role: int) -> Any:
    """What a view shows of one file."""
    folder = file["type"] == "directory"
    if role == Qt.ItemDataRole.DisplayRole:
        if column == NAME:
            return name
        if column == SIZE:
            return "" if folder else format_size(file["size"])
        return local(file["mtime"]) if column == TIME else _state(file)
    if role == Qt.ItemDataRole.ToolTipRole:
        return file["problem"] or (_tip(file) if column == STATE else file["path"])
    if role == Qt.ItemDataRole.TextAlignmentRole and column == SIZE:
        return int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
    if role == Qt.ItemDataRole.DecorationRole:
        if column == NAME:
            return icon("folder" if folder else "file")
        if column == STATE and _state(file):
            return icon("bad", Tone.BAD) if file["problem"] else icon("wait", Tone.WARN)
    if role == Qt.ItemDataRole.ForegroundRole and not file["here"]:
        return QColor(tokens().colour(Tone.WARN) if column == STATE else tokens().muted)
    return None


def _state(file: FileAnswer) -> str:
    if file["problem"]:
        return say("Not read")
    if file["here"]:
        return ""
    return say("Names not here") if file["type"] == "directory" else say("Bytes not here")


def _tip(file: FileAnswer) -> str:
    if file["here"]:
        return say("All its bytes are on this Core.")
    if file["type"] == "directory":
        return say("The names in this directory have not arrived on this Core.")
    return say("Not all bytes of this file are on this Core; it cannot be restored now.")


def _line(node: FileNode, column: int, role: int) -> Any:
    failure = node.up.failure if node.up else None
    if role == Qt.ItemDataRole.DisplayRole and column == NAME:
        return say("{problem} Double-click to try again.", problem=node.name) if failure else node.name
    if role == Qt.ItemDataRole.ToolTipRole and failure:
        return f"{failure.message} {failure.hint}".strip()
    if role == Qt.ItemDataRole.DecorationRole and column == NAME:
        return icon("bad", Tone.BAD) if failure else None
    if role == Qt.ItemDataRole.ForegroundRole:
        return QColor(tokens().colour(Tone.BAD) if failure else tokens().muted)
    return None


def _last(path: str) -> str:
    return path.rpartition("/")[2]
