"""Puts a look on the program, and changes it when the system changes between light and dark."""

from __future__ import annotations

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QColor, QFont, QGuiApplication, QPalette
from PySide6.QtWidgets import QApplication

from console.desktop.theme.marks import MarksStyle
from console.desktop.theme.tokens import DARK, GAP, GAP_S, LIGHT, RADIUS, SMALL, TITLE, Tokens

_current = LIGHT


def tokens() -> Tokens:
    """The look in front. Ask when painting, never keep it."""
    return _current


class Theme(QObject):
    """`choice`: `system`, `light` or `dark`. `changed` after another look was put on."""

    changed = Signal()

    def __init__(self, app: QApplication, choice: str = "system") -> None:
        super().__init__(app)
        self._app = app
        self._choice = choice
        self._marks = MarksStyle(_current)
        app.setStyle(self._marks)
        QGuiApplication.styleHints().colorSchemeChanged.connect(self._follow)
        self._put_on()

    @property
    def choice(self) -> str:
        return self._choice

    def choose(self, choice: str) -> None:
        if choice != self._choice:
            self._choice = choice
            self._put_on()

    def _follow(self) -> None:
        if self._choice == "system":
            self._put_on()

    def _put_on(self) -> None:
        global _current
        dark = self._choice == "dark"
        if self._choice == "system":
            dark = QGuiApplication.styleHints().colorScheme() == Qt.ColorScheme.Dark
        _current = DARK if dark else LIGHT
        self._marks.look = _current
        self._app.setPalette(_palette(_current))
        self._app.setStyleSheet(_sheet(_current, self._app.font().pointSizeF()))
        self.changed.emit()


def scaled(font: QFont, factor: float, *, bold: bool = False) -> QFont:
    """A font in one of the sizes of the type scale."""
    made = QFont(font)
    if font.pointSizeF() > 0:
        made.setPointSizeF(font.pointSizeF() * factor)
    else:
        made.setPixelSize(round(font.pixelSize() * factor))
    made.setWeight(QFont.Weight.DemiBold if bold else QFont.Weight.Normal)
    return made


def _palette(look: Tokens) -> QPalette:
    palette = QPalette()
    role = QPalette.ColorRole
    for name, colour in (
        (role.Window, look.window),
        (role.WindowText, look.text),
        (role.Base, look.panel),
        (role.AlternateBase, look.raised),
        (role.Text, look.text),
        (role.Button, look.raised),
        (role.ButtonText, look.text),
        (role.BrightText, look.bad),
        (role.ToolTipBase, look.raised),
        (role.ToolTipText, look.text),
        (role.PlaceholderText, look.muted),
        (role.Highlight, look.selection),
        (role.HighlightedText, look.text),
        (role.Link, look.accent),
        (role.LinkVisited, look.accent),
        (role.Accent, look.accent),
        (role.Light, look.raised),
        (role.Midlight, look.line),
        (role.Mid, look.line),
        (role.Dark, look.line),
        (role.Shadow, look.line),
    ):
        palette.setColor(name, QColor(colour))
    for name in (role.WindowText, role.Text, role.ButtonText, role.HighlightedText):
        faded = QColor(look.muted)
        faded.setAlpha(150)
        palette.setColor(QPalette.ColorGroup.Disabled, name, faded)
    return palette


