"""A question before something is lost, and other small dialogues. Never `exec`: the window goes on meanwhile."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QLabel, QLineEdit, QMessageBox, QVBoxLayout, QWidget

from console.desktop.theme.icons import icon
from console.desktop.theme.tokens import GAP_L, Tone
from console.desktop.widgets.parts import label
from console.flows.wording import say


def ask(
    parent: QWidget,
    title: str,
    text: str,
    details: Sequence[str],
    action: str,
    on_yes: Callable[[], object],
    *,
    danger: bool = True,
) -> QMessageBox:
    """Asks before `on_yes`; `details` name what is lost, `action` is what the button says. Escape means no."""
    box = QMessageBox(parent)
    box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    box.setWindowTitle(title)
    box.setTextFormat(Qt.TextFormat.PlainText)
    box.setText(text)
    box.setInformativeText("\n".join(details))
    box.setIconPixmap(icon("warn", Tone.WARN if danger else Tone.INFO).pixmap(40, 40))
    # Made by the box: it does not keep one that is made here alive.
    yes = box.addButton(action, QMessageBox.ButtonRole.AcceptRole)
    yes.setProperty("role", "danger" if danger else "primary")
    yes.setAccessibleName(action.replace("&", ""))
    no = box.addButton(QMessageBox.StandardButton.Cancel)
    no.setText(say("&Cancel"))
    no.setAccessibleName(say("Cancel"))
    box.setDefaultButton(no)
    box.setEscapeButton(no)
    box.setAccessibleName(title)
    box.setAccessibleDescription("\n".join([text, *details]))
    # After the question is gone: what is done then may close the window that it belongs to.
    yes.clicked.connect(lambda *_: QTimer.singleShot(0, parent, on_yes))
    box.open()
    return box


def ask_text(
    parent: QWidget,
    title: str,
    fields: Sequence[tuple[str, str, bool]],
    action: str,
    on_done: Callable[[list[str]], object],
    *,
    explain: str = "",
) -> QDialog:
    """Asks for a few lines: `fields` are (label, value now, secret). `on_done` gets what was typed."""
    dialog = QDialog(parent)
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    dialog.setWindowTitle(title)
    dialog.setAccessibleName(title)
    layout = QVBoxLayout(dialog)
    layout.setContentsMargins(GAP_L, GAP_L, GAP_L, GAP_L)
    if explain:
        layout.addWidget(label(explain, "muted", wrap=True))
    edits = []
    for name, value, secret in fields:
        edit = QLineEdit(value)
        edit.setAccessibleName(name.replace("&", ""))
        edit.setMinimumWidth(320)
        if secret:
            edit.setEchoMode(QLineEdit.EchoMode.Password)
        shown = QLabel(name)
        shown.setBuddy(edit)
        layout.addWidget(shown)
        layout.addWidget(edit)
        edits.append(edit)
    buttons = QDialogButtonBox()
    yes = buttons.addButton(action, QDialogButtonBox.ButtonRole.AcceptRole)
    yes.setDefault(True)
    buttons.addButton(say("&Cancel"), QDialogButtonBox.ButtonRole.RejectRole)
    buttons.accepted.connect(dialog.accept)
    buttons.rejected.connect(dialog.reject)
    layout.addWidget(buttons)
    dialog.accepted.connect(lambda: on_done([edit.text() for edit in edits]))
    dialog.open()
    return dialog
