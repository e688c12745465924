"""How long points stay: policies, rollup, holds, the simulator, and the nightly jobs."""

from __future__ import annotations

from pydantic import BaseModel

from console.catalog.retention import Hold
from console.domain.answers import JobAnswer
from console.domain.clock import iso
from console.domain.machines import Machine
from console.domain.retention import Fate, Policy, Rule, Why, parse_policy
from console.domain.retention_answers import (
    KeptAnswer,
    KeptPage,
    MachineRetentionAnswer,
    RetentionAnswer,
    RetentionPage,
    RollupAnswer,
    SimulationAnswer,
    WhyAnswer,
)
from console.domain.settings import LOCAL_ZONE, ZONE
from console.engine.core import Core
from console.engine.rollup import RollupPlan
from console.engine.simulate import Simulation
from console.service import present
from console.service.access import Administrator, Reader
from console.service.routing import After, Limit, noun, page

router = noun("retention")


class Chosen(BaseModel):
    """`policy`: as `domain.retention.parse_policy` reads it; null: the Core's."""

    policy: str | None


class Named(BaseModel):
    """Ids of points."""

    points: list[str]


class Reason(BaseModel):
    reason: str = ""


@router.get("/retention")
def core_retention(by: Reader) -> RetentionAnswer:
    """The Core's own policy, which machines without one follow."""
    return _retention(by.core, None, by.core.rollup.default(), own=True)


@router.get("/retention/machines")
def retentions(by: Reader, text: str | None = None, limit: Limit = 100, after: After = None) -> RetentionPage:
    """What each machine is kept by, by name. `text`: part of the name."""
    wanted = (text or "").casefold()
    matching = [machine for machine in by.core.catalog.machines.list() if wanted in machine.name.casefold()]
    found = sorted(matching, key=lambda machine: (machine.name.lower(), machine.id))
    shown, more = page(found, limit, after, lambda machine: machine.id)
    return {"machines": [_of_machine(by.core, machine) for machine in shown], "next": more}


@router.get("/machines/{machine}/retention")
def retention(machine: str, by: Reader) -> RetentionAnswer:
    """What a machine is kept by."""
    found = by.core.catalog.machines.get(machine)
    mine = by.core.rollup.policy(found)
    return _retention(by.core, found, mine.policy, own=mine.own)


@router.put("/machines/{machine}/retention")
def set_retention(machine: str, body: Chosen, by: Administrator) -> RetentionAnswer:
    """Nothing goes before the next rollup. Refused: `bad-retention`."""
    by.core.rollup.set_policy(machine, None if body.policy is None else parse_policy(body.policy))
    return retention(machine, by)


@router.get("/machines/{machine}/rollup")
def rollup_plan(machine: str, by: Reader, policy: str | None = None, staying: bool = False) -> RollupAnswer:
    """What a rollup would remove now, by its policy or another one. `staying`: also what would stay, and why."""
    chosen = None if policy is None else parse_policy(policy)
    return _plan(by.core.rollup.plan(machine, policy=chosen), staying=staying)


@router.post("/machines/{machine}/rollup")
def roll_up(machine: str, by: Administrator) -> JobAnswer:
    """A job: removes what the policy keeps no longer."""
    return present.job(by.core, by.core.rollup.start(machine, user=by.user), 0)


@router.get("/machines/{machine}/simulation")
def simulation(
    machine: str,
    by: Reader,
    days: int = 365,
    policy: str | None = None,
    interval_s: int | None = None,
    change: int | None = None,
) -> SimulationAnswer:
    """Points and space, day by day, here and at each target. `change`: stored bytes that are new in each backup."""
    chosen = None if policy is None else parse_policy(policy)
    return _simulation(by.core.simulate.machine(machine, days, policy=chosen, interval_s=interval_s, change=change))


