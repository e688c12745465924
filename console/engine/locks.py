"""What keeps points from a rollup beside the policy: what is on its way, what is waited for, and what works on them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence

from console.catalog import Catalog
from console.domain.errors import Failed
from console.domain.jobs import JobKind, JobState
from console.domain.pairing import Direction, Member, Pairing, PairingState
from console.domain.recovery_points import RecoveryPoint
from console.domain.replication import Holding
from console.domain.retention import Keep, Why
from console.domain.seeds import SeedState

Ask = Callable[[Pairing, str], Mapping[str, Holding]]
"""What a target has of a machine (id), by image. Raises Failed when it cannot be asked."""

_AT_POINTS = {JobKind.RESTORE: "restored from", JobKind.POINT_CHECK: "checked"}
_ON_DRIVES = {JobKind.SEED_CREATE: Direction.OUTGOING, JobKind.SEED_CONSUME: Direction.INCOMING}


class Locks:
    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog

    def of(self, machine: str, points: Sequence[RecoveryPoint], ask: Ask | None = None) -> dict[str, list[Why]]:
        """By point (id). `points`: all of a machine (id), oldest first.

        Without `ask`, or when a target cannot be asked, what this Core knows itself decides; a target that then lacks
        the parent of what it has is offered that again with another parent."""
        found: dict[str, list[Why]] = defaultdict(list)
        members = [(self._catalog.pairings.get(m.pairing), m) for m in self._catalog.members.of_machine(machine)]
        active = [(pairing, member) for pairing, member in members if pairing.state is PairingState.ACTIVE]
        for pairing, member in active:
            if pairing.direction is Direction.OUTGOING:
                self._target(found, points, pairing, member, ask)
            else:
                self._source(found, points, pairing)
        self._jobs(found, points, {pairing.direction for pairing, _ in active})
        return found

    def _target(
        self,
        found: dict[str, list[Why]],
        points: Sequence[RecoveryPoint],
        pairing: Pairing,
        member: Member,
        ask: Ask | None,
    ) -> None:
        there = self._catalog.replicas.there(pairing.id, member.machine)
        common = [point for point in points if point.id in there]
        if common:
            text = f"It is the newest point that “{pairing.name}” has too; what comes next builds on it."
            found[common[-1].id].append(Why(Keep.LAST_COMMON, text))
        if self._runs(pairing):
            for point in points:
                if point.id not in there:
                    found[point.id].append(Why(Keep.IN_USE, f"A replication to “{pairing.name}” is running."))
        reserved = self._catalog.seeds.reservations(member.machine, pairing.id)
        awaited = self._awaited(points, pairing, member, ask)
        for point in points:
            seeds = {reserved[i.id].seed for i in point.images if i.id in reserved and reserved[i.id].state.reserves}
            for seed in sorted(seeds):
                text = f"It is set aside for the seed drive {seed[:8]} to “{pairing.name}”, or on its way with it."
                found[point.id].append(Why(Keep.ON_SEED, text))
            if not awaited.isdisjoint(image.id for image in point.images):
                text = f"“{pairing.name}” has points that wait for it; it is sent with the next replication."
                found[point.id].append(Why(Keep.AWAITED, text))

    def _runs(self, pairing: Pairing) -> bool:
        return any(
            (job.kind is JobKind.REPLICATE and job.subject == pairing.id and job.state is not JobState.QUEUED)
            or (job.kind is JobKind.REPLICATE_POINT and job.part == pairing.id)
            for job in self._catalog.jobs.unended()
        )

    def _awaited(self, points: Sequence[RecoveryPoint], pairing: Pairing, member: Member, ask: Ask | None) -> set[str]:
        """Images that a target lacks below what it has."""
        if ask is None:
            return set()
        try:
            held = ask(pairing, member.machine)
        except Failed:
            return set()
        parents = {image.id: image.parent for point in points for image in point.images}
        lacking: set[str] = set()
        for image, holding in held.items():
            cursor = image if holding.here and not holding.whole else None
            while cursor is not None and cursor not in lacking:
                there = held.get(cursor)
                if there is None or not there.here:
                    lacking.add(cursor)
                cursor = parents.get(cursor)
        return lacking

    def _source(self, found: dict[str, list[Why]], points: Sequence[RecoveryPoint], pairing: Pairing) -> None:
        states = [SeedState.DEFINED, SeedState.COPYING, SeedState.OUTSTANDING, SeedState.CONSUMING]
        seeds = self._catalog.seeds.list(pairing=pairing.id, direction=Direction.INCOMING, states=states)
        if not seeds:
            return
        until = max(seed.written or seed.created for seed in seeds)
        for point in points:
            if point.time <= until:
                text = f"A seed drive from “{pairing.name}” is on its way; what is on it may build on this point."
                found[point.id].append(Why(Keep.SEED_EXPECTED, text))

    def _jobs(self, found: dict[str, list[Why]], points: Sequence[RecoveryPoint], directions: set[Direction]) -> None:
        known = {point.id for point in points}
        for job in self._catalog.jobs.unended():
            if job.subject in known and job.kind in _AT_POINTS:
                found[job.subject].append(Why(Keep.IN_USE, f"It is being {_AT_POINTS[job.kind]}."))
            elif _ON_DRIVES.get(job.kind) in directions:
                for point in points:
                    found[point.id].append(Why(Keep.IN_USE, "A seed drive is being written or consumed."))
