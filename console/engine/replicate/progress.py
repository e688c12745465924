"""What of a machine has reached a target: written down from what the target says, and from what was sent."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from console.catalog import Catalog
from console.domain.clock import Clock
from console.domain.replicas import ReplicaState
from console.domain.replication import Holding


class Progress:
    """The source's side. Of which points a target has, `catalog.replicas` is what counts; the member's `last_point`
    follows from it in the same transaction."""

    def __init__(self, catalog: Catalog, clock: Clock) -> None:
        self._catalog = catalog
        self._clock = clock

    def learned(self, pairing: str, machine: str, held: Mapping[str, Holding]) -> None:
        """A target's whole answer about a machine (id), by image: what it has, and what it let go of."""
        images: dict[str, list[str]] = {}
        for image in self._catalog.points.source_images(machine):
            images.setdefault(image.point, []).append(image.image)
        said = {point: state for point, mine in images.items() if (state := _state(mine, held)) is not None}
        with self._catalog.transaction():
            if self._catalog.replicas.known(pairing, machine, said, self._clock.now()):
                self._derive(pairing, machine)

    def reached(self, pairing: str, machine: str, points: Collection[str]) -> None:
        """Every image of these points has been committed there."""
        with self._catalog.transaction():
            self._catalog.replicas.reached(pairing, machine, points, self._clock.now())
            self._derive(pairing, machine, last_sent=self._clock.now())

    def _derive(self, pairing: str, machine: str, **more: Any) -> None:
        newest = self._catalog.replicas.newest_there(pairing, machine)
        self._catalog.members.change(pairing, machine, last_point=newest, **more)


def _state(images: Collection[str], held: Mapping[str, Holding]) -> ReplicaState | None:
    """None: the target lacks some of it."""
    said = [held.get(image) for image in images]
    if not all(holding is not None and (holding.here or holding.gone) for holding in said):
        return None
    gone = any(holding is not None and holding.gone for holding in said)
    return ReplicaState.DELETED if gone else ReplicaState.THERE
