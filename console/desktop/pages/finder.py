"""File search: files by a part of their paths, in the newest point of each machine or in all points of one."""

from __future__ import annotations

import asyncio
from typing import Any, ClassVar

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QCheckBox, QLineEdit, QMenu, QStackedLayout, QWidget

from console.desktop.desk import Place
from console.desktop.pages.page import Page
from console.desktop.tables.columns import Cell, Column, Row
from console.desktop.tables.model import ListModel
from console.desktop.tables.view import Table
from console.desktop.theme.tokens import GAP, Tone
from console.desktop.widgets.machine_filter import MachineFilter
from console.desktop.widgets.pane import Empty
from console.desktop.widgets.parts import action, button, label, line, rows
from console.domain.answers import PointDetailAnswer
from console.domain.errors import Failed
from console.domain.events import Changed
from console.domain.roles import Right
from console.domain.sizes import format_size
from console.flows.amounts import NOTHING, local
from console.flows.file_search import FoundFile, Question, Search, run
from console.flows.wording import count, say

SHOW_MS = 200
"""Between two showings of what has been found."""


class FinderPage(Page):
    """`Place.filter`: the text that is looked for; `Place.id`: a machine (id)."""

    name: ClassVar[str] = "finder"
    help: ClassVar[str] = "finder"
    kinds: ClassVar[frozenset[Changed]] = frozenset()

    @property
    def title(self) -> str:
        return say("File search")

    def build(self) -> QWidget:
        self.search: Search | None = None
        self._task: asyncio.Task[Any] | None = None
        self._asked: Place | None = None
        self.text = QLineEdit()
        self.text.setPlaceholderText(say("Part of a file's path, such as invoice or /etc/fstab"))
        self.text.setAccessibleName(say("Part of the path"))
        self.text.setClearButtonEnabled(True)
        self.text.returnPressed.connect(self.begin)
        self.machine = MachineFilter(self.desk)
        self.machine.changed.connect(lambda _: self._machine_changed())
        self.every = QCheckBox(say("&All its points"))
        self.every.setToolTip(say("Else only the newest point of each machine is searched."))
        self.every.setEnabled(False)
        self.go = button(say("Sear&ch"), self.begin, icon_name="search", role="primary")
        self.stop = button(say("St&op"), self.halt, icon_name="cancel")
        self.stop.setEnabled(False)
        self.note = label("", "muted", wrap=True)
        self.model = ListModel(_columns(), self.desk.clock, id_key="key")
        self.table = Table("finder", say("Files found"), self.model)
        self.table.opened.connect(lambda row: self._open(row))
        self.table.set_row_menu(self._menu)
        self.empty = Empty(
            "finder",
            say("Find a file in the recovery points"),
            say(
                "Type a part of its path. The newest point of each machine is searched, also inside disk images; "
                "choose a machine to search all of its points, and to see which versions of a file there are."
            ),
        )
        holder = QWidget()
        self._stack = QStackedLayout(holder)
        self._stack.addWidget(self.empty)
        self._stack.addWidget(self.table)
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(SHOW_MS)
        self._soon.timeout.connect(self._show)
        bar = line(self.text, self.machine, self.every, self.go, self.stop, gap=GAP)
        bar.layout().setStretch(0, 1)  # type: ignore[union-attr]
        content = rows(bar, self.note, holder, gap=GAP)
        content.layout().setStretch(2, 1)  # type: ignore[union-attr]
        return content

    async def fetch(self) -> str:
        """The name of the machine that the place names."""
        return (await self.desk.client.machine(self.place.id))["name"] if self.place.id else ""

    def show_answer(self, answer: str) -> None:
        if self._asked == self.place:
            return
        self._asked = self.place
        if self.place.id:
            self.machine.show_machine(self.place.id, answer)
            self._machine_changed()
        if self.place.filter:
            self.text.setText(self.place.filter)
            self.begin()
        else:
            self.text.setFocus()

    # --- searching

    def begin(self) -> None:
        """Another search; the one before ends."""
        question = Question(
            self.text.text(), self.machine.machine, self.every.isChecked() and bool(self.machine.machine)
        )
        problem = question.problem()
        if problem:
            self.note.setText(problem)
            self.text.setFocus()
            return
        self.halt()
        self.pane.problem.clear()
        self.search = None
        self.model.put([])
        self._stack.setCurrentWidget(self.table)
        self.note.setText(say("Searching …"))
        self.stop.setEnabled(True)
        self._task = self.desk.tasks.start(self._run(question))

    def halt(self) -> None:
        """What was found stays."""
        if self._task is not None:
            self._task.cancel()
            self._task = None
            self.stop.setEnabled(False)
            if self.search is not None and not self.search.ended:
                self._show()
                self.note.setText(say("Stopped: {how}", how=self.search.text()))

    async def _run(self, question: Question) -> None:
        me = asyncio.current_task()
        try:
            async for search in run(self.desk.client, question):
                if self._task is not me:
                    return
                self.search = search
                if not self._soon.isActive():
                    self._soon.start()
        except Failed as known:
            if self._task is me:
                self._task = None
                self.stop.setEnabled(False)
                self._show()
                self.note.setText(say("The search could not be ended."))
                self.pane.tell(known.failure, self.begin)
            return
        if self._task is me:
            self._task = None
            self.stop.setEnabled(False)
            self._show()

    def _show(self) -> None:
        self._soon.stop()
        if self.search is not None:
            self.model.put([_row(one) for one in self.search.found.values()])
            self.note.setText(self.search.text())
            self.note.setAccessibleName(self.search.text())

    def _machine_changed(self) -> None:
        self.every.setEnabled(bool(self.machine.machine))

    # --- what can be done

    def _open(self, row: Row) -> None:
        self.desk.go("points", row["point"]["id"])

    def _menu(self, row: Row, menu: QMenu) -> None:
        may = self.desk.may(Right.RESTORE)
        made = [
            action(say("&Open its recovery point"), lambda: self._open(row), icon_name="point"),
            action(
                say("&Restore this file …"),
                lambda: self._restore(row),
                icon_name="restore",
                enabled=may and row["here"],
                why_not=say("Its bytes are not on this Core.") if may else say("Help desk may look, not restore."),
            ),
            action(say("All &versions of it"), lambda: self._versions(row), icon_name="search"),
        ]
        for one in made:
            one.setParent(menu)
            menu.addAction(one)

    def _restore(self, row: Row) -> None:
        def begin(point: PointDetailAnswer) -> None:
            several = len(point["images"]) > 1
            path = f"{row['volume']}:{row['path']}" if several else row["path"]
            self.desk.open_wizard("restore", point=point["id"], paths=(path,))

        self.pane.act(lambda: self.desk.client.point(row["point"]["id"]), begin)

    def _versions(self, row: Row) -> None:
        self.machine.show_machine(row["point"]["machine_id"], row["point"]["machine"])
        self._machine_changed()
        self.every.setChecked(True)
        self.text.setText(row["path"])
        self.begin()


