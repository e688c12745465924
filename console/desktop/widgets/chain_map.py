"""The chain map: a time line per volume, bases as blocks, incrementals tied to what they build on, gaps visible."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPointF, QRect, QSize, Qt, Signal
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
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QAbstractScrollArea, QToolTip

from console.desktop.theme.theme import tokens
from console.desktop.theme.tokens import GAP
from console.desktop.widgets import chain_layout as lay
from console.desktop.widgets.chain_paint import (
    AXIS,
    LANE,
    Room,
    paint_axis,
    paint_earlier,
    paint_focus,
    paint_front,
    paint_marks,
    paint_name,
    paint_ties,
)
from console.desktop.widgets.chain_words import front_text, node_tip, several_tip
from console.domain.overview_answers import ChainMap as ChainMapAnswer
from console.flows.wording import say

LEAST_NAMES, MOST_NAMES = 60, 170
STEP = 1.5
"""How much closer one step of the wheel or the keyboard looks."""


class ChainMap(QAbstractScrollArea):
    """Shows one machine's images. `chosen`: another point is in front (by mouse or keys); `opened`: Enter or double
    click on it. `choose` puts one in front without a signal."""

    chosen = Signal(str)
    opened = Signal(str)
    looked = Signal()
    """It is looked at from closer or farther away."""

    def __init__(self) -> None:
        super().__init__()
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setProperty("role", "panel")
        self.setAccessibleName(say("Chain map"))
        self.viewport().setMouseTracking(True)
        self.viewport().setAutoFillBackground(False)
        self._lanes: tuple[lay.Lane, ...] = ()
        self._drawn: list[list[lay.Mark]] = []
        self._ties: list[list[lay.Tie]] = []
        self._scale = lay.Scale(0.0, 0.0, 60.0)
        self._fits = True
        self._point = ""
        self._lane = 0
        self._told = ""

    # --- what it shows

    @property
    def point(self) -> str:
        """The point in front, or empty."""
        return self._point

    @property
    def fits(self) -> bool:
        """Whether all of it is seen at once."""
        return self._fits

    def shows(self, point: str) -> bool:
        return any(lane.number_of(point) is not None for lane in self._lanes)

    def show_map(self, answer: ChainMapAnswer) -> None:
        """Another picture; what is in front, and how close one looks, stays where that makes sense."""
        self._lanes = lay.lanes(answer)
        self.setAccessibleName(say("Chain map of “{machine}”", machine=answer["machine"]))
        if not self.shows(self._point):
            self._point = ""
        self._lane = min(self._lane, max(0, len(self._lanes) - 1))
        self.setMinimumHeight(self.minimumSizeHint().height())
        self.setMaximumHeight(max(2, len(self._lanes)) * LANE + AXIS + self._frame)
        self.updateGeometry()
        if self._fits:
            self._scale = self._widest()
        else:
            wide = self._widest()
            self._scale = lay.zoomed(lay.Scale(wide.start, wide.end, self._scale.s_per_px), 1.0, wide)
        self._arrange()
        if self._fits:
            self.horizontalScrollBar().setValue(self.horizontalScrollBar().maximum())
        self._describe()

    def choose(self, point: str) -> bool:
        """Puts a point in front; False: it is not on this map."""
        if not self.shows(point):
            self._point = ""
            self._describe()
            self.viewport().update()
            return False
        self._point = point
        if self._lanes[self._lane].number_of(point) is None:
            self._lane = next(n for n, lane in enumerate(self._lanes) if lane.number_of(point) is not None)
        self._reveal()
        self._describe()
        self.viewport().update()
        return True

    # --- looking closer

    def look_closer(self, factor: float = STEP) -> None:
        """Around what is in front, or around the middle; a `factor` below 1 looks from farther away."""
        number = self._number()
        if number is not None:
            middle = self._scale.x(self._lanes[self._lane].nodes[number].at) - self._left
            if 0 <= middle <= self._room:
                self._zoom(factor, middle)
                return
        self._zoom(factor, self._room / 2)

    def look_at_all(self) -> None:
        self._fits = True
        self._scale = self._widest()
        self._arrange()

    def _zoom(self, factor: float, around: float) -> None:
        """`around`: a place on the screen, right of the names, that stays where it is."""
        wide = self._widest()
        moment = self._scale.at(self._left + around)
        self._scale = lay.zoomed(self._scale, factor, wide)
        self._fits = self._scale.s_per_px >= wide.s_per_px
        self._arrange()
        self.horizontalScrollBar().setValue(round(self._scale.x(moment) - around))

    def _look_apart(self, number: int) -> None:
        """Close enough to tell an image from its neighbours."""
        lane = self._lanes[self._lane]
        self._scale = lay.apart(lane, self._scale, number)
        self._fits = self._scale.s_per_px >= self._widest().s_per_px
        self._arrange()
        self.horizontalScrollBar().setValue(round(self._scale.x(lane.nodes[number].at) - self._room / 2))

    def _widest(self) -> lay.Scale:
        return lay.fitted(self._lanes, self._room)

    def _arrange(self) -> None:
        self._drawn = [lay.marks(lane, self._scale) for lane in self._lanes]
        self._ties = [lay.ties(lane, drawn) for lane, drawn in zip(self._lanes, self._drawn, strict=True)]
        across, down = self.horizontalScrollBar(), self.verticalScrollBar()
        room = self._room
        across.setRange(0, max(0, self._scale.width - room))
        across.setPageStep(max(1, room))
        across.setSingleStep(lay.MARK * 2)
        high = max(1, self.viewport().height() - AXIS)
        down.setRange(0, max(0, len(self._lanes) * LANE - high))
        down.setPageStep(high)
        down.setSingleStep(LANE // 2)
        self.viewport().update()
        self.looked.emit()

    # --- places

    @property
    def _names(self) -> int:
        """Width of the column of volumes' names."""
        metrics = self.fontMetrics()
        widest = max((metrics.horizontalAdvance(lane.label) for lane in self._lanes), default=0)
        return max(LEAST_NAMES, min(MOST_NAMES, widest + 2 * GAP))

    @property
    def _room(self) -> int:
        return max(50, self.viewport().width() - self._names)

    @property
    def _left(self) -> int:
        return self.horizontalScrollBar().value()

    def _middle(self, lane: int) -> int:
        """Where a lane's line is on the screen."""
        return lane * LANE + LANE // 2 - self.verticalScrollBar().value()

    def _at(self, where: QPointF) -> tuple[int, lay.Mark] | None:
        lane = int((where.y() + self.verticalScrollBar().value()) // LANE)
        if where.y() >= self.viewport().height() - AXIS or not 0 <= lane < len(self._lanes):
            return None
        mark = lay.hit(self._drawn[lane], where.x() - self._names + self._left) if where.x() >= self._names else None
        return (lane, mark) if mark else None

    def _number(self, lane: int | None = None) -> int | None:
        """The place of the point in front in a lane."""
        lane = self._lane if lane is None else lane
        return self._lanes[lane].number_of(self._point) if self._point and lane < len(self._lanes) else None

    def _reveal(self) -> None:
        number = self._number()
        if number is None:
            return
        place = round(self._scale.x(self._lanes[self._lane].nodes[number].at))
        across, down = self.horizontalScrollBar(), self.verticalScrollBar()
        if not across.value() + lay.MARGIN <= place <= across.value() + self._room - lay.MARGIN:
            across.setValue(place - self._room // 2)
        high = self.viewport().height() - AXIS
        top = self._lane * LANE
        if top < down.value():
            down.setValue(top)
        elif top + LANE > down.value() + high:
            down.setValue(top + LANE - high)

    # --- keys and mouse

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = event.key()
        if key in (Qt.Key.Key_Plus, Qt.Key.Key_Equal):
            self.look_closer()
        elif key in (Qt.Key.Key_Minus, Qt.Key.Key_Underscore):
            self.look_closer(1 / STEP)
        elif key == Qt.Key.Key_0:
            self.look_at_all()
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self._point:
            self.opened.emit(self._point)
        elif key in (Qt.Key.Key_Left, Qt.Key.Key_Right):
            self._step(-1 if key == Qt.Key.Key_Left else 1)
        elif key in (Qt.Key.Key_Up, Qt.Key.Key_Down):
            self._change_lane(-1 if key == Qt.Key.Key_Up else 1)
        elif key == Qt.Key.Key_Home:
            self._take(self._lane, 0)
        elif key == Qt.Key.Key_End and self._lanes:
            self._take(self._lane, len(self._lanes[self._lane].nodes) - 1)
        else:
            super().keyPressEvent(event)

    def _step(self, by: int) -> None:
        if not self._lanes:
            return
        number = self._number()
        last = len(self._lanes[self._lane].nodes) - 1
        self._take(self._lane, last if number is None else min(last, max(0, number + by)))

    def _change_lane(self, by: int) -> None:
        lane = self._lane + by
        if not 0 <= lane < len(self._lanes):
            return
        number = self._number()
        if number is None:
            self._take(lane, len(self._lanes[lane].nodes) - 1)
            return
        same = self._lanes[lane].number_of(self._point)
        nearest = self._lanes[lane].nearest(self._lanes[self._lane].nodes[number].at)
        self._take(lane, same if same is not None else nearest)

    def _take(self, lane: int, number: int | None) -> None:
        if lane >= len(self._lanes) or number is None or not 0 <= number < len(self._lanes[lane].nodes):
            return
        self._lane = lane
        point = self._lanes[lane].nodes[number].point
        changed, self._point = point != self._point, point
        self._reveal()
        self._describe()
        self.viewport().update()
        if changed:
            self.chosen.emit(point)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        found = self._at(event.position())
        if event.button() == Qt.MouseButton.LeftButton and found is not None:
            lane, mark = found
            number = self._number(lane)
            inside = number is not None and mark.first <= number <= mark.last
            self._take(lane, number if inside else mark.last)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        found = self._at(event.position())
        if found is None:
            return
        lane, mark = found
        if mark.many > 1:
            self._lane = lane
            self._look_apart(mark.last)
        elif self._point:
            self.opened.emit(self._point)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        hand = self._at(event.position()) is not None
        self.viewport().setCursor(Qt.CursorShape.PointingHandCursor if hand else Qt.CursorShape.ArrowCursor)

    def wheelEvent(self, event: QWheelEvent) -> None:
        turn = event.angleDelta()
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            around = max(0.0, event.position().x() - self._names)
            self._zoom(STEP ** (turn.y() / 120), around)
            event.accept()
            return
        across, down = self.horizontalScrollBar(), self.verticalScrollBar()
        sideways = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier) or not down.maximum()
        moved = turn.x() or (turn.y() if sideways else 0)
        bar, by = (across, moved) if moved else (down, turn.y())
        if not bar.maximum():
            event.ignore()  # the page scrolls instead
            return
        bar.setValue(bar.value() - by)
        event.accept()

    def viewportEvent(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            tip = self.tip_at(QPointF(event.pos()))
            QToolTip.showText(event.globalPos(), tip, self.viewport())
            return True
        return super().viewportEvent(event)

    def tip_at(self, where: QPointF) -> str:
        """What hovering there explains."""
        found = self._at(where)
        if found is None:
            return ""
        lane, mark = found
        nodes = self._lanes[lane].nodes[mark.first : mark.last + 1]
        return node_tip(nodes[0].link) if len(nodes) == 1 else several_tip([node.link for node in nodes])

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.viewport().update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.viewport().update()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if self._fits:
            self._scale = self._widest()
        self._arrange()

    def sizeHint(self) -> QSize:
        return QSize(600, max(1, min(4, len(self._lanes))) * LANE + AXIS + self._frame)

    def minimumSizeHint(self) -> QSize:
        return QSize(240, LANE + AXIS + self._frame)

    @property
    def _frame(self) -> int:
        return self.horizontalScrollBar().sizeHint().height() + 2 * self.frameWidth()

    # --- for those who do not see it

    def _describe(self) -> None:
        number = self._number()
        text = front_text(self._lanes, self._lane, number)
        if text == self._told:
            return
        self._told = text
        self.setAccessibleDescription(text)
        QAccessible.updateAccessibility(QAccessibleEvent(self, QAccessible.Event.DescriptionChanged))

    # --- painting

    def paintEvent(self, event: QPaintEvent) -> None:
        port = self.viewport()
        painter = QPainter(port)
        room = Room(self._names, port.width(), port.height() - AXIS, self._left)
        painter.fillRect(port.rect(), QColor(tokens().panel))
        painter.setClipRect(QRect(room.names, 0, port.width(), port.height()))
        paint_axis(painter, room, self._scale if self._lanes else None, self.font())
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setClipRect(QRect(room.names, 0, port.width(), room.high))
        for lane in range(len(self._lanes)):
            if -LANE < self._middle(lane) < room.high + LANE:
                self._paint_lane(painter, room, lane)
        painter.setClipRect(QRect(0, 0, room.names, room.high))
        painter.setFont(self.font())
        for lane, shown in enumerate(self._lanes):
            strong = lane == self._lane or len(self._lanes) == 1
            paint_name(painter, room, self._middle(lane), shown.label, strong=strong)
        painter.setClipping(False)
        if self.hasFocus() and not self._point:
            paint_focus(painter, port.rect())
        painter.end()

    def _paint_lane(self, painter: QPainter, room: Room, lane: int) -> None:
        middle, drawn, number = self._middle(lane), self._drawn[lane], self._number(lane)
        paint_ties(painter, room, middle, self._ties[lane])
        front = lay.mark_of(drawn, number) if number is not None else None
        paint_marks(painter, room, middle, drawn)
        if front is not None:
            paint_front(painter, room, middle, front, strong=self.hasFocus() and lane == self._lane)
        if self._lanes[lane].earlier:
            paint_earlier(painter, room, middle)
