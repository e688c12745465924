"""Two Cores side by side."""

from __future__ import annotations

from collections import Counter

from pydantic import BaseModel

from console.domain.clock import iso
from console.domain.compare_answers import ComparedMachine, Comparison, DifferentPoint, Fixing
from console.domain.comparison import NOT_DATED, ComparedPoint, Difference, Why
from console.engine.replicate.comparing import MachineComparison
from console.service import present
from console.service.access import Administrator, Reader
from console.service.routing import Limit, noun

router = noun("replication")

_LET_GO = {Why.GONE_HERE, Why.GONE_THERE}


class WantedFix(BaseModel):
    """None: all machines of the pairing."""

    machine: str | None = None


@router.get("/pairings/{pairing}/comparison")
def comparison(pairing: str, by: Reader, machine: str | None = None, limit: Limit = 100) -> Comparison:
    """What both have of each machine. Asks the target; changes nothing. `limit`: points that differ, per machine.
    Refused: `pairing-is-incoming`, `not-in-pairing`, and where the target cannot be reached."""
    compared = by.core.compare.compare(pairing, machine)
    found = by.core.pair.get(pairing)
    return {
        "pairing": found.id,
        "name": found.name,
        "here": by.core.name,
        "there": found.peer.name,
        "alike": all(
            point.difference is Difference.SAME or point.why in _LET_GO for one in compared for point in one.points
        ),
        "machines": [_machine(one, limit) for one in compared],
    }


@router.post("/pairings/{pairing}/comparison-fix")
def fix(pairing: str, body: WantedFix, by: Administrator) -> Fixing:
    """Starts what makes both alike: sends what waits and what is damaged there, repairs what is damaged here. What one
    side let go of stays gone. Refused as the comparison."""
    jobs = by.core.compare.fix(pairing, body.machine, user=by.user)
    return {"jobs": [present.job(by.core, job, 0) for job in jobs]}


def _machine(one: MachineComparison, limit: int) -> ComparedMachine:
    counts = Counter(point.difference.value.partition("-")[0] for point in one.points)
    sides = Counter(point.difference for point in one.points)
    different = [point for point in reversed(one.points) if point.difference is not Difference.SAME]
    return {
        "machine": one.machine.name,
        "machine_id": one.machine.id,
        "same": sides[Difference.SAME],
        "only_here": sides[Difference.ONLY_HERE],
        "only_there": sides[Difference.ONLY_THERE],
        "damaged": counts["damaged"],
        "incomplete": counts["incomplete"],
        "retention_here": one.policy_here,
        "retention_there": one.policy_there,
        "retention_same": one.policy_here == one.policy_there,
        "exact": one.exact,
        "points": [_point(point) for point in different[:limit]],
        "left_out": max(0, len(different) - limit),
    }


def _point(point: ComparedPoint) -> DifferentPoint:
    return {
        "point": point.point,
        "time": iso(point.time) if point.time != NOT_DATED else None,
        "difference": point.difference.value,
        "why": point.why.value,
        "fix": point.fix.value,
        "detail": point.detail,
        "bytes": point.bytes,
    }
