"""Two Cores side by side: what this one has of its machines, and what a target has of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from console.catalog import Catalog
from console.domain.comparison import ComparedPoint, Fix, KeptImage, compare
from console.domain.errors import refused
from console.domain.jobs import Job
from console.domain.machines import Machine
from console.domain.pairing import Member, Pairing
from console.domain.replication import Holding, ReplicationPlan, plan_replication
from console.engine.points import Points
from console.engine.repair.repair import Repair
from console.engine.replicate.inventory import inventory_of
from console.engine.replicate.peers import Peers
from console.engine.replicate.runs import Replicate


@dataclass(frozen=True, slots=True)
class MachineComparison:
    """Of one machine. `policy_*`: of retention, as text; empty where the target did not say. `exact`: the target knows
    what is damaged at its side and what only it has; an older release says neither."""

    machine: Machine
    points: tuple[ComparedPoint, ...]
    policy_here: str
    policy_there: str
    exact: bool


class Compare:
    """The source's side: it asks, the target cannot."""

    def __init__(
        self,
        catalog: Catalog,
        points: Points,
        peers: Peers,
        replicate: Replicate,
        repair: Callable[[], Repair],
        kept_by: Callable[[str], str],
    ) -> None:
        """`kept_by`: the retention policy that a machine (id) is kept by here, as text."""
        self._catalog = catalog
        self._points = points
        self._peers = peers
        self._replicate = replicate
        self._repair = repair
        self._kept_by = kept_by

    def compare(self, pairing: str, machine: str | None = None) -> list[MachineComparison]:
        """All machines of an outgoing pairing by name, or one. The target is asked now; nothing is changed.

        Raises Failed `pairing-is-incoming`, `not-in-pairing`, and where the target cannot be reached.
        """
        found = self._peers.outgoing(pairing)
        members = self._members(found, machine)
        self._peers.exchange(found)
        current = self._catalog.pairings.get(found.id)
        compared = [self._machine(current, member) for member in members]
        return sorted(compared, key=lambda one: one.machine.name.lower())

    def fix(self, pairing: str, machine: str | None = None, *, user: str = "") -> list[Job]:
        """Starts what makes both alike as far as this Core can: a run that sends, and repairs of what is damaged here.
        What was let go of by retention, on either side, stays gone. Raises Failed as `compare`."""
        compared = self.compare(pairing, machine)
        fixes = {point.fix for one in compared for point in one.points}
        jobs = []
        if Fix.REPAIR_HERE in fixes:
            for repository in sorted(self._damaged_in([one.machine.id for one in compared])):
                running = self._catalog.repositories.find(repository)
                if running is not None:
                    jobs.append(self._repair().start(repository, user=user, reason="two Cores were compared"))
        if Fix.SEND in fixes:
            jobs.append(self._replicate.start(pairing, user=user, reason="two Cores were compared", force=True))
        return jobs

    def _members(self, pairing: Pairing, machine: str | None) -> Sequence[Member]:
        members = self._catalog.members.list(pairing.id)
        if machine is None:
            return members
        found = self._catalog.machines.get(machine)
        mine = [member for member in members if member.machine == found.id]
        if not mine:
            raise refused(
                "not-in-pairing",
                f"“{found.name}” is not replicated to “{pairing.name}”.",
                f"Add it first: replicore replication add {pairing.name} {found.name}",
            )
        return mine

    def _machine(self, pairing: Pairing, member: Member) -> MachineComparison:
        machine = self._catalog.machines.get(member.machine)
        here = inventory_of(self._catalog, self._points, machine.id)
        exact = "inventory" in pairing.speaks
        policy = member.retention
        if exact:
            there, policy = self._ask(pairing, machine.id)
        else:
            there = _as_said([*self._peers.holdings(pairing, machine.id).values()], here)
        plan = self._plan(pairing, member, there)
        points = compare(
            here, there, {step.image for step in plan.steps}, {withheld.image: withheld for withheld in plan.withheld}
        )
        return MachineComparison(machine, tuple(points), self._kept_by(machine.id), policy, exact)

    def _ask(self, pairing: Pairing, machine: str) -> tuple[list[KeptImage], str]:
        dialer = self._peers.dialer(pairing)
        found: list[KeptImage] = []
        while True:
            page = dialer.inventory(machine, found[-1].image if found else "")
            found += page.images
            # A page that says “more” and brings nothing new would be asked for without end.
            if not page.more or not page.images:
                return found, page.policy

    def _plan(self, pairing: Pairing, member: Member, there: Sequence[KeptImage]) -> ReplicationPlan:
        held = {
            kept.image: Holding(kept.image, kept.here, kept.whole, True, kept.parent, kept.gone)
            for kept in there
            if kept.here or kept.gone
        }
        paused = member.paused or member.there_paused or pairing.paused_here or pairing.paused_there
        reserved = self._catalog.seeds.reservations(member.machine, pairing.id)
        return plan_replication(self._catalog.points.source_images(member.machine), held, reserved, paused=paused)

    def _damaged_in(self, machines: Sequence[str]) -> set[str]:
        """Repositories (ids) with damaged images of these machines."""
        return {
            stored.repository
            for machine in machines
            for stored in self._catalog.points.images_of(machine)
            if stored.damaged
        }


def _as_said(holdings: Sequence[Holding], here: Sequence[KeptImage]) -> list[KeptImage]:
    """What an older target says, in which what is damaged there looks like what never came."""
    known = {kept.image: kept for kept in here}
    found = []
    for said in holdings:
        ours = known.get(said.image, KeptImage(said.image))
        gone = KeptImage(said.image, gone=True)
        kept = KeptImage(said.image, ours.point, ours.time, said.here, said.whole, bytes=ours.bytes, parent=said.parent)
        found.append(gone if said.gone else kept)
    return found
