"""Replication: to other Cores and from them, machine by machine, with what the next run would send and why not."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QMenu, QTableView, QTabWidget, QWidget

from console.desktop.desk import Place
from console.desktop.pages.page import Page
from console.desktop.pages.replication_ending import Ending
from console.desktop.replication.compare_view import CompareView
from console.desktop.tables.columns import Row
from console.desktop.tables.model import ListModel
from console.desktop.tables.pairings import address_of, member_columns, pairing_columns
from console.desktop.tables.view import Table
from console.desktop.theme.tokens import GAP, GAP_L
from console.desktop.widgets.asking import ask_text
from console.desktop.widgets.pane import Empty, Pane
from console.desktop.widgets.parts import FactsView, action, allow, button, label, line, panel, rows
from console.domain.answers import JobAnswer
from console.domain.events import Changed
from console.domain.replication_answers import PairingAnswer, PairingDetailAnswer, PlanAnswer
from console.domain.roles import Right
from console.domain.sizes import format_size
from console.flows.amounts import local
from console.flows.listing import all_pairings
from console.flows.wording import count, say

TABS = ("machines", "plan", "compare", "details")
"""What a `Place` calls the tabs, in their order."""


@dataclass(frozen=True, slots=True)
class _Answer:
    pairings: Sequence[PairingAnswer]
    details: dict[str, PairingDetailAnswer]


class ReplicationPage(Page):
    name: ClassVar[str] = "replication"
    help: ClassVar[str] = "replication"
    kinds: ClassVar[frozenset[Changed]] = frozenset({Changed.PAIRINGS, Changed.POINTS, Changed.SEEDS, Changed.JOBS})

    @property
    def title(self) -> str:
        return say("Replication")

    def build(self) -> QWidget:
        self._details: dict[str, PairingDetailAnswer] = {}
        self._shown = ""
        self._new = button(say("&New replication …"), lambda: self.desk.open_wizard("replication"), icon_name="add")
        self._outgoing = ListModel(pairing_columns(say("Target Core")), self.desk.clock, "pairing")
        self._incoming = ListModel(pairing_columns(say("Source Core")), self.desk.clock, "pairing")
        self._out_table = Table("pairings-outgoing", say("Outgoing: to target Cores"), self._outgoing)
        self._in_table = Table("pairings-incoming", say("Incoming: from source Cores"), self._incoming)
        for table in (self._out_table, self._in_table):
            table.set_row_menu(self._menu)
            table.fit_rows(1, 6)
        self._out_table.chosen.connect(lambda row: self._chosen(row, self._in_table))
        self._in_table.chosen.connect(lambda row: self._chosen(row, self._out_table))
        self._no_out = label(say("Nothing is replicated to another Core yet."), "muted")
        self._no_in = label(say("No other Core replicates to this one."), "muted")
        self._members = ListModel(member_columns(), self.desk.clock, "machine_id")
        self._member_table = Table("members", say("Machines of the pairing"), self._members)
        self._member_table.set_row_menu(self._member_menu)
        self._member_table.opened.connect(lambda row: self.desk.go("machine", row["machine_id"]))
        self._name = label("", "title")
        self._facts = FactsView()
        self._force = button(say("Replicate n&ow"), lambda: self._act_force(self._shown), icon_name="run")
        self._pause = button(say("&Pause"), lambda: self._act_pause(self._shown), icon_name="pause")
        self._plan_view = PlanView()
        self._plan_pane = Pane(self._plan_view, self.desk)
        self._compare_view = CompareView(self.desk)
        self._tabs = QTabWidget()
        self._tabs.setAccessibleName(say("About the pairing"))
        self._tabs.addTab(rows(self._member_table, margin=GAP), say("&Machines"))
        self._tabs.addTab(self._plan_pane, say("P&lan"))
        facts = panel("plain")
        rows(self._facts, 1, margin=GAP, into=facts)
        self._tabs.addTab(self._compare_view, say("&Compare"))
        self._tabs.addTab(facts, say("&Details"))
        self._tabs.currentChanged.connect(lambda *_: self._read_tab())
        self._detail = panel()
        rows(line(self._name, 1, self._pause, self._force), self._tabs, gap=GAP, margin=GAP_L, into=self._detail)
        self._detail.hide()
        out = rows(line(label(say("Outgoing"), "title"), 1, self._new), self._no_out, self._out_table, gap=GAP // 2)
        inc = rows(label(say("Incoming"), "title"), self._no_in, self._in_table, gap=GAP // 2)
        panes = rows(out, inc, self._detail, gap=GAP_L)
        panes.layout().setStretch(2, 1)  # type: ignore[union-attr]
        panes.layout().setAlignment(Qt.AlignmentFlag.AlignTop)  # type: ignore[union-attr]
        self._panes = panes
        self._empty = Empty(
            "pairing",
            say("No replication yet"),
            say("Replication keeps copies of recovery points on another Core, at another place. "
                "This Core can send to others, and receive from others that pair with it."),
            button(say("&New replication …"), lambda: self.desk.open_wizard("replication"), role="primary"),
        )  # fmt: skip
        self._empty.hide()
        return rows(panes, self._empty, gap=0)

    async def fetch(self) -> _Answer:
        pairings = await all_pairings(self.desk.client)
        details = await asyncio.gather(*(self.desk.client.pairing(pairing["pairing"]) for pairing in pairings))
        return _Answer(pairings, {detail["pairing"]: detail for detail in details})

    def offer(self) -> None:
        allow(self._new, self.desk.may(Right.ADMINISTER), say("Only an administrator may do this."))
        allow(self._force, self.desk.may(Right.BACK_UP), say("Only an administrator may do this."))
        allow(self._pause, self.desk.may(Right.ADMINISTER), say("Only an administrator may do this."))

    def show_answer(self, answer: _Answer) -> None:
        self._details = answer.details
        told: dict[str, list[Row]] = {"source": [], "target": []}
        for pairing in answer.pairings:
            told[pairing["role"]].append({**pairing, "members": answer.details[pairing["pairing"]]["machines"]})
        # Our role in an outgoing pairing is that of the source.
        self._outgoing.put(told["source"])
        self._incoming.put(told["target"])
        for rows_there, table, none in (
            (told["source"], self._out_table, self._no_out),
            (told["target"], self._in_table, self._no_in),
        ):
            table.setVisible(bool(rows_there))
            none.setVisible(not rows_there)
        self._empty.setVisible(not answer.pairings)
        self._panes.setVisible(bool(answer.pairings))
        wanted = self.place.id if self.place.id in answer.details else self._shown
        if wanted not in answer.details:
            wanted = answer.pairings[0]["pairing"] if answer.pairings else ""
        if not wanted:
            self._detail.hide()
        elif wanted == self._shown:
            self._show_detail(wanted)
        elif not self._out_table.choose(wanted):
            self._in_table.choose(wanted)

    def go_to(self, place: Place) -> None:
        if place.id and place.id != self._shown and place.id in self._details and not self._out_table.choose(place.id):
            self._in_table.choose(place.id)
        if place.tab in TABS:
            self._tabs.setCurrentIndex(TABS.index(place.tab))
        super().go_to(place)

    # --- the pairing in front

    def _chosen(self, row: Row | None, other: QTableView) -> None:
        if row is None:
            return
        other.clearSelection()
        self._show_detail(row["pairing"])

    def _show_detail(self, id: str) -> None:
        detail = self._details.get(id)
        self._detail.setVisible(detail is not None)
        if detail is None:
            return
        fresh = id != self._shown
        self._shown = id
        outgoing = detail["role"] == "source"
        self._name.setText(
            say("To “{core}” ({pairing})", core=detail["peer"], pairing=detail["name"])
            if outgoing
            else say("From “{core}” ({pairing})", core=detail["peer"], pairing=detail["name"])
        )
        self._members.put(detail["machines"])
        self._force.setVisible(outgoing)
        self._tabs.setTabVisible(1, outgoing)
        self._tabs.setTabVisible(2, outgoing)
        self._pause.setText(say("&Resume") if detail["paused_here"] else say("&Pause"))
        self._pause.setAccessibleName(self._pause.text().replace("&", ""))
        self._facts.show_facts(_facts(detail))
        if fresh:
            self._plan_view.clear()
            self._compare_view.clear()
            self._read_tab()

    def _read_tab(self) -> None:
        """Plan and comparison ask the target: only the one in front, and when it comes there."""
        detail = self._details.get(self._shown)
        if detail is None or detail["role"] != "source":
            return
        id = self._shown
        if self._tabs.currentIndex() == 1:
            self._plan_pane.load(lambda: self.desk.client.plan(id), self._plan_view.show_plan)
        elif self._tabs.currentIndex() == 2:
            self._compare_view.compare(id)

    # --- menus and actions

    def _menu(self, row: Row, menu: QMenu) -> None:
        id, mine = row["pairing"], self.desk.may(Right.ADMINISTER)
        outgoing = row["role"] == "source"
        only = say("Only an administrator may do this.")
        entries = []
        if outgoing:
            entries += [
                action(say("Replicate n&ow"), lambda: self._act_force(id), icon_name="run",
                       enabled=self.desk.may(Right.BACK_UP), why_not=only),
                action(say("Show the p&lan"), lambda: self._tabs.setCurrentIndex(1), icon_name="plan"),
                action(say("Co&mpare both Cores"), lambda: self._tabs.setCurrentIndex(2), icon_name="pairing"),
                action(say("&Add machines …"), lambda: self.desk.open_wizard("replication", pairing=id),
                       icon_name="add", enabled=mine, why_not=only),
                action(say("&Write a seed drive …"), lambda: self.desk.open_wizard("seed-drive", pairing=id),
                       icon_name="seed", enabled=self.desk.may(Right.SEED), why_not=say("Help desk may only look.")),
                action(say("&Change address …"), lambda: self._ask_address(row), icon_name="edit", enabled=mine,
                       why_not=only),
            ]  # fmt: skip
        else:
            entries.append(
                action(say("C&onsume a seed drive …"), lambda: self.desk.open_wizard("consume"), icon_name="consume",
                       enabled=self.desk.may(Right.SEED), why_not=say("Help desk may only look."))
            )  # fmt: skip
        paused = row["paused_here"]
        entries += [
            action(say("&Resume") if paused else say("&Pause"), lambda: self._act_pause(id),
                   icon_name="resume" if paused else "pause", enabled=mine, why_not=only),
            action(say("&End the pairing …"), lambda: self._ask_end(row), icon_name="delete", enabled=mine,
                   why_not=only),
        ]  # fmt: skip
        for made in entries:
            made.setParent(menu)
            menu.addAction(made)

    def _member_menu(self, row: Row, menu: QMenu) -> None:
        detail = self._details[self._shown]
        mine = self.desk.may(Right.ADMINISTER)
        only = say("Only an administrator may do this.")
        paused = row["paused_by"] is not None
        entries = [
            action(say("&Open the machine"), lambda: self.desk.go("machine", row["machine_id"]), icon_name="machine"),
            action(say("&Resume") if paused else say("&Pause"), self._pause_member(row, paused),
                   icon_name="resume" if paused else "pause", enabled=mine, why_not=only),
        ]  # fmt: skip
        there = detail["peer"] if detail["role"] == "source" else say("this Core")
        entries += [
            action(say("&Stop replicating …"), lambda: self._ask_remove(row, delete=False), icon_name="delete",
                   enabled=mine, why_not=only),
            action(say("Stop and &delete the points at {core} …", core=there),
                   lambda: self._ask_remove(row, delete=True), icon_name="delete", enabled=mine, why_not=only),
        ]  # fmt: skip
        for made in entries:
            made.setParent(menu)
            menu.addAction(made)

    def _pause_member(self, row: Row, paused: bool) -> Callable[[], None]:
        pairing, machine = self._shown, row["machine_id"]
        work = self.desk.client.resume_pairing if paused else self.desk.client.pause_pairing
        return lambda: self.pane.act(lambda: work(pairing, machine), lambda _: self.reload())

    def _act_force(self, id: str) -> None:
        def started(job: JobAnswer) -> None:
            self.desk.notice(say("Replication to “{core}” has started.", core=job["subject_name"]))
            self.reload()

        self.pane.act(lambda: self.desk.client.force(id), started)

    def _act_pause(self, id: str) -> None:
        paused = self._details[id]["paused_here"]
        work = self.desk.client.resume_pairing if paused else self.desk.client.pause_pairing
        self.pane.act(lambda: work(id), lambda _: self.reload())

    def _ask_address(self, row: Row) -> None:
        ask_text(
            self,
            say("Address of “{core}”", core=row["peer"]),
            [(say("&Host"), row["host"], False), (say("&Port"), str(row["port"]), False)],
            say("&Change"),
            lambda typed: self.pane.act(lambda: self._edit(row["pairing"], typed), lambda _: self.reload()),
            explain=say("The Core is recognised by its certificate, wherever it is."),
        )

    async def _edit(self, pairing: str, typed: list[str]) -> Any:
        return await self.desk.client.edit_pairing(pairing, host=typed[0].strip(), port=int(typed[1]))

    def _ask_end(self, row: Row) -> None:
        self._ending().ask_pairing(row)

    def _ask_remove(self, row: Row, *, delete: bool) -> None:
        self._ending().ask_machine(dict(self._details[self._shown]), row, delete=delete)

    def _ending(self) -> Ending:
        return Ending(self, self.desk, self.pane, self.reload)


class PlanView(QWidget):
    """What the next run would send, machine by machine, and what it would not, with the reason."""

    def __init__(self) -> None:
        super().__init__()
        self._sum = label("", wrap=True)
        self._lines = label("", "muted", wrap=True, selectable=True)
        rows(self._sum, self._lines, 1, gap=GAP, margin=GAP, into=self)

    def clear(self) -> None:
        self._sum.setText("")
        self._lines.setText("")

    def show_plan(self, plan: PlanAnswer) -> None:
        total = count("{n} recovery point", "{n} recovery points", plan["points"])
        self._sum.setText(
            say("The next run sends {points}, at most {bytes}.", points=total, bytes=format_size(plan["bytes"]))
            if plan["points"]
            else say("There is nothing to send.")
        )
        told = []
        for machine in plan["machines"]:
            told.append(
                say(
                    "{machine}: {points}, at most {bytes}",
                    machine=machine["machine"],
                    points=count("{n} recovery point", "{n} recovery points", machine["points"]),
                    bytes=format_size(machine["bytes"]),
                )
            )
            reasons: dict[str, int] = {}
            for withheld in machine["withheld"]:
                reasons[withheld["detail"] or withheld["reason"]] = (
                    reasons.get(withheld["detail"] or withheld["reason"], 0) + 1
                )
            told += [
                say("    {images} not: {why}", images=count("{n} image", "{n} images", number), why=why)
                for why, number in reasons.items()
            ]
        self._lines.setText("\n".join(told))
        self._lines.setAccessibleName(self._lines.text())
        self.setAccessibleName(f"{self._sum.text()} {self._lines.text()}")


def _facts(detail: PairingDetailAnswer) -> list[tuple[str, str]]:
    facts = [
        (say("Core"), detail["peer"]),
        (say("Version"), detail["peer_version"]),
        (say("Fingerprint"), detail["fingerprint"]),
        (say("Paired since"), local(detail["created"])),
        (say("Last contact"), local(detail["last_contact"])),
    ]
    if detail["host"]:
        facts.append((say("Address"), address_of(detail)))
    if detail["link_text"]:
        facts.append((say("Link"), detail["link_text"]))
    return facts
