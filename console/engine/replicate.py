"""Replication from this Core: which machines go where, when a run starts, and the run itself."""

from __future__ import annotations

import builtins
import threading
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from console.catalog import Catalog
from console.domain.clock import Clock
from console.domain.errors import Failed, FailureKind, not_found, refused, usage
from console.domain.events import Severity
from console.domain.jobs import Job, JobKind, JobState, Trigger
from console.domain.machines import Machine
from console.domain.pairing import (
    CoreIdentity,
    Direction,
    Link,
    Member,
    Pairing,
    PairingState,
    RepositoryOffer,
)
from console.domain.replication import Holding, ImageOffer, ReplicationPlan, plan_replication
from console.engine.ends import LocalSource
from console.engine.jobs import JobReporter, Jobs
from console.engine.journal import Journal
from console.engine.lag import MachinePlan, PairingView, view
from console.engine.repositories import Repositories
from console.engine.seed import SeedDrives
from console.engine.transfer import Sent, transfer
from console.wire.dialer import Dialer, Dialers
from console.wire.messages import MachineBacklog, SeedAnnouncement, StatusAnswer, StatusRequest

TOUCH_S = 60.0
"""A paired target is asked how it is at least this often while the Core runs."""


class Replicate:
    """The source's side. Everything it learns of a target comes from calls it makes itself."""

    def __init__(
        self,
        catalog: Catalog,
        repositories: Repositories,
        jobs: Jobs,
        journal: Journal,
        clock: Clock,
        me: CoreIdentity,
        dialers: Dialers,
        seeds: SeedDrives,
    ) -> None:
        self._catalog = catalog
        self._repositories = repositories
        self._jobs = jobs
        self._journal = journal
        self._clock = clock
        self._me = me
        self._dialers = dialers
        self._seeds = seeds
        self._touched: dict[str, float] = {}
        self._touching = threading.Lock()
        jobs.then(JobKind.BACKUP, self._after_backup)

    def add(
        self,
        pairing: str,
        machines: Sequence[str],
        repositories: Mapping[str, str] | None = None,
        *,
        paused: bool = False,
        seed_drive: bool = False,
        user: str = "",
    ) -> builtins.list[Member]:
        """Machines (ids or names) join a pairing; `repositories` maps a machine as it was named to one of the target's.

        With `seed_drive` the images there are now are set aside for a seed; otherwise all points go by wire, at once
        unless `paused`. Raises Failed: `no-repository`, `no-such-repository`, `already-replicated`, `machine-elsewhere`.
        """
        found = self._outgoing(pairing)
        if not machines:
            raise usage("no-machines", "No machine was named.", "Name at least one machine to replicate.")
        chosen = [self._catalog.machines.get(machine) for machine in machines]
        for machine in chosen:
            if self._catalog.members.find(found.id, machine.id) is not None:
                raise refused(
                    "already-replicated",
                    f"“{machine.name}” is already replicated to “{found.name}”.",
                    "Nothing is to be done; see replication show.",
                )
        answer = self.exchange(found)
        places = {
            machine.id: self._place(answer.repositories, (repositories or {}).get(named))
            for named, machine in zip(machines, chosen, strict=True)
        }
        dialer = self._dialers.to(found)
        dialer.add_machines([(machine, places[machine.id].id) for machine in chosen])
        members = [
            Member(found.id, machine.id, places[machine.id].id, places[machine.id].name, paused=paused)
            for machine in chosen
        ]
        with self._catalog.transaction():
            for member in members:
                self._catalog.members.put(member)
            if seed_drive:
                self._seeds.reserve(found, [i for m in chosen for i in self._lacking(dialer, m)])
        names = ", ".join(machine.name for machine in chosen)
        self._journal.note(
            Severity.INFO, "replication-added", f"{names}: replication to “{found.name}” was set up.", found.id
        )
        if not paused:
            self.start(found.id, trigger=Trigger.FOLLOWS_SETUP, user=user, reason="replication was set up")
        return members

    def remove(
        self, pairing: str, machines: Sequence[str] | None = None, *, delete_points: bool = False
    ) -> dict[str, Any]:
        """Ends the replication of some machines, or (None) the whole pairing, and says so to the target.

        Points at the target stay unless `delete_points`; ours always stay. A target that is away learns of the end of
        a pairing at the next contact; ending it for single machines, or with their points, needs it now.
        """
        found = self._outgoing(pairing, removed=True)
        members = self._catalog.members.list(found.id)
        if machines:
            wanted = [self._catalog.machines.get(machine) for machine in machines]
            for machine in wanted:
                self._catalog.members.get(found.id, machine.id)
            deleted = self._dialers.to(found).remove_machines([m.id for m in wanted], delete_points=delete_points)
            for machine in wanted:
                self._catalog.members.remove(found.id, machine.id)
            return {"pairing": found.id, "machines": [m.name for m in wanted], "points_deleted": deleted}
        told, deleted = True, 0
        try:
            dialer = self._dialers.to(found)
            if delete_points and members:
                deleted = dialer.remove_machines([m.machine for m in members], delete_points=True)
            dialer.unpair()
        except Failed as known:
            if known.failure.kind is not FailureKind.UNREACHABLE or delete_points:
                raise
            told = False
        self._forget(found, told=told)
        return {
            "pairing": found.id,
            "machines": [self._name(m.machine) for m in members],
            "points_deleted": deleted,
            "target_told": told,
        }

    def pause(self, pairing: str, machine: str | None = None) -> Pairing:
        """Nothing is sent any more (of one machine, or at all) until `resume`. Works on incoming pairings too."""
        return self._set_paused(pairing, machine, paused=True)

    def resume(self, pairing: str, machine: str | None = None) -> Pairing:
        """Undoes our own pause; what waited is sent. A pause of the other side stays."""
        found = self._set_paused(pairing, machine, paused=False)
        if found.direction is Direction.OUTGOING:
            self.start(found.id, trigger=Trigger.FOLLOWS_SETUP, reason="replication was resumed")
        return found

    def start(
        self, pairing: str, *, trigger: Trigger = Trigger.PERSON, user: str = "", reason: str = "", force: bool = False
    ) -> Job:
        """A run of one pairing as a job. While one is queued that one is meant; a running one is followed by another.

        Result: {"points_sent", "objects_sent", "bytes_sent", "bytes_skipped", "duration_s"}. With `force` a pause of
        ours is named as the reason not to run instead of a run that sends nothing.
        """
        found = self._outgoing(pairing)
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
            lambda reporter: self._run(found.id, reporter),
            trigger=trigger,
            reason=reason,
            user=user,
            lanes=[f"pairing:{found.id}"],
        )

    def start_for(self, machine: str, *, user: str = "") -> builtins.list[Job]:
        """Runs of every pairing a machine is in, for `backup --replicate`. Raises Failed `not-replicated`."""
        found = self._catalog.machines.get(machine)
        pairings = [p for p in self._pairings_of(found.id) if p.direction is Direction.OUTGOING]
        if not pairings:
            raise refused(
                "not-replicated",
                f"“{found.name}” is not replicated to any Core.",
                "Set that up first: replicore replication add PAIRING MACHINE",
            )
        return [self.start(p.id, user=user, reason="the backup wants it", force=True) for p in pairings]

    def plan(self, pairing: str) -> builtins.list[MachinePlan]:
        """What the next run would send, and why not the rest, without sending. Asks the target what it has."""
        found = self._outgoing(pairing)
        self.exchange(found)
        dialer = self._dialers.to(found)
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

    def holdings(self, pairing: Pairing, machine: str) -> Mapping[str, Holding]:
        """What the target has of a machine, by image id. Raises Failed when it cannot be asked."""
        return {holding.image: holding for holding in self._dialers.to(pairing).holdings(machine)}

    def exchange(self, pairing: Pairing) -> StatusAnswer:
        """Tells the target how we are and learns how it is: seeds consumed there, its pause, its end of the pairing.

        Raises Failed when the target cannot be reached or has ended the pairing (`pairing-removed`).
        """
        try:
            answer = self._dialers.to(pairing).status(self._status(pairing))
        except Failed as known:
            self._saw(pairing, _link_of(known), known.failure.message)
            raise
        if answer.removed:
            self._forget(pairing, told=True)
            text = f"“{pairing.name}” has ended the pairing with this Core."
            self._journal.note(Severity.WARNING, "pairing-removed", text, pairing.id, alert=True)
            raise refused(
                "pairing-removed", text, "Its points stay as its administrator decided. Pair again if needed."
            )
        for consumed in answer.consumed:
            self._seeds.acknowledge(consumed.seed, consumed.images)
        current = self._catalog.pairings.get(pairing.id)
        link = Link.PAUSED if current.paused_here or answer.paused else Link.ONLINE
        self._catalog.pairings.update(
            replace(
                current,
                peer=answer.core,
                paused_there=answer.paused,
                link=link,
                link_text="",
                last_contact=self._clock.now(),
            )
        )
        return answer

    def keep_in_touch(self) -> None:
        """A duty of the calendar: asks each target how it is once in a while, and sends what could not be sent."""
        now = self._clock.monotonic()
        for pairing in self._catalog.pairings.list(Direction.OUTGOING):
            if now - self._touched.get(pairing.id, -TOUCH_S) < TOUCH_S:
                continue
            self._touched[pairing.id] = now
            threading.Thread(target=self._touch, args=(pairing,), name="touch", daemon=True).start()

    def _touch(self, pairing: Pairing) -> None:
        if not self._touching.acquire(blocking=False):
            return
        try:
            if pairing.state is PairingState.REMOVED:
                self._dialers.to(pairing).unpair()
                self._forget(pairing, told=True)
                return
            self.exchange(pairing)
            shown = self.show(pairing.id)
            if shown.lag_points and not self._jobs.running(JobKind.REPLICATE, pairing.id):
                self.start(pairing.id, trigger=Trigger.RETRY, reason="points are waiting to be sent")
        except Failed:
            return  # `exchange` has written down how the link is; the next touch tries again.
        finally:
            self._touching.release()

    def _run(self, pairing_id: str, reporter: JobReporter) -> dict[str, Any]:
        began = self._clock.monotonic()
        pairing = self._outgoing(pairing_id)
        reporter.phase(f"Asking “{pairing.name}” what it has")
        answer = self.exchange(pairing)
        total, points, held_back = Sent(), set[str](), 0
        if answer.paused:
            reporter.warn("paused-by-target", f"“{pairing.name}” has paused the replication; nothing was sent.")
        dialer = self._dialers.to(pairing)
        for member in self._catalog.members.list(pairing.id):
            machine = self._catalog.machines.get(member.machine)
            held = dialer.holdings(machine.id)
            plan = self._plan(pairing, member, held, paused=answer.paused)
            held_back += sum(1 for w in plan.withheld if w.reason.value not in ("at-target", "paused"))
            if plan.steps:
                sent, done = self._send(dialer, pairing, machine, plan, reporter)
                total, points = total + sent, points | done
            self._progressed(member, machine, {step.image for step in plan.steps} | {h.image for h in held if h.here})
        if points:
            self.exchange(pairing)
        return {
            "pairing": pairing.id,
            "points_sent": len(points),
            "objects_sent": total.objects,
            "bytes_sent": total.bytes,
            "bytes_skipped": total.skipped,
            "images_withheld": held_back,
            "duration_s": round(self._clock.monotonic() - began, 3),
        }

    def _send(
        self, dialer: Dialer, pairing: Pairing, machine: Machine, plan: ReplicationPlan, reporter: JobReporter
    ) -> tuple[Sent, set[str]]:
        images = {step.image: self._catalog.points.image(step.image) for step in plan.steps}
        size = sum(stored.image.bytes_stored for stored in images.values())
        reporter.phase(f"Sending “{machine.name}” to “{pairing.name}”", bytes_total=size, items_total=len(images))
        total, points = Sent(), set[str]()
        with dialer.target(machine.id) as target:
            for step in plan.steps:
                reporter.check()
                if self._catalog.pairings.get(pairing.id).paused_here:
                    reporter.warn("replication-paused", "The replication was paused here; the rest waits.")
                    break
                stored = images[step.image]
                point = self._catalog.points.get(step.point)
                reporter.advance(text=f"point of {point.time:%Y-%m-%d %H:%M} UTC")
                offer = ImageOffer(machine, point, stored.image, step.names)
                source = LocalSource(self._catalog, self._repositories.open(stored.repository))
                total += transfer(source, target, offer, reporter)
                points.add(point.id)
                reporter.advance(items=1)
        return total, points

    def _plan(
        self, pairing: Pairing, member: Member, held: Sequence[Holding], *, paused: bool = False
    ) -> ReplicationPlan:
        return plan_replication(
            self._catalog.points.source_images(member.machine),
            {holding.image: holding for holding in held},
            self._catalog.seeds.reservations(member.machine, pairing.id),
            paused=paused or member.paused or pairing.paused_here,
        )

    def _status(self, pairing: Pairing) -> StatusRequest:
        backlog = [
            MachineBacklog(machine.machine.id, machine.lag_points, machine.lag_bytes)
            for machine in self.show(pairing.id).machines
        ]
        seeds = [
            SeedAnnouncement(s.id, s.state, s.comment, s.created, list(s.images), s.written)
            for s in self._catalog.seeds.list(pairing=pairing.id, direction=Direction.OUTGOING)
        ]
        paused = self._catalog.pairings.get(pairing.id).paused_here
        return StatusRequest(self._me, self._clock.now(), paused, backlog, seeds)

    def _progressed(self, member: Member, machine: Machine, there: set[str]) -> None:
        """Writes down the newest point of which the target has every image."""
        newest = None
        for point in self._catalog.points.all_of(machine.id):
            if all(image.id in there for image in point.images):
                newest = point.time
        current = self._catalog.members.find(member.pairing, member.machine)
        if newest is not None and current is not None:
            self._catalog.members.put(replace(current, last_point=newest, last_sent=self._clock.now()))

    def _lacking(self, dialer: Dialer, machine: Machine) -> builtins.list[str]:
        there = {holding.image for holding in dialer.holdings(machine.id) if holding.here}
        return [i.image for i in self._catalog.points.source_images(machine.id) if i.image not in there]

    def _after_backup(self, job: Job) -> None:
        if job.state is not JobState.SUCCEEDED:
            return
        for pairing in self._pairings_of(job.subject):
            member = self._catalog.members.get(pairing.id, job.subject)
            if pairing.direction is Direction.OUTGOING and not pairing.paused_here and not member.paused:
                self.start(pairing.id, trigger=Trigger.FOLLOWS_BACKUP, reason="a backup made a new point")

    def _pairings_of(self, machine: str) -> builtins.list[Pairing]:
        found = [self._catalog.pairings.get(m.pairing) for m in self._catalog.members.of_machine(machine)]
        return [p for p in found if p.state is PairingState.ACTIVE]

    def _set_paused(self, pairing: str, machine: str | None, *, paused: bool) -> Pairing:
        found = self._catalog.pairings.get(pairing)
        if machine is not None:
            member = self._catalog.members.get(found.id, self._catalog.machines.get(machine).id)
            self._catalog.members.put(replace(member, paused=paused))
            return found
        link = found.link
        if link in (Link.ONLINE, Link.PAUSED):
            link = Link.PAUSED if paused or found.paused_there else Link.ONLINE
        found = replace(found, paused_here=paused, link=link)
        self._catalog.pairings.update(found)
        word = "paused" if paused else "resumed"
        self._journal.note(Severity.INFO, f"replication-{word}", f"“{found.name}” was {word} here.", found.id)
        return found

    def _place(self, offers: Sequence[RepositoryOffer], name: str | None) -> RepositoryOffer:
        if not offers:
            raise refused(
                "no-repository",
                "The target Core has no repository, so it cannot take machines yet.",
                "Make one there: replicore repository create NAME --path DIR",
            )
        if name is None:
            return next((offer for offer in offers if offer.default), offers[0])
        for offer in offers:
            if name in (offer.id, offer.name):
                return offer
        raise not_found("repository", name, f"The target has: {', '.join(offer.name for offer in offers)}.")

    def _outgoing(self, pairing: str, *, removed: bool = False) -> Pairing:
        found = self._catalog.pairings.get(pairing)
        if found.direction is not Direction.OUTGOING:
            raise refused(
                "pairing-is-incoming",
                f"“{found.name}” replicates to this Core; only the source can do that.",
                "Run the command on the source Core.",
            )
        if found.state is PairingState.REMOVED and not removed:
            raise refused("pairing-removed", f"The pairing with “{found.name}” has ended.", "Pair again.")
        return found

    def _forget(self, pairing: Pairing, *, told: bool) -> None:
        with self._catalog.transaction():
            for member in self._catalog.members.list(pairing.id):
                self._catalog.members.remove(pairing.id, member.machine)
            if told:
                self._catalog.pairings.remove(pairing.id)
            else:
                self._catalog.pairings.update(replace(pairing, state=PairingState.REMOVED))
        if told:
            self._dialers.drop(pairing)

    def _saw(self, pairing: Pairing, link: Link, text: str) -> None:
        current = self._catalog.pairings.find(pairing.id)
        if current is not None and (current.link, current.link_text) != (link, text):
            self._catalog.pairings.update(replace(current, link=link, link_text=text))

    def _name(self, machine: str) -> str:
        found = self._catalog.machines.find(machine)
        return found.name if found else machine


def _link_of(known: Failed) -> Link:
    if known.failure.code in ("incompatible", "target-older"):
        return Link.INCOMPATIBLE
    if known.failure.kind is FailureKind.UNREACHABLE:
        return Link.UNREACHABLE
    return Link.AUTHENTICATION_ERROR
