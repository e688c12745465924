"""The checks of one recovery point: what each showed and when, the log of its job, and a check that runs now."""

from __future__ import annotations

import asyncio
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QPlainTextEdit, QProgressBar, QSplitter, QWidget
from shiboken6 import isValid

from console.desktop.desk import Desk
from console.desktop.tables.columns import Cell, Column, Row
from console.desktop.tables.model import ListModel
from console.desktop.tables.view import Table
from console.desktop.theme.tokens import GAP
from console.desktop.widgets import point_states
from console.desktop.widgets.pane import Pane
from console.desktop.widgets.parts import allow, button, label, line, rows
from console.domain.answers import JobAnswer, JobLog, PointDetailAnswer
from console.domain.errors import Failed
from console.domain.point_checks import PointCheck
from console.domain.roles import Right
from console.flows.amounts import NOTHING, ago, local
from console.flows.point_checks import check_explained, check_word
from console.flows.wording import say


class PointChecksView(QWidget):
    """`wanted`: somebody wants to check the point. `ended`: a check that was watched here has ended."""

    wanted = Signal()
    ended = Signal()

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self._desk = desk
        self._point = ""
        self._job = ""
        self._logged = ""
        self._watching: asyncio.Task[Any] | None = None
        self.model = ListModel(_columns(), desk.clock, id_key="check")
        self.table = Table("point-checks", say("Checks of the point"), self.model)
        self.table.fit_rows(4, 6)
        self.table.chosen.connect(self._chosen)
        self.check = button(say("Chec&k …"), self.wanted.emit, icon_name="check")
        self.open_job = button(say("Open the &job"), self._open_job, role="link")
        self.message = label("", wrap=True, selectable=True)
        self.log = QPlainTextEdit()
        self.log.setReadOnly(True)
        self.log.setAccessibleName(say("Log of the check"))
        self.log.setTabChangesFocus(True)
        self.log.setPlaceholderText(say("The log of a check stands here once it has run."))
        self.log_pane = Pane(self.log, desk)
        self.phase = label("", "muted", wrap=True)
        self.bar = QProgressBar()
        self.bar.setFixedHeight(12)
        self.bar.setTextVisible(False)
        self.bar.setAccessibleName(say("Progress of the check"))
        self._running = rows(self.phase, self.bar, gap=GAP // 2)
        self._running.hide()
        upper = rows(line(self.check, 1, self.open_job), self._running, self.table, self.message, gap=GAP // 2)
        split = QSplitter(Qt.Orientation.Vertical)
        split.setChildrenCollapsible(False)
        split.addWidget(upper)
        split.addWidget(self.log_pane)
        split.setStretchFactor(1, 1)
        rows(split, into=self)

    def show_detail(self, detail: PointDetailAnswer) -> None:
        if detail["id"] != self._point:
            self._stop()
            self._logged = ""
            self.log.clear()
        self._point = detail["id"]
        self.check.setToolTip("")
        allow(self.check, self._desk.may(Right.CHECK), say("Help desk may look, not check."))
        known = {result["check"]: result for result in detail.get("check_results", [])}
        names = [check.value for check in PointCheck] + sorted(known.keys() - set(PointCheck))
        self.model.put([known.get(name) or _never(name) for name in names])
        latest = max(known.values(), key=lambda result: result["time"], default=None)
        if self.table.current is None or latest is not None:
            bad = next((name for name in names if name in known and known[name]["verdict"] == "bad"), "")
            self.table.choose(bad or (latest["check"] if latest else names[0]))
        self._chosen(self.table.current)

    def watch(self, job: JobAnswer) -> None:
        """Follows a check of this point until it has ended."""
        self._stop()
        self._job = job["id"]
        self._show_progress(job)
        self._watching = self._desk.tasks.start(self._watch(job["id"]))

    async def _watch(self, job: str) -> None:
        try:
            async for now in self._desk.client.watch(job):
                if self._job != job or not isValid(self):
                    return
                self._show_progress(now)
        except Failed:
            return  # the banner says that the Core is gone; the page loads again when it is back
        finally:
            if self._job == job and isValid(self):
                self._job = ""
                self._running.hide()
                self.ended.emit()

    def _show_progress(self, job: JobAnswer) -> None:
        progress = job["progress"]
        self._running.setVisible(job["ended"] is None)
        text = ": ".join(part for part in (progress["phase"], progress["text"]) if part) or say("The check waits.")
        self.phase.setText(text)
        self.phase.setAccessibleName(text)
        total = progress["bytes_total"]
        self.bar.setRange(0, 1000 if total else 0)
        self.bar.setValue(round(1000 * min(1.0, progress["bytes_done"] / total)) if total else 0)
        self.open_job.setVisible(True)

    def _stop(self) -> None:
        self._job = ""
        self._running.hide()
        if self._watching is not None:
            self._watching.cancel()
            self._watching = None

    def _chosen(self, row: Row | None) -> None:
        if row is None:
            return
        self.message.setText(row["message"])
        self.message.setAccessibleName(row["message"])
        self.open_job.setVisible(bool(self._job or row["job"]))
        if not row["job"]:
            self._logged = ""
            self.log.setPlainText("")
        elif row["job"] != self._logged:
            job = self._logged = row["job"]
            self.log_pane.load(lambda: self._log(job), self._show_log)

    async def _log(self, job: str) -> JobLog | None:
        try:
            return await self._desk.client.job_log(job)
        except Failed as known:
            if known.failure.code == "no-such-job":
                return None  # jobs are forgotten after a while, results stay
            raise

    def _show_log(self, log: JobLog | None) -> None:
        if log is None:
            self.log.setPlainText(say("The job of this check is forgotten by now, and its log with it."))
            return
        lines = [f"{local(entry['time'])}  {entry['text']}" for entry in log["lines"]]
        self.log.setPlainText("\n".join(lines) or say("Nothing was written."))

    def _open_job(self) -> None:
        row = self.table.current
        job = self._job or (row["job"] if row else "")
        if job:
            self._desk.go("jobs", job)


def _never(check: str) -> dict[str, str]:
    message = check_explained(PointCheck(check))
    return {"check": check, "verdict": "", "message": message, "time": "", "job": ""}


def _columns() -> list[Column]:
    return [
        Column("check", say("Check"), lambda row, _: Cell(check_word(row["check"])), width=12),
        Column(
            "verdict",
            say("Result"),
            lambda row, _: (
                point_states.point_check(row["verdict"]).cell() if row["verdict"] else Cell(say("Never run"))
            ),
            width=13,
        ),
        Column(
            "time",
            say("When"),
            lambda row, now: Cell(ago(row["time"], now), tip=local(row["time"])) if row["time"] else Cell(NOTHING),
            width=14,
        ),
    ]
