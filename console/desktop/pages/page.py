"""What every page is: something that loads, says which changes concern it, and shows a place in it."""

from __future__ import annotations

from typing import Any, ClassVar

from PySide6.QtCore import QTimer
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from console.desktop.desk import Desk, Place
from console.desktop.theme.tokens import GAP_L
from console.desktop.widgets.pane import Pane
from console.domain.events import Changed

SETTLE_MS = 250
"""Changes that come close together are answered by one reload."""


class Page(QWidget):
    """A subclass builds its widgets in `build` (returns the content), reads in `fetch`, shows in `show_answer`.

    It is reloaded when it comes to the front after something in `kinds` changed, and at once when it is in front.
    A page that needs more than one thing fetches them together in `fetch` (`asyncio.gather`) and hands out one value.
    """

    name: ClassVar[str]
    help: ClassVar[str]
    """The help topic: a file of `resources/help`, without its ending."""
    kinds: ClassVar[frozenset[Changed]] = frozenset()

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self.desk = desk
        self.place = Place(self.name)  # type: ignore[arg-type]
        self._stale = True
        self._settle = QTimer(self)
        self._settle.setSingleShot(True)
        self._settle.setInterval(SETTLE_MS)
        self._settle.timeout.connect(self.reload)
        self.pane = Pane(self.build(), desk)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(GAP_L, GAP_L // 2, GAP_L, GAP_L)
        layout.addWidget(self.pane)
        self.setAccessibleName(self.title)

    @property
    def title(self) -> str:
        raise NotImplementedError

    def build(self) -> QWidget:
        """The content, without any data yet. Called once, by the constructor."""
        raise NotImplementedError

    async def fetch(self) -> Any:
        """Reads all the page shows. Raises Failed."""
        raise NotImplementedError

    def show_answer(self, answer: Any) -> None:
        """Shows what `fetch` brought."""
        raise NotImplementedError

    def offer(self) -> None:
        """Greys what the role of who is signed in may not do, with who may. Called before each reading."""

    def go_to(self, place: Place) -> None:
        """Shows a place in it. A page that shows one thing (`place.id`) reloads; others may only select."""
        changed = place != self.place
        self.place = place
        if changed:
            self._stale = True
            if self.isVisible():
                self.reload()

    def reload(self) -> None:
        self._stale = False
        self._settle.stop()
        self.offer()
        self.pane.load(self.fetch, self.show_answer)

    def tell_changed(self, kinds: frozenset[Changed]) -> None:
        """The Core said that these kinds of things changed."""
        if kinds & self.kinds:
            self._stale = True
            if not self.isVisible() or self._settle.isActive():
                return
            if self.pane.has_shown or self.pane.busy:
                self._settle.start()
            else:  # just connected: nothing is shown yet that could flicker
                self.reload()

    def tell_link(self, connected: bool) -> None:
        """The Core answers again, or not any more: what is shown stays, greyed."""
        self.pane.content.setEnabled(connected)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if self._stale and self.desk.link.connected:
            self.reload()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        if self._settle.isActive():
            self._settle.stop()
            self._stale = True
