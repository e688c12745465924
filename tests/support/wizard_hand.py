"""A person at a wizard: clicks and keys through Qt's real events, and what they see."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, cast

from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QAccessible, QAccessibleInterface
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication, QLabel, QWidget
from shiboken6 import isValid

from console.desktop.desk import Desk
from console.desktop.wizards.fields.mnemonics import letter_of
from console.desktop.wizards.window import WizardWindow
from console.flows.flow import Flow
from tests.support.bench import Bench

Key = Qt.Key
LEFT = Qt.MouseButton.LeftButton
MOST_TABS = 60


@dataclass
class Hand:
    """`keys_only`: without a mouse."""

    bench: Bench
    window: WizardWindow
    keys_only: bool = False

    @classmethod
    def at(
        cls, bench: Bench, desk: Desk, flow: Flow, size: tuple[int, int] = (920, 640), *, keys_only: bool = False
    ) -> Hand:
        """Opens the wizard of a flow and waits until it has begun (or failed to)."""
        window = WizardWindow(desk, flow)
        window.resize(*size)
        window.show()
        bench.qtbot.waitExposed(window)
        window.activateWindow()
        hand = cls(bench, window, keys_only)
        hand.settle()
        return hand

    # --- what is seen

    @property
    def flow(self) -> Any:
        return self.window.flow

    @property
    def step(self) -> str:
        return str(self.window.flow.step.key)

    @property
    def failure(self) -> str:
        """The code of the failure that is told; empty: none."""
        problem = self.window.problem
        return problem.failure.code if problem.failure is not None and problem.isVisible() else ""

    def view(self, key: str) -> Any:
        return self.window.form.views[key]

    def problem(self, key: str) -> str:
        wrong = self.view(key).wrong
        return str(wrong.text) if wrong.isVisible() else ""

    @property
    def problems(self) -> dict[str, str]:
        return {key: self.problem(key) for key in self.window.form.views if self.problem(key)}

    @property
    def said(self) -> str:
        """All texts of the step in front."""
        labels = cast(list[QLabel], self.window.findChildren(QLabel))
        return "\n".join(label.text() for label in labels if label.isVisible() and label.text())

    # --- what is done

    def settle(self) -> None:
        self.bench.wait(lambda: not self.window.busy, "the Core does not answer")

    def click(self, control: QWidget) -> None:
        """With the mouse, or (`keys_only`) by going there with Tab and pressing Space."""
        assert control.isVisible(), f"{control.accessibleName()} is not to be seen"
        assert control.isEnabled(), f"{control.accessibleName()} is greyed"
        if self.keys_only:
            self.reach(control)
            self.key(Key.Key_Space)
            return
        self._bring(control)
        at = QPoint(10, control.height() // 2) if isinstance(control, QAbstractButton) else control.rect().center()
        QTest.mouseClick(control, LEFT, pos=at)

    def reach(self, control: QWidget) -> None:
        """Puts the focus there with Tab alone."""
        for _ in range(MOST_TABS):
            if self.focused is control or control.isAncestorOf(self.focused):
                return
            self.key(Key.Key_Tab)
        raise AssertionError(f"Tab does not lead to {type(control).__name__} “{control.accessibleName()}”")

    def key(self, key: Qt.Key, modifiers: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
        """To whatever has the focus, as a keyboard does."""
        QTest.keyClick(self.focused, key, modifiers)

    def keys(self, text: str) -> None:
        for character in text:
            QTest.keyClicks(self.focused, character)

    @property
    def focused(self) -> QWidget:
        focused = QApplication.focusWidget()
        return focused if focused is not None else self.window

    def press(self, button: QAbstractButton) -> None:
        """A button of the window itself: by mouse, or by its mnemonic."""
        letter = letter_of(button.text())
        if self.keys_only and letter:
            assert button.isVisible()
            clicks: list[bool] = []
            seen = button.clicked.connect(lambda *_: clicks.append(True))
            QTest.keyClick(self.window, letter, Qt.KeyboardModifier.AltModifier)
            self.bench.wait(lambda: clicks, f"Alt+{letter} does not press “{button.accessibleName()}”")
            if isValid(button):
                button.disconnect(seen)
        else:
            self.click(button)

    def next(self) -> None:
        """Presses Next (or Finish) and waits for the answer."""
        self.press(self.window.next)
        self.settle()

    def go_on(self) -> None:
        """Next, which must lead to another step."""
        before = self.window.flow.number
        self.next()
        why = f"{self.failure} {self.problems} {self.window.rest.text}"
        assert self.window.flow.number == before + 1, f"the step {self.step} stays in front: {why}"

    def back(self) -> None:
        self.press(self.window.back)
        self.settle()

    def try_again(self) -> None:
        self.press(self.window.problem._retry)
        self.settle()

    def type(self, key: str, text: str) -> None:
        """Into the control of a field, instead of what is there."""
        control = self.view(key).controls()[0]
        if self.keys_only:
            self.reach(control)
        else:
            self.click(control)
        self.key(Key.Key_A, Qt.KeyboardModifier.ControlModifier)
        if text:
            self.keys(text)
        else:
            self.key(Key.Key_Delete)

    def add(self, key: str, folder: str) -> None:
        """One more directory, in a field that takes several."""
        self.type(key, folder)
        self.key(Key.Key_Return)

    def tick(self, key: str) -> None:
        self.click(self.view(key).controls()[0])

    def choose(self, key: str, value: str) -> None:
        """An option of a choice."""
        view = self.view(key)
        values = [option.value for option in view.field.options]
        if view.box is not None:
            self.reach(view.box)
            self.key(Key.Key_Home)
            for _ in range(values.index(value)):
                self.key(Key.Key_Down)
        elif self.keys_only:
            if not any(radio.hasFocus() for radio in view.radios.values()):
                self.reach(view.buddy())
            for _ in values:
                if not view.radios[value].isChecked():
                    self.key(Key.Key_Down)
        else:
            self.click(view.radios[value])
        assert view.field.value == value

    def pick(self, key: str, *lines: str) -> None:
        """Lines of a table, by their first cell or their value."""
        view = self.view(key)
        for line in lines:
            row = next(one for one in view.field.rows if line in (one.value, one.cells[0]))
            number = view.lines.number_of(row.value)
            if self.keys_only:
                self.reach(view.table)
                self.key(Key.Key_Home, Qt.KeyboardModifier.ControlModifier)
                for _ in range(number):
                    self.key(Key.Key_Down)
                self.key(Key.Key_Space)
                continue
            index = view.lines.index(number, 0)
            self._bring(view.table)
            view.table.scrollTo(index)
            QTest.mouseClick(view.table.viewport(), LEFT, pos=view.table.visualRect(index).center())

    def cancel(self) -> None:
        self.click(self.window.cancel)

    def discard(self) -> None:
        """Cancel, and yes to the question whether the answers may go, if there is one."""
        self.cancel()
        question = self.window.question
        if question is not None and isValid(question) and question.isVisible():
            yes = next(one for one in question.buttons() if "Discard" in one.text())
            QTest.mouseClick(yes, LEFT)
        self.bench.wait(lambda: not isValid(self.window), "the window does not go away")

    def leave(self) -> None:
        """However it stands: without answers that could be lost it just closes."""
        if isValid(self.window):
            self.window._typed = False
            self.window._finishing = False
            self.window.close()
            self.bench.wait(lambda: not isValid(self.window), "the window does not go away")

    def _bring(self, control: QWidget) -> None:
        area = self.window.area
        if area.isAncestorOf(control):
            QApplication.processEvents()
            area.ensureWidgetVisible(control)

    # --- who cannot see

    def nameless(self) -> list[str]:
        """Controls that take the focus and have no accessible name."""
        found = []
        for interface in walk(QAccessible.queryAccessibleInterface(self.window)):
            state = interface.state()
            if not state.focusable or state.invisible:
                continue
            widget = interface.object()
            if isinstance(widget, QWidget) and (
                not widget.isVisible() or widget.focusPolicy() == Qt.FocusPolicy.NoFocus
            ):
                continue
            if not interface.text(QAccessible.Text.Name):
                found.append(f"{type(widget).__name__} {interface.role()} in {_line_of(widget)}")
        return found


def walk(interface: QAccessibleInterface | None) -> Iterator[QAccessibleInterface]:
    """An accessible thing and all below it; cells of tables are left to their tables."""
    if interface is None:
        return
    yield interface
    if interface.role() in (QAccessible.Role.Table, QAccessible.Role.Tree, QAccessible.Role.List):
        return
    for number in range(interface.childCount()):
        yield from walk(interface.child(number))


def _line_of(thing: Any) -> str:
    names = []
    while thing is not None:
        names.append(type(thing).__name__)
        thing = thing.parent()
    return " in ".join(names[:5])
