"""What nobody expected: told in a window of its own, written to the log, and kept as a report on request."""

from __future__ import annotations

import logging
import sys
import traceback
from pathlib import Path
from types import TracebackType

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog, QMessageBox, QWidget

from console import __version__
from console.desktop.theme.icons import icon
from console.desktop.theme.tokens import Tone
from console.flows.wording import say

log = logging.getLogger(__name__)


class Bugs:
    """Takes what nothing else caught. One window at a time: a bug that repeats must not fill the screen."""

    def __init__(self) -> None:
        self.window: QWidget | None = None
        self._box: QMessageBox | None = None

    def install(self) -> None:
        """Also for what Qt's slots raise."""
        sys.excepthook = self._hook

    def crashed(self, error: BaseException) -> None:
        """A bug met in a task; it is in the log already."""
        report = f"Replicore {__version__}\n\n" + "".join(traceback.format_exception(error))
        if self._box is not None:
            return
        box = self._box = QMessageBox(self.window)
        box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        box.setWindowTitle(say("A bug of Replicore"))
        box.setText(say("Replicore met a bug. Your data is not touched by it; the Core goes on by itself."))
        box.setInformativeText(f"{type(error).__name__}: {error}")
        box.setDetailedText(report)
        box.setIconPixmap(icon("bad", Tone.BAD).pixmap(40, 40))
        save = box.addButton(say("&Save a report …"), QMessageBox.ButtonRole.ActionRole)
        save.clicked.connect(lambda *_: self._save(report))
        box.addButton(QMessageBox.StandardButton.Close)
        box.destroyed.connect(self._gone)
        box.open()

    def _hook(self, kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        if issubclass(kind, KeyboardInterrupt):
            sys.__excepthook__(kind, error, trace)
            return
        log.error("The Console met a bug.", exc_info=(kind, error, trace))
        self.crashed(error)

    def _gone(self) -> None:
        self._box = None

    def _save(self, report: str) -> None:
        dialog = QFileDialog(self.window, say("Save a report"))
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.selectFile("replicore-report.txt")
        dialog.fileSelected.connect(lambda path: Path(path).write_text(report, encoding="utf-8"))
        dialog.open()
