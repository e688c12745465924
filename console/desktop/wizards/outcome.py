"""What follows Finish: what was done, its jobs live, and the way on."""

from __future__ import annotations

import asyncio

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QProgressBar, QSizePolicy, QVBoxLayout, QWidget

from console.desktop.desk import Desk
from console.desktop.theme.tokens import GAP, GAP_L, GAP_S, Tone
from console.desktop.widgets import states
from console.desktop.widgets.badge import Badge
from console.desktop.widgets.parts import button, label, line, rows
from console.desktop.widgets.problem import Problem
from console.desktop.wizards.fields.telling import Soft
from console.domain.answers import JobAnswer, ProgressAnswer
from console.domain.errors import Failed
from console.domain.jobs import JobState
from console.domain.roles import Right
from console.domain.sizes import format_duration, format_rate, format_size
from console.flows.outcomes import has_damage, told
from console.flows.plan import Finished
from console.flows.wording import count, say

SHARE = 1000
"""Steps of a progress bar; bytes do not fit into Qt's numbers."""
MOST_WARNINGS = 5


class JobView(QFrame):
    """One job as it goes on: phase, bytes, rate, time left; it can be cancelled."""

    moved = Signal()

    def __init__(self, desk: Desk, job: str) -> None:
        super().__init__()
        self.setProperty("role", "panel")
        self.id = job
        self.shown: JobAnswer | None = None
        self._desk = desk
        self._watching: asyncio.Task[object] | None = None
        self.title = label(say("The job"), "title", wrap=True)
        self.badge = Badge()
        self.phase = label("", wrap=True)
        self.figures = label("", "muted")
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setFixedHeight(8)
        self.bar.setRange(0, 0)
        self.said = Soft()
        self.said.hide()
        self.warnings = Soft()
        self.warnings.hide()
        self.problem = Problem()
        self.problem.again.connect(self._again)
        self.cancel = button(say("Cancel the &job"), self._cancel, icon_name="cancel")
        self.cancel.setEnabled(desk.may(Right.JOBS))
        self.open = button(say("Details"), lambda: desk.go("jobs", job), role="link", name=say("Details of the job"))
        for text in (self.title, self.phase):
            text.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self._live = line(self.phase, self.figures)
        rows(
            line(self.title, self.badge),
            self.bar,
            self._live,
            self.said,
            self.warnings,
            self.problem,
            line(self.open, 1, self.cancel),
            gap=GAP,
            margin=GAP_L,
            into=self,
        )
        desk.link.moved.connect(self._link_moved)
        self._watch()

    @property
    def ended(self) -> bool:
        return self.shown is not None and JobState(self.shown["state"]).ended

    def show_job(self, job: JobAnswer) -> None:
        self.shown = job
        self.problem.clear()
        kind, state = states.job_kind(job["kind"]), states.job(job["state"])
        name = job["subject_name"]
        title = say("{kind}: {name}", kind=kind.text, name=name) if name else kind.text
        self.title.setText(title)
        self.setAccessibleName(title)
        self.badge.say(state.text, state.tone, state.icon)
        progress = job["progress"]
        share = share_of(progress)
        if self.ended:
            self.bar.setRange(0, SHARE)
            self.bar.setValue(SHARE if job["state"] == JobState.SUCCEEDED else round((share or 0) * SHARE))
        else:
            self.bar.setRange(0, 0 if share is None else SHARE)
            self.bar.setValue(round((share or 0) * SHARE))
        self.phase.setText("" if self.ended else progress["phase"] or state.text)
        self.figures.setText("" if self.ended else figures(progress))
        self._live.setVisible(not self.ended)
        self.bar.setAccessibleName(say("Progress of {title}", title=title))
        self.bar.setAccessibleDescription(f"{self.phase.text()} {self.figures.text()}".strip())
        self.bar.setVisible(not self.ended)
        self.cancel.setVisible(not self.ended)
        self.cancel.setEnabled(self._desk.may(Right.JOBS) and job["state"] != JobState.CANCELLING)
        self._show_ending(job)
        self.moved.emit()

    def _show_ending(self, job: JobAnswer) -> None:
        failure = job["failure"]
        if failure is not None:
            self.said.say(Tone.BAD, "bad", failure["message"], failure["hint"])
        elif self.ended:
            self._say_ended(job)
        self.said.setVisible(self.ended)
        warnings = [one["message"] for one in job["warnings"][:MOST_WARNINGS]]
        if warnings:
            head = count("{n} warning", "{n} warnings", job["warning_count"])
            self.warnings.say(Tone.WARN, "warn", head, "\n".join(warnings))
        self.warnings.setVisible(bool(warnings))

    def _say_ended(self, job: JobAnswer) -> None:
        if job["state"] == JobState.SUCCEEDED:
            lines, bad = told(job), has_damage(job)
            tone, sign = (Tone.BAD, "bad") if bad else (Tone.GOOD, "good")
            self.said.say(
                tone, sign, say("It is done, and there is damage.") if bad else say("It is done."), "\n".join(lines)
            )
        elif job["state"] == JobState.CANCELLED:
            self.said.say(Tone.OFF, "cancel", say("It was cancelled."), "")
        else:
            self.said.say(Tone.WARN, "warn", say("It ended before it was done."), "")

    def _watch(self) -> None:
        if self._watching is None or self._watching.done():
            self._watching = self._desk.tasks.start(self._follow())

    async def _follow(self) -> None:
        try:
            async for job in self._desk.client.watch(self.id):
                self.show_job(job)
        except Failed as known:
            self.problem.tell(known.failure, retry=True)

    def _again(self) -> None:
        self._desk.link.try_again()
        self._watch()

    def _link_moved(self) -> None:
        if self._desk.link.connected and not self.ended:
            self._watch()

    def _cancel(self) -> None:
        self.cancel.setEnabled(False)
        self._desk.tasks.start(self._ask_to_end())

    async def _ask_to_end(self) -> None:
        try:
            self.show_job(await self._desk.client.cancel_job(self.id))
        except Failed as known:
            self.problem.tell(known.failure, retry=True)


