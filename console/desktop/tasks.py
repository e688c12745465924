"""Coroutines that a window started, held until they end."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine
from typing import Any

log = logging.getLogger(__name__)

Work = Coroutine[Any, Any, Any]


class Tasks:
    """The loop itself keeps only weak references. What a task raises is a bug: `crashed` is told, the log has it."""

    def __init__(self, crashed: Callable[[BaseException], None] | None = None) -> None:
        self._running: set[asyncio.Task[Any]] = set()
        self._crashed = crashed

    def start(self, work: Work) -> asyncio.Task[Any]:
        task = asyncio.get_event_loop().create_task(work)
        self._running.add(task)
        task.add_done_callback(self._ended)
        return task

    def cancel(self) -> None:
        for task in list(self._running):
            task.cancel()

    async def drained(self) -> None:
        """Cancels everything but the caller and waits until it has ended."""
        waiting = [task for task in self._running if task is not asyncio.current_task()]
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self._running.discard(task)
        if task.cancelled():
            return
        error = task.exception()
        if error is not None:
            log.error("A task of the Console ended with a bug.", exc_info=error)
            if self._crashed is not None:
                self._crashed(error)
