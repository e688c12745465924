"""The one place that makes bare tasks: an event loop keeps only weak references to them."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine
from typing import Any, TypeVar

log = logging.getLogger(__name__)

T = TypeVar("T")

_running: set[asyncio.Task[Any]] = set()


def spawn(coroutine: Coroutine[Any, Any, T], *, name: str | None = None) -> asyncio.Task[T]:
    """Starts work in the running loop that nobody has to wait for.

    The task is kept alive until it ends. What it raises is logged, whether or not somebody also awaits it; being
    cancelled is no error. Raises RuntimeError outside a running loop.
    """
    task = asyncio.get_running_loop().create_task(coroutine, name=name)
    _running.add(task)
    task.add_done_callback(_ended)
    return task


def running() -> frozenset[asyncio.Task[Any]]:
    """The tasks made here, of every loop, that have not ended."""
    return frozenset(_running)


async def settle(timeout: float) -> bool:
    """Cancels what was spawned in this loop and waits for its end, `timeout` seconds at most. True: all ended."""
    loop = asyncio.get_running_loop()
    mine = [task for task in _running if task.get_loop() is loop and task is not asyncio.current_task()]
    for task in mine:
        task.cancel()
    if not mine:
        return True
    _, left = await asyncio.wait(mine, timeout=timeout)
    return not left


def _ended(task: asyncio.Task[Any]) -> None:
    _running.discard(task)
    if task.cancelled():
        return
    error = task.exception()
    if error is not None:
        log.error("The task %r ended with an error.", task.get_name(), exc_info=error)
