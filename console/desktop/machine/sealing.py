"""What a machine is sealed with: shown, unlocked where it is locked, and changed after what that means was said."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtWidgets import QComboBox, QFrame, QWidget

from console.client.client import Client
from console.desktop.desk import Desk
from console.desktop.keys.asking import NewKey
from console.desktop.keys.dialog import KeyDialog
from console.desktop.keys.unlocking import UnlockKey
from console.desktop.theme.tokens import GAP, GAP_L, Tone
from console.desktop.widgets import states
from console.desktop.widgets.badge import Badge
from console.desktop.widgets.pane import Pane
from console.desktop.widgets.parts import allow, button, label, line, rows
from console.desktop.wizards.fields.telling import Soft
from console.domain.answers import MachineAnswer
from console.domain.errors import Failed, FailureKind
from console.domain.key_answers import KeyAnswer, KeyChangePlan
from console.domain.roles import Right
from console.flows.keys import change_lines, is_locked, is_universal, state_text
from console.flows.listing import all_keys
from console.flows.wording import say

NONE = ""


class SealingPanel(QFrame):
    def __init__(self, desk: Desk, pane: Callable[[], Pane], changed: Callable[[], object]) -> None:
        super().__init__()
        self.setProperty("role", "panel")
        self.desk = desk
        self.pane = Pane(self._build(), desk)
        self._outer = pane
        self._changed = changed
        self._machine: MachineAnswer | None = None
        self._key: KeyAnswer | None = None
        self.dialog: KeyDialog | None = None
        title = say("Encryption")
        self.setAccessibleName(title)
        rows(label(title, "title"), self.pane, gap=GAP, margin=GAP_L, into=self)

    def _build(self) -> QWidget:
        self.sealed = label("", wrap=True)
        self.state = Badge()
        self.about = label("", "small", wrap=True)
        self.change = button(say("Change the key …"), self._ask_change, icon_name="key")
        self.unlock = button(say("Un&lock …"), self._ask_unlock, icon_name="unlock")
        return rows(line(self.sealed, self.state, 1), self.about, line(self.change, self.unlock, 1), gap=GAP)

    def show_machine(self, machine: MachineAnswer) -> None:
        self._machine, self._key = machine, None
        name = machine["key"]
        self.sealed.setText(say("Sealed with “{key}”", key=name) if name else say("Not sealed"))
        self.about.setText(
            say("Only who knows the passphrase opens its images, here, at targets and on seed drives.")
            if name
            else say("Whoever gets at the repository, a target or a seed drive can read its files.")
        )
        self.state.say("", Tone.OFF)
        self.unlock.hide()
        may = self.desk.may(Right.ADMINISTER)
        allow(self.change, may, say("Only an administrator may do this."))
        if name and may:
            self.pane.load(lambda: self._find(name), self._show_key)

    async def _find(self, name: str) -> KeyAnswer | None:
        try:
            return await self.desk.client.key(name)
        except Failed as known:
            if known.failure.kind is FailureKind.NOT_FOUND:
                return None
            raise

    def _show_key(self, key: KeyAnswer | None) -> None:
        self._key = key
        if key is None:
            self.state.say(say("Not known on this Core"), Tone.BAD, "bad")
            return
        shown = states.key(key["state"])
        self.state.say(state_text(key), shown.tone, shown.icon)
        self.unlock.setVisible(is_locked(key))
        if is_locked(key):
            self.about.setText(say("No backup is made while the key is locked."))

    def _ask_unlock(self) -> None:
        if self._key is not None:
            key = self._key
            self.dialog = UnlockKey(self, self.desk, key["id"], key["name"], universal=is_universal(key))
            self.dialog.finished_with.connect(lambda _: self._changed())

    def _ask_change(self) -> None:
        if self._machine is not None:
            self.dialog = ChangeMachineKey(self, self.desk, self._machine)
            self.dialog.finished_with.connect(self._told)

    def _told(self, machine: MachineAnswer) -> None:
        said = say("“{machine}” is sealed with “{key}” from its next backup on.", machine=machine["name"],
                   key=machine["key"]) if machine["key"] else say(
                   "“{machine}” is not sealed any more from its next backup on.", machine=machine["name"])  # fmt: skip
        self.desk.notice(said)
        self._changed()


class ChangeMachineKey(KeyDialog):
    """Another key, or none. What that means is read before it can be done. `finished_with` brings the machine."""

    def __init__(self, parent: QWidget, desk: Desk, machine: MachineAnswer) -> None:
        super().__init__(
            parent, desk, say("Key of “{machine}”", machine=machine["name"]), "", say("&Change the key"), danger=True
        )
        self._machine = machine
        self._plan: KeyChangePlan | None = None
        self._asked = ""
        self.choice = QComboBox()
        self.choice.currentIndexChanged.connect(lambda *_: self._look())
        self.new = button(say("&New key …"), self._ask_new, icon_name="add")
        self.maker: NewKey | None = None
        self.field(say("&Seal with"), self.choice)
        self.form.addRow("", line(self.new, 1))
        self.choice.setAccessibleName(say("Seal with"))
        self.meaning = Soft()
        self.meaning.hide()
        self.column.insertWidget(1, self.meaning)
        self.reading = Pane(QWidget(), desk)
        self.column.insertWidget(2, self.reading)
        self.reading.loaded.connect(self.fit)
        self.reading.problem.unlocked.connect(self._read_keys)
        self._read_keys()
        self.start()

    def _read_keys(self) -> None:
        """What is chosen stays so."""
        wanted = self.choice.currentData()
        self.reading.load(lambda: all_keys(self.desk.client), lambda keys: self._show_keys(keys, wanted))

    def _show_keys(self, keys: tuple[KeyAnswer, ...], wanted: str | None = None) -> None:
        self.choice.blockSignals(True)
        self.choice.clear()
        self.choice.addItem(say("Nothing: not sealed"), NONE)
        for key in keys:
            locked = is_locked(key)
            self.choice.addItem(say("{key} (locked)", key=key["name"]) if locked else key["name"], key["id"])
        now = next((key["id"] for key in keys if key["name"] == self._machine["key"]), NONE)
        self.choice.setCurrentIndex(max(0, self.choice.findData(now if wanted is None else wanted)))
        self.choice.blockSignals(False)
        self._look()

    def _look(self) -> None:
        """Asks what the choice would mean."""
        key = self._asked = self.choice.currentData() or NONE
        self._plan = None
        self.meaning.hide()
        self.judge()
        self.reading.load(lambda: self.desk.client.key_change(self._machine["id"], key), self._say)

    def _say(self, plan: KeyChangePlan) -> None:
        self._plan = plan
        lines = change_lines(plan)
        if lines:
            self.meaning.say(Tone.WARN, "warn", lines[0], " ".join(lines[1:]))
        elif plan["key"] != self._machine["key"]:
            self.meaning.say(Tone.INFO, "info", say("There is no recovery point yet: nothing is stored anew."), "")
        self.meaning.setVisible(bool(lines) or plan["key"] != self._machine["key"])
        self.judge()
        self.fit()

    def _ask_new(self) -> None:
        self.maker = NewKey(self, self.desk)
        self.maker.finished_with.connect(
            lambda made: self.reading.load(
                lambda: all_keys(self.desk.client), lambda keys: self._show_keys(keys, made["id"])
            )
        )

    def ready(self) -> bool:
        return self._plan is not None and self._plan["key"] != self._machine["key"]

    async def work(self, core: Client) -> MachineAnswer:
        return await core.edit_machine(self._machine["id"], key=self._asked)
