"""Machines of sources at their target: taken in as replicated ones, and let go of."""

from __future__ import annotations

from dataclasses import replace

from console.catalog import Catalog
from console.domain.errors import refused
from console.domain.events import Severity
from console.domain.machines import Machine, MachineKind
from console.domain.pairing import CoreIdentity, Direction, Pairing
from console.domain.ways import Way, circle, way_of
from console.engine.journal import Journal
from console.engine.replicate.names import free_name
from console.engine.retain import Retain
from console.wire.messages import MachineBacklog


class Adopting:
    """The target's side."""

    def __init__(self, catalog: Catalog, retain: Retain, journal: Journal, me: CoreIdentity) -> None:
        self._catalog = catalog
        self._retain = retain
        self._journal = journal
        self._me = me

    def mine_or_new(self, pairing: Pairing, machine: Machine, way: Way) -> None:
        """A machine that is here under another source, or is protected here, is refused: Failed `machine-elsewhere`;
        and one that went from here to a Core it now comes from (`way`): `machine-in-circle`."""
        known = self._catalog.machines.find(machine.id)
        if known is None:
            return
        others = [m for m in self._catalog.members.of_machine(machine.id) if m.pairing != pairing.id]
        incoming = [m for m in others if self._catalog.pairings.get(m.pairing).direction is Direction.INCOMING]
        if known.kind is MachineKind.PROTECTED or incoming:
            whose = self._catalog.pairings.get(incoming[0].pairing).name if incoming else "this Core itself"
            raise refused(
                "machine-elsewhere",
                f"“{machine.name}” is already on “{self._me.name}”, from {whose}.",
                "A machine comes to a Core by one way only: end the other one first, or replicate another machine.",
            )
        sends_to = {self._catalog.pairings.get(m.pairing).peer.id for m in others if m not in incoming}
        known_by = circle(way, sends_to)
        if known_by is not None:
            raise refused(
                "machine-in-circle",
                f"“{machine.name}” goes from “{self._me.name}” to “{known_by}” and would come back from there.",
                f"End its replication from “{self._me.name}” to “{known_by}” first.",
            )

    def adopt(self, pairing: Pairing, machine: Machine, repository: str) -> None:
        """The machine as a replicated one of ours: same id, name (unless taken) and volumes. In `repository` (id)."""
        known = self._catalog.machines.find(machine.id)
        name = known.name if known else self._name(pairing, machine.id, machine.name, None)
        adopted = replace(
            machine,
            name=name,
            kind=MachineKind.REPLICATED,
            repository=repository,
            interval_s=0 if machine.paused else machine.interval_s,
            paused=False,
            next_due=None,
            origin_name=machine.origin_name or pairing.peer.name,
        )
        if known is None:
            self._catalog.machines.add(adopted)
        elif known != adopted:
            self._catalog.machines.update(adopted)

    def heard(self, pairing: Pairing, sender: CoreIdentity, said: MachineBacklog) -> None:
        """What the source says of one of its machines, whether anything of it is sent or not: it is called as it is
        there from now on, and the Cores it came by are known."""
        known = self._catalog.machines.find(said.machine)
        if known is None or known.id != said.machine or known.kind is not MachineKind.REPLICATED:
            return
        if self._catalog.members.find(pairing.id, known.id) is None:
            return
        self._catalog.machines.came_by(known.id, way_of(said.via, sender.id, sender.name))
        if not said.name:
            return
        name = self._name(pairing, known.id, said.name, known)
        if name != known.name:
            self._catalog.machines.update(replace(known, name=name))
            text = f"“{known.name}” from “{pairing.peer.name}” has got another name there; it is “{name}” here too."
            self._journal.note(Severity.INFO, "machine-renamed", text, known.id)

    def _name(self, pairing: Pairing, machine: str, name: str, known: Machine | None) -> str:
        """As at the source; where another machine has that name, with the pairing's in parentheses, which no name that
        a person gave can have. What is called so already keeps it."""
        if known is not None and known.name.startswith(f"{name} ("):
            return known.name

        def is_free(wanted: str) -> bool:
            other = self._catalog.machines.find(wanted)
            return other is None or other.id == machine or other.name.casefold() != wanted.casefold()

        return free_name(name, f"{name} ({pairing.name})", is_free)

    def release(self, pairing: Pairing, machine: str, *, delete: bool) -> int:
        """A machine (id) leaves the pairing: it stays for its points alone, or goes with them. How many were deleted;
        one that is not in the pairing (any more) counts as left. Raises Failed `point-held`."""
        if self._catalog.members.find(pairing.id, machine) is None:
            return 0
        if delete:
            self._retain.refuse_held(machine)
        self._catalog.members.remove(pairing.id, machine)
        known = self._catalog.machines.find(machine)
        if known is None:
            return 0
        deleted = self._retain.delete_machine_points(machine) if delete else 0
        if delete:
            self._catalog.machines.remove(machine)
        else:
            self._catalog.machines.update(replace(known, kind=MachineKind.RECOVERY_POINTS_ONLY, interval_s=0))
        return deleted
