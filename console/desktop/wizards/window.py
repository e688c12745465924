"""One window for every wizard: draws the step in front of a flow, leads through it, and shows what came of it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from PySide6.QtCore import QEvent, Qt, QTimer, Signal
from PySide6.QtGui import QAccessible, QAccessibleEvent, QCloseEvent, QKeySequence, QShortcut
from PySide6.QtWidgets import QApplication, QDialog, QHBoxLayout, QMessageBox, QScrollArea, QVBoxLayout, QWidget
from shiboken6 import isValid

from console.desktop.desk import Desk
from console.desktop.keys.unlocking import UnlockingProblem
from console.desktop.theme.tokens import GAP, GAP_L, GAP_XL, HEAD
from console.desktop.widgets.asking import ask
from console.desktop.widgets.parts import heading, label, panel, tool
from console.desktop.widgets.problem import BUSY_MS
from console.desktop.wizards.busy import BusyBar
from console.desktop.wizards.fields.view import ProblemLine
from console.desktop.wizards.footer import Footer
from console.desktop.wizards.form import Form
from console.desktop.wizards.outcome import Outcome
from console.desktop.wizards.reaching import client_of
from console.desktop.wizards.share import let_go, share_of
from console.desktop.wizards.steps import StepList
from console.desktop.wizards.tab_order import put_in_order
from console.domain.errors import Failed, Failure
from console.flows.fields import Answer
from console.flows.flow import Flow
from console.flows.plan import Finished
from console.flows.wording import say

SIZE = (1000, 700)
LEAST = (920, 560)

Doing = Callable[[], Awaitable[Any]]


class WizardWindow(QDialog):
    """`help_wanted` names a help topic. The window goes away by itself once it is closed; `closed` says so."""

    help_wanted = Signal(str)
    closed = Signal()

    def __init__(self, desk: Desk, flow: Flow, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.desk = share_of(desk)
        self._whole = desk
        self.flow = flow
        self.outcome: Outcome | None = None
        self.question: QMessageBox | None = None
        self._doing: asyncio.Task[Any] | None = None
        self._finishing = False
        self._typed = False
        self._begun = False
        self._gone = False
        self._retry: Callable[[], object] | None = None
        self._had: QWidget | None = None
        self._ordered: list[QWidget] = []
        self.setWindowFlags(Qt.WindowType.Window)
        self.setModal(False)
        self.setWindowTitle(say("{wizard} – {core}", wizard=flow.title, core=desk.link.title))
        self.setAccessibleName(flow.title)
        self.setMinimumSize(*LEAST)
        self.resize(*SIZE)
        self._build()
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(BUSY_MS)
        self._soon.timeout.connect(self._show_busy)
        QShortcut(QKeySequence.StandardKey.HelpContents, self, self._help)
        QShortcut(QKeySequence.StandardKey.Refresh, self, self._look_again)
        QShortcut(QKeySequence(Qt.Modifier.ALT | Qt.Key.Key_Left), self, self._back)
        application = QApplication.instance()
        if isinstance(application, QApplication):
            application.focusChanged.connect(self._focus_moved)
        self._show_step()
        self._begin()

    # --- what is on it

    def _build(self) -> None:
        self.steps = StepList()
        side = panel("side")
        inside = QVBoxLayout(side)
        inside.setContentsMargins(0, 0, 0, 0)
        inside.addWidget(self.steps)
        self.title = heading("", HEAD)
        self.title.setWordWrap(True)
        self.again = tool("recycle", say("Look again (F5)"), self._look_again)
        self.help = tool("help", say("Help (F1)"), self._help)
        self.text = label("", "muted", wrap=True)
        self.bar = BusyBar()
        self.problem = UnlockingProblem(self.desk)
        self.problem.again.connect(self._again)
        self.problem.unlocked.connect(self._again)
        self.form = Form(self.desk)
        self.form.answered.connect(self._answered)
        self.form.seen.connect(self._show_problems)
        self.form.meant.connect(self._next)
        self.area = QScrollArea()
        self.area.setWidgetResizable(True)
        self.area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.area.setWidget(self.form)
        self.rest = ProblemLine()
        self.footer = Footer(self.desk, stop=self._stop, back=self._back, forward=self._next, leave=self.close)
        self.back, self.next, self.cancel = self.footer.back, self.footer.next, self.footer.cancel
        head = QHBoxLayout()
        head.setSpacing(0)
        head.addWidget(self.title, 1)
        head.addWidget(self.again, 0, Qt.AlignmentFlag.AlignTop)
        head.addWidget(self.help, 0, Qt.AlignmentFlag.AlignTop)
        main = QVBoxLayout()
        main.setContentsMargins(GAP_XL, GAP_L, GAP_L, GAP_L)
        main.setSpacing(GAP)
        main.addLayout(head)
        main.addWidget(self.text)
        main.addWidget(self.bar)
        main.addWidget(self.problem)
        main.addWidget(self.area, 1)
        main.addWidget(self.rest)
        top = QHBoxLayout()
        top.setSpacing(0)
        top.addWidget(side)
        top.addLayout(main, 1)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(0)
        whole.addLayout(top, 1)
        whole.addWidget(self.footer)

    @property
    def busy(self) -> bool:
        """Whether an answer of the Core is waited for."""
        return self._doing is not None

    @property
    def topic(self) -> str:
        """The help topic of this wizard."""
        return f"wizard-{self.flow.name}"

    # --- the step in front

    def _show_step(self) -> None:
        """Draws the step with its answers as they are; what has the focus keeps it."""
        step, path = self.flow.step, self.flow.path()
        self.steps.show_steps([one.title for one in path], self.flow.number)
        self.title.setText(step.title)
        self.text.setText(step.text if self._begun else "")
        self.text.setVisible(bool(self.text.text()))
        self.setAccessibleDescription(f"{step.title}. {step.text}".strip())
        self.footer.show_step(self.flow)
        fields = step.fields() if self._begun else ()
        self.form.show_fields(step, fields, self.footer.letters)
        self._order_tabs(list(self.form.views.values()))
        self._show_problems()

    def _order_tabs(self, parts: Sequence[QWidget]) -> None:
        ordered = [self.again, self.help, self.problem, *parts, self.footer]
        if ordered != self._ordered:
            self._ordered = ordered
            put_in_order(self, ordered)

    def _show_problems(self) -> None:
        problems = {**self.flow.problems(), **self.form.own_problems()} if self._begun else {}
        rest = self.form.tell(problems)
        self.rest.tell(rest[0] if rest else "")

    def _answered(self, key: str, value: Answer) -> None:
        if self.busy:
            return
        self._typed = True
        self.problem.clear()
        self.flow.answer(key, value)
        self._show_step()

    # --- leading through it

    def _begin(self) -> None:
        def begun(_: object) -> None:
            self._begun = True
            self._show_new_step()

        self._do(self.flow.begin, begun, self._begin)

    def _look_again(self) -> None:
        """Loads once more what the step shows: something was plugged in, or made elsewhere."""
        if self.outcome is None and self._begun:
            self._do(self.flow.begin, lambda _: self._show_step(), self._look_again)
        elif self.outcome is None:
            self._begin()

    def _next(self) -> None:
        if self.outcome is not None:
            self.close()
        elif self.busy:
            return
        elif not self._begun:
            self._begin()
        elif self._stopped_by_problems():
            return
        elif self.flow.last:
            self._do(self.flow.finish, self._finished, self._next, finishing=True)
        else:
            self._do(self.flow.forward, lambda _: self._show_new_step(), self._next)

    def _stopped_by_problems(self) -> bool:
        problems = {**self.flow.problems(), **self.form.own_problems()}
        if not problems:
            return False
        self.form.touch_all()
        self._show_problems()
        self.form.focus_first(problems)
        return True

    def _back(self) -> None:
        if self.flow.number and self.outcome is None and not self.busy:
            self._do(self.flow.back, lambda _: self._show_new_step(), self._back)

    def _show_new_step(self) -> None:
        self._had = None
        self._show_step()
        if not self.form.focus_first():
            self.next.setFocus(Qt.FocusReason.OtherFocusReason)
        QTimer.singleShot(0, self, lambda: self.area.verticalScrollBar().setValue(0))

    def _do(
        self, work: Doing, done: Callable[[Any], object], retry: Callable[[], object], *, finishing: bool = False
    ) -> None:
        if self.busy or self._gone:
            return
        waits = self._retry is not None
        self._retry = retry
        self._finishing = finishing
        self._lock()
        self._doing = self.desk.tasks.start(self._work(work, done, waits=waits))

    async def _work(self, work: Doing, done: Callable[[Any], object], *, waits: bool) -> None:
        try:
            self.flow.client = await client_of(self.desk.link, waits=waits)
            answer = await work()
        except Failed as known:
            self._settle()
            self._tell(known.failure)
        except asyncio.CancelledError:
            self._retry = None
            self._settle()
            raise
        except Exception:
            self._settle()
            self._tell(_bug())
            raise
        else:
            self._retry = None
            self._settle()
            self.problem.clear()
            done(answer)

    def _tell(self, failure: Failure) -> None:
        self.problem.tell(failure, retry=True)
        QAccessible.updateAccessibility(QAccessibleEvent(self.problem, QAccessible.Event.Alert))

    # --- waiting

    def _lock(self) -> None:
        """Nothing can be changed while the Core is asked; it looks so only when that takes a moment."""
        focused = QApplication.focusWidget()
        self._had = focused if focused is not None and self.isAncestorOf(focused) else None
        self.form.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents, True)
        self.setFocus(Qt.FocusReason.OtherFocusReason)
        self._soon.start()

    def _show_busy(self) -> None:
        self.bar.start()
        self.footer.stop.setVisible(not self._finishing)
        for part in (self.form, self.next, self.back, self.again):
            part.setEnabled(False)

    def _settle(self) -> None:
        self._doing = None
        if self._gone:
            return
        self._soon.stop()
        self.bar.stop()
        self.footer.stop.hide()
        self.form.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents, False)
        for part in (self.form, self.next, self.back, self.again):
            part.setEnabled(True)
        had, self._had = self._had, None
        if had is not None and isValid(had) and had.isVisible() and had.isEnabled():
            had.setFocus(Qt.FocusReason.OtherFocusReason)

    def _stop(self) -> None:
        if self._doing is not None and not self._finishing:
            self._doing.cancel()

    def _again(self) -> None:
        if self._retry is not None:
            self._retry()

    # --- the end

    def _finished(self, finished: Finished) -> None:
        self._typed = False
        self.outcome = Outcome(self.desk, finished)
        self.area.setWidget(self.outcome)  # takes the form away
        self.steps.show_steps([step.title for step in self.flow.path()], len(self.flow.path()))
        self.title.setText(self.flow.title)
        self.text.hide()
        self.rest.tell("")
        self.again.hide()
        self.footer.show_end(finished)
        self._order_tabs([self.outcome])
        self.next.setFocus(Qt.FocusReason.OtherFocusReason)

    def reject(self) -> None:
        """Escape and Cancel: asks when something would be lost."""
        self.close()

    def closeEvent(self, event: QCloseEvent) -> None:
        if self._gone:
            event.accept()
        elif self._finishing and self.busy:
            event.ignore()
            self._ask(
                say("The Core is being asked to begin. Closing the window does not take that back."),
                say("&Close anyway"),
            )
        elif self._typed:
            event.ignore()
            self._ask(say("Nothing was changed yet. Your answers are lost."), say("&Discard answers"))
        else:
            self._leave()
            event.accept()

    def _ask(self, text: str, action: str) -> None:
        if self.question is not None and isValid(self.question) and self.question.isVisible():
            self.question.raise_()
            return
        title = say("Leave “{wizard}”?", wizard=self.flow.title)
        self.question = ask(self, title, title, [text], action, self._leave_and_hide, danger=False)

    def _leave_and_hide(self) -> None:
        self._leave()
        self.hide()

    def _leave(self) -> None:
        """Ends everything that runs for this window, then the window itself."""
        if self._gone:
            return
        self._gone = True
        self._soon.stop()
        let_go(self, self.desk, self._whole)
        self.closed.emit()

    # --- odds and ends

    def _help(self) -> None:
        self.help_wanted.emit(self.topic)

    def _focus_moved(self, _: QWidget | None, now: QWidget | None) -> None:
        if now is not None and self._begun and self.area.isAncestorOf(now):
            self.area.ensureWidgetVisible(now, 0, GAP_XL)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and self.outcome is None and self._begun and not self.busy:
            QTimer.singleShot(0, self, self._show_step)


def _bug() -> Failure:
    return Failure(
        "console-bug",
        say("The Console made a mistake of its own; nothing was changed by it."),
        say("The log has the details. Try again, or close this window and begin anew."),
    )
