"""One recovery point of a machine, by chain map, calendar or list."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QTableView, QVBoxLayout, QWidget

from console.desktop.desk import Desk
from console.desktop.tables.columns import Row, size_column, time_column
from console.desktop.tables.model import WindowModel
from console.desktop.tables.view import Table
from console.desktop.theme.tokens import GAP, GAP_L, ROW
from console.desktop.widgets.chain_panel import ChainPanel
from console.desktop.widgets.pane import Pane
from console.desktop.widgets.parts import button, label, line, rows
from console.desktop.widgets.point_calendar import PointCalendar
from console.desktop.widgets.point_columns import chain_column, restorability_column
from console.domain.overview_answers import Days
from console.flows.wording import count, say


class PointPicker(QWidget):
    """`value`: the id of the point in front, or empty. `changed` when a person chose another, `opened` when they meant
    it (Enter, double click)."""

    changed = Signal(str)
    opened = Signal(str)

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self._desk = desk
        self._machine = ""
        self._value = ""
        self.chain = ChainPanel(desk)
        self.chain.chosen.connect(self._take)
        self.chain.opened.connect(self.opened)
        self.calendar = PointCalendar()
        self.calendar.chosen.connect(self._filter)
        columns = [
            replace(time_column("time", say("Time"), sort="time", exact=True), width=16),
            replace(chain_column(), width=14),
            replace(restorability_column(), width=11),
            replace(size_column("size", say("Size"), sort="size"), width=7),
        ]
        self.model = WindowModel(columns, desk.clock, desk.tasks, self._fetch, sort="time", descending=True)
        self.table = Table("point-picker", say("Recovery points"), self.model)
        self.table.setMinimumHeight(5 * ROW)
        self.table.chosen.connect(self._row)
        self.table.opened.connect(lambda row: self.opened.emit(row["id"]))
        self.model.counted.connect(self._counted)
        self.note = label("", "muted")
        self.every = button(say("All &days"), lambda: self._all_days(), role="link")
        self.every.hide()
        below = line(
            rows(self.calendar, 1),
            rows(line(self.note, 1, self.every), self.table, gap=GAP // 2),
            gap=GAP_L,
        )
        self.pane = Pane(below, desk)
        self.model.failed.connect(lambda failure: self.pane.tell(failure, self.refresh))
        rows(self.chain, self.pane, gap=GAP, into=self)
        layout = self.layout()
        assert isinstance(layout, QVBoxLayout)
        layout.setStretch(1, 1)
        layout.setContentsMargins(0, 0, 0, 0)

    @property
    def value(self) -> str:
        return self._value

    @property
    def machine(self) -> str:
        return self._machine

    def show_machine(self, machine: str, value: str = "") -> None:
        """The points of a machine (id), and one in front; without `changed`."""
        same = machine == self._machine
        self._machine, self._value = machine, value
        self.chain.show_machine(machine, value)
        if same:
            self._mark(value)
            return
        self.calendar.choose("")
        self.every.hide()
        self.refresh()

    def set_value(self, value: str) -> None:
        """Without `changed`."""
        self.show_machine(self._machine, value)

    def refresh(self) -> None:
        """Something changed at the Core, or it is tried again."""
        self._mark(self._value)
        self.model.start_over()
        machine = self._machine
        if machine:
            self.pane.load(lambda: self._desk.client.days(machine), self._show_days)

    def _show_days(self, days: Days) -> None:
        self.calendar.show_days(days)

    async def _fetch(self, sort: str, descending: bool, offset: int, limit: int) -> tuple[Sequence[Row], int]:
        if not self._machine:
            return [], 0
        since, until = span_of(self.calendar.day)
        page = await self._desk.client.points(
            machine=self._machine,
            since=since,
            until=until,
            sort=sort,
            descending=descending,
            offset=offset,
            limit=limit,
        )
        return page["points"], page.get("total", len(page["points"]))

    def _counted(self, total: int) -> None:
        points = count("{n} recovery point", "{n} recovery points", total)
        day = self.calendar.day
        self.note.setText(say("{points} on {day} (UTC)", points=points, day=day) if day else points)
        self._mark(self._value)
        self.table.scrollTo(self.table.currentIndex(), QTableView.ScrollHint.PositionAtCenter)

    def _filter(self, day: str) -> None:
        self.every.setVisible(bool(day))
        self.model.start_over()

    def _all_days(self) -> None:
        self.calendar.choose("")
        self._filter("")

    def _mark(self, value: str) -> None:
        """The row of a point in front, without telling it as somebody's choice."""
        before = self.table.blockSignals(True)
        self.table.choose(value)
        self.table.blockSignals(before)

    def _row(self, row: Row | None) -> None:
        if row is not None and row["id"] != self._value:
            self._value = row["id"]
            self.chain.show_machine(self._machine, self._value)
            self.changed.emit(self._value)

    def _take(self, point: str) -> None:
        if point != self._value:
            self._value = point
            self._mark(point)
            self.changed.emit(point)


def span_of(day: str) -> tuple[str | None, str | None]:
    """A day (YYYY-MM-DD, UTC; empty: all) as its first and last moment."""
    if not day:
        return None, None
    return f"{day}T00:00:00Z", f"{day}T23:59:59.999999Z"
