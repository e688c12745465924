"""What is said across the window when the Core does not answer: since when, why, and a way to try at once."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QLabel

from console.desktop.link import Link, LinkState
from console.desktop.theme.icons import icon
from console.desktop.theme.tokens import GAP, GAP_L, Tone
from console.desktop.widgets.parts import button, label, line
from console.flows.wording import say


class Banner(QFrame):
    """Follows one link at a time. `sign_in` when a password is asked for."""

    sign_in = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("role", "bar")
        self._link: Link | None = None
        self._sign = QLabel()
        self._words = label(wrap=True, selectable=True)
        self._again = button(say("Try &again"), self._try, icon_name="recycle")
        self._sign_in = button(say("&Sign in"), self.sign_in.emit, icon_name="account")
        line(self._sign, self._words, self._sign_in, self._again, gap=GAP_L, margin=GAP, into=self)
        self.layout().setStretch(1, 1)  # type: ignore[union-attr]
        self.hide()

    def follow(self, link: Link) -> None:
        if self._link is not None:
            self._link.moved.disconnect(self._say)
        self._link = link
        link.moved.connect(self._say)
        self._say()

    def _say(self) -> None:
        link = self._link
        if link is None or link.connected or (link.state is LinkState.CONNECTING and link.failure is None):
            self.hide()
            return
        failure = link.failure
        seen = link.last_seen.astimezone().strftime("%H:%M:%S") if link.last_seen else ""
        if link.state is LinkState.REFUSED:
            first = say("“{core}” does not let this Console in.", core=link.title)
        elif seen:
            first = say(
                "The link to “{core}” is lost; what is shown is of {time}. It reconnects by itself.",
                core=link.title,
                time=seen,
            )
        else:
            first = say("“{core}” does not answer yet. It is tried again by itself.", core=link.title)
        text = f"{first} {failure.message} {failure.hint}".strip() if failure else first
        self._words.setText(text)
        self._words.setAccessibleName(text)
        self.setAccessibleName(text)
        self._sign.setPixmap(icon("warn", Tone.WARN).pixmap(22, 22))
        self._sign_in.setVisible(link.state is LinkState.REFUSED and link.key.startswith("core:"))
        self.show()

    def _try(self) -> None:
        if self._link is not None:
            self._link.try_again()
