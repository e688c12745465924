"""F1: the help page of what is in front, from `resources/help`, in a window of its own."""

from __future__ import annotations

from PySide6.QtCore import Qt, QUrl
from PySide6.QtGui import QDesktopServices, QKeySequence, QShortcut
from PySide6.QtWidgets import QTextBrowser, QVBoxLayout, QWidget

from console.desktop.assets import help_page
from console.desktop.theme.tokens import GAP_L
from console.flows.wording import say

START = "index"


class HelpWindow(QWidget):
    """Pages link to each other by topic (`[Seed drives](seeds.md)`)."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent, Qt.WindowType.Window)
        self.setWindowTitle(say("Replicore help"))
        self.resize(640, 720)
        self.topic = ""
        self.browser = QTextBrowser()
        self.browser.setAccessibleName(say("Help"))
        self.browser.setOpenLinks(False)
        self.browser.anchorClicked.connect(self._follow)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(GAP_L, GAP_L, GAP_L, GAP_L)
        layout.addWidget(self.browser)
        QShortcut(QKeySequence(Qt.Key.Key_Escape), self, self.close)

    def open_topic(self, topic: str) -> None:
        """Shows a page; the first page where nobody has written that one."""
        page = help_page(topic) or help_page(START)
        self.topic = page.stem if page else ""
        self.browser.setMarkdown(page.read_text(encoding="utf-8") if page else say("There is no help here."))
        self.show()
        self.raise_()
        self.activateWindow()
        self.browser.setFocus()

    def _follow(self, url: QUrl) -> None:
        if url.scheme() in ("http", "https"):
            QDesktopServices.openUrl(url)
        else:
            self.open_topic(url.path().removesuffix(".md"))
