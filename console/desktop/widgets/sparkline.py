"""A small line without axes."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF, QSize
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from console.desktop.theme.theme import tokens
from console.desktop.theme.tokens import Tone


def spark_points(values: Sequence[float], width: float, height: float) -> list[tuple[float, float]]:
    """Where a small line through `values` goes, in pixels from the top left; the smallest value lies at the bottom."""
    if not values or width <= 0 or height <= 0:
        return []
    low, high = min(values), max(values)
    room = high - low
    step = width / max(1, len(values) - 1)
    return [
        (step * place, height / 2 if not room else height - (value - low) / room * height)
        for place, value in enumerate(values)
    ]


class Sparkline(QWidget):
    """How a figure went, without axes; the words for it are its tooltip and what a screen reader says."""

    def __init__(self, name: str, tone: Tone = Tone.INFO) -> None:
        super().__init__()
        self._tone = tone
        self._values: tuple[float, ...] = ()
        self.setAccessibleName(name)
        self.setMinimumSize(60, 20)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def show_values(self, values: Sequence[float], words: str = "") -> None:
        self._values = tuple(values)
        self.setToolTip(words)
        self.setAccessibleDescription(words)
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(120, 24)

    def paintEvent(self, event: QPaintEvent) -> None:
        look = tokens()
        area = QRectF(self.rect()).adjusted(2, 3, -4, -3)
        points = [
            QPointF(area.left() + x, area.top() + y) for x, y in spark_points(self._values, area.width(), area.height())
        ]
        if len(points) < 2:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        path = QPainterPath(points[0])
        for point in points[1:]:
            path.lineTo(point)
        painter.setPen(QPen(QColor(look.colour(self._tone)), 1.5))
        painter.drawPath(path)
        painter.setBrush(QColor(look.colour(self._tone)))
        painter.drawEllipse(points[-1], 2, 2)
        painter.end()
