"""Tables as plain lines, as `rich` draws them. Most need nothing of what it knows, and loading it takes longer than
everything else that a list shows."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

GAP = "   "


def lines(columns: Sequence[str], rows: Sequence[Sequence[str]], width: int) -> list[str] | None:
    """Heading, rule, rows. Columns whose name begins with `>` are aligned to the right. None where it takes somebody
    who knows more of texts: lines longer than `width`, characters that are not one column wide."""
    names = [column.removeprefix(">") for column in columns]
    if not all(_plain(cell) for row in (names, *rows) for cell in row):
        return None
    widths = [max(map(len, cells)) for cells in zip(names, *rows, strict=True)]
    whole = sum(widths) + len(GAP) * (len(widths) - 1)
    if whole > width:
        return None
    right = [column.startswith(">") for column in columns]

    def line(cells: Sequence[str]) -> str:
        sized = zip(cells, widths, right, strict=True)
        return GAP.join(cell.rstrip().rjust(wide) if to_right else cell.ljust(wide) for cell, wide, to_right in sized)

    return [line(names), "─" * whole, *map(line, rows)]


def _plain(text: str) -> bool:
    """Whether every character takes one column."""
    if not text.isprintable():
        return False
    return text.isascii() or not any(
        unicodedata.east_asian_width(one) in "WF" or unicodedata.category(one).startswith("M") for one in text
    )
