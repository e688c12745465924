"""One machine: whether it is safe, its recovery points, replicas, events, and what may be changed."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

from PySide6.QtWidgets import QMenu, QStackedLayout, QTabWidget, QWidget

from console.desktop.desk import Place
from console.desktop.machine.answer import MachineView
from console.desktop.machine.lists import EventsTab, PointsTab, ReplicationTab
from console.desktop.machine.settings import SettingsTab
from console.desktop.machine.summary import SummaryTab
from console.desktop.pages.page import Page
from console.desktop.theme.tokens import GAP, HEAD
from console.desktop.widgets import states
from console.desktop.widgets.badge import Badge
from console.desktop.widgets.check_dialog import CheckDialog
from console.desktop.widgets.pane import Pane
from console.desktop.widgets.parts import action, allow, button, heading, line, menu_button, rows
from console.domain.answers import JobAnswer, JobPage, MachineAnswer
from console.domain.errors import Failed, FailureKind
from console.domain.events import Changed
from console.domain.overview_answers import SafetyAnswer
from console.domain.repository_answers import RepositoryDetail
from console.domain.roles import Right
from console.flows.wording import count, say

TABS = ("summary", "points", "replication", "events", "settings")


class MachinePage(Page):
    name = "machine"
    help = "machine"
    kinds = frozenset(
        {
            Changed.MACHINES,
            Changed.POINTS,
            Changed.PAIRINGS,
            Changed.SEEDS,
            Changed.EVENTS,
            Changed.REPOSITORIES,
            Changed.JOBS,
            Changed.KEYS,
        }
    )

    @property
    def title(self) -> str:
        return self._view.machine["name"] if self._view else say("Machine")

    def build(self) -> QWidget:
        self._view: MachineView | None = None
        self.summary = SummaryTab(self.desk.clock)
        self.points = PointsTab(self.desk, self._pane)
        self.replication = ReplicationTab(self.desk, self._pane, self.reload)
        self.events = EventsTab(self.desk, self._pane)
        self.settings = SettingsTab(self.desk, self._pane, self.reload)
        self.tabs = QTabWidget()
        self.tabs.setDocumentMode(True)
        self.tabs.setAccessibleName(say("About this machine"))
        for tab, title in (
            (self.summary, say("Summary")),
            (self.points, say("Recovery points")),
            (self.replication, say("Replication")),
            (self.events, say("Events")),
            (self.settings, say("Settings")),
        ):
            self.tabs.addTab(tab, title)
        self.tabs.currentChanged.connect(lambda *_: self._show_tab())
        content = rows(self._build_head(), self.tabs, gap=GAP)
        holder = QWidget()
        self._front = QStackedLayout(holder)
        self._blank = QWidget()
        self._content = content
        self._front.addWidget(self._blank)
        self._front.addWidget(content)
        return holder

    def go_to(self, place: Place) -> None:
        if place.id != self.place.id:
            # Nothing of the machine before may be seen, or clicked, under the name of the next one.
            self._view = None
            self._front.setCurrentWidget(self._blank)
        if place.tab in TABS:
            self.tabs.setCurrentIndex(TABS.index(place.tab))
        super().go_to(place)

    async def fetch(self) -> MachineView | None:
        id = self.place.id
        if not id:
            return None
        client = self.desk.client
        machine, chain, jobs = await asyncio.gather(
            client.machine(id), client.chain_map(id), client.jobs(subject=id, state="active", offset=0, limit=1)
        )
        safety, repository = await asyncio.gather(self._safety(machine), self._repository(machine["repository"]))
        return MachineView(machine, safety, chain, repository, next(iter(jobs["jobs"]), None))

    def show_answer(self, answer: MachineView | None) -> None:
        self._view = answer
        if answer is None:
            return
        self._front.setCurrentWidget(self._content)
        self.setAccessibleName(self.title)
        self._show_head(answer)
        self._shown: set[QWidget] = set()
        self._show_tab()

    async def _safety(self, machine: MachineAnswer) -> SafetyAnswer | None:
        page = await self.desk.client.safety(text=machine["name"])
        return next((one for one in page["machines"] if one["machine_id"] == machine["id"]), None)

    async def _repository(self, repository: str) -> RepositoryDetail | None:
        try:
            return await self.desk.client.repository(repository) if repository else None
        except Failed as known:
            if known.failure.kind is FailureKind.NOT_FOUND:
                return None
            raise

    def _pane(self) -> Pane:
        return self.pane

    def _show_tab(self) -> None:
        """Only what is seen is read."""
        tab: Any = self.tabs.currentWidget()
        if self._view is not None and tab not in self._shown:
            self._shown.add(tab)
            tab.show_view(self._view)

    # --- the head

    def _build_head(self) -> QWidget:
        self._shown = set()
        self.name_label = heading("", HEAD)
        self.verdict = Badge()
        self.kind = Badge()
        self.base_menu = QMenu(self)
        self.base_menu.setToolTipsVisible(True)
        for entry in (
            action(say("&Incremental (what changed)"), lambda: self._back_up(base=False), icon_name="incremental"),
            action(say("&Base image (everything)"), lambda: self._back_up(base=True), icon_name="base"),
        ):
            entry.setParent(self.base_menu)
            self.base_menu.addAction(entry)
        self.back_up = menu_button("backup", say("&Back up now"), self.base_menu)
        self.pause = button(say("Pa&use"), self._pause, icon_name="pause")
        self.resume = button(say("Res&ume"), self._resume, icon_name="resume")
        self.restore = button(say("Re&store …"), self._restore, icon_name="restore")
        self.replicate = button(say("Replicate n&ow"), self._replicate, icon_name="pairing")
        self.check = button(say("Chec&k …"), self._ask_check, icon_name="check")
        self.job = button("", self._open_job, role="link")
        names = line(self.name_label, self.verdict, self.kind, 1, self.job)
        actions = line(self.restore, self.back_up, self.replicate, self.check, self.pause, self.resume, 1)
        return rows(names, actions, gap=GAP)

    def _show_head(self, view: MachineView) -> None:
        machine = view.machine
        self.name_label.setText(machine["name"])
        if view.safety is not None:
            verdict = states.verdict(view.safety["verdict"])
            self.verdict.say(verdict.text, verdict.tone, verdict.icon)
            self.verdict.setToolTip(view.safety["why"])
        else:
            self.verdict.hide()
        kind = states.machine_kind(machine["kind"])
        self.kind.say(kind.text, kind.tone, kind.icon)
        self.job.setVisible(view.job is not None)
        if view.job is not None:
            text = say(
                "{what}: {state} …",
                what=states.job_kind(view.job["kind"]).text,
                state=states.job(view.job["state"]).text,
            )
            self.job.setText(text)
            self.job.setAccessibleName(text)
        administrator = say("Only an administrator may do this.")
        for made in (self.back_up, self.pause, self.resume, self.replicate):
            made.setVisible(view.protected)
            made.setToolTip("")
        self.restore.setToolTip("")
        self.pause.setVisible(view.protected and not machine["paused"])
        self.resume.setVisible(view.protected and machine["paused"])
        allow(self.back_up, self.desk.may(Right.BACK_UP), administrator)
        allow(self.pause, self.desk.may(Right.ADMINISTER), administrator)
        allow(self.resume, self.desk.may(Right.ADMINISTER), administrator)
        may_replicate = self.desk.may(Right.BACK_UP)
        allow(
            self.replicate,
            may_replicate and bool(machine["pairings"]),
            say("It is not replicated to another Core.") if may_replicate else administrator,
        )
        may_check = self.desk.may(Right.CHECK)
        self.check.setToolTip("")
        allow(
            self.check,
            may_check and machine["points"] > 0,
            say("There is no recovery point yet.") if may_check else say("Help desk may look, not check."),
        )
        may_restore = self.desk.may(Right.RESTORE)
        allow(
            self.restore,
            may_restore and machine["points"] > 0,
            say("There is no recovery point yet.")
            if may_restore
            else say("Only an administrator or a technician may do this."),
        )

    # --- what can be done

    def _id(self) -> str:
        return self._view.machine["id"] if self._view else ""

    def _open_job(self) -> None:
        if self._view is not None and self._view.job is not None:
            self.desk.go("jobs", self._view.job["id"])

    def _back_up(self, *, base: bool) -> None:
        id, name = self._id(), self.title

        def started(_: JobAnswer) -> None:
            self.desk.notice(say("The backup of “{name}” has started.", name=name))

        self.pane.act(lambda: self.desk.client.back_up(id, base=base), started)

    def _ask_check(self) -> None:
        view = self._view
        if view is None:
            return
        id, name = view.machine["id"], view.machine["name"]

        def begin(only: Sequence[str], every: bool) -> None:
            self.pane.act(lambda: self.desk.client.check_points(machine=id, every=every, only=only), started)

        def started(job: JobAnswer) -> None:
            self.desk.notice(say("The check of “{name}” has started.", name=name))
            self.desk.go("jobs", job["id"])

        text = say("Check “{machine}”", machine=name)
        CheckDialog(self, self.desk, text, begin, points=view.machine["points"]).open()

    def _pause(self) -> None:
        id = self._id()
        self.pane.act(lambda: self.desk.client.pause_machine(id), lambda _: self.reload())

    def _resume(self) -> None:
        id = self._id()
        self.pane.act(lambda: self.desk.client.resume_machine(id), lambda _: self.reload())

    def _restore(self) -> None:
        self.desk.open_wizard("restore", machine=self._id())

    def _replicate(self) -> None:
        id = self._id()

        def started(page: JobPage) -> None:
            self.desk.notice(count("{n} replication has started.", "{n} replications have started.", len(page["jobs"])))

        self.pane.act(lambda: self.desk.client.replicate_machine(id), started)
