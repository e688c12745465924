"""The key in front: what is known of it, what it seals, and what can be done with it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from PySide6.QtWidgets import QFrame, QMenu, QPushButton

from console.desktop.theme.tokens import GAP, GAP_L
from console.desktop.widgets import states
from console.desktop.widgets.badge import Badge
from console.desktop.widgets.parts import FactsView, action, allow, button, label, line, rows
from console.domain.key_answers import KeyAnswer
from console.flows.amounts import NOTHING, local
from console.flows.keys import due_text, is_locked, names_text, state_text, tested_text, type_text
from console.flows.wording import count, say


@dataclass(frozen=True, slots=True)
class Deed:
    """Something that can be done with a key. `why_not`: why it cannot be done with this one; empty: it can.
    `button`: also stands above the facts."""

    name: str
    text: str
    icon: str
    run: Callable[[], object]
    why_not: str = ""
    button: bool = False


class KeyDetail(QFrame):
    def __init__(self) -> None:
        super().__init__()
        self.setProperty("role", "panel")
        self.setAccessibleName(say("About the key"))
        self.name = label("", "title")
        self.state = Badge()
        self.facts = FactsView()
        self.buttons: dict[str, QPushButton] = {}
        self._deeds: dict[str, Deed] = {}
        self._line = line(gap=GAP)
        rows(line(self.name, self.state, 1), self._line, self.facts, 1, gap=GAP, margin=GAP_L, into=self)

    def show_key(self, key: KeyAnswer, deeds: Sequence[Deed], now: datetime) -> None:
        self.name.setText(key["name"])
        shown = states.key(key["state"])
        self.state.say(state_text(key), shown.tone, shown.icon)
        self.facts.show_facts(key_facts(key, now))
        self._deeds = {deed.name: deed for deed in deeds}
        for deed in deeds:
            if deed.button:
                self._show_button(deed)

    def _show_button(self, deed: Deed) -> None:
        made = self.buttons.get(deed.name)
        layout = self._line.layout()
        assert layout is not None
        if made is None:
            made = self.buttons[deed.name] = button(
                deed.text, lambda: self._deeds[deed.name].run(), icon_name=deed.icon
            )
            if len(self.buttons) == 1:
                layout.addStretch(1)  # type: ignore[attr-defined]
            layout.insertWidget(layout.count() - 1, made)  # type: ignore[attr-defined]
        made.setToolTip("")
        allow(made, not deed.why_not, deed.why_not)


def fill_menu(menu: QMenu, deeds: Sequence[Deed]) -> None:
    for deed in deeds:
        made = action(deed.text, deed.run, icon_name=deed.icon, enabled=not deed.why_not, why_not=deed.why_not)
        made.setParent(menu)
        menu.addAction(made)


def key_facts(key: KeyAnswer, now: datetime) -> list[tuple[str, str]]:
    """Names and values."""
    own = key["type"] == "universal"
    explained = say("made or unlocked for good here") if own else say("can be locked; most come from another Core")
    still = names_text(key["machines"]) if key["machines"] and is_locked(key) else ""
    return [
        *([(say("While it is locked"), say("No backup is made of {machines}", machines=still))] if still else []),
        (say("Type"), say("{type}: {explained}", type=type_text(key["type"]), explained=explained)),
        (say("Machines that use it"), names_text(key["machines"])),
        (say("Sealed with it"), count("{n} recovery point", "{n} recovery points", key["points"])),
        (say("Passphrase proven"), " – ".join(filter(None, (tested_text(key, now), due_text(key))))),
        (say("Created"), local(key["created"])),
        (say("Thumbprint"), _grouped(key["thumbprint"])),
        (say("Comment"), key["description"] or NOTHING),
    ]


def _grouped(thumbprint: str) -> str:
    """To be read aloud: four letters at a time."""
    return " ".join(thumbprint[at : at + 4] for at in range(0, len(thumbprint), 4))
