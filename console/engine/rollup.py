"""Rollup: points that the retention policy keeps no longer go, and what built on them builds on what is left."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from console.catalog import Catalog
from console.catalog.retention import Burial
from console.domain.chains import WHOLE, ChainState, judge
from console.domain.clock import Clock, iso
from console.domain.errors import Failed, failed
from console.domain.events import Severity
from console.domain.jobs import Job, JobKind, Trigger
from console.domain.machines import Machine, MachineKind
from console.domain.objects import Kind, id_of_hex
from console.domain.progress import Reporter
from console.domain.recovery_points import RecoveryPoint, VolumeImage
from console.domain.retention import (
    KEEP_EVERYTHING,
    DatedPoint,
    Fate,
    Keep,
    Policy,
    Why,
    fates,
    parse_policy,
)
from console.domain.settings import RETENTION, setting
from console.engine.jobs import JobReporter, Jobs
from console.engine.journal import Journal
from console.engine.locks import Ask, Locks
from console.engine.repositories import Repositories
from console.engine.retain import Retain
from console.engine.zones import zone_of
from console.repository import TreeReader
from console.repository.records import Record, decode_record, encode

ATTEMPTS = 5
"""So often a rollup looks anew, when a backup or a peer was quicker."""


@dataclass(frozen=True, slots=True)
class MachinePolicy:
    """`own`: the machine has one of its own; else it is the Core's, or nothing goes because nobody protects it."""

    policy: Policy
    own: bool


@dataclass(frozen=True, slots=True)
class Reparented:
    """An image as it will be, of a kept point (id). `record`: what its point's record says now; None without one."""

    image: VolumeImage
    before: VolumeImage
    point: RecoveryPoint
    record: Record | None


@dataclass(frozen=True, slots=True)
class RollupPlan:
    """What becomes of each point, the newest first; `gone`: those that go, oldest first."""

    machine: Machine
    policy: MachinePolicy
    fates: tuple[Fate, ...]
    gone: tuple[RecoveryPoint, ...]
    changed: tuple[Reparented, ...]


