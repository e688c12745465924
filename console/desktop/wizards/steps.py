"""The steps of a wizard, the one in front marked, those before it ticked."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QVBoxLayout, QWidget

from console.desktop.theme.icons import icon
from console.desktop.theme.theme import scaled, tokens
from console.desktop.theme.tokens import BODY, GAP, GAP_L, RADIUS, Tone
from console.flows.wording import say

WIDTH = 208
SIGN = 20


class StepLine(QWidget):
    """One step: its number or a tick, and its title, in two lines where one is too short."""

    def __init__(self) -> None:
        super().__init__()
        self._number, self._title, self._place = 0, "", 0
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)

    def say(self, number: int, of: int, title: str, place: int) -> None:
        """`place`: below 0 the step is done, 0 it is in front, above 0 it is still to come."""
        self._number, self._title, self._place = number, title, place
        if place < 0:
            spoken = say("Step {n} of {total}: {title}, done", n=number, total=of, title=title)
        elif place == 0:
            spoken = say("Step {n} of {total}: {title}, in front", n=number, total=of, title=title)
        else:
            spoken = say("Step {n} of {total}: {title}, to come", n=number, total=of, title=title)
        self.setAccessibleName(spoken)
        self.setToolTip(title)
        self._fit()
        self.update()

    @property
    def title(self) -> str:
        return self._title

    @property
    def place(self) -> int:
        return self._place

    def _fit(self) -> None:
        flags = int(Qt.TextFlag.TextWordWrap)
        self.setFont(scaled(self.font(), BODY, bold=True))
        room = WIDTH - SIGN - 4 * GAP
        high = self.fontMetrics().boundingRect(0, 0, room, 1000, flags, self._title).height()
        self.setFixedHeight(max(SIGN, high) + 2 * GAP - 2)

    def paintEvent(self, event: QPaintEvent) -> None:
        look = tokens()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        area = QRectF(self.rect())
        front = self._place == 0
        if front:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(look.selection))
            painter.drawRoundedRect(area.adjusted(GAP / 2, 0, -GAP / 2, 0), RADIUS, RADIUS)
        sign = QRectF(GAP + GAP / 2, (area.height() - SIGN) / 2, SIGN, SIGN)
        if self._place < 0:
            icon("good", Tone.GOOD).paint(painter, sign.toRect())
        else:
            painter.setPen(QColor(look.accent if front else look.muted))
            painter.setBrush(QColor(look.accent) if front else Qt.BrushStyle.NoBrush)
            painter.drawEllipse(sign.adjusted(1, 1, -1, -1))
            painter.setPen(QColor(look.on_accent if front else look.muted))
            painter.setFont(scaled(self.font(), 0.85, bold=front))
            painter.drawText(sign, Qt.AlignmentFlag.AlignCenter, str(self._number))
        painter.setFont(scaled(self.font(), BODY, bold=front))
        painter.setPen(QColor(look.muted if self._place > 0 else look.text))
        text = area.adjusted(SIGN + 2 * GAP + GAP / 2, 0, -GAP, 0)
        flags = int(Qt.AlignmentFlag.AlignVCenter) | int(Qt.TextFlag.TextWordWrap)
        painter.drawText(text, flags, self._title)
        painter.end()


class StepList(QWidget):
    def __init__(self) -> None:
        super().__init__()
        self.lines: list[StepLine] = []
        self.setFixedWidth(WIDTH)
        self.setAccessibleName(say("Steps"))
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, GAP_L, 0, GAP_L)
        self._column.setSpacing(2)
        self._column.addStretch(1)

    def show_steps(self, titles: Sequence[str], front: int) -> None:
        """`front`: which one is in front; as many as there are: all are done."""
        while len(self.lines) < len(titles):
            line = StepLine()
            self._column.insertWidget(len(self.lines), line)
            self.lines.append(line)
        while len(self.lines) > len(titles):
            line = self.lines.pop()
            line.hide()
            line.deleteLater()
        for number, (line, title) in enumerate(zip(self.lines, titles, strict=True)):
            line.say(number + 1, len(titles), title, (number > front) - (number < front))
