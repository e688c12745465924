"""Retention: how long the points of each machine stay, what that will come to, and what would go now."""

from __future__ import annotations

import asyncio
from typing import ClassVar

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox, QLabel, QScrollArea, QSplitter, QTabWidget, QWidget

from console.desktop.desk import Place
from console.desktop.pages.page import Page
from console.desktop.retention.editor import PolicyEditor
from console.desktop.retention.rollup import RollupView
from console.desktop.retention.simulator import Simulator
from console.desktop.tables.columns import Cell, Column, Row, number_column
from console.desktop.tables.model import ListModel
from console.desktop.tables.view import Table
from console.desktop.theme.tokens import GAP, GAP_L, Tone
from console.desktop.widgets import states
from console.desktop.widgets.parts import allow, button, label, line, panel, rows
from console.domain.events import Changed
from console.domain.retention import parse_policy
from console.domain.retention_answers import MachineRetentionAnswer, RetentionAnswer
from console.domain.roles import Right
from console.domain.settings import RETENTION
from console.flows.retention import Draft, all_retentions, draft_of, policy_text, same
from console.flows.wording import count, say

CORE = "core"
"""The id of the row of the Core's own policy; no machine has it."""
ROLLUP = "rollup"
"""`Place.tab` of what would go now."""

Answer = tuple[RetentionAnswer, list[MachineRetentionAnswer]]


