"""What starts by itself: scheduled backups and the regular contact with paired Cores."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence

from console.domain.clock import Clock
from console.domain.errors import Failed

log = logging.getLogger(__name__)

TICK_S = 5.0


class Calendar:
    """Calls each duty at every tick, in one thread. A duty looks at the clock itself; not due, it costs nothing."""

    def __init__(self, clock: Clock, duties: Sequence[Callable[[], object]], *, tick_s: float = TICK_S) -> None:
        self._clock = clock
        self._duties = duties
        self._tick_s = tick_s
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        self._thread = threading.Thread(target=self._run, name="calendar", daemon=True)
        self._thread.start()

    def tick(self) -> None:
        """One round. A duty that fails is logged and does not keep the others from their turn."""
        for duty in self._duties:
            try:
                duty()
            except Failed as known:
                log.info("a scheduled duty could not be done: %s", known.failure.message)
            except Exception:
                log.exception("a scheduled duty crashed")

    def stop(self) -> None:
        self._stop.set()
        if self._thread is not None:
            self._thread.join(timeout=10.0)

    def _run(self) -> None:
        while not self._stop.wait(self._tick_s):
            self.tick()
