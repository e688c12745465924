"""Jobs: what runs with phases, rate and time left; what ended with its outcome, sentence, report and log."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime
from typing import Any, ClassVar

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox, QMenu, QPlainTextEdit, QProgressBar, QSplitter, QTabWidget, QWidget

from console.desktop.desk import Desk, PageName, Place
from console.desktop.keys.unlocking import KEY_LOCKED, UnlockingProblem
from console.desktop.pages.page import Page
from console.desktop.tables.columns import Cell, Column, Row, time_column
from console.desktop.tables.model import WindowModel
from console.desktop.tables.view import Table, rows_text
from console.desktop.theme.tokens import GAP, GAP_L
from console.desktop.widgets import states
from console.desktop.widgets.badge import Badge
from console.desktop.widgets.pane import Empty, Pane
from console.desktop.widgets.parts import (
    FactsView,
    action,
    allow,
    button,
    label,
    line,
    panel,
    rows,
)
from console.desktop.widgets.reporting import report_facts
from console.domain.answers import JobAnswer
from console.domain.clock import from_iso
from console.domain.errors import Failure
from console.domain.events import Changed
from console.domain.jobs import JobKind
from console.domain.roles import Right
from console.domain.sizes import format_duration, format_rate, format_size
from console.flows.amounts import NOTHING, local
from console.flows.wording import count, say


class JobsPage(Page):
    name: ClassVar[str] = "jobs"
    help: ClassVar[str] = "jobs"
    kinds: ClassVar[frozenset[Changed]] = frozenset({Changed.JOBS})

    @property
    def title(self) -> str:
        return say("Jobs")

    def build(self) -> QWidget:
        self._filter = QComboBox()
        self._filter.setAccessibleName(say("Show which jobs"))
        for value, text in (("", say("All jobs")), ("active", say("Running and queued")), ("failed", say("Failed"))):
            self._filter.addItem(text, value)
        self._kind = QComboBox()
        self._kind.setAccessibleName(say("Show which kind of jobs"))
        self._kind.addItem(say("Every kind"), "")
        for value in (
            "backup",
            "replicate",
            "replicate-point",
            "restore",
            "seed-create",
            "seed-verify",
            "seed-consume",
            "repository-check",
            "reclaim",
            "repository-repair",
            "rebuild-index",
            "point-check",
            "rollup",
            "nightly",
        ):
            self._kind.addItem(states.job_kind(value).text, value)
        self._count = label("", "muted")
        self._model = WindowModel(
            _columns(), self.desk.clock, self.desk.tasks, self._window, sort="created", descending=True
        )
        self._table = Table("jobs", say("Jobs"), self._model)
        self._table.set_row_menu(self._menu)
        self._model.failed.connect(lambda failure: self.pane.tell(failure, self._model.start_over))
        self._model.counted.connect(self._counted)
        self._detail = JobDetail(self.desk)
        self._table.chosen.connect(self._chosen)
        self._empty = Empty(
            "job",
            say("No jobs yet"),
            say("Backups, replications, restores and work on seed drives appear here while they run and after."),
        )
        self._empty.hide()
        for box in (self._filter, self._kind):
            box.currentIndexChanged.connect(lambda *_: self._model.start_over())
        split = QSplitter(Qt.Orientation.Vertical)
        split.addWidget(rows(line(self._filter, self._kind, 1, self._count), self._table, gap=GAP))
        split.addWidget(self._detail)
        split.setStretchFactor(0, 3)
        split.setStretchFactor(1, 2)
        split.setChildrenCollapsible(False)
        self._split = split
        return rows(split, self._empty, gap=0)

    async def fetch(self) -> JobAnswer | None:
        return await self.desk.client.job(self.place.id) if self.place.id else None

    def show_answer(self, answer: JobAnswer | None) -> None:
        if self._model.ever_answered:
            self._model.refresh()
        else:
            self._model.start_over()
        if answer is not None and not self._table.choose(answer["id"]):
            self._detail.show_job(answer)

    async def _window(self, sort: str, descending: bool, offset: int, limit: int) -> tuple[Sequence[Row], int]:
        page = await self.desk.client.jobs(
            state=self._filter.currentData() or None,
            kind=self._kind.currentData() or None,
            descending=descending,
            offset=offset,
            limit=limit,
        )
        return page["jobs"], page.get("total", len(page["jobs"]))

    def _counted(self, total: int) -> None:
        self._count.setText(rows_text(total))
        filtered = bool(self._filter.currentData() or self._kind.currentData())
        nothing = total == 0 and not filtered and not self.place.id
        self._empty.setVisible(nothing)
        self._split.setVisible(not nothing)

    def _chosen(self, row: Row | None) -> None:
        if row is not None:
            self._detail.show_job(row)  # type: ignore[arg-type]

    def _menu(self, row: Row, menu: QMenu) -> None:
        running = row["ended"] is None
        made = action(
            say("&Cancel"),
            lambda: self._cancel(row["id"]),
            icon_name="cancel",
            enabled=running and self.desk.may(Right.JOBS),
            why_not=say("It has ended.") if not running else say("Help desk may look, not cancel."),
        )
        made.setParent(menu)
        menu.addAction(made)

    def _cancel(self, job: str) -> None:
        self.pane.act(lambda: self.desk.client.cancel_job(job))


class JobDetail(QWidget):
    """One job: follows it while it runs."""

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self._desk = desk
        self._job: JobAnswer | None = None
        self._watching: asyncio.Task[Any] | None = None
        self._state = Badge()
        self._name = label("", "title")
        self._phase = label("", "muted", wrap=True)
        self._bar = QProgressBar()
        self._bar.setAccessibleName(say("Progress"))
        self._bar.setFixedHeight(16)
        self._figures = label("", "muted")
        self._sentence = label("", wrap=True, selectable=True)
        self.locked = UnlockingProblem(desk)
        self.locked.unlocked.connect(self._go_on)
        self._cancel = button(say("&Cancel job"), self._ask_cancel, icon_name="cancel")
        self._go = button(say("&Open its subject"), self._open, icon_name="forward")
        self._facts = FactsView()
        self._log = QPlainTextEdit()
        self._log.setReadOnly(True)
        self._log.setAccessibleName(say("Log of the job"))
        self._log.setTabChangesFocus(True)
        self._log_pane = Pane(self._log, desk)
        self._tabs = QTabWidget()
        self._tabs.setAccessibleName(say("About the job"))
        facts = panel("plain")
        rows(self._facts, 1, margin=GAP, into=facts)
        self._tabs.addTab(facts, say("&Report"))
        self._tabs.addTab(self._log_pane, say("&Log"))
        self._tabs.currentChanged.connect(lambda *_: self._read_log())
        head = line(self._state, self._name, 1, self._go, self._cancel, gap=GAP_L)
        said = rows(self._sentence, self.locked)
        inner = rows(head, self._phase, self._bar, self._figures, said, self._tabs, gap=GAP, margin=GAP_L)
        frame = panel()
        rows(inner, into=frame)
        self._none = label(say("Choose a job to see what it does or did."), "muted")
        rows(frame, self._none, gap=0, into=self)
        self._frame = frame
        frame.hide()

    def show_job(self, job: JobAnswer) -> None:
        fresh = self._job is None or self._job["id"] != job["id"]
        self._job = job
        self._show(job)
        if fresh:
            self._log.clear()
            self._read_log()
            if self._watching is not None:
                self._watching.cancel()
                self._watching = None
        if job["ended"] is None and (self._watching is None or self._watching.done()):
            self._watching = self._desk.tasks.start(self._watch(job["id"]))

    async def _watch(self, job: str) -> None:
        from console.domain.errors import Failed

        try:
            async for now in self._desk.client.watch(job):
                if self._job is None or self._job["id"] != job:
                    return
                self._job = now
                self._show(now)
            self._read_log()
        except Failed:
            return  # the banner says that the Core is gone; the page loads again when it is back

    def _show(self, job: JobAnswer) -> None:
        self._frame.show()
        self._none.hide()
        shown = states.job(job["state"])
        self._state.say(shown.text, shown.tone, shown.icon)
        self._name.setText(f"{states.job_kind(job['kind']).text}: {job['subject_name'] or job['subject'][:12]}")
        progress = job["progress"]
        running = job["ended"] is None
        self._bar.setVisible(running)
        self._figures.setVisible(running)
        self._phase.setVisible(running and bool(progress["phase"] or progress["text"]))
        self._phase.setText(": ".join(part for part in (progress["phase"], progress["text"]) if part))
        if running:
            total = progress["bytes_total"]
            self._bar.setRange(0, 1000 if total else 0)
            self._bar.setValue(round(1000 * min(1.0, progress["bytes_done"] / total)) if total else 0)
            self._figures.setText(progress_text(job))
        failure = job["failure"]
        text = f"{failure['message']} {failure['hint']}".strip() if failure else ""
        self._sentence.setText(text)
        locked = failure is not None and failure["code"] == KEY_LOCKED
        self._sentence.setVisible(bool(text) and not locked)
        if failure is not None and locked:
            self.locked.tell(Failure.from_dict(dict(failure)), retry=False)
        else:
            self.locked.clear()
        self._cancel.setVisible(running)
        allow(self._cancel, self._desk.may(Right.JOBS) and job["state"] != "cancelling", say("You may only look."))
        self._go.setVisible(_place(job) is not None)
        self._facts.show_facts(_facts(job))
        self.setAccessibleName(f"{self._name.text()}, {shown.text}")

    def _read_log(self) -> None:
        job = self._job
        if job is not None and self._tabs.currentIndex() == 1:
            id = job["id"]
            self._log_pane.load(
                lambda: self._desk.client.job_log(id),
                lambda log: self._log.setPlainText(
                    "\n".join(f"{local(entry['time'])}  {entry['text']}" for entry in log["lines"])
                    or say("Nothing was written.")
                ),
            )

    def _ask_cancel(self) -> None:
        if self._job is not None:
            id = self._job["id"]
            self._log_pane.act(lambda: self._desk.client.cancel_job(id), self.show_job)

    def _go_on(self) -> None:
        """The key that a job had not got is unlocked: a backup is made now, what else it was is begun anew by hand."""
        job = self._job
        if job is None:
            return
        if job["kind"] == JobKind.BACKUP and self._desk.may(Right.BACK_UP):
            self._log_pane.act(lambda: self._desk.client.back_up(job["subject"]), self.show_job)
        else:
            self._desk.notice(say("The key is unlocked. Begin again what has failed."))

    def _open(self) -> None:
        place = _place(self._job) if self._job else None
        if place is not None:
            self._desk.going.emit(place)


def progress_text(job: JobAnswer) -> str:
    """How far, how fast, how long: “1.2 GB of 4.0 GB · 48 MB/s · 1 min left”."""
    progress = job["progress"]
    parts = []
    if progress["bytes_total"]:
        done, total = format_size(progress["bytes_done"]), format_size(progress["bytes_total"])
        parts.append(say("{done} of {total}", done=done, total=total))
    elif progress["bytes_done"]:
        parts.append(format_size(progress["bytes_done"]))
    if progress["items_total"]:
        parts.append(say("{done} of {total} items", done=progress["items_done"], total=progress["items_total"]))
    elif progress["items_done"]:
        parts.append(count("{n} item", "{n} items", progress["items_done"]))
    if progress["rate_bps"]:
        parts.append(format_rate(progress["rate_bps"]))
    if progress["eta_s"] is not None:
        parts.append(say("{time} left", time=format_duration(progress["eta_s"])))
    return " · ".join(parts)


def _columns() -> tuple[Column, ...]:
    return (
        Column("state", say("State"), lambda row, _: states.job(row["state"]).cell(), width=13),
        Column("kind", say("Job"), lambda row, _: states.job_kind(row["kind"]).cell(), width=18),
        Column("subject", say("For"), lambda row, _: Cell(row["subject_name"] or row["subject"][:12]), width=22),
        Column("progress", say("Progress"), lambda row, _: _progress(row), width=34),
        time_column("created", say("Started"), sort="created"),
        Column("took", say("Took"), _took, right=True, width=10),
        Column("why", say("Why"), lambda row, _: Cell(row["reason"] or row["trigger"]), width=24),
        Column("user", say("By"), lambda row, _: Cell(row["user"] or NOTHING), width=12, hidden=True),
    )


def _progress(row: Row) -> Cell:
    if row["failure"]:
        return Cell(row["failure"]["message"], tip=f"{row['failure']['message']} {row['failure']['hint']}")
    if row["ended"] is None:
        return Cell(progress_text(row) or row["progress"]["phase"] or say("Waiting"))  # type: ignore[arg-type]
    if row["warning_count"]:
        return Cell(count("{n} warning", "{n} warnings", row["warning_count"]))
    return Cell("")


def _took(row: Row, now: datetime) -> Cell:
    if not row["started"]:
        return Cell(NOTHING)
    end = from_iso(row["ended"]) if row["ended"] else now
    return Cell(format_duration(max(0.0, (end - from_iso(row["started"])).total_seconds())))


def _facts(job: JobAnswer) -> list[tuple[str, str]]:
    facts = [
        (say("Started by"), " – ".join(part for part in (job["user"], job["reason"] or job["trigger"]) if part)),
        (say("Began"), local(job["started"] or job["created"])),
    ]
    if job["ended"]:
        facts.append((say("Ended"), local(job["ended"])))
    facts += report_facts(job["result"] or {})
    facts += [(say("Warning"), warning["message"]) for warning in job["warnings"][:10]]
    if job["warning_count"] > 10:
        facts.append((say("More warnings"), str(job["warning_count"] - 10)))
    return facts


def _place(job: JobAnswer) -> Place | None:
    pages: dict[str, PageName] = {
        "backup": "machine",
        "replicate": "replication",
        "seed-create": "seeds",
        "seed-consume": "seeds",
        "seed-verify": "seeds",
        "repository-check": "repositories",
        "reclaim-plan": "repositories",
        "reclaim": "repositories",
        "repository-move": "repositories",
        "repository-repair": "repositories",
        "repository-parity": "repositories",
        "rebuild-index": "repositories",
        "rollup": "machine",
        "restore": "points",
        "point-check": "points",
        "replicate-point": "points",
    }
    page = pages.get(job["kind"])
    return Place(page, job["subject"]) if page and job["subject"] else None
