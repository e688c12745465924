"""The simulator: policy, schedule and change rate of a machine played forward, as lines over days, on every Core."""

from __future__ import annotations

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QComboBox, QLabel, QLineEdit, QSizePolicy, QStackedLayout, QWidget

from console.desktop.desk import Desk
from console.desktop.theme.tokens import GAP, GAP_S
from console.desktop.widgets.line_chart import Line, LineChart, LineData, Panel, Swatch
from console.desktop.widgets.line_layout import count_text, size_text
from console.desktop.widgets.pane import Pane
from console.desktop.widgets.parts import label, line, rows
from console.desktop.wizards.fields.view import ProblemLine
from console.domain.retention_answers import CourseAnswer, SimulationAnswer
from console.domain.sizes import format_interval, format_size
from console.flows.simulating import HORIZONS, Wish, assumed, day_text, habit_text, horizon_text, place_text, summary
from console.flows.wording import say

PAUSE_MS = 350
"""After the last key, before it is played."""


class Simulator(QWidget):
    """`played`: what is drawn. It plays again by itself, a moment after something changed."""

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self._desk = desk
        self._machine = ""
        self._policy: str | None = None
        self.played: SimulationAnswer | None = None
        self.horizon = QComboBox()
        for days in HORIZONS:
            self.horizon.addItem(horizon_text(days), days)
        self.horizon.setCurrentIndex(HORIZONS.index(365))
        self.every, self.change = QLineEdit(), QLineEdit()
        self.wrong = ProblemLine()
        self.chart = LineChart(say("Points and space to come"))
        self.readout = label("", "small", wrap=True)
        self.habit = label("", "small", wrap=True)
        self.notes = label("", "small", wrap=True)
        self._legend = line(gap=GAP)
        self._legend.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.nothing = label("", "muted", wrap=True)
        controls = line(
            *self._control(say("&Look ahead"), self.horizon),
            *self._control(say("&Back up every"), self.every),
            *self._control(say("&New in each"), self.change),
            1,
            gap=GAP_S,
        )
        full = rows(controls, self.wrong, self._legend, self.chart, self.readout, self.habit, self.notes, gap=GAP_S)
        full.layout().setStretch(3, 1)  # type: ignore[union-attr]
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
        self._soon.timeout.connect(self.play)
        self.horizon.currentIndexChanged.connect(lambda *_: self.play())
        for edit in (self.every, self.change):
            edit.setMinimumWidth(70)
            edit.setMaximumWidth(130)
            edit.textEdited.connect(lambda *_: self._typed())
            edit.returnPressed.connect(self.play)
        self.chart.picked.connect(self._show_picked)

    @property
    def wish(self) -> Wish:
        return Wish(int(self.horizon.currentData()), self.every.text(), self.change.text())

    def show_machine(self, machine: str, policy: str | None, *, soon: bool = False) -> None:
        """Plays a machine (id; empty: none) by another `policy` than it has; `soon`: somebody is typing."""
        if machine != self._machine:
            self.played = None
            self.every.clear()
            self.change.clear()
        self._machine, self._policy = machine, policy
        if soon:
            self._soon.start()
        else:
            self.play()

    def tell_nothing(self, sentence: str) -> None:
        """There is nothing to be played, and why."""
        self._machine = ""
        self._soon.stop()
        self.nothing.setText(sentence)
        self._stack.setCurrentWidget(self.nothing)

    def play(self) -> None:
        self._soon.stop()
        if not self._machine or not self._judge():
            return
        machine, policy, habits = self._machine, self._policy, self.wish.habits()
        self.pane.load(lambda: self._desk.client.simulate_retention(machine, policy=policy, **habits), self._show)

    def _typed(self) -> None:
        self._judge()
        self._soon.start()

    def _judge(self) -> bool:
        problems = self.wish.problems()
        self.wrong.tell(" ".join(problems.values()))
        return not problems

    def _show(self, found: SimulationAnswer) -> None:
        if not found["size"] and not any(day["points"] for day in found["courses"][0]["days"][:1]):
            self.tell_nothing(say("Nothing to play yet: the machine has no recovery point and no schedule."))
            return
        self._stack.setCurrentWidget(self._full)
        self.played = found
        if not self.every.text():
            self.every.setPlaceholderText(format_interval(found["interval_s"]))
        if not self.change.text():
            self.change.setPlaceholderText(format_size(found["change"]))
        names = [place_text(course) for course in found["courses"]]
        counts = [Line(name, _points(course)) for name, course in zip(names, found["courses"], strict=True)]
        sizes = [Line(name, _bytes(course)) for name, course in zip(names, found["courses"], strict=True)]
        panels = (
            Panel(say("Recovery points"), count_text, tuple(counts)),
            Panel(say("Space they take"), size_text, tuple(sizes)),
        )
        days = tuple(day["date"] for day in found["courses"][0]["days"])
        self.chart.show_data(LineData(days, panels), summary(found))
        self.habit.setText(habit_text(found))
        self.notes.setText(" ".join(assumed(found)))
        self.notes.setVisible(bool(self.notes.text()))
        self._show_legend(names)
        self._show_picked(self.chart.at)

    def _show_picked(self, at: object) -> None:
        if self.played is None:
            return
        last = len(self.played["courses"][0]["days"]) - 1
        text = day_text(self.played, at if isinstance(at, int) and at <= last else last)
        self.readout.setText(text)
        self.readout.setAccessibleName(text)

    def _show_legend(self, names: list[str]) -> None:
        layout = self._legend.layout()
        assert layout is not None
        while (item := layout.takeAt(0)) is not None:
            if (old := item.widget()) is not None:
                old.deleteLater()
        for number, name in enumerate(names):
            layout.addWidget(line(Swatch(number), label(name, "small"), gap=GAP_S))
        layout.addWidget(line(1))

    def _control(self, text: str, control: QComboBox | QLineEdit) -> tuple[QWidget, QWidget]:
        shown = QLabel(text)
        shown.setBuddy(control)
        control.setAccessibleName(text.replace("&", ""))
        return shown, control


def _points(course: CourseAnswer) -> tuple[float, ...]:
    return tuple(float(day["points"]) for day in course["days"])


def _bytes(course: CourseAnswer) -> tuple[float, ...]:
    return tuple(float(day["bytes"]) for day in course["days"])
