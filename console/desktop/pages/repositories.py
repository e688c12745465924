"""Repositories: what each takes, what room is left, whether something in it is damaged; check, add, remove."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from PySide6.QtWidgets import QMenu, QProgressBar, QWidget

from console.desktop.pages.page import Page
from console.desktop.tables.columns import Cell, Column, Row, time_column
from console.desktop.tables.model import ListModel
from console.desktop.tables.view import Table
from console.desktop.theme.tokens import GAP, GAP_L, Tone
from console.desktop.widgets.asking import ask, ask_text
from console.desktop.widgets.pane import Pane
from console.desktop.widgets.parts import FactsView, action, allow, button, label, line, panel, rows
from console.domain.answers import JobAnswer, RepositoryAnswer, RepositoryDetail
from console.domain.events import Changed
from console.domain.roles import Right
from console.domain.sizes import format_size
from console.flows import reclaiming
from console.flows.listing import all_repositories
from console.flows.wording import count, say

SHOWN_NAMES = 8


class RepositoriesPage(Page):
    name: ClassVar[str] = "repositories"
    help: ClassVar[str] = "repositories"
    kinds: ClassVar[frozenset[Changed]] = frozenset({Changed.REPOSITORIES, Changed.MACHINES, Changed.POINTS})

    @property
    def title(self) -> str:
        return say("Repositories")

    def build(self) -> QWidget:
        self._model = ListModel(_columns(), self.desk.clock)
        self._table = Table("repositories", say("Repositories"), self._model)
        self._table.set_row_menu(self._menu)
        self._table.chosen.connect(self._chosen)
        self._add = button(say("&New repository …"), self._ask_new, icon_name="add")
        self._facts = FactsView()
        self._name = label("", "title")
        self._use = QProgressBar()
        self._use.setAccessibleName(say("Use of the place it lies on"))
        self._use.setRange(0, 1000)
        self._use.setFixedHeight(16)
        self._check = button(say("&Check"), lambda: self._start_check(False), icon_name="check")
        self._check_all = button(say("Check every &byte"), lambda: self._start_check(True), icon_name="check")
        self._reclaim = button(say("&Give room back …"), self._plan_reclaim, icon_name="recycle")
        inner = panel()
        rows(
            line(self._name, 1, self._check, self._check_all, self._reclaim),
            self._use,
            self._facts,
            1,
            gap=GAP,
            margin=GAP_L,
            into=inner,
        )
        self._detail = Pane(inner, self.desk.tasks)
        self._detail.hide()
        return rows(line(1, self._add), self._table, self._detail, gap=GAP)

    async def fetch(self) -> Sequence[RepositoryAnswer]:
        return await all_repositories(self.desk.client)

    def offer(self) -> None:
        for made in (self._add, self._reclaim):
            allow(made, self.desk.may(Right.ADMINISTER), say("Only an administrator may do this."))
        for made in (self._check, self._check_all):
            allow(made, self.desk.may(Right.CHECK), say("Help desk may look, not check."))

    def show_answer(self, answer: Sequence[RepositoryAnswer]) -> None:
        self._model.put(answer)
        wanted = self.place.id or (answer[0]["id"] if answer else "")
        row = self._table.current
        if row is None and wanted:
            self._table.choose(wanted)
        elif row is not None:
            self._chosen(row)

    def _chosen(self, row: Row | None) -> None:
        self._detail.setVisible(row is not None)
        if row is not None:
            id = row["id"]
            self._detail.load(lambda: self.desk.client.repository(id), self._show_detail)

    def _show_detail(self, found: RepositoryDetail) -> None:
        usage = found["usage"]
        self._name.setText(found["name"])
        room = usage["stored_bytes"] + usage["free_bytes"]
        self._use.setValue(round(1000 * usage["stored_bytes"] / room) if room else 0)
        self._use.setFormat(say("{used} of {room}", used=format_size(usage["stored_bytes"]), room=format_size(room)))
        ratio = usage["plain_bytes"] / usage["stored_bytes"] if usage["stored_bytes"] else 0.0
        facts = [
            (say("Place"), found["path"]),
            (say("Takes"), format_size(usage["stored_bytes"])),
            (say("Limit"), say("none") if found["limit"] is None else format_size(found["limit"])),
            (say("Free"), format_size(usage["free_bytes"])),
            (say("Not needed any more"), self._not_needed(found)),
            (say("Holds"), count("{n} object", "{n} objects", usage["objects"])),
            (say("Unpacked"), format_size(usage["plain_bytes"])),
            (say("Compression"), f"{ratio:.2f} : 1" if ratio else "–"),
            (say("Packs"), f"{usage['packs']:,}"),
            (say("Machines"), _names(found["machines"])),
        ]
        if found["damaged"]:
            facts.append((say("Damaged objects"), f"{found['damaged']:,}"))
        if found["missing_packs"]:
            facts.append((say("Packs that are gone"), ", ".join(found["missing_packs"][:5])))
        self._facts.show_facts(facts)

    def _not_needed(self, found: RepositoryDetail) -> str:
        if found["unreferenced_bytes"] is None or found["looked"] is None:
            return say("not known yet")
        size = format_size(found["unreferenced_bytes"])
        return say("{size}, when it was looked at last", size=size)

    def _plan_reclaim(self) -> None:
        row = self._table.current
        if row is not None:
            id, name = row["id"], row["name"]
            self.desk.notice(say("Looking for what “{repository}” can give back …", repository=name))
            self.pane.act(
                lambda: reclaiming.plan(self.desk.client, id), lambda planned: self._ask_reclaim(id, name, planned)
            )

    def _ask_reclaim(self, id: str, name: str, planned: dict[str, Any]) -> None:
        lines = reclaiming.said(planned)
        if not reclaiming.worth_it(planned):
            self.desk.notice(" ".join(lines))
            self.reload()
            return
        ask(
            self,
            say("Give room back"),
            say("“{repository}” gives back what no recovery point needs.", repository=name),
            lines,
            say("&Give back"),
            lambda: self.pane.act(
                lambda: self.desk.client.reclaim_repository(id), lambda job: self.desk.go("jobs", job["id"])
            ),
        )

    def _start_check(self, read_data: bool) -> None:
        row = self._table.current
        if row is not None:
            id = row["id"]
            self.pane.act(lambda: self.desk.client.check_repository(id, read_data=read_data), self._started)

    def _started(self, job: JobAnswer) -> None:
        self.desk.notice(say("The check of “{repository}” has started.", repository=job["subject_name"]))
        self.desk.go("jobs", job["id"])

    def _ask_new(self) -> None:
        ask_text(
            self,
            say("New repository"),
            [(say("&Name"), "", False), (say("&Directory on the Core's machine"), "", False)],
            say("&Create"),
            lambda typed: self.pane.act(
                lambda: self.desk.client.create_repository(typed[0].strip(), typed[1].strip()),
                lambda made: self.desk.notice(say("The repository “{name}” was created.", name=made["name"])),
            ),
            explain=say("The directory must be empty or not there yet. It should not lie on a disk that it protects."),
        )

    def _menu(self, row: Row, menu: QMenu) -> None:
        mine = self.desk.may(Right.ADMINISTER)
        used = bool(row["machines"])
        for made in (
            action(
                say("&Check"), lambda: self._start_check(False), icon_name="check", enabled=self.desk.may(Right.CHECK)
            ),
            action(
                say("Check every &byte"),
                lambda: self._start_check(True),
                icon_name="check",
                enabled=self.desk.may(Right.CHECK),
            ),
            action(
                say("&Give room back …"),
                self._plan_reclaim,
                icon_name="recycle",
                enabled=mine,
                why_not=say("Only an administrator may do this."),
            ),
            action(
                say("&Remove …"),
                lambda: self._ask_remove(row),
                icon_name="delete",
                enabled=mine and not used,
                why_not=say("Machines use it.") if used else say("Only an administrator may do this."),
            ),
        ):
            made.setParent(menu)
            menu.addAction(made)

    def _ask_remove(self, row: Row) -> None:
        ask(
            self,
            say("Remove “{name}”", name=row["name"]),
            say("This Core forgets the repository “{name}”.", name=row["name"]),
            [say("Its files stay where they are: {path}", path=row["path"])],
            say("&Remove"),
            lambda: self.pane.act(lambda: self.desk.client.remove_repository(row["id"]), lambda _: self.reload()),
        )


def _columns() -> tuple[Column, ...]:
    return (
        Column("state", say("State"), lambda row, _: _state(row), width=14),
        Column("name", say("Name"), lambda row, _: Cell(row["name"]), width=20),
        Column("default", say("Default"), lambda row, _: Cell(say("Yes") if row["default"] else ""), width=9),
        Column("machines", say("Machines"), lambda row, _: Cell(str(len(row["machines"]))), right=True, width=10,
               order=lambda row: len(row["machines"])),
        Column("used", say("Takes"), lambda row, _: Cell(_size(row["used_bytes"])), right=True, width=11,
               order=lambda row: row["used_bytes"] or 0),
        Column("limit", say("Limit"), lambda row, _: Cell("" if row["limit"] is None else _size(row["limit"])),
               right=True, width=11, order=lambda row: row["limit"] or 0),
        Column("free", say("Free"), lambda row, _: Cell(_size(row["free_bytes"])), right=True, width=11,
               order=lambda row: row["free_bytes"]),
        Column("path", say("Place"), lambda row, _: Cell(row["path"], tip=row["path"]), width=44),
        time_column("created", say("Created")),
    )  # fmt: skip


def _state(row: Row) -> Cell:
    if row["damaged"]:
        return Cell(count("{n} damaged object", "{n} damaged objects", row["damaged"]), Tone.BAD, "bad")
    return Cell(say("In order"), Tone.GOOD, "good")


def _size(size: int | None) -> str:
    return "?" if size is None else format_size(size)


def _names(machines: list[str]) -> str:
    if len(machines) <= SHOWN_NAMES:
        return ", ".join(machines) or say("none")
    shown = ", ".join(machines[:SHOWN_NAMES])
    return count("{names} and {n} more", "{names} and {n} more", len(machines) - SHOWN_NAMES, names=shown)
