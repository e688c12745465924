"""The power goes at any moment: what was written and not synced is lost or torn. Then everything opens and goes on.

What two Cores do to their disks on one day is recorded (strace) and played back up to a moment on a disk in memory.
What that disk would have kept is put in the place of theirs, and both are opened again.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import sys
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest

from console.domain.seeds import SeedState
from tests.support.clock import FixedClock
from tests.support.file_operations import Operation, needs_recorder, operations, record
from tests.support.images import same
from tests.support.power_cut import Disk, found
from tests.support.two_cores import TwoCores, check, finished, left_over, points_of, wrong_with
from tests.torture import story, volumes

pytestmark = [needs_recorder, pytest.mark.timeout(7200)]


@dataclass
class Promises:
    """What had been promised at a moment: points that a Core had acknowledged, those that were on their way out."""

    part: str = "start"
    points: dict[str, set[str]] = field(default_factory=lambda: {"source": set(), "target": set()})
    leaving: dict[str, set[str]] = field(default_factory=lambda: {"source": set(), "target": set()})
    gone: dict[str, set[str]] = field(default_factory=lambda: {"source": set(), "target": set()})
    keys: dict[str, set[str]] = field(default_factory=lambda: {"source": set(), "target": set()})
    drive: bool = False

    def hear(self, mark: dict[str, str]) -> None:
        what, core, point = mark["what"], mark.get("core", ""), mark.get("point", "")
        if what == "part":
            self.part = mark["name"]
        elif what == "point":
            self.points[core].add(point)
        elif what == "drive":
            self.drive = True
        elif what == "key":
            self.keys[core].add(mark["key"])
        elif what == "deleting":
            self.points[core].discard(point)
            self.leaving[core].add(point)
        elif what == "deleted":
            self.leaving[core].discard(point)
            self.gone[core].add(point)


class Day:
    """What was recorded, and the way back to any moment of it."""

    def __init__(self, place: Path, what: str = "day", *, sealed: bool = False) -> None:
        self.place = place
        story.prepare(place, sealed=sealed)
        self.promised_before = self._promised_before()
        self._before = Disk(place / "disk")
        shutil.copytree(place / "disk", place / "before", symlinks=True)
        record([sys.executable, "-m", "tests.torture.story", place, what], place / "log")
        self.operations = operations(place / "log", place / "disk", place / "marks")
        (place / "log").unlink()
        shutil.copytree(place / "disk", place / "after", symlinks=True)
        self._cuts = 0

    def begin(self) -> tuple[Disk, Promises]:
        """The disk and what was promised, as they were before the day began."""
        disk_place = self.place / "disk"
        shutil.rmtree(disk_place)
        shutil.copytree(self.place / "before", disk_place, symlinks=True)
        promises = Promises()
        for core, points in self.promised_before.items():
            promises.points[core] |= points
        return Disk(disk_place), promises

    def is_mark(self, operation: Operation) -> bool:
        return operation.path == os.fsencode(self.place / "marks")

    def verify(self, disk: Disk, promises: Promises, rule: str, seed: int) -> None:
        """Puts what survives in place, and proves it."""
        self._cuts += 1
        place = self.place / "disk"
        shutil.rmtree(place)
        disk.cut(place, rule, random.Random(seed))
        scratch = self.place / "scratch"
        shutil.rmtree(scratch, ignore_errors=True)
        scratch.mkdir()
        with TwoCores(place, clock=FixedClock(FixedClock().now() + timedelta(days=10))) as two:
            wrong = left_over(two.source) + left_over(two.target) + check(two.source) + check(two.target)
            for core in (two.source, two.target):
                assert volumes.wrong_keys(core, promises.keys[core.name]) == []
                volumes.open_up(core)
                known, promised = set(points_of(core)), promises.points[core.name]
                wrong += [f"{core.name} has lost {point}" for point in promised - known]
                wrong += [f"{core.name} has {point} again" for point in promises.gone[core.name] & known]
                for point in sorted(known & {name.name for name in (self.place / "kept").iterdir()}):
                    if core is two.source or point in promised:
                        wrong += wrong_with(core, point, self.place / "kept" / point, scratch / "restored")
            assert wrong == []
            self._go_on(two, promises, scratch)

    def _go_on(self, two: TwoCores, promises: Promises, scratch: Path) -> None:
        """Everything that was cut short is done again, and more; without a repair."""
        drive = self.place / "disk" / "drive"
        if promises.drive:
            verified = finished(two.source, two.source.seed.start_verify([str(drive)]))
            assert (verified["damaged"], verified["segments_missing"]) == ([], [])
        elif all(seed.state is not SeedState.OUTSTANDING for seed in two.source.catalog.seeds.list()):
            two.seed(drive)
        two.consume(drive)
        copy = story.keep(self.place, "web")
        for pairing in two.source.catalog.pairings.list():
            two.source.arrange.resume(pairing.id)
        newest = two.back_up("web")
        two.replicate()
        volumes.open_up(two.target)
        restored = scratch / "restored"
        wrong = wrong_with(two.source, newest, copy, restored) + wrong_with(two.target, newest, copy, restored)
        if volumes.is_sealed(copy):
            wrong += self._wrong_with_volumes(two, newest, copy)
        shutil.rmtree(copy)
        for point in points_of(two.target):
            kept = self.place / "kept" / point
            if kept.exists():
                wrong += wrong_with(two.target, point, kept, restored)
        assert wrong + check(two.source) + check(two.target) == []

    def _wrong_with_volumes(self, two: TwoCores, point: str, copy: Path) -> list[str]:
        wrong = []
        for core in (two.source, two.target):
            to = self.place / "scratch" / f"disk of {core.name}"
            finished(core, core.restore_volumes.start(point, [("disk", str(to))]))
            if not same(copy / "disk" / "disk.img", to) or to.stat().st_size != (copy / "disk/disk.img").stat().st_size:
                wrong.append(f"{core.name}: the disk of {point} is another one")
        return wrong

    def _promised_before(self) -> dict[str, set[str]]:
        with TwoCores(self.place / "disk") as two:
            return {core.name: set(points_of(core)) for core in (two.source, two.target)}


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory) -> Day:
    return Day(tmp_path_factory.mktemp("day"))


@pytest.fixture(scope="module")
def sealed_day(tmp_path_factory: pytest.TempPathFactory) -> Day:
    """Of machines with a tree, a disk and a stream, sealed."""
    return Day(tmp_path_factory.mktemp("sealed"), sealed=True)


@pytest.fixture(scope="module")
def night(tmp_path_factory: pytest.TempPathFactory) -> Day:
    return Day(tmp_path_factory.mktemp("night"), "night")


def play(day: Day, moments: set[int], rule: str, *, seed: int = 0) -> int:
    """Cuts the power after each of these operations (counted from 1); how often it did."""
    disk, promises = day.begin()
    for number, operation in enumerate(day.operations, 1):
        if day.is_mark(operation):
            for line in operation.data.splitlines():
                promises.hear(json.loads(line))
        disk.do(operation)
        if number in moments:
            try:
                day.verify(disk, promises, rule, seed + number)
            except BaseException as error:
                error.add_note(
                    f"{rule} after operation {number} ({operation.kind} {operation.path!r}), {promises.part}"
                )
                raise
    return len(moments)


def syncs(day: Day) -> list[int]:
    return [number for number, operation in enumerate(day.operations, 1) if operation.kind == "sync"]


def test_the_recording_is_complete(day: Day) -> None:
    disk, _ = day.begin()
    for operation in day.operations:
        disk.do(operation)
    disk.cut(day.place / "replayed", "kept", random.Random(0))
    assert found(day.place / "replayed") == found(day.place / "after")


def test_the_power_goes_at_some_moments(day: Day) -> None:
    """Torn just before syncs, where most is at stake; lost just after, when all that was promised must be there."""
    rng = random.Random(11)
    before, after = rng.sample(syncs(day), 2), rng.sample(syncs(day), 2)
    play(day, {number - 1 for number in before}, "torn")
    play(day, set(after), "lost")


def test_the_power_goes_while_sealed_machines_are_at_work(sealed_day: Day) -> None:
    rng = random.Random(12)
    play(sealed_day, {rng.choice(syncs(sealed_day))}, "lost")
    play(sealed_day, {rng.choice(syncs(sealed_day)) - 1}, "torn")


@pytest.mark.slow
@pytest.mark.parametrize("rule", ["lost", "torn"])
def test_the_day_of_sealed_machines_is_cut_at_every_sync(sealed_day: Day, rule: str) -> None:
    """Lost after each, torn before each."""
    moments = {number - (rule == "torn") for number in syncs(sealed_day)}
    assert play(sealed_day, moments, rule, seed=400_000) > 100


@pytest.mark.slow
def test_lost_after_every_sync(day: Day) -> None:
    """What a power cut takes without tearing changes with syncs only: these are all the states there are."""
    assert play(day, {0, *syncs(day), len(day.operations)}, "lost") > 80


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2])
def test_torn_before_every_sync(day: Day, seed: int) -> None:
    assert play(day, {number - 1 for number in syncs(day)}, "torn", seed=seed * 100_000) > 80


@pytest.mark.slow
def test_torn_at_every_other_moment(day: Day) -> None:
    """Between syncs, every fourth operation, beginning with another one than those above."""
    assert play(day, set(range(2, len(day.operations), 4)), "torn", seed=7) > 150


@pytest.mark.slow
@pytest.mark.parametrize("rule", ["lost", "torn"])
def test_the_night_is_cut_at_every_sync(night: Day, rule: str) -> None:
    """Lost after each, torn before each."""
    moments = {number - (rule == "torn") for number in syncs(night)}
    assert play(night, moments, rule, seed=300_000) > 60
