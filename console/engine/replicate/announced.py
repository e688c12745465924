"""What a source says of itself, and what has come from it: seed drives on their way here, how often its machines are
backed up, their newest points."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from console.catalog import Catalog
from console.domain.machines import MachineKind
from console.domain.pairing import Direction, Pairing
from console.domain.recovery_points import RecoveryPoint
from console.domain.seeds import Seed, SeedState
from console.wire.messages import ConsumedSeed, StatusRequest


def announced(catalog: Catalog, pairing: Pairing, request: StatusRequest) -> None:
    """Seeds the source has made for us: what is on them is expected; abandoned ones are expected no more."""
    for said in request.seeds:
        known = catalog.seeds.find(said.id)
        if known is None:
            state = said.state if said.state is SeedState.ABANDONED else _expected_state(said.state)
            catalog.seeds.add(
                Seed(
                    said.id,
                    pairing.id,
                    Direction.INCOMING,
                    state,
                    said.created,
                    tuple(said.images),
                    said.comment,
                    written=said.written,
                )
            )
        elif known.pairing == pairing.id and known.state not in (SeedState.CONSUMED, SeedState.CONSUMING):
            state = said.state if said.state is SeedState.ABANDONED else _expected_state(said.state)
            updated = replace(known, state=state, comment=said.comment, written=said.written, images=tuple(said.images))
            if updated != known:
                catalog.seeds.update(updated)


def arrived(catalog: Catalog, pairing: Pairing, request: StatusRequest) -> list[ConsumedSeed]:
    """Of each seed the source still knows: the images that are here by now, however they came."""
    consumed = []
    for said in request.seeds:
        if not said.state.reserves:
            continue
        here = [
            stored.image.id
            for stored in catalog.points.find_images(said.images).values()
            if stored.here and not stored.damaged and catalog.members.find(pairing.id, stored.machine) is not None
        ]
        if here:
            catalog.seeds.arrived(said.id, here)
            consumed.append(ConsumedSeed(said.id, here))
    return consumed


def _expected_state(state: SeedState) -> SeedState:
    """At the target a seed is either not written yet or outstanding until it is consumed."""
    return SeedState.OUTSTANDING if state in (SeedState.OUTSTANDING, SeedState.CONSUMED) else SeedState.DEFINED


def rhythms(catalog: Catalog, pairing: Pairing, request: StatusRequest) -> None:
    """How often the source backs up the machines that come from there: what does not come in time is late."""
    for said in request.machines:
        known = catalog.machines.find(said.machine)
        if said.interval_s is None or known is None or catalog.members.find(pairing.id, said.machine) is None:
            continue
        if known.id == said.machine and known.kind is MachineKind.REPLICATED and known.interval_s != said.interval_s:
            catalog.machines.update(replace(known, interval_s=max(0, said.interval_s)))


def progressed(catalog: Catalog, pairing: str, point: RecoveryPoint, now: datetime) -> bool:
    """An image of a point has come: the point is the newest of its machine when all its images are here. Whether they
    are."""
    with catalog.transaction():
        member = catalog.members.find(pairing, point.machine)
        if member is None:
            return False
        stored = catalog.points.find_images([image.id for image in point.images])
        whole = all(image.id in stored and stored[image.id].here for image in point.images)
        newest = max(filter(None, [member.last_point, point.time if whole else None]), default=None)
        catalog.members.change(pairing, point.machine, last_point=newest, last_sent=now)
        return whole
