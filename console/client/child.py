"""A process that this program started: what it said last, its end noticed, ended politely."""

from __future__ import annotations

import asyncio
import json
import signal
import subprocess
import threading
from collections import deque
from collections.abc import Callable, Sequence

from console.domain.errors import Failure

LAST_LINES = 20


class Child:
    """A process with a thread that reads what it says and sees it end. No event loop is needed for that, so any will
    do, also one without child watchers."""

    def __init__(self, command: Sequence[str], heard: Callable[[str], object] | None = None) -> None:
        """`heard` is told each line it says on standard error, in another thread. Raises OSError."""
        self._heard = heard
        self.lines: deque[str] = deque(maxlen=LAST_LINES)
        self.ended = threading.Event()
        self._waiting: list[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = []
        self._lock = threading.Lock()
        self.process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            errors="replace",
            # Ctrl-C in a terminal is for the Console; that asks its Core to stop when it is ready to.
            start_new_session=True,
        )
        threading.Thread(target=self._watch, name="child", daemon=True).start()

    async def gone(self) -> None:
        """Waits until it has ended."""
        event = asyncio.Event()
        with self._lock:
            if self.ended.is_set():
                return
            self._waiting.append((asyncio.get_running_loop(), event))
        await event.wait()

    async def end(self, timeout: float, wish: signal.Signals = signal.SIGTERM) -> None:
        """Asks it to end and waits; after `timeout` seconds it is killed."""
        if not self.ended.is_set():
            self.process.send_signal(wish)
            try:
                async with asyncio.timeout(timeout):
                    await self.gone()
            except TimeoutError:
                self.process.kill()
                await self.gone()

    def failure(self) -> Failure | None:
        """The known failure it ended with, if it said one."""
        for line in reversed(self.lines):
            try:
                return Failure.from_dict(json.loads(line)["error"])
            except (ValueError, KeyError, TypeError):
                continue
        return None

    def how(self) -> str:
        code = self.process.returncode
        if code is None:
            return "it did not get ready in time"
        if code >= 0:
            return f"exit code {code}"
        try:
            return f"signal {signal.Signals(-code).name}"
        except ValueError:
            return f"signal {-code}"

    def _watch(self) -> None:
        assert self.process.stderr is not None
        with self.process.stderr:
            for line in self.process.stderr:
                self.lines.append(line.rstrip("\n"))
                if self._heard is not None:
                    self._heard(self.lines[-1])
        self.process.wait()
        with self._lock:
            self.ended.set()
            waiting, self._waiting = self._waiting, []
        for loop, event in waiting:
            try:
                loop.call_soon_threadsafe(event.set)
            except RuntimeError:
                continue  # that loop is closed: nobody waits there any more
