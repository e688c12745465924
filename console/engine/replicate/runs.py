"""Replication runs from this Core: when one starts, and what it would send."""

from __future__ import annotations

import builtins

from console.catalog import Catalog
from console.domain.clock import Clock
from console.domain.errors import refused
from console.domain.jobs import Job, JobKind, JobState, Trigger
from console.domain.pairing import Direction, Pairing, PairingState
from console.engine.jobs import Jobs
from console.engine.replicate.lag import MachinePlan, PairingView, view
from console.engine.replicate.peers import Peers
from console.engine.replicate.sending import Sending
from console.engine.repositories import Repositories


class Replicate:
    """The source's side. Everything it learns of a target comes from calls it makes itself."""

    def __init__(self, catalog: Catalog, repositories: Repositories, jobs: Jobs, clock: Clock, peers: Peers) -> None:
        self._catalog = catalog
        self._jobs = jobs
        self._clock = clock
        self._peers = peers
        self._sending = Sending(catalog, repositories, clock, peers)
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
            lambda reporter: self._sending.run(found.id, reporter, force=force),
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
        return [self.run_for(pairing, found.id, user=user) for pairing in pairings]

    def run_for(self, pairing: Pairing, machine: str, *, user: str = "") -> Job:
        """The run that brings the newest point of a machine (id) to a target: that of its backup, or a new one. Raises
        Failed `replication-paused`."""
        return self._following(pairing, machine) or self.start(
            pairing.id, user=user, reason="the backup wants it", force=True
        )

    def plan(self, pairing: str) -> builtins.list[MachinePlan]:
        """What the next run would send, and why not the rest, without sending. Asks the target what it has."""
        found = self._peers.outgoing(pairing)
        self._peers.exchange(found)
        dialer = self._peers.dialer(found)
        plans = []
        for member in self._catalog.members.list(found.id):
            machine = self._catalog.machines.get(member.machine)
            plan = self._sending.plan(found, member, dialer.holdings(machine.id))
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
        if not job.state.ended:
            return job
        # One that ended well may have sent nothing: a pause there, a seed drive.
        there = pairing.id in self._catalog.replicas.at([newest.id]).get(newest.id, ())
        return job if job.state is JobState.SUCCEEDED and there else None

    def _pairings_of(self, machine: str) -> builtins.list[Pairing]:
        found = [self._catalog.pairings.get(m.pairing) for m in self._catalog.members.of_machine(machine)]
        return [p for p in found if p.state is PairingState.ACTIVE]
