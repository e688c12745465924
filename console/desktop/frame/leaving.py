"""What happens when the window is closed: ended, or kept in the tray so that schedules go on."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, QSettings, Qt, QTimer
from PySide6.QtWidgets import QCheckBox, QMenu, QMessageBox, QSystemTrayIcon, QWidget

from console.desktop.theme.icons import icon
from console.desktop.theme.tokens import Tone
from console.desktop.widgets.parts import action
from console.flows.wording import count, say

KEPT_UNDER = "window/closing"


class Tray(QObject):
    """The icon of a window that was closed but not ended. `quit` ends the program."""

    def __init__(self, window: QWidget, quit: Callable[[], object]) -> None:
        super().__init__(window)
        self._window = window
        self._menu = QMenu()
        for text, run in ((say("&Open Replicore"), self.show_window), (say("&Quit"), quit)):
            made = action(text, run)
            made.setParent(self._menu)
            self._menu.addAction(made)
        self.icon = QSystemTrayIcon(icon("core", Tone.INFO), self)
        self.icon.setToolTip(say("Replicore keeps protecting"))
        self.icon.setContextMenu(self._menu)
        self.icon.activated.connect(self._activated)

    @staticmethod
    def possible() -> bool:
        """Whether this desktop has a tray."""
        return QSystemTrayIcon.isSystemTrayAvailable()

    def keep(self) -> None:
        """Hides the window and stays."""
        self.icon.show()
        self._window.hide()
        self.icon.showMessage("Replicore", say("Replicore goes on protecting. Open it from here."))

    def show_window(self) -> None:
        self.icon.hide()
        self._window.show()
        self._window.raise_()
        self._window.activateWindow()

    def _activated(self, reason: QSystemTrayIcon.ActivationReason) -> None:
        if reason == QSystemTrayIcon.ActivationReason.Trigger:
            self.show_window()


def remembered_choice() -> str:
    """`tray`, `quit`, or empty: ask."""
    return str(QSettings().value(KEPT_UNDER, ""))


def ask_leaving(
    window: QWidget, jobs: int, tray: bool, keep: Callable[[], object], quit: Callable[[], object]
) -> QMessageBox:
    """Asks what closing means for a Core that this program started."""
    box = QMessageBox(window)
    box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    box.setWindowTitle(say("Close Replicore"))
    box.setText(
        say("The Core of this computer ends with Replicore: no backups and no replication until it is opened again.")
    )
    if jobs:
        box.setInformativeText(
            count(
                "{n} job is running. It is stopped and can be started again; nothing is lost.",
                "{n} jobs are running. They are stopped and can be started again; nothing is lost.",
                jobs,
            )
        )
    box.setIconPixmap(icon("warn", Tone.WARN).pixmap(40, 40))
    again = QCheckBox(say("&Do this always"))
    again.setAccessibleName(say("Do this always"))
    box.setCheckBox(again)

    def chosen(choice: str, run: Callable[[], object]) -> Callable[..., None]:
        def do(*_: object) -> None:
            if again.isChecked():
                QSettings().setValue(KEPT_UNDER, choice)
            # After the question is gone, because this closes the window that it belongs to.
            QTimer.singleShot(0, window, run)

        return do

    if tray:
        stay = box.addButton(say("&Keep protecting in the tray"), QMessageBox.ButtonRole.AcceptRole)
        stay.setProperty("role", "primary")
        stay.clicked.connect(chosen("tray", keep))
    end = box.addButton(say("&Quit"), QMessageBox.ButtonRole.DestructiveRole)
    end.clicked.connect(chosen("quit", quit))
    no = box.addButton(QMessageBox.StandardButton.Cancel)
    no.setText(say("&Cancel"))
    no.setAccessibleName(say("Cancel"))
    box.setEscapeButton(no)
    box.open()
    return box
