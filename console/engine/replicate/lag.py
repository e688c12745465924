"""What there is to say of a pairing: link, lag and who paused it, from what this Core knows without asking."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from console.catalog import Catalog
from console.domain.jobs import Job
from console.domain.machines import Machine
from console.domain.pairing import Direction, Member, Pairing
from console.domain.replication import ReplicationPlan


class MemberState(StrEnum):
    IN_STEP = "in-step"
    BEHIND = "behind"
    WAITING_FOR_SEED = "waiting-for-seed"
    PAUSED = "paused"


@dataclass(frozen=True, slots=True)
class MachinePlan:
    """What the next run would do for one machine; `bytes`: stored bytes it would send at most."""

    machine: Machine
    plan: ReplicationPlan
    bytes: int


@dataclass(frozen=True, slots=True)
class MemberView:
    """One machine of a pairing. `lag_*`: what the target has not got by wire yet; None where this Core cannot know."""

    machine: Machine
    member: Member
    state: MemberState
    lag_points: int
    lag_bytes: int
    lag_s: float | None
    rate_bps: float | None
    eta_s: float | None
    paused_by: str | None
    images_on_seed: int


@dataclass(frozen=True, slots=True)
class PairingView:
    pairing: Pairing
    machines: tuple[MemberView, ...]
    job: Job | None

    @property
    def lag_points(self) -> int:
        return sum(machine.lag_points for machine in self.machines if machine.state is MemberState.BEHIND)


def view(catalog: Catalog, pairing: Pairing, now: datetime, running: Job | None) -> PairingView:
    """`running`: the pairing's job, if one runs; its rate is the rate of its machines."""
    members = []
    for member in catalog.members.list(pairing.id):
        machine = catalog.machines.find(member.machine)
        if machine is not None:
            members.append(_member(catalog, pairing, member, machine, now, running))
    return PairingView(pairing, tuple(members), running)


def _member(
    catalog: Catalog, pairing: Pairing, member: Member, machine: Machine, now: datetime, running: Job | None
) -> MemberView:
    paused_by = _paused_by(pairing, member)
    if pairing.direction is Direction.INCOMING:
        state = MemberState.PAUSED if paused_by else MemberState.IN_STEP
        return MemberView(machine, member, state, 0, 0, None, None, None, paused_by, 0)
    reserved = {i for i, r in catalog.seeds.reservations(machine.id, pairing.id).items() if r.state.reserves}
    behind = [
        point
        for point in catalog.points.several(catalog.replicas.waiting(pairing.id, machine.id))
        if not all(image.id in reserved for image in point.images)
    ]
    size = sum(image.bytes_stored for point in behind for image in point.images)
    if paused_by:
        state = MemberState.PAUSED
    elif behind:
        state = MemberState.BEHIND
    elif reserved:
        state = MemberState.WAITING_FOR_SEED
    else:
        state = MemberState.IN_STEP
    lag = (now - behind[0].time).total_seconds() if behind else 0.0
    rate = running.progress.rate_bps if running else None
    eta = size / rate if rate and behind else (0.0 if not behind else None)
    return MemberView(machine, member, state, len(behind), size, lag, rate, eta, paused_by, len(reserved))


def _paused_by(pairing: Pairing, member: Member) -> str | None:
    if pairing.paused_here:
        return "this Core"
    if pairing.paused_there:
        return pairing.peer.name
    if member.paused:
        return "this Core (this machine)"
    return f"{pairing.peer.name} (this machine)" if member.there_paused else None
