"""Fields for passphrases: hidden as they are typed, shown while somebody wants to see them, forgotten with `forget`."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QLineEdit, QProgressBar, QToolButton, QWidget

from console.desktop.theme.tokens import GAP_S
from console.desktop.widgets.parts import label, line, rows
from console.domain.keys import PASSPHRASE_MAX
from console.flows.passphrases import MOST, strength, twice_problem
from console.flows.wording import say

WIDE = 300
BAR = 6


class PassphraseEdit(QWidget):
    """One line. `changed` while it is typed; what was typed is in `text`, and nowhere else."""

    changed = Signal()

    def __init__(self, name: str) -> None:
        super().__init__()
        self.edit = QLineEdit()
        self.edit.setEchoMode(QLineEdit.EchoMode.Password)
        self.edit.setMaxLength(PASSPHRASE_MAX)
        self.edit.setMinimumWidth(WIDE)
        self.edit.setAccessibleName(name)
        # No keyboard learns it, nobody drags or copies it elsewhere.
        hints = Qt.InputMethodHint
        self.edit.setInputMethodHints(hints.ImhHiddenText | hints.ImhSensitiveData | hints.ImhNoPredictiveText)
        self.edit.textChanged.connect(lambda *_: self.changed.emit())
        self.show_it = QToolButton()
        self.show_it.setText(say("Show"))
        self.show_it.setProperty("role", "button")
        self.show_it.setCheckable(True)
        self.show_it.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.show_it.setAccessibleName(say("Show what is typed: {field}", field=name))
        self.show_it.toggled.connect(self._show)
        line(self.edit, self.show_it, gap=GAP_S, into=self)
        self.setFocusProxy(self.edit)

    @property
    def text(self) -> str:
        return self.edit.text()

    def forget(self) -> None:
        """What was typed is gone, and cannot be brought back by undoing."""
        self.show_it.setChecked(False)
        self.edit.setText("")

    def _show(self, shown: bool) -> None:
        mode = QLineEdit.EchoMode
        self.edit.setEchoMode(mode.Normal if shown else mode.Password)


class NewPassphrase(QWidget):
    """Two lines, and how good the passphrase is as it is typed. `name`: of the key, as a passphrase is not that."""

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.name = ""
        self.first = PassphraseEdit(say("New passphrase"))
        self.again = PassphraseEdit(say("New passphrase, once more"))
        self.again.edit.setPlaceholderText(say("Once more"))
        self.bar = QProgressBar()
        self.bar.setRange(0, MOST)
        self.bar.setTextVisible(False)
        self.bar.setFixedHeight(BAR)
        self.bar.setAccessibleName(say("Strength of the passphrase"))
        self.said = label("", "small", wrap=True)
        self.said.setMinimumHeight(2 * self.fontMetrics().lineSpacing())
        self.said.setAlignment(Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft)
        for field in (self.first, self.again):
            field.changed.connect(self._typed)
        rows(self.first, self.bar, self.again, self.said, gap=GAP_S, into=self)
        self.setFocusProxy(self.first)
        self._typed()

    @property
    def text(self) -> str:
        return self.first.text

    @property
    def problem(self) -> str:
        """Why it cannot be; empty: it can."""
        return twice_problem(self.first.text, self.again.text, self.name)

    def set_name(self, name: str) -> None:
        self.name = name
        self._typed()

    def forget(self) -> None:
        self.first.forget()
        self.again.forget()

    def _typed(self) -> None:
        found = strength(self.first.text, self.name)
        self.bar.setValue(found.level)
        said = found.text or say("A sentence of several words that nobody would guess is good.")
        if found.enough and self.again.text and self.first.text != self.again.text:
            said = say("The two passphrases differ.")
        self.said.setText(said)
        self.said.setAccessibleName(said)
        self.bar.setAccessibleDescription(said)
        self.changed.emit()
