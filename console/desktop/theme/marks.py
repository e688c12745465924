"""Ticks, radio buttons and the frames of boxes. Fusion derives their outlines from the window's colour, so that they
cannot be seen in a dark one."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen, QPolygonF
from PySide6.QtWidgets import QProxyStyle, QStyle, QStyleOption, QStyleOptionComplex, QWidget

from console.desktop.theme.tokens import RADIUS, Tokens

Primitive = QStyle.PrimitiveElement
State = QStyle.StateFlag


class MarksStyle(QProxyStyle):
    """Fusion, with marks in the colours of the look in front (`look`, set by the theme)."""

    def __init__(self, look: Tokens) -> None:
        super().__init__("Fusion")
        self.look = look

    def drawPrimitive(
        self, element: Primitive, option: QStyleOption, painter: QPainter, widget: QWidget | None = None
    ) -> None:
        if element in (Primitive.PE_IndicatorCheckBox, Primitive.PE_IndicatorItemViewItemCheck):
            self._box(option, painter, round=False)
        elif element == Primitive.PE_IndicatorRadioButton:
            self._box(option, painter, round=True)
        else:
            super().drawPrimitive(element, option, painter, widget)

    def drawComplexControl(
        self,
        control: QStyle.ComplexControl,
        option: QStyleOptionComplex,
        painter: QPainter,
        widget: QWidget | None = None,
    ) -> None:
        super().drawComplexControl(control, option, painter, widget)
        if control not in (QStyle.ComplexControl.CC_ComboBox, QStyle.ComplexControl.CC_SpinBox):
            return
        wrong = widget is not None and widget.property("wrong") == "true"
        focused = bool(option.state & State.State_HasFocus)
        colour = self.look.bad if wrong else self.look.accent if focused else self.look.line
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(QColor(colour), 1.5 if focused else 1))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(QRectF(option.rect).adjusted(0.5, 0.5, -0.5, -0.5), RADIUS / 2, RADIUS / 2)
        painter.restore()

    def _box(self, option: QStyleOption, painter: QPainter, *, round: bool) -> None:
        look, state = self.look, option.state
        on = bool(state & State.State_On) or bool(state & State.State_NoChange)
        enabled = bool(state & State.State_Enabled)
        side = min(option.rect.width(), option.rect.height())
        area = QRectF(0, 0, side, side)
        area.moveCenter(QPointF(QRectF(option.rect).center()))
        area.adjust(0.75, 0.75, -0.75, -0.75)
        fill = look.accent if on and enabled else look.off_soft if on or not enabled else look.panel
        edge = look.accent if enabled and (on or state & State.State_HasFocus) else look.muted
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if not enabled:
            painter.setOpacity(0.6)
        painter.setPen(QPen(QColor(edge), 1.2))
        painter.setBrush(QColor(fill))
        if round:
            painter.drawEllipse(area)
        else:
            painter.drawRoundedRect(area, 3, 3)
        ink = QColor(look.on_accent if enabled else look.muted)
        if state & State.State_NoChange:
            painter.setPen(QPen(ink, 2))
            painter.drawLine(QPointF(area.left() + 3, area.center().y()), QPointF(area.right() - 3, area.center().y()))
        elif on and round:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(ink)
            painter.drawEllipse(area.center(), side / 5, side / 5)
        elif on:
            painter.setPen(QPen(ink, 2, c=Qt.PenCapStyle.RoundCap, j=Qt.PenJoinStyle.RoundJoin))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawPolyline(_tick(area))
        painter.restore()


def _tick(area: QRectF) -> QPolygonF:
    """A tick in a square."""

    def at(x: float, y: float) -> QPointF:
        return QPointF(area.left() + area.width() * x, area.top() + area.height() * y)

    return QPolygonF([at(0.22, 0.52), at(0.42, 0.72), at(0.78, 0.3)])
