"""Seed drives on their way here: what the source says of them, and what of them has come."""

from __future__ import annotations

from dataclasses import replace

from console.catalog import Catalog
from console.domain.pairing import Direction, Pairing
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
