"""How fast, and how long still. Pure arithmetic on samples."""

from __future__ import annotations

from collections import deque

from console.domain.progress import Progress

WINDOW_S = 20.0
LEAST_S = 1.0
LEAST_PART = 0.02


class Rate:
    """Bytes per second over the last `WINDOW_S` seconds. No estimate before there is something to estimate from."""

    def __init__(self, now: float) -> None:
        self._samples: deque[tuple[float, int]] = deque([(now, 0)])

    def sample(self, now: float, done: int) -> None:
        self._samples.append((now, done))
        while len(self._samples) > 2 and now - self._samples[0][0] > WINDOW_S:
            self._samples.popleft()

    def estimate(self, progress: Progress) -> tuple[float | None, float | None]:
        """(bytes per second, seconds still) or None where it would be a guess: under a second, under 2 % done."""
        first, last = self._samples[0], self._samples[-1]
        span = last[0] - first[0]
        if span < LEAST_S:
            return None, None
        rate = (last[1] - first[1]) / span
        total = progress.bytes_total
        if not total or rate <= 0 or progress.bytes_done < LEAST_PART * total:
            return rate, None
        return rate, max(0.0, (total - progress.bytes_done) / rate)
