"""In place of files that cannot be opened: what they are sealed with, and the way to unlock it."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QSizePolicy

from console.desktop.desk import Desk
from console.desktop.keys.unlocking import UnlockKey
from console.desktop.widgets.pane import Empty
from console.desktop.widgets.parts import allow, button
from console.domain.answers import PointKeyAnswer
from console.domain.roles import Right
from console.flows.keys import is_known, short, unlock_hint
from console.flows.wording import say


class LockedView(Empty):
    """`unlocked` when somebody has done it here."""

    unlocked = Signal()

    def __init__(self, desk: Desk) -> None:
        self.unlock = button(say("Unloc&k …"), self._ask, icon_name="unlock", role="primary")
        super().__init__(
            "lock",
            say("The files are sealed"),
            say("The key of this recovery point is locked. Unlock it to see and restore its files; the point itself "
                "is replicated, checked and kept all the same."),
            self.unlock,
            wide=280,
        )  # fmt: skip
        # It stands in place of a tree, which can be as low as a window wants it.
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Ignored)
        self._desk = desk
        self._keys: list[PointKeyAnswer] = []
        self.dialog: UnlockKey | None = None

    def show_keys(self, keys: Sequence[PointKeyAnswer]) -> bool:
        """Whether any of the keys of a point is locked, so that this is to be seen."""
        self._keys = [key for key in keys if key["locked"]]
        if not self._keys:
            return False
        names = ", ".join(short(key) for key in self._keys)
        self.unlock.setText(say("Unloc&k “{key}” …", key=names))
        self.unlock.setAccessibleName(say("Unlock “{key}” …", key=names))
        known = all(map(is_known, self._keys))
        allow(
            self.unlock,
            known and self._desk.may(Right.ADMINISTER),
            say("Only an administrator may do this.") if known else unlock_hint(known=False, may=True),
        )
        return True

    def _ask(self) -> None:
        key = self._keys[0]
        self.dialog = UnlockKey(self, self._desk, key["id"], key["name"])
        self.dialog.finished_with.connect(lambda _: self._done(key["id"]))

    def _done(self, key: str) -> None:
        if self.show_keys([one for one in self._keys if one["id"] != key]):
            return
        self.unlocked.emit()
