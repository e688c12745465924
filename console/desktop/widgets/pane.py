"""A surface that loads: busy after a moment, what went wrong in place, *Try again*. Nothing blocks or vanishes."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import QLabel, QProgressBar, QVBoxLayout, QWidget
from shiboken6 import isValid

from console.desktop.desk import Desk
from console.desktop.keys.unlocking import KEY_LOCKED, UnlockingProblem
from console.desktop.theme.icons import icon
from console.desktop.theme.tokens import GAP_L, GAP_XL, Tone
from console.desktop.widgets.parts import label, line, rows
from console.desktop.widgets.problem import BUSY_MS
from console.domain.errors import Failed, Failure
from console.flows.wording import say

T = TypeVar("T")


class Pane(QWidget):
    """Holds `content`. `load` reads and shows; `act` changes something. The newest `load` wins over an older one.

    What is stopped by a locked key goes on once that is unlocked here.
    """

    loaded = Signal()

    def __init__(self, content: QWidget, desk: Desk) -> None:
        super().__init__()
        self.content = content
        self.problem = UnlockingProblem(desk)
        self.problem.again.connect(self._again)
        self.problem.unlocked.connect(self._again)
        self._tasks = desk.tasks
        self._retry: Callable[[], object] | None = None
        self._loading: asyncio.Task[Any] | None = None
        self._once = False
        self._acting = 0
        self._bar = QProgressBar()
        self._bar.setRange(0, 0)
        self._bar.setFixedHeight(3)
        self._bar.setTextVisible(False)
        self._bar.setAccessibleName(say("Loading"))
        policy = self._bar.sizePolicy()
        policy.setRetainSizeWhenHidden(True)
        self._bar.setSizePolicy(policy)
        self._bar.hide()
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(BUSY_MS)
        self._soon.timeout.connect(self._bar.show)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self._bar)
        layout.addWidget(self.problem)
        layout.addWidget(content, 1)

    @property
    def busy(self) -> bool:
        return self._loading is not None or self._acting > 0

    @property
    def has_shown(self) -> bool:
        """Whether something was loaded at least once."""
        return self._once

    def load(self, work: Callable[[], Awaitable[T]], show: Callable[[T], object]) -> None:
        """Reads with `work`, then hands the answer to `show`. A failure is told in place; what was shown stays."""
        if self._loading is not None:
            self._loading.cancel()
        self._retry = lambda: self.load(work, show)
        self._soon.start()
        self._loading = self._tasks.start(self._load(work, show))

    def act(self, work: Callable[[], Awaitable[T]], done: Callable[[T], object] | None = None) -> None:
        """Changes something with `work`, then calls `done`. A failure is told in place, and nothing is repeated."""
        self._acting += 1
        self._soon.start()
        self._tasks.start(self._act(work, done))

    def tell(self, failure: Failure, retry: Callable[[], object] | None = None) -> None:
        """Shows a failure that was met elsewhere."""
        if not isValid(self):
            return
        self._retry = retry
        self.problem.tell(failure, retry=retry is not None)

    async def _load(self, work: Callable[[], Awaitable[T]], show: Callable[[T], object]) -> None:
        me = asyncio.current_task()
        try:
            answer = await work()
            if self._loading is not me or not isValid(self):
                return
            self._once = True
            self.problem.clear()
            show(answer)
        except Failed as known:
            if self._loading is me and isValid(self):
                self.problem.tell(known.failure, retry=True)
        finally:
            # Who closed the window meanwhile wants no answer any more.
            if self._loading is me and isValid(self):
                self._loading = None
                self._settle()
                self.loaded.emit()

    async def _act(self, work: Callable[[], Awaitable[T]], done: Callable[[T], object] | None) -> None:
        try:
            answer = await work()
            if not isValid(self):
                return
            if not self.busy or self._retry is None or self.problem.failure is None:
                self.problem.clear()
            if done is not None:
                done(answer)
        except Failed as known:
            self._retry = (lambda: self.act(work, done)) if known.failure.code == KEY_LOCKED else None
            if isValid(self):
                self.problem.tell(known.failure, retry=False)
        finally:
            self._acting -= 1
            if isValid(self):
                self._settle()

    def _again(self) -> None:
        if self._retry is not None:
            self._retry()

    def _settle(self) -> None:
        if not self.busy:
            self._soon.stop()
            self._bar.hide()


class Empty(QWidget):
    """What would be here, and the first step towards it."""

    def __init__(self, icon_name: str, title: str, text: str, *buttons: QWidget, wide: int = 360) -> None:
        super().__init__()
        self._icon_name = icon_name
        self._sign = QLabel()
        self._sign.setPixmap(icon(icon_name, Tone.OFF).pixmap(48, 48))
        self._sign.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        head = label(title, "title")
        head.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        body = label(text, "muted", wrap=True)
        body.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        body.setMinimumWidth(wide)
        middle = line(1, *buttons, 1)
        inner = rows(1, self._sign, head, body, middle, 2, gap=GAP_L, margin=GAP_XL)
        line(1, inner, 1, into=self)
        self.setAccessibleName(f"{title}. {text}")
