"""Rollup on two Cores that keep by policies of their own: nothing bounces, nothing is torn for good."""

from __future__ import annotations

import random
from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from console.catalog import Catalog
from console.domain.errors import Failed
from console.domain.jobs import Job, JobKind, JobState, Trigger
from console.domain.pairing import CoreIdentity, Direction, Member, Pairing
from console.domain.progress import Silent
from console.domain.recovery_points import RecoveryPoint
from console.domain.replicas import ReplicaState
from console.domain.replication import Holding, Reservation, plan_replication
from console.domain.retention import Keep, parse_policy
from console.domain.seeds import Seed, SeedState
from console.engine.ends import LocalSource, offer_of, own_damage
from console.engine.jobs import Jobs
from console.engine.journal import Journal
from console.engine.locks import Ask
from console.engine.points import Points
from console.engine.rebuild import Rebuild
from console.engine.reclaim import Reclaim
from console.engine.replicate.held import holdings_of
from console.engine.repositories import Repositories
from console.engine.retain import Retain
from console.engine.rollup import Rollup
from console.engine.transfer import transfer
from tests.support.clock import FixedClock
from tests.support.ends import LocalBed, contents
from tests.support.points import Source

PAIRING = "a" * 32


class Side:
    """One Core's parts for retention."""

    def __init__(self, source: Source | LocalBed, clock: FixedClock, place: Path, ask: Ask | None = None) -> None:
        self.catalog, self.repository, self.machine = source.catalog, source.repository, source.machine
        self.catalog.settings.set("zone", "UTC")
        self.repositories = Repositories(self.catalog, clock, place)
        self.repositories._open[self.repository.id] = self.repository
        journal = Journal(self.catalog, clock)
        self.jobs = Jobs(self.catalog, clock, journal)
        self.parts = (self.catalog, self.repositories, self.jobs, journal, clock)
        self.retain = Retain(self.catalog, self.repositories, journal, clock)
        self.rollup = Rollup(
            self.catalog, self.repositories, self.jobs, journal, clock, self.retain, ask
        )  # fmt: skip

    def roll_up(self, policy: str) -> int:
        self.rollup.set_policy(self.machine.id, parse_policy(policy))
        return int(self.rollup.run(self.machine.id, Silent())["points_removed"])

    def points(self) -> list[RecoveryPoint]:
        return self.catalog.points.all_of(self.machine.id)

    def reclaim(self) -> None:
        info = self.catalog.repositories.list()[0]
        Reclaim(*self.parts).run(info, dry_run=False, reporter=Silent())

    def orphans(self) -> set[str]:
        return {fact.id for fact in self.catalog.points.orphan_facts(self.machine.id)}


