"""What went wrong, in place."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QLabel, QSizePolicy, QWidget

from console.desktop.theme.icons import icon
from console.desktop.theme.tokens import GAP, GAP_L, Tone
from console.desktop.widgets.parts import button, label, line, rows
from console.domain.errors import Failure
from console.flows.wording import say

BUSY_MS = 150
"""Work that ends sooner shows no sign of being busy: flicker would tell less than nothing."""


class Problem(QFrame):
    """A failure in place: the sentence, what to do next, and *Try again*."""

    again = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("role", "panel")
        self._sign = QLabel()
        self._sentence = label(wrap=True, selectable=True)
        self._hint = label("", "muted", wrap=True, selectable=True)
        self._retry = button(say("&Try again"), self.again.emit, icon_name="recycle")
        self._close = button(say("&Dismiss"), self.hide, icon_name="close")
        words = rows(self._sentence, self._hint, gap=GAP // 2)
        words.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self.failure: Failure | None = None
        line(self._sign, words, *self.ways(), self._retry, self._close, gap=GAP_L, margin=GAP, into=self)
        self.hide()

    def ways(self) -> Sequence[QWidget]:
        """Buttons of a subclass: ways out that it offers. Called once, by the constructor."""
        return ()

    def advice(self, failure: Failure) -> str:
        """What to do next; empty: nothing to say."""
        return failure.hint

    def tell(self, failure: Failure, *, retry: bool) -> None:
        """`retry`: whether doing it again makes sense; otherwise it can be dismissed."""
        self.failure = failure
        hint = self.advice(failure)
        self._sign.setPixmap(icon("bad", Tone.BAD).pixmap(24, 24))
        self._sentence.setText(failure.message)
        self._sentence.setAccessibleName(failure.message)
        self._hint.setText(hint)
        self._hint.setAccessibleName(hint)
        self._hint.setVisible(bool(hint))
        self._retry.setVisible(retry)
        self._close.setVisible(not retry)
        self.setAccessibleName(f"{failure.message} {hint}".strip())
        self.setToolTip(failure.code)
        self.show()

    def clear(self) -> None:
        self.failure = None
        self.hide()
