"""Streams: what a command writes, and what somebody feeds in by standard input."""

from __future__ import annotations

import contextlib
import os
import selectors
import signal
import subprocess
import threading
import time
from collections import deque
from collections.abc import Callable
from types import TracebackType
from typing import IO, Protocol

from console.domain.errors import Failed, failed, refused
from console.sources.shell import shell_call

PIECE = 1 << 20
"""At most so many bytes are given at once."""
KEPT = 4096
"""So much of the end of what a command says on its standard error is told when it fails (bytes)."""
HELD = 8 << 20
"""So many bytes of what is fed wait to be read; then the one who feeds waits."""
LOOK_S = 0.25
"""So often a wish to cancel is looked for (seconds)."""
END_S = 5.0
"""A command that is ended has so long to end itself (seconds)."""


class Stream(Protocol):
    """Bytes that come once, from the beginning to the end."""

    def read(self) -> bytes:
        """The next piece; nothing at the end, and only when the end is a good one. Raises Failed."""

    def close(self) -> None:
        """Nothing more is wanted: whoever gives is ended. Doing it again does nothing."""


class CommandStream:
    """What a command line (see `shell`) writes to its standard output. For one thread."""

    def __init__(self, command: str, silence_s: float, check: Callable[[], None] = lambda: None) -> None:
        """`silence_s`: a command that writes nothing, on either output, for so many seconds is ended. `check` is
        called a few times a second and may raise."""
        self._silence_s = silence_s
        self._check = check
        self._tail: deque[bytes] = deque()
        self._heard = time.monotonic()
        try:
            self._process = subprocess.Popen(
                **shell_call(command),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                start_new_session=True,
            )
        except (OSError, ValueError) as problem:
            raise failed(
                "command-failed", f"The command of the volume could not be started: {problem}.", HINT
            ) from problem
        output, errors = self._process.stdout, self._process.stderr
        assert output is not None
        assert errors is not None
        self._output = output
        os.set_blocking(output.fileno(), False)
        self._selector = selectors.DefaultSelector()
        self._selector.register(output, selectors.EVENT_READ)
        self._listener = threading.Thread(target=self._listen, args=(errors,), name="stream-errors", daemon=True)
        self._listener.start()

    def __enter__(self) -> CommandStream:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def read(self) -> bytes:
        """See `Stream.read`. Raises Failed `command-failed`, `command-silent`."""
        while True:
            self._check()
            if self._selector.select(LOOK_S):
                piece = os.read(self._output.fileno(), PIECE)
                if not piece:
                    self._end()
                    return b""
                self._heard = time.monotonic()
                return piece
            self._bear_silence()

    def close(self) -> None:
        """See `Stream.close`. Ends the command and all it started."""
        if self._process.poll() is None:
            self._signal(signal.SIGTERM)
            try:
                self._process.wait(END_S)
            except subprocess.TimeoutExpired:
                self._signal(signal.SIGKILL)
                self._process.wait()
        self._selector.close()
        self._output.close()
        self._listener.join(END_S)

    def _end(self) -> None:
        """Standard output is at its end: so must the command be, and well."""
        self._heard = time.monotonic()
        while True:
            self._check()
            try:
                code = self._process.wait(LOOK_S)
                break
            except subprocess.TimeoutExpired:
                self._bear_silence()
        self._listener.join(END_S)
        if code:
            how = f"ended with code {code}" if code > 0 else f"was ended by signal {-code}"
            raise self._failed("command-failed", f"The command of the volume {how}")

    def _bear_silence(self) -> None:
        if time.monotonic() - self._heard > self._silence_s:
            raise self._failed(
                "command-silent", f"The command of the volume wrote nothing for {self._silence_s:g} seconds"
            )

    def _failed(self, code: str, what: str) -> Failed:
        said = b"".join(self._tail)[-KEPT:].decode("utf-8", "replace").strip()
        return failed(code, f"{what}: {said}" if said else f"{what}.", HINT)

    def _listen(self, errors: IO[bytes]) -> None:
        with errors:
            while piece := os.read(errors.fileno(), KEPT):
                self._heard = time.monotonic()
                self._tail.append(piece)
                while len(self._tail) > 1 and sum(map(len, self._tail)) - len(self._tail[0]) >= KEPT:
                    self._tail.popleft()

    def _signal(self, number: int) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, number)


HINT = "Run the command by hand as the user the Core runs as. No recovery point was made."


class Feed:
    """A stream that somebody else pushes: what came by standard input, on its way to the backup. Thread-safe.

    The one side calls `put` and then `finish`, the other `read` and `close`.
    """

    def __init__(self, patience_s: float = 60.0) -> None:
        """`patience_s`: nothing coming for so many seconds ends it."""
        self._patience_s = patience_s
        self._check: Callable[[], None] = lambda: None
        self._pieces: deque[bytes] = deque()
        self._held = 0
        self._ended = False
        self._taken = 0
        self._heard = self._read = time.monotonic()
        self._closed = False
        self._changed = threading.Condition()

    def listen(self, check: Callable[[], None]) -> None:
        """`check` is called a few times a second while `read` waits, and may raise."""
        self._check = check

    @property
    def closed(self) -> bool:
        """Whether nobody wants more."""
        return self._closed

    @property
    def taken(self) -> int:
        """Bytes that were put."""
        return self._taken

    def put(self, piece: bytes, offset: int | None = None, timeout_s: float | None = None) -> bool:
        """Waits while enough is waiting. `offset`: bytes put before; a piece that is given once more is taken once.
        False: it was not taken, as nobody wants more, or the time was over. Raises Failed `stream-out-of-order`."""
        with self._changed:
            self._heard = time.monotonic()
            if offset is not None and offset != self._taken:
                if offset + len(piece) <= self._taken:
                    return not self._closed
                raise refused(
                    "stream-out-of-order",
                    f"A piece from byte {offset} on was given where byte {self._taken} is due.",
                    "Give the pieces one after the other.",
                )
            self._changed.wait_for(lambda: self._held < HELD or self._closed, timeout_s)
            if self._closed or self._held >= HELD:
                return False
            if piece:
                self._pieces.append(piece)
                self._held += len(piece)
                self._taken += len(piece)
                self._changed.notify_all()
            return True

    def finish(self) -> None:
        """That was all of it."""
        with self._changed:
            self._ended = True
            self._changed.notify_all()

    def read(self) -> bytes:
        """See `Stream.read`. Raises Failed `stream-not-fed`."""
        self._heard = max(self._heard, self._read)
        while True:
            self._check()
            with self._changed:
                self._changed.wait_for(lambda: self._pieces or self._ended, LOOK_S)
                if self._pieces:
                    piece = self._pieces.popleft()
                    self._held -= len(piece)
                    self._read = time.monotonic()
                    self._changed.notify_all()
                    return piece
                if self._ended:
                    return b""
            if time.monotonic() - self._heard > self._patience_s:
                raise not_fed(f"it broke off: nothing came for {self._patience_s:g} seconds")

    def close(self) -> None:
        """See `Stream.close`."""
        with self._changed:
            self._closed = True
            self._pieces.clear()
            self._changed.notify_all()


def not_fed(why: str, label: str = "LABEL") -> Failed:
    """A volume whose bytes come by standard input got none, or not all."""
    return failed(
        "stream-not-fed",
        f"The volume's bytes come by standard input, and {why}.",
        f"Feed it: … | replicore backup MACHINE --stdin {label}. No recovery point was made.",
    )
