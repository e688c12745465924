"""The nightly jobs of a Core: when, which, what they check, how the last ones went; and running them now."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from PySide6.QtCore import Qt, QTime
from PySide6.QtWidgets import QCheckBox, QFrame, QLabel, QLineEdit, QTimeEdit, QWidget

from console.desktop.desk import Desk
from console.desktop.theme.tokens import GAP, GAP_L, GAP_S
from console.desktop.widgets import states
from console.desktop.widgets.badge import Badge
from console.desktop.widgets.pane import Pane
from console.desktop.widgets.parts import allow, button, label, line, rows, titled
from console.desktop.wizards.fields.view import ProblemLine
from console.domain.answers import JobAnswer
from console.domain.point_checks import PointCheck
from console.domain.roles import Right
from console.domain.settings import CLEAR, KEEP_EVENTS, KEEP_JOBS, RECLAIM, ROLLUP
from console.flows.amounts import ago, local
from console.flows.nightly import NightlyDraft, draft_of, job_word, result_text
from console.flows.point_checks import check_explained, check_word
from console.flows.wording import say


class TimeOfDay(QTimeEdit):
    """Left with Tab, like every other field; the arrows go from hours to minutes."""

    def focusNextPrevChild(self, forward: bool) -> bool:
        return QWidget.focusNextPrevChild(self, forward)


class NightlyPanel(QFrame):
    """What somebody has typed stays until it is saved or taken back, whatever changes meanwhile."""

    def __init__(self, desk: Desk, pane: Callable[[], Pane]) -> None:
        super().__init__()
        self.setProperty("role", "panel")
        self._desk, self._pane = desk, pane
        self._known: Mapping[str, str] | None = None
        self._showing = False
        self._last: JobAnswer | None = None
        self.on = QCheckBox(say("&Every night at"))
        self.at = TimeOfDay()
        self.at.setDisplayFormat("HH:mm")
        self.at.setAccessibleName(say("When the nightly jobs start"))
        self.zone = label("", "muted")
        self.jobs = {job: QCheckBox(job_word(job)) for job in (ROLLUP, RECLAIM, CLEAR)}
        self.keep_jobs, self.keep_events = QLineEdit(), QLineEdit()
        self.checks = {check: QCheckBox(check_word(check)) for check in PointCheck}
        for check, box in self.checks.items():
            box.setToolTip(check_explained(check))
            box.setAccessibleDescription(check_explained(check))
        self.wrong = ProblemLine()
        self.save = button(say("Sa&ve"), self._save, role="primary", name=say("Save the nightly jobs"))
        self.take_back = button(say("Take &back"), self._take_back)
        self.run = button(say("Run &now"), self._run, icon_name="run")
        self.state = Badge()
        self.said = label("", "muted", wrap=True)
        self.open_last = button(say("Open that &job"), self._open_last, role="link")
        kept = line(
            *self._days(say("Keep &jobs for"), self.keep_jobs),
            *self._days(say("and e&vents for"), self.keep_events),
            label(say("days; empty: for ever"), "muted"),
            1,
            gap=GAP_S,
        )
        indent = kept.layout()
        assert indent is not None
        indent.setContentsMargins(GAP_L + GAP, 0, 0, 0)
        inner = rows(
            line(self.on, self.at, self.zone, 1, gap=GAP_S),
            *self.jobs.values(),
            kept,
            label(say("And check the newest point of each machine:")),
            line(*self.checks.values(), 1, gap=GAP_L),
            self.wrong,
            line(self.save, self.take_back, self.run, 1),
            line(self.state, self.said, self.open_last, gap=GAP),
            gap=GAP,
        )
        row = inner.layout().itemAt(inner.layout().count() - 1).widget().layout()  # type: ignore[union-attr]
        row.setStretch(1, 1)  # type: ignore[union-attr]
        titled(say("Nightly jobs"), inner, into=self)
        for box in (self.on, *self.jobs.values(), *self.checks.values()):
            box.toggled.connect(lambda *_: self._judge())
        for edit in (self.keep_jobs, self.keep_events):
            edit.textEdited.connect(lambda *_: self._judge())
        self.at.timeChanged.connect(lambda *_: self._judge())

    @property
    def draft(self) -> NightlyDraft:
        """As it is in front now."""
        return NightlyDraft(
            self.on.isChecked(),
            self.at.time().toString("HH:mm"),
            tuple(job for job, box in self.jobs.items() if box.isChecked()),
            tuple(check for check, box in self.checks.items() if box.isChecked()),
            self.keep_jobs.text(),
            self.keep_events.text(),
        )

    @property
    def dirty(self) -> bool:
        """Whether something is typed that is not saved."""
        if self._known is None:
            return False
        draft = self.draft
        return bool(draft.problems()) or bool(draft.changes(self._known))

    def show_values(self, known: Mapping[str, str], zone: str, last: JobAnswer | None) -> None:
        """`known`: `flows.nightly.known_values`. `last`: the newest run, if there was one."""
        typed = self.dirty
        self._known = known
        if not typed:
            self._put(draft_of(known))
        self.zone.setText(
            say("in the zone of this Core's machine") if zone == "local" else say("in the zone {zone}", zone=zone)
        )
        self._show_last(last)
        self._judge()

    def _put(self, draft: NightlyDraft) -> None:
        self._showing = True
        self.on.setChecked(draft.on)
        self.at.setTime(QTime.fromString(draft.at, "HH:mm"))
        for job, box in self.jobs.items():
            box.setChecked(job in draft.jobs)
        for check, box in self.checks.items():
            box.setChecked(check in draft.checks)
        self.keep_jobs.setText(draft.keep_jobs)
        self.keep_events.setText(draft.keep_events)
        self._showing = False

    def _judge(self) -> None:
        if self._showing:
            return
        may, why = self._desk.may(Right.ADMINISTER), say("Only an administrator may do this.")
        problems = self.draft.problems()
        self.wrong.tell(" ".join(problems.values()))
        for edit, key in ((self.keep_jobs, KEEP_JOBS), (self.keep_events, KEEP_EVENTS)):
            edit.setAccessibleDescription(problems.get(key, ""))
            edit.setEnabled(may and self.jobs[CLEAR].isChecked())
        for box in (self.on, *self.jobs.values(), *self.checks.values()):
            box.setEnabled(may)
        self.at.setEnabled(may and self.on.isChecked())
        self.save.setToolTip("")
        self.run.setToolTip("")
        allow(self.save, may and not problems and self.dirty, "" if may else why)
        self.take_back.setEnabled(may and self.dirty)
        busy = self._last is not None and self._last["ended"] is None
        allow(self.run, may and not busy, say("They run already.") if may else why)

    def _show_last(self, last: JobAnswer | None) -> None:
        self._last = last
        self.open_last.setVisible(last is not None)
        if last is None:
            self.state.clear()
            self.said.setText(say("They have not run yet."))
            return
        shown = states.job(last["state"])
        self.state.say(shown.text, shown.tone, shown.icon)
        when = last["ended"] or last["started"] or last["created"]
        text = say("Last run {ago}", ago=ago(when, self._desk.clock.now()))
        if last["result"]:
            text = f"{text}: {result_text(last['result'])}."
        elif last["failure"]:
            text = f"{text}: {last['failure']['message']}"
        self.said.setText(text)
        self.said.setAccessibleName(text)
        self.said.setToolTip(local(when))

    # --- doing

    def _take_back(self) -> None:
        if self._known is not None:
            self._put(draft_of(self._known))
            self._judge()

    def _save(self) -> None:
        if self._known is None or self.draft.problems():
            return
        changes, client = self.draft.changes(self._known), self._desk.client

        async def work() -> dict[str, str]:
            for key, value in changes.items():
                await client.set(key, value)
            return changes

        self._pane().act(work, self._saved)

    def _saved(self, changes: dict[str, str]) -> None:
        self._known = {**(self._known or {}), **changes}
        self._judge()
        self._desk.notice(say("The nightly jobs were saved."))

    def _run(self) -> None:
        self._pane().act(self._desk.client.run_nightly, self._started)

    def _started(self, job: JobAnswer) -> None:
        self._desk.notice(say("The nightly jobs have started."))
        self._desk.go("jobs", job["id"])

    def _open_last(self) -> None:
        if self._last is not None:
            self._desk.go("jobs", self._last["id"])

    def _days(self, text: str, edit: QLineEdit) -> tuple[QWidget, QWidget]:
        shown = QLabel(text)
        shown.setBuddy(edit)
        edit.setAccessibleName(text.replace("&", ""))
        edit.setMaxLength(5)
        edit.setFixedWidth(9 * edit.fontMetrics().averageCharWidth())
        edit.setAlignment(Qt.AlignmentFlag.AlignRight)
        return shown, edit