class Rollup:
    """One machine at a time. Dying anywhere loses nothing: new records are synced first, then the catalog changes in
    one transaction, then tombstones are written, which are due until they are."""

    def __init__(
        self,
        catalog: Catalog,
        repositories: Repositories,
        jobs: Jobs,
        journal: Journal,
        clock: Clock,
        retain: Retain,
        ask: Ask | None = None,
    ) -> None:
        self._catalog = catalog
        self._repositories = repositories
        self._jobs = jobs
        self._journal = journal
        self._clock = clock
        self._retain = retain
        self._ask = ask
        self._locks = Locks(catalog)

    # ------------------------------------------------------------------------------------------ policies

    def policy(self, machine: Machine) -> MachinePolicy:
        """What a machine is kept by. One that is neither protected nor replicated any more keeps all of its points,
        unless it has a policy of its own."""
        own = self._catalog.retention.policy(machine.id)
        if own is not None:
            return MachinePolicy(parse_policy(own), True)
        if machine.kind is MachineKind.RECOVERY_POINTS_ONLY:
            return MachinePolicy(KEEP_EVERYTHING, False)
        return MachinePolicy(self.default(), False)

    def default(self) -> Policy:
        """The Core's own."""
        return parse_policy(self._catalog.settings.get(RETENTION) or setting(RETENTION).default)

    def set_policy(self, machine: str, policy: Policy | None) -> Machine:
        """None: the Core's from now on. Nothing goes before the next rollup."""
        found = self._catalog.machines.get(machine)
        self._catalog.retention.set_policy(found.id, None if policy is None else str(policy))
        return found

    # -------------------------------------------------------------------------------------------- looking

    def plan(self, machine: str, *, ask: bool = True, policy: Policy | None = None, read: bool = True) -> RollupPlan:
        """What a rollup would do now, by another `policy` if one is given. With `ask` targets are asked what waits for
        what is here. Without `read` the fates are told as if every record could be read, from the catalog alone; such
        a plan is not to be carried out."""
        found = self._catalog.machines.get(machine)
        mine = self.policy(found) if policy is None else MachinePolicy(policy, True)
        points = self._catalog.points.all_of(found.id)
        facts = {fact.id: fact for fact in self._catalog.points.orphan_facts(found.id)}
        verdicts = judge(facts.values(), {})
        whole = {
            image.id
            for point in points
            for image in point.images
            if verdicts.get(image.id, WHOLE).state is ChainState.WHOLE
        }
        locks = self._locks.of(found.id, points, self._ask if ask else None)
        records: dict[str, Record | None] = {}
        while True:
            judged = fates(self._dated(points, whole, locks), mine.policy, zone_of(self._catalog))
            gone = {fate.point for fate in judged if fate.goes is not None}
            changed, stuck = self._reparent(points, gone, whole, records if read else None)
            if not stuck:
                break
            for point, text in stuck.items():
                locks.setdefault(point, []).append(Why(Keep.CARRIES_ORPHAN, text))
        going = tuple(point for point in points if point.id in gone)
        return RollupPlan(found, mine, tuple(judged), going, tuple(changed))

    def reasons(self, point: RecoveryPoint) -> Fate:
        """What becomes of one point at the next rollup, as far as this Core knows without asking anybody."""
        plan = self.plan(point.machine, ask=False)
        return next(fate for fate in plan.fates if fate.point == point.id)

    def _dated(self, points: Sequence[RecoveryPoint], whole: set[str], locks: dict[str, list[Why]]) -> list[DatedPoint]:
        holds = self._catalog.retention.holds([point.id for point in points])
        return [
            DatedPoint(
                point.id,
                point.time,
                all(image.id in whole for image in point.images),
                holds[point.id].reason if point.id in holds else None,
                tuple(locks.get(point.id, ())),
            )
            for point in points
        ]

    def _reparent(
        self, points: Sequence[RecoveryPoint], gone: set[str], whole: set[str], records: dict[str, Record | None] | None
    ) -> tuple[list[Reparented], dict[str, str]]:
        """What changes when points (ids) go; and points that cannot go after all, with why. `records`: those that were
        read; None: none is read."""
        images = {image.id: image for point in points for image in point.images}
        changed: list[Reparented] = []
        stuck: dict[str, str] = {}
        for point in points:
            if point.id in gone:
                continue
            for image in point.images:
                parent = images.get(image.parent) if image.parent else None
                if parent is None or parent.point not in gone:
                    continue
                if image.id not in whole:
                    stuck[parent.point] = "A newer point builds on it that is not whole here."
                    continue
                if records is not None and point.id not in records:
                    records[point.id] = self._record(point)
                record = records[point.id] if records is not None else None
                if records is not None and record is None and point.record:
                    stuck[parent.point] = "The record of a newer point that builds on it cannot be read."
                    continue
                kept: VolumeImage | None = parent
                while kept is not None and kept.point in gone:
                    kept = images.get(kept.parent) if kept.parent else None
                changed.append(Reparented(image.onto(kept), image, point, record))
        return changed, stuck

    def _record(self, point: RecoveryPoint) -> Record | None:
        try:
            home = self._catalog.points.image(point.images[0].id).repository
            return decode_record(self._repositories.open(home).read(id_of_hex(point.record)))
        except Failed:
            return None

    # ---------------------------------------------------------------------------------------------- doing

    def start(self, machine: str, *, trigger: Trigger = Trigger.PERSON, user: str = "", reason: str = "") -> Job:
        """A job. Its result is what `run` returns."""
        found = self._catalog.machines.get(machine)
        return self._jobs.submit(
            JobKind.ROLLUP,
            found.id,
            lambda reporter: self.run(found.id, reporter),
            trigger=trigger,
            user=user,
            reason=reason or "asked for",
            # Not those of its pairings: behind a run of days no backup of the machine may have to wait.
            lanes=[f"machine:{found.id}"],
        )

    def run(
        self, machine: str, reporter: JobReporter | Reporter, step: Callable[[str], None] = lambda _: None
    ) -> dict[str, Any]:
        """Result: {"machine", "machine_id", "policy", "points_removed", "points_kept", "images_reparented", "removed":
        [{"point", "time", "why"}], "locked": {code: number}}. `step` is told where it stands, for tests."""
        self._retain.bury()
        for _ in range(ATTEMPTS):
            reporter.phase("Looking at what the policy keeps")
            plan = self.plan(machine)
            if not plan.gone:
                return self._said(plan)
            reporter.phase("Finding what is left to build on", items_total=len(plan.changed))
            changed = [self._measured(one, plan, reporter) for one in plan.changed]
            with ExitStack() as opened:  # until the catalog names the records, their sessions keep reclaims from them
                records = self._write(changed, reporter, opened)
                step("records")
                burials = self._commit(plan, changed, records)
            if burials is None:
                reporter.log("Something changed meanwhile; it is looked at again.")
                continue
            step("catalog")
            self._retain.bury(burials)
            step("tombstones")
            self._tell(plan)
            return self._said(plan)
        raise failed(
            "rollup-overtaken",
            f"The points of “{self._catalog.machines.get(machine).name}” changed again and again while they were to "
            "be rolled up. Nothing was removed.",
            "Run it again: replicore machine rollup NAME",
        )

    def _measured(self, one: Reparented, plan: RollupPlan, reporter: Reporter) -> Reparented:
        """With what its increment takes now. What was new in it is what was new in all that went between, at most."""
        reporter.check()
        image = one.image
        repository = self._repositories.open(self._catalog.points.image(image.id).repository)
        parent = id_of_hex(image.parent_root) if image.parent_root else None
        stored = 0
        for batch in TreeReader(repository).increment(id_of_hex(image.root), parent, names=False):
            reporter.check()
            stored += repository.stored_size([ref.id for ref in batch])
        gone = {old.id: old for point in plan.gone for old in point.images}
        new, cursor = image.bytes_new, one.before.parent
        while cursor in gone:
            new, cursor = new + gone[cursor].bytes_new, gone[cursor].parent
        reporter.advance(items=1)
        return replace(one, image=replace(image, bytes_stored=stored, bytes_new=new))

    def _write(self, changed: Sequence[Reparented], reporter: Reporter, opened: ExitStack) -> dict[str, str]:
        """New records of the points (ids) whose images get other parents, synced. Returns their ids in hex."""
        by_point: dict[str, list[Reparented]] = {}
        for one in changed:
            by_point.setdefault(one.point.id, []).append(one)
        homes: dict[str, list[tuple[str, bytes]]] = {}
        now = self._clock.now()
        for point, those in by_point.items():
            record = those[0].record
            if record is None:
                continue
            instead = {one.image.id: one.image for one in those}
            images = tuple(_as_recorded(image, instead.get(image.id)) for image in record.point.images)
            written = max(now, (record.written or now) + timedelta(microseconds=1))
            body = encode(record.instead(those[0].point.record, replace(record.point, images=images), written))
            for home in {self._catalog.points.image(image).repository for image in instead}:
                homes.setdefault(home, []).append((point, body))
        records: dict[str, str] = {}
        for home, bodies in homes.items():
            reporter.check()
            session = opened.enter_context(self._repositories.open(home).session(reserve=True))
            for point, body in bodies:
                records[point] = session.put(Kind.RECORD, body).id.hex()
            session.flush()
        return records

    def _commit(self, plan: RollupPlan, changed: Sequence[Reparented], records: dict[str, str]) -> list[Burial] | None:
        """The one transaction; None when something is not as it was planned any more."""
        gone = [point.id for point in plan.gone]
        try:
            with self._catalog.transaction():
                if self._catalog.retention.holds(gone) or self._moved(plan, changed):
                    return None
                burials = self._retain.forget(plan.gone, plan.machine.id)
                self._catalog.points.roll_up([one.image for one in changed], records, gone)
                return burials
        except Failed as known:
            if known.failure.code == "points-depend":  # a new image builds on what was to go
                return None
            raise

    def _moved(self, plan: RollupPlan, changed: Sequence[Reparented]) -> bool:
        """Whether an image that is to change, or a point that is to go, has changed since."""
        expected = {one.before.id: one.before for one in changed}
        expected |= {image.id: image for point in plan.gone for image in point.images}
        stored = self._catalog.points.find_images(expected)
        torn = {fact.id for fact in self._catalog.points.orphan_facts(plan.machine.id) if not fact.here or fact.damaged}
        return torn & expected.keys() != set() or any(
            id not in stored or stored[id].image.parent != image.parent for id, image in expected.items()
        )

    def _tell(self, plan: RollupPlan) -> None:
        number = len(plan.gone)
        text = f"“{plan.machine.name}”: {number} aged recovery point{'' if number == 1 else 's'} rolled up."
        self._journal.note(Severity.INFO, "points-rolled-up", text, plan.machine.id)

    def _said(self, plan: RollupPlan) -> dict[str, Any]:
        locked: dict[str, int] = {}
        for fate in plan.fates:
            for why in fate.kept:
                locked[why.code] = locked.get(why.code, 0) + 1
        return {
            "machine": plan.machine.name,
            "machine_id": plan.machine.id,
            "policy": str(plan.policy.policy),
            "points_removed": len(plan.gone),
            "points_kept": len(plan.fates) - len(plan.gone),
            "images_reparented": len(plan.changed),
            "removed": [
                {"point": fate.point, "time": iso(fate.time), "why": fate.goes.text} for fate in plan.fates if fate.goes
            ],
            "kept_by": locked,
        }


def _as_recorded(image: VolumeImage, now: VolumeImage | None) -> VolumeImage:
    """An image as a record says it, with the parent (and sizes) that it has now."""
    if now is None:
        return image
    return replace(
        image,
        kind=now.kind,
        base_reason=now.base_reason,
        parent=now.parent,
        parent_root=now.parent_root,
        bytes_new=now.bytes_new,
        bytes_stored=now.bytes_stored,
    )
