"""How wide the columns of a small table are, and which of them hold numbers. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

LEAST, NAMES = 72, 150
"""Pixels that a column keeps, whatever there is beside it, and those of the one that names the line."""
_NUMBER = re.compile(r"[–-]|[\d][\d.,\u00a0 ]*( ?%| [kMGTPE]?B(/s)?)?")


def fit(wanted: Sequence[int], room: int) -> list[int]:
    """Widths that together are not wider than `room`, if that can be: the widest ones give way first, and the first
    column, which names the line, less than the others."""
    widths = list(wanted)
    least = [NAMES if number == 0 else LEAST for number in range(len(widths))]
    while sum(widths) > room:
        able = [number for number, width in enumerate(widths) if width > least[number]]
        if not able:
            break
        widest = max(widths[number] for number in able)
        columns = [number for number in able if widths[number] == widest]
        floor = max([widths[number] for number in able if widths[number] < widest] + [least[n] for n in columns])
        step = max(1, min(widest - floor, -(-(sum(widths) - room) // len(columns))))
        for number in columns:
            widths[number] = max(least[number], widths[number] - step)
    return widths


def is_numeric(cells: Iterable[str]) -> bool:
    """Whether all of these are numbers, sizes or rates, or stand for none; nothing at all is not."""
    found = list(cells)
    said = [cell for cell in found if cell not in ("", "–")]
    return bool(said) and all(not cell or _NUMBER.fullmatch(cell) for cell in found)
