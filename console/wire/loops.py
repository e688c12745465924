"""An event loop in a thread of its own, for parts that are called from ordinary threads."""

from __future__ import annotations

import asyncio
import concurrent.futures
import threading
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, TypeVar

from console.domain.errors import Cancelled

T = TypeVar("T")

CLOSE_S = 5.0
SPINS = 5
"""Rounds of the loop in which transports that were just cut notice it, before the loop is closed under them."""


class LoopThread:
    """Runs coroutines for threads that wait for them. Starts with the first one; the thread is a daemon.

    Thread-safe. Never call `run` from the loop's own thread.
    """

    def __init__(self, name: str, last: Callable[[], Awaitable[None]] | None = None) -> None:
        """`last` is awaited in the loop when it closes, after everything else was cancelled: to close connections."""
        self._name = name
        self._last = last
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._closed = False
        self._going: dict[concurrent.futures.Future[Any], Coroutine[Any, Any, Any]] = {}

    @property
    def loop(self) -> asyncio.AbstractEventLoop:
        """The loop, started when it was not. Raises Cancelled after `close`."""
        with self._lock:
            if self._closed:
                raise Cancelled
            if self._loop is None:
                self._loop = self._new()
                self._thread = threading.Thread(target=self._work, args=(self._loop,), name=self._name, daemon=True)
                self._thread.start()
            return self._loop

    def submit(self, coroutine: Coroutine[Any, Any, T]) -> concurrent.futures.Future[T]:
        """Starts it and returns at once. Raises Cancelled after `close`."""
        try:
            future = asyncio.run_coroutine_threadsafe(coroutine, self.loop)
        except (Cancelled, RuntimeError):  # closed, or closed this very moment
            coroutine.close()
            raise Cancelled from None
        with self._lock:
            self._going[future] = coroutine
            late = self._closed
        future.add_done_callback(self._ended)
        if late:
            future.cancel()
        return future

    def run(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """Its result, or what it raises. Raises Cancelled when the loop is closed meanwhile."""
        future = self.submit(coroutine)
        try:
            return future.result()
        except concurrent.futures.CancelledError:
            raise Cancelled from None

    def close(self) -> None:
        """Cancels what runs, waits for its end (5 seconds at most) and stops the thread. May be called twice."""
        with self._lock:
            self._closed = True
            loop, thread = self._loop, self._thread
            self._loop = self._thread = None
        if loop is None or thread is None:
            return
        loop.call_soon_threadsafe(loop.stop)
        thread.join(CLOSE_S * 2)
        with self._lock:
            left = dict(self._going)
        for future, coroutine in left.items():  # submitted while the loop stopped: nobody else would wake who waits
            future.cancel()
            coroutine.close()

    def _ended(self, future: concurrent.futures.Future[Any]) -> None:
        with self._lock:
            self._going.pop(future, None)

    @staticmethod
    def _new() -> asyncio.AbstractEventLoop:
        try:
            import uvloop
        except ImportError:  # it is not there on every platform
            return asyncio.new_event_loop()
        return uvloop.new_event_loop()

    def _work(self, loop: asyncio.AbstractEventLoop) -> None:
        asyncio.set_event_loop(loop)
        try:
            loop.run_forever()
        finally:
            loop.run_until_complete(self._wind_up())
            loop.run_until_complete(loop.shutdown_asyncgens())
            asyncio.set_event_loop(None)
            loop.close()

    async def _wind_up(self) -> None:
        left = asyncio.all_tasks() - {asyncio.current_task()}
        for task in left:
            task.cancel()
        if left:
            await asyncio.wait(left, timeout=CLOSE_S)
        if self._last is not None:
            async with asyncio.timeout(CLOSE_S):
                await self._last()
        for _ in range(SPINS):
            await asyncio.sleep(0)