class Two:
    def __init__(self, place: Path) -> None:
        self.origin = Source(place / "source")
        self.bed = LocalBed(place / "target", self.origin)
        clock = self.origin.clock
        self.here = Side(self.origin, clock, place, lambda _pairing, _machine: self.held())
        self.there = Side(self.bed, clock, place)
        for side, direction in ((self.here, Direction.OUTGOING), (self.there, Direction.INCOMING)):
            peer = CoreIdentity("c" * 32, direction.value, "1", direction.value)
            side.catalog.pairings.add(Pairing(PAIRING, direction, direction.value, peer, "", clock.now()))
            side.catalog.members.put(Member(PAIRING, self.origin.machine.id, "r"))
        self.truth: dict[str, bytes] = {}
        self.chance = random.Random(5)
        self.files = {f"f{n}": self.chance.randbytes(700) for n in range(6)}

    def close(self) -> None:
        for side in (self.here, self.there):
            side.jobs.stop()
        self.bed.close()
        self.origin.close()

    def backup(self, times: int = 1, hours: float = 1) -> list[RecoveryPoint]:
        made = []
        for _ in range(times):
            self.files[self.chance.choice(sorted(self.files))] = self.chance.randbytes(700)
            latest = self.here.catalog.points.latest(self.here.machine.id)
            self.origin.clock.forward((hours - 1) * 3600)
            point = self.origin.point(dict(self.files), latest)
            self.truth[point.id] = contents(self.origin.repository, point.images[0].root)
            made.append(point)
        return made

    def held(self) -> Mapping[str, Holding]:
        points = Points(self.there.catalog, self.there.repositories)
        return {h.image: h for h in holdings_of(self.there.catalog, points, self.there.machine.id)}

    def replicate(self, but: Collection[str] = ()) -> int:
        """A run. `but`: points (ids) that are not sent, as if their turn had not come. Returns how many images were."""
        held = self.held()
        reserved = dict(self.here.catalog.seeds.reservations(self.here.machine.id, PAIRING))
        images = self.here.catalog.points.source_images(self.here.machine.id)
        reserved |= {i.image: Reservation("", SeedState.OUTSTANDING) for i in images if i.point in but}
        steps = plan_replication(images, held, reserved).steps
        source = LocalSource(self.here.catalog, self.origin.repository)
        for step in steps:
            offer = offer_of(self.here.catalog, self.here.machine, step, steps)
            transfer(source, self.bed.target, offer, Silent())
        there = {stored.image.point for stored in self.there.catalog.points.images_of(self.there.machine.id)}
        common = {point.id: ReplicaState.THERE for point in self.here.points() if point.id in there}
        self.here.catalog.replicas.known(PAIRING, self.here.machine.id, common, self.origin.clock.now())
        return len(steps)

    def sound(self) -> None:
        """The target has nothing that waits, everything it has reads as it was, and its repository alone says so."""
        assert self.there.orphans() == set()
        found = self.there.points()
        assert {p.id: contents(self.bed.repository, p.images[0].root) for p in found} == {
            p.id: self.truth[p.id] for p in found
        }
        for point in found:
            assert own_damage(self.bed.repository, point.images[0], names=True) == (set(), True)
        assert self.rebuilt() == {p.id: p.images[0].parent for p in found}

    def rebuilt(self) -> dict[str, str | None]:
        clock = self.origin.clock
        with Catalog.in_memory(clock) as catalog:
            catalog.repositories.add(self.there.catalog.repositories.list()[0])
            repositories = Repositories(catalog, clock, self.origin.place)
            repositories._open[self.bed.repository.id] = self.bed.repository
            journal = Journal(catalog, clock)
            jobs = Jobs(catalog, clock, journal)
            Rebuild(catalog, repositories, jobs, journal, clock, "other").run(Silent())
            jobs.stop()
            return {p.id: p.images[0].parent for p in catalog.points.all_of(self.here.machine.id)}


@pytest.fixture
def two(tmp_path: Path) -> Iterator[Two]:
    made = Two(tmp_path)
    yield made
    made.close()


def test_what_was_rolled_up_before_it_was_sent_is_never_sent(two: Two) -> None:
    two.backup(30)
    assert two.here.roll_up("all 1d daily 9d") > 0
    assert two.replicate() == len(two.here.points())
    assert [p.id for p in two.there.points()] == [p.id for p in two.here.points()]
    two.sound()
    assert two.replicate() == 0


def test_what_the_target_rolled_up_does_not_come_back_and_new_points_go_on(two: Two) -> None:
    two.backup(30)
    two.replicate()
    gone = two.there.roll_up("all 1d")
    assert gone > 0
    assert two.replicate() == 0
    two.backup(3)
    assert two.replicate() == 3
    assert len(two.there.points()) == 30 - gone + 3
    two.sound()


def test_the_source_builds_on_what_the_target_has_rolled_up(two: Two) -> None:
    """As when a volume comes back that was not backed up for long."""
    old = two.backup(3)
    two.backup(1, hours=40)
    two.replicate()
    two.there.roll_up("all 1d")
    assert [p.id for p in two.there.points()] == [two.here.points()[-1].id]
    two.origin.clock.forward(3600)
    late = two.origin.point({"f": b"late" * 200}, old[1])
    two.truth[late.id] = contents(two.origin.repository, late.images[0].root)
    assert two.replicate() == 1
    taken = two.there.catalog.points.get(late.id).images[0]
    assert taken.parent is None
    assert two.here.catalog.points.get(late.id).images[0].parent == old[1].images[0].id
    two.sound()
    assert two.replicate() == 0


