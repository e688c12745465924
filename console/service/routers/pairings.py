"""Pairings of this Core with others, and the machines in them."""

from __future__ import annotations

from pydantic import BaseModel

from console.domain.answers import JobAnswer
from console.domain.errors import refused
from console.domain.pairing import Direction, Pairing
from console.domain.replication_answers import (
    Paired,
    PairingDetailAnswer,
    PairingPage,
    PairingRemoved,
    PlanAnswer,
    Probed,
)
from console.engine.core import Core
from console.service import present, present_pairing
from console.service.access import Administrator, BacksUp, Reader
from console.service.routing import After, Limit, noun, page

router = noun("replication")


class Address(BaseModel):
    host: str
    port: int


class NewPairing(Address):
    """`fingerprint`: what a person confirmed; the target is refused when it shows another."""

    user: str
    password: str
    fingerprint: str
    name: str | None = None


class NewMembers(BaseModel):
    """`repositories`: machine as it is named here → name or id of one of the target's repositories."""

    machines: list[str]
    repositories: dict[str, str] = {}
    paused: bool = False
    seed_drive: bool = False


class LeavingMembers(BaseModel):
    """None: the whole pairing ends. `delete_points`: at the target; ours always stay."""

    machines: list[str] | None = None
    delete_points: bool = False


class OneMember(BaseModel):
    """None: the whole pairing."""

    machine: str | None = None


@router.get("/pairings")
def pairings(by: Reader, direction: Direction | None = None, limit: Limit = 100, after: After = None) -> PairingPage:
    """By name."""
    found = sorted(by.core.replicate.list(direction), key=lambda view: view.pairing.name.lower())
    shown, more = page(found, limit, after, lambda view: view.pairing.id)
    return {"pairings": [present_pairing.pairing(view) for view in shown], "next": more}


@router.post("/pairings/probe")
def probe(body: Address, by: Administrator) -> Probed:
    """What the Core at an address shows of itself, before anybody signs in. Refused: `target-unreachable`."""
    found = by.core.pair.probe(body.host, body.port)
    return {
        "host": body.host,
        "port": body.port,
        "core": found.identity.id,
        "name": found.identity.name,
        "version": found.identity.version,
        "fingerprint": found.identity.fingerprint,
        "words": list(found.words),
    }


@router.post("/pairings")
def pair(body: NewPairing, by: Administrator) -> Paired:
    """Signs in at the target once and remembers it by its certificate; the password is not kept."""
    paired = by.core.pair.pair(body.host, body.port, body.user, body.password, body.fingerprint, body.name)
    return {
        "pairing": paired.pairing.id,
        "name": paired.pairing.name,
        "peer": paired.pairing.peer.name,
        "fingerprint": paired.pairing.peer.fingerprint,
        "repositories": [
            {"id": offer.id, "name": offer.name, "default": offer.default, "free_bytes": offer.free}
            for offer in paired.repositories
        ],
        "warnings": list(paired.warnings),
    }


@router.get("/pairings/{pairing}")
def pairing(pairing: str, by: Reader) -> PairingDetailAnswer:
    """With each machine: its state, lag, rate and who paused it."""
    return present_pairing.pairing_detail(by.core.replicate.show(pairing))


@router.post("/pairings/{pairing}/machines")
def add_machines(pairing: str, body: NewMembers, by: Administrator) -> PairingDetailAnswer:
    """With `seed_drive` what there is now is set aside for a seed drive; only later points go over the wire."""
    by.core.arrange.add(
        pairing,
        body.machines,
        body.repositories,
        paused=body.paused,
        seed_drive=body.seed_drive,
        user=by.user,
    )
    return present_pairing.pairing_detail(by.core.replicate.show(pairing))


@router.post("/pairings/{pairing}/remove")
def remove(pairing: str, body: LeavingMembers, by: Administrator) -> PairingRemoved:
    """Ends the replication of some machines, or the pairing. An incoming pairing is ended as a whole."""
    found = by.core.pair.get(pairing)
    if found.direction is Direction.INCOMING:
        return _end_incoming(by.core, found, body)
    gone = by.core.arrange.remove(pairing, body.machines, delete_points=body.delete_points)
    return {
        "pairing": gone["pairing"],
        "machines": gone["machines"],
        "points_deleted": gone["points_deleted"],
        "target_told": gone.get("target_told", True),
    }


@router.post("/pairings/{pairing}/pause")
def pause_pairing(pairing: str, body: OneMember, by: Administrator) -> PairingDetailAnswer:
    """Nothing is sent until it is resumed. An incoming pairing can be paused too."""
    by.core.arrange.pause(pairing, body.machine)
    return present_pairing.pairing_detail(by.core.replicate.show(pairing))


@router.post("/pairings/{pairing}/resume")
def resume_pairing(pairing: str, body: OneMember, by: Administrator) -> PairingDetailAnswer:
    """Undoes our own pause; a pause of the other side stays."""
    by.core.arrange.resume(pairing, body.machine)
    return present_pairing.pairing_detail(by.core.replicate.show(pairing))


@router.get("/pairings/{pairing}/plan")
def plan(pairing: str, by: Reader) -> PlanAnswer:
    """What the next run would send, and why not the rest. Asks the target what it has; sends nothing."""
    found = by.core.pair.get(pairing)
    return present_pairing.plan(found.id, found.name, by.core.replicate.plan(found.id))


@router.post("/pairings/{pairing}/force")
def force(pairing: str, by: BacksUp) -> JobAnswer:
    """A job: everything that waits is sent now. Refused: `replication-paused`."""
    job = by.core.replicate.start(pairing, user=by.user, reason="asked for", force=True)
    return present.job(by.core, job, 0)


def _end_incoming(core: Core, found: Pairing, body: LeavingMembers) -> PairingRemoved:
    """We end what a source sends us; it is told when it calls next."""
    if body.machines:
        raise refused(
            "source-decides",
            f"Which machines replicate to this Core is decided at “{found.peer.name}”.",
            f"Remove them there, or end the pairing as a whole: replicore replication remove {found.name}",
        )
    members = core.catalog.members.list(found.id)
    machines = [core.catalog.machines.get(member.machine).name for member in members]
    deleted = core.receive.end(found, delete_points=body.delete_points, forget=False)
    return {"pairing": found.id, "machines": machines, "points_deleted": deleted, "target_told": True}
