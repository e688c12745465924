"""Events: alerts that want a person, and the journal of all that happened."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QComboBox, QLineEdit, QMenu, QWidget

from console.desktop.desk import Place
from console.desktop.pages.page import Page
from console.desktop.tables.columns import Cell, Column, Row, time_column
from console.desktop.tables.model import WindowModel
from console.desktop.tables.view import Table, rows_text
from console.desktop.theme.tokens import GAP, GAP_L
from console.desktop.widgets import states
from console.desktop.widgets.pane import Empty
from console.desktop.widgets.parts import FactsView, action, allow, button, label, line, panel, rows
from console.domain.events import Changed
from console.domain.roles import Right
from console.flows.amounts import local
from console.flows.wording import say

TYPING_MS = 250
OF_REPOSITORIES = frozenset({"damage-found", "damage-repaired", "repository-moved"})
"""Events whose subject is a repository (id), which its page shows."""


class EventsPage(Page):
    name: ClassVar[str] = "events"
    help: ClassVar[str] = "events"
    kinds: ClassVar[frozenset[Changed]] = frozenset({Changed.EVENTS})

    @property
    def title(self) -> str:
        return say("Events")

    def build(self) -> QWidget:
        self._which = QComboBox()
        self._which.setAccessibleName(say("Show alerts or the journal"))
        self._which.addItem(say("Journal: everything"), "")
        self._which.addItem(say("Alerts: what wants a person"), "alerts")
        self._severity = QComboBox()
        self._severity.setAccessibleName(say("Show which severity"))
        self._severity.addItem(say("Every severity"), "")
        for value in ("info", "warning", "error"):
            self._severity.addItem(states.severity(value).text, value)
        self._text = QLineEdit()
        self._text.setPlaceholderText(say("Filter by text"))
        self._text.setAccessibleName(say("Filter events by text"))
        self._text.setClearButtonEnabled(True)
        self._typing = QTimer(self)
        self._typing.setSingleShot(True)
        self._typing.setInterval(TYPING_MS)
        self._dismiss_all = button(say("Dismiss &all alerts"), lambda: self._dismiss(None), icon_name="good")
        self._count = label("", "muted")
        self._model = WindowModel(
            _columns(), self.desk.clock, self.desk.tasks, self._window, sort="time", descending=True
        )
        self._table = Table("events", say("Events"), self._model)
        self._table.set_row_menu(self._menu)
        self._table.chosen.connect(self._chosen)
        self._table.opened.connect(self._opened)
        self._model.failed.connect(lambda failure: self.pane.tell(failure, self._model.start_over))
        self._model.counted.connect(self._counted)
        for box in (self._which, self._severity):
            box.currentIndexChanged.connect(lambda *_: self._model.start_over())
        self._text.textChanged.connect(lambda *_: self._typing.start())
        self._typing.timeout.connect(self._model.start_over)
        self._facts = FactsView()
        self._dismiss_one = button(say("&Dismiss"), self._dismiss_chosen, icon_name="good")
        self._show_it = button(say("Show the repositor&y"), self._go_to_it, icon_name="repository")
        self._detail = panel()
        rows(self._facts, line(1, self._show_it, self._dismiss_one), margin=GAP_L, into=self._detail)
        self._detail.setAccessibleName(say("About the event"))
        self._detail.hide()
        self._empty = Empty("good", say("Nothing here"), say("There is no event that matches."))
        self._empty.hide()
        bar = line(self._which, self._severity, self._text, 1, self._count, self._dismiss_all, gap=GAP)
        return rows(bar, self._table, self._empty, self._detail, gap=GAP)

    async def fetch(self) -> None:
        """The table reads for itself."""
        self.desk.client  # noqa: B018 - raises while the Core does not answer

    def offer(self) -> None:
        allow(self._dismiss_all, self.desk.may(Right.JOBS), say("Help desk may look, not dismiss."))

    def show_answer(self, answer: Any) -> None:
        if self._model.ever_answered:
            self._model.refresh()
        else:
            self._model.start_over()
        if self.place.id:
            self._table.choose(self.place.id)

    def go_to(self, place: Place) -> None:
        if place.filter == "alerts":
            self._which.setCurrentIndex(1)
        super().go_to(place)

    async def _window(self, sort: str, descending: bool, offset: int, limit: int) -> tuple[Sequence[Row], int]:
        page = await self.desk.client.events(
            alerts=self._which.currentData() == "alerts",
            severity=self._severity.currentData() or None,
            text=self._text.text().strip() or None,
            descending=descending,
            offset=offset,
            limit=limit,
        )
        return page["events"], page.get("total", len(page["events"]))

    def _counted(self, total: int) -> None:
        self._count.setText(rows_text(total))
        self._empty.setVisible(total == 0)
        self._table.setVisible(total > 0)
        first = self._model.row(0) if total else None
        if first is not None and self._table.current is None and self._which.currentData() == "alerts":
            self._table.choose(first["id"])  # who follows the bell sees at once what to do
        if not total:
            self._detail.hide()

    def _chosen(self, row: Row | None) -> None:
        self._detail.setVisible(row is not None)
        if row is None:
            return
        shown = states.severity(row["severity"])
        facts = [
            (say("What"), row["message"]),
            (say("When"), local(row["time"])),
            (say("Severity"), shown.text),
            (say("Code"), row["code"]),
        ]
        if row["subject"]:
            facts.append((say("About"), row["subject"]))
        if row["count"] > 1:
            facts.append((say("How often"), str(row["count"])))
        self._facts.show_facts(facts)
        self._show_it.setVisible(row["code"] in OF_REPOSITORIES and bool(row["subject"]))
        self._dismiss_one.setVisible(_open(row))
        allow(self._dismiss_one, self.desk.may(Right.JOBS), say("Help desk may look, not dismiss."))

    def _menu(self, row: Row, menu: QMenu) -> None:
        made = action(
            say("&Dismiss"),
            lambda: self._dismiss(row["id"]),
            icon_name="good",
            enabled=_open(row) and self.desk.may(Right.JOBS),
            why_not=say("Only an open alert can be dismissed."),
        )
        made.setParent(menu)
        menu.addAction(made)

    def _opened(self, row: Row) -> None:
        if row["code"] in OF_REPOSITORIES:
            self.desk.go("repositories", row["subject"])

    def _go_to_it(self) -> None:
        row = self._table.current
        if row is not None:
            self.desk.go("repositories", row["subject"])

    def _dismiss_chosen(self) -> None:
        row = self._table.current
        if row is not None:
            self._dismiss(row["id"])

    def _dismiss(self, event: str | None) -> None:
        self.pane.act(lambda: self.desk.client.dismiss(event), lambda _: self._model.refresh())


def _open(row: Row) -> bool:
    return bool(row["alert"]) and not row["dismissed"]


def _columns() -> tuple[Column, ...]:
    return (
        Column("severity", say("Severity"), lambda row, _: states.severity(row["severity"]).cell(), width=13),
        time_column("time", say("When"), sort="time"),
        Column("message", say("What"), lambda row, _: Cell(row["message"], tip=row["message"]), width=70),
        Column("alert", say("Alert"), _alert, width=12),
        Column(
            "count",
            say("Times"),
            lambda row, _: Cell(str(row["count"]) if row["count"] > 1 else ""),
            right=True,
            width=6,
        ),
        Column("code", say("Code"), lambda row, _: Cell(row["code"]), width=22),
    )


def _alert(row: Row, _: object) -> Cell:
    if not row["alert"]:
        return Cell("")
    return Cell(say("Dismissed"), icon="off") if row["dismissed"] else Cell(say("Open"), icon="alert")
