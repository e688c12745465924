"""One replication run: what a target lacks is sent, machine by machine."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Any

from console.catalog import Catalog
from console.domain.clock import Clock
from console.domain.errors import Failed, FailureKind
from console.domain.machines import Machine
from console.domain.pairing import Member, Pairing
from console.domain.replication import Holding, ImageOffer, ReplicationPlan, Step, plan_replication
from console.engine.ends import LocalSource, offer_of
from console.engine.jobs import JobReporter
from console.engine.replicate.peers import Peers
from console.engine.repositories import Repositories
from console.engine.transfer import Sent, transfer
from console.wire.dialer import Dialer


class Sending:
    """The source's side, in the thread of a job."""

    def __init__(self, catalog: Catalog, repositories: Repositories, clock: Clock, peers: Peers) -> None:
        self._catalog = catalog
        self._repositories = repositories
        self._clock = clock
        self._peers = peers

    def run(self, pairing_id: str, reporter: JobReporter, *, force: bool) -> dict[str, Any]:
        """All machines of a pairing (id). Returns the result as `Replicate.start` says. `force`: who asked is told what
        is paused here."""
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
        plan = self.plan(pairing, member, list(held.values()))
        held_back = sum(1 for w in plan.withheld if w.reason.value not in ("at-target", "gone-there", "paused"))
        if not plan.steps:
            return Sent(), set(), held_back
        there = {image for image, holding in held.items() if holding.here}
        sent, done = self.send(dialer, pairing, machine, plan, there, reporter)
        return sent, done, held_back

    def send(
        self,
        dialer: Dialer,
        pairing: Pairing,
        machine: Machine,
        plan: ReplicationPlan,
        there: set[str],
        reporter: JobReporter,
        again: Collection[str] = (),
    ) -> tuple[Sent, set[str]]:
        """`there`: images that the target has; those that are sent join them. `again`: those it has let go of, and is
        to take all the same."""
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
                    offer = replace(offer, again=step.image in again)
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

    def plan(self, pairing: Pairing, member: Member, held: Sequence[Holding]) -> ReplicationPlan:
        """What is to be sent of a machine to a target that has `held`, and why not the rest."""
        return plan_replication(
            self._catalog.points.source_images(member.machine),
            {holding.image: holding for holding in held},
            self._catalog.seeds.reservations(member.machine, pairing.id),
            paused=member.paused or member.there_paused or pairing.paused_here,
        )
