"""What a retention policy will come to: a machine's own habits played forward, here and at each target."""

from __future__ import annotations

from dataclasses import dataclass, replace

from console.catalog import Catalog
from console.domain.clock import Clock
from console.domain.errors import usage
from console.domain.machines import Machine
from console.domain.pairing import Direction, PairingState
from console.domain.recovery_points import ImageKind, RecoveryPoint
from console.domain.retention import Policy, parse_policy
from console.domain.retention_play import Day, Habit, Kept, habit, play
from console.engine.rollup import Rollup
from console.engine.zones import zone_of

MOST_DAYS = 3650


@dataclass(frozen=True, slots=True)
class Course:
    """`place`: the name of a pairing; empty: here. `known`: the policy is that of the place, as it said; else it is not
    known, and the one from here is taken."""

    place: str
    policy: Policy
    known: bool
    days: tuple[Day, ...]


@dataclass(frozen=True, slots=True)
class Simulation:
    machine: Machine
    habit: Habit
    courses: tuple[Course, ...]


class Simulate:
    def __init__(self, catalog: Catalog, clock: Clock, rollup: Rollup) -> None:
        self._catalog = catalog
        self._clock = clock
        self._rollup = rollup

    def machine(
        self,
        machine: str,
        days: int,
        *,
        policy: Policy | None = None,
        interval_s: int | None = None,
        change: int | None = None,
    ) -> Simulation:
        """`policy`: another one than it has; `interval_s`, `change` (stored bytes new in one backup): other habits than
        it had. Raises Failed `no-such-machine`, `simulation-too-long`."""
        if not 1 <= days <= MOST_DAYS:
            raise usage("simulation-too-long", f"{days} days cannot be simulated.", f"Choose 1 to {MOST_DAYS}.")
        found = self._catalog.machines.get(machine)
        points = self._catalog.points.all_of(found.id)
        held = self._catalog.retention.holds([point.id for point in points])
        kept = [
            Kept(point.time, sum(image.bytes_stored for image in point.images), point.id in held) for point in points
        ]
        what = habit(kept, found.interval_s, _size(points))
        if interval_s:
            # What changes in an hour changes in two hours twice.
            what = replace(what, interval_s=interval_s, change=round(what.change * interval_s / what.interval_s))
        if change is not None:
            what = replace(what, change=change)
        mine = policy or self._rollup.policy(found).policy
        zone, now = zone_of(self._catalog), self._clock.now()
        courses = [Course("", mine, True, tuple(play(mine, zone, now, days, what, kept)))]
        for name, told in self._targets(found):
            theirs = parse_policy(told) if told else mine
            courses.append(Course(name, theirs, bool(told), tuple(play(theirs, zone, now, days, what, kept))))
        return Simulation(found, what, tuple(courses))

    def _targets(self, machine: Machine) -> list[tuple[str, str]]:
        """Names of the pairings that it is replicated by, with the policy the target told."""
        found = []
        for member in self._catalog.members.of_machine(machine.id):
            pairing = self._catalog.pairings.get(member.pairing)
            if pairing.direction is Direction.OUTGOING and pairing.state is PairingState.ACTIVE:
                found.append((pairing.name, member.retention))
        return sorted(found)


def _size(points: list[RecoveryPoint]) -> int:
    """Stored bytes of the newest base of each volume of the newest point."""
    if not points:
        return 0
    bases: dict[str, int] = {}
    for point in points:
        bases |= {image.volume: image.bytes_stored for image in point.images if image.kind is ImageKind.BASE}
    return sum(bases.get(image.volume, image.bytes_stored) for image in points[-1].images)
