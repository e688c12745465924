"""Looks at every widget of a window: names for a screen reader, words left untranslated, the event loop held up."""

from __future__ import annotations

import resource
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from PySide6.QtCore import QAbstractItemModel, QEvent, QObject, Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QGroupBox,
    QLabel,
    QLineEdit,
    QMenu,
    QTabBar,
    QTabWidget,
    QWidget,
)

from console.desktop.wizards.fields.mnemonics import letter_of
from console.flows.wording import speak
from tests.support.effort import effort

CALLS = 30_000
"""One turn of the event loop never calls more functions: some 10 ms of an idle processor, and the same number under any
load."""
CPU_MS = 50.0
"""The event loop is never held longer by work of our own."""
BLOCKED_MS = 250.0
"""Waiting for something else; more than 50 ms, because a busy machine alone may let a thread wait that long."""
OPEN, CLOSE = "⟦", "⟧"


def focusable(root: QWidget) -> Iterator[QWidget]:
    """The visible widgets that the keyboard can reach."""
    for widget in [root, *root.findChildren(QWidget)]:
        if widget.isVisible() and widget.focusPolicy() & Qt.FocusPolicy.TabFocus and widget.isEnabled():
            yield widget


def nameless(root: QWidget) -> list[str]:
    """Controls that a screen reader could not call by a name."""
    found = []
    for widget in focusable(root):
        if isinstance(widget.parent(), (QComboBox, QAbstractSpinBox)) or widget.objectName().startswith("qt_"):
            continue
        text = widget.text() if isinstance(widget, QAbstractButton) else ""
        if not (widget.accessibleName() or text).strip():
            found.append(f"{type(widget).__name__} {widget.objectName()} in {type(widget.parent()).__name__}")
    return found


def shared_letters(root: QWidget) -> dict[str, list[str]]:
    """Letters with Alt that lead to several places at once, so that they press none of them, with these places."""
    found: dict[str, list[str]] = {}
    for widget in [root, *root.findChildren(QWidget)]:
        if not (widget.isVisible() and widget.isEnabled()):
            continue
        said: list[str] = []
        if isinstance(widget, QAbstractButton) or (isinstance(widget, QLabel) and widget.buddy() is not None):
            said = [widget.text()]
        elif isinstance(widget, QTabBar):
            said = [widget.tabText(number) for number in range(widget.count()) if widget.isTabVisible(number)]
        for text in said:
            if letter := letter_of(text):
                found.setdefault(letter, []).append(text)
    return {letter: places for letter, places in found.items() if len(places) > 1}


@contextmanager
def marked_language() -> Iterator[None]:
    """A language in which every translated text stands in brackets: what has none was never translated."""
    speak(lambda text, _: f"{OPEN}{text}{CLOSE}")
    try:
        yield
    finally:
        speak(None)


def texts(root: QWidget) -> Iterator[tuple[str, str]]:
    """(where, text) of everything a person reads in a window, but for cells of tables and trees."""
    for widget in [root, *root.findChildren(QWidget)]:
        if not widget.isVisible():
            continue
        where = f"{type(widget).__name__} in {type(widget.parent()).__name__}"
        if isinstance(widget, (QLabel, QAbstractButton)):
            yield where, widget.text()
        if isinstance(widget, QGroupBox):
            yield where, widget.title()
        if isinstance(widget, QLineEdit):
            yield where, widget.placeholderText()
        if isinstance(widget, QTabWidget):
            yield from ((where, widget.tabText(number)) for number in range(widget.count()))
        if isinstance(widget, QComboBox):
            yield from ((where, widget.itemText(number)) for number in range(widget.count()))
        if isinstance(widget, QMenu):
            yield from ((where, action.text()) for action in widget.actions() if isinstance(action, QAction))
        if isinstance(widget, QAbstractItemView):
            yield from ((where, title) for title in _titles(widget.model()))


def _titles(model: QAbstractItemModel | None) -> list[str]:
    if model is None:
        return []
    across = Qt.Orientation.Horizontal
    found = [model.headerData(number, across) for number in range(model.columnCount())]
    return [title for title in found if isinstance(title, str)]


@dataclass
class Watchdog:
    """What held the event loop too long: (calls, or milliseconds where time is measured, and what was handled)."""

    timed: bool = False
    held: list[tuple[float, str]] = field(default_factory=list)
    most: int = 0


class WatchedApplication(QApplication):
    """Measures each event it handles, while a watchdog is set."""

    watchdog: Watchdog | None = None
    _depth = 0

    def notify(self, receiver: QObject, event: QEvent) -> bool:
        dog = self.watchdog
        if dog is None or self._depth:
            return bool(super().notify(receiver, event))
        self._depth += 1
        try:
            return self._timed(dog, receiver, event) if dog.timed else self._counted(dog, receiver, event)
        finally:
            self._depth -= 1

    def _counted(self, dog: Watchdog, receiver: QObject, event: QEvent) -> bool:
        told: list[bool] = []
        calls = effort(lambda: told.append(bool(super(WatchedApplication, self).notify(receiver, event))))
        dog.most = max(dog.most, calls)
        if calls > CALLS:
            dog.held.append((calls, _told(receiver, event)))
        return told[0]

    def _timed(self, dog: Watchdog, receiver: QObject, event: QEvent) -> bool:
        before, wall, cpu = _switches(), time.monotonic(), time.thread_time()
        try:
            return bool(super().notify(receiver, event))
        finally:
            cpu_ms, wall_ms = (time.thread_time() - cpu) * 1000, (time.monotonic() - wall) * 1000
            blocked = wall_ms - cpu_ms > BLOCKED_MS and _switches() > before
            if cpu_ms > CPU_MS or blocked:
                dog.held.append((max(cpu_ms, wall_ms if blocked else 0.0), _told(receiver, event)))


def _switches() -> int:
    return resource.getrusage(resource.RUSAGE_THREAD).ru_nvcsw


def _told(receiver: Any, event: Any) -> str:
    try:
        return f"{type(receiver).__name__} {receiver.objectName()} {event.type()}"
    except RuntimeError:
        return "something that is gone"


@contextmanager
def watched(app: QApplication, *, timed: bool = False) -> Iterator[Watchdog]:
    """Notes what holds the event loop too long inside the block: by what it calls, or by the time it takes."""
    assert isinstance(app, WatchedApplication), "the tests of the desktop make this application (conftest)"
    app.watchdog = Watchdog(timed)
    try:
        yield app.watchdog
    finally:
        app.watchdog = None
