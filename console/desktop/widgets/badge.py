"""A word with its icon in its tone: states at a glance, without colour alone."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from console.desktop.theme.icons import icon
from console.desktop.theme.theme import tokens
from console.desktop.theme.tokens import GAP, GAP_S, Tone
from console.desktop.widgets.parts import tone_icon


class Badge(QWidget):
    def __init__(self, text: str = "", tone: Tone = Tone.OFF, icon_name: str = "") -> None:
        super().__init__()
        self._text, self._tone, self._icon = "", tone, ""
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.say(text, tone, icon_name)

    def say(self, text: str, tone: Tone, icon_name: str = "") -> None:
        self._text, self._tone, self._icon = text, tone, icon_name or tone_icon(tone)
        self.setAccessibleName(text)
        self.setVisible(bool(text))
        self.updateGeometry()
        self.update()

    def clear(self) -> None:
        """Says nothing, and takes no room."""
        self.say("", Tone.OFF)

    @property
    def text(self) -> str:
        return self._text

    def sizeHint(self) -> QSize:
        metrics = self.fontMetrics()
        return QSize(metrics.horizontalAdvance(self._text) + 16 + GAP_S + 2 * GAP, max(22, metrics.height() + 6))

    def paintEvent(self, event: QPaintEvent) -> None:
        look = tokens()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(look.soft(self._tone)))
        area = QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
        painter.drawRoundedRect(area, area.height() / 2, area.height() / 2)
        middle = (self.height() - 14) // 2
        icon(self._icon, self._tone).paint(painter, GAP, middle, 14, 14)
        painter.setPen(QColor(look.colour(self._tone)))
        painter.drawText(self.rect().adjusted(GAP + 14 + GAP_S, 0, -GAP, 0), Qt.AlignmentFlag.AlignVCenter, self._text)
        painter.end()