@router.get("/points/{point}/kept")
def kept(point: str, by: Reader) -> KeptAnswer:
    """What keeps a point at the next rollup, as far as this Core knows by itself."""
    found = by.core.catalog.points.get(point)
    held = by.core.catalog.retention.holds([found.id])
    return _kept(by.core.rollup.reasons(found), held.get(found.id))


@router.post("/points/kept")
def kept_several(body: Named, by: Reader) -> KeptPage:
    """As `kept`, of many points at once."""
    found = by.core.catalog.points.several(body.points)
    holds = by.core.catalog.retention.holds([point.id for point in found])
    return {"points": [_kept(fate, holds.get(fate.point)) for fate in by.core.fates.of(found)]}


@router.post("/points/{point}/hold")
def hold(point: str, body: Reason, by: Administrator) -> KeptAnswer:
    """No rollup and no deletion takes it until it is released."""
    return kept(by.core.retain.hold(point, body.reason, user=by.user).id, by)


@router.post("/points/{point}/release")
def release(point: str, by: Administrator) -> KeptAnswer:
    """Refused: `not-held`."""
    return kept(by.core.retain.release(point).id, by)


@router.post("/core/nightly")
def nightly(by: Administrator) -> JobAnswer:
    """The nightly jobs, now. A job."""
    return present.job(by.core, by.core.nightly.start(user=by.user), 0)


def _retention(core: Core, machine: Machine | None, policy: Policy, *, own: bool) -> RetentionAnswer:
    spans = dict(policy.blocks())
    return {
        "machine": machine.name if machine else None,
        "machine_id": machine.id if machine else None,
        "own": own,
        "policy": str(policy),
        "everything": policy.everything,
        "text": policy.text,
        "blocks": {rule.value: str(spans[rule]) if rule in spans else None for rule in Rule},
        "zone": core.catalog.settings.get(ZONE) or LOCAL_ZONE,
    }


def _of_machine(core: Core, machine: Machine) -> MachineRetentionAnswer:
    mine = core.rollup.policy(machine)
    return {
        **_retention(core, machine, mine.policy, own=mine.own),
        "kind": machine.kind.value,
        "points": core.catalog.points.count(machine.id),
    }


def _plan(plan: RollupPlan, *, staying: bool) -> RollupAnswer:
    kept_by: dict[str, int] = {}
    for fate in plan.fates:
        for why in fate.kept:
            kept_by[why.code] = kept_by.get(why.code, 0) + 1
    return {
        "machine": plan.machine.name,
        "policy": str(plan.policy.policy),
        "points_kept": len(plan.fates) - len(plan.gone),
        "points_removed": len(plan.gone),
        "images_reparented": len(plan.changed),
        "points": [
            {"id": fate.point, "time": iso(fate.time), "code": fate.goes.code, "text": fate.goes.text}
            for fate in plan.fates
            if fate.goes is not None
        ],
        "staying": [
            {"id": fate.point, "time": iso(fate.time), "kept_by": [_why(why) for why in fate.kept]}
            for fate in plan.fates
            if staying and fate.goes is None
        ],
        "kept_by": kept_by,
    }


def _simulation(found: Simulation) -> SimulationAnswer:
    return {
        "machine": found.machine.name,
        "interval_s": found.habit.interval_s,
        "size": found.habit.size,
        "change": found.habit.change,
        "courses": [
            {
                "place": course.place or None,
                "policy": str(course.policy),
                "known": course.known,
                "days": [
                    {"date": day.date.isoformat(), "points": day.points, "bytes": day.bytes} for day in course.days
                ],
            }
            for course in found.courses
        ],
    }


def _kept(fate: Fate, held: Hold | None) -> KeptAnswer:
    return {
        "point": fate.point,
        "held": held is not None,
        "hold": None if held is None else present.hold(held),
        "kept_by": [_why(why) for why in fate.kept],
        "goes": None if fate.goes is None else _why(fate.goes),
    }


def _why(why: Why) -> WhyAnswer:
    return {"code": why.code, "text": why.text}