def test_an_orphan_becomes_whole_though_what_it_waited_for_was_rolled_up(two: Two) -> None:
    made = two.backup(30)
    # The target was asked and did not answer: the source could not know that something waits there.
    two.replicate(but={made[3].id})
    assert two.there.orphans()
    two.here.rollup._ask = None
    assert two.here.roll_up("all 1d daily 9d") > 0
    assert made[3].id not in {p.id for p in two.here.points()}
    two.replicate()
    # Points that only the target has stay what they are; all the source has is whole there, and stays so.
    here = {p.images[0].id for p in two.here.points()}
    assert two.there.orphans().isdisjoint(here)
    healed = two.there.catalog.points.get(two.here.points()[1].id)
    assert contents(two.bed.repository, healed.images[0].root) == two.truth[healed.id]
    assert two.replicate() == 0
    assert two.rebuilt() == {p.id: p.images[0].parent for p in two.there.points()}


def test_what_a_target_waits_for_is_not_rolled_up_when_it_can_be_asked(two: Two) -> None:
    made = two.backup(30)
    two.replicate(but={made[3].id})
    two.here.roll_up("all 1d")
    assert two.here.points()[0].id == made[3].id
    fate = next(f for f in two.here.rollup.plan(two.here.machine.id).fates if f.point == made[3].id)
    assert [why.code for why in fate.kept] == [Keep.AWAITED]
    assert "wait" in fate.kept[0].text
    # It goes with the next run (what builds on it now is offered once more), and at the next rollup.
    assert two.replicate() == 2
    assert two.there.orphans() == set()
    assert two.here.roll_up("all 1d") == 1


def test_the_last_common_point_stays(two: Two) -> None:
    two.backup(4)
    two.replicate()
    common = two.here.points()[-1]
    two.backup(2, hours=60)
    two.here.roll_up("all 1d")
    left = two.here.points()
    assert left[0].id == common.id
    assert [why.code for why in two.here.rollup.reasons(left[0]).kept] == [Keep.LAST_COMMON]
    two.replicate()
    two.sound()
    assert two.here.roll_up("all 1d") == 1


def test_what_a_running_replication_may_send_stays(two: Two) -> None:
    made = two.backup(30)
    job = Job("j" * 32, JobKind.REPLICATE, PAIRING, JobState.RUNNING, Trigger.PERSON, two.origin.clock.now())
    two.here.catalog.jobs.add(job)
    assert two.here.roll_up("all 1d") == 0
    assert Keep.IN_USE in [why.code for why in two.here.rollup.reasons(made[0]).kept]
    two.here.catalog.jobs.update(replace(job, state=JobState.QUEUED))
    assert two.here.roll_up("all 1d") > 0


def test_what_is_on_an_outstanding_seed_drive_stays_until_it_has_arrived(two: Two) -> None:
    made = two.backup(5)
    images = tuple(point.images[0].id for point in made[:4])
    now = two.origin.clock.now()
    seed = Seed("s" * 32, PAIRING, Direction.OUTGOING, SeedState.OUTSTANDING, now, images)
    two.here.catalog.seeds.add(seed)
    two.replicate()
    assert two.there.orphans()
    two.backup(1, hours=50)
    two.here.roll_up("all 1d")
    assert {p.id for p in made[:4]} <= {p.id for p in two.here.points()}
    assert Keep.ON_SEED in [why.code for why in two.here.rollup.reasons(two.here.points()[0]).kept]
    two.here.catalog.seeds.arrived(seed.id, images)
    two.here.rollup._ask = None
    assert two.here.roll_up("all 1d") == 4


