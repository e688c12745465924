"""To which target one recovery point is sent by itself, and what that copy is called: asked before it goes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QComboBox, QDialog, QDialogButtonBox, QLineEdit, QVBoxLayout, QWidget

from console.desktop.desk import Desk
from console.desktop.theme.tokens import GAP, GAP_L, GAP_S
from console.desktop.widgets.parts import label, rows
from console.domain.copies import DESCRIPTION, NAME
from console.domain.copy_answers import CopiesAnswer, CopyAnswer
from console.flows.amounts import local
from console.flows.wording import say

OnSend = Callable[[str, str, str], object]
"""(id of the pairing, name, description)."""


class ReplicateDialog(QDialog):
    """`row`: a `PointAnswer`. `found`: how the point stands at each target of its machine."""

    def __init__(
        self, parent: QWidget, desk: Desk, row: Mapping[str, Any], found: CopiesAnswer, on_send: OnSend
    ) -> None:
        super().__init__(parent)
        self._owner, self._on_send = parent, on_send
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        title = say("Replicate recovery point")
        self.setWindowTitle(title)
        self.setAccessibleName(title)
        self._copies = {copy["pairing"]: copy for copy in found["copies"]}
        self.to = QComboBox()
        self.to.setAccessibleName(say("Target"))
        for copy in found["copies"]:
            self.to.addItem(copy["name"], copy["pairing"])
        lacking = next((n for n, copy in enumerate(found["copies"]) if not copy["there"]), 0)
        self.to.setCurrentIndex(lacking)
        self.to.currentIndexChanged.connect(lambda *_: self._judge())
        self.state = label("", "muted", wrap=True)
        self.name = _edit(say("Name of this copy"), say("Optional: letters, digits, _ and -"), 64)
        self.description = _edit(say("What it is for"), say("Optional"), DESCRIPTION)
        self.name.textChanged.connect(lambda *_: self._judge())
        self.wrong = label("", "small", wrap=True)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(GAP_L, GAP_L, GAP_L, GAP_L)
        layout.setSpacing(GAP)
        text = say("Send the point of “{machine}” of {time}", machine=row["machine"], time=local(row["time"]))
        layout.addWidget(label(text, "title", wrap=True))
        for shown, field in (
            (say("&Target"), self.to),
            (say("&Name of this copy"), self.name),
            (say("&What it is for"), self.description),
        ):
            name = label(shown)
            name.setBuddy(field)
            below = {self.to: [self.state], self.name: [self.wrong]}.get(field, [])
            layout.addWidget(rows(name, field, *below, gap=GAP_S))
        layout.addWidget(
            label(
                say("It goes now, with what it builds on there, whatever the schedule; again too, if it was deleted."),
                "muted",
                wrap=True,
            )
        )
        buttons = QDialogButtonBox()
        self.yes = buttons.addButton(say("&Send"), QDialogButtonBox.ButtonRole.AcceptRole)
        self.yes.setDefault(True)
        self.no = buttons.addButton(say("Cancel"), QDialogButtonBox.ButtonRole.RejectRole)
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        layout.addWidget(buttons)
        self.setMinimumWidth(480)
        QShortcut(QKeySequence("F1"), self, lambda: desk.help("points"))
        self.accepted.connect(self._send)
        self._judge()

    def _judge(self) -> None:
        copy = self._copies[self.to.currentData()]
        self.state.setText(_standing(copy))
        name = self.name.text().strip()
        fits = not name or NAME.fullmatch(name) is not None
        self.wrong.setText("" if fits else say("A name has letters without accents, digits, _ and -, no spaces."))
        self.wrong.setVisible(not fits)
        self.yes.setEnabled(fits)

    def _send(self) -> None:
        """After the dialogue is gone: the job may open another page."""
        said = (self.to.currentData(), self.name.text().strip(), self.description.text().strip())
        begin = self._on_send
        QTimer.singleShot(0, self._owner, lambda: begin(*said))


def _edit(name: str, placeholder: str, length: int) -> QLineEdit:
    made = QLineEdit()
    made.setAccessibleName(name)
    made.setPlaceholderText(placeholder)
    made.setMaxLength(length)
    return made


def _standing(copy: CopyAnswer) -> str:
    if copy["failure"] is not None:
        return copy["failure"]["message"]
    if copy["replica"]:
        return say("It is there, as “{name}”.", name=copy["replica"])
    return say("It is there already; only what it is called changes.")
