"""Months, with the days that have recovery points: the worst state of each is marked. Days are those of UTC."""

from __future__ import annotations

import calendar
from collections.abc import Mapping
from datetime import date

from PySide6.QtCore import QEvent, QLocale, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QAccessible,
    QAccessibleEvent,
    QColor,
    QFocusEvent,
    QHelpEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QWheelEvent,
)
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from console.desktop.theme.icons import icon
from console.desktop.theme.theme import scaled, tokens
from console.desktop.theme.tokens import GAP, GAP_S, SMALL
from console.desktop.widgets import states
from console.desktop.widgets.parts import label, line, rows, tool
from console.domain.overview_answers import DayAnswer, Days
from console.flows.wording import count, say

CELL_W, CELL_H, HEAD = 38, 30, 20
WEEKS = 6


def weeks_of(year: int, month: int) -> list[list[date | None]]:
    """The weeks of a month, Monday first; None: a day of another month."""
    return [[day if day.month == month else None for day in week] for week in _weeks(year, month)]


def _weeks(year: int, month: int) -> list[list[date]]:
    return calendar.Calendar().monthdatescalendar(year, month)


def neighbour(days: list[str], day: str, by: int) -> str | None:
    """The next day with points after (`by` 1) or before (−1) a day; None: there is none."""
    if by > 0:
        return next((one for one in days if one > day), None)
    return next((one for one in reversed(days) if one < day), None)


class PointCalendar(QWidget):
    """`chosen` with a day (YYYY-MM-DD) when a person chose one, with empty when the choice was taken back."""

    chosen = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.month = MonthView()
        self.month.chosen.connect(self.chosen)
        self.month.turned.connect(self._tell)
        self.title = label("", "title")
        self.back = tool("back", say("Month before (Page up)"), lambda: self.month.turn(-1))
        self.on = tool("forward", say("Month after (Page down)"), lambda: self.month.turn(1))
        rows(line(self.title, 1, self.back, self.on, gap=GAP_S), self.month, gap=GAP_S, into=self)
        layout = self.layout()
        assert layout is not None
        layout.setContentsMargins(0, 0, 0, 0)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self._tell()

    @property
    def day(self) -> str:
        return self.month.day

    def show_days(self, answer: Days) -> None:
        """Days with points. The month stays; the first time it is that of the newest point."""
        self.month.show_days(answer["days"])

    def choose(self, day: str) -> None:
        """Puts a day (or none) in front, without `chosen`."""
        self.month.choose(day)

    def _tell(self) -> None:
        self.title.setText(self.month.title)
        self.back.setEnabled(self.month.can_turn(-1))
        self.on.setEnabled(self.month.can_turn(1))


