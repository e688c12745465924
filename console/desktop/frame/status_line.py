"""The line at the bottom: the link, who is signed in, what comes next, and notices."""

from __future__ import annotations

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QFrame, QLabel

from console.client.client import Client
from console.desktop.desk import Desk
from console.desktop.frame.follow import Follow
from console.desktop.link import Link, LinkState
from console.desktop.theme.icons import icon
from console.desktop.theme.tokens import GAP_L, GAP_S, Tone
from console.desktop.widgets.parts import label, line
from console.domain.events import Changed
from console.flows.amounts import ago
from console.flows.wording import say

NOTICE_MS = 8000
REFRESH_MS = 30_000


class StatusLine(QFrame):
    def __init__(self) -> None:
        super().__init__()
        self.setProperty("role", "status")
        self._desk: Desk | None = None
        self._sign = QLabel()
        self._state = label("", "small")
        self.notice = label("", "small")
        self._next = label("", "small")
        self._who = label("", "small")
        self._version = label("", "small")
        self._follow: Follow[str | None] | None = None
        self._due: str | None = None
        line(
            self._sign, self._state, self.notice, 1, self._next, self._who, self._version,
            gap=GAP_L, margin=GAP_S, into=self,
        )  # fmt: skip
        self._gone = QTimer(self)
        self._gone.setSingleShot(True)
        self._gone.timeout.connect(lambda: self.notice.setText(""))
        self._tick = QTimer(self)
        self._tick.setInterval(REFRESH_MS)
        self._tick.timeout.connect(self._say)
        self._tick.start()

    def follow(self, desk: Desk) -> None:
        if self._desk is not None:
            self._desk.link.moved.disconnect(self._say)
            self._desk.noticed.disconnect(self.tell)
        if self._follow is not None:
            self._follow.deleteLater()
        self._desk = desk
        self._due = None
        desk.link.moved.connect(self._say)
        desk.noticed.connect(self.tell)
        self._follow = Follow(desk, frozenset({Changed.MACHINES, Changed.JOBS}), _next_due, self._show_due, self)
        self._say()

    def tell(self, sentence: str) -> None:
        """A sentence about something that was done, for a while."""
        self.notice.setText(sentence)
        self.notice.setAccessibleName(sentence)
        self._gone.start(NOTICE_MS)

    def _show_due(self, due: str | None) -> None:
        self._due = due
        self._say()

    def _say(self) -> None:
        if self._desk is None:
            return
        link: Link = self._desk.link
        tone, words = {
            LinkState.CONNECTED: (Tone.GOOD, say("Connected to “{core}”", core=link.title)),
            LinkState.CONNECTING: (Tone.INFO, say("Connecting to “{core}” …", core=link.title)),
            LinkState.LOST: (Tone.WARN, say("“{core}” does not answer", core=link.title)),
            LinkState.REFUSED: (Tone.BAD, say("Not signed in at “{core}”", core=link.title)),
        }[link.state]
        self._sign.setPixmap(icon("core", tone).pixmap(16, 16))
        self._state.setText(words)
        self._state.setAccessibleName(words)
        status = link.status
        if status is None:
            return
        self._who.setText(say("{user}, {role}", user=status["user"], role=role_word(status["role"])))
        self._version.setText(say("Core {version}", version=status["version"]))
        if not status["schedules"]:
            self._next.setText(say("Schedules do not run"))
        elif self._due:
            self._next.setText(say("Next backup {when}", when=ago(self._due, self._desk.clock.now())))
        else:
            self._next.setText(say("Nothing is scheduled"))


def role_word(role: str) -> str:
    """What a role is called."""
    return {
        "administrator": say("administrator"),
        "technician": say("technician"),
        "helpdesk": say("help desk"),
    }.get(role, role)


async def _next_due(core: Client) -> str | None:
    page = await core.safety(sort="next_due", limit=1)
    return page["machines"][0]["next_due"] if page["machines"] else None
