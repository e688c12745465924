"""A life as stations on a line: what has been reached, when, and what is still to come."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from console.desktop.theme.theme import scaled, tokens
from console.desktop.theme.tokens import GAP, SMALL
from console.flows.wording import say

Station = tuple[str, str, bool]
"""(name, when, reached)."""


class LifeLine(QWidget):
    def __init__(self) -> None:
        super().__init__()
        self._stations: tuple[Station, ...] = ()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def show_life(self, stations: Sequence[Station]) -> None:
        self._stations = tuple(stations)
        words = [
            f"{name} {when}".strip() if reached else say("{name}: not yet", name=name)
            for name, when, reached in stations
        ]
        self.setAccessibleName(say("Life of the drive: {stations}", stations=", ".join(words)))
        self.setToolTip("\n".join(words))
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(320, 16 + 2 * self.fontMetrics().height() + GAP)

    def paintEvent(self, event: QPaintEvent) -> None:
        if not self._stations:
            return
        look = tokens()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        wide = self.width() / len(self._stations)
        metrics = self.fontMetrics()
        for number, (name, when, reached) in enumerate(self._stations):
            middle = QPointF(wide * (number + 0.5), 8.0)
            colour = QColor(look.accent if reached else look.line)
            if number:
                painter.setPen(QPen(colour, 2))
                painter.drawLine(QPointF(middle.x() - wide + 7, 8.0), QPointF(middle.x() - 7, 8.0))
            painter.setPen(QPen(colour, 2))
            painter.setBrush(colour if reached else QColor(look.panel))
            painter.drawEllipse(middle, 5.5, 5.5)
            painter.setPen(QColor(look.text if reached else look.muted))
            painter.setFont(self.font())
            area = QRectF(wide * number, 16.0, wide, metrics.height())
            painter.drawText(
                area, Qt.AlignmentFlag.AlignCenter, metrics.elidedText(name, Qt.TextElideMode.ElideRight, int(wide))
            )
            painter.setPen(QColor(look.muted))
            painter.setFont(scaled(self.font(), SMALL))
            area.translate(0, metrics.height())
            painter.drawText(area, Qt.AlignmentFlag.AlignCenter, when)
