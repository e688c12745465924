"""Who answered: words in large type to read over the phone, the fingerprint, and a tick that they were compared."""

from __future__ import annotations

import re

from PySide6.QtGui import QFontDatabase
from PySide6.QtWidgets import QCheckBox, QWidget

from console.desktop.theme.theme import scaled
from console.desktop.theme.tokens import GAP, GAP_L, HEAD
from console.desktop.widgets.parts import heading, label, panel, rows
from console.desktop.wizards.fields.mnemonics import plain
from console.desktop.wizards.fields.view import FieldView
from console.flows.fields import Fingerprint
from console.flows.wording import say

BYTES_IN_A_LINE = 16
_HEX = re.compile(r"([0-9A-Fa-f]{2}:){15,}[0-9A-Fa-f]{2}")


class FingerprintView(FieldView[Fingerprint]):
    def build(self) -> QWidget:
        self.who = label("", "title")
        self.words = heading("", HEAD)
        self.words.setWordWrap(True)
        self.hex = label("", selectable=True)
        self.hex.setFont(scaled(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont), 1.0))
        self.same = QCheckBox()
        self.same.clicked.connect(lambda checked: self.give(bool(checked)))
        self.watch(self.same)
        shown = rows(self.who, self.words, self.hex, gap=GAP, margin=GAP_L, into=panel())
        return rows(shown, self.same, gap=GAP)

    def controls(self) -> list[QWidget]:
        return [self.same]

    def show_field(self, field: Fingerprint) -> None:
        words, digits = "  ".join(field.words), in_lines(field.fingerprint)
        self.who.setText(field.name)
        self.who.setVisible(field.name not in field.label)
        self.words.setText(words)
        self.words.setAccessibleName(say("Words: {words}", words=", ".join(field.words)))
        self.words.setVisible(bool(field.words))
        self.hex.setText(digits)
        self.hex.setAccessibleName(say("Fingerprint: {digits}", digits=field.fingerprint))
        self.same.setText(plain(say("They are the same on “{name}”", name=field.name)))
        self.same.setAccessibleName(say("They are the same on “{name}”", name=field.name))
        self.same.setChecked(field.value)


def is_fingerprint(text: str) -> bool:
    """Whether a text is a fingerprint in hex, which nothing else would break into lines."""
    return _HEX.fullmatch(text) is not None


def in_lines(fingerprint: str) -> str:
    """Colon-separated hex, so many bytes in a line."""
    digits = fingerprint.replace(":", "").replace(" ", "")
    pairs = [digits[at : at + 2] for at in range(0, len(digits), 2)]
    lines = [pairs[at : at + BYTES_IN_A_LINE] for at in range(0, len(pairs), BYTES_IN_A_LINE)]
    return "\n".join(":".join(one) for one in lines)
