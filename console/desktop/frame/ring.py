"""How many jobs run, and how far they are: a ring that opens the jobs."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QToolButton, QWidget

from console.desktop.desk import Desk
from console.desktop.frame.follow import Follow
from console.desktop.theme.icons import icon
from console.desktop.theme.theme import tokens
from console.desktop.theme.tokens import Tone
from console.domain.answers import EventPage, JobPage
from console.domain.events import Changed
from console.flows.wording import count, say


class JobsRing(QToolButton):
    def __init__(self, desk: Desk, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._running = 0
        self._share: float | None = None
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.clicked.connect(lambda *_: desk.go("jobs"))
        self._say()
        Follow(desk, frozenset({Changed.JOBS}), lambda core: core.jobs(state="active", limit=50), self._show, self)

    @property
    def running(self) -> int:
        return self._running

    def sizeHint(self) -> QSize:
        return QSize(38, 32)

    def _show(self, page: JobPage) -> None:
        self._running = page.get("total", len(page["jobs"]))
        known = [
            job["progress"]["bytes_done"] / job["progress"]["bytes_total"]
            for job in page["jobs"]
            if job["progress"]["bytes_total"]
        ]
        self._share = min(1.0, sum(known) / len(known)) if known else None
        self._say()
        self.update()

    def _say(self) -> None:
        text = (
            count("{n} job is running", "{n} jobs are running", self._running) if self._running else say("No job runs")
        )
        self.setAccessibleName(text)
        self.setToolTip(text)

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        look = tokens()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        side = 20.0
        area = QRectF((self.width() - side) / 2, (self.height() - side) / 2, side, side)
        if not self._running:
            icon("job", Tone.OFF).paint(painter, area.toRect())
            return
        painter.setPen(QPen(QColor(look.line), 3))
        painter.drawEllipse(area)
        painter.setPen(QPen(QColor(look.accent), 3))
        span = 90 if self._share is None else round(self._share * 360)
        painter.drawArc(area, 90 * 16, -span * 16)
        painter.setPen(QColor(look.text))
        painter.drawText(area, Qt.AlignmentFlag.AlignCenter, str(min(self._running, 99)))


class AlertsBell(QToolButton):
    """How many alerts want a person; opens them."""

    def __init__(self, desk: Desk, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.alerts = 0
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.clicked.connect(lambda *_: desk.go("events", filter="alerts"))
        self._say(0)
        Follow(
            desk,
            frozenset({Changed.EVENTS}),
            lambda core: core.events(alerts=True, offset=0, limit=1),
            self._show,
            self,
        )

    def _show(self, page: EventPage) -> None:
        self._say(page.get("total", len(page["events"])))

    def _say(self, alerts: int) -> None:
        self.alerts = alerts
        text = count("{n} alert wants a person", "{n} alerts want a person", alerts) if alerts else say("No alerts")
        self.setIcon(icon("alert", Tone.WARN if alerts else Tone.OFF))
        self.setText(str(alerts) if alerts else "")
        self.setAccessibleName(text)
        self.setToolTip(text)
