"""Copies of single points: whether every target has one, and one sent because somebody wants it, whatever waits."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Any

from console.catalog import Catalog
from console.domain.clock import Clock
from console.domain.copies import Copy, Standing, check_wish, steps_for, why_not_there
from console.domain.errors import Failed, Failure, failed, refused
from console.domain.events import Severity
from console.domain.jobs import Job, JobKind, JobState
from console.domain.machines import Machine
from console.domain.pairing import Direction, Member, Pairing, PairingState
from console.domain.recovery_points import RecoveryPoint
from console.domain.replicas import Replica, ReplicaState
from console.domain.replication import ReplicationPlan, plan_replication
from console.engine.jobs import JobReporter, Jobs
from console.engine.journal import Journal
from console.engine.replicate.peers import Peers
from console.engine.replicate.runs import Replicate
from console.engine.replicate.sending import Sending
from console.engine.repositories import Repositories
from console.engine.transfer import Sent

NEXT = 10
"""The priority of what a person asked for by itself."""
MISSING = "copy-missing"
"""The alert: a backup has not got the copies that it needs."""


class Copies:
    """The source's side. What counts is `catalog.replicas`, never whether a run ended well."""

    def __init__(
        self,
        catalog: Catalog,
        repositories: Repositories,
        jobs: Jobs,
        journal: Journal,
        clock: Clock,
        peers: Peers,
        runs: Replicate,
    ) -> None:
        self._catalog = catalog
        self._jobs = jobs
        self._journal = journal
        self._clock = clock
        self._peers = peers
        self._runs = runs
        self._sending = Sending(catalog, repositories, clock, peers)

    def require(self, pairing: str, machine: str, required: bool) -> None:
        """A backup of a machine succeeds from now on only when this target has it too, or need not any longer. Raises
        Failed `not-replicated`, `pairing-is-incoming`."""
        found = self._peers.outgoing(pairing)
        member = self._member(found, self._catalog.machines.get(machine))
        self._catalog.members.change(found.id, member.machine, require_copy=required)
        if not required:
            self._settle(member.machine)

    def look(self, point: str, runs: Collection[str] = ()) -> list[Copy]:
        """The point at every target of its machine, by name. `runs`: jobs (ids) that were to bring it; one that failed
        is named as the cause."""
        found = self._catalog.points.get(point)
        jobs = [self._jobs.get(run) for run in runs]
        failures = {job.subject: (job.id, job.failure) for job in jobs}
        return [
            self._copy(found, pairing, member, *failures.get(pairing.id, ("", None)))
            for pairing, member in self._targets(found.machine)
        ]

    def bring(self, point: str, *, only_required: bool = False, user: str = "") -> list[Copy]:
        """Starts a run to every target that lacks the point (or only to those that must have it), unless one that will
        bring it is under way. Where none can start, that copy says why. Raises Failed `not-replicated`.
        """
        found = self._catalog.points.get(point)
        targets = self._targets(found.machine)
        if not targets and not only_required:
            machine = self._catalog.machines.get(found.machine)
            raise refused(
                "not-replicated",
                f"“{machine.name}” is not replicated to any Core.",
                "Set that up first: replicore replication add PAIRING MACHINE",
            )
        copies = []
        for pairing, member in targets:
            if only_required and not member.require_copy:
                continue
            job, failure = "", None
            if not self._is_there(found.id, pairing.id):
                try:
                    job = self._runs.run_for(pairing, found.machine, user=user).id
                except Failed as known:
                    failure = known.failure
            copies.append(self._copy(found, pairing, member, job, failure))
        return copies

    def send(self, point: str, to: str, *, name: str = "", description: str = "", user: str = "") -> Job:
        """One existing point to one target as a job, whatever the schedule, with what it builds on there; again also
        after it failed, or the target has let go of it. Result as of `Replicate.start`, and {"point", "name"}.

        Raises Failed `bad-replica-name`, `bad-description`, `not-replicated`, `replication-paused`, `machine-paused`.
        """
        check_wish(name, description)
        found = self._catalog.points.get(point)
        pairing = self._peers.outgoing(to)
        machine = self._catalog.machines.get(found.machine)
        member = self._member(pairing, machine)
        held_up = why_not_there(
            Standing(
                pairing.name,
                pairing.peer.name,
                machine.name,
                paused_here=pairing.paused_here,
                machine_paused=member.paused,
            )
        )
        if held_up is not None and held_up.code in ("replication-paused", "machine-paused"):
            raise Failed(held_up)
        self._wish(found, pairing, name, description, user)
        return self._jobs.submit(
            JobKind.REPLICATE_POINT,
            found.id,
            lambda reporter: self._send(found.id, pairing.id, reporter),
            reason=f"asked for, to “{pairing.name}”",
            user=user,
            lanes=[f"pairing:{pairing.id}"],
            priority=NEXT,
            part=pairing.id,
        )

    def after_run(self, job: Job) -> None:
        """When a run to a target has ended: a machine whose backup needs that copy and has not got it is an alert."""
        pairing = self._catalog.pairings.find(job.subject)
        if pairing is None or pairing.direction is not Direction.OUTGOING or job.state is JobState.CANCELLED:
            return
        for member in self._catalog.members.list(pairing.id):
            newest = self._catalog.points.latest(member.machine) if member.require_copy else None
            if newest is None or (job.started is not None and newest.time > job.started):
                continue  # that one has a run of its own
            copy = self._copy(newest, pairing, member, job.id, job.failure)
            if copy.failure is None:
                self._settle(member.machine)
                continue
            machine = self._catalog.machines.get(member.machine)
            text = (
                f"The backup of “{machine.name}” of {newest.time:%Y-%m-%d %H:%M} UTC needs a copy on “{pairing.name}” "
                f"and has none: {copy.failure.message}"
            )
            self._journal.note(Severity.ERROR, MISSING, text, machine.id, alert=True)

    def _settle(self, machine: str) -> None:
        """Nobody need look at the alert of a machine (id) any more, when every copy it needs is there."""
        newest = self._catalog.points.latest(machine)
        needed = [pairing.id for pairing, member in self._targets(machine) if member.require_copy]
        if newest is None or all(self._is_there(newest.id, pairing) for pairing in needed):
            self._journal.settle(MISSING, machine)

    # --- one point

    def _wish(self, point: RecoveryPoint, pairing: Pairing, name: str, description: str, user: str) -> None:
        with self._catalog.transaction():
            known = self._catalog.replicas.find(point.id, pairing.id) or Replica(
                point.id, pairing.id, point.machine, point.time, ReplicaState.WAITING
            )
            there = known.state is ReplicaState.THERE
            self._catalog.replicas.put(
                replace(
                    known,
                    state=known.state if there else ReplicaState.WAITING,
                    ended=known.ended if there else None,
                    name=name or known.name,
                    description=description or known.description,
                    asked=self._clock.now(),
                    asked_by=user,
                )
            )

    def _send(self, point_id: str, pairing_id: str, reporter: JobReporter) -> dict[str, Any]:
        began = self._clock.monotonic()
        pairing = self._peers.outgoing(pairing_id)
        try:
            sent, points = self._sent(self._catalog.points.get(point_id), pairing, reporter)
            point = self._catalog.points.get(point_id)
            member = self._catalog.members.get(pairing.id, point.machine)
            found = self._copy(point, self._catalog.pairings.get(pairing.id), member)
            if found.failure is not None:
                raise Failed(found.failure)
        except Failed as known:
            self._failed(point_id, pairing.id, known.failure)
            raise
        return {
            "point": point_id,
            "pairing": pairing.id,
            "name": found.replica.name if found.replica is not None else "",
            "points_sent": len(points),
            "objects_sent": sent.objects,
            "bytes_sent": sent.bytes,
            "bytes_skipped": sent.skipped,
            "images_withheld": 0,
            "duration_s": round(self._clock.monotonic() - began, 3),
        }

    def _sent(self, point: RecoveryPoint, pairing: Pairing, reporter: JobReporter) -> tuple[Sent, set[str]]:
        reporter.phase(f"Asking “{pairing.name}” what it has")
        answer = self._peers.exchange(pairing)
        machine = self._catalog.machines.get(point.machine)
        member = self._member(pairing, machine)
        if answer.paused or member.there_paused:
            raise refused("paused-by-target", f"“{pairing.name}” has paused the replication.", "Ask its administrator.")
        held = self._peers.holdings(pairing, machine.id)
        mine = {image.id for image in point.images}
        again = {image for image in mine if image in held and held[image].gone}
        if again and "again" not in answer.speaks:
            raise failed(
                "target-cannot-again",
                f"“{pairing.name}” has let go of this recovery point, and its release cannot take it again.",
                "Update Replicore there.",
            )
        images = self._catalog.points.source_images(machine.id)
        plan = plan_replication(
            images,
            {image: holding for image, holding in held.items() if image not in again},
            self._catalog.seeds.reservations(machine.id, pairing.id),
        )
        steps = steps_for(plan.steps, images, mine)
        if not steps:
            return Sent(), set()
        there = {image for image, holding in held.items() if holding.here and image not in again}
        return self._sending.send(
            self._peers.dialer(pairing), pairing, machine, ReplicationPlan(steps, ()), there, reporter, again=again
        )

    def _failed(self, point: str, pairing: str, failure: Failure) -> None:
        """Nothing where what was asked for is gone by now."""
        with self._catalog.transaction():
            known = self._catalog.replicas.find(point, pairing)
            if known is None or known.state is ReplicaState.THERE or self._catalog.points.find(point) is None:
                return
            # What the target has let go of stays said so: nothing is to try it again by itself.
            state = ReplicaState.DELETED if known.state is ReplicaState.DELETED else ReplicaState.FAILED
            self._catalog.replicas.put(
                replace(
                    known,
                    state=state,
                    ended=self._clock.now(),
                    code=failure.code,
                    message=failure.message,
                    attempts=known.attempts + 1,
                )
            )

    # --- what is known

    def _copy(
        self, point: RecoveryPoint, pairing: Pairing, member: Member, job: str = "", run: Failure | None = None
    ) -> Copy:
        replica = self._catalog.replicas.find(point.id, pairing.id)
        stored = self._catalog.points.find_images([image.id for image in point.images])
        reserved = self._catalog.seeds.reservations(point.machine, pairing.id)
        seeds = [reserved[i.id].seed for i in point.images if i.id in reserved and reserved[i.id].state.reserves]
        machine = self._catalog.machines.get(point.machine)
        failure = why_not_there(
            Standing(
                pairing.name,
                pairing.peer.name,
                machine.name,
                replica,
                paused_here=pairing.paused_here,
                paused_there=pairing.paused_there,
                machine_paused=member.paused,
                machine_paused_there=member.there_paused,
                link=pairing.link,
                link_text=pairing.link_text,
                seed=seeds[0] if seeds else "",
                damaged=any(not one.here or one.damaged for one in stored.values()),
                run=run,
            )
        )
        return Copy(pairing.id, pairing.name, replica, failure, member.require_copy, job)

    def _is_there(self, point: str, pairing: str) -> bool:
        known = self._catalog.replicas.find(point, pairing)
        return known is not None and known.state is ReplicaState.THERE

    def _targets(self, machine: str) -> Sequence[tuple[Pairing, Member]]:
        found = [(self._catalog.pairings.get(m.pairing), m) for m in self._catalog.members.of_machine(machine)]
        outgoing = [
            (pairing, member)
            for pairing, member in found
            if pairing.direction is Direction.OUTGOING and pairing.state is PairingState.ACTIVE
        ]
        return sorted(outgoing, key=lambda one: one[0].name.lower())

    def _member(self, pairing: Pairing, machine: Machine) -> Member:
        member = self._catalog.members.find(pairing.id, machine.id)
        if member is None:
            raise refused(
                "not-replicated",
                f"“{machine.name}” is not replicated to “{pairing.name}”.",
                f"Set that up first: replicore replication add {pairing.name} {machine.name}",
            )
        return member
