"""The machines of a Core at the left: protected, replicated by source Core, recovery points only; with a filter."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QItemSelectionModel, QModelIndex, QSortFilterProxyModel, Qt
from PySide6.QtGui import QAction, QStandardItem, QStandardItemModel
from PySide6.QtWidgets import QAbstractItemView, QFrame, QLineEdit, QTreeView

from console.client.client import Client
from console.desktop.desk import Desk
from console.desktop.frame.follow import Follow
from console.desktop.theme.icons import icon
from console.desktop.theme.tokens import GAP, GAP_S, Tone
from console.desktop.widgets import states
from console.desktop.widgets.parts import rows
from console.domain.events import Changed
from console.domain.overview_answers import SafetyAnswer
from console.flows.wording import say

PART = 500
"""Machines asked for at once."""
ID = Qt.ItemDataRole.UserRole + 1
KINDS = frozenset({Changed.MACHINES, Changed.POINTS, Changed.PAIRINGS, Changed.SEEDS})


class MachineTree(QFrame):
    """A click or Enter goes to the machine. Which groups are closed is remembered while the window is open."""

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self._desk = desk
        self._shown: list[tuple[str, str, str, str]] = []
        self._closed: set[str] = set()
        self.setProperty("role", "side")
        self.setAccessibleName(say("Machines"))
        self.filter = QLineEdit()
        self.filter.setPlaceholderText(say("Filter machines"))
        self.filter.setAccessibleName(say("Filter machines"))
        self.filter.setClearButtonEnabled(True)
        self.filter.addAction(
            QAction(icon("filter", Tone.OFF), "", self.filter), QLineEdit.ActionPosition.LeadingPosition
        )
        self._model = QStandardItemModel()
        self._proxy = QSortFilterProxyModel()
        self._proxy.setSourceModel(self._model)
        self._proxy.setRecursiveFilteringEnabled(True)
        self._proxy.setFilterCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        self.filter.textChanged.connect(self._filtered)
        self.tree = QTreeView()
        self.tree.setProperty("role", "side")
        self.tree.setAccessibleName(say("Machines"))
        self.tree.setModel(self._proxy)
        self.tree.setHeaderHidden(True)
        self.tree.setUniformRowHeights(True)
        self.tree.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.tree.setIndentation(14)
        self.tree.clicked.connect(self._go)
        self.tree.activated.connect(self._go)
        self.tree.collapsed.connect(lambda index: self._closed.add(str(index.data())))
        self.tree.expanded.connect(lambda index: self._closed.discard(str(index.data())))
        rows(self.filter, self.tree, gap=GAP, margin=GAP_S, into=self)
        self.follow = Follow(desk, KINDS, _all_machines, self._show, self)

    def choose(self, machine: str) -> None:
        """Marks a machine (id) without going there."""
        for group in range(self._model.rowCount()):
            parent = self._model.item(group)
            for number in range(parent.rowCount()):
                if parent.child(number).data(ID) == machine:
                    index = self._proxy.mapFromSource(parent.child(number).index())
                    flags = QItemSelectionModel.SelectionFlag
                    self.tree.selectionModel().setCurrentIndex(index, flags.ClearAndSelect)
                    return
        self.tree.clearSelection()

    def _show(self, machines: Sequence[SafetyAnswer]) -> None:
        known = [(m["machine_id"], m["machine"], m["kind"] + m["origin"], m["verdict"] + m["why"]) for m in machines]
        if known == self._shown:
            return
        self._shown = known
        current = self.tree.currentIndex().data(ID)
        self._model.clear()
        for title, icon_name, group in _groups(machines):
            parent = QStandardItem(icon(icon_name), f"{title} ({len(group)})")
            parent.setData(title, Qt.ItemDataRole.AccessibleTextRole)
            parent.setSelectable(False)
            for machine in group:
                shown = states.verdict(machine["verdict"])
                item = QStandardItem(icon(shown.icon, shown.tone), machine["machine"])
                item.setData(machine["machine_id"], ID)
                item.setToolTip(f"{machine['machine']}: {shown.text}. {machine['why']}".strip())
                item.setData(f"{machine['machine']}, {shown.text}", Qt.ItemDataRole.AccessibleTextRole)
                parent.appendRow(item)
            self._model.appendRow(parent)
        for number in range(self._proxy.rowCount()):
            index = self._proxy.index(number, 0)
            if str(index.data()) not in self._closed:
                self.tree.expand(index)
        if current:
            self.choose(current)

    def _filtered(self, text: str) -> None:
        self._proxy.setFilterFixedString(text)
        self.tree.expandAll()

    def _go(self, index: QModelIndex) -> None:
        machine = index.data(ID)
        if machine:
            self._desk.go("machine", machine)


async def _all_machines(core: Client) -> list[SafetyAnswer]:
    found: list[SafetyAnswer] = []
    while True:
        page = await core.safety(sort="name", offset=len(found), limit=PART)
        found += page["machines"]
        if not page["machines"] or len(found) >= page["total"]:
            return found


def _groups(machines: Sequence[SafetyAnswer]) -> list[tuple[str, str, list[SafetyAnswer]]]:
    """(title, icon, machines) of every group that has machines."""
    protected = [machine for machine in machines if machine["kind"] == "protected"]
    only = [machine for machine in machines if machine["kind"] == "recovery-points-only"]
    origins = sorted({machine["origin"] for machine in machines if machine["kind"] == "replicated"}, key=str.casefold)
    groups = [(say("Protected machines"), "protect", protected)]
    groups += [
        (
            say("From “{core}”", core=origin),
            "replicated",
            [m for m in machines if m["kind"] == "replicated" and m["origin"] == origin],
        )
        for origin in origins
    ]
    groups.append((say("Recovery points only"), "points-only", only))
    return [group for group in groups if group[2]]
