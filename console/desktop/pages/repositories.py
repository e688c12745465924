"""Repositories: what each takes, what room is left, whether something in it is damaged; all that is done to them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, ClassVar

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu, QSplitter, QWidget

from console.desktop.desk import WizardName
from console.desktop.pages.page import Page
from console.desktop.repository.detail import RepositoryView, read
from console.desktop.tables.columns import Cell, Column, Row, time_column
from console.desktop.tables.model import ListModel
from console.desktop.tables.view import Table
from console.desktop.theme.tokens import GAP, Tone
from console.desktop.widgets.asking import ask
from console.desktop.widgets.pane import Pane
from console.desktop.widgets.parts import action, allow, button, line, menu_button, rows
from console.domain.answers import JobAnswer
from console.domain.events import Changed
from console.domain.repository_answers import RepositoryAnswer
from console.domain.roles import Right
from console.domain.sizes import format_size
from console.flows import reclaiming
from console.flows.listing import all_repositories
from console.flows.wording import count, say


class RepositoriesPage(Page):
    name: ClassVar[str] = "repositories"
    help: ClassVar[str] = "repositories"
    kinds: ClassVar[frozenset[Changed]] = frozenset({Changed.REPOSITORIES, Changed.MACHINES, Changed.POINTS})

    @property
    def title(self) -> str:
        return say("Repositories")

    def build(self) -> QWidget:
        self._went = ""
        self._model = ListModel(_columns(), self.desk.clock)
        self._table = Table("repositories", say("Repositories"), self._model)
        self._table.set_row_menu(self._menu)
        self._table.chosen.connect(self._chosen)
        self._add = button(say("&New repository …"), lambda: self.desk.open_wizard("repository"), icon_name="add")
        self._adopt = button(
            say("&Adopt …"),
            lambda: self.desk.open_wizard("repository-adopt"),
            icon_name="consume",
            tip=say("Takes a repository that is there already, with its recovery points"),
        )
        self._check = button(say("Chec&k"), lambda: self._start_check(False), icon_name="check")
        self._check_all = button(say("Check every &byte"), lambda: self._start_check(True), icon_name="check")
        self._reclaim = button(say("&Give room back …"), self._plan_reclaim, icon_name="recycle")
        self._edit = button(say("&Change …"), lambda: self._open("repository-edit"), icon_name="edit")
        self._more_menu = QMenu()
        self._more_menu.setToolTipsVisible(True)
        self._more_menu.aboutToShow.connect(self._fill_more)
        self._more = menu_button("more", say("More"), self._more_menu)
        tools = line(self._check, self._check_all, self._reclaim, self._edit, self._more, gap=GAP // 4)
        self._view = RepositoryView(self.desk, tools, self._job_ended)
        self._detail = Pane(self._view, self.desk)
        self._detail.hide()
        split = QSplitter(Qt.Orientation.Vertical)
        split.setChildrenCollapsible(False)
        split.setHandleWidth(GAP)
        split.addWidget(self._table)
        split.addWidget(self._detail)
        split.setStretchFactor(0, 1)
        split.setStretchFactor(1, 3)
        split.setSizes([160, 480])
        return rows(line(1, self._adopt, self._add), split, gap=GAP)

    async def fetch(self) -> Sequence[RepositoryAnswer]:
        return await all_repositories(self.desk.client)

    def offer(self) -> None:
        for made in (self._add, self._adopt, self._reclaim, self._edit, self._more):
            allow(made, self.desk.may(Right.ADMINISTER), say("Only an administrator may do this."))
        for made in (self._check, self._check_all):
            allow(made, self.desk.may(Right.CHECK), say("Help desk may look, not check."))

    def show_answer(self, answer: Sequence[RepositoryAnswer]) -> None:
        self._model.put(answer)
        wanted = self.place.id if self.place.id != self._went else ""
        self._went = self.place.id
        row = self._table.current
        if wanted and (row is None or row["id"] != wanted) and self._table.choose(wanted):
            return
        if row is None and answer:
            self._table.choose(answer[0]["id"])
        else:
            self._chosen(row)

    def _chosen(self, row: Row | None) -> None:
        self._detail.setVisible(row is not None)
        if row is not None:
            id = row["id"]
            self._detail.load(lambda: read(self.desk, id), self._view.show_seen)

    def _job_ended(self) -> None:
        self.reload()

    def _open(self, wizard: WizardName) -> None:
        row = self._table.current
        if row is not None:
            self.desk.open_wizard(wizard, repository=row["id"])

    # --- giving room back

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
            lambda: self.pane.act(lambda: self.desk.client.reclaim_repository(id), self._started),
        )

    # --- other work

    def _start_check(self, read_data: bool) -> None:
        row = self._table.current
        if row is not None:
            id = row["id"]
            self.pane.act(lambda: self.desk.client.check_repository(id, read_data=read_data), self._started)

    def _make_parity(self) -> None:
        row = self._table.current
        if row is not None:
            id = row["id"]
            self.pane.act(lambda: self.desk.client.make_parity(id), self._started)

    def _rebuild_index(self) -> None:
        row = self._table.current
        if row is not None:
            id = row["id"]
            self.pane.act(lambda: self.desk.client.rebuild_index(id), self._started)

    def _ask_rebuild(self) -> None:
        ask(
            self,
            say("Rebuild the catalog"),
            say("A job reads the records in all repositories, and registers the recovery points the catalog lacks."),
            [say("Nothing is lost by it. Points that were deleted stay deleted.")],
            say("&Rebuild"),
            lambda: self.pane.act(self.desk.client.rebuild_catalog, self._started),
            danger=False,
        )

    def _started(self, job: JobAnswer) -> None:
        self._view.show_job(job["id"])

    # --- menus

    def _fill_more(self) -> None:
        row = self._table.current
        self._more_menu.clear()
        if row is not None:
            self._add_actions(self._more_menu, self._administration(row))

    def _menu(self, row: Row, menu: QMenu) -> None:
        checks = self.desk.may(Right.CHECK)
        refused = say("Help desk may look, not check.")
        mine, only = self.desk.may(Right.ADMINISTER), say("Only an administrator may do this.")
        self._add_actions(
            menu,
            [
                action(say("Chec&k"), lambda: self._start_check(False), icon_name="check", enabled=checks,
                       why_not=refused),
                action(say("Check every &byte"), lambda: self._start_check(True), icon_name="check", enabled=checks,
                       why_not=refused),
                action(say("&Give room back …"), self._plan_reclaim, icon_name="recycle", enabled=mine, why_not=only),
                action(say("&Change …"), self._opening("repository-edit"), icon_name="edit", enabled=mine,
                       why_not=only),
                *self._administration(row),
            ],
        )  # fmt: skip

    def _administration(self, row: Row) -> list[QAction]:
        mine, only = self.desk.may(Right.ADMINISTER), say("Only an administrator may do this.")
        used = bool(row["machines"])
        return [
            action(say("&Move …"), self._opening("repository-move"), icon_name="forward", enabled=mine, why_not=only),
            action(say("Repa&ir …"), self._opening("repository-repair"), icon_name="good", enabled=mine, why_not=only),
            action(say("Make &parity now"), self._make_parity, icon_name="base", enabled=mine, why_not=only),
            action(say("Rebuild the inde&x"), self._rebuild_index, icon_name="recycle", enabled=mine, why_not=only),
            action(say("Re&build the catalog …"), self._ask_rebuild, icon_name="recycle", enabled=mine, why_not=only),
            action(
                say("&Remove …"),
                lambda: self._ask_remove(row),
                icon_name="delete",
                enabled=mine and not used,
                why_not=say("Machines use it.") if used else only,
            ),
        ]

    def _opening(self, wizard: WizardName) -> Callable[[], None]:
        return lambda: self._open(wizard)

    def _add_actions(self, menu: QMenu, actions: Sequence[QAction]) -> None:
        for made in actions:
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
        Column("state", say("State"), lambda row, _: _state(row), width=22),
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
        Column("path", say("Place"), lambda row, _: Cell(row["path"], tip=row["path"]), width=30),
        time_column("created", say("Created")),
    )  # fmt: skip


def _state(row: Row) -> Cell:
    if row["damaged"]:
        return Cell(count("{n} damaged object", "{n} damaged objects", row["damaged"]), Tone.BAD, "bad")
    return Cell(say("In order"), Tone.GOOD, "good")


def _size(size: int | None) -> str:
    return "?" if size is None else format_size(size)
