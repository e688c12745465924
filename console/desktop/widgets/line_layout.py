"""Where lines over days, and their axes, go. Pure: pixels from the top left."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date

from console.domain.sizes import format_size

LONG_DAYS = 120
"""Beyond so many days months are marked."""


@dataclass(frozen=True, slots=True)
class Area:
    """What there is to draw on. `top` is the value at its upper edge; 0 is at the lower one."""

    left: float
    upper: float
    width: float
    height: float
    top: float

    def x(self, place: int, number: int) -> float:
        """Of one of `number` values."""
        return self.left + self.width * (place / (number - 1) if number > 1 else 0.5)

    def y(self, value: float) -> float:
        return self.upper + self.height * (1 - (value / self.top if self.top else 0.0))

    def place(self, x: float, number: int) -> int | None:
        """Which of `number` values lies nearest to x; None: beside all."""
        if not number or not self.left - 4 <= x <= self.left + self.width + 4:
            return None
        if number == 1 or self.width <= 0:
            return 0
        return min(number - 1, max(0, round((x - self.left) / self.width * (number - 1))))

    def path(self, values: Sequence[float]) -> list[tuple[float, float]]:
        """One place for each pixel column at most: ten years of days are no more work than what is seen."""
        number = len(values)
        step = max(1, int(number // max(1.0, self.width)))
        chosen = sorted({*range(0, number, step), number - 1} if number else set())
        return [(self.x(at, number), self.y(values[at])) for at in chosen]


def ticks(largest: float, most: int, text: Callable[[float], str]) -> list[tuple[float, str]]:
    """From 0 to the first round number not below `largest`, in at most `most` equal steps; whole numbers only."""
    if largest <= 0:
        return [(0.0, text(0)), (1.0, text(1))]
    step = next(
        digit * 10.0**power
        for power in range(19)
        for digit in (1, 2, 5)
        if digit * 10.0**power * max(1, most) >= largest
    )
    return [(step * number, text(step * number)) for number in range(int(-(-largest // step)) + 1)]


def count_text(value: float) -> str:
    return f"{round(value):,}"


def size_text(value: float) -> str:
    return format_size(value)


def date_ticks(days: Sequence[str], most: int) -> list[tuple[int, str]]:
    """Marks at day numbers, at most `most`: days, or beginnings of months where there are many. `days`: YYYY-MM-DD."""
    if not days or most < 1:
        return []
    if len(days) <= LONG_DAYS:
        step = -(-len(days) // most)
        return [(at, days[at][5:]) for at in range(0, len(days), step)]
    months = [at for at, day in enumerate(days) if date.fromisoformat(day).day == 1]
    step = next((step for step in (1, 2, 3, 6, 12, 24, 60, 120) if step * most >= len(months)), len(months))
    whole = [at for at in months if (date.fromisoformat(days[at]).month - 1) % min(step, 12) == 0]
    if step > 12:
        whole = whole[:: step // 12]
    return [(at, days[at][:7]) for at in whole]
