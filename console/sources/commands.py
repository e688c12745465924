"""Command lines that people wrote, run by the shell: with a time-out that ends all they started."""

from __future__ import annotations

import os
import selectors
import signal
import subprocess
import time
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import IO

from console.sources.shell import shell_call

TAIL_BYTES = 4096
"""So much of the end of a command's output is kept."""
LOOK_S = 0.1
"""So often somebody is asked whether the command shall end."""
GRACE_S = 2.0
"""What is asked to end gets so long before it is killed."""


@dataclass(frozen=True, slots=True)
class Ran:
    """How a command ended. `status`: its exit status, negative for a signal; None: its time was up. `tail`: the last
    lines of what it said, on standard output and error."""

    status: int | None
    tail: tuple[str, ...] = ()

    @property
    def well(self) -> bool:
        return self.status == 0

    @property
    def how(self) -> str:
        """As the end of a sentence: “it …”."""
        if self.status is None:
            return "took too long and was ended"
        if self.status < 0:
            return f"was ended by signal {-self.status}"
        return f"ended with exit status {self.status}"


def run(line: str, environment: Mapping[str, str], timeout_s: float, check: Callable[[], None] = lambda: None) -> Ran:
    """Runs a command line and waits. What it leaves behind it in the background goes on, unless its time was up.

    `environment`: beside our own. `check` is asked every now and then; what it raises ends the command and is raised.
    """
    with subprocess.Popen(
        **shell_call(line),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env={**os.environ, **environment},
        start_new_session=True,
        bufsize=0,
    ) as process:
        assert process.stdout is not None
        said = _Said(process.stdout)
        try:
            deadline = time.monotonic() + timeout_s
            while process.poll() is None:
                check()
                if time.monotonic() >= deadline:
                    _end(process)
                    return Ran(None, said.lines())
                said.listen(process, LOOK_S)
            return Ran(process.returncode, said.lines())
        except BaseException:
            _end(process)
            raise
        finally:
            said.close()


class _Said:
    """The end of what a command says, read as it comes: a full pipe would hold it up."""

    def __init__(self, pipe: IO[bytes]) -> None:
        self._pipe = pipe
        os.set_blocking(pipe.fileno(), False)
        self._selector = selectors.DefaultSelector()
        self._selector.register(pipe, selectors.EVENT_READ)
        self._open = True
        self._parts: deque[bytes] = deque()
        self._size = 0

    def listen(self, process: subprocess.Popen[bytes], seconds: float) -> None:
        """Takes what there is; waits for it, or for the command's end, at most so long."""
        if self._open:
            if self._selector.select(seconds):
                self._read()
            return
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            return

    def lines(self) -> tuple[str, ...]:
        while self._open and self._selector.select(0):
            self._read()
        return tuple(b"".join(self._parts)[-TAIL_BYTES:].decode("utf-8", "replace").splitlines())

    def close(self) -> None:
        self._selector.close()

    def _read(self) -> None:
        part = self._pipe.read(65536)
        if part == b"":
            self._open = False
        if not part:
            return
        self._parts.append(part[-TAIL_BYTES:])
        self._size += len(self._parts[-1])
        while self._size - len(self._parts[0]) >= TAIL_BYTES:
            self._size -= len(self._parts.popleft())


def _end(process: subprocess.Popen[bytes]) -> None:
    """Ends a command with everything in its process group."""
    _signal(process, signal.SIGTERM)
    with suppress(subprocess.TimeoutExpired):
        process.wait(GRACE_S)
    # Also after the shell ended: what it started may have ignored the first.
    _signal(process, getattr(signal, "SIGKILL", signal.SIGTERM))
    process.wait()


def _signal(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    try:
        if hasattr(os, "killpg"):
            os.killpg(process.pid, number)
        else:
            process.send_signal(number)
    except (ProcessLookupError, PermissionError):
        return
