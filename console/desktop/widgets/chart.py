"""Bars over time. The plotting library costs a fifth of a second: it is loaded when the
first chart is shown, after the page around it."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QEvent, QPointF, QSize, Qt, QTimer
from PySide6.QtGui import (
    QColor,
    QFocusEvent,
    QKeyEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QResizeEvent,
    QShowEvent,
)
from PySide6.QtWidgets import QSizePolicy, QStackedLayout, QVBoxLayout, QWidget

from console.desktop.theme.theme import tokens
from console.desktop.theme.tokens import GAP, GAP_L, GAP_S, Tone
from console.desktop.widgets.chart_data import ChartData
from console.desktop.widgets.parts import label, line
from console.desktop.widgets.ticks import size_ticks, time_ticks
from console.flows.wording import say

BAR_SHARE = 0.8
"""Of the room of one bucket, the rest is air."""
TICK_ROOM = 60
"""Pixels that one mark of the time axis takes."""
AXIS_AIR = 9
"""Pixels around what the axis of sizes spans."""


class _Swatch(QWidget):
    """The colour of a series, beside its name."""

    def __init__(self, tone: Tone) -> None:
        super().__init__()
        self._tone = tone
        self.setFixedSize(12, 12)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(tokens().colour(self._tone)))
        painter.end()


class BarChart(QWidget):
    """Stacked bars over time. Hovering or the arrow keys pick a bucket; the line below says what is in it."""

    def __init__(self, title: str) -> None:
        super().__init__()
        self._title = title
        self._data: ChartData | None = None
        self._picked: int | None = None
        self._plot: Any = None
        self._bars: list[Any] = []
        self._mark: Any = None
        self._legend = line(1, gap=GAP)
        self._readout = label("", "small")
        self._nothing = label(say("Nothing happened in this time."), "muted")
        self._nothing.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._area = QWidget()
        self._stack = QStackedLayout(self._area)
        self._stack.addWidget(self._nothing)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(GAP_S)
        layout.addWidget(self._legend)
        layout.addWidget(self._area, 1)
        layout.addWidget(self._readout)
        self._readout.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMinimumHeight(150)
        self.setAccessibleName(title)

    @property
    def data(self) -> ChartData | None:
        return self._data

    @property
    def picked(self) -> int | None:
        """Number of the bucket in front."""
        return self._picked

    @property
    def readout(self) -> str:
        return self._readout.text()

    @property
    def drawn(self) -> bool:
        """Whether there are bars on the screen."""
        return bool(self._bars)

    def show_data(self, data: ChartData) -> None:
        same = self._data is not None and data.times == self._data.times
        self._data = data
        self._picked = self._picked if same else None
        self.setAccessibleDescription(data.summary())
        self._show_legend()
        self._show_picked()
        if self.isVisible():
            self._draw_soon()

    def pick(self, place: int | None) -> None:
        """Puts a bucket in front; None: none."""
        if self._data is None or place == self._picked:
            return
        self._picked = place
        self._show_picked()
        self._place_mark()

    # --- Qt

    def sizeHint(self) -> QSize:
        return QSize(420, 240)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._draw_soon()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._show_axes()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and self._plot is not None:
            self._draw_soon()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        data = self._data
        if data is None or not data.times:
            super().keyPressEvent(event)
            return
        last = len(data.times) - 1
        now = last + 1 if self._picked is None else self._picked
        moves = {
            Qt.Key.Key_Left: max(0, now - 1),
            Qt.Key.Key_Right: min(last, now + 1),
            Qt.Key.Key_Home: 0,
            Qt.Key.Key_End: last,
        }
        key = Qt.Key(event.key())
        if key in moves:
            self.pick(moves[key])
        else:
            super().keyPressEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        if self.hasFocus():
            painter = QPainter(self)
            painter.setPen(QPen(QColor(tokens().accent), 1))
            painter.drawRect(self.rect().adjusted(0, 0, -1, -1))
            painter.end()

    # --- drawing

    def _draw_soon(self) -> None:
        QTimer.singleShot(0, self, self._draw)

    def _draw(self) -> None:
        data = self._data
        if data is None or not self.isVisible():
            return
        if not data.seen:
            self._bars = []
            self._stack.setCurrentWidget(self._nothing)
            return
        if self._plot is None:
            self._make_plot()
        import numpy
        import pyqtgraph

        look = tokens()
        plot = self._plot
        plot.clear()
        plot.setBackground(look.panel)
        self._bars = []
        x = numpy.arange(len(data.times), dtype=float)
        below = numpy.zeros(len(data.times))
        for one in data.seen:
            heights = numpy.array(one.amounts, dtype=float)
            bars = pyqtgraph.BarGraphItem(
                x=x, y0=below, height=heights, width=BAR_SHARE, brush=QColor(look.colour(one.tone)), pen=None
            )
            plot.addItem(bars)
            self._bars.append(bars)
            below = below + heights
        self._mark = pyqtgraph.LinearRegionItem(
            values=(0, 0), movable=False, brush=QColor(look.hover), pen=QColor(look.accent)
        )
        self._mark.setZValue(-10)
        plot.addItem(self._mark)
        for name in ("left", "bottom"):
            axis = plot.getAxis(name)
            axis.setPen(QColor(look.panel))
            axis.setTextPen(QColor(look.muted))
        self._show_axes()
        self._place_mark()
        self._stack.setCurrentWidget(plot)

    def _make_plot(self) -> None:
        import pyqtgraph

        plot = pyqtgraph.PlotWidget()
        plot.setMouseEnabled(x=False, y=False)
        plot.setMenuEnabled(False)
        plot.hideButtons()
        plot.setFrameShape(plot.Shape.NoFrame)
        for part in (plot, plot.viewport()):
            part.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        plot.setAccessibleName(self._title)
        plot.showGrid(y=True, alpha=0.25)
        plot.getPlotItem().setContentsMargins(0, 0, GAP_L, 0)
        for name in ("left", "bottom"):
            axis = plot.getAxis(name)
            # So many pixels may a mark stand out at the ends.
            axis.setStyle(tickLength=0, tickFont=self._readout.font(), hideOverlappingLabels=TICK_ROOM // 2)
        plot.scene().sigMouseMoved.connect(self._hovered)
        plot.viewport().installEventFilter(self)
        self._plot = plot
        self._stack.addWidget(plot)

    def eventFilter(self, watched: Any, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Wheel:
            event.ignore()  # the page scrolls, not the chart
            return True
        if event.type() == QEvent.Type.Leave:
            self.pick(None)
        return False

    def _hovered(self, where: QPointF) -> None:
        if self._data is None or self._plot is None:
            return
        at = self._plot.getPlotItem().vb.mapSceneToView(where).x()
        place = round(at)
        self.pick(place if 0 <= place < len(self._data.times) else None)

    def _show_axes(self) -> None:
        data, plot = self._data, self._plot
        if data is None or plot is None:
            return
        heights = size_ticks(max(data.tops, default=0), 3 if self.height() < 240 else 5)
        wide = max((self.fontMetrics().horizontalAdvance(text) for _, text in heights), default=40)
        plot.getAxis("left").setTicks([heights])
        plot.getAxis("left").setWidth(wide + GAP)
        most = max(2, (self.width() - wide) // TICK_ROOM)
        plot.getAxis("bottom").setTicks([time_ticks(data.times, data.span_s, most)])
        plot.setXRange(-0.5, len(data.times) - 0.5, padding=0)
        # Room for half a line of text, or the marks at both ends are left out.
        top = heights[-1][0] or 1.0
        air = top * AXIS_AIR / max(1, plot.height() - 5 * AXIS_AIR)
        plot.setYRange(-air, top + air, padding=0)

    def _place_mark(self) -> None:
        if self._mark is None:
            return
        self._mark.setVisible(self._picked is not None)
        if self._picked is not None:
            self._mark.setRegion((self._picked - 0.5, self._picked + 0.5))

    def _show_picked(self) -> None:
        data = self._data
        if data is None:
            return
        picked = self._picked is not None and self._picked < len(data.times)
        if not data.seen:
            text = ""
        elif picked and self._picked is not None:
            text = data.bucket_text(self._picked)
        else:
            text = data.most_text()
        self._readout.setText(text)
        self._readout.setToolTip(text)
        self._readout.setAccessibleName(text)

    def _show_legend(self) -> None:
        layout = self._legend.layout()
        assert layout is not None
        assert self._data is not None
        while (item := layout.takeAt(0)) is not None:
            if (old := item.widget()) is not None:
                old.deleteLater()
        for one in self._data.seen:
            name = label(self._data.total_text(one), "small")
            layout.addWidget(line(_Swatch(one.tone), name, gap=GAP_S))
        layout.addWidget(line(1))
        self._legend.setVisible(bool(self._data.seen))
