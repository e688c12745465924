"""What becomes of points at the next rollup, kept from one change to the next: a list asks for it window by window."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence

from console.catalog import Catalog
from console.domain.events import Changed
from console.domain.recovery_points import RecoveryPoint
from console.domain.retention import Fate

MATTERS = frozenset({Changed.POINTS, Changed.MACHINES, Changed.SEEDS, Changed.PAIRINGS, Changed.SETTINGS})
MOST = 8
"""Machines whose points are remembered."""


class Fates:
    """`judge`: the fates of all points of a machine (id). Thread-safe. To be made before anybody hears of changes of
    the catalog."""

    def __init__(self, catalog: Catalog, judge: Callable[[str], Iterable[Fate]]) -> None:
        self._judge = judge
        self._lock = threading.Lock()
        self._number = 0
        self._known: OrderedDict[str, tuple[int, dict[str, Fate]]] = OrderedDict()
        catalog.on_change(self._changed)

    def of(self, points: Sequence[RecoveryPoint]) -> list[Fate]:
        """In the order of the points; those that went meanwhile are left out."""
        judged = {machine: self._of(machine) for machine in dict.fromkeys(point.machine for point in points)}
        found = [judged[point.machine].get(point.id) for point in points]
        return [fate for fate in found if fate is not None]

    def _of(self, machine: str) -> dict[str, Fate]:
        number = self._number
        with self._lock:
            known = self._known.get(machine)
            if known is not None and known[0] == number:
                self._known.move_to_end(machine)
                return known[1]
        judged = {fate.point: fate for fate in self._judge(machine)}
        with self._lock:
            self._known[machine] = (number, judged)
            while len(self._known) > MOST:
                self._known.popitem(last=False)
        return judged

    def _changed(self, kinds: frozenset[Changed]) -> None:
        # What is judged meanwhile bears the number of before, and is judged again.
        if kinds & MATTERS:
            self._number += 1
