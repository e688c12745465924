"""Rollup on real repositories: what is kept is as it was, whatever dies when, and a lost catalog is rebuilt to it."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from console.catalog import Catalog
from console.domain.chains import ChainState, judge
from console.domain.errors import Failed
from console.domain.jobs import Job, JobKind, JobState, Trigger
from console.domain.objects import Kind
from console.domain.progress import Silent
from console.domain.recovery_points import BaseReason, ImageKind, RecoveryPoint
from console.domain.repositories import RepositoryInfo
from console.domain.retention import Keep, parse_policy
from console.domain.settings import RETENTION
from console.engine.ends import own_damage
from console.engine.jobs import Jobs
from console.engine.journal import Journal
from console.engine.rebuild import Rebuild
from console.engine.repositories import Repositories
from console.engine.retain import Retain
from console.engine.rollup import Rollup
from tests.support.ends import contents
from tests.support.points import Source

STEPS = ["records", "catalog", "tombstones"]


class Dead(BaseException):
    """The process is gone."""


@dataclass
class Bench:
    """A machine with points, and the parts that roll them up."""

    source: Source
    repositories: Repositories
    retain: Retain
    rollup: Rollup
    jobs: Jobs

    def history(self, hours: int, seed: int = 1) -> list[RecoveryPoint]:
        """A point an hour; each changes some of a few files, and goes back to what was now and then."""
        chance = random.Random(seed)
        files = {f"d{n % 2}/f{n}": chance.randbytes(3000) for n in range(6)}
        made: list[RecoveryPoint] = []
        for hour in range(hours):
            for name in chance.sample(sorted(files), 2):
                files[name] = chance.randbytes(3000) if chance.random() < 0.8 else b"as it was" * 300
            made.append(self.source.point(dict(files), made[-1] if made and hour % 17 else None))
        return made

    def points(self) -> list[RecoveryPoint]:
        return self.source.catalog.points.all_of(self.source.machine.id)

    def contents(self) -> dict[str, bytes]:
        return {point.id: contents(self.source.repository, point.images[0].root) for point in self.points()}

    def policy(self, text: str) -> None:
        self.rollup.set_policy(self.source.machine.id, parse_policy(text))

    def run(self) -> dict[str, Any]:
        return self.rollup.run(self.source.machine.id, Silent())

    def sound(self) -> None:
        """Everything is whole, by the catalog and by its objects."""
        facts = self.source.catalog.points.facts(self.source.machine.id)
        assert {verdict.state for verdict in judge(facts, {}).values()} <= {ChainState.WHOLE}
        assert self.source.catalog.points.orphan_facts(self.source.machine.id) == []
        for point in self.points():
            for image in point.images:
                assert own_damage(self.source.repository, image, names=True) == (set(), True)

    def rebuilt(self) -> dict[str, tuple[str | None, ...]]:
        """What a rebuild from the repository alone gives: each point with the parents of its images."""
        with Catalog.in_memory(self.source.clock) as catalog:
            catalog.repositories.add(_home(self.source))
            repositories = Repositories(catalog, self.source.clock, self.source.place)
            repositories._open[self.source.repository.id] = self.source.repository
            journal = Journal(catalog, self.source.clock)
            jobs = Jobs(catalog, self.source.clock, journal)
            Rebuild(catalog, repositories, jobs, journal, self.source.clock, "core-a").run(Silent())
            jobs.stop()
            assert catalog.settings.get(RETENTION) == "everything"
            assert catalog.points.orphan_facts(self.source.machine.id) == []
            return _parents(catalog.points.all_of(self.source.machine.id))


def _home(source: Source) -> RepositoryInfo:
    return RepositoryInfo(source.repository.id, "default", str(source.place), source.clock.now(), default=True)


def _parents(points: list[RecoveryPoint]) -> dict[str, tuple[str | None, ...]]:
    return {point.id: tuple(image.parent for image in point.images) for point in points}


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    source = Source(tmp_path / "repository")
    source.catalog.settings.set("zone", "UTC")
    repositories = Repositories(source.catalog, source.clock, tmp_path)
    repositories._open[source.repository.id] = source.repository
    journal = Journal(source.catalog, source.clock)
    jobs = Jobs(source.catalog, source.clock, journal)
    retain = Retain(source.catalog, repositories, journal, source.clock)
    rollup = Rollup(source.catalog, repositories, jobs, journal, source.clock, retain)
    yield Bench(source, repositories, retain, rollup, jobs)
    jobs.stop()
    source.close()


def test_what_is_kept_is_as_it_was_and_builds_on_the_nearest_that_is_left(bench: Bench) -> None:
    made = bench.history(42)
    before = bench.contents()
    bench.policy("all 1d daily 5d")
    result = bench.run()
    left = bench.points()
    assert result["points_removed"] == 42 - len(left) > 10
    assert result["points_kept"] == len(left)
    assert bench.contents() == {point.id: before[point.id] for point in left}
    bench.sound()
    order = [point.id for point in made]
    kept = {point.id for point in left}
    for point in left:
        parent = point.images[0].parent
        chain = order[(order.index(point.id) // 17) * 17 : order.index(point.id)]
        older = [id for id in chain if id in kept]
        if parent is None:
            assert older == []
        else:
            assert bench.source.catalog.points.image(parent).image.point == older[-1]
    assert bench.rebuilt() == _parents(left)
    assert bench.run()["points_removed"] == 0


def test_the_oldest_that_is_left_becomes_a_base_and_says_why(bench: Bench) -> None:
    bench.history(5)
    bench.policy("all 1d")
    bench.source.clock.forward(30 * 3600)
    newest = bench.source.point({"only": b"x" * 2000}, bench.points()[-1])
    assert newest.images[0].kind is ImageKind.INCREMENTAL
    bench.run()
    (left,) = bench.points()
    assert left.id == newest.id
    image = left.images[0]
    assert (image.kind, image.base_reason, image.parent, image.parent_root) == (
        ImageKind.BASE, BaseReason.POLICY, None, None,
    )  # fmt: skip
    assert left.kind is ImageKind.BASE
    repository = bench.source.repository
    stored = repository.stored_size([ref for batch in _own(bench, left) for ref in batch])
    assert image.bytes_stored == stored > 0
    bench.sound()
    assert bench.rebuilt() == {newest.id: (None,)}


def _own(bench: Bench, point: RecoveryPoint) -> list[list[bytes]]:
    seen: list[list[bytes]] = []

    def note(ids: list[bytes]) -> list[bytes]:
        seen.append(ids)
        return ids

    own_damage(bench.source.repository, point.images[0], seen=note)
    return seen


@pytest.mark.parametrize("step", STEPS)
def test_dying_at_any_step_loses_nothing_and_the_next_rollup_ends_it(bench: Bench, step: str) -> None:
    bench.history(30)
    before = bench.contents()
    bench.policy("all 1d daily 5d")
    wanted = {fate.point for fate in bench.rollup.plan(bench.source.machine.id).fates if fate.goes is None}

    def die(reached: str) -> None:
        if reached == step:
            raise Dead

    with pytest.raises(Dead):
        bench.rollup.run(bench.source.machine.id, Silent(), die)
    there = bench.points()
    assert {point.id for point in there} in ([wanted] if step != "records" else [set(before)])
    bench.sound()
    rebuilt = bench.rebuilt()
    assert wanted <= rebuilt.keys() <= before.keys()
    bench.run()
    left = bench.points()
    assert {point.id for point in left} == wanted
    assert bench.contents() == {id: before[id] for id in wanted}
    bench.sound()
    assert bench.rebuilt() == _parents(left)
    assert bench.source.catalog.retention.burials() == []


def test_a_point_that_is_still_there_is_in_no_tombstone(bench: Bench) -> None:
    bench.history(30)
    bench.policy("all 1d")

    def die(reached: str) -> None:
        if reached == "records":
            raise Dead

    with pytest.raises(Dead):
        bench.rollup.run(bench.source.machine.id, Silent(), die)
    bench.policy("everything")
    bench.run()
    assert bench.rebuilt().keys() == {point.id for point in bench.points()}
    assert len(bench.points()) == 30


def test_tombstones_that_cannot_be_written_are_due_until_they_are(bench: Bench) -> None:
    bench.history(3)
    first = bench.points()[0]
    marker = bench.source.place / "replicore-repository.json"
    marker.rename(marker.with_suffix(".away"))
    bench.retain.delete([first.id], chain=True)
    assert bench.points() == []
    assert len(bench.source.catalog.retention.burials()) == 3
    marker.with_suffix(".away").rename(marker)
    bench.retain.bury()
    assert bench.source.catalog.retention.burials() == []
    assert len(list(bench.source.repository.records(Kind.TOMBSTONE))) == 1


def test_held_points_stay_until_they_are_released(bench: Bench) -> None:
    made = bench.history(30)
    bench.policy("all 1d")
    bench.retain.hold(made[1].id, "  for the auditor ", user="ann")
    bench.run()
    assert bench.points()[0].id == made[1].id
    fate = bench.rollup.reasons(bench.points()[0])
    assert [why.code for why in fate.kept] == [Keep.HELD]
    assert fate.kept[0].text == "It is held (for the auditor)."
    with pytest.raises(Failed) as refused:
        bench.retain.delete([made[1].id], chain=True)
    assert refused.value.failure.code == "point-held"
    bench.retain.release(made[1].id)
    bench.run()
    assert made[1].id not in {point.id for point in bench.points()}
    with pytest.raises(Failed) as refused:
        bench.retain.release(bench.points()[0].id)
    assert refused.value.failure.code == "not-held"
    bench.sound()


def test_a_hold_that_comes_while_it_works_is_minded(bench: Bench) -> None:
    made = bench.history(30)
    bench.policy("all 1d")
    seen: list[str] = []

    def hold(reached: str) -> None:
        if reached == "records" and not seen:
            bench.retain.hold(made[2].id)
        seen.append(reached)

    bench.rollup.run(bench.source.machine.id, Silent(), hold)
    assert seen == ["records", "records", "catalog", "tombstones"]
    assert made[2].id in {point.id for point in bench.points()}
    bench.sound()


def test_a_backup_that_builds_meanwhile_on_what_goes_is_minded(bench: Bench) -> None:
    made = bench.history(30)
    before = bench.contents()
    bench.policy("all 1d")
    late: list[RecoveryPoint] = []

    def back_up(reached: str) -> None:
        if reached == "records" and not late:
            late.append(bench.source.point({"late": b"l" * 900}, made[3]))

    bench.rollup.run(bench.source.machine.id, Silent(), back_up)
    bench.sound()
    left = bench.points()
    assert left[-1].id == late[0].id
    assert made[3].id not in {point.id for point in left}
    assert {point.id: text for point in left if (text := before.get(point.id))} == {
        point.id: contents(bench.source.repository, point.images[0].root) for point in left[:-1]
    }


def test_what_is_not_whole_and_what_carries_it_stays(bench: Bench) -> None:
    made = bench.history(10)
    orphan = made[4].images[0].id
    bench.source.clock.forward(100 * 3600)
    bench.source.point({"new": b"n"}, None)
    bench.policy("all 1d")
    bench.source.catalog.points.set_damaged([orphan], True)
    bench.run()
    left = {point.id for point in bench.points()}
    # From the damaged one on nothing is whole; the one below it carries it; the rest below goes.
    assert left == {*(point.id for point in made[3:]), bench.points()[-1].id}
    carrier = bench.source.catalog.points.get(made[3].id)
    assert carrier.images[0].kind is ImageKind.BASE
    codes = [why.code for why in bench.rollup.reasons(carrier).kept]
    assert codes == [Keep.CARRIES_ORPHAN]
    assert [why.code for why in bench.rollup.reasons(made[5]).kept] == [Keep.NOT_WHOLE]


def test_what_is_restored_from_stays(bench: Bench) -> None:
    made = bench.history(30)
    job = Job("j" * 32, JobKind.RESTORE, made[0].id, JobState.RUNNING, Trigger.PERSON, bench.source.clock.now())
    bench.source.catalog.jobs.add(job)
    bench.policy("all 1d")
    bench.run()
    assert bench.points()[0].id == made[0].id
    assert [why.code for why in bench.rollup.reasons(bench.points()[0]).kept] == [Keep.IN_USE]
    bench.source.catalog.jobs.update(replace(job, state=JobState.SUCCEEDED))
    bench.run()
    assert bench.points()[0].id != made[0].id


def test_without_a_policy_of_its_own_a_machine_follows_the_core(bench: Bench) -> None:
    machine = bench.source.machine
    assert str(bench.rollup.policy(machine).policy) == "all 3d hourly 2d daily 4d weekly 3w monthly 2m"
    bench.source.catalog.settings.set(RETENTION, "all 9d")
    assert str(bench.rollup.policy(machine).policy) == "all 9d"
    bench.policy("all 2d")
    assert bench.rollup.policy(machine).own
    bench.rollup.set_policy(machine.id, None)
    assert not bench.rollup.policy(machine).own
    left = replace(machine, kind=type(machine.kind).RECOVERY_POINTS_ONLY)
    assert bench.rollup.policy(left).policy.everything


@pytest.mark.parametrize("seed", range(3))
def test_whatever_is_backed_up_deleted_held_and_rolled_up_stays_true(bench: Bench, seed: int) -> None:
    """A model: the contents of each point, written down when it was made. What is left has them, in whole chains."""
    chance = random.Random(seed)
    truth: dict[str, bytes] = {}
    files = {f"f{n}": chance.randbytes(400) for n in range(5)}
    held: set[str] = set()
    for _ in range(30):
        left = bench.points()
        act = chance.choice(["backup", "backup", "backup", "rollup", "delete", "hold", "release", "sleep"])
        if act == "backup":
            files[chance.choice(sorted(files))] = chance.randbytes(chance.choice([10, 400, 3000]))
            # Mostly on the newest one, as backups do; but an older one, or none, must do as well.
            parent = chance.choice([None, *left[-1:] * 6, *left])
            point = bench.source.point(dict(files), parent)
            truth[point.id] = contents(bench.source.repository, point.images[0].root)
        elif act == "rollup":
            bench.policy(chance.choice(["all 1d", "all 1d hourly 1d daily 2d", "all 2d weekly 4w", "everything"]))
            bench.run()
        elif act == "sleep":
            bench.source.clock.forward(chance.choice([3600, 20 * 3600, 5 * 86400]))
        elif left and act == "delete":
            with suppress(Failed):
                bench.retain.delete([chance.choice(left).id], chain=chance.random() < 0.5)
        elif left and act == "hold":
            held.add(chance.choice(left).id)
            for id in held:
                bench.retain.hold(id)
        elif held and act == "release":
            bench.retain.release(held.pop())
        assert held <= {point.id for point in bench.points()}
    bench.sound()
    assert bench.contents() == {point.id: truth[point.id] for point in bench.points()}
    if bench.points():
        assert bench.rebuilt() == _parents(bench.points())
