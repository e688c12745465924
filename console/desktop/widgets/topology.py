"""The map of Cores: who replicates to whom, how far behind, what is on its way by drive."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFontMetrics,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPainterPath,
    QPainterPathStroker,
    QPaintEvent,
    QPen,
    QResizeEvent,
)
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from console.desktop.theme.theme import tokens
from console.desktop.theme.tokens import GAP, GAP_S
from console.desktop.widgets.topology_layout import Direction, MapLayout, Route, Spot, lay_out, merge, neighbour
from console.desktop.widgets.topology_paint import HEAD, Drawn, halfway, paint_arrow, paint_node, paint_words, small
from console.desktop.widgets.topology_words import arrow_state, arrow_text, lag_text, node_text, seeds_text
from console.domain.overview_answers import ArrowAnswer, NodeAnswer, Topology
from console.flows.wording import say

NODE_WIDTH, NODE_WIDTH_LEAST = 180, 106
GAP_LEAST, GAP_MOST = 104, 420
"""Between two columns: room for the words on an arrow."""
ROW_GAP = 32
LANE = 60

_KEYS: dict[Qt.Key, Direction] = {
    Qt.Key.Key_Left: "left",
    Qt.Key.Key_Right: "right",
    Qt.Key.Key_Up: "up",
    Qt.Key.Key_Down: "down",
}


class TopologyMap(QWidget):
    """Arrow keys and the mouse select a Core or an arrow, Enter and a click open it: `opened` with `core` and the id
    of the Core, or `pairing` and the id of the pairing. Too small a place scrolls (put it into a scroll area)."""

    opened = Signal(str, str)
    selected = Signal(str, str)

    def __init__(self) -> None:
        super().__init__()
        self._topology: Topology = {"cores": [], "arrows": []}
        self._layout: MapLayout = lay_out(self._topology)
        self._cores: dict[str, NodeAnswer] = {}
        self._nodes: dict[str, QRectF] = {}
        self._drawn: dict[str, Drawn] = {}
        self._front = ""
        self._under = ""
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName(say("Map of Cores"))

    def show_topology(self, answers: Sequence[Topology]) -> None:
        """What one or several Cores know, as one map."""
        merged = merge(answers)
        if merged == self._topology:
            return
        self._topology = merged
        self._layout = lay_out(merged)
        self._cores = {core["id"]: core for core in merged["cores"]}
        self._arrange()
        if self._front not in self._items():
            self._front = ""
        said = [node_text(core) for core in merged["cores"]] + [self._say(a) for a in merged["arrows"]]
        self.setAccessibleDescription(". ".join(said))
        self.updateGeometry()
        self.update()

    @property
    def selection(self) -> tuple[str, str]:
        """(`core` or `pairing`, id), or two empty texts."""
        if not self._front:
            return "", ""
        return ("pairing" if self._front in self._drawn else "core"), self._front

    def words_of(self, id: str) -> str:
        """What the map says of a Core or a pairing."""
        return self._say(self._drawn[id].arrow) if id in self._drawn else node_text(self._cores[id])

    def place_of(self, id: str) -> QPointF:
        """The middle of a Core's box or of an arrow's words, in this widget."""
        return self._nodes[id].center() if id in self._nodes else self._drawn[id].words.center()

    # --- Qt

    def minimumSizeHint(self) -> QSize:
        columns, rows = max(1, self._layout.columns), max(1, self._layout.rows)
        width = columns * NODE_WIDTH_LEAST + (columns - 1) * GAP_LEAST + 2 * GAP
        return QSize(width, rows * (self._node_height() + ROW_GAP) + 2 * self._edge())

    def sizeHint(self) -> QSize:
        return self.minimumSizeHint().expandedTo(QSize(420, 180))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._arrange()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() in (QEvent.Type.FontChange, QEvent.Type.StyleChange):
            self._arrange()
            self.update()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = Qt.Key(event.key())
        items = self._items()
        if key in _KEYS and items:
            self._select(neighbour(items, self._front, _KEYS[key]) if self._front else self._first())
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space) and self._front:
            self.opened.emit(*self.selection)
        else:
            super().keyPressEvent(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self._select(self._at(event.position()))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton and self._front and self._at(event.position()) == self._front:
            self.opened.emit(*self.selection)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        found = self._at(event.position())
        if found != self._under:
            self._under = found
            if found:
                self.setCursor(Qt.CursorShape.PointingHandCursor)
                QToolTip.showText(event.globalPosition().toPoint(), self.words_of(found), self)
            else:
                self.unsetCursor()
                QToolTip.hideText()
            self.update()

    def leaveEvent(self, event: QEvent) -> None:
        self._under = ""
        self.update()
        super().leaveEvent(event)

    # --- arranging

    def _items(self) -> dict[str, Spot]:
        return {
            **{id: (box.center().x(), box.center().y()) for id, box in self._nodes.items()},
            **{id: (one.words.center().x(), one.words.center().y()) for id, one in self._drawn.items()},
        }

    def _first(self) -> str:
        return next((core["id"] for core in self._topology["cores"] if core["self"]), next(iter(self._nodes), ""))

    def _select(self, id: str) -> None:
        if id != self._front:
            self._front = id
            self.selected.emit(*self.selection)
            self.update()

    def _at(self, where: QPointF) -> str:
        for id, box in self._nodes.items():
            if box.contains(where):
                return id
        for id, one in self._drawn.items():
            if one.words.contains(where):
                return id
        stroke = QPainterPathStroker()
        stroke.setWidth(12)
        return next((id for id, one in self._drawn.items() if stroke.createStroke(one.path).contains(where)), "")

    def _node_height(self) -> int:
        return self.fontMetrics().height() + QFontMetrics(small(self.font())).height() + 2 * GAP + GAP_S

    def _edge(self) -> int:
        """Air above and below: arrows that lie beside each other need more of it."""
        return GAP + round(max((abs(route.lane) for route in self._layout.routes), default=0.0) * LANE / 2)

    def _arrange(self) -> None:
        """From the grid to pixels: columns as far apart as there is room, all in the middle."""
        grid = self._layout
        columns, rows = max(1, grid.columns), max(1, grid.rows)
        room = self.width() - 2 * GAP
        wide = max(NODE_WIDTH_LEAST, min(NODE_WIDTH, (room - (columns - 1) * GAP_LEAST) / columns))
        gap = 0.0 if columns == 1 else max(GAP_LEAST, min(GAP_MOST, (room - columns * wide) / (columns - 1)))
        high = self._node_height()
        step = max(high + ROW_GAP, min(high + 4 * ROW_GAP, (self.height() - 2 * self._edge()) / rows))
        left = max(float(GAP), (self.width() - columns * wide - (columns - 1) * gap) / 2) + wide / 2
        top = max(float(self._edge()), (self.height() - rows * step) / 2) + step / 2

        def middle(spot: Spot) -> QPointF:
            return QPointF(left + spot[0] * (wide + gap), top + spot[1] * step)

        self._nodes = {}
        for id, spot in grid.spots.items():
            at = middle(spot)
            self._nodes[id] = QRectF(at.x() - wide / 2, at.y() - high / 2, wide, high)
        arrows = {arrow["pairing"]: arrow for arrow in self._topology["arrows"]}
        self._drawn = {
            route.pairing: self._draw_route(route, arrows[route.pairing], [middle(spot) for spot in route.by], gap)
            for route in grid.routes
        }

    def _draw_route(self, route: Route, arrow: ArrowAnswer, by: Sequence[QPointF], gap: float) -> Drawn:
        source, target = self._nodes[route.source], self._nodes[route.target]
        way = 1.0 if target.center().x() > source.center().x() else -1.0
        # To the right of whoever goes along it is down on the screen for those who go right.
        aside = route.lane * LANE * way
        start = QPointF(source.right() if way > 0 else source.left(), source.center().y() + aside * 0.5)
        end = QPointF(target.left() if way > 0 else target.right(), target.center().y() + aside * 0.5)
        if abs(target.center().x() - source.center().x()) < 1:
            start = QPointF(source.right(), source.center().y())
            end = QPointF(target.right(), target.center().y())
        stops = [start, *(QPointF(stop.x(), stop.y() + aside) for stop in by), end]
        path = QPainterPath(start)
        early, late = self._bends(route)
        for one, other in pairwise(stops):
            wide = other.x() - one.x()
            lift = aside if not by else 0.0
            path.cubicTo(
                QPointF(one.x() + (wide * early or gap / 2), one.y() + lift),
                QPointF(other.x() - (wide * late or -gap / 2), other.y() + lift),
                other,
            )
        near = path.pointAtPercent(0.94)
        lines = [text for text in (arrow_state(arrow).text, lag_text(arrow), seeds_text(arrow)) if text]
        metrics = QFontMetrics(small(self.font()))
        width = min(gap - 2 * HEAD, max(metrics.horizontalAdvance(text) for text in lines) + 14 + 3 * GAP_S)
        height = len(lines) * metrics.height() + GAP_S
        # A stop is a free cell of the grid: there the words cover nobody else's.
        at = stops[len(stops) // 2] if by else halfway(path)
        return Drawn(arrow, path, end, near, QRectF(at.x() - width / 2, at.y() - height / 2, width, height))

    def _bends(self, route: Route) -> tuple[float, float]:
        """Where an arrow bends, as shares of its width from both ends. Where many come together it bends late, where
        many part early: in between, each keeps to its own row, and so do its words."""
        ends = [end for arrow in self._topology["arrows"] for end in (arrow["source"], arrow["target"])]
        at_source, at_target = ends.count(route.source), ends.count(route.target)
        if at_source == at_target:
            return 0.5, 0.5
        return (0.85, 0.15) if at_target > at_source else (0.15, 0.85)

    def _say(self, arrow: ArrowAnswer) -> str:
        return arrow_text(arrow, self._cores[arrow["source"]]["name"], self._cores[arrow["target"]]["name"])

    # --- painting

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if not self.isEnabled():
            painter.setOpacity(0.6)
        for id, one in self._drawn.items():
            paint_arrow(painter, one, strong=id in (self._front, self._under))
        for id, one in self._drawn.items():
            paint_words(painter, one, self.font(), front=id == self._front, under=id == self._under)
        for id, box in self._nodes.items():
            front, under = id == self._front, id == self._under
            paint_node(painter, self._cores[id], box, self.font(), front=front, under=under)
        if self.hasFocus() and not self._front:
            painter.setPen(QPen(QColor(tokens().accent), 1))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(self.rect().adjusted(0, 0, -1, -1))
        painter.end()
