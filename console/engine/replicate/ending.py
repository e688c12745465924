"""The end of replication, of some machines or of a pairing; a target that is away learns of it later."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from console.catalog import Catalog
from console.domain.clock import Clock
from console.domain.errors import Failed, FailureKind
from console.domain.events import Severity
from console.domain.machines import Machine
from console.domain.pairing import Departure, Direction, Pairing
from console.domain.recovery_points import RecoveryPoint
from console.engine.journal import Journal
from console.engine.replicate.peers import Peers


@dataclass(frozen=True, slots=True)
class Stake:
    """What lies at the target of machines whose replication would end. `points`: as far as this Core knows."""

    machines: tuple[Machine, ...]
    points: tuple[RecoveryPoint, ...]


@dataclass(frozen=True, slots=True)
class Ended:
    """`told`: false when the peer was away; it learns of it later. `deleted`: points that went at once."""

    pairing: Pairing
    machines: tuple[Machine, ...]
    deleted: int
    told: bool


class Ending:
    """The source's side; the target's is `Receive`."""

    def __init__(self, catalog: Catalog, journal: Journal, clock: Clock, peers: Peers) -> None:
        self._catalog = catalog
        self._journal = journal
        self._clock = clock
        self._peers = peers

    def stake(self, pairing: str, machines: Sequence[str] | None = None) -> Stake:
        """Of machines (names or ids) of a pairing, None: of all, outgoing or incoming. Nobody is asked. Raises Failed
        `no-such-pairing`, `no-such-machine`, `no-such-member`."""
        found = self._catalog.pairings.get(pairing)
        chosen = chosen_of(self._catalog, found, machines)
        points: list[RecoveryPoint] = []
        for machine in chosen:
            if found.direction is Direction.OUTGOING:
                there = self._catalog.replicas.there(found.id, machine.id)
                points += self._catalog.points.several(sorted(there))
            else:
                points += self._catalog.points.all_of(machine.id)
        return Stake(tuple(chosen), tuple(points))

    def end(
        self, pairing: str, machines: Sequence[str] | None = None, *, delete_points: bool = False, user: str = ""
    ) -> Ended:
        """Ends the replication of some machines, or (None) an outgoing pairing, and says so to the target.

        Points at the target stay unless `delete_points`; ours always stay. A target that is away learns of it at the
        next contact, and deletes then. Raises Failed: what the target refuses (`point-held`); then nothing has ended.
        """
        found = self._peers.outgoing(pairing, removed=True)
        chosen = chosen_of(self._catalog, found, machines)
        told, deleted = True, 0
        try:
            dialer = self._peers.dialer(found)
            if chosen and (machines is not None or delete_points):
                deleted = dialer.remove_machines([m.id for m in chosen], delete_points=delete_points)
            if machines is None:
                dialer.unpair()
        except Failed as known:
            if known.failure.code != "not-paired":  # it does not know us any more: nothing is to be told
                if known.failure.kind is not FailureKind.UNREACHABLE:
                    raise
                told = False
        with self._catalog.transaction():
            if not told and (machines is not None or delete_points):
                now = self._clock.now()
                for machine in chosen:
                    gone = Departure(found.id, machine.id, now, Direction.OUTGOING, delete_points, user=user)
                    self._catalog.departures.put(gone)
            if machines is None:
                self._peers.forget(found, told=told)
            else:
                for machine in chosen:
                    self._catalog.members.remove(found.id, machine.id)
        names = ", ".join(machine.name for machine in chosen) or "no machine"
        text = f"The replication of {names} to “{found.name}” was ended."
        if not told:
            text += " It could not be told; it learns of it at the next contact."
        self._journal.note(Severity.INFO, "replication-ended", text, found.id)
        return Ended(found, tuple(chosen), deleted, told)


def chosen_of(catalog: Catalog, pairing: Pairing, machines: Sequence[str] | None) -> list[Machine]:
    """Machines of a pairing by names or ids, None: all of them. Raises Failed `no-such-machine`, `no-such-member`."""
    if machines is None:
        known = [catalog.machines.find(member.machine) for member in catalog.members.list(pairing.id)]
        return [machine for machine in known if machine is not None]
    found = [catalog.machines.get(machine) for machine in dict.fromkeys(machines)]
    for machine in found:
        catalog.members.get(pairing.id, machine.id)
    return list({machine.id: machine for machine in found}.values())
