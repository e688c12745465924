"""Mounts: recovery points that are folders of this computer, with who made them and what ended them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

from PySide6.QtCore import QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QMenu, QStackedLayout, QWidget
from shiboken6 import isValid

from console.client.mounts import Mount, MountState
from console.desktop.pages.page import Page
from console.desktop.tables.columns import Cell, Column, Row, time_column
from console.desktop.tables.model import ListModel
from console.desktop.tables.view import Table
from console.desktop.theme.tokens import GAP, GAP_L, Tone
from console.desktop.widgets.mount_dialog import ask_mount
from console.desktop.widgets.pane import Empty, Pane
from console.desktop.widgets.parts import FactsView, action, allow, button, label, line, panel, rows
from console.desktop.wizards.fields.telling import Soft
from console.domain.clock import iso
from console.domain.errors import Failure
from console.domain.roles import Right
from console.flows.amounts import local
from console.flows.wording import say


class MountsPage(Page):
    name: ClassVar[str] = "mounts"
    help: ClassVar[str] = "mounts"

    @property
    def title(self) -> str:
        return say("Mounts")

    def build(self) -> QWidget:
        self._missing = Soft()
        self._missing.hide()
        self._model = ListModel(_columns(), self.desk.clock)
        self._table = Table("mounts", say("Mounts"), self._model)
        self._table.set_row_menu(self._menu)
        self._table.chosen.connect(self._chosen)
        self._table.opened.connect(self._open)
        self._all = button(say("Mount all points …"), self._ask_all, icon_name="add")
        self._name = label("", "title")
        self._facts = FactsView()
        self._said = Soft()
        self._open_it = button(say("&Open the folder"), lambda: self._open(self._table.current), icon_name="folder")
        self._again = button(say("Mount again"), lambda: self._mount_again(self._table.current), icon_name="recycle")
        self._unmount = button(say("&Unmount"), lambda: self._take_down(self._table.current), icon_name="close")
        inner = panel()
        head = line(self._name, 1, self._open_it, self._again, self._unmount)
        rows(head, self._said, self._facts, 1, gap=GAP, margin=GAP_L, into=inner)
        self._detail = Pane(inner, self.desk)
        self._detail.hide()
        points = button(say("Show recovery points"), lambda: self.desk.go("points"), role="primary")
        self._empty = Empty(
            "folder",
            say("Nothing is mounted"),
            say("Choose “Mount …” in the menu of a recovery point: it becomes a read-only folder of this computer."),
            points,
        )
        holder = QWidget()
        self._stack = QStackedLayout(holder)
        both = rows(self._table, self._detail, gap=GAP)
        both.layout().setStretch(0, 1)  # type: ignore[union-attr]
        self._stack.addWidget(both)
        self._stack.addWidget(self._empty)
        mounting = self.desk.mounting
        if mounting is not None:
            mounting.mounts.changed.append(self._mounts_changed)
        return rows(line(1, self._all), self._missing, holder, gap=GAP)

    async def fetch(self) -> Sequence[Mount]:
        mounting = self.desk.mounting
        return mounting.mounts.list() if mounting is not None else ()

    def offer(self) -> None:
        missing = self._why_not()
        self._missing.setVisible(missing is not None)
        if missing is not None:
            self._missing.say(Tone.WARN, "warn", missing.message, missing.hint)
        allow(self._all, missing is None and self.desk.may(Right.RESTORE), self._refusal(missing))

    def _why_not(self) -> Failure | None:
        mounting = self.desk.mounting
        return mounting.mounts.why_not() if mounting is not None else None

    def _refusal(self, missing: Failure | None) -> str:
        return missing.message if missing is not None else say("Help desk may look, not mount.")

    def show_answer(self, answer: Sequence[Mount]) -> None:
        self._model.put([_row(one) for one in answer])
        self._stack.setCurrentIndex(0 if answer else 1)
        if self.place.id and (self._table.current is None or self._table.current["id"] != self.place.id):
            self._table.choose(self.place.id)
        elif self._table.current is None and answer:
            self._table.choose(answer[0].id)
        self._chosen(self._table.current)

    def tell_link(self, connected: bool) -> None:
        """Mounts are of this computer: they can be taken down while the Core does not answer, too."""

    def _mounts_changed(self) -> None:
        if isValid(self):
            self.reload()

    def _chosen(self, row: Row | None) -> None:
        self._detail.setVisible(row is not None)
        if row is None:
            return
        ended = row["state"] == MountState.ENDED
        self._name.setText(row["what"] or say("Mounted by somebody else"))
        facts = [(say("Where"), row["place"])]
        if row["since"]:
            facts.append((say("Since"), local(row["since"])))
        if row["point"]:
            facts.append((say("Recovery point"), row["point"]))
        self._facts.show_facts(facts)
        self._said.setVisible(bool(row["message"] or row["said"]) or ended)
        self._again.setVisible(bool(row["what"]) and (ended or bool(row["said"])))
        if row["message"]:
            self._said.say(Tone.BAD, "bad", row["message"], row["hint"])
        elif row["said"] and not ended:
            self._said.say(Tone.WARN, "warn", say("Something in it could not be read:"), row["said"])
        elif ended:
            self._said.say(Tone.OFF, "off", say("It was unmounted by somebody else."), "")
        self._open_it.setEnabled(row["state"] == MountState.MOUNTED)
        text = say("Take off the list") if ended else say("&Unmount")
        self._unmount.setText(text)
        self._unmount.setAccessibleName(text.replace("&", ""))

    def _menu(self, row: Row, menu: QMenu) -> None:
        ended = row["state"] == MountState.ENDED
        for made in (
            action(
                say("&Open the folder"),
                lambda: self._open(row),
                icon_name="folder",
                enabled=row["state"] == MountState.MOUNTED,
            ),
            action(
                say("Take off the list") if ended else say("&Unmount"),
                lambda: self._take_down(row),
                icon_name="close",
            ),
        ):
            made.setParent(menu)
            menu.addAction(made)

    def _open(self, row: Row | None) -> None:
        if row is not None and row["state"] == MountState.MOUNTED:
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(Path(row["place"]))))

    def _take_down(self, row: Row | None) -> None:
        mounting = self.desk.mounting
        if row is not None and mounting is not None:
            self._detail.act(lambda: mounting.mounts.unmount(row["id"]), lambda _: self._unmounted(row))

    def _mount_again(self, row: Row | None) -> None:
        mounting = self.desk.mounting
        if row is not None and mounting is not None:
            self._detail.act(lambda: mounting.mounts.again(row["id"]), lambda made: self._mounted_again(made))

    def _mounted_again(self, made: Mount) -> None:
        self.desk.notice(say("{place} is mounted again.", place=made.place))
        self.reload()

    def _unmounted(self, row: Row) -> None:
        if row["state"] != MountState.ENDED:
            self.desk.notice(say("{place} is unmounted.", place=row["place"]))
        self.reload()

    def _ask_all(self) -> None:
        ask_mount(self.desk, self)


def _row(mount: Mount) -> Row:
    failure = mount.failure
    return {
        "id": mount.id,
        "state": mount.state,
        "what": mount.what,
        "point": mount.point,
        "place": mount.place,
        "since": "" if mount.since is None else iso(mount.since),
        "message": "" if failure is None else failure.message,
        "hint": "" if failure is None else failure.hint,
        "said": "\n".join(mount.said),
    }


def _columns() -> tuple[Column, ...]:
    return (
        Column("state", say("State"), lambda row, _: _state(row), width=14),
        Column("what", say("What"), lambda row, _: Cell(row["what"] or say("Mounted by somebody else")), width=34),
        Column("place", say("Where"), lambda row, _: Cell(row["place"], tip=row["place"]), width=50),
        time_column("since", say("Since")),
    )


def _state(row: Row) -> Cell:
    if row["state"] == MountState.MOUNTED:
        return Cell(say("Mounted"), Tone.GOOD, "good")
    if row["state"] == MountState.MOUNTING:
        return Cell(say("Mounting"), Tone.WAIT, "wait")
    return Cell(say("Ended"), Tone.BAD if row["message"] else Tone.OFF, "bad" if row["message"] else "off")
