"""Work that one thread at a time does, without the others waiting for it."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from typing import Generic, TypeVar

STANDING = 4
"""So much may stand in the line before whoever adds to it waits."""

Work = TypeVar("Work")


class Line(Generic[Work]):
    """Whoever adds work when nobody is at it does it, and what others add meanwhile; they go on with something else.
    What raises ends the line: what stands in it is not done."""

    def __init__(self, do: Callable[[Work], object]) -> None:
        self._do = do
        self._changed = threading.Condition()
        self._standing: deque[Work] = deque()
        self._served = False

    def add(self, work: Work) -> None:
        """Raises what doing it, or what was added by others, raises. Not to be called while doing it."""
        with self._changed:
            self._standing.append(work)
            if self._served:
                self._changed.wait_for(lambda: len(self._standing) <= STANDING)
                return
            self._served = True
        try:
            while (following := self._next()) is not None:
                self._do(following)
        except BaseException:
            with self._changed:
                self._standing.clear()
                self._served = False
                self._changed.notify_all()
            raise

    def _next(self) -> Work | None:
        with self._changed:
            if not self._standing:
                self._served = False
                return None
            self._changed.notify()
            return self._standing.popleft()
