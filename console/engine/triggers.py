"""Starts replication after what it follows: checks, the nightly jobs, points that come from other Cores."""

from __future__ import annotations

import logging
from collections.abc import Collection

from console.catalog import Catalog
from console.domain.errors import Failed
from console.domain.jobs import Job, JobKind
from console.domain.pairing import Direction, PairingState
from console.domain.triggers import ARRIVED, Following, followed_by
from console.engine.replicate.runs import Replicate

log = logging.getLogger(__name__)


class Triggers:
    """What is paused here is not started; a run that is queued already is the one that is meant."""

    def __init__(self, catalog: Catalog, runs: Replicate) -> None:
        self._catalog = catalog
        self._runs = runs

    def after(self, job: Job) -> list[Job]:
        """The runs that follow a job that has ended."""
        following = followed_by(job)
        return [] if following is None else self._start(self._machines(job), following)

    def arrived(self, machine: str) -> list[Job]:
        """The runs that send on what has come of a machine (id)."""
        return self._start([machine], ARRIVED)

    def _machines(self, job: Job) -> Collection[str] | None:
        """Machines (ids) that a job was about; None: all."""
        if job.kind is JobKind.POINT_CHECK:
            looked = (job.result or {}).get("points", ())
            points = {str(one["point"]) for one in looked if "point" in one} | {job.subject}
            return {point.machine for point in self._catalog.points.several(sorted(points))}
        if job.kind is JobKind.REPOSITORY_CHECK:
            return {machine.id for machine in self._catalog.machines.list() if self._lies_in(machine.id, job.subject)}
        return None

    def _lies_in(self, machine: str, repository: str) -> bool:
        """Whether the newest point of a machine does."""
        newest = self._catalog.points.latest(machine)
        stored = self._catalog.points.find_images([image.id for image in newest.images]) if newest else {}
        return any(one.repository == repository for one in stored.values())

    def _start(self, machines: Collection[str] | None, following: Following) -> list[Job]:
        started = []
        for pairing in self._catalog.pairings.list(Direction.OUTGOING):
            if pairing.state is not PairingState.ACTIVE or pairing.paused_here:
                continue
            members = [member for member in self._catalog.members.list(pairing.id) if not member.paused]
            if not any(machines is None or member.machine in machines for member in members):
                continue
            try:
                run = self._runs.start(pairing.id, trigger=following.trigger, reason=following.reason)
            except Failed as known:
                # The Core is stopping, or the pairing has just ended: nothing is lost, the next contact sends it.
                log.info("replication to “%s” did not follow: %s", pairing.name, known.failure.message)
                continue
            started.append(run)
        return started
