"""Lines over days, in panels below each other that share the days: painted without the plotting library."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFocusEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QWidget

from console.desktop.theme.theme import scaled, tokens
from console.desktop.theme.tokens import GAP, GAP_S, SMALL, Tone
from console.desktop.widgets.line_layout import Area, date_ticks, ticks

STYLES = (Qt.PenStyle.SolidLine, Qt.PenStyle.DashLine, Qt.PenStyle.DotLine, Qt.PenStyle.DashDotLine)
TONES = (Tone.INFO, Tone.WARN, Tone.WAIT, Tone.GOOD)
"""Of the first, second, … line; styles differ too, because colour is never alone."""
DATE_PX, TICK_PX = 84, 34


@dataclass(frozen=True, slots=True)
class Line:
    """`values`: one for each day."""

    name: str
    values: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Panel:
    """`text`: how a value of it is written."""

    title: str
    text: Callable[[float], str]
    lines: tuple[Line, ...]

    @property
    def largest(self) -> float:
        return max((max(line.values, default=0.0) for line in self.lines), default=0.0)


@dataclass(frozen=True, slots=True)
class LineData:
    """`days`: YYYY-MM-DD, oldest first. Every panel has the same lines, in the same order."""

    days: tuple[str, ...]
    panels: tuple[Panel, ...]


def look_of(number: int) -> tuple[Tone, Qt.PenStyle]:
    """How the line of a number is drawn."""
    return TONES[number % len(TONES)], STYLES[number % len(STYLES)]


class Swatch(QWidget):
    """A piece of a line, beside its name."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self._number = number
        self.setFixedSize(38, 12)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setPen(_pen(self._number))
        painter.drawLine(1, self.height() // 2, self.width() - 1, self.height() // 2)
        painter.end()


class LineChart(QWidget):
    """`picked` when hovering or an arrow key put another day in front (None: none)."""

    picked = Signal(object)

    def __init__(self, title: str) -> None:
        super().__init__()
        self._data: LineData | None = None
        self._at: int | None = None
        self.setAccessibleName(title)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setMinimumSize(320, 200)

    @property
    def data(self) -> LineData | None:
        return self._data

    @property
    def at(self) -> int | None:
        """Number of the day in front."""
        return self._at

    def show_data(self, data: LineData, words: str) -> None:
        """`words`: all of it in sentences, for those who do not see it."""
        if self._data is None or self._data.days != data.days:
            self.pick(None)
        self._data = data
        self.setAccessibleDescription(words)
        self.update()

    def pick(self, at: int | None) -> None:
        if at != self._at:
            self._at = at
            self.update()
            self.picked.emit(at)

    def areas(self) -> list[Area]:
        """Where the panels are drawn now."""
        data = self._data
        if data is None or not data.panels:
            return []
        metrics = self.fontMetrics()
        line = metrics.height()
        names = max(
            (metrics.horizontalAdvance(text) for panel in data.panels for _, text in self._marks(panel)), default=40
        )
        left = names + GAP + GAP_S
        room = (self.height() - line - GAP) / len(data.panels)
        return [
            Area(
                left,
                number * room + line + 2 * GAP,
                max(10.0, self.width() - left - GAP * 2),
                max(10.0, room - line - GAP * 3),
                self._marks(panel)[-1][0],
            )
            for number, panel in enumerate(data.panels)
        ]

    # --- Qt

    def sizeHint(self) -> QSize:
        return QSize(560, 340)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        areas = self.areas()
        if areas and self._data is not None:
            self.pick(areas[0].place(event.position().x(), len(self._data.days)))

    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        if not self.hasFocus():
            self.pick(None)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        number = len(self._data.days) if self._data else 0
        last = number - 1
        now = last + 1 if self._at is None else self._at
        week = 7 if number <= 120 else 30
        moves = {
            Qt.Key.Key_Left: max(0, now - 1),
            Qt.Key.Key_Right: min(last, now + 1),
            Qt.Key.Key_PageUp: max(0, now - week),
            Qt.Key.Key_PageDown: min(last, now + week),
            Qt.Key.Key_Home: 0,
            Qt.Key.Key_End: last,
        }
        key = Qt.Key(event.key())
        if number and key in moves:
            self.pick(moves[key])
        else:
            super().keyPressEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.pick(None)
        self.update()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        data, areas = self._data, self.areas()
        if data is not None and data.days:
            for panel, area in zip(data.panels, areas, strict=True):
                self._paint_axes(painter, panel, area)
                self._paint_lines(painter, panel, area)
            self._paint_days(painter, areas[-1])
            self._paint_picked(painter, areas)
        if self.hasFocus():
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(QColor(tokens().accent), 1))
            painter.drawRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5))
        painter.end()

    # --- drawing

    def _marks(self, panel: Panel) -> list[tuple[float, str]]:
        panels = len(self._data.panels) if self._data else 1
        return ticks(panel.largest, min(5, max(1, self.height() // panels // TICK_PX - 1)), panel.text)

    def _paint_axes(self, painter: QPainter, panel: Panel, area: Area) -> None:
        look, line = tokens(), self.fontMetrics().height()
        painter.setFont(scaled(self.font(), 1.0, bold=True))
        painter.setPen(QColor(look.text))
        title = QRectF(GAP_S, area.upper - line - GAP - GAP_S, self.width() - GAP, line)
        painter.drawText(title, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, panel.title)
        painter.setFont(scaled(self.font(), SMALL))
        for value, text in self._marks(panel):
            y = area.y(value)
            painter.setPen(QPen(QColor(look.line), 1))
            painter.drawLine(QPointF(area.left, y), QPointF(area.left + area.width, y))
            painter.setPen(QColor(look.muted))
            words = QRectF(0, y - line / 2, area.left - GAP_S, line)
            painter.drawText(words, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, text)

    def _paint_lines(self, painter: QPainter, panel: Panel, area: Area) -> None:
        painter.setBrush(Qt.BrushStyle.NoBrush)
        # The first one lies on top: it is this Core's.
        for number, one in reversed(list(enumerate(panel.lines))):
            painter.setPen(_pen(number))
            painter.drawPolyline(QPolygonF([QPointF(x, y) for x, y in area.path(one.values)]))

    def _paint_days(self, painter: QPainter, area: Area) -> None:
        assert self._data is not None
        days = self._data.days
        painter.setFont(scaled(self.font(), SMALL))
        painter.setPen(QColor(tokens().muted))
        line = self.fontMetrics().height()
        for at, text in date_ticks(days, int(area.width // DATE_PX)):
            x = min(area.x(at, len(days)), self.width() - DATE_PX / 2)
            words = QRectF(x - DATE_PX / 2, area.upper + area.height + GAP_S, DATE_PX, line)
            painter.drawText(words, Qt.AlignmentFlag.AlignCenter, text)

    def _paint_picked(self, painter: QPainter, areas: list[Area]) -> None:
        if self._at is None or self._data is None or self._at >= len(self._data.days):
            return
        look, number = tokens(), len(self._data.days)
        x = areas[0].x(self._at, number)
        painter.setPen(QPen(QColor(look.accent), 1))
        painter.drawLine(QPointF(x, areas[0].upper), QPointF(x, areas[-1].upper + areas[-1].height))
        for panel, area in zip(self._data.panels, areas, strict=True):
            for place, one in enumerate(panel.lines):
                painter.setBrush(QColor(look.colour(look_of(place)[0])))
                painter.drawEllipse(QPointF(x, area.y(one.values[self._at])), 3.5, 3.5)


def _pen(number: int) -> QPen:
    tone, style = look_of(number)
    # The others are broader: where they run under the first one, they are still seen beside it.
    pen = QPen(QColor(tokens().colour(tone)), 4 if number else 2)
    pen.setCapStyle(Qt.PenCapStyle.FlatCap)
    pen.setStyle(style)
    return pen
