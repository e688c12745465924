"""The actions at the right of the pages: what is begun from anywhere. What a role may not do is greyed, with why."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtWidgets import QMenu, QWidget

from console.desktop.desk import Desk, WizardName
from console.desktop.frame.search import SearchCommand
from console.desktop.widgets.parts import action, menu_button, tool
from console.desktop.wizards.catalogue import title_of, why_not
from console.flows.wording import say

Open = Callable[[WizardName], object]


@dataclass(frozen=True, slots=True)
class _Entry:
    wizard: WizardName
    icon: str
    text: Callable[[], str]


_PROTECT = _Entry("protect", "protect", lambda: say("Protect"))
_RESTORE = _Entry("restore", "restore", lambda: say("Restore"))
_REPLICATE = _Entry("replication", "pairing", lambda: say("Replicate"))
_WRITE = _Entry("seed-drive", "seed", lambda: say("&Write a seed drive …"))
_CONSUME = _Entry("consume", "consume", lambda: say("&Consume a seed drive …"))
_FIRST = _Entry("first-start", "run", lambda: say("First start"))


class Actions:
    """Buttons and search commands that open wizards. `follow` a desk: the role there decides what is offered."""

    def __init__(self, open_wizard: Open) -> None:
        self._open = open_wizard
        self._single = [
            (entry, tool(entry.icon, entry.text(), self._opening(entry), text=entry.text()))
            for entry in (_PROTECT, _RESTORE, _REPLICATE)
        ]
        for _, button in self._single:
            button.setProperty("role", "button")
        self._menu = QMenu()
        self._menu.setToolTipsVisible(True)
        self._lines = [
            (entry, action(entry.text(), self._opening(entry), icon_name=entry.icon)) for entry in (_WRITE, _CONSUME)
        ]
        for _, made in self._lines:
            made.setParent(self._menu)
            self._menu.addAction(made)
        self._seed = menu_button("seed", say("Seed drive"), self._menu)

    @property
    def widgets(self) -> tuple[QWidget, ...]:
        return (*(button for _, button in self._single), self._seed)

    def follow(self, desk: Desk) -> None:
        """Greys what the role may not do there."""
        for entry, button in self._single:
            reason = why_not(desk, entry.wizard)
            button.setEnabled(not reason)
            button.setToolTip(reason or title_of(entry.wizard))
        for entry, made in self._lines:
            reason = why_not(desk, entry.wizard)
            made.setEnabled(not reason)
            made.setToolTip(reason or title_of(entry.wizard))
        self._seed.setEnabled(any(made.isEnabled() for _, made in self._lines))

    def commands(self, desk: Desk) -> list[SearchCommand]:
        """For the search: the wizards that may be opened."""
        return [
            SearchCommand(title_of(entry.wizard), entry.icon, self._opening(entry))
            for entry in (_PROTECT, _RESTORE, _REPLICATE, _WRITE, _CONSUME, _FIRST)
            if not why_not(desk, entry.wizard)
        ]

    def _opening(self, entry: _Entry) -> Callable[[], object]:
        return lambda: self._open(entry.wizard)
