"""How the map of Cores draws its Cores and arrows."""

from __future__ import annotations

from dataclasses import dataclass
from math import hypot

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPainter, QPainterPath, QPen, QPolygonF

from console.desktop.theme.icons import icon
from console.desktop.theme.theme import scaled, tokens
from console.desktop.theme.tokens import GAP, GAP_S, RADIUS, SMALL, Tone
from console.desktop.widgets.topology_words import arrow_state, below, lag_text, seeds_text
from console.domain.overview_answers import ArrowAnswer, NodeAnswer
from console.flows.wording import count

HEAD = 9


@dataclass(frozen=True, slots=True)
class Drawn:
    """An arrow in pixels: its line, where it points, and the box of its words."""

    arrow: ArrowAnswer
    path: QPainterPath
    tip: QPointF
    back: QPointF
    words: QRectF


def halfway(path: QPainterPath) -> QPointF:
    """The point of a path in the middle of its width."""
    middle = (path.pointAtPercent(0).x() + path.pointAtPercent(1).x()) / 2
    points = (path.pointAtPercent(step / 50) for step in range(51))
    if abs(path.pointAtPercent(1).x() - path.pointAtPercent(0).x()) < 1:
        return path.pointAtPercent(0.5)
    return min(points, key=lambda point: abs(point.x() - middle))


def small(font: QFont) -> QFont:
    """Of the words on arrows and below names."""
    return scaled(font, SMALL)


def paint_arrow(painter: QPainter, one: Drawn, *, strong: bool) -> None:
    """Its line and its head."""
    colour = QColor(tokens().colour(arrow_state(one.arrow).tone))
    pen = QPen(colour, 3 if strong else 1.6)
    if one.arrow["paused"] or one.arrow["link"] not in ("online", "paused"):
        pen.setStyle(Qt.PenStyle.DashLine)
    painter.setPen(pen)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawPath(one.path)
    along = one.tip - one.back
    length = hypot(along.x(), along.y()) or 1.0
    ahead = QPointF(along.x() / length, along.y() / length)
    aside = QPointF(-ahead.y(), ahead.x())
    root = one.tip - ahead * HEAD
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(colour)
    painter.drawPolygon(QPolygonF([one.tip, root + aside * (HEAD / 2), root - aside * (HEAD / 2)]))


def paint_words(painter: QPainter, one: Drawn, font: QFont, *, front: bool, under: bool) -> None:
    """The box on an arrow. `under`: the mouse is over it."""
    look, state, box = tokens(), arrow_state(one.arrow), one.words
    painter.setPen(QPen(QColor(look.accent), 2) if front else QPen(QColor(look.panel), 2))
    painter.setBrush(QColor(look.hover if under else look.selection if front else look.panel))
    painter.drawRoundedRect(box, RADIUS, RADIUS)
    painter.setFont(small(font))
    metrics = QFontMetrics(small(font))
    y = box.top() + GAP_S / 2
    for text, tone, sign in (
        (state.text, state.tone, state.icon),
        (lag_text(one.arrow), Tone.OFF, ""),
        (seeds_text(one.arrow), Tone.WAIT, "seed"),
    ):
        if not text:
            continue
        x = box.left() + GAP_S / 2
        if sign:
            icon(sign, tone).paint(painter, int(x), int(y + (metrics.height() - 12) / 2), 12, 12)
        x += 12 + GAP_S
        painter.setPen(QColor(look.colour(tone)))
        shown = metrics.elidedText(text, Qt.TextElideMode.ElideRight, int(box.right() - x))
        painter.drawText(QPointF(x, y + metrics.ascent()), shown)
        y += metrics.height()


def paint_node(painter: QPainter, core: NodeAnswer, box: QRectF, font: QFont, *, front: bool, under: bool) -> None:
    """A Core in its box."""
    look = tokens()
    painter.setPen(QPen(QColor(look.accent if front or core["self"] else look.line), 2 if front else 1))
    painter.setBrush(QColor(look.selection if front else look.hover if under else look.raised))
    painter.drawRoundedRect(box, RADIUS, RADIUS)
    icon("core", Tone.INFO if core["self"] else Tone.OFF).paint(
        painter, int(box.left() + GAP), int(box.center().y() - 10), 20, 20
    )
    x = box.left() + GAP + 20 + GAP
    room = int(box.right() - x - GAP_S)
    name = scaled(font, 1.0, bold=True)
    metrics = QFontMetrics(name)
    painter.setFont(name)
    painter.setPen(QColor(look.text))
    y = box.top() + GAP
    shown = metrics.elidedText(core["name"], Qt.TextElideMode.ElideRight, room)
    painter.drawText(QPointF(x, y + metrics.ascent()), shown)
    y += metrics.height() + GAP_S
    painter.setFont(small(font))
    metrics = QFontMetrics(small(font))
    painter.setPen(QColor(look.muted))
    text = below(core)
    if core["self"] and metrics.horizontalAdvance(text) > room:
        text = count("{n} machine", "{n} machines", core["machines"])
    painter.drawText(QPointF(x, y + metrics.ascent()), metrics.elidedText(text, Qt.TextElideMode.ElideRight, room))
