"""Taking turns with what takes many small calls.

Each such call gives the interpreter away and asks for it again. Threads that all make them hand it to one another with
every call, which costs more than the calls themselves: so one thread at a time makes them.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from types import TracebackType


class Turn:
    """Held by one thread. Others need not wait for it: whoever has it does what they leave to it before it lets go."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._left: deque[Callable[[], object]] = deque()

    def __enter__(self) -> None:
        self.take()

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        if problem is None:
            self.end()
        else:
            self._lock.release()

    def take(self) -> None:
        """Waits for it."""
        self._lock.acquire()

    def end(self) -> None:
        """Does what was left by others, and lets go. Raises what that raises."""
        try:
            self._do_left()
        finally:
            self._lock.release()
        self._do_what_came_late()

    def leave(self, work: Callable[[], object]) -> None:
        """Has something done in the turn of whoever has it; in our own, at once, if nobody has. Raises what work does
        that is done here: work of others too, so whatever raises must end the whole."""
        self._left.append(work)
        self._do_what_came_late()

    def _do_what_came_late(self) -> None:
        # Left after the last look of the one who had the turn, who may be gone by now.
        while self._left and self._lock.acquire(blocking=False):
            try:
                self._do_left()
            finally:
                self._lock.release()

    def _do_left(self) -> None:
        while self._left:
            self._left.popleft()()