def _row(one: FoundFile) -> Row:
    file = one.file
    return {
        "key": one.key,
        "path": file["path"],
        "volume": file["volume"],
        "size": file["size"],
        "type": file["type"],
        "mtime": file["mtime"],
        "here": file["here"],
        "problem": file["problem"],
        "point": one.point,
        "versions": one.versions,
    }


def _columns() -> list[Column]:
    return [
        Column("path", say("File"), lambda row, _: _path(row), width=52),
        Column("machine", say("Machine"), lambda row, _: Cell(row["point"]["machine"]), width=16),
        Column("volume", say("Volume"), lambda row, _: Cell(row["volume"]), width=12),
        Column(
            "size", say("Size"), lambda row, _: Cell(_size(row)), order=lambda row: row["size"], right=True, width=10
        ),
        Column(
            "mtime", say("Changed"), lambda row, _: Cell(local(row["mtime"]) if row["mtime"] else NOTHING), width=19
        ),
        Column(
            "point",
            say("Newest point with it"),
            lambda row, _: Cell(local(row["point"]["time"])),
            order=lambda row: row["point"]["time"],
            width=20,
        ),
        Column("versions", say("Found"), lambda row, _: _versions_of(row), order=lambda row: row["versions"], width=12),
        Column("here", say("Here"), lambda row, _: _here(row), width=14),
    ]


def _path(row: Row) -> Cell:
    return Cell(row["path"], icon="folder" if row["type"] == "directory" else "file", tip=row["path"])


def _size(row: Row) -> str:
    return format_size(row["size"]) if row["type"] == "file" else NOTHING


def _versions_of(row: Row) -> Cell:
    return Cell(count("{n} point", "{n} points", row["versions"]))


def _here(row: Row) -> Cell:
    if row["here"]:
        return Cell(say("Yes"), Tone.GOOD, "good")
    return Cell(say("Not here"), Tone.WARN, "warn", row["problem"] or say("Its bytes are not on this Core yet."))
