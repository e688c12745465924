"""How the chain map draws what its layout says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QPainter, QPen

from console.desktop.theme.theme import scaled, tokens
from console.desktop.theme.tokens import GAP, GAP_S, SMALL, Tone
from console.desktop.widgets import chain_layout as lay
from console.desktop.widgets.marks import draw_mark, draw_missing

LANE, AXIS = 44, 24
"""Heights of a volume's line, and of the times below all of them."""
TICK_PX, HALF_WORDS = 84, 36


@dataclass(frozen=True, slots=True)
class Room:
    """What there is to paint on, in pixels: the width of the column of names, the width of all, the height above the
    times, and how far it is scrolled to the right."""

    names: int
    width: int
    high: int
    left: int

    @property
    def shift(self) -> int:
        """From a place of the layout to one on the screen."""
        return self.names - self.left

    @property
    def right(self) -> int:
        """The last place of the layout that is seen."""
        return self.left + self.width - self.names


def paint_axis(painter: QPainter, room: Room, scale: lay.Scale | None, font: QFont) -> None:
    look = tokens()
    painter.setFont(scaled(font, SMALL))
    painter.setPen(QColor(look.line))
    painter.drawLine(room.names, room.high, room.width, room.high)
    for tick in lay.ticks(scale, room.left, room.right, TICK_PX) if scale else ():
        x = round(tick.x) + room.shift
        painter.setPen(QColor(look.line))
        painter.drawLine(x, 0, x, room.high + 3)
        if room.names <= x - HALF_WORDS and x + HALF_WORDS <= room.width:  # or they would be cut off
            painter.setPen(QColor(look.text if tick.day else look.muted))
            words = tick.moment.strftime("%Y-%m-%d" if tick.day else "%H:%M")
            painter.drawText(QRect(x - 60, room.high + 2, 120, AXIS - 2), Qt.AlignmentFlag.AlignCenter, words)


def paint_ties(painter: QPainter, room: Room, middle: int, ties: Sequence[lay.Tie]) -> None:
    look = tokens()
    for tie in ties:
        start = tie.end - lay.MARK if tie.start is None else tie.start
        if tie.end < room.left - lay.MARK or start > room.right + lay.MARK:
            continue
        pen = QPen(QColor(look.colour(Tone.OFF if tie.whole else Tone.WARN)), 2)
        if not tie.whole:
            pen.setStyle(Qt.PenStyle.DotLine)
        painter.setPen(pen)
        # A dotted line far beyond the screen would cost time.
        begin, end = max(start, room.left - 50.0), min(tie.end, room.right + 50.0)
        painter.drawLine(QPointF(begin + room.shift, middle), QPointF(end + room.shift, middle))
        if tie.start is None:
            draw_missing(painter, QPointF(start + room.shift, middle))


def paint_marks(painter: QPainter, room: Room, middle: int, drawn: Sequence[lay.Mark]) -> None:
    for mark in lay.seen(drawn, room.left, room.right):
        draw_mark(painter, QPointF(mark.x + room.shift, middle), mark.chain, base=mark.base, many=mark.many)


def paint_front(painter: QPainter, room: Room, middle: int, mark: lay.Mark, *, strong: bool) -> None:
    """Around the mark of the point in front; `strong`: the keyboard is there."""
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(QColor(tokens().accent), 3 if strong else 1.5))
    reach = lay.MARK / 2 + (2 if strong else 1)
    area = QRectF(mark.x + room.shift - reach, middle - reach, 2 * reach, 2 * reach)
    painter.drawRoundedRect(area, 6, 6)


def paint_earlier(painter: QPainter, room: Room, middle: int) -> None:
    """That there are older images than those on the map."""
    if room.left < lay.MARGIN:
        painter.setPen(QColor(tokens().muted))
        area = QRectF(room.shift + GAP_S, middle - LANE / 2, lay.MARGIN, LANE)
        painter.drawText(area, Qt.AlignmentFlag.AlignVCenter, "…")


def paint_name(painter: QPainter, room: Room, middle: int, name: str, *, strong: bool) -> None:
    look = tokens()
    area = QRect(GAP, middle - LANE // 2, room.names - 2 * GAP, LANE)
    painter.setPen(QColor(look.text if strong else look.muted))
    words = painter.fontMetrics().elidedText(name, Qt.TextElideMode.ElideMiddle, area.width())
    painter.drawText(area, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, words)


def paint_focus(painter: QPainter, area: QRect) -> None:
    """Keys come here, and no point is in front that could show it."""
    painter.setPen(QPen(QColor(tokens().accent), 2))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawRect(area.adjusted(1, 1, -1, -1))
