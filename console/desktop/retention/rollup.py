"""What a rollup would do with the points of a machine now: which go, which stay, why; and doing it."""

from __future__ import annotations

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QComboBox, QPushButton, QStackedLayout, QWidget

from console.desktop.desk import Desk
from console.desktop.tables.columns import Cell, Column, Row, time_column
from console.desktop.tables.model import ListModel
from console.desktop.tables.view import Table
from console.desktop.theme.tokens import GAP, Tone
from console.desktop.widgets import point_states
from console.desktop.widgets.asking import ask
from console.desktop.widgets.pane import Pane
from console.desktop.widgets.parts import allow, button, label, line, rows
from console.domain.answers import JobAnswer
from console.domain.retention_answers import RollupAnswer
from console.domain.roles import Right
from console.flows.retention import rollup_details, rollup_text
from console.flows.wording import count, say

PAUSE_MS = 350
SHOWN = 2000
"""Points that are listed; what goes comes first."""


class RollupView(QWidget):
    """`plan`: what is shown."""

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self._desk = desk
        self._machine = ""
        self._policy: str | None = None
        self._saved = True
        self.plan: RollupAnswer | None = None
        self.sentence = label("", "title", wrap=True)
        self.note = label("", "muted", wrap=True)
        self.which = QComboBox()
        self.which.setAccessibleName(say("Show which points"))
        for value, text in (("", say("All points")), ("goes", say("Those that go")), ("stays", say("Those that stay"))):
            self.which.addItem(text, value)
        self.which.currentIndexChanged.connect(lambda *_: self._fill())
        self.run: QPushButton = button(say("Roll &up now …"), self._ask, icon_name="recycle", role="primary")
        self.model = ListModel(_columns(), desk.clock)
        self.table = Table("rollup", say("What becomes of each point"), self.model)
        self.table.opened.connect(lambda row: desk.go("points", row["id"]))
        self.nothing = label("", "muted", wrap=True)
        full = rows(self.sentence, self.note, line(self.which, 1, self.run), self.table, gap=GAP)
        holder = QWidget()
        self._stack = QStackedLayout(holder)
        self._full = full
        self._stack.addWidget(full)
        self._stack.addWidget(self.nothing)
        self.pane = Pane(holder, desk)
        rows(self.pane, into=self)
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(PAUSE_MS)
        self._soon.timeout.connect(self.read)

    def show_machine(self, machine: str, policy: str | None, *, saved: bool, soon: bool = False) -> None:
        """Of a machine (id); `policy`: another one than it has. `saved`: it is the one that a rollup would go by."""
        if machine != self._machine:
            self.plan = None
            self.sentence.setText(say("Looking at its points …"))
            self.note.hide()
            self.model.put([])
            self.run.setEnabled(False)
        self._machine, self._policy, self._saved = machine, policy, saved
        if soon:
            self._soon.start()
        else:
            self.read()

    def tell_nothing(self, sentence: str) -> None:
        self._machine = ""
        self._soon.stop()
        self.nothing.setText(sentence)
        self._stack.setCurrentWidget(self.nothing)

    def read(self) -> None:
        self._soon.stop()
        if self._machine:
            machine, policy = self._machine, self._policy
            self.pane.load(lambda: self._desk.client.rollup_plan(machine, policy=policy, staying=True), self._show)

    def _show(self, plan: RollupAnswer) -> None:
        self.plan = plan
        self._stack.setCurrentWidget(self._full)
        self.sentence.setText(rollup_text(plan))
        self.sentence.setAccessibleName(rollup_text(plan))
        total = len(plan["points"]) + len(plan["staying"])
        notes = []
        if not self._saved:
            notes.append(say("By the policy as it is typed; it is not saved yet."))
        if total > SHOWN:
            notes.append(
                count(
                    "The first {n} of {total} are listed.", "The first {n} of {total} are listed.", SHOWN, total=total
                )
            )
        self.note.setText(" ".join(notes))
        self.note.setVisible(bool(notes))
        may = self._desk.may(Right.ADMINISTER)
        self.run.setToolTip("")
        why = (
            say("Only an administrator may do this.")
            if not may
            else say("Save the policy first.")
            if not self._saved
            else say("Nothing would go.")
        )
        allow(self.run, may and self._saved and plan["points_removed"] > 0, why)
        self._fill()

    def _fill(self) -> None:
        if self.plan is None:
            return
        which = self.which.currentData()
        going = [] if which == "stays" else [_row(one, "goes") for one in self.plan["points"]]
        staying = [] if which == "goes" else [_row(one, "stays") for one in self.plan["staying"]]
        self.model.put((going + staying)[:SHOWN])

    def _ask(self) -> None:
        plan, machine = self.plan, self._machine
        if plan is None:
            return
        ask(
            self,
            say("Roll up aged points"),
            say("Remove the aged points of “{machine}” now?", machine=plan["machine"]),
            rollup_details(plan),
            say("&Roll up"),
            lambda: self.pane.act(lambda: self._desk.client.roll_up(machine), self._started),
        )

    def _started(self, job: JobAnswer) -> None:
        self._desk.notice(say("The rollup of “{machine}” has started.", machine=job["subject_name"]))
        self._desk.go("jobs", job["id"])


def _row(point: Row, fate: str) -> Row:
    whys = [point] if fate == "goes" else point["kept_by"]
    return {"id": point["id"], "time": point["time"], "fate": fate, "whys": whys}


def _columns() -> list[Column]:
    return [
        time_column("time", say("Time"), exact=True),
        Column("fate", say("Becomes"), lambda row, _: _fate(row), width=12),
        Column("reasons", say("Why"), lambda row, _: _reasons(row), width=26),
        Column("text", say("In full"), lambda row, _: Cell(" ".join(why["text"] for why in row["whys"])), width=60),
    ]


def _fate(row: Row) -> Cell:
    if row["fate"] == "goes":
        return Cell(say("Goes"), Tone.WARN, "delete")
    return Cell(say("Stays"), Tone.GOOD, "good")


def _reasons(row: Row) -> Cell:
    return point_states.kept(row["whys"])
