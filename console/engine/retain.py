"""Deleting recovery points: what depends on them is never left without its parent."""

from __future__ import annotations

from collections.abc import Sequence

from console.catalog import Catalog
from console.domain.clock import Clock
from console.domain.errors import refused
from console.domain.events import Severity
from console.domain.objects import Kind
from console.engine.journal import Journal
from console.engine.repositories import Repositories
from console.repository.records import encode_tombstone


class Retain:
    """Deletes points. Their bytes stay until reclaimed; a tombstone keeps a rebuilt catalog from reviving them."""

    def __init__(self, catalog: Catalog, repositories: Repositories, journal: Journal, clock: Clock) -> None:
        self._catalog = catalog
        self._repositories = repositories
        self._journal = journal
        self._clock = clock

    def delete_machine_points(self, machine: str) -> int:
        """All points of a machine. Returns how many they were."""
        return self._delete([point.id for point in self._catalog.points.all_of(machine)], machine)

    def delete(self, points: Sequence[str], *, chain: bool = False) -> int:
        """The given points; with `chain` also those that depend on them.

        Raises Failed `points-depend` when others depend on them and `chain` is not set.
        """
        chosen = {self._catalog.points.get(point).id for point in points}
        while True:
            images = [i.id for p in chosen for i in self._catalog.points.get(p).images]
            below = {self._catalog.points.image(i).image.point for i in self._catalog.points.dependents(images)}
            if below <= chosen:
                break
            if not chain:
                raise refused(
                    "points-depend",
                    f"{len(below - chosen)} newer recovery point(s) build on what is to be deleted.",
                    "Delete the whole chain with --chain, or keep these points.",
                )
            chosen |= below
        machine = self._catalog.points.get(next(iter(chosen))).machine
        return self._delete(sorted(chosen), machine)

    def _delete(self, points: list[str], machine: str) -> int:
        if not points:
            return 0
        homes = {
            self._catalog.points.image(image.id).repository
            for point in points
            for image in self._catalog.points.get(point).images
        }
        tombstone = encode_tombstone(points, self._clock.now())
        for home in homes:
            with self._repositories.open(home).session() as session:
                session.put(Kind.TOMBSTONE, tombstone)
                session.flush()
        self._catalog.points.remove(points)
        self._journal.note(Severity.INFO, "points-deleted", f"{len(points)} recovery point(s) were deleted.", machine)
        return len(points)
