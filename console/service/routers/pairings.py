"""Pairings of this Core with others, and the machines in them."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import BaseModel

from console.domain.answers import JobAnswer, Loss
from console.domain.pairing import Direction, Pairing, RepositoryOffer
from console.domain.replication_answers import (
    Looked,
    OfferAnswer,
    Offers,
    Paired,
    PairingDetailAnswer,
    PairingPage,
    PairingRemoved,
    PlanAnswer,
    Probed,
)
from console.engine.core import Core
from console.engine.replicate.ending import chosen_of
from console.engine.replicate.pair import Probe
from console.service import present, present_pairing
from console.service.access import Administrator, BacksUp, Reader
from console.service.routing import After, Limit, noun, page

router = noun("replication")


class Address(BaseModel):
    host: str
    port: int


class SignIn(Address):
    """`fingerprint`: what a person confirmed; the target is refused when it shows another."""

    user: str
    password: str
    fingerprint: str


class NewPairing(SignIn):
    """`name`: what it is called here; without one as the target calls itself."""

    name: str | None = None


class EditedPairing(BaseModel):
    """None: stays as it is."""

    name: str | None = None
    host: str | None = None
    port: int | None = None


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


class ChosenMembers(BaseModel):
    """Names or ids; None: all of the pairing."""

    machines: list[str] | None = None


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
    return _probed(body, by.core.pair.probe(body.host, body.port))


@router.post("/pairings/look")
def look(body: SignIn, by: Administrator) -> Looked:
    """Signs in at the target to see which repositories it offers; no pairing is made, here or there."""
    looked = by.core.pair.look(body.host, body.port, body.user, body.password, body.fingerprint)
    return {
        **_probed(body, looked.found),
        "repositories": _offers(looked.repositories),
        "warnings": list(looked.warnings),
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
        "repositories": _offers(paired.repositories),
        "warnings": list(paired.warnings),
    }


@router.get("/pairings/{pairing}")
def pairing(pairing: str, by: Reader) -> PairingDetailAnswer:
    """With each machine: its state, lag, rate and who paused it."""
    return present_pairing.pairing_detail(by.core.replicate.show(pairing))


@router.patch("/pairings/{pairing}")
def edit_pairing(pairing: str, body: EditedPairing, by: Administrator) -> PairingDetailAnswer:
    """Changes what is given: its name here, or where the target is reached. The target is not asked: whether it is
    there shows at the next contact. Refused: `pairing-is-incoming` for an address, `bad-address`, `name-taken`."""
    edited = by.core.pair.edit(pairing, name=body.name, host=body.host, port=body.port)
    return present_pairing.pairing_detail(by.core.replicate.show(edited.id))


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
    """Ends the replication of some machines, or the pairing, from either side. A peer that is away learns of it at the
    next contact. Refused: `point-held`."""
    found = by.core.pair.get(pairing)
    machines = body.machines or None
    if found.direction is Direction.INCOMING:
        return _end_incoming(by.core, found, machines, by.user, delete_points=body.delete_points)
    gone = by.core.arrange.ending.end(pairing, machines, delete_points=body.delete_points, user=by.user)
    return {
        "pairing": gone.pairing.id,
        "machines": [machine.name for machine in gone.machines],
        "points_deleted": gone.deleted,
        "target_told": gone.told,
    }


@router.post("/pairings/{pairing}/loss")
def removal_loss(pairing: str, body: ChosenMembers, by: Reader) -> Loss:
    """What lies at the target of these machines, and would go with their points; nothing is changed. Of an outgoing
    pairing: as the target has said last."""
    stake = by.core.arrange.ending.stake(pairing, body.machines or None)
    return present.loss([one.name for one in stake.machines], stake.points, by.core)


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


@router.get("/pairings/{pairing}/repositories")
def offers(pairing: str, by: Reader) -> Offers:
    """Those of the target, which is asked now. Refused: `pairing-is-incoming`, and where it cannot be reached."""
    return {"repositories": _offers(by.core.arrange.offers(pairing))}


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


def _probed(at: Address, found: Probe) -> Probed:
    return {
        "host": at.host,
        "port": at.port,
        "core": found.identity.id,
        "name": found.identity.name,
        "version": found.identity.version,
        "fingerprint": found.identity.fingerprint,
        "words": list(found.words),
    }


def _offers(offers: Sequence[RepositoryOffer]) -> list[OfferAnswer]:
    return [
        {"id": offer.id, "name": offer.name, "default": offer.default, "free_bytes": offer.free} for offer in offers
    ]


def _end_incoming(
    core: Core, found: Pairing, machines: list[str] | None, user: str, *, delete_points: bool
) -> PairingRemoved:
    """We end what a source sends us; it is told when it calls next."""
    names = [machine.name for machine in chosen_of(core.catalog, found, machines)]
    if machines is None:
        deleted = core.receive.end(found, delete_points=delete_points, forget=False)
    else:
        deleted = core.receive.let_go(found, machines, delete_points=delete_points, user=user)
    return {"pairing": found.id, "machines": names, "points_deleted": deleted, "target_told": True}
