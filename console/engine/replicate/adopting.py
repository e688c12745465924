"""Machines of sources at their target: taken in as replicated ones, and let go of."""

from __future__ import annotations

from dataclasses import replace

from console.catalog import Catalog
from console.domain.errors import refused
from console.domain.machines import Machine, MachineKind
from console.domain.pairing import CoreIdentity, Direction, Pairing
from console.engine.replicate.names import free_name
from console.engine.retain import Retain


class Adopting:
    """The target's side."""

    def __init__(self, catalog: Catalog, retain: Retain, me: CoreIdentity) -> None:
        self._catalog = catalog
        self._retain = retain
        self._me = me

    def mine_or_new(self, pairing: Pairing, machine: Machine) -> None:
        """A machine that is here under another source, or is protected here, is refused: Failed `machine-elsewhere`."""
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
                "Remove it there first, or replicate another machine.",
            )

    def adopt(self, pairing: Pairing, machine: Machine, repository: str) -> None:
        """The machine as a replicated one of ours: same id, name (unless taken) and volumes. In `repository` (id)."""
        known = self._catalog.machines.find(machine.id)
        name = known.name if known else self._free_name(machine.name, pairing)
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

    def _free_name(self, name: str, pairing: Pairing) -> str:
        return free_name(name, f"{name} ({pairing.name})", lambda one: self._catalog.machines.find(one) is None)

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
