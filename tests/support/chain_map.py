"""Pointing at the chain map."""

from __future__ import annotations

from PySide6.QtCore import QPoint

from console.desktop.widgets import chain_layout as lay
from console.desktop.widgets.chain_map import ChainMap


def place_of(shown: ChainMap, point: str, lane: int = 0) -> QPoint:
    """Where the mark of a point is on the viewport. Raises ValueError."""
    number = shown._lanes[lane].number_of(point)
    if number is None:
        raise ValueError(point)
    mark = lay.mark_of(shown._drawn[lane], number)
    assert mark is not None
    return QPoint(round(mark.x) - shown._left + shown._names, shown._middle(lane))
