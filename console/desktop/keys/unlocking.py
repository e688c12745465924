"""Unlocking a key: the dialogue, and the way to it from wherever a locked key stands in the way."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QComboBox, QSpinBox, QWidget
from shiboken6 import isValid

from console.client.client import Client
from console.desktop.desk import Desk
from console.desktop.keys.dialog import KeyDialog
from console.desktop.keys.passphrase import PassphraseEdit
from console.desktop.theme.tokens import GAP_S
from console.desktop.widgets.parts import allow, button, line
from console.desktop.widgets.problem import Problem
from console.domain.errors import Failed, Failure
from console.domain.key_answers import KeyAnswer
from console.domain.roles import Right
from console.flows.keys import DAY_S, HOUR_S, MONTH_S, is_universal, unlock_hint
from console.flows.wording import say

KEY_LOCKED = "key-locked"
MOST_UNITS = 999


class UnlockKey(KeyDialog):
    """For good, or for a time. `finished_with` brings the key."""

    def __init__(self, parent: QWidget, desk: Desk, key: str, name: str, *, universal: bool = False) -> None:
        explain = (
            say("A universal key is always unlocked. This brings its secret back where the Core's vault was lost.")
            if universal
            else say("While it is unlocked, this Core opens what is sealed with the key: to restore, check, browse.")
        )
        super().__init__(parent, desk, say("Unlock “{key}”", key=name), explain, say("&Unlock"))
        self._key = key
        self.passphrase = PassphraseEdit(say("Passphrase"))
        self.unit = QComboBox()
        for text, value in (
            (say("Until somebody locks it"), 0),
            (say("Hours"), HOUR_S),
            (say("Days"), DAY_S),
            (say("Months of 30 days"), MONTH_S),
        ):
            self.unit.addItem(text, value)
        self.unit.setAccessibleName(say("For how long"))
        self.amount = QSpinBox()
        self.amount.setRange(1, MOST_UNITS)
        self.amount.setValue(8)
        self.amount.setAccessibleName(say("How many"))
        self.amount.hide()
        self.unit.currentIndexChanged.connect(lambda *_: self.amount.setVisible(bool(self.unit.currentData())))
        self.field(say("&Passphrase"), self.passphrase)
        if not universal:
            self.field(say("&For"), line(self.amount, self.unit, 1, gap=GAP_S))
        self.start()

    @property
    def for_s(self) -> int | None:
        """Seconds; None: for good."""
        unit: int = self.unit.currentData()
        return unit * self.amount.value() if unit else None

    def ready(self) -> bool:
        return bool(self.passphrase.text)

    async def work(self, core: Client) -> KeyAnswer:
        return await core.unlock_key(self._key, self.passphrase.text, for_s=self.for_s)


class UnlockingProblem(Problem):
    """A failure that offers to unlock the key that stands in the way, to who may do it; `unlocked` when that is done:
    what was stopped by it can go on."""

    unlocked = Signal()

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        super().__init__()
        self.dialog: UnlockKey | None = None

    def ways(self) -> Sequence[QWidget]:
        self.unlock = button(say("Unloc&k …"), self._ask, icon_name="unlock", role="primary")
        self.unlock.hide()
        return (self.unlock,)

    def tell(self, failure: Failure, *, retry: bool) -> None:
        self.unlock.setVisible(failure.code == KEY_LOCKED and bool(failure.about))
        allow(self.unlock, self._desk.may(Right.ADMINISTER), say("Only an administrator may do this."))
        super().tell(failure, retry=retry)

    def advice(self, failure: Failure) -> str:
        if failure.code != KEY_LOCKED:
            return failure.hint
        return unlock_hint(known=bool(failure.about), may=self._desk.may(Right.ADMINISTER))

    def _ask(self) -> None:
        failure = self.failure
        if failure is not None:
            self._desk.tasks.start(self._find(failure))

    async def _find(self, failure: Failure) -> None:
        try:
            key = await self._desk.client.key(failure.about)
        except Failed as known:
            if isValid(self):
                self.tell(known.failure, retry=False)
            return
        if isValid(self) and self.failure == failure:
            self.dialog = UnlockKey(self, self._desk, key["id"], key["name"], universal=is_universal(key))
            self.dialog.finished_with.connect(self._done)

    def _done(self, _: KeyAnswer) -> None:
        self.clear()
        self.unlocked.emit()
