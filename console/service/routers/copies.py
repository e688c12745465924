"""Copies of single points at targets: where one is, why not, and one sent because somebody wants it."""

from __future__ import annotations

from typing import cast

from pydantic import BaseModel

from console.domain.answers import FailureAnswer, JobAnswer
from console.domain.copies import Copy
from console.domain.copy_answers import CopiesAnswer, CopyAnswer, RequiredAnswer
from console.service import present
from console.service.access import Administrator, BacksUp, Reader
from console.service.routing import noun

router = noun("replication")


class WantedCopies(BaseModel):
    """`only_required`: only to targets without which a backup does not succeed."""

    only_required: bool = False


class WantedReplica(BaseModel):
    """`to`: a pairing. `name`: 1 to 64 letters, digits, `_` and `-`. `description`: at most 255 characters."""

    to: str
    name: str = ""
    description: str = ""


class Requirement(BaseModel):
    machine: str
    required: bool = True


@router.get("/points/{point}/copies")
def copies(point: str, by: Reader, runs: str = "") -> CopiesAnswer:
    """At every target of its machine, by name. `runs`: ids of jobs that were to bring it, with commas between them; one
    that failed is named as the cause."""
    found = by.core.catalog.points.get(point)
    return _answer(found.id, by.core.copies.look(found.id, [run for run in runs.split(",") if run]))


@router.post("/points/{point}/copies")
def bring_copies(point: str, body: WantedCopies, by: BacksUp) -> CopiesAnswer:
    """Starts a run to every target that lacks it. Refused: `not-replicated`; what cannot start is said per target."""
    found = by.core.catalog.points.get(point)
    return _answer(found.id, by.core.copies.bring(found.id, only_required=body.only_required, user=by.user))


@router.post("/points/{point}/replicate-backup")
def replicate_backup(point: str, body: WantedReplica, by: BacksUp) -> JobAnswer:
    """A job: this one point is sent to one target now, whatever the schedule, again too. Refused: `bad-replica-name`,
    `bad-description`, `not-replicated`, `replication-paused`, `machine-paused`."""
    job = by.core.copies.send(point, body.to, name=body.name, description=body.description, user=by.user)
    return present.job(by.core, job, 0)


@router.post("/pairings/{pairing}/require-copy")
def require_copy(pairing: str, body: Requirement, by: Administrator) -> RequiredAnswer:
    """Whether a backup of a machine succeeds only when this target has it too. Refused: `not-replicated`."""
    by.core.copies.require(pairing, body.machine, body.required)
    found, machine = by.core.catalog.pairings.get(pairing), by.core.catalog.machines.get(body.machine)
    return {"pairing": found.id, "name": found.name, "machine": machine.name, "required": body.required}


def _answer(point: str, copies: list[Copy]) -> CopiesAnswer:
    return {"point": point, "copies": [_copy(copy) for copy in copies]}


def _copy(copy: Copy) -> CopyAnswer:
    replica = copy.replica
    failure = cast(FailureAnswer, copy.failure.to_dict()) if copy.failure is not None else None
    return {
        "pairing": copy.pairing,
        "name": copy.name,
        "state": copy.state.value,
        "there": copy.failure is None,
        "failure": failure,
        "job": copy.job or None,
        "required": copy.required,
        "replica": replica.name if replica else "",
        "description": replica.description if replica else "",
        "asked_by": replica.asked_by if replica else "",
        "asked": present.moment(replica.asked) if replica else None,
        "ended": present.moment(replica.ended) if replica else None,
        "attempts": replica.attempts if replica else 0,
    }