class RetentionPage(Page):
    name: ClassVar[str] = "retention"
    help: ClassVar[str] = "retention"
    kinds: ClassVar[frozenset[Changed]] = frozenset(
        {Changed.MACHINES, Changed.POINTS, Changed.SETTINGS, Changed.PAIRINGS}
    )

    @property
    def title(self) -> str:
        return say("Retention")

    def build(self) -> QWidget:
        self._known: dict[str, RetentionAnswer] = {}
        self._drafts: dict[str, Draft] = {}
        """What is typed and not saved, by row: it stays when another row is looked at."""
        self._front = ""
        self.model = ListModel(_columns(), self.desk.clock)
        self.table = Table("retention", say("Policies"), self.model)
        self.table.chosen.connect(self._chosen)
        self.editor = PolicyEditor(self.desk.clock)
        self.editor.changed.connect(self._edited)
        self.heading = label("", "title", wrap=True)
        self.unsaved = label(say("Not saved yet."), "muted")
        self.save = button(say("&Save"), self._save, role="primary")
        self.take_back = button(say("Take bac&k"), self._take_back)
        self.points = button(say("Its recovery &points"), self._to_points, role="link")
        self.simulator = Simulator(self.desk)
        self.rollup = RollupView(self.desk)
        self.on = QComboBox()
        self.on.setAccessibleName(say("Played on the machine"))
        self.on.setMinimumContentsLength(24)
        self.on.currentIndexChanged.connect(lambda *_: self._play())
        shown = QLabel(say("&Played on the machine"))
        shown.setBuddy(self.on)
        self._whom = line(shown, self.on, 1)
        self.tabs = QTabWidget()
        self.tabs.setAccessibleName(say("What the policy comes to"))
        play = rows(self._whom, self.simulator, gap=GAP)
        play.layout().setStretch(1, 1)  # type: ignore[union-attr]
        for page, text in ((play, say("What &it comes to")), (self.rollup, say("What would &go now"))):
            page.setContentsMargins(0, GAP, 0, 0)
            self.tabs.addTab(page, text)
        self.tabs.currentChanged.connect(lambda *_: self._play())
        inner = rows(
            self.heading,
            self.editor,
            line(self.save, self.take_back, self.unsaved, 1),
            line(self.points, 1),
            1,
            gap=GAP,
        )
        inner.setProperty("role", "page")
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setWidget(inner)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setAccessibleName(say("The policy"))
        left, right = panel(), panel()
        rows(area, margin=GAP_L, into=left)
        rows(self.tabs, margin=GAP, into=right)
        beside = QSplitter(Qt.Orientation.Horizontal)
        split = QSplitter(Qt.Orientation.Vertical)
        for splitter, parts in ((beside, ((left, 0), (right, 1))), (split, ((self.table, 1), (beside, 3)))):
            splitter.setChildrenCollapsible(False)
            splitter.setHandleWidth(GAP)
            for part, weight in parts:
                splitter.addWidget(part)
                splitter.setStretchFactor(splitter.indexOf(part), weight)
        beside.setSizes([400, 600])
        split.setSizes([190, 520])
        return split

    # --- reading and showing

    def go_to(self, place: Place) -> None:
        if place.tab == ROLLUP:
            self.tabs.setCurrentIndex(1)
        if place.id and place != self.place:
            self.table.choose(place.id)
        super().go_to(place)

    async def fetch(self) -> Answer:
        core, machines = await asyncio.gather(self.desk.client.core_retention(), all_retentions(self.desk.client))
        return core, machines

    def show_answer(self, answer: Answer) -> None:
        core, machines = answer
        followers = [one for one in machines if not one["own"] and one["kind"] != "recovery-points-only"]
        first = {
            "id": CORE,
            "name": "",
            "policy": core["policy"],
            "own": True,
            "points": None,
            "kind": "",
            "followers": len(followers),
        }
        listed = [
            {
                "id": one["machine_id"],
                "name": one["machine"],
                "policy": one["policy"],
                "own": one["own"],
                "points": one["points"],
                "kind": one["kind"],
            }
            for one in machines
        ]
        self._known = {CORE: core} | {one["machine_id"] or "": one for one in machines}
        self._drafts = {id: draft for id, draft in self._drafts.items() if id in self._known}
        self._fill_machines(followers)
        self.model.put([first, *listed])
        wanted = self._front if self._front in self._known else self.place.id if self.place.id in self._known else CORE
        if self.table.current is None or self.table.current["id"] != wanted:
            self.table.choose(wanted)
        self._show(wanted)

    def _chosen(self, row: Row | None) -> None:
        if row is not None and row["id"] != self._front:
            self._show(row["id"])

    def _show(self, id: str) -> None:
        """A row in detail, with what was typed there."""
        self._front = id
        known, may = self._known[id], self.desk.may(Right.ADMINISTER)
        core = id == CORE
        self.heading.setText(
            say("The Core's policy, for all machines without one of their own")
            if core
            else say("How long points of “{machine}” stay", machine=known["machine"])
        )
        draft = self._drafts.get(id) or draft_of(known)
        self.editor.show_draft(draft, follows=not core, may=may)
        self.editor.setToolTip("" if may else say("Only an administrator may do this."))
        self.points.setVisible(not core)
        self._whom.setVisible(core and self.on.count() > 0)
        self._judge()
        self._play()

    # --- editing

    @property
    def dirty(self) -> bool:
        """Whether something is typed here that is not saved."""
        return self._front in self._drafts

    def _edited(self) -> None:
        draft = self.editor.draft
        if draft is None or self._front not in self._known:
            return
        if same(draft, draft_of(self._known[self._front])):
            self._drafts.pop(self._front, None)
        else:
            self._drafts[self._front] = draft
        self._judge()
        self._play(soon=True)

    def _judge(self) -> None:
        draft = self.editor.draft
        wrong = bool(draft and draft.problems())
        may = self.desk.may(Right.ADMINISTER)
        self.save.setToolTip("")
        allow(self.save, may and self.dirty and not wrong, "" if may else say("Only an administrator may do this."))
        self.take_back.setEnabled(may and self.dirty)
        self.unsaved.setVisible(self.dirty)

    def _take_back(self) -> None:
        self._drafts.pop(self._front, None)
        self._show(self._front)

    def _save(self) -> None:
        draft, id = self.editor.draft, self._front
        if draft is None or draft.problems():
            return
        policy, client = draft.policy(), self.desk.client

        async def work() -> RetentionAnswer:
            if id == CORE:
                await client.set(RETENTION, policy)
                return await client.core_retention()
            return await client.set_retention(id, policy)

        def done(answer: RetentionAnswer) -> None:
            self._drafts.pop(id, None)
            self.desk.notice(
                say("The Core's policy was saved. Nothing goes before the next rollup.")
                if id == CORE
                else say(
                    "The policy of “{machine}” was saved. Nothing goes before the next rollup.",
                    machine=answer["machine"],
                )
            )
            self.reload()

        self.pane.act(work, done)

    def _to_points(self) -> None:
        self.desk.go("points", filter=f"machine:{self._front}")

    # --- what it comes to

    def _fill_machines(self, followers: list[MachineRetentionAnswer]) -> None:
        """Machines that follow the Core, those with most points first: it is played on one of them."""
        before, chosen = self.on.blockSignals(True), self.on.currentData()
        self.on.clear()
        for one in sorted(followers, key=lambda one: -one["points"]):
            self.on.addItem(str(one["machine"]), one["machine_id"])
        self.on.setCurrentIndex(max(0, self.on.findData(chosen)))
        self.on.blockSignals(before)

    def _play(self, *, soon: bool = False) -> None:
        """Only the tab in front is read."""
        if not self._front:
            return
        draft = self.editor.draft
        machine = self._front if self._front != CORE else self.on.currentData() or ""
        wrong = draft is not None and bool(draft.problems())
        nothing = (
            say("What is typed is not a policy yet.")
            if wrong
            else say("No machine follows the Core's policy: there is nothing to play it on.")
            if not machine
            else ""
        )
        if self.tabs.currentIndex() == 0:
            if nothing:
                self.simulator.tell_nothing(nothing)
            else:
                self.simulator.show_machine(machine, self._typed(draft), soon=soon)
        elif nothing:
            self.rollup.tell_nothing(nothing)
        else:
            self.rollup.show_machine(machine, self._typed(draft), saved=not self.dirty, soon=soon)

    def _typed(self, draft: Draft | None) -> str | None:
        """The policy that is typed; None: what the Core has."""
        if draft is None or not self.dirty:
            return None
        return draft.policy() if draft.own else self._known[CORE]["policy"]


def _columns() -> list[Column]:
    return [
        Column(
            "name",
            say("Machine"),
            lambda row, _: _name(row),
            width=24,
            order=lambda row: (row["id"] != CORE, row["name"]),
        ),
        Column("whose", say("Whose policy"), lambda row, _: _whose(row), width=20),
        number_column("points", say("Points")),
        Column("policy", say("How long points stay"), lambda row, _: _policy(row), width=66),
    ]


def _name(row: Row) -> Cell:
    if row["id"] == CORE:
        return Cell(say("This Core"), icon="core")
    return Cell(row["name"], icon=states.machine_kind(row["kind"]).icon, tip=states.machine_kind(row["kind"]).text)


def _whose(row: Row) -> Cell:
    if row["id"] == CORE:
        return Cell(count("For {n} machine", "For {n} machines", row["followers"]))
    if row["own"]:
        return Cell(say("Its own"), Tone.INFO, "edit")
    if row["kind"] == "recovery-points-only":
        return Cell(
            say("Kept for ever"), Tone.OFF, "points-only", say("Nobody protects it any more: all its points stay.")
        )
    return Cell(say("The Core's"), Tone.OFF, "core")


def _policy(row: Row) -> Cell:
    text = policy_text(parse_policy(row["policy"]))
    return Cell(text, tip=text)
