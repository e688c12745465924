"""What every dialogue about a key is: fields, a button that asks the Core, and what went wrong in place.

It stays until the Core has done it: a passphrase with one wrong letter is mended, not typed anew. Whatever way it goes
away, what was typed is forgotten.
"""

from __future__ import annotations

import asyncio
from typing import Any

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QAccessible, QAccessibleEvent, QKeySequence, QShortcut
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QFormLayout, QLabel, QProgressBar, QVBoxLayout, QWidget
from shiboken6 import isValid

from console.client.client import Client
from console.desktop.desk import Desk
from console.desktop.keys.passphrase import NewPassphrase, PassphraseEdit
from console.desktop.link import Link
from console.desktop.theme.tokens import GAP, GAP_L
from console.desktop.widgets.parts import label
from console.desktop.widgets.problem import BUSY_MS, Problem
from console.desktop.wizards.fields.view import ProblemLine
from console.desktop.wizards.reaching import client_of
from console.domain.errors import Failed
from console.flows.wording import say

WIDE = 620


class KeyDialog(QDialog):
    """A subclass adds its fields with `field`, says in `ready` whether they are filled, and does it in `work`.

    `explain` stands on top. `finished_with` brings what `work` returned, after which the dialogue is gone, unless
    `stays`.
    """

    finished_with = Signal(object)
    stays = False

    def __init__(self, parent: QWidget, desk: Desk, title: str, explain: str, action: str, *, danger: bool = False):
        super().__init__(parent)
        self.desk = desk
        self._secrets: list[PassphraseEdit | NewPassphrase] = []
        self._doing: asyncio.Task[Any] | None = None
        self.waits = False
        self._first: QWidget = self
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(title)
        self.setAccessibleName(title)
        self.setAccessibleDescription(explain)
        self.setMinimumWidth(WIDE)
        self.problem = Problem()
        self.problem.again.connect(self.begin)
        self.wrong = ProblemLine()
        self.bar = QProgressBar()
        self.bar.setRange(0, 0)
        self.bar.setFixedHeight(3)
        self.bar.setTextVisible(False)
        self.bar.setAccessibleName(say("The Core is asked"))
        policy = self.bar.sizePolicy()
        policy.setRetainSizeWhenHidden(True)
        self.bar.setSizePolicy(policy)
        self.bar.hide()
        self.form = QFormLayout()
        self.form.setHorizontalSpacing(GAP_L)
        self.form.setVerticalSpacing(GAP)
        self.form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        buttons = QDialogButtonBox()
        self.yes = buttons.addButton(action, QDialogButtonBox.ButtonRole.AcceptRole)
        self.yes.setProperty("role", "danger" if danger else "primary")
        self.yes.setDefault(not danger)
        self.yes.setAccessibleName(action.replace("&", ""))
        self.no = buttons.addButton(say("&Cancel"), QDialogButtonBox.ButtonRole.RejectRole)
        self.no.setAccessibleName(say("Cancel"))
        self.no.setAutoDefault(False)
        buttons.accepted.connect(self.begin)
        buttons.rejected.connect(self.reject)
        self.column = QVBoxLayout(self)
        self.column.setContentsMargins(GAP_L, GAP_L, GAP_L, GAP_L)
        self.column.setSpacing(GAP)
        if explain:
            self.column.addWidget(label(explain, "muted", wrap=True))
        self.column.addLayout(self.form)
        self.column.addWidget(self.wrong)
        self.column.addWidget(self.problem)
        self.column.addWidget(self.bar)
        self.column.addStretch(1)
        self.column.addWidget(buttons)
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(BUSY_MS)
        self._soon.timeout.connect(self.bar.show)
        QShortcut(QKeySequence.StandardKey.HelpContents, self, self._help)

    # --- for subclasses

    def field(self, name: str, made: QWidget, explain: str = "") -> None:
        """A line of the form; `name` with its mnemonic."""
        shown = QLabel(name)
        shown.setBuddy(made)
        if self.form.rowCount() == 0:
            self._first = made
        if not made.accessibleName():
            made.setAccessibleName(name.replace("&", ""))
        self.form.addRow(shown, made)
        if explain:
            made.setAccessibleDescription(explain)
            self.form.addRow("", label(explain, "small", wrap=True))
        if isinstance(made, (PassphraseEdit, NewPassphrase)):
            self._secrets.append(made)
            made.changed.connect(self.judge)

    def trouble(self) -> str:
        """What is wrong with what is typed, beside its fields' own problems; empty: nothing."""
        return ""

    def ready(self) -> bool:
        """Whether everything that is needed is typed."""
        return True

    async def work(self, core: Client) -> Any:
        """Asks the Core. Raises Failed."""
        raise NotImplementedError

    def told(self, answer: Any) -> None:
        """Says what was done, where it `stays`."""

    def link(self) -> Link:
        """Of the Core that is asked."""
        return self.desk.link

    # --- doing it

    def start(self) -> None:
        """Shows it. Call it last."""
        self.judge()
        self.open()
        if self.focusWidget() in (None, self.yes, self.no):
            self._first.setFocus(Qt.FocusReason.OtherFocusReason)
        self.fit()

    def judge(self) -> None:
        self.yes.setEnabled(self._doing is None and self.ready())
        if self.trouble() != self.wrong.text:
            self.wrong.tell(self.trouble())
            if self.isVisible():
                self.fit()

    def fit(self) -> None:
        """As high as what is said now needs: lines that wrap do not make a window grow by themselves."""
        self.column.activate()
        high = max(self.column.totalHeightForWidth(self.width()), self.column.totalMinimumSize().height())
        self.resize(self.width(), max(high, self.height()))

    def begin(self) -> None:
        if self._doing is None and self.ready():
            self._soon.start()
            self._doing = self.desk.tasks.start(self._do())
            self.judge()

    async def _do(self) -> None:
        try:
            core = await client_of(self.link(), waits=self.waits)
            answer = await self.work(core)
        except Failed as known:
            if isValid(self):
                self.waits = True  # the next time, for a Core that is just coming back
                self._settle()
                self.problem.tell(known.failure, retry=False)
                QAccessible.updateAccessibility(QAccessibleEvent(self.problem, QAccessible.Event.Alert))
                self._focus_secret()
                self.fit()
            return
        except Exception:
            if isValid(self):
                self._settle()
            raise
        if not isValid(self):
            return
        self._settle()
        self.problem.clear()
        if self.stays:
            self.told(answer)
            self.fit()
        else:
            self.finished_with.emit(answer)
            self.accept()

    def _settle(self) -> None:
        self._doing = None
        self._soon.stop()
        self.bar.hide()
        self.judge()

    def _focus_secret(self) -> None:
        if self._secrets:
            self._secrets[0].setFocus(Qt.FocusReason.OtherFocusReason)

    def done(self, result: int) -> None:
        if self._doing is not None:
            self._doing.cancel()
        for secret in self._secrets:
            secret.forget()
        super().done(result)

    def _help(self) -> None:
        self.desk.help("keys")
