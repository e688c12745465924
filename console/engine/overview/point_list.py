"""Windows of the list of all points: sorted, filtered, from any offset on, with a total."""

from __future__ import annotations

from console.catalog import Catalog
from console.catalog.windows import PointFilter, PointSort, chosen, key_of
from console.domain.chains import ChainState
from console.domain.recovery_points import RecoveryPoint, Restorability
from console.engine.overview.standings import Orphans, Standings
from console.engine.points import Points, PointView, matches, promised


class PointList:
    def __init__(self, catalog: Catalog, points: Points, standings: Standings) -> None:
        self._catalog = catalog
        self._points = points
        self._standings = standings

    def window(
        self,
        wanted: PointFilter,
        state: str | None,
        sort: PointSort,
        *,
        descending: bool,
        offset: int,
        limit: int,
    ) -> tuple[list[PointView], int]:
        """The points from `offset` on, and how many match in all. `state` as in `Points.page`.

        Names of files are not walked for it: the restorability of an orphan is what was counted last, and of one that
        was not counted yet a promise, until it is counted and the points are told to have changed.
        """
        windows = self._catalog.point_windows
        orphans = self._standings.orphans()
        if state is None:
            found = windows.window(wanted, sort, offset=offset, limit=limit, descending=descending)
            total = windows.total(wanted)
        elif state == ChainState.WHOLE.value:
            absent = [orphan.place for orphan in orphans.points.values()]
            found = windows.window(wanted, sort, offset=offset, limit=limit, without=absent, descending=descending)
            total = windows.total(wanted) - len(chosen(absent, wanted))
        else:
            listed = self._orphaned(orphans, wanted, state, sort, descending)
            found, total = listed[offset : offset + limit], len(listed)
        return self.views(self._catalog.points.several(found)), total

    def views(self, points: list[RecoveryPoint]) -> list[PointView]:
        """Points as lists show them; those of a machine that has just gone are left out."""
        machines, targets, orphans = self._standings.machines(), self._standings.targets(), self._standings.orphans()
        torn = [image.id for point in points if point.id in orphans.points for image in point.images]
        images = self._catalog.points.find_images(torn)
        known = self._points.counting.known([one for id, one in images.items() if id in orphans.verdicts])
        ids = [point.id for point in points]
        held, replicas = self._catalog.retention.holds(ids), self._catalog.replicas.at(ids)
        views = []
        for point in points:
            machine = machines.get(point.machine)
            if machine is None:
                continue
            orphan = orphans.points.get(point.id)
            state, why, restorability = ChainState.WHOLE, "", Restorability.VOLUME
            if orphan is not None:
                stored = [images[image.id] for image in point.images if image.id in images]
                state, why = orphan.state, self._points.why(orphan.verdict)
                restorability = promised(stored, orphans.verdicts, known)
            has = replicas.get(point.id, frozenset())
            there = tuple(name for pairing, name in targets.items() if pairing in has)
            views.append(PointView(point, machine, state, restorability, why, there, point.id in held))
        return views

    def _orphaned(
        self, orphans: Orphans, wanted: PointFilter, state: str, sort: PointSort, descending: bool
    ) -> list[str]:
        places = [orphan.place for orphan in orphans.points.values() if matches(orphan.state, state)]
        found = chosen(places, wanted)
        if sort is PointSort.MACHINE:
            order = {machine: number for number, machine in enumerate(self._standings.machines())}
            found.sort(key=lambda place: (order.get(place.machine, -1), *key_of(place, sort)), reverse=descending)
        else:
            found.sort(key=lambda place: key_of(place, sort), reverse=descending)
        return [place.id for place in found]
