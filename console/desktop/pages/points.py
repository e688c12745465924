"""Recovery points of all machines: a table to sort and filter, the chain map of one machine, one point in detail."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import ClassVar

from PySide6.QtCore import QByteArray, QDate, QSettings, Qt
from PySide6.QtWidgets import QComboBox, QDateEdit, QMenu, QSplitter, QStackedLayout, QWidget

from console.desktop.desk import Place
from console.desktop.pages.page import Page
from console.desktop.tables.columns import Column, Row, minute_column, size_column, text_column
from console.desktop.tables.model import WindowModel
from console.desktop.tables.view import Table
from console.desktop.theme.tokens import GAP
from console.desktop.widgets import states
from console.desktop.widgets.chain_panel import ChainPanel
from console.desktop.widgets.machine_filter import MachineFilter
from console.desktop.widgets.mount_dialog import ask_mount
from console.desktop.widgets.pane import Empty
from console.desktop.widgets.parts import action, button, label, line, rows
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
from console.desktop.widgets.point_detail import PointDetail
from console.domain.answers import JobAnswer, MachineAnswer, PointDetailAnswer
from console.domain.clock import iso
from console.domain.errors import Failed, Failure, FailureKind
from console.domain.events import Changed
from console.domain.roles import Right
from console.flows.wording import count, say

ORPHANED = "orphaned"
MACHINE = "machine:"
"""Filters of `Place.filter`; after the second one stands the id of a machine."""
BETWEEN = "between"
SPANS = {"day": timedelta(days=1), "week": timedelta(days=7), "month": timedelta(days=30)}
SPLIT = "points/{name}"

Answer = tuple[PointDetailAnswer | None, MachineAnswer | None, Failure | None]


class PointsPage(Page):
    name: ClassVar[str] = "points"
    help: ClassVar[str] = "points"
    kinds: ClassVar[frozenset[Changed]] = frozenset({Changed.POINTS, Changed.MACHINES, Changed.SEEDS, Changed.KEYS})

    @property
    def title(self) -> str:
        return say("Recovery points")

    # --- making

    def build(self) -> QWidget:
        self._asked: Place | None = None
        self.model = WindowModel(
            _columns(), self.desk.clock, self.desk.tasks, self._window, sort="time", descending=True
        )
        self.table = Table("points", say("Recovery points"), self.model)
        self.table.set_row_menu(self._fill_menu)
        self.table.column_shown.connect(self.model.start_over)
        self.table.chosen.connect(self._row_chosen)
        self.table.opened.connect(lambda row: self._open_files(row["id"]))
        self.model.failed.connect(self._table_failed)
        self.model.answered.connect(self._table_answered)
        self._told: Failure | None = None
        self.model.counted.connect(self._counted)
        self.chain = ChainPanel(self.desk)
        self.chain.chosen.connect(self._show_point)
        self.chain.opened.connect(self._open_files)
        self.detail = PointDetail(self.desk, self._fill_menu)
        self.detail.changed.connect(self.reload)
        self.acts = PointActions(
            self, self.desk, lambda: self.pane, self._point_changed, self._deleted, checking=self._checking
        )
        self.detail.check_wanted.connect(self.acts.ask_check)
        self.detail.hold_wanted.connect(self._hold)
        self.total = label("", "muted")
        self.clear = button(say("C&lear filters"), self._clear_filters, role="link")
        left = rows(self._filters(), self.table, gap=GAP)
        self.beside = _splitter(Qt.Orientation.Horizontal, "beside", left, self.detail, (13, 8))
        self.split = _splitter(Qt.Orientation.Vertical, "above", self.chain, self.beside, (0, 1))
        protect = button(say("&Protect a machine …"), lambda: self.desk.open_wizard("protect"), role="primary")
        consume = button(say("&Consume a seed drive …"), lambda: self.desk.open_wizard("consume"))
        self.empty = Empty(
            "point",
            say("No recovery points yet"),
            say("Each backup of a machine makes one. Machines replicated from other Cores have theirs here too."),
            protect,
            consume,
        )
        holder = QWidget()
        self._stack = QStackedLayout(holder)
        self._stack.addWidget(self.split)
        self._stack.addWidget(self.empty)
        return holder

    def _filters(self) -> QWidget:
        self.machine = MachineFilter(self.desk)
        self.machine.changed.connect(lambda _: self._filter_changed())
        self.state = _box(say("State"), say("Every state"), [(ORPHANED, say("Orphaned"))])
        for value in ("whole", "awaiting-seed", "awaiting-transfer", "broken"):
            self.state.addItem(states.chain(value).text, value)
        self.kind = _box(
            say("Kind"), say("Every kind"), [(kind, states.kind(kind).text) for kind in ("base", "incremental")]
        )
        self.span = _box(
            say("Made when"),
            say("Of any time"),
            [
                ("day", say("Last 24 hours")),
                ("week", say("Last 7 days")),
                ("month", say("Last 30 days")),
                (BETWEEN, say("Between …")),
            ],
        )
        today = self.desk.clock.now().astimezone().date()
        self.since, self.until = QDateEdit(), QDateEdit()
        for edit, name, back in ((self.since, say("First day"), 7), (self.until, say("Last day"), 0)):
            edit.setAccessibleName(name)
            edit.setToolTip(name)
            edit.setCalendarPopup(True)
            edit.setDisplayFormat("yyyy-MM-dd")
            day = today - timedelta(days=back)
            edit.setDate(QDate(day.year, day.month, day.day))
            edit.dateChanged.connect(lambda *_: self._filter_changed())
        for box in (self.state, self.kind, self.span):
            box.currentIndexChanged.connect(lambda *_: self._filter_changed())
        self._days = line(self.since, label("–"), self.until, 1, gap=GAP // 2)
        self._days.hide()
        boxes = line(self.machine, self.state, self.kind, self.span, 1, gap=GAP // 2)
        return rows(boxes, self._days, line(self.total, 1, self.clear), gap=GAP // 2)

    # --- reading and showing

    async def fetch(self) -> Answer:
        """The point and the machine the place names. One that is gone is told, and the table is shown all the same."""
        point: PointDetailAnswer | None = None
        machine: MachineAnswer | None = None
        wanted = self.place.filter.removeprefix(MACHINE) if self.place.filter.startswith(MACHINE) else ""
        try:
            if self.place.id:
                point = await self.desk.client.point(self.place.id)
            if wanted:
                machine = await self.desk.client.machine(wanted)
        except Failed as known:
            if known.failure.kind is not FailureKind.NOT_FOUND:
                raise
            return point, machine, known.failure
        return point, machine, None

    def show_answer(self, answer: Answer) -> None:
        point, machine, gone = answer
        if self._asked != self.place:
            self._asked = self.place
            if self.place.filter:
                self._set_filters(ORPHANED if self.place.filter == ORPHANED else "", machine)
            if point is not None:
                self.detail.show_detail(point)
                self.chain.show_machine(point["machine_id"], point["id"])
                self.table.choose(point["id"])
            if not self.model.ever_answered or self.place.filter:
                self.model.start_over()
            else:
                self.model.refresh()
        else:
            self.model.refresh()
            self.chain.refresh()
            if self.detail.point:
                self.detail.show_point(self.detail.point, again=True)
        if gone is not None:
            self.pane.tell(gone)

    async def _window(self, sort: str, descending: bool, offset: int, limit: int) -> tuple[Sequence[Row], int]:
        since, until = self._span()
        page = await self.desk.client.points(
            machine=self.machine.machine or None,
            state=self.state.currentData() or None,
            kind=self.kind.currentData() or None,
            since=since,
            until=until,
            sort=sort,
            descending=descending,
            offset=offset,
            limit=limit,
        )
        found: Sequence[Row] = page["points"]
        if self.machine.machine and self.table.shows("kept"):
            found = await with_reasons(self.desk.client, page["points"])
        return found, page.get("total", len(found))

    def _counted(self, total: int) -> None:
        filtered = self._filtered
        self.total.setText(
            (say("Every recovery point is whole.") if self._only_orphans else say("No recovery point matches."))
            if filtered and not total
            else count("{n} recovery point", "{n} recovery points", total)
        )
        self.clear.setVisible(filtered)
        self._stack.setCurrentWidget(self.empty if not total and not filtered else self.split)
        if not total or self.detail.point or self.table.current is not None:
            return
        first = self.model.row(0)
        if first is not None:
            self.table.choose(first["id"])

    def _table_failed(self, failure: Failure) -> None:
        self._told = failure
        self.pane.tell(failure, self.model.start_over)

    def _table_answered(self) -> None:
        if self._told is not None and self.pane.problem.failure is self._told:
            self.pane.problem.clear()
        self._told = None

    # --- choosing

    def _row_chosen(self, row: Row | None) -> None:
        if row is not None:
            self.detail.show_point(row["id"])
            self.chain.show_machine(row["machine_id"], row["id"])

    def _show_point(self, point: str) -> None:
        """A point of the chain map; the table may be filtered or sorted so that it is far away."""
        if not self.table.choose(point):
            self.table.clearSelection()
        self.detail.show_point(point)

    def _open_files(self, point: str) -> None:
        self.detail.show_point(point)
        self.detail.open_files()

    # --- filters

    @property
    def _filtered(self) -> bool:
        boxes = (self.state, self.kind, self.span)
        return bool(self.machine.machine) or any(box.currentData() for box in boxes)

    @property
    def _only_orphans(self) -> bool:
        others = self.machine.machine or self.kind.currentData() or self.span.currentData()
        return self.state.currentData() == ORPHANED and not others

    def _span(self) -> tuple[str | None, str | None]:
        """The moments between which points are wanted; days are those of this machine."""
        chosen = self.span.currentData()
        if chosen == BETWEEN:
            first, last = self.since.date(), self.until.date().addDays(1)
            begin = first.startOfDay().toMSecsSinceEpoch() / 1000
            end = last.startOfDay().toMSecsSinceEpoch() / 1000
            return _moment(begin), _moment(end - 1e-6)
        if chosen in SPANS:
            return iso(self.desk.clock.now() - SPANS[chosen]), None
        return None, None

    def _filter_changed(self) -> None:
        self._days.setVisible(self.span.currentData() == BETWEEN)
        self.model.start_over()

    def _set_filters(self, state: str, machine: MachineAnswer | None) -> None:
        boxes = (self.state, self.kind, self.span)
        before = [box.blockSignals(True) for box in boxes]
        for box in boxes:
            box.setCurrentIndex(0)
        self.state.setCurrentIndex(max(0, self.state.findData(state)))
        for box, was in zip(boxes, before, strict=True):
            box.blockSignals(was)
        self._days.hide()
        self.machine.show_machine(machine["id"] if machine else "", machine["name"] if machine else "")

    def _clear_filters(self) -> None:
        self._set_filters("", None)
        self.model.start_over()

    # --- what can be done

    def _fill_menu(self, row: Row | PointDetailAnswer, menu: QMenu) -> None:
        point, machine = row["id"], row["machine_id"]
        restorable = row["restorability"] != "none"
        for made in (
            action(say("Open &files"), lambda: self._open_files(point), icon_name="folder"),
            action(
                say("&Restore …"),
                lambda: self.desk.open_wizard("restore", point=point),
                icon_name="restore",
                enabled=self.desk.may(Right.RESTORE) and restorable,
                why_not=say("Help desk may look, not restore.")
                if restorable
                else say("Nothing of it can be restored now."),
            ),
            action(
                say("Moun&t …"),
                lambda: ask_mount(self.desk, self, point=point, machine=row["machine"], moment=row["time"]),
                icon_name="folder",
                enabled=self.desk.may(Right.RESTORE) and restorable,
                why_not=say("Help desk may look, not mount.") if restorable else say("Nothing of it can be read now."),
            ),
            action(say("Open &machine"), lambda: self.desk.go("machine", machine), icon_name="machine"),
        ):
            made.setParent(menu)
            menu.addAction(made)
        menu.addSeparator()
        self.acts.fill(row, menu)

    def _hold(self, row: Row | PointDetailAnswer) -> None:
        if row["held"]:
            self.acts.release(row)
        else:
            self.acts.ask_hold(row)

    def _point_changed(self, point: str) -> None:
        self.model.start_over()
        self.detail.show_point(point, again=True)

    def _checking(self, job: JobAnswer) -> None:
        """In place, if the point is in front."""
        if job["subject"] == self.detail.point:
            self.detail.open_checks()
            self.detail.checks.watch(job)
        else:
            self.desk.go("jobs", job["id"])

    def _deleted(self) -> None:
        self.detail.show_point("")
        self.model.start_over()
        self.chain.refresh(front=False)


def _box(name: str, every: str, options: Sequence[tuple[str, str]]) -> QComboBox:
    made = QComboBox()
    made.setAccessibleName(name)
    made.setToolTip(name)
    made.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContentsOnFirstShow)
    made.setMinimumContentsLength(9)
    made.addItem(every, "")
    for value, text in options:
        made.addItem(text, value)
    return made


def _splitter(side: Qt.Orientation, name: str, first: QWidget, second: QWidget, weights: tuple[int, int]) -> QSplitter:
    """With its sizes remembered."""
    made = QSplitter(side)
    made.setChildrenCollapsible(False)
    made.setHandleWidth(GAP)
    for widget, weight in zip((first, second), weights, strict=True):
        made.addWidget(widget)
        made.setStretchFactor(made.indexOf(widget), weight)
    if weights[0]:
        made.setSizes([100 * weight for weight in weights])
    key = SPLIT.format(name=name)
    kept = QSettings().value(key)
    if isinstance(kept, QByteArray):
        made.restoreState(kept)
    made.splitterMoved.connect(lambda *_: QSettings().setValue(key, made.saveState()))
    return made


def _moment(seconds: float) -> str:
    return iso(datetime.fromtimestamp(seconds, UTC))


def _columns() -> list[Column]:
    return [
        # The first six stand side by side in a window of 1280; wider ones show more.
        minute_column("time", say("Time"), sort="time", width=13),
        text_column("machine", say("Machine"), sort="machine", width=8),
        replace(chain_column(), title=say("State"), width=16),
        replace(kind_column(), width=11),
        replace(size_column("size", say("Size"), sort="size"), width=5),
        replace(checks_column(), width=7),
        restorability_column(),
        held_column(),
        size_column("bytes_new", say("New"), sort="new"),
        targets_column(),
        sealed_column(),
        kept_column(hidden=True),
    ]
