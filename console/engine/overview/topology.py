"""The Cores that this one knows, and the pairings between it and them."""

from __future__ import annotations

from collections import Counter

from console.catalog import Catalog
from console.domain.jobs import JobKind
from console.domain.overview_answers import ArrowAnswer, NodeAnswer, Topology
from console.domain.pairing import CoreIdentity, Direction, Pairing, PairingState
from console.engine.jobs import Jobs
from console.engine.overview.safety import Safety
from console.engine.overview.standings import Standings
from console.engine.replicate.lag import PairingView


class Map:
    def __init__(self, catalog: Catalog, jobs: Jobs, standings: Standings, safety: Safety, me: CoreIdentity) -> None:
        self._catalog = catalog
        self._jobs = jobs
        self._standings = standings
        self._safety = safety
        self._me = me

    def show(self) -> Topology:
        """This Core first; of another one the machines that it protects, as far as they are known here."""
        origins = Counter(machine.origin_core for machine in self._standings.machines().values())
        pairings = [one for one in self._catalog.pairings.list() if one.state is PairingState.ACTIVE]
        peers = {one.peer.id: one.peer for one in pairings if one.peer.id != self._me.id}
        lags = {one.pairing.id: one for one in self._safety.pairings()}
        seeds = Counter(seed.pairing for seed in self._catalog.seeds.list() if seed.state.reserves and seed.pairing)
        cores = [_node(self._me, origins, is_self=True), *(_node(peer, origins) for peer in peers.values())]
        return {
            "cores": cores,
            "arrows": [self._arrow(one, lags.get(one.id), seeds[one.id]) for one in pairings],
        }

    def _arrow(self, pairing: Pairing, lag: PairingView | None, seeds: int) -> ArrowAnswer:
        outgoing = pairing.direction is Direction.OUTGOING
        ends = (self._me.id, pairing.peer.id) if outgoing else (pairing.peer.id, self._me.id)
        members = lag.machines if lag else ()
        return {
            "pairing": pairing.id,
            "name": pairing.name,
            "source": ends[0],
            "target": ends[1],
            "link": pairing.link.value,
            "link_text": pairing.link_text,
            "paused": pairing.paused_here or pairing.paused_there,
            "running": outgoing and self._jobs.running(JobKind.REPLICATE, pairing.id) is not None,
            "machines": len(members) if lag else len(self._catalog.members.list(pairing.id)),
            "lag_s": max((member.lag_s for member in members if member.lag_s is not None), default=None),
            "lag_points": sum(member.lag_points for member in members),
            "lag_bytes": sum(member.lag_bytes for member in members),
            "seeds": seeds,
        }


def _node(core: CoreIdentity, origins: Counter[str], *, is_self: bool = False) -> NodeAnswer:
    return {
        "id": core.id,
        "name": core.name,
        "version": core.version,
        "self": is_self,
        "machines": origins[core.id],
    }
