"""Answers that are kept until what they are made of changes."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

from console.catalog import Catalog
from console.domain.events import Changed

T = TypeVar("T")


class Kept(Generic[T]):
    """Calls `make` when it is asked for the first time, and again after things of `kinds` have changed. Thread-safe;
    whoever asks meanwhile waits for the one answer. To be made before anybody hears of changes of the catalog."""

    def __init__(self, catalog: Catalog, kinds: frozenset[Changed], make: Callable[[], T]) -> None:
        self._kinds = kinds
        self._make = make
        self._lock = threading.Lock()
        self._number = 0
        self._kept: tuple[int, T] | None = None
        catalog.on_change(self._changed)

    def __call__(self) -> T:
        with self._lock:
            number = self._number
            if self._kept is None or self._kept[0] != number:
                self._kept = (number, self._make())
            return self._kept[1]

    def _changed(self, kinds: frozenset[Changed]) -> None:
        # Not under the lock: a commit does not wait for who reads. An answer made meanwhile bears the number of before.
        if kinds & self._kinds:
            self._number += 1
