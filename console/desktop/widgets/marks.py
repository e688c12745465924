"""How an image of a chain looks: bases are blocks, incrementals are round, and what is not whole bears an icon."""

from __future__ import annotations

from functools import lru_cache

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QImage, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from console.desktop.theme.icons import icon
from console.desktop.theme.theme import scaled, tokens
from console.desktop.theme.tokens import SMALL, Tokens
from console.desktop.widgets import states

SIZE = 20
_SIGN, _ROOM = 14, 28


def draw_mark(painter: QPainter, at: QPointF, chain: str, *, base: bool, many: int = 1) -> None:
    """One image, or several in one place (a stack of blocks, `many` is written below), around a place."""
    picture = _picture(chain, base, many > 1, painter.device().devicePixelRatioF(), tokens())
    painter.drawImage(QPointF(at.x() - _ROOM / 2, at.y() - _ROOM / 2), picture)
    if many > 1:
        kept = painter.font()
        painter.setFont(_small(kept.toString()))
        painter.setPen(QColor(tokens().muted))
        words = QRectF(at.x() - SIZE, at.y() + SIZE / 2 - 2, 2 * SIZE, 12)
        painter.drawText(words, Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextDontClip, str(many))
        painter.setFont(kept)


@lru_cache(maxsize=128)
def _picture(chain: str, base: bool, stacked: bool, sharp: float, look: Tokens) -> QImage:
    """Painted once: icons come from a font, which takes its time. `sharp`: device pixels of a pixel."""
    made = QImage(round(_ROOM * sharp), round(_ROOM * sharp), QImage.Format.Format_ARGB32_Premultiplied)
    made.setDevicePixelRatio(sharp)
    made.fill(Qt.GlobalColor.transparent)
    shown = states.chain(chain)
    colour, soft = QColor(look.colour(shown.tone)), QColor(look.soft(shown.tone))
    whole = chain == "whole"
    radius = SIZE / 2 - (3 if stacked else 0 if base else 2)
    area = QRectF(_ROOM / 2 - radius, _ROOM / 2 - radius, 2 * radius, 2 * radius)
    painter = QPainter(made)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(QColor(look.panel) if whole and stacked else colour, 1.6))
    painter.setBrush(colour if whole else soft)
    if stacked:
        painter.drawRoundedRect(area.translated(2, -2), 3, 3)
    if stacked or base:
        painter.drawRoundedRect(area, 3, 3)
    else:
        painter.drawEllipse(area)
    if not whole:
        place = round(_ROOM / 2 - _SIGN / 2)
        icon(shown.icon, shown.tone).paint(painter, place, place, _SIGN, _SIGN)
    painter.end()
    return made


@lru_cache(maxsize=16)
def _small(font: str) -> QFont:
    made = QFont()
    made.fromString(font)
    return scaled(made, SMALL * 0.92)


def draw_missing(painter: QPainter, at: QPointF) -> None:
    """Where an image is built upon that is not known here."""
    look = tokens()
    pen = QPen(QColor(look.warn), 1.5)
    pen.setStyle(Qt.PenStyle.DashLine)
    painter.setPen(pen)
    painter.setBrush(QColor(look.panel))
    painter.drawRoundedRect(QRectF(at.x() - 8, at.y() - 8, 16, 16), 3, 3)
    painter.setPen(QColor(look.warn))
    painter.drawText(QRectF(at.x() - 8, at.y() - 8, 16, 16), Qt.AlignmentFlag.AlignCenter, "?")


class MarkSign(QWidget):
    """One mark by itself, for a legend. `chain` empty: an image that is not known here."""

    def __init__(self, chain: str, *, base: bool = False) -> None:
        super().__init__()
        self._chain, self._base = chain, base
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        return QSize(SIZE + 2, SIZE + 2)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        middle = QPointF(self.width() / 2, self.height() / 2)
        if self._chain:
            draw_mark(painter, middle, self._chain, base=self._base)
        else:
            draw_missing(painter, middle)
        painter.end()
