"""Pairings and plans as the JSON of `domain.answers`."""

from __future__ import annotations

from console.domain.clock import iso
from console.domain.pairing import Direction
from console.domain.replication_answers import (
    MemberAnswer,
    PairingAnswer,
    PairingDetailAnswer,
    PlanAnswer,
    PlannedMachine,
)
from console.engine.replicate.lag import MachinePlan, MemberView, PairingView
from console.service.present import moment


def pairing(view: PairingView) -> PairingAnswer:
    found = view.pairing
    return {
        "pairing": found.id,
        "name": found.name,
        "role": "source" if found.direction is Direction.OUTGOING else "target",
        "peer": found.peer.name,
        "peer_id": found.peer.id,
        "peer_version": found.peer.version,
        "fingerprint": found.peer.fingerprint,
        "host": found.host,
        "port": found.port,
        "state": found.state.value,
        "link": found.link.value,
        "link_text": found.link_text,
        "last_contact": moment(found.last_contact),
        "paused_here": found.paused_here,
        "paused_there": found.paused_there,
        "created": iso(found.created),
        "machine_count": len(view.machines),
        "lag_points": view.lag_points,
        "job": view.job.id if view.job else None,
    }


def pairing_detail(view: PairingView) -> PairingDetailAnswer:
    return {**pairing(view), "machines": [_member(member) for member in view.machines]}


def plan(pairing_id: str, name: str, plans: list[MachinePlan]) -> PlanAnswer:
    machines = [_planned(one) for one in plans]
    return {
        "pairing": pairing_id,
        "name": name,
        "machines": machines,
        "points": sum(machine["points"] for machine in machines),
        "bytes": sum(machine["bytes"] for machine in machines),
    }


def _member(view: MemberView) -> MemberAnswer:
    return {
        "machine": view.machine.name,
        "machine_id": view.machine.id,
        "repository": view.member.repository_name,
        "state": view.state.value,
        "last_replicated": moment(view.member.last_point),
        "last_sent": moment(view.member.last_sent),
        "lag_s": view.lag_s,
        "lag_points": view.lag_points,
        "lag_bytes": view.lag_bytes,
        "rate_bps": view.rate_bps,
        "eta_s": view.eta_s,
        "paused_by": view.paused_by,
        "images_on_seed": view.images_on_seed,
    }


def _planned(one: MachinePlan) -> PlannedMachine:
    return {
        "machine": one.machine.name,
        "machine_id": one.machine.id,
        "points": len({step.point for step in one.plan.steps}),
        "bytes": one.bytes,
        "steps": [{"point": step.point, "image": step.image, "names": step.names} for step in one.plan.steps],
        "withheld": [
            {"point": w.point, "image": w.image, "reason": w.reason.value, "detail": w.detail}
            for w in one.plan.withheld
        ],
    }
