"""How the protection of a machine ends: its points stay, or go with it."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtWidgets import QFrame, QMessageBox

from console.desktop.desk import Desk
from console.desktop.theme.tokens import GAP, GAP_L
from console.desktop.widgets.asking import ask
from console.desktop.widgets.pane import Pane
from console.desktop.widgets.parts import allow, button, label, line, rows
from console.domain.answers import Loss, MachineAnswer, MachineRemoved
from console.domain.roles import Right
from console.domain.sizes import format_size
from console.flows.wording import count, say


class EndingPanel(QFrame):
    def __init__(self, desk: Desk, pane: Callable[[], Pane], changed: Callable[[], object]) -> None:
        super().__init__()
        self.setProperty("role", "panel")
        self.desk = desk
        self._pane = pane
        self._changed = changed
        self._machine: MachineAnswer | None = None
        self.question: QMessageBox | None = None
        self.keep = button(say("Keep the recovery po&ints …"), self._ask_keep, icon_name="points-only")
        self.delete = button(
            say("&Delete everything …"),
            self._before_deleting,
            icon_name="delete",
            role="danger",
        )
        title = say("Remove this machine")
        self.setAccessibleName(title)
        rows(
            label(title, "title"),
            label(say("Ends its protection. Nothing is changed on the machine itself."), "muted", wrap=True),
            line(self.keep, self.delete, 1),
            gap=GAP,
            margin=GAP_L,
            into=self,
        )

    def show_machine(self, machine: MachineAnswer) -> None:
        self._machine = machine
        self.setVisible(machine["kind"] != "replicated")
        self.keep.setVisible(machine["kind"] == "protected")
        may, why = self.desk.may(Right.ADMINISTER), say("Only an administrator may do this.")
        for made in (self.keep, self.delete):
            allow(made, may, why)

    def _before_deleting(self) -> None:
        if self._machine is not None:
            id = self._machine["id"]
            self._pane().act(lambda: self.desk.client.machine_loss(id), self._ask_delete)

    def _ask_keep(self) -> None:
        machine = self._machine
        if machine is None:
            return
        points = machine["points"]
        details = [
            count(
                "Its {n} recovery point stays and can be restored.",
                "Its {n} recovery points stay and can be restored.",
                points,
            )
            if points
            else say("It has no recovery points: it disappears from this Core.")
        ]
        self.question = ask(
            self,
            say("Remove protection"),
            say("Stop protecting “{name}”?", name=machine["name"]),
            details,
            say("&Stop protecting"),
            lambda: self._remove(delete_points=False),
        )

    def _ask_delete(self, loss: Loss) -> None:
        if self._machine is None:
            return
        name = self._machine["name"]
        self.question = ask(
            self,
            say("Delete machine"),
            say("Delete “{name}” with all its recovery points?", name=name),
            [
                count("{n} recovery point is deleted.", "{n} recovery points are deleted.", loss["points"]),
                say("They hold {size} of files.", size=format_size(loss["bytes"])),
                say("This cannot be undone."),
            ],
            say("&Delete everything"),
            lambda: self._remove(delete_points=True),
        )

    def _remove(self, *, delete_points: bool) -> None:
        if self._machine is None:
            return
        id = self._machine["id"]

        def done(removed: MachineRemoved) -> None:
            if removed["kind"] is None:
                self.desk.notice(say("“{name}” was removed.", name=removed["machine"]))
                self.desk.go("home")
            else:
                self.desk.notice(say("“{name}” is no longer protected.", name=removed["machine"]))
                self._changed()

        self._pane().act(lambda: self.desk.client.remove_machine(id, delete_points=delete_points), done)