def test_a_target_waits_with_its_rollup_for_an_expected_drive(two: Two) -> None:
    two.backup(30)
    two.replicate()
    seed = Seed("s" * 32, PAIRING, Direction.INCOMING, SeedState.OUTSTANDING, two.origin.clock.now(), ("f" * 32,))
    two.there.catalog.seeds.add(seed)
    assert two.there.roll_up("all 1d") == 0
    assert Keep.SEED_EXPECTED in [why.code for why in two.there.rollup.reasons(two.there.points()[0]).kept]
    two.there.catalog.seeds.arrived(seed.id, ["f" * 32])
    assert two.there.roll_up("all 1d") > 0


def test_what_is_whole_at_the_target_keeps_its_parent_whatever_it_is_offered(two: Two) -> None:
    made = two.backup(3)
    two.replicate()
    before = two.there.catalog.points.get(made[2].id)
    point = two.here.catalog.points.get(made[2].id)
    moved = point.images[0].onto(None)
    two.there.catalog.points.add(
        type(point)(point.id, point.machine, point.time, point.origin_core, (moved,), point.record),
        two.bed.repository.id,
        here={moved.id},
    )
    assert two.there.catalog.points.get(made[2].id) == before
    strange = type(point)(
        point.id, point.machine, point.time, point.origin_core,
        (type(moved)(**{**{f: getattr(moved, f) for f in moved.__slots__}, "root": "0" * 64}),), point.record,
    )  # fmt: skip
    with pytest.raises(Failed) as refused:
        two.there.catalog.points.add(strange, two.bed.repository.id, here={moved.id})
    assert refused.value.failure.code == "point-differs"


def test_a_point_that_comes_back_after_it_was_deleted_is_alive_to_a_rebuild(two: Two) -> None:
    made = two.backup(2)
    two.replicate()
    two.there.catalog.members.remove(PAIRING, two.there.machine.id)
    assert two.there.retain.delete_machine_points(two.there.machine.id) == 2
    assert two.rebuilt() == {}
    two.there.catalog.members.put(Member(PAIRING, two.there.machine.id, "r"))
    assert two.replicate() == 2
    assert two.rebuilt().keys() == {p.id for p in made}
    two.sound()


@pytest.mark.parametrize("seed", range(3))
def test_whatever_happens_on_both_sides_the_target_ends_whole(two: Two, seed: int) -> None:
    """A model: backups, runs that are cut short, rollups and deletions on both sides, in any order."""
    chance = random.Random(seed)
    policies = ["all 1d", "all 1d hourly 1d daily 2d", "all 2d daily 3d", "everything"]
    for _ in range(24):
        act = chance.choice(["backup", "backup", "run", "cut", "here", "there", "delete", "sleep", "blind", "reclaim"])
        if act == "backup":
            two.backup(chance.randint(1, 4))
        elif act == "run":
            two.replicate()
        elif act == "cut":
            two.replicate(but={p.id for p in two.here.points() if chance.random() < 0.3})
        elif act == "here":
            two.here.roll_up(chance.choice(policies))
        elif act == "there":
            two.there.roll_up(chance.choice(policies))
        elif act == "sleep":
            two.origin.clock.forward(chance.choice([7200, 86400]))
        elif act == "reclaim":
            chance.choice([two.here, two.there]).reclaim()
        elif act == "blind":
            two.here.rollup._ask = None
        elif act == "delete" and len(points := two.here.points()) > 3:
            two.here.retain.delete([chance.choice(points).id], chain=True)
    two.backup()
    two.replicate()
    two.replicate()
    here = {p.images[0].id for p in two.here.points()}
    there = {s.image.id for s in two.there.catalog.points.images_of(two.there.machine.id) if s.here}
    gone = set(two.there.catalog.retention.removed(two.there.machine.id))
    assert here <= there | gone
    assert two.there.orphans() & here == set()
    assert two.replicate() == 0
    for point in two.there.points():
        if point.images[0].id not in two.there.orphans():
            assert contents(two.bed.repository, point.images[0].root) == two.truth[point.id]
            assert own_damage(two.bed.repository, point.images[0], names=True) == (set(), True)
    assert two.rebuilt() == {p.id: p.images[0].parent for p in two.there.points()}