class MonthView(QWidget):
    """One month. Left and right go to the days with points, up and down a week, page up and down a month; Enter and
    Space choose, and take the choice back."""

    chosen = Signal(str)
    turned = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName(say("Days with recovery points"))
        self._days: Mapping[str, DayAnswer] = {}
        self._month = (1970, 1)
        self._started = False
        self._front = ""
        self.day = ""
        self._told = ""

    @property
    def title(self) -> str:
        if not self._days:
            return ""
        year, month = self._month
        return f"{QLocale().standaloneMonthName(month)} {year}"

    def show_days(self, days: list[DayAnswer]) -> None:
        self._days = {day["day"]: day for day in days}
        if days and not self._started:
            self._started = True
            self._go_to(days[-1]["day"])
        if self.day not in self._days:
            self.day = ""
        self._changed()

    def choose(self, day: str) -> None:
        self.day = day
        if day:
            self._started = True
            self._go_to(day)
        self._changed()

    def turn(self, by: int) -> None:
        if self.can_turn(by):
            number = self._month[0] * 12 + self._month[1] - 1 + by
            self._month = (number // 12, number % 12 + 1)
            self._changed()

    def can_turn(self, by: int) -> bool:
        """Whether there are days with points that way."""
        if not self._days:
            return False
        this = f"{self._month[0]:04}-{self._month[1]:02}"
        return min(self._days)[:7] < this if by < 0 else max(self._days)[:7] > this

    def sizeHint(self) -> QSize:
        return QSize(7 * CELL_W, HEAD + WEEKS * CELL_H)

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def _go_to(self, day: str) -> None:
        self._front = day
        self._month = (int(day[:4]), int(day[5:7]))

    def _changed(self) -> None:
        self._describe()
        self.update()
        self.turned.emit()

    # --- keys and mouse

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key, days = event.key(), sorted(self._days)
        wanted: str | None = None
        if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self._take(self._front)
        elif key in (Qt.Key.Key_PageUp, Qt.Key.Key_PageDown):
            self.turn(-1 if key == Qt.Key.Key_PageUp else 1)
        elif key in (Qt.Key.Key_Left, Qt.Key.Key_Right) and self._front:
            wanted = neighbour(days, self._front, -1 if key == Qt.Key.Key_Left else 1)
        elif key in (Qt.Key.Key_Up, Qt.Key.Key_Down) and self._front:
            by = -7 if key == Qt.Key.Key_Up else 7
            there = date.fromordinal(date.fromisoformat(self._front).toordinal() + by).isoformat()
            wanted = there if there in self._days else neighbour(days, there, 1 if by > 0 else -1)
        elif key in (Qt.Key.Key_Home, Qt.Key.Key_End) and days:
            wanted = days[0 if key == Qt.Key.Key_Home else -1]
        else:
            super().keyPressEvent(event)
            return
        if wanted:
            self._go_to(wanted)
            self._changed()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        day = self._at(event.position())
        if day in self._days and event.button() == Qt.MouseButton.LeftButton:
            self._front = day
            self._take(day)

    def wheelEvent(self, event: QWheelEvent) -> None:
        if self.hasFocus() and event.angleDelta().y():
            self.turn(-1 if event.angleDelta().y() > 0 else 1)
            event.accept()
        else:
            event.ignore()

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            day = self._at(QPointF(event.pos()))
            QToolTip.showText(event.globalPos(), day_text(self._days[day]) if day in self._days else "", self)
            return True
        return super().event(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.update()

    def _take(self, day: str) -> None:
        if day in self._days:
            self.day = "" if day == self.day else day
            self._changed()
            self.chosen.emit(self.day)

    def _at(self, where: QPointF) -> str:
        column, row = int(where.x() // CELL_W), int((where.y() - HEAD) // CELL_H)
        weeks = weeks_of(*self._month)
        if where.y() < HEAD or not (0 <= column < 7 and 0 <= row < len(weeks)):
            return ""
        found = weeks[row][column]
        return found.isoformat() if found else ""

    def area_of(self, day: str) -> QRectF:
        """Where a day of this month is. Raises ValueError."""
        for row, week in enumerate(weeks_of(*self._month)):
            for column, found in enumerate(week):
                if found is not None and found.isoformat() == day:
                    return QRectF(column * CELL_W, HEAD + row * CELL_H, CELL_W, CELL_H)
        raise ValueError(day)

    # --- for those who do not see it

    def _describe(self) -> None:
        said = day_text(self._days[self._front]) if self._front in self._days else say("No day.")
        if self.day and self.day == self._front:
            said = say("{day} Chosen.", day=said)
        if said != self._told:
            self._told = said
            self.setAccessibleDescription(said)
            QAccessible.updateAccessibility(QAccessibleEvent(self, QAccessible.Event.DescriptionChanged))

    # --- painting

    def paintEvent(self, event: QPaintEvent) -> None:
        look = tokens()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(scaled(self.font(), SMALL))
        painter.setPen(QColor(look.muted))
        for column in range(7):
            words = QLocale().standaloneDayName(column + 1, QLocale.FormatType.ShortFormat)
            words = painter.fontMetrics().elidedText(words, Qt.TextElideMode.ElideNone, CELL_W)
            painter.drawText(QRectF(column * CELL_W, 0, CELL_W, HEAD), Qt.AlignmentFlag.AlignCenter, words)
        painter.setFont(self.font())
        for row, week in enumerate(weeks_of(*self._month)):
            for column, day in enumerate(week):
                if day is not None:
                    self._paint_day(painter, QRectF(column * CELL_W, HEAD + row * CELL_H, CELL_W, CELL_H), day)
        painter.end()

    def _paint_day(self, painter: QPainter, area: QRectF, day: date) -> None:
        look = tokens()
        name = day.isoformat()
        answer = self._days.get(name)
        inner = area.adjusted(2, 2, -2, -2)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        if answer is not None:
            shown = states.chain(answer["worst"])
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(look.accent if name == self.day else look.soft(shown.tone)))
            painter.drawRoundedRect(inner, 5, 5)
            if answer["worst"] != "whole" and name != self.day:
                icon(shown.icon, shown.tone).paint(painter, round(inner.right()) - 13, round(inner.top()) + 1, 12, 12)
            painter.setPen(QColor(look.on_accent if name == self.day else look.text))
        else:
            faded = QColor(look.muted)
            faded.setAlpha(130)
            painter.setPen(faded)
        left = inner.adjusted(GAP - 2, 0, 0, 0) if answer is not None and answer["worst"] != "whole" else inner
        side = Qt.AlignmentFlag.AlignLeft if left is not inner else Qt.AlignmentFlag.AlignHCenter
        painter.drawText(left, side | Qt.AlignmentFlag.AlignVCenter, str(day.day))
        if name == self._front and self.hasFocus():
            painter.setPen(QPen(QColor(look.accent), 2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(area.adjusted(1, 1, -1, -1), 6, 6)


def day_text(day: DayAnswer) -> str:
    """What hovering over a day tells."""
    points = count("{n} recovery point", "{n} recovery points", day["points"])
    if not day["orphaned"]:
        return say("{day}: {points}, all whole.", day=day["day"], points=points)
    return say(
        "{day}: {points}, {orphaned} not whole; the worst: {state}.",
        day=day["day"],
        points=points,
        orphaned=day["orphaned"],
        state=states.chain(day["worst"]).text,
    )
