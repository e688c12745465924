"""Holding and deleting recovery points: what depends on them is never left without its parent."""

from __future__ import annotations

import builtins
import logging
from collections.abc import Iterable, Sequence
from itertools import groupby

from console.catalog import Catalog
from console.catalog.retention import Burial, Hold
from console.domain.clock import Clock
from console.domain.errors import Failed, refused
from console.domain.events import Severity
from console.domain.objects import Kind
from console.domain.pairing import Direction, PairingState
from console.domain.recovery_points import RecoveryPoint
from console.engine.journal import Journal
from console.engine.repositories import Repositories
from console.repository.records import encode_tombstone

log = logging.getLogger(__name__)


class Retain:
    """Deletes points. Their bytes stay until reclaimed; a tombstone keeps a rebuilt catalog from reviving them."""

    def __init__(self, catalog: Catalog, repositories: Repositories, journal: Journal, clock: Clock) -> None:
        self._catalog = catalog
        self._repositories = repositories
        self._journal = journal
        self._clock = clock

    def hold(self, point: str, reason: str = "", *, user: str = "") -> RecoveryPoint:
        """No rollup and no deletion takes the point until it is released. Raises Failed `no-such-recovery-point`."""
        found = self._catalog.points.get(point)
        self._catalog.retention.hold(Hold(found.id, self._clock.now(), reason.strip(), user))
        return found

    def release(self, point: str) -> RecoveryPoint:
        """Raises Failed `not-held`, `no-such-recovery-point`."""
        found = self._catalog.points.get(point)
        if not self._catalog.retention.release(found.id):
            raise refused("not-held", "This recovery point is not held.", "Nothing is to be done.")
        return found

    def delete_machine_points(self, machine: str) -> int:
        """All points of a machine. Returns how many they were. Raises Failed `point-held`."""
        return self._delete(self._catalog.points.all_of(machine), machine)

    def delete(self, points: Sequence[str], *, chain: bool = False) -> int:
        """The given points; with `chain` also those that depend on them.

        Raises Failed `points-depend` when others depend on them and `chain` is not set; `point-held`.
        """
        chosen = {self._catalog.points.get(point).id for point in points}
        below = self.dependents(chosen)
        if below and not chain:
            raise refused(
                "points-depend",
                f"{len(below)} newer recovery point(s) build on what is to be deleted.",
                "Delete the whole chain with --chain, or keep these points.",
            )
        found = self._catalog.points.several(sorted(chosen | below))
        return self._delete(found, found[0].machine) if found else 0

    def refuse_held(self, machine: str) -> None:
        """Raises Failed `point-held` when a point of a machine (id) is held."""
        self._refuse_held(self._catalog.points.all_of(machine))

    def dependents(self, points: Iterable[str]) -> set[str]:
        """Other points (ids) that build on these (ids), or would go with those that do."""
        chosen = set(points)
        first = frozenset(chosen)
        while True:
            images = [image.id for point in self._catalog.points.several(sorted(chosen)) for image in point.images]
            below = {
                stored.image.point
                for stored in self._catalog.points.find_images(self._catalog.points.dependents(images)).values()
            }
            if below <= chosen:
                return chosen - first
            chosen |= below

    def forget(self, points: Sequence[RecoveryPoint], machine: str) -> list[Burial]:
        """To be called in the transaction that removes these points of a machine (id): what is to be remembered of
        them. Returns what `bury` is to do after it."""
        now = self._clock.now()
        images = [image.id for point in points for image in point.images]
        stored = self._catalog.points.find_images(images)
        burials = sorted(
            {Burial(one.image.point, one.repository, now) for one in stored.values()},
            key=lambda burial: (burial.repository, burial.point),
        )
        self._catalog.retention.bury(burials)
        if self._comes_from_elsewhere(machine):
            self._catalog.retention.remember_removed(machine, images, now)
        return burials

    def bury(self, burials: Sequence[Burial] | None = None) -> None:
        """Writes the tombstones of points that the catalog has forgotten; None: of all that are due. What cannot be
        written now is written later."""
        due = self._catalog.retention.burials() if burials is None else burials
        for home, those in groupby(due, key=lambda burial: burial.repository):
            mine = builtins.list(those)
            if self._catalog.repositories.find(home) is None:
                self._catalog.retention.buried(mine)  # nothing is left of it that could revive them
                continue
            try:
                with self._repositories.open(home).session(reserve=True) as session:
                    tombstone = encode_tombstone([burial.point for burial in mine], max(b.removed for b in mine))
                    session.put(Kind.TOMBSTONE, tombstone)
                    session.flush()
            except Failed as known:
                log.info("tombstones of %d point(s) are still to be written: %s", len(mine), known.failure.message)
                continue
            self._catalog.retention.buried(mine)

    def _delete(self, points: Sequence[RecoveryPoint], machine: str) -> int:
        if not points:
            return 0
        with self._catalog.transaction():
            self._refuse_held(points)
            burials = self.forget(points, machine)
            self._catalog.points.remove([point.id for point in points])
        self.bury(burials)
        self._journal.note(Severity.INFO, "points-deleted", f"{len(points)} recovery point(s) were deleted.", machine)
        return len(points)

    def _refuse_held(self, points: Sequence[RecoveryPoint]) -> None:
        held = self._catalog.retention.holds([point.id for point in points])
        if held:
            raise refused(
                "point-held",
                f"{len(held)} of these recovery points are held and cannot be deleted."
                if len(held) > 1
                else f"The recovery point {next(iter(held))[:12]} is held and cannot be deleted.",
                "Release it first: replicore point release ID",
            )

    def _comes_from_elsewhere(self, machine: str) -> bool:
        """Whether a Core still replicates it here, which would send again what is gone."""
        pairings = [self._catalog.pairings.get(m.pairing) for m in self._catalog.members.of_machine(machine)]
        return any(p.direction is Direction.INCOMING and p.state is PairingState.ACTIVE for p in pairings)
