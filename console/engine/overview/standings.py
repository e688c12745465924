"""What lists show of every point at once: machines, where points are, and which of them are not whole."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass

from console.catalog import Catalog
from console.catalog.windows import PointPlace
from console.domain.chains import ChainState, ChainVerdict, ImageFact, worst
from console.domain.events import Changed
from console.domain.machines import Machine
from console.domain.pairing import Direction
from console.engine.overview.kept import Kept
from console.engine.points import Points, Standing

MOVES = frozenset({Changed.POINTS, Changed.SEEDS, Changed.PAIRINGS})
"""What changes what is whole, or what is known to make it so."""


@dataclass(frozen=True, slots=True)
class Orphan:
    """A point that is not whole. `verdict`: of that image of it which makes it what it is."""

    place: PointPlace
    state: ChainState
    verdict: ChainVerdict


@dataclass(frozen=True, slots=True)
class Orphans:
    """`verdicts`: of every image that is not whole, by image (id). `points`: by point (id)."""

    verdicts: Mapping[str, ChainVerdict]
    points: Mapping[str, Orphan]


@dataclass(frozen=True, slots=True)
class _Torn:
    """What is not whole of one machine. `points`: where each such point stands, and its images (ids)."""

    facts: tuple[ImageFact, ...]
    points: tuple[tuple[PointPlace, tuple[str, ...]], ...]


class Standings:
    """Kept in memory from one change to the next: asked for often, changed seldom. After a backup only what is not
    whole of that machine is looked at again."""

    def __init__(self, catalog: Catalog, points: Points) -> None:
        self._catalog = catalog
        self._points = points
        self._noting = threading.Lock()
        self._stale: frozenset[str] | None = None
        self._torn: dict[str, _Torn] = {}
        self._judged: dict[str, tuple[_Torn, int, Orphans]] = {}
        self._expectations = 0
        catalog.on_points(self._points_changed)
        catalog.on_change(self._expectations_changed)
        self.machines = Kept(catalog, frozenset({Changed.MACHINES}), self._machines)
        self.targets = Kept(catalog, frozenset({Changed.PAIRINGS}), self._targets)
        self.orphans = Kept(catalog, MOVES, self._orphans)

    def standing(self) -> Standing:
        """All of it at once."""
        return Standing(self.machines(), self.orphans().verdicts)

    def _machines(self) -> dict[str, Machine]:
        """By id, in order of their names."""
        return {machine.id: machine for machine in self._catalog.machines.list()}

    def _targets(self) -> dict[str, str]:
        """Names of the outgoing pairings, by id, in order of their names."""
        return {pairing.id: pairing.name for pairing in self._catalog.pairings.list(Direction.OUTGOING)}

    def _orphans(self) -> Orphans:
        verdicts: dict[str, ChainVerdict] = {}
        points: dict[str, Orphan] = {}
        expectations = self._expectations
        for machine, torn in self._look().items():
            known = self._judged.get(machine)
            if known is None or known[0] is not torn or known[1] != expectations:
                known = (torn, expectations, self._judge(machine, torn))
                self._judged[machine] = known
            verdicts.update(known[2].verdicts)
            points.update(known[2].points)
        return Orphans(verdicts, points)

    def _look(self) -> dict[str, _Torn]:
        """By machine (id), read again where points have changed. One thread at a time is here."""
        with self._noting:
            stale, self._stale = self._stale, frozenset()
        try:
            if stale is None:
                self._torn = self._read(None)
            for machine in stale or ():
                self._torn.pop(machine, None)
                self._torn.update(self._read(machine))
        except BaseException:
            self._stale = None
            raise
        return self._torn

    def _read(self, machine: str | None) -> dict[str, _Torn]:
        facts: dict[str, list[ImageFact]] = {}
        images: dict[str, list[str]] = {}
        for one in self._catalog.points.all_orphan_facts(machine):
            facts.setdefault(one.machine, []).append(one.fact)
            if one.point:
                images.setdefault(one.point, []).append(one.fact.id)
        places: dict[str, list[tuple[PointPlace, tuple[str, ...]]]] = {}
        for place in self._catalog.point_windows.places(images):
            places.setdefault(place.machine, []).append((place, tuple(images[place.id])))
        return {of: _Torn(tuple(mine), tuple(places.get(of, ()))) for of, mine in facts.items()}

    def _judge(self, machine: str, torn: _Torn) -> Orphans:
        judged = self._points.judged(machine, torn.facts)
        verdicts = {id: verdict for id, verdict in judged.items() if verdict.state is not ChainState.WHOLE}
        points = {}
        for place, images in torn.points:
            mine = [verdicts[image] for image in images if image in verdicts]
            state = worst(verdict.state for verdict in mine)
            if state is not ChainState.WHOLE:
                points[place.id] = Orphan(place, state, next(one for one in mine if one.state is state))
        return Orphans(verdicts, points)

    def _points_changed(self, machines: frozenset[str] | None) -> None:
        with self._noting:
            before = self._stale
            self._stale = None if before is None or machines is None else before | machines

    def _expectations_changed(self, kinds: frozenset[Changed]) -> None:
        if kinds & {Changed.SEEDS, Changed.PAIRINGS}:
            self._expectations += 1
