"""How long the points of one machine stay, in its settings: the policy in words, and the way to where it is changed."""

from __future__ import annotations

from PySide6.QtWidgets import QFrame

from console.desktop.desk import Desk
from console.desktop.widgets.pane import Pane
from console.desktop.widgets.parts import button, label, line, rows, titled
from console.domain.retention import parse_policy
from console.domain.retention_answers import RetentionAnswer
from console.flows.retention import policy_text
from console.flows.wording import say


class RetentionPanel(QFrame):
    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self.setProperty("role", "panel")
        self._desk = desk
        self._machine = ""
        self.policy = label("", wrap=True, selectable=True)
        self.whose = label("", "muted", wrap=True)
        self.open = button(say("Retention and si&mulator …"), self._open, icon_name="retention")
        self.going = button(say("What would &go now …"), lambda: self._open("rollup"), role="link")
        content = rows(self.policy, self.whose, line(self.open, self.going, 1))
        self.pane = Pane(content, desk)
        titled(say("Retention"), self.pane, into=self)

    def show_machine(self, machine: str) -> None:
        """Reads it anew, each time it is told."""
        self._machine = machine
        self.pane.load(lambda: self._desk.client.retention(machine), self._show)

    def _show(self, found: RetentionAnswer) -> None:
        text = policy_text(parse_policy(found["policy"])) + "."
        self.policy.setText(text)
        self.policy.setAccessibleName(text)
        self.whose.setText(
            say("A policy of its own; counted back from its newest point.")
            if found["own"]
            else say(
                "As the Core says for all machines without a policy of their own; counted back from its newest point."
            )
        )

    def _open(self, tab: str = "") -> None:
        self._desk.go("retention", self._machine, tab=tab)
