"""What every view of a field is: label, control, explanation, and the problem in place below."""

from __future__ import annotations

from typing import Any, Generic, TypeVar

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QAccessible, QAccessibleEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QStyle, QVBoxLayout, QWidget

from console.desktop.desk import Desk
from console.desktop.theme.icons import icon
from console.desktop.theme.theme import scaled
from console.desktop.theme.tokens import BODY, GAP_S, Tone
from console.desktop.widgets.parts import label
from console.desktop.wizards.fields.mnemonics import bare
from console.flows.fields import Answer, Field

F = TypeVar("F", bound=Field)


class ProblemLine(QWidget):
    """A sentence in the tone of what is wrong, with its icon; takes no room without one."""

    def __init__(self) -> None:
        super().__init__()
        self._sign = QLabel()
        self._text = label(wrap=True)
        self._text.setProperty("role", "problem")
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(GAP_S)
        row.addWidget(self._sign, 0, Qt.AlignmentFlag.AlignTop)
        row.addWidget(self._text, 1)
        self.hide()

    @property
    def text(self) -> str:
        return self._text.text()

    def tell(self, sentence: str) -> None:
        if sentence:
            self._sign.setPixmap(icon("bad", Tone.BAD).pixmap(16, 16))
        self._text.setText(sentence)
        self._text.setAccessibleName(sentence)
        self.setVisible(bool(sentence))


class FieldView(QWidget, Generic[F]):
    """A subclass makes its control in `build` and shows a field in `show_field`, as often as one comes.

    `answered` says (key, value); `left` that the focus left it, `meant` that the answer was
    given and meant (Enter, double click). `problem` is one of the view's own: what was typed is
    no answer at all (“12 apples” where a size is asked).
    """

    answered = Signal(str, object)
    left = Signal(str)
    meant = Signal()
    asks = True
    """False: it only shows."""
    wide = False
    """True: it takes what room there is below the other fields."""

    def __init__(self, field: F, desk: Desk) -> None:
        super().__init__()
        self.field = field
        self.desk = desk
        self.problem = ""
        self.name = label(bare(field.label))
        self.name.setFont(scaled(self.name.font(), BODY, bold=True))
        self.explain = label(field.explain, "muted", wrap=True)
        self.wrong = ProblemLine()
        self._watched: list[QWidget] = []
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GAP_S)
        column.addWidget(self.name)
        column.addWidget(self.build(), 1 if self.wide else 0)
        column.addWidget(self.explain)
        column.addWidget(self.wrong)
        self.update_field(field)

    # --- for subclasses

    def build(self) -> QWidget:
        """The control, without any value yet. Called once, by the constructor."""
        raise NotImplementedError

    def show_field(self, field: F) -> None:
        """Shows it in place. Raises nothing and answers nothing."""
        raise NotImplementedError

    def controls(self) -> list[QWidget]:
        """What can have the focus, the first one first."""
        return []

    def give(self, value: Answer, suffix: str = "") -> None:
        self.answered.emit(self.field.key + suffix, value)

    def watch(self, control: QWidget) -> None:
        """Tells when the focus leaves it, and keeps the wheel from changing what only lies below the mouse."""
        self._watched.append(control)
        control.installEventFilter(self)
        if control.focusPolicy() == Qt.FocusPolicy.WheelFocus:
            control.setFocusPolicy(Qt.FocusPolicy.StrongFocus)

    @property
    def title(self) -> str:
        """The label without its mnemonic."""
        return bare(self.field.label)

    # --- for the form

    def update_field(self, field: F) -> None:
        self.field = field
        self.explain.setText(field.explain)
        self.explain.setVisible(bool(field.explain))
        self.name.setVisible(bool(field.label))
        self.show_field(field)
        self._describe()

    def set_label(self, text: str) -> None:
        """`text` with its mnemonic as Qt writes it."""
        self.name.setText(text)
        buddy = self.buddy()
        if buddy is not None:
            self.name.setBuddy(buddy)

    def buddy(self) -> QWidget | None:
        """Where the mnemonic leads."""
        return next(iter(self.controls()), None)

    def tell(self, sentence: str) -> None:
        """The problem below it; empty: none."""
        before = self.wrong.text
        self.wrong.tell(sentence)
        for control in self.controls():
            if control.property("wrong") != bool(sentence):
                control.setProperty("wrong", "true" if sentence else "false")
                control.style().unpolish(control)
                control.style().polish(control)
        self._describe()
        if sentence and sentence != before and self.controls():
            changed = QAccessibleEvent(self.controls()[0], QAccessible.Event.DescriptionChanged)
            QAccessible.updateAccessibility(changed)

    def take_focus(self) -> bool:
        target = self.buddy()
        if target is None or not target.isEnabled():
            target = next((one for one in self.controls() if one.isEnabled()), None)
        if target is None:
            return False
        target.setFocus(Qt.FocusReason.OtherFocusReason)
        return True

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.FocusOut:
            self.left.emit(self.field.key)
        elif event.type() == QEvent.Type.Wheel and isinstance(watched, QWidget) and not watched.hasFocus():
            event.ignore()
            return True
        return super().eventFilter(watched, event)

    def _describe(self) -> None:
        said = " ".join(text for text in (self.field.explain, self.wrong.text) if text)
        for control in self.controls():
            if not control.accessibleName():
                control.setAccessibleName(self.title)
            if control.property("own-description") is None:
                control.setAccessibleDescription(said)


def text_begin(control: QWidget, *, radio: bool = False) -> int:
    """Where the text of a tick or radio button begins, in pixels from its left side."""
    metric = QStyle.PixelMetric
    style = control.style()
    if radio:
        wide = style.pixelMetric(metric.PM_ExclusiveIndicatorWidth, None, control)
        return wide + style.pixelMetric(metric.PM_RadioButtonLabelSpacing, None, control)
    wide = style.pixelMetric(metric.PM_IndicatorWidth, None, control)
    return wide + style.pixelMetric(metric.PM_CheckBoxLabelSpacing, None, control)


AnyView = FieldView[Any]
