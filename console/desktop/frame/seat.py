"""All a window holds for one Core: its desk, its tree, and the pages that were opened."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QSplitter, QStackedWidget

from console.desktop.desk import Desk, Place
from console.desktop.frame.tree import MachineTree
from console.desktop.link import Link
from console.desktop.pages.page import Page
from console.desktop.pages.registry import entry
from console.desktop.tasks import Tasks
from console.domain.clock import Clock

HISTORY = 50


class Seat(QSplitter):
    """`moved` when another page is in front. Pages are made when they are first wanted, and stay."""

    moved = Signal()

    def __init__(self, link: Link, clock: Clock, tasks: Tasks) -> None:
        super().__init__(Qt.Orientation.Horizontal)
        self.desk = Desk(link, clock, tasks)
        self.desk.going.connect(self.go)
        self.tree = MachineTree(self.desk)
        self.stack = QStackedWidget()
        self._pages: dict[str, Page] = {}
        self._history: list[Place] = []
        self._at = -1
        self.addWidget(self.tree)
        self.addWidget(self.stack)
        self.setStretchFactor(0, 0)
        self.setStretchFactor(1, 1)
        self.setSizes([240, 1040])
        self.setChildrenCollapsible(False)
        self.tree.setMinimumWidth(150)
        link.changed.connect(self._changed)
        link.moved.connect(self._link_moved)

    @property
    def page(self) -> Page | None:
        current = self.stack.currentWidget()
        return current if isinstance(current, Page) else None

    @property
    def place(self) -> Place:
        return self._history[self._at] if self._at >= 0 else Place("home")

    def go(self, place: Place) -> None:
        """To a place, remembered for *back*."""
        if self._at < 0 or place != self._history[self._at]:
            self._history = [*self._history[: self._at + 1], place][-HISTORY:]
            self._at = len(self._history) - 1
        self._show(place)

    def back(self) -> None:
        if self._at > 0:
            self._at -= 1
            self._show(self._history[self._at])

    def forward(self) -> None:
        if self._at + 1 < len(self._history):
            self._at += 1
            self._show(self._history[self._at])

    def _show(self, place: Place) -> None:
        page = self._pages.get(place.page)
        if page is None:
            page = self._pages[place.page] = entry(place.page).make(self.desk)
            page.tell_link(self.desk.link.connected)
            self.stack.addWidget(page)
        page.go_to(place)
        self.stack.setCurrentWidget(page)
        self.tree.choose(place.id if place.page == "machine" else "")
        self.moved.emit()

    def _changed(self, kinds: object) -> None:
        for page in self._pages.values():
            page.tell_changed(kinds)  # type: ignore[arg-type]

    def _link_moved(self) -> None:
        for page in self._pages.values():
            page.tell_link(self.desk.link.connected)
