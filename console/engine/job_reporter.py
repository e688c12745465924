"""How the work of a job tells where it stands, and notices that it shall end."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace

from console.domain.clock import Clock
from console.domain.errors import Cancelled
from console.domain.jobs import JobWarning, LogLine
from console.domain.progress import Progress
from console.engine.rate import Rate

PUBLISH_S = 0.25
"""Progress is published this often; a wish to cancel is noticed at every call all the same."""
KEPT_WARNINGS = 1000


class JobReporter:
    """What a job's work is given: the `domain.progress.Reporter` that ends up on screens and in the catalog."""

    def __init__(
        self, job_id: str, clock: Clock, cancel: threading.Event, publish: Callable[[JobReporter], object]
    ) -> None:
        """`cancel`: set when the job shall end. `publish` is told now and then that there is something new."""
        self._cancel = cancel
        self._tell = publish
        self._clock = clock
        self._lock = threading.Lock()
        self._progress = Progress()
        """But for `_bytes`, `_items` and `_text`, which change with every file."""
        self._bytes = self._items = 0
        self._text = ""
        self._rate = Rate(clock.monotonic())
        self._published = 0.0
        self._lines: list[LogLine] = []
        self.warnings: list[JobWarning] = []
        self.warning_count = 0
        self.job_id = job_id

    def phase(self, name: str, *, bytes_total: int | None = None, items_total: int | None = None) -> None:
        with self._lock:
            self._progress = Progress(name, bytes_total=bytes_total, items_total=items_total)
            self._bytes = self._items = 0
            self._text = ""
            self._rate = Rate(self._clock.monotonic())
        self.log(name)
        self._publish(now=True)

    def advance(self, *, bytes: int = 0, items: int = 0, text: str | None = None) -> None:
        with self._lock:
            self._bytes += bytes
            self._items += items
            if text is not None:
                self._text = text
        self._publish()

    def expect(self, *, bytes_total: int | None = None, items_total: int | None = None) -> None:
        with self._lock:
            self._progress = replace(
                self._progress,
                bytes_total=self._progress.bytes_total if bytes_total is None else bytes_total,
                items_total=self._progress.items_total if items_total is None else items_total,
            )
        self._publish()

    def warn(self, code: str, message: str) -> None:
        with self._lock:
            self.warning_count += 1
            if len(self.warnings) < KEPT_WARNINGS:
                self.warnings.append(JobWarning(code, message))
        self.log(f"warning: {message}")

    def log(self, message: str) -> None:
        with self._lock:
            self._lines.append(LogLine(self._clock.now(), message))

    def check(self) -> None:
        if self._cancel.is_set():
            raise Cancelled

    def snapshot(self) -> Progress:
        with self._lock:
            done = replace(self._progress, bytes_done=self._bytes, items_done=self._items, text=self._text)
            rate, eta = self._rate.estimate(done)
            return replace(done, rate_bps=rate, eta_s=eta)

    def drain(self) -> list[LogLine]:
        with self._lock:
            lines, self._lines = self._lines, []
            return lines

    def _publish(self, *, now: bool = False) -> None:
        self.check()
        moment = self._clock.monotonic()
        if not now and moment - self._published < PUBLISH_S:  # asked once more under the lock
            return
        with self._lock:
            if not now and moment - self._published < PUBLISH_S:
                return
            self._published = moment
            self._rate.sample(moment, self._bytes)
        self._tell(self)
