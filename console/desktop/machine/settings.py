"""The last tab: what may be changed about a machine, and how its protection ends."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QComboBox,
    QFormLayout,
    QLabel,
    QLineEdit,
    QMessageBox,
    QPlainTextEdit,
    QScrollArea,
    QWidget,
)

from console.desktop.desk import Desk
from console.desktop.machine.answer import MachineView
from console.desktop.theme.tokens import GAP, GAP_L
from console.desktop.widgets.asking import ask
from console.desktop.widgets.pane import Pane
from console.desktop.widgets.parts import allow, button, label, line, rows, titled
from console.domain.answers import Loss, MachineRemoved
from console.domain.roles import Right
from console.domain.schedules import parse_interval
from console.domain.sizes import format_interval, format_size
from console.flows.wording import count, say

INTERVALS_S = (900, 1800, 3600, 4 * 3600, 12 * 3600, 86_400, 0)
NOTE_LINES = 6


class SettingsTab(QScrollArea):
    """What somebody has typed stays until it is saved or taken back, whatever changes meanwhile."""

    def __init__(self, desk: Desk, pane: Callable[[], Pane], changed: Callable[[], object]) -> None:
        super().__init__()
        self.desk = desk
        self._pane = pane
        self._changed = changed
        self._view: MachineView | None = None
        self.question: QMessageBox | None = None
        self.protection = self._build_form()
        self.ending = self._build_ending()
        self.elsewhere = label("", "muted", wrap=True)
        content = rows(self.elsewhere, self.protection, self.ending, 1, gap=GAP)
        content.setProperty("role", "page")
        content.setMaximumWidth(900)
        self.setWidgetResizable(True)
        self.setWidget(content)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)

    def show_view(self, view: MachineView) -> None:
        another = self._view is None or self._view.machine["id"] != view.machine["id"]
        typed = not another and self.dirty
        self._view = view
        if not typed:
            self.revert()
        kind = view.machine["kind"]
        self.protection.setVisible(view.protected)
        self.ending.setVisible(kind != "replicated")
        self.keep.setVisible(view.protected)
        self.elsewhere.setVisible(not view.protected)
        self.elsewhere.setText(
            say(
                "“{name}” is protected by the Core “{core}”: its schedule and exclusions are set there. Its "
                "replication is ended on the Replication page.",
                name=view.machine["name"],
                core=view.machine["origin"],
            )
            if kind == "replicated"
            else say("“{name}” is no longer protected; its recovery points are kept.", name=view.machine["name"])
        )
        may, why = self.desk.may(Right.ADMINISTER), say("Only an administrator may do this.")
        for made in (self.keep, self.delete):
            allow(made, may, why)
        for field in (self.name, self.interval, self.excludes):
            field.setEnabled(may)
            field.setToolTip("" if may else why)
        self._judge()

    @property
    def dirty(self) -> bool:
        """Whether something is typed that is not saved."""
        machine = self._view.machine if self._view else None
        return machine is not None and (
            self.name.text().strip() != machine["name"]
            or parse_interval(self.interval.currentText()) != machine["interval_s"]
            or self._excludes() != machine["excludes"]
        )

    def revert(self) -> None:
        """Back to what the Core has."""
        if self._view is None:
            return
        machine = self._view.machine
        self.name.setText(machine["name"])
        self.interval.setEditText(format_interval(machine["interval_s"]))
        self.excludes.setPlainText("\n".join(machine["excludes"]))
        self._judge()

    # --- what may be changed

    def _build_form(self) -> QWidget:
        self.name = QLineEdit()
        self.name.textChanged.connect(self._judge)
        self.interval = QComboBox()
        self.interval.setEditable(True)
        self.interval.addItems([format_interval(seconds) for seconds in INTERVALS_S])
        self.interval.editTextChanged.connect(self._judge)
        self.excludes = QPlainTextEdit()
        self.excludes.setTabChangesFocus(True)
        self.excludes.setFixedHeight(self.excludes.fontMetrics().height() * NOTE_LINES + 2 * GAP_L)
        self.excludes.textChanged.connect(self._judge)
        self.wrong = label("", wrap=True)
        self.wrong.setProperty("role", "small")
        self.save = button(say("&Save"), self._save, role="primary")
        self.take_back = button(say("Take &back"), self.revert)
        form = QWidget()
        layout = QFormLayout(form)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setHorizontalSpacing(GAP_L)
        for name, field, explain in (
            (say("&Name"), self.name, ""),
            (say("Back up &every"), self.interval, say("60m, 4h, 1d; off: only when somebody starts it.")),
            (
                say("&Leave out"),
                self.excludes,
                say("One pattern per line, such as *.tmp or /var/cache. What matches is not in new recovery points."),
            ),
        ):
            shown = QLabel(name)
            shown.setBuddy(field)
            field.setAccessibleName(name.replace("&", ""))
            field.setAccessibleDescription(explain)
            layout.addRow(shown, field)
            if explain:
                layout.addRow("", label(explain, "small", wrap=True))
        return titled(say("Protection"), form, self.wrong, line(self.save, self.take_back, 1))

    def _excludes(self) -> list[str]:
        return [text.strip() for text in self.excludes.toPlainText().splitlines() if text.strip()]

    def _judge(self) -> None:
        wrong = ""
        if not self.name.text().strip():
            wrong = say("The machine needs a name.")
        elif parse_interval(self.interval.currentText()) is None:
            wrong = say("“{text}” is no interval: write 60m, 4h, 1d or off.", text=self.interval.currentText())
        self.wrong.setText(wrong)
        self.wrong.setVisible(bool(wrong))
        may = self.desk.may(Right.ADMINISTER)
        self.save.setEnabled(may and not wrong and self.dirty)
        self.take_back.setEnabled(may and (bool(wrong) or self.dirty))

    def _save(self) -> None:
        if self._view is None:
            return
        id, name = self._view.machine["id"], self.name.text().strip()
        interval, excludes = parse_interval(self.interval.currentText()), self._excludes()

        def done(_: object) -> None:
            self.desk.notice(say("“{name}” was changed.", name=name))
            self._changed()

        self._pane().act(
            lambda: self.desk.client.edit_machine(id, name=name, interval_s=interval, excludes=excludes), done
        )

    # --- ending it

    def _build_ending(self) -> QWidget:
        self.keep = button(say("&Keep the recovery points …"), self._ask_keep, icon_name="points-only")
        self.delete = button(
            say("&Delete everything …"),
            self._before_deleting,
            icon_name="delete",
            role="danger",
        )
        return titled(
            say("Remove this machine"),
            label(say("Ends its protection. Nothing is changed on the machine itself."), "muted", wrap=True),
            line(self.keep, self.delete, 1),
        )

    def _before_deleting(self) -> None:
        if self._view is not None:
            id = self._view.machine["id"]
            self._pane().act(lambda: self.desk.client.machine_loss(id), self._ask_delete)

    def _ask_keep(self) -> None:
        if self._view is None:
            return
        machine = self._view.machine
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
        if self._view is None:
            return
        name = self._view.machine["name"]
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
        if self._view is None:
            return
        id = self._view.machine["id"]

        def done(removed: MachineRemoved) -> None:
            if removed["kind"] is None:
                self.desk.notice(say("“{name}” was removed.", name=removed["machine"]))
                self.desk.go("home")
            else:
                self.desk.notice(say("“{name}” is no longer protected.", name=removed["machine"]))
                self._changed()

        self._pane().act(lambda: self.desk.client.remove_machine(id, delete_points=delete_points), done)
