"""Replication runs from this Core: when one starts, what it sends, and what it would send."""

from __future__ import annotations

import builtins
from collections.abc import Sequence
from typing import Any

from console.catalog import Catalog
from console.domain.clock import Clock
from console.domain.errors import Failed, FailureKind, refused
from console.domain.jobs import Job, JobKind, JobState, Trigger
from console.domain.machines import Machine
from console.domain.pairing import Direction, Member, Pairing, PairingState
from console.domain.replication import Holding, ImageOffer, ReplicationPlan, Step, plan_replication
from console.engine.ends import LocalSource, offer_of
from console.engine.jobs import JobReporter, Jobs
from console.engine.replicate.lag import MachinePlan, PairingView, view
from console.engine.replicate.peers import Peers
from console.engine.repositories import Repositories
from console.engine.transfer import Sent, transfer
from console.wire.dialer import Dialer


class Replicate:
    """The source's side. Everything it learns of a target comes from calls it makes itself."""

    def __init__(self, catalog: Catalog, repositories: Repositories, jobs: Jobs, clock: Clock, peers: Peers) -> None:
        self._catalog = catalog
        self._repositories = repositories
        self._jobs = jobs
        self._clock = clock
        self._peers = peers
        self._followed: dict[tuple[str, str], tuple[str, str]] = {}

    def start(
        self, pairing: str, *, trigger: Trigger = Trigger.PERSON, user: str = "", reason: str = "", force: bool = False
    ) -> Job:
        """A run of one pairing as a job. While one is queued that one is meant; a running one is followed by another.

        Result: {"points_sent", "objects_sent", "bytes_sent", "bytes_skipped", "duration_s"}. With `force` a pause of
        ours is named as the reason not to run instead of a run that sends nothing.
        """
        found = self._peers.outgoing(pairing)
        if force and found.paused_here:
            raise refused(
                "replication-paused",
                f"Replication to “{found.name}” is paused here.",
                f"Resume it first: replicore replication resume {found.name}",
            )
        pending = self._jobs.pending(JobKind.REPLICATE, found.id)
        if pending is not None:
            return pending
        return self._jobs.submit(
            JobKind.REPLICATE,
            found.id,
            lambda reporter: self._run(found.id, reporter, force=force),
            trigger=trigger,
            reason=reason,
            user=user,
            lanes=[f"pairing:{found.id}"],
        )

    def start_for(self, machine: str, *, user: str = "") -> builtins.list[Job]:
        """Runs of every pairing a machine is in, for `backup --replicate`: those that its backup started, or new ones.

        Raises Failed `not-replicated`, `replication-paused`.
        """
        found = self._catalog.machines.get(machine)
        pairings = [p for p in self._pairings_of(found.id) if p.direction is Direction.OUTGOING]
        if not pairings:
            raise refused(
                "not-replicated",
                f"“{found.name}” is not replicated to any Core.",
                "Set that up first: replicore replication add PAIRING MACHINE",
            )
        return [
            self._following(pairing, found.id)
            or self.start(pairing.id, user=user, reason="the backup wants it", force=True)
            for pairing in pairings
        ]

    def plan(self, pairing: str) -> builtins.list[MachinePlan]:
        """What the next run would send, and why not the rest, without sending. Asks the target what it has."""
        found = self._peers.outgoing(pairing)
        self._peers.exchange(found)
        dialer = self._peers.dialer(found)
        plans = []
        for member in self._catalog.members.list(found.id):
            machine = self._catalog.machines.get(member.machine)
            plan = self._plan(found, member, dialer.holdings(machine.id))
            size = sum(self._catalog.points.image(step.image).image.bytes_stored for step in plan.steps)
            plans.append(MachinePlan(machine, plan, size))
        return plans

    def show(self, pairing: str) -> PairingView:
        """Everything to be said of one pairing, outgoing or incoming."""
        found = self._catalog.pairings.get(pairing)
        running = self._jobs.running(JobKind.REPLICATE, found.id)
        return view(self._catalog, found, self._clock.now(), running)

    def list(self, direction: Direction | None = None) -> builtins.list[PairingView]:
        found = self._catalog.pairings.list(direction)
        return [self.show(p.id) for p in found if p.state is PairingState.ACTIVE]

    def _run(self, pairing_id: str, reporter: JobReporter, *, force: bool) -> dict[str, Any]:
        began = self._clock.monotonic()
        pairing = self._peers.outgoing(pairing_id)
        reporter.phase(f"Asking “{pairing.name}” what it has")
        answer = self._peers.exchange(pairing)
        total, points, held_back = Sent(), set[str](), 0
        if answer.paused:
            reporter.warn("paused-by-target", f"“{pairing.name}” has paused the replication; nothing was sent.")
        dialer = self._peers.dialer(pairing)
        for member in [] if answer.paused else self._catalog.members.list(pairing.id):
            machine = self._catalog.machines.get(member.machine)
            if member.there_paused:
                self._warn_of_pause(pairing, machine, reporter)
                continue
            try:
                sent, done, waiting = self._machine(dialer, pairing, member, machine, reporter)
            except Failed as known:
                if known.failure.code != "paused-by-target":
                    raise
                # Somebody there has paused it since it was asked.
                self._warn_of_pause(pairing, machine, reporter)
                continue
            if member.paused and force:
                reporter.warn("machine-paused", f"“{machine.name}” is paused here; nothing of it was sent.")
            total, points, held_back = total + sent, points | done, held_back + waiting
        if points:
            self._peers.exchange(pairing)
        return {
            "pairing": pairing.id,
            "points_sent": len(points),
            "objects_sent": total.objects,
            "bytes_sent": total.bytes,
            "bytes_skipped": total.skipped,
            "images_withheld": held_back,
            "duration_s": round(self._clock.monotonic() - began, 3),
        }

    def _machine(
        self, dialer: Dialer, pairing: Pairing, member: Member, machine: Machine, reporter: JobReporter
    ) -> tuple[Sent, set[str], int]:
        """What was sent of a machine, of which points, and how many images were held back."""
        held = self._peers.holdings(pairing, machine.id)
        plan = self._plan(pairing, member, list(held.values()))
        held_back = sum(1 for w in plan.withheld if w.reason.value not in ("at-target", "gone-there", "paused"))
        if not plan.steps:
            return Sent(), set(), held_back
        there = {image for image, holding in held.items() if holding.here}
        sent, done = self._send(dialer, pairing, machine, plan, there, reporter)
        return sent, done, held_back

    def _send(
        self,
        dialer: Dialer,
        pairing: Pairing,
        machine: Machine,
        plan: ReplicationPlan,
        there: set[str],
        reporter: JobReporter,
    ) -> tuple[Sent, set[str]]:
        """`there`: images that the target has; those that are sent join them."""
        images = self._catalog.points.find_images([step.image for step in plan.steps])
        size = sum(stored.image.bytes_stored for stored in images.values())
        reporter.phase(f"Sending “{machine.name}” to “{pairing.name}”", bytes_total=size, items_total=len(images))
        total, points, whole = Sent(), set[str](), set[str]()
        try:
            with dialer.target(machine.id) as target:
                for step in plan.steps:
                    reporter.check()
                    if self._catalog.pairings.get(pairing.id).paused_here:
                        reporter.warn("replication-paused", "The replication was paused here; the rest waits.")
                        break
                    stored = images[step.image]
                    offer = self._offer(machine, step, plan.steps)
                    if offer is None:
                        reporter.log(f"Image {step.image[:12]} was rolled up or deleted meanwhile; it is not sent.")
                        continue
                    point = offer.point
                    reporter.advance(text=f"point of {point.time:%Y-%m-%d %H:%M} UTC")
                    source = LocalSource(self._catalog, self._repositories.open(stored.repository))
                    total += transfer(source, target, offer, reporter)
                    points.add(point.id)
                    there.add(step.image)
                    if there.issuperset(image.id for image in point.images):
                        whole.add(point.id)
                    reporter.advance(items=1)
        finally:
            # What has been committed there stays there, however the run goes on.
            self._peers.progress.reached(pairing.id, machine.id, whole)
        return total, points

    def _warn_of_pause(self, pairing: Pairing, machine: Machine, reporter: JobReporter) -> None:
        text = f"“{pairing.name}” has paused the replication of “{machine.name}”; nothing of it was sent."
        reporter.warn("paused-by-target", text)

    def _offer(self, machine: Machine, step: Step, steps: Sequence[Step]) -> ImageOffer | None:
        """None: the point, or what it was to build on, is gone since the run was planned."""
        try:
            return offer_of(self._catalog, machine, step, steps)
        except Failed as known:
            if known.failure.kind is FailureKind.NOT_FOUND:
                return None
            raise

    def _plan(self, pairing: Pairing, member: Member, held: Sequence[Holding]) -> ReplicationPlan:
        return plan_replication(
            self._catalog.points.source_images(member.machine),
            {holding.image: holding for holding in held},
            self._catalog.seeds.reservations(member.machine, pairing.id),
            paused=member.paused or member.there_paused or pairing.paused_here,
        )

    def after_backup(self, job: Job) -> None:
        """A run of each pairing of the machine that a backup job has made a point of, whatever became of the others."""
        if job.state is not JobState.SUCCEEDED:
            return
        for pairing in self._pairings_of(job.subject):
            member = self._catalog.members.get(pairing.id, job.subject)
            if pairing.direction is Direction.OUTGOING and not pairing.paused_here and not member.paused:
                run = self.start(pairing.id, trigger=Trigger.FOLLOWS_BACKUP, reason="a backup made a new point")
                self._followed[pairing.id, job.subject] = ((job.result or {}).get("point", ""), run.id)

    def _following(self, pairing: Pairing, machine: str) -> Job | None:
        """The run that the machine's newest point has started itself, unless it went wrong."""
        newest = self._catalog.points.latest(machine)
        point, run = self._followed.get((pairing.id, machine), ("", ""))
        if newest is None or newest.id != point:
            return None
        job = self._jobs.get(run)
        return job if not job.state.ended or job.state is JobState.SUCCEEDED else None

    def _pairings_of(self, machine: str) -> builtins.list[Pairing]:
        found = [self._catalog.pairings.get(m.pairing) for m in self._catalog.members.of_machine(machine)]
        return [p for p in found if p.state is PairingState.ACTIVE]
