"""Small parts that every page uses, each with its accessible name from the start."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import (
    QAbstractButton,
    QBoxLayout,
    QFormLayout,
    QFrame,
    QHBoxLayout,
    QLabel,
    QMenu,
    QPushButton,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from console.desktop.theme.icons import icon
from console.desktop.theme.theme import scaled
from console.desktop.theme.tokens import GAP, GAP_L, Tone

ICON = QSize(18, 18)


def label(text: str = "", role: str = "", *, wrap: bool = False, selectable: bool = False) -> QLabel:
    """`role`: `muted`, `small`, `title`, or plain. Text is never taken for markup."""
    made = QLabel(text)
    made.setTextFormat(Qt.TextFormat.PlainText)
    made.setWordWrap(wrap)
    if role:
        made.setProperty("role", role)
    if selectable:
        made.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        made.setAccessibleName(text)
    return made


def heading(text: str, factor: float) -> QLabel:
    """A line in one of the sizes of the type scale (`theme.tokens`)."""
    made = label(text)
    made.setFont(scaled(made.font(), factor, bold=True))
    return made


def button(
    text: str,
    clicked: Callable[[], object] | None = None,
    *,
    icon_name: str = "",
    role: str = "",
    tip: str = "",
    name: str = "",
) -> QPushButton:
    """`role`: `primary`, `danger`, `link`, or plain. `name`: what a screen reader says instead of the text."""
    made = QPushButton(text)
    if icon_name:
        made.setIcon(icon(icon_name, on_accent=role == "primary"))
    if role:
        made.setProperty("role", role)
    made.setToolTip(tip)
    made.setAccessibleName(name or text.replace("&", ""))
    made.setAutoDefault(False)
    if clicked is not None:
        made.clicked.connect(lambda *_: clicked())
    return made


def tool(icon_name: str, name: str, clicked: Callable[[], object] | None = None, *, text: str = "") -> QToolButton:
    """A button with an icon; `name` is its tooltip and what a screen reader says."""
    made = QToolButton()
    made.setIcon(icon(icon_name))
    made.setIconSize(ICON)
    made.setToolTip(name)
    made.setAccessibleName(name)
    made.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    if text:
        made.setText(text)
        made.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
    if clicked is not None:
        made.clicked.connect(lambda *_: clicked())
    return made


def menu_button(icon_name: str, text: str, menu: QMenu) -> QToolButton:
    """A button that opens a menu, also with the keyboard."""
    made = tool(icon_name, text.replace("&", ""), text=text)
    made.setProperty("role", "button")
    made.setMenu(menu)
    made.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
    return made


def action(
    text: str,
    triggered: Callable[[], object],
    *,
    icon_name: str = "",
    enabled: bool = True,
    why_not: str = "",
    shortcut: str = "",
) -> QAction:
    """A line of a menu. `why_not` is its tooltip while it is not `enabled`."""
    made = QAction(text)
    if icon_name:
        made.setIcon(icon(icon_name))
    made.setEnabled(enabled)
    if not enabled and why_not:
        made.setToolTip(why_not)
        made.setStatusTip(why_not)
    if shortcut:
        made.setShortcut(shortcut)
    made.triggered.connect(lambda *_: triggered())
    return made


def panel(role: str = "panel") -> QFrame:
    """A surface on the window; see the roles of the style sheet."""
    made = QFrame()
    made.setProperty("role", role)
    return made


def rows(*parts: QWidget | int, gap: int = GAP, margin: int = 0, into: QWidget | None = None) -> QWidget:
    """Parts below each other; an int is a stretch of that weight."""
    return _lined(QVBoxLayout(), parts, gap, margin, into)


def line(*parts: QWidget | int, gap: int = GAP, margin: int = 0, into: QWidget | None = None) -> QWidget:
    """Parts beside each other; an int is a stretch of that weight."""
    return _lined(QHBoxLayout(), parts, gap, margin, into)


def _lined(layout: QBoxLayout, parts: Sequence[QWidget | int], gap: int, margin: int, into: QWidget | None) -> QWidget:
    holder = into or QWidget()
    layout.setSpacing(gap)
    layout.setContentsMargins(margin, margin, margin, margin)
    for part in parts:
        if isinstance(part, int):
            layout.addStretch(part)
        else:
            layout.addWidget(part)
    holder.setLayout(layout)
    return holder


def titled(title: str, *parts: QWidget | int, into: QFrame | None = None) -> QFrame:
    """A panel with a title."""
    made = into or panel()
    rows(label(title, "title"), *parts, gap=GAP, margin=GAP_L, into=made)
    made.setAccessibleName(title)
    return made


class FactsView(QWidget):
    """Names and values, one below the other. Values can be selected and wrap."""

    def __init__(self) -> None:
        super().__init__()
        self._form = QFormLayout(self)
        self._form.setContentsMargins(0, 0, 0, 0)
        self._form.setHorizontalSpacing(GAP_L)
        self._form.setVerticalSpacing(GAP // 2)
        self._form.setLabelAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop)
        self._form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        self._shown: tuple[tuple[str, str], ...] = ()

    def show_facts(self, facts: Sequence[tuple[str, str]]) -> None:
        if tuple(facts) == self._shown:
            return
        self._shown = tuple(facts)
        while self._form.rowCount():
            self._form.removeRow(0)
        for name, value in facts:
            shown = label(value, wrap=True, selectable=True)
            shown.setAccessibleName(f"{name}: {value}")
            shown.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
            self._form.addRow(label(name, "muted"), shown)


def tone_icon(tone: Tone) -> str:
    """The icon that stands beside a tone, because colour is never alone."""
    return {
        Tone.GOOD: "good",
        Tone.WAIT: "wait",
        Tone.WARN: "warn",
        Tone.BAD: "bad",
        Tone.INFO: "info",
        Tone.OFF: "off",
    }[tone]


def allow(made: QAbstractButton, allowed: bool, why_not: str) -> None:
    """Greys a button that the role may not use, and says who may."""
    made.setEnabled(allowed)
    if not allowed:
        made.setToolTip(why_not)
    elif made.toolTip() == why_not:
        made.setToolTip("")
