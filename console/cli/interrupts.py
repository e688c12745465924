"""Ctrl-C while a command waits: the first is a wish, the second leaves."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Callable
from types import TracebackType

from console.domain.errors import EXIT_CODES, FailureKind

LEFT = EXIT_CODES[FailureKind.CANCELLED]


class Interrupts:
    """A context in which the first Ctrl-C calls `wish` in the running loop, and the second ends the process at once.

    Leaving at once is safe: a Core may be killed at any instruction.
    """

    def __init__(self, wish: Callable[[], None]) -> None:
        self._wish = wish
        self._presses = 0
        self._loop: asyncio.AbstractEventLoop | None = None

    def __enter__(self) -> Interrupts:
        loop = asyncio.get_running_loop()
        try:
            loop.add_signal_handler(signal.SIGINT, self._pressed)
        except (NotImplementedError, RuntimeError, ValueError):
            return self  # not the main thread, or a platform whose loops cannot: Ctrl-C ends the command as usual
        self._loop = loop
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._loop is not None:
            self._loop.remove_signal_handler(signal.SIGINT)

    def _pressed(self) -> None:
        self._presses += 1
        if self._presses == 1:
            self._wish()
            return
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(LEFT)
