"""Which checks of recovery points are to be made, asked before they begin."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QCheckBox, QDialog, QDialogButtonBox, QRadioButton, QVBoxLayout, QWidget

from console.desktop.desk import Desk
from console.desktop.theme.tokens import GAP, GAP_L, GAP_S
from console.desktop.widgets.parts import label, rows
from console.domain.point_checks import PointCheck
from console.flows.point_checks import check_explained, check_word
from console.flows.wording import count, say

OnChecks = Callable[[Sequence[str], bool], object]
"""(names of the checks, whether all points of the machine are meant)."""


class CheckDialog(QDialog):
    """`points`: how many the machine has, where a machine is checked; None: one point is."""

    def __init__(self, parent: QWidget, desk: Desk, text: str, on_yes: OnChecks, *, points: int | None = None) -> None:
        super().__init__(parent)
        self._owner, self._on_yes = parent, on_yes
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        title = say("Check recovery points") if points is not None else say("Check recovery point")
        self.setWindowTitle(title)
        self.setAccessibleName(title)
        self.newest = QRadioButton(say("Its &newest point"))
        self.every = QRadioButton(count("&All of its points ({n})", "&All of its points ({n})", points or 0))
        self.newest.setChecked(True)
        self.checks: dict[PointCheck, QCheckBox] = {}
        layout = QVBoxLayout(self)
        layout.setContentsMargins(GAP_L, GAP_L, GAP_L, GAP_L)
        layout.setSpacing(GAP)
        layout.addWidget(label(text, "title", wrap=True))
        if points is not None:
            layout.addWidget(rows(self.newest, self.every, gap=GAP_S))
        for check in PointCheck:
            box = self.checks[check] = QCheckBox(check_word(check))
            box.setChecked(True)
            box.setAccessibleDescription(check_explained(check))
            box.toggled.connect(lambda *_: self._judge())
            layout.addWidget(rows(box, label(check_explained(check), "small", wrap=True), gap=0))
        layout.addWidget(label(say("Nothing is changed. What is bad becomes an alert."), "muted", wrap=True))
        buttons = QDialogButtonBox()
        self.yes = buttons.addButton(say("&Check"), QDialogButtonBox.ButtonRole.AcceptRole)
        self.yes.setDefault(True)
        self.no = buttons.addButton(say("Cancel"), QDialogButtonBox.ButtonRole.RejectRole)
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        layout.addWidget(buttons)
        self.setMinimumWidth(460)
        QShortcut(QKeySequence("F1"), self, lambda: desk.help("points"))
        self.accepted.connect(self._begin)

    @property
    def chosen(self) -> list[str]:
        """Names of the checks."""
        return [check.value for check, box in self.checks.items() if box.isChecked()]

    def _judge(self) -> None:
        self.yes.setEnabled(bool(self.chosen))

    def _begin(self) -> None:
        """After the dialogue is gone: what is begun may go to another page."""
        only, every, begin = self.chosen, self.every.isChecked(), self._on_yes
        QTimer.singleShot(0, self._owner, lambda: begin(only, every))
