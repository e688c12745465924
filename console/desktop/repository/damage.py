"""The damage of a repository on its page: how much, which points it hurts, and the way to mend it."""

from __future__ import annotations

from PySide6.QtWidgets import QWidget

from console.desktop.desk import Desk
from console.desktop.tables.columns import Cell, Column, Row, time_column
from console.desktop.tables.model import ListModel
from console.desktop.tables.view import Table
from console.desktop.theme.tokens import GAP, Tone
from console.desktop.widgets import states
from console.desktop.widgets.pane import Pane
from console.desktop.widgets.parts import allow, button, label, line, rows
from console.desktop.wizards.fields.telling import Soft
from console.domain.repair_answers import RepairPlan
from console.domain.repository_answers import RepositoryDetail
from console.domain.roles import Right
from console.flows.repository.repair import could_mend, damage_said, is_damaged, source_name
from console.flows.wording import count, say

LINES = 6


class DamagePanel(QWidget):
    """Takes no room while nothing is damaged. Who could mend it is read on its own: that takes a moment."""

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self._desk = desk
        self._id = ""
        self.said = Soft()
        self.repair = button(
            say("Repa&ir …"),
            lambda: desk.open_wizard("repository-repair", repository=self._id),
            icon_name="check",
            role="primary",
        )
        self.model = ListModel(_columns(), desk.clock)
        self.table = Table("repository-damage", say("Recovery points that are hurt"), self.model)
        self.table.opened.connect(lambda row: desk.go("points", row["point"]))
        self.hurt = label("", "title")
        self.sources = label("", "muted", wrap=True)
        inside = rows(line(self.said, self.repair, gap=GAP), self.sources, self.hurt, self.table, gap=GAP)
        self.pane = Pane(inside, desk)
        rows(self.pane, into=self)
        self.hide()

    def show_repository(self, found: RepositoryDetail) -> None:
        damaged = bool(found["damaged"] or found["missing_packs"])
        if found["id"] != self._id or not damaged:
            self._id = found["id"]
            self._forget(found)
        self.setVisible(damaged)
        allow(self.repair, self._desk.may(Right.ADMINISTER), say("Only an administrator may do this."))
        if damaged:
            id = found["id"]
            self.pane.load(lambda: self._desk.client.repair_plan(id), self._show)

    def _forget(self, found: RepositoryDetail) -> None:
        """What is known already, until all of it is read."""
        self.said.say(
            Tone.BAD,
            "bad",
            count("{n} damaged object", "{n} damaged objects", found["damaged"]),
            say("Looking whom it hurts, and who could mend it …"),
        )
        self.sources.hide()
        self.hurt.hide()
        self.table.hide()
        self.model.put(())

    def _show(self, seen: RepairPlan) -> None:
        if seen["repository"] != self._id or not is_damaged(seen):
            return
        self.said.say(Tone.BAD, "bad", damage_said(seen), say("What is damaged is never restored as if it were good."))
        told = [
            say("{name}: {what}", name=source_name(one), what=could_mend(one, seen["object_count"]))
            for one in seen["sources"]
        ]
        self.sources.setText("\n".join(told) or say("Nobody is known who could mend it."))
        self.sources.show()
        self.hurt.setText(
            count("It hurts {n} volume image", "It hurts {n} volume images", seen["image_count"])
            if seen["image_count"]
            else say("No recovery point needs what is damaged.")
        )
        self.hurt.show()
        self.model.put([{"id": one["image"], **one} for one in seen["images"]])
        shown = min(LINES, len(seen["images"]))
        self.table.setVisible(bool(shown))
        high = self.table.verticalHeader().defaultSectionSize()
        self.table.setFixedHeight(self.table.horizontalHeader().sizeHint().height() + high * shown + GAP)


def _columns() -> tuple[Column, ...]:
    return (
        Column("machine", say("Machine"), lambda row, _: Cell(row["machine"]), width=20),
        time_column("time", say("Recovery point"), exact=True),
        Column("volume", say("Volume"), lambda row, _: Cell(row["volume"]), width=20),
        Column("restorability", say("Restorable now"), _restorable, width=20),
    )


def _restorable(row: Row, _: object) -> Cell:
    return states.restorability(row["restorability"]).cell()