class Outcome(QWidget):
    """What was done, and below it each job that was started."""

    def __init__(self, desk: Desk, finished: Finished) -> None:
        super().__init__()
        self.setProperty("role", "page")
        self.jobs = [JobView(desk, job) for job in finished.jobs]
        column = QVBoxLayout(self)
        column.setContentsMargins(0, GAP_S, GAP_L, GAP_S)
        column.setSpacing(GAP_L)
        self.done = Soft()
        self.done.say(Tone.GOOD, "good", finished.text, "")
        column.addWidget(self.done)
        for warning in finished.warnings:
            said = Soft()
            said.say(Tone.WARN, "warn", warning, "")
            column.addWidget(said)
        for job in self.jobs:
            column.addWidget(job)
        self.goes_on = label(say("It goes on when this window is closed."), "muted", wrap=True)
        self.goes_on.setVisible(False)
        column.addWidget(self.goes_on)
        for job in self.jobs:
            job.moved.connect(self._say)
        self._say()
        column.addStretch(1)

    def _say(self) -> None:
        self.goes_on.setVisible(any(not job.ended for job in self.jobs))


def share_of(progress: ProgressAnswer) -> float | None:
    """How much of a phase is done, from 0 to 1; None: nobody knows."""
    for done, total in (
        (progress["bytes_done"], progress["bytes_total"]),
        (progress["items_done"], progress["items_total"]),
    ):
        if total:
            return min(1.0, done / total)
    return None


def figures(progress: ProgressAnswer) -> str:
    """“1.2 GB of 4.0 GB · 48 MB/s · 1 min 5 s left”: what is known of it."""
    said = []
    if progress["bytes_total"]:
        done, total = format_size(progress["bytes_done"]), format_size(progress["bytes_total"])
        said.append(say("{done} of {total}", done=done, total=total))
    elif progress["items_total"]:
        said.append(say("{done} of {total}", done=progress["items_done"], total=progress["items_total"]))
    elif progress["bytes_done"]:
        said.append(format_size(progress["bytes_done"]))
    if progress["rate_bps"]:
        said.append(format_rate(progress["rate_bps"]))
    if progress["eta_s"] is not None:
        said.append(say("{time} left", time=format_duration(progress["eta_s"])))
    return " · ".join(said)
