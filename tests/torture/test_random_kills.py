"""kill -9 at random moments of everything Cores do, on either side: then it goes on, and nothing is lost."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

import pytest

from console.domain.errors import Failed
from console.domain.seeds import SeedState
from console.engine.core import Core
from console.host.clock import SystemClock
from tests.support.two_cores import PAIRING, TwoCores, check, ended, points_of, wrong_with
from tests.torture import story
from tests.torture.mortal import SIDES, aim, serve

pytestmark = pytest.mark.timeout(7200)


class Mortals:
    """Starts work in processes of its own and kills them."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.torture.mortal"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def close(self) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(60)
        self._process.stdout.close()

    def begin(self, **job: Any) -> tuple[int, int]:
        """Starts a job; its process and the port it listens on, when its Core is open."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({key: _plain(value) for key, value in job.items()}) + "\n")
        self._process.stdin.flush()
        pid = self._hear("pid")
        return pid, self._hear("ready")

    def end(self) -> bool:
        """Waits for the process that was begun; whether it lived to the end of its work."""
        lived = False
        while True:
            said = self._read()
            assert "failed" not in said, said["failed"]
            lived = lived or "done" in said
            if "ended" in said:
                return lived

    def _hear(self, key: str) -> int:
        while True:
            said = self._read()
            assert "failed" not in said, said["failed"]
            if key in said:
                return int(said[key])

    def _read(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        said: dict[str, Any] = json.loads(self._process.stdout.readline())
        return said


def _kill(pid: int) -> None:
    with suppress(ProcessLookupError):  # it was quicker
        os.kill(pid, signal.SIGKILL)


def _plain(value: Any) -> Any:
    return str(value) if isinstance(value, Path) else value


class House:
    """Two Cores below `place`, of which one dies now and then; what they must have."""

    def __init__(self, place: Path, mortals: Mortals, seed: int) -> None:
        self.place = place
        self.kept: dict[str, Path] = {}
        self.kills: Counter[str] = Counter()
        self._mortals = mortals
        self._rng = random.Random(seed)
        self._long: dict[str, float] = {}
        self._clock = SystemClock()
        story.plant(place / "trees" / "web", self._rng)
        (place / "kept").mkdir()
        with self._both() as two:
            two.pair()
            two.source.protect.add("web", [("tree", str(place / "trees" / "web"))], interval_s=0)
            self._back_up(two)
            two.source.arrange.add(PAIRING, ["web"])
            assert two.source.jobs.drain(60)

    def turn(self, what: str) -> None:
        """One piece of work that is killed somewhere; then all is proven, and the work is done again."""
        if what != "rebuild":
            self._something_new(what)
        copy = story.keep(self.place, "web")
        getattr(self, f"_kill_{what}", self._kill_alone)(what)
        with self._both() as two:
            self._adopt(two.source, copy)
            self._prove(two)
            self._finish(two, what)
            self._prove(two)

    # --- the ways to die

    def _kill_alone(self, what: str, **more: Any) -> None:
        pid, _ = self._mortals.begin(place=self.place, work=what, **more)
        self._kill(pid, what)

    def _kill_send(self, what: str) -> None:
        with ExitStack() as stack:
            target = Core(self.place / "target", clock=self._clock)
            stack.callback(target.stop)
            server = serve(target)
            stack.callback(server.stop)
            self._kill_alone(what, port=server.server.port)

    def _kill_receive(self, what: str) -> None:
        source = Core(self.place / "source", clock=self._clock)
        try:
            pid, port = self._mortals.begin(place=self.place, work=what)
            aim(source, port)
            job = source.replicate.start(PAIRING)
            began = self._clock.monotonic()
            timer = threading.Timer(self._moment(what), _kill, (pid,))
            timer.start()
            ended(source, job)
            if what not in self._long:
                self._long[what] = self._clock.monotonic() - began
            timer.join()
            self._mortals.end()
            self.kills[what] += 1
        finally:
            source.stop()

    def _kill_create(self, what: str) -> None:
        (self.place / "drive").mkdir()
        self._kill_alone(what)

    def _kill_consume(self, what: str) -> None:
        (self.place / "drive").mkdir()
        with self._both() as two:
            two.seed(self.place / "drive")
        self._kill_alone(what)

    def _kill_delete(self, what: str) -> None:
        with self._both() as two:
            points = [point for point in points_of(two.target) if point in self.kept]
        self._doomed = [self._rng.choice(points[len(points) // 2 :] if len(points) < 7 else points[:2])]
        self._kill_alone(what, points=self._doomed)

    def _kill(self, pid: int, what: str) -> None:
        began = self._clock.monotonic()
        if what in self._long:
            threading.Event().wait(self._moment(what))
            _kill(pid)
        lived = self._mortals.end()
        self._long.setdefault(what, self._clock.monotonic() - began)
        self.kills[what] += not lived

    def _moment(self, what: str) -> float:
        """Seconds until death: anywhere in what the first one of this kind took, which was let live."""
        return self._rng.uniform(0.0, self._long[what]) if what in self._long else 1.0

    # --- around it

    def _both(self) -> TwoCores:
        return TwoCores(self.place, clock=self._clock)

    def _something_new(self, what: str) -> None:
        """What there is to be sent; for a backup it is the work itself."""
        story.change(self.place / "trees" / "web", self._rng)
        if what != "backup":
            source = Core(self.place / "source", clock=self._clock)
            try:
                aim(source, 1)  # nobody listens there: the point stays to be sent
                self._back_up_at(source)
            finally:
                source.stop()

    def _back_up(self, two: TwoCores) -> None:
        self._back_up_at(two.source)

    def _back_up_at(self, source: Core) -> None:
        copy = story.keep(self.place, "web")
        ended(source, source.protect.start_backup("web"))
        self._adopt(source, copy)

    def _adopt(self, source: Core, copy: Path) -> None:
        """The copy belongs to the point that was made meanwhile, if there is one."""
        new = [point for point in points_of(source) if point not in self.kept]
        assert len(new) <= 1
        if new:
            self.kept[new[0]] = copy
        else:
            shutil.rmtree(copy)

    def _prove(self, two: TwoCores) -> None:
        wrong = check(two.source) + check(two.target)
        for core in (two.source, two.target):
            known = points_of(core)
            for point in {*known[:1], *known[-2:]}:
                wrong += wrong_with(core, point, self.kept[point], self.place / "restored")
        ours = points_of(two.source)
        if getattr(self, "_doomed", None) is None:
            wrong += [f"{point} is lost" for point in self.kept if point not in ours]
        assert wrong == []

    def _finish(self, two: TwoCores, what: str) -> None:
        drive = self.place / "drive"
        if drive.exists():
            if all(seed.state is not SeedState.OUTSTANDING for seed in two.source.catalog.seeds.list()):
                try:
                    two.seed(drive)
                except AssertionError:
                    assert what == "consume", "only what was consumed already need not be written again"
            two.consume(drive)
            shutil.rmtree(drive)
        if what == "delete":
            for core in (two.target, two.source):
                left = [point for point in self._doomed if point in points_of(core)]
                if left:
                    core.retain.delete(left, chain=True)
            ours = points_of(two.source)
            for point in [point for point in self.kept if point not in ours]:
                shutil.rmtree(self.kept.pop(point))
            del self._doomed
        if not points_of(two.source):
            self._back_up(two)
        two.replicate()
        assert set(points_of(two.source)) <= set(points_of(two.target))


@pytest.fixture
def mortals() -> Iterator[Mortals]:
    mortals = Mortals()
    yield mortals
    mortals.close()


def live(place: Path, mortals: Mortals, seed: int, kills: int) -> Counter[str]:
    """Turns until so many have died."""
    house = House(place, mortals, seed)
    rng = random.Random(seed)
    order: list[str] = []
    turns = 0
    while house.kills.total() < kills:
        if not order:
            order = [*SIDES]
            rng.shuffle(order)
        what = order.pop()
        turns += 1
        try:
            house.turn(what)
        except (AssertionError, Failed) as error:
            error.add_note(f"seed {seed}, turn {turns}: {what}, after {house.kills.total()} kills")
            raise
        assert turns < 10 * kills + 20
    return house.kills


def test_killed_a_dozen_times(tmp_path: Path, mortals: Mortals) -> None:
    kills = live(tmp_path, mortals, seed=1, kills=12)
    assert len(kills) >= 5, "several kinds of work were hit"


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(2, 12))
def test_killed_over_and_over(tmp_path: Path, mortals: Mortals, seed: int) -> None:
    """25 times each; ten of these are 250."""
    live(tmp_path, mortals, seed, kills=25)