def _sheet(look: Tokens, size: float) -> str:
    """Only what a palette cannot say. Widgets ask for a look by the property `role` and have no sheets of their own.
    `size`: of the system's font, in points."""
    return f"""
    QToolTip {{ color: {look.text}; background: {look.raised}; border: 1px solid {look.line}; padding: {GAP_S}px; }}
    *[role="panel"] {{ background: {look.panel}; border: 1px solid {look.line}; border-radius: {RADIUS}px; }}
    *[role="bar"] {{ background: {look.panel}; border: none; border-bottom: 1px solid {look.line}; }}
    *[role="status"] {{ background: {look.panel}; border: none; border-top: 1px solid {look.line}; }}
    *[role="side"] {{ background: {look.panel}; border: none; border-right: 1px solid {look.line}; }}
    *[role="plain"] {{ background: transparent; border: none; }}
    QLabel[role="muted"] {{ color: {look.muted}; background: transparent; }}
    QLabel[role="small"] {{ color: {look.muted}; background: transparent; font-size: {size * SMALL:.1f}pt; }}
    QLabel[role="title"] {{ font-size: {size * TITLE:.1f}pt; font-weight: 600; background: transparent; }}
    QPushButton, QToolButton[role="button"] {{
        background: {look.raised}; border: 1px solid {look.line}; border-radius: {RADIUS}px;
        padding: {GAP_S}px {GAP + GAP_S}px; min-height: 20px; }}
    QPushButton:hover, QToolButton[role="button"]:hover {{ background: {look.hover}; }}
    QPushButton:focus, QToolButton:focus {{
        border: 2px solid {look.accent}; padding: {GAP_S - 1}px {GAP + GAP_S - 1}px; }}
    QPushButton:disabled, QToolButton[role="button"]:disabled {{ color: {look.muted}; background: {look.window}; }}
    QPushButton:default, QPushButton[role="primary"] {{
        background: {look.accent}; color: {look.on_accent}; border: 1px solid {look.accent}; }}
    QPushButton:default:focus, QPushButton[role="primary"]:focus {{ border: 2px solid {look.text}; }}
    QPushButton:default:disabled, QPushButton[role="primary"]:disabled {{
        background: {look.off_soft}; color: {look.muted}; border: 1px solid {look.line}; }}
    QPushButton[role="danger"] {{ color: {look.bad}; border: 1px solid {look.bad}; }}
    QPushButton[role="link"] {{ background: transparent; border: 1px solid transparent; color: {look.accent};
        padding: {GAP_S}px; text-align: left; }}
    QPushButton[role="link"]:hover {{ text-decoration: underline; }}
    QPushButton[role="link"]:focus {{ border: 1px solid {look.accent}; }}
    QToolButton {{ background: transparent; border: 2px solid transparent; border-radius: {RADIUS}px;
        padding: {GAP_S - 1}px {GAP - 1}px; min-height: 22px; }}
    QToolButton:hover {{ background: {look.hover}; }}
    QToolButton:focus {{ padding: {GAP_S - 1}px {GAP - 1}px; }}
    QToolButton[role="page"]:checked {{ background: {look.selection}; font-weight: 600; }}
    QToolButton::menu-indicator {{ image: none; }}
    QLineEdit, QPlainTextEdit {{
        background: {look.panel}; border: 1px solid {look.line}; border-radius: {RADIUS}px;
        padding: 0px {GAP - 2}px; min-height: 28px; selection-background-color: {look.accent};
        selection-color: {look.on_accent}; }}
    QLineEdit:focus, QPlainTextEdit:focus {{ border: 1px solid {look.accent}; }}
    QLineEdit[wrong="true"] {{ border: 1px solid {look.bad}; }}
    QComboBox QLineEdit, QAbstractSpinBox QLineEdit {{ border: none; background: transparent; padding: 0;
        min-height: 0; }}
    QComboBox, QAbstractSpinBox {{ min-height: 24px; }}
    QLineEdit > QToolButton {{ border: none; padding: 0px; min-height: 0px; }}
    QScrollBar {{ background: transparent; border: none; margin: 0px; }}
    QScrollBar:vertical {{ width: 12px; }}
    QScrollBar:horizontal {{ height: 12px; }}
    QScrollBar::handle {{ background: {look.line}; border-radius: 4px; margin: 2px; }}
    QScrollBar::handle:vertical {{ min-height: 24px; }}
    QScrollBar::handle:horizontal {{ min-width: 24px; }}
    QScrollBar::handle:hover {{ background: {look.muted}; }}
    QScrollBar::add-line, QScrollBar::sub-line {{ width: 0px; height: 0px; }}
    QScrollBar::add-page, QScrollBar::sub-page {{ background: transparent; }}
    QTableView, QTreeView, QListView {{
        background: {look.panel}; border: 1px solid {look.line}; border-radius: {RADIUS}px;
        selection-background-color: {look.selection}; selection-color: {look.text}; outline: none; }}
    QTreeView[role="side"], QListView[role="side"] {{ border: none; border-radius: 0; }}
    QTableView:focus, QTreeView:focus, QListView:focus {{ border: 1px solid {look.accent}; }}
    QTreeView[role="side"]:focus {{ border: none; }}
    QHeaderView {{ background: {look.raised}; border: none; }}
    QHeaderView::section {{ background: {look.raised}; color: {look.muted}; border: none;
        border-bottom: 1px solid {look.line}; padding: {GAP_S}px {GAP_S}px; font-weight: 600; }}
    QTabWidget::pane {{ border: none; }}
    QTabBar::tab {{ padding: {GAP}px {GAP + GAP_S}px; border: none; border-bottom: 2px solid transparent;
        color: {look.muted}; background: transparent; }}
    QTabBar::tab:selected {{ color: {look.text}; border-bottom: 2px solid {look.accent}; font-weight: 600; }}
    QTabBar::tab:focus {{ color: {look.accent}; }}
    QMenu {{ background: {look.panel}; border: 1px solid {look.line}; padding: {GAP_S}px; }}
    QMenu::item {{ padding: {GAP_S}px {GAP * 3}px {GAP_S}px {GAP}px; border-radius: {GAP_S}px; }}
    QMenu::item:selected {{ background: {look.selection}; }}
    QMenu::item:disabled {{ color: {look.muted}; }}
    QScrollArea {{ background: transparent; border: none; }}
    QScrollArea > QWidget > QWidget[role="page"] {{ background: transparent; }}
    QSplitter::handle {{ background: transparent; }}
    QProgressBar {{ background: {look.off_soft}; border: none; border-radius: 3px; text-align: center; }}
    QProgressBar::chunk {{ background: {look.accent}; border-radius: 3px; }}
    """
