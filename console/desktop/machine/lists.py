"""The tabs of one machine that are tables: recovery points, replicas, events."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtWidgets import QMenu, QStackedLayout, QWidget

from console.desktop.desk import Desk
from console.desktop.machine.answer import MachineView
from console.desktop.tables.columns import Cell, Column, Row, number_column, size_column, time_column
from console.desktop.tables.model import ListModel, WindowModel
from console.desktop.tables.safety import paused_text
from console.desktop.tables.view import Table, rows_text
from console.desktop.theme.tokens import GAP
from console.desktop.widgets import states
from console.desktop.widgets.pane import Empty, Pane
from console.desktop.widgets.parts import action, allow, button, label, line, rows
from console.desktop.widgets.point_actions import PointActions
from console.desktop.widgets.point_columns import (
    chain_column,
    checks_column,
    held_column,
    kept_column,
    kind_column,
    restorability_column,
    sealed_column,
    targets_column,
    with_reasons,
)
from console.domain.replication_answers import PairingDetailAnswer
from console.domain.roles import Right
from console.domain.sizes import format_duration
from console.flows.amounts import NOTHING
from console.flows.wording import say

GetPane = Callable[[], Pane]


class WindowTab(QWidget):
    """A long table of what belongs to one machine; read when the tab is first seen."""

    def __init__(
        self, desk: Desk, pane: GetPane, name: str, title: str, columns: Sequence[Column], empty: Empty
    ) -> None:
        super().__init__()
        self.desk = desk
        self.machine = ""
        self.model = WindowModel(columns, desk.clock, desk.tasks, self.fetch, sort="time", descending=True)
        self.model.failed.connect(lambda failure: pane().tell(failure, self.model.start_over))
        self.model.counted.connect(self._counted)
        self.table = Table(name, title, self.model)
        self.total = label("", "small")
        full = rows(self.table, self.total, gap=GAP)
        self._stack = QStackedLayout(self)
        self._stack.addWidget(full)
        self._stack.addWidget(empty)
        self._full, self._empty = full, empty

    async def fetch(self, sort: str, descending: bool, offset: int, limit: int) -> tuple[Sequence[Row], int]:
        """Rows from the Core. Raises Failed."""
        raise NotImplementedError

    def show_view(self, view: MachineView) -> None:
        if view.machine["id"] != self.machine:
            self.machine = view.machine["id"]
            self.model.start_over()
        else:
            self.model.refresh()

    def _counted(self, total: int) -> None:
        self.total.setText(rows_text(total))
        self._stack.setCurrentWidget(self._full if total else self._empty)


class PointsTab(WindowTab):
    def __init__(self, desk: Desk, pane: GetPane) -> None:
        empty = Empty(
            "point",
            say("No recovery point yet"),
            say("Every backup makes one: the state of the machine at a time, to which it can be restored."),
        )
        super().__init__(desk, pane, "machine-points", say("Recovery points"), point_columns(), empty)
        self.table.opened.connect(lambda row: desk.go("points", row["id"]))
        self.table.set_row_menu(self._menu)
        self.table.column_shown.connect(self.model.start_over)
        self.acts = PointActions(
            self, desk, pane, changed=lambda _: self.model.refresh(), deleted=lambda: self.model.start_over()
        )

    async def fetch(self, sort: str, descending: bool, offset: int, limit: int) -> tuple[Sequence[Row], int]:
        page = await self.desk.client.points(
            machine=self.machine, sort=sort, descending=descending, offset=offset, limit=limit
        )
        found: Sequence[Row] = page["points"]
        if self.table.shows("kept"):
            found = await with_reasons(self.desk.client, page["points"])
        return found, page.get("total", len(found))

    def _menu(self, row: Row, menu: QMenu) -> None:
        entries = (
            action(say("&Open"), lambda: self.desk.go("points", row["id"]), icon_name="point"),
            action(
                say("Re&store …"),
                lambda: self.desk.open_wizard("restore", point=row["id"]),
                icon_name="restore",
                enabled=self.desk.may(Right.RESTORE),
                why_not=say("Only an administrator or a technician may do this."),
            ),
        )
        for entry in entries:
            entry.setParent(menu)
            menu.addAction(entry)
        menu.addSeparator()
        self.acts.fill(row, menu)


class EventsTab(WindowTab):
    def __init__(self, desk: Desk, pane: GetPane) -> None:
        empty = Empty("event", say("No events"), say("What happens to this machine is written down here."))
        super().__init__(desk, pane, "machine-events", say("Events"), event_columns(), empty)

    async def fetch(self, sort: str, descending: bool, offset: int, limit: int) -> tuple[Sequence[Row], int]:
        page = await self.desk.client.events(subject=self.machine, descending=descending, offset=offset, limit=limit)
        return page["events"], page.get("total", len(page["events"]))


class ReplicationTab(QWidget):
    """Where its points go, and how far each target is."""

    def __init__(self, desk: Desk, pane: GetPane, changed: Callable[[], object]) -> None:
        super().__init__()
        self.desk = desk
        self._pane = pane
        self._changed = changed
        self._machine = ""
        self.model = ListModel(replica_columns(), desk.clock, id_key="pairing")
        self.table = Table("machine-replicas", say("Replicas of this machine"), self.model)
        self.table.opened.connect(lambda row: desk.go("replication", row["pairing"]))
        self.table.set_row_menu(self._menu)
        self.add = button(say("&Replicate it …"), self._replicate, role="primary")
        self.add_more = button(say("Replicate it to &another Core …"), self._replicate, icon_name="add")
        self._none = Empty(
            "pairing",
            say("No copy on another Core"),
            say(
                "If this Core is lost, the recovery points of this machine are lost with it. Replicate it to a target."
            ),
            self.add,
        )
        self.to_source = button(say("&Open replication"), lambda: desk.go("replication"), icon_name="pairing")
        self._incoming = Empty(
            "replicated",
            say("It comes from another Core"),
            say("This machine is protected elsewhere and replicated to this Core, which keeps its recovery points."),
            self.to_source,
        )
        self._full = rows(self.table, line(self.add_more, 1))
        self._stack = QStackedLayout(self)
        for part in (self._full, self._none, self._incoming):
            self._stack.addWidget(part)

    def show_view(self, view: MachineView) -> None:
        self._machine = view.machine["id"]
        replicas = view.safety["replicas"] if view.safety else []
        self.model.put(replicas)
        why = say("Only an administrator may do this.")
        for made in (self.add, self.add_more):
            allow(made, self.desk.may(Right.ADMINISTER), why)
        self.add_more.setVisible(view.protected)
        if replicas:
            self._stack.setCurrentWidget(self._full)
        else:
            self._stack.setCurrentWidget(self._incoming if view.machine["kind"] == "replicated" else self._none)
        self.add.setVisible(view.protected)

    def _replicate(self) -> None:
        self.desk.open_wizard("replication", machine=self._machine)

    def _menu(self, row: Row, menu: QMenu) -> None:
        may, why = self.desk.may(Right.ADMINISTER), say("Only an administrator may do this.")
        entries = (
            action(say("&Open replication"), lambda: self.desk.go("replication", row["pairing"]), icon_name="pairing"),
            action(say("Res&ume"), lambda: self._resume(row), icon_name="resume", enabled=may, why_not=why)
            if row["paused_by"]
            else action(say("&Pause"), lambda: self._pause(row), icon_name="pause", enabled=may, why_not=why),
        )
        for entry in entries:
            entry.setParent(menu)
            menu.addAction(entry)

    def _pause(self, row: Row) -> None:
        pairing, machine = row["pairing"], self._machine
        self._pane().act(lambda: self.desk.client.pause_pairing(pairing, machine), lambda _: self._changed())

    def _resume(self, row: Row) -> None:
        pairing, machine = row["pairing"], self._machine

        def done(answer: PairingDetailAnswer) -> None:
            self._changed()
            member = next((one for one in answer["machines"] if one["machine_id"] == machine), None)
            if member is not None and member["paused_by"]:
                # The pairing as a whole is paused: that is settled on its own page, for all of its machines.
                self.desk.notice(say("“{name}” is still paused by {who}.", name=row["name"], who=member["paused_by"]))

        self._pane().act(lambda: self.desk.client.resume_pairing(pairing, machine), done)


def point_columns() -> list[Column]:
    """Of `PointAnswer`, without the machine."""
    return [
        time_column("time", say("Time"), sort="time", exact=True),
        chain_column(),
        restorability_column(),
        checks_column(),
        held_column(),
        kept_column(hidden=False),
        kind_column(),
        size_column("size", say("Size"), sort="size"),
        size_column("bytes_new", say("New"), sort="new"),
        sealed_column(),
        targets_column(),
    ]


def event_columns() -> list[Column]:
    """Of `EventAnswer`."""
    return [
        time_column("time", say("Time"), sort="time", exact=True),
        Column("severity", say("Severity"), lambda row, _: states.severity(row["severity"]).cell(), width=14),
        number_column("count", say("Times"), width=7),
        Column("message", say("What happened"), lambda row, _: Cell(row["message"]), width=60),
    ]


def replica_columns() -> list[Column]:
    """Of `ReplicaAnswer`."""
    return [
        Column("state", say("State"), lambda row, _: states.member(row["state"]).cell(paused_text(row)), width=16),
        Column("name", say("Replication"), lambda row, _: Cell(row["name"]), width=17),
        Column("peer", say("Target Core"), lambda row, _: Cell(row["peer"], icon="core"), width=17),
        time_column("last_replicated", say("Last replicated")),
        Column(
            "lag",
            say("Behind"),
            lambda row, _: Cell(format_duration(row["lag_s"]) if row["lag_s"] and row["lag_points"] else NOTHING),
            order=lambda row: row["lag_s"] or 0.0,
            right=True,
            width=10,
        ),
        number_column("lag_points", say("Points"), width=8),
        size_column("lag_bytes", say("Bytes")),
        number_column("images_on_seed", say("On drives"), width=10),
    ]
