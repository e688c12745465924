"""One recovery point beside the table: facts, images, files to browse and restore; of an orphan why it is one."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QMenu, QScrollArea, QStackedLayout, QTabWidget, QVBoxLayout, QWidget

from console.desktop.desk import Desk
from console.desktop.tables.columns import Column, number_column, size_column, text_column
from console.desktop.tables.model import ListModel
from console.desktop.tables.view import Table
from console.desktop.theme.tokens import GAP
from console.desktop.widgets import states
from console.desktop.widgets.badge import Badge
from console.desktop.widgets.file_tree import FileTree
from console.desktop.widgets.orphan_view import OrphanView
from console.desktop.widgets.pane import Pane
from console.desktop.widgets.parts import FactsView, allow, button, label, line, menu_button, panel, rows
from console.desktop.widgets.point_checks_view import PointChecksView
from console.desktop.widgets.point_columns import chain_column, hold_text, kind_column
from console.desktop.widgets.point_kept_view import PointKeptView
from console.domain.answers import PointDetailAnswer
from console.domain.roles import Right
from console.domain.sizes import format_duration, format_size
from console.flows.amounts import ago, local
from console.flows.keys import is_point_locked, sealed_text
from console.flows.point_checks import checks_text
from console.flows.wording import count, say

FillMenu = Callable[[PointDetailAnswer, QMenu], None]
"""Fills the menu of what else can be done with a point."""


class PointDetail(QWidget):
    """`more` fills the menu beside *Restore*. `changed`: the point is not what the table says (any more).
    `check_wanted`, `hold_wanted`: somebody wants to check the point, to hold or release it."""

    changed = Signal()
    check_wanted = Signal(object)
    hold_wanted = Signal(object)

    def __init__(self, desk: Desk, more: FillMenu) -> None:
        super().__init__()
        self._desk = desk
        self._more = more
        self._point = ""
        self.shown: PointDetailAnswer | None = None
        self.title = label("", "title", selectable=True)
        self.subtitle = label("", "muted")
        self.chain = Badge()
        self.restorability = Badge()
        self.restore = button(say("&Restore …"), self._restore, role="primary")
        self._menu = QMenu(self)
        self._menu.setToolTipsVisible(True)
        self._menu.aboutToShow.connect(self._fill)
        self.other = menu_button("more", say("&More"), self._menu)
        self.tabs = QTabWidget()
        self.tabs.setAccessibleName(say("About the recovery point"))
        self.orphan = OrphanView(desk)
        self.orphan.whole.connect(self.changed)
        self.files = FileTree(desk)
        self.files.changed.connect(self._tell_choice)
        self.chosen = button(say("Restore what is &chosen …"), self._restore_chosen, icon_name="restore")
        self._files = rows(self.files, line(1, self.chosen), gap=GAP // 2)
        self.checks = PointChecksView(desk)
        self.checks.wanted.connect(lambda: self.check_wanted.emit(self.shown))
        self.checks.ended.connect(lambda: self.show_point(self._point, again=True))
        self.kept = PointKeptView(desk)
        self.kept.hold.connect(lambda: self.hold_wanted.emit(self.shown))
        self.facts = FactsView()
        self.images = ListModel(_columns(), desk.clock)
        self.table = Table("point-images", say("Images"), self.images)
        self.table.fit_rows(1, 8)
        self.about = self._about()
        for page, text in (
            (self.orphan, say("Why &orphaned")),
            (self._files, say("F&iles")),
            (self.checks, say("Check&s")),
            (self.kept, say("&Why kept")),
            (self.about, say("&Facts")),
        ):
            page.setContentsMargins(0, GAP, 0, 0)
            self.tabs.addTab(page, text)
        head = rows(
            line(self.title, 1, self.restore, self.other, gap=GAP),
            line(self.subtitle, 1, self.chain, self.restorability, gap=GAP),
            gap=GAP // 2,
        )
        frame = panel()
        rows(head, self.tabs, gap=GAP, margin=GAP + GAP // 2, into=frame)
        self._none = label(say("Choose a recovery point to see what is in it."), "muted", wrap=True)
        holder = QWidget()
        self._stack = QStackedLayout(holder)
        self._stack.addWidget(self._none)
        self._stack.addWidget(frame)
        self.pane = Pane(holder, desk)
        rows(self.pane, into=self)
        layout = self.layout()
        assert isinstance(layout, QVBoxLayout)
        layout.setContentsMargins(0, 0, 0, 0)

    @property
    def point(self) -> str:
        return self._point

    def show_point(self, point: str, *, again: bool = False) -> None:
        """The point with an id; empty: none. The same one is read anew only `again`."""
        if point == self._point and not again:
            return
        self._point = point
        if not point:
            self.shown = None
            self._stack.setCurrentWidget(self._none)
            return
        self.pane.load(lambda: self._desk.client.point(point), self._answered)

    def _answered(self, detail: PointDetailAnswer) -> None:
        if detail["id"] == self._point:  # else another one was shown meanwhile that had been read already
            self.show_detail(detail)

    def show_detail(self, detail: PointDetailAnswer) -> None:
        """A point that was read already."""
        other = self.shown is None or self.shown["id"] != detail["id"]
        self._point, self.shown = detail["id"], detail
        self.title.setText(local(detail["time"])[:-3])
        self.title.setToolTip(local(detail["time"]))
        self.title.setAccessibleName(say("{machine}, {time}", machine=detail["machine"], time=local(detail["time"])))
        self.subtitle.setText(
            say("{machine} · {ago}", machine=detail["machine"], ago=ago(detail["time"], self._desk.clock.now()))
        )
        for badge, shown in (
            (self.chain, states.chain(detail["chain"])),
            (self.restorability, states.restorable_now(detail["restorability"], locked=is_point_locked(detail))),
        ):
            badge.say(shown.text, shown.tone, shown.icon)
            badge.setToolTip(shown.tip)
        nothing = detail["restorability"] == "none"
        why = say("Nothing of it can be restored now.") if nothing else say("Help desk may look, not restore.")
        self.restore.setToolTip("")
        allow(self.restore, self._desk.may(Right.RESTORE) and not nothing, why)
        self._show_tabs(detail, other)
        self.checks.show_detail(detail)
        self.kept.show_detail(detail)
        self.facts.show_facts(_facts(detail))
        self.images.put(detail["images"])
        self._stack.setCurrentIndex(1)
        self._tell_choice()

    def open_files(self) -> None:
        """Puts the files in front, with the keyboard in them."""
        self.tabs.setCurrentWidget(self._files)
        tree = self.files.tree
        if not tree.currentIndex().isValid():
            tree.setCurrentIndex(self.files.model.index(0, 0))
        tree.setFocus()

    def _show_tabs(self, detail: PointDetailAnswer, other: bool) -> None:
        torn = detail["chain"] != "whole"
        place = self.tabs.indexOf(self.orphan)
        appeared = torn and not self.tabs.isTabVisible(place)
        self.tabs.setTabVisible(place, torn)
        if torn:
            self.orphan.set_volumes(len(detail["images"]))
            self.orphan.show_point(detail["id"])
            if appeared or (other and self.tabs.currentWidget() is self._files):
                self.tabs.setCurrentWidget(self.orphan)
        elif self.tabs.currentWidget() is self.orphan:
            self.tabs.setCurrentWidget(self._files)
        self.files.show_point(detail["id"], () if other else self.files.value)
        if not other:
            self.files.show_keys(detail.get("keys", ()))

    def open_checks(self) -> None:
        """Puts the checks in front."""
        self.tabs.setCurrentWidget(self.checks)

    def _about(self) -> QWidget:
        head = label(say("Images"), "title")
        head.setContentsMargins(0, GAP, 0, 0)
        inner = rows(head, self.table, self.facts, 1, gap=GAP)
        inner.setProperty("role", "page")
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setWidget(inner)
        area.setAccessibleName(say("Facts"))
        return area

    def _fill(self) -> None:
        self._menu.clear()
        if self.shown is not None:
            self._more(self.shown, self._menu)

    def _restore(self) -> None:
        self._desk.open_wizard("restore", point=self._point)

    def _restore_chosen(self) -> None:
        self._desk.open_wizard("restore", point=self._point, paths=self.files.value)

    def _tell_choice(self) -> None:
        may = self._desk.may(Right.RESTORE)
        self.chosen.setToolTip("")
        why = say("Choose files or directories first.") if may else say("Help desk may look, not restore.")
        allow(self.chosen, may and bool(self.files.value), why)


def _facts(detail: PointDetailAnswer) -> list[tuple[str, str]]:
    reasons = [("", detail["why"])] if detail["why"] else []
    checks = checks_text(detail["checks"]).replace("\n", ", ")
    return [
        (say("Time"), local(detail["time"])),
        (say("Machine"), detail["machine"]),
        (say("Kind"), states.kind(detail["kind"]).text),
        (say("Chain"), states.chain(detail["chain"]).text),
        *((say("Why"), text) for _, text in reasons),
        (say("Restorable"), states.restorable_now(detail["restorability"], locked=is_point_locked(detail)).text),
        (say("Size of its files"), format_size(detail["size"])),
        (say("New in it"), format_size(detail["bytes_new"])),
        (say("Taken in"), format_duration(detail["duration_s"])),
        (
            say("Warnings"),
            count("{n} warning", "{n} warnings", detail["warnings"]) if detail["warnings"] else say("None"),
        ),
        (say("On targets"), ", ".join(detail["targets"]) or say("On no other Core")),
        (
            say("Encrypted"),
            (sealed_text(detail.get("keys", ())) or say("Yes")) if detail["encrypted"] else say("No"),
        ),
        (say("Held"), hold_text(detail["hold"]) if detail["hold"] else say("No")),
        (say("Checks"), checks or say("Not checked")),
        (say("Id"), detail["id"]),
    ]


def _columns() -> list[Column]:
    return [
        text_column("volume", say("Volume"), width=12),
        kind_column(),
        chain_column(),
        size_column("size", say("Size")),
        size_column("bytes_new", say("New")),
        number_column("files", say("Files")),
        number_column("files_restorable", say("Restorable"), width=10),
    ]
