"""A small picture of how a repository grew, day by day: painted by ourselves, a bar for each day."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta

from PySide6.QtCore import QEvent, QPoint, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QHelpEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from console.desktop.theme.theme import tokens
from console.desktop.theme.tokens import GAP, GAP_S
from console.domain.repair_answers import RepositoryGrowth
from console.domain.sizes import format_size
from console.flows.wording import count, say

DAYS = 60
HIGH = 96


class GrowthPicture(QWidget):
    """The last days, today at the right; what a bar says is its tooltip, and all of it the accessible description."""

    def __init__(self) -> None:
        super().__init__()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setMinimumWidth(DAYS * 2)
        self.setAccessibleName(say("Growth in the last {n} days", n=DAYS))
        self._days: Mapping[date, int] = {}
        self._today = date.min

    def show_growth(self, growth: RepositoryGrowth, today: date) -> None:
        self._days = {date.fromisoformat(one["day"]): one["stored"] for one in growth["days"]}
        self._today = today
        self.setAccessibleDescription(self.said)
        self.update()

    @property
    def said(self) -> str:
        """All of it in a sentence."""
        shown = [size for day, size in self._days.items() if 0 <= (self._today - day).days < DAYS]
        if not shown:
            return say("No points were made in the last {n} days.", n=DAYS)
        return count(
            "On {n} of the last days it grew, by {size}.",
            "On {n} of the last days it grew, by {size}.",
            len(shown),
            size=format_size(sum(shown)),
        )

    def sizeHint(self) -> QSize:
        return QSize(DAYS * 5, HIGH)

    def paintEvent(self, event: QPaintEvent) -> None:
        look = tokens()
        painter = QPainter(self)
        ground = self.height() - self.fontMetrics().height() - GAP_S
        most = max(self._days.values(), default=0)
        step = self.width() / DAYS
        for back in range(DAYS):
            size = self._days.get(self._today - timedelta(days=back), 0) if self._days else 0
            high = max(2.0, (ground - self.fontMetrics().height()) * size / most) if size and most else 1.0
            left = self.width() - (back + 1) * step
            painter.fillRect(
                QRectF(left, ground - high, max(1.0, step - 1), high), QColor(look.accent if size else look.line)
            )
        painter.setPen(QColor(look.muted))
        below = QRectF(0, ground + GAP_S, self.width(), self.fontMetrics().height())
        painter.drawText(below, Qt.AlignmentFlag.AlignLeft, say("{n} days ago", n=DAYS))
        painter.drawText(below, Qt.AlignmentFlag.AlignRight, say("today"))
        if most:
            top = QRectF(0, 0, self.width() - GAP, self.fontMetrics().height())
            painter.drawText(top, Qt.AlignmentFlag.AlignLeft, say("at most {size} a day", size=format_size(most)))

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            self._tell(event.pos(), event.globalPos())
            return True
        return super().event(event)

    def _tell(self, at: QPoint, where: QPoint) -> None:
        back = int((self.width() - at.x()) / (self.width() / DAYS))
        day = self._today - timedelta(days=back) if self._days else None
        if day is not None:
            size = format_size(self._days.get(day, 0))
            QToolTip.showText(where, say("{day}: {size}", day=day.isoformat(), size=size), self)
