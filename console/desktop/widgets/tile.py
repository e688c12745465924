"""One figure of the home page: what it is, how much, and a few words about it. A click or Enter opens its page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QEnterEvent, QFont, QFontMetrics, QKeyEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QSizePolicy, QWidget

from console.desktop.theme.icons import icon
from console.desktop.theme.theme import scaled, tokens
from console.desktop.theme.tokens import FIGURE, GAP, GAP_S, HEAD, RADIUS, SMALL, TITLE, Tone
from console.desktop.widgets.parts import tone_icon

LINES = 2
"""Lines of small text below the figure."""
BAR = 6


@dataclass(frozen=True, slots=True)
class Share:
    """A part of the bar below the figure."""

    tone: Tone
    amount: float


class Tile(QAbstractButton):
    """Painted as one, so that it is one stop for the keyboard and one sentence for a screen reader."""

    def __init__(self, title: str, icon_name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setText(title)
        self._icon = icon_name
        self._figure = ""
        self._lines: tuple[str, ...] = ()
        self._tone = Tone.OFF
        self._shares: tuple[Share, ...] = ()
        self._under = False
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(title)

    @property
    def figure(self) -> str:
        return self._figure

    @property
    def lines(self) -> tuple[str, ...]:
        return self._lines

    @property
    def tone(self) -> Tone:
        return self._tone

    def tell(self, figure: str, lines: Sequence[str], tone: Tone, shares: Sequence[Share] = ()) -> None:
        """`lines`: at most two are seen, all are in the tooltip. `shares`: a bar in their proportions."""
        self._figure, self._lines, self._tone, self._shares = figure, tuple(lines), tone, tuple(shares)
        self.setAccessibleName(f"{self.text()}: {figure}")
        self.setAccessibleDescription(". ".join(lines))
        self.setToolTip("\n".join([f"{self.text()}: {figure}", *lines]))
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(190, self._height())

    def minimumSizeHint(self) -> QSize:
        return QSize(120, self._height())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.click()
        else:
            super().keyPressEvent(event)

    def enterEvent(self, event: QEnterEvent) -> None:
        self._under = True
        self.update()
        super().enterEvent(event)

    def leaveEvent(self, event: QEvent) -> None:
        self._under = False
        self.update()
        super().leaveEvent(event)

    def _height(self) -> int:
        small = QFontMetrics(scaled(self.font(), SMALL)).height()
        figure = QFontMetrics(scaled(self.font(), FIGURE, bold=True)).height()
        return 2 * GAP + self.fontMetrics().height() + figure + BAR + GAP + LINES * small + 2 * GAP_S

    def paintEvent(self, event: QPaintEvent) -> None:
        look = tokens()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if not self.isEnabled():
            painter.setOpacity(0.6)
        focus = self.hasFocus()
        painter.setPen(QPen(QColor(look.accent if focus else look.line), 2 if focus else 1))
        painter.setBrush(QColor(look.hover if self._under or self.isDown() else look.panel))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(1, 1, -1, -1), RADIUS, RADIUS)
        left, right, y = GAP + GAP_S, self.width() - GAP - GAP_S, GAP
        y = self._paint_head(painter, left, right, y)
        font = self._figure_font(right - left)
        metrics = QFontMetrics(font)
        painter.setFont(font)
        wants = self._tone in (Tone.BAD, Tone.WARN)
        painter.setPen(QColor(look.colour(self._tone) if wants else look.text))
        painter.drawText(
            left, y + metrics.ascent(), metrics.elidedText(self._figure, Qt.TextElideMode.ElideRight, right - left)
        )
        y += QFontMetrics(scaled(self.font(), FIGURE, bold=True)).height()
        self._paint_shares(painter, QRectF(left, y, right - left, BAR))
        y += BAR + GAP_S
        font = scaled(self.font(), SMALL)
        metrics = QFontMetrics(font)
        painter.setFont(font)
        painter.setPen(QColor(look.muted))
        for text in self._lines[:LINES]:
            shown = metrics.elidedText(text, Qt.TextElideMode.ElideRight, right - left)
            painter.drawText(left, y + metrics.ascent(), shown)
            y += metrics.height()
        painter.end()

    def _paint_head(self, painter: QPainter, left: int, right: int, y: int) -> int:
        metrics = self.fontMetrics()
        icon(self._icon, Tone.OFF).paint(painter, left, y + (metrics.height() - 16) // 2, 16, 16)
        room = right - left - 16 - GAP_S
        if self._tone in (Tone.BAD, Tone.WARN, Tone.GOOD, Tone.WAIT):
            icon(tone_icon(self._tone), self._tone).paint(painter, right - 16, y + (metrics.height() - 16) // 2, 16, 16)
            room -= 16 + GAP_S
        painter.setPen(QColor(tokens().muted))
        painter.setFont(self.font())
        title = metrics.elidedText(self.text(), Qt.TextElideMode.ElideRight, room)
        painter.drawText(left + 16 + GAP_S, y + metrics.ascent(), title)
        return y + metrics.height() + GAP_S

    def _figure_font(self, room: int) -> QFont:
        """As large as fits: a long figure is better small than cut off."""
        for factor in (FIGURE, HEAD, TITLE):
            font = scaled(self.font(), factor, bold=True)
            if QFontMetrics(font).horizontalAdvance(self._figure) <= room:
                break
        return font

    def _paint_shares(self, painter: QPainter, area: QRectF) -> None:
        total = sum(share.amount for share in self._shares)
        if total <= 0:
            return
        look = tokens()
        painter.setPen(Qt.PenStyle.NoPen)
        x = area.left()
        for share in self._shares:
            width = area.width() * share.amount / total
            painter.setBrush(QColor(look.off_soft if share.tone is Tone.OFF else look.colour(share.tone)))
            painter.drawRect(QRectF(x, area.top(), max(0.0, width - (1 if x + width < area.right() else 0)), BAR))
            x += width
