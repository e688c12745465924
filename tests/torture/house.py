"""Two Cores of which one dies now and then, by a kill at a moment or at a durable step; and what they must have."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import threading
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

from console.domain.chains import ChainState
from console.domain.errors import Failed
from console.domain.jobs import JobState
from console.domain.progress import Silent
from console.domain.retention import parse_policy
from console.domain.seeds import SeedState
from console.engine.core import Core
from tests.support.two_cores import PAIRING, TwoCores, check, ended, finished, points_of, unlike, wrong_with
from tests.torture import story, volumes
from tests.torture.mortal import Shifted, aim, serve
from tests.torture.mortals import Mortals

POLICY = "all 1d daily 2d"
"""Of the machine on its source; half a day passes from turn to turn."""
LONG_S = 0.3
"""So long, in seconds, a piece of work may take before one has been seen to its end."""


def _kill(pid: int) -> None:
    with suppress(ProcessLookupError):  # it was quicker
        os.kill(pid, signal.SIGKILL)


def _copy(one: Path, to: Path) -> None:
    subprocess.run(["cp", "-a", str(one), str(to)], check=True)


class House:
    """Two Cores below `place`. `kept`: copies of the trees that points (ids) must give back; `held`: points that a side
    must have, `doomed`: those that work on their way out may have taken; `steps`: at which durable step they die,
    None: at a random moment. `sealed`: the machine has a disk and a stream too, and a key."""

    def __init__(self, place: Path, mortals: Mortals, seed: int, *, sealed: bool = False) -> None:
        self.place = place
        self.kept: dict[str, Path] = {}
        self.held: dict[str, set[str]] = {"source": set(), "target": set()}
        self.doomed: dict[str, set[str]] = {"source": set(), "target": set()}
        self.kills: Counter[str] = Counter()
        self.step: int | None = None
        self._job: dict[str, Any] = {}
        self._copy: Path | None = None
        self._mortals = mortals
        self._rng = random.Random(seed)
        self._long: dict[str, float] = {}
        self.clock = Shifted()
        volumes.plant(place / "trees" / "web", self._rng, sealed=sealed)
        (place / "kept").mkdir()
        with self._both() as two:
            two.pair()
            machine = volumes.protect(two.source, place / "trees" / "web")
            two.source.rollup.set_policy(machine, parse_policy(POLICY))
            self._back_up(two.source)
            two.source.arrange.add(PAIRING, ["web"])
            assert two.source.jobs.drain(60)
            self._arrived(two)
            volumes.open_up(two.target)

    def turn(self, what: str) -> None:
        """One piece of work that is killed somewhere; then all is proven, and the work is done again."""
        self.ready(what)
        self.die(what)
        self.live_on(what)

    def ready(self, what: str) -> None:
        """There is something to do."""
        self.clock.days += 0.5
        self._job = {}
        if what not in ("rebuild", "check", "move", "key", "unlock"):
            self._something_new(what)
        getattr(self, f"_ready_{what}", lambda: None)()

    def die(self, what: str) -> bool:
        """It is done, or killed; whether it lived to the end of it."""
        self._copy = story.keep(self.place, "web") if what == "backup" else None
        return bool(getattr(self, f"_die_{what}", self._die_alone)(what))

    def live_on(self, what: str) -> None:
        """Both open again, have what they must have, and go on."""
        with self._both() as two:
            if self._copy is not None:
                self._adopt(two.source, self._copy)
            self._prove(two)
            self._finish(two, what)
            self._prove(two)

    def snapshot(self, to: Path) -> Callable[[], None]:
        """Keeps how all is now; what is returned brings it back."""
        _copy(self.place, to)
        kept, held, doomed = dict(self.kept), dict(self.held), dict(self.doomed)
        job, days = self._job, self.clock.days

        def back() -> None:
            shutil.rmtree(self.place)
            _copy(to, self.place)
            self.kept = dict(kept)
            self.held = {side: set(those) for side, those in held.items()}
            self.doomed = {side: set(those) for side, those in doomed.items()}
            self._job, self.clock.days = job, days

        return back

    # --- what there is to do

    def _something_new(self, what: str) -> None:
        """What there is to be sent; for a backup it is the work itself."""
        volumes.change(self.place / "trees" / "web", self._rng)
        if what != "backup":
            source = self._source()
            try:
                aim(source, 1)  # nobody listens there: the point stays to be sent
                self._back_up(source)
            finally:
                source.stop()

    def _ready_create(self) -> None:
        (self.place / "drive").mkdir()

    def _ready_key(self) -> None:
        with self._both() as two:
            self._job = {"name": f"key {len(two.source.keys.list())}"}

    def _ready_consume(self) -> None:
        (self.place / "drive").mkdir()
        with self._both() as two:
            two.seed(self.place / "drive")

    def _ready_delete(self) -> None:
        with self._both() as two:
            points = points_of(two.target)
            chosen = self._rng.choice(points[len(points) // 2 :] if len(points) < 7 else points[:2])
            gone, more = set[str](), {chosen}
            while gone != more:  # what builds on them is not the same on both sides after a rollup
                gone = set(more)
                for core in (two.source, two.target):
                    more |= core.retain.dependents(gone & set(points_of(core)))
            for core in (two.source, two.target):
                self.doomed[core.name] = gone & set(points_of(core))
            self._job = {"points": sorted(self.doomed["target"])}

    def _ready_sweep(self) -> None:
        """Points go, and what only they had is there to be taken."""
        self._ready_delete()
        with self._both() as two:
            self._delete_doomed(two)

    def _ready_reclaim(self) -> None:
        with self._both() as two:
            finished(two.source, two.source.rollup.start("web"))
            self.held["source"] = set(points_of(two.source))

    def _ready_rollup(self) -> None:
        while not self.doomed["source"]:
            self.clock.days += 0.5
            self._something_new("rollup")
            source = self._source()
            try:
                self.doomed["source"] = {point.id for point in source.rollup.plan("web", ask=False).gone}
            finally:
                source.stop()

    def _ready_restore(self) -> None:
        source = self._source()
        try:
            self._job = {"point": self._rng.choice(points_of(source))}
        finally:
            source.stop()

    def _ready_move(self) -> None:
        used = {place.name for place in self.place.glob("moved *")}
        self._job = {"to": str(self.place / ("moved B" if "moved A" in used else "moved A"))}

    # --- the ways to die

    def _die_alone(self, what: str, **more: Any) -> bool:
        began = self.clock.monotonic()
        pid, _ = self._mortals.begin(**self._asked(what), **more)
        if self.step is None and pid:
            threading.Event().wait(self._moment(what))
            _kill(pid)
        lived = self._mortals.end()
        if lived:
            self._long[what] = self.clock.monotonic() - began
        self.kills[what] += not lived
        return lived

    def _die_send(self, what: str) -> bool:
        with ExitStack() as stack:
            target = Core(self.place / "target", clock=self.clock)
            stack.callback(target.stop)
            server = serve(target)
            stack.callback(server.stop)
            return self._die_alone(what, port=server.server.port)

    def _die_receive(self, what: str) -> bool:
        source = self._source()
        try:
            pid, port = self._mortals.begin(**self._asked(what))
            if not pid:
                self._mortals.end()
                self.kills[what] += 1
                return False
            aim(source, port)
            began = self.clock.monotonic()
            job = source.replicate.start(PAIRING)
            timer = threading.Timer(self._moment(what) if self.step is None else 0, _kill, (pid,))
            if self.step is None:
                timer.start()
            done = ended(source, job)
            lived = done.state is JobState.SUCCEEDED
            if lived:
                self._long[what] = self.clock.monotonic() - began
            if self.step is None:
                timer.join()
            else:
                _kill(pid)
            self._mortals.end()
            self.kills[what] += 1
            return self.step is not None and lived
        finally:
            source.stop()

    def _asked(self, what: str) -> dict[str, Any]:
        return {"place": self.place, "work": what, "days": self.clock.days, "step": self.step, **self._job}

    def _moment(self, what: str) -> float:
        """Seconds until death: anywhere in what the last one of this kind took that lived to its end."""
        return self._rng.uniform(0.0, self._long.get(what, LONG_S))

    # --- around it

    def _both(self) -> TwoCores:
        return TwoCores(self.place, clock=self.clock)

    def _source(self) -> Core:
        return Core(self.place / "source", clock=self.clock)

    def _back_up(self, source: Core) -> None:
        copy = story.keep(self.place, "web")
        ended(source, source.protect.start_backup("web"))
        self._adopt(source, copy)

    def _adopt(self, source: Core, copy: Path) -> None:
        """The copy belongs to the point that was made meanwhile, if there is one."""
        new = [point for point in points_of(source) if point not in self.kept]
        assert len(new) <= 1
        if new:
            self.kept[new[0]] = copy
            self.held["source"].add(new[0])
        else:
            shutil.rmtree(copy)

    def _arrived(self, two: TwoCores) -> None:
        self.held["target"] |= set(points_of(two.target))

    def _prove(self, two: TwoCores) -> None:
        wrong = check(two.source) + check(two.target)
        for core in (two.source, two.target):
            assert volumes.wrong_keys(core) == []
            volumes.open_up(core)
            known = points_of(core)
            for point in {*known[:1], *known[-2:]}:
                if point in self.held[core.name] or core.points.view(point).state is ChainState.WHOLE:
                    wrong += wrong_with(core, point, self.kept[point], self.place / "restored")
            lost = self.held[core.name] - self.doomed[core.name] - set(known)
            wrong += [f"{core.name} has lost {point}" for point in lost]
        assert not wrong, wrong

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
        getattr(self, f"_finish_{what}", lambda _: None)(two)
        if not points_of(two.source):
            self._back_up(two.source)
        two.replicate()
        self._arrived(two)
        assert set(points_of(two.source)) <= set(points_of(two.target))
        known = {point for core in (two.source, two.target) for point in points_of(core)}
        for point in self.kept.keys() - known:
            shutil.rmtree(self.kept.pop(point))

    def _finish_delete(self, two: TwoCores) -> None:
        self._delete_doomed(two)

    def _delete_doomed(self, two: TwoCores) -> None:
        for core in (two.target, two.source):
            left = self.doomed[core.name] & set(points_of(core))
            if left:
                core.retain.delete(sorted(left), chain=True)
            self.held[core.name] -= self.doomed[core.name]
            self.doomed[core.name] = set()

    def _finish_rollup(self, two: TwoCores) -> None:
        finished(two.source, two.source.rollup.start("web"))
        gone = self.doomed["source"]
        assert not gone & set(points_of(two.source)), "it was done, or is done now"
        self.held["source"] -= gone
        self.doomed["source"] = set()

    def _finish_reclaim(self, two: TwoCores) -> None:
        _nothing_left(two.source)

    def _finish_sweep(self, two: TwoCores) -> None:
        _nothing_left(two.target)

    def _finish_restore(self, two: TwoCores) -> None:
        """The same again over what it had done: all of it is there and true."""
        out, point = self.place / "out", self._job["point"]
        finished(two.source, two.source.restore.start_files(point, [], str(out), overwrite="always"))
        assert unlike(self.kept[point], out) == []
        shutil.rmtree(out)

    def _finish_key(self, two: TwoCores) -> None:
        name = self._job["name"]
        if all(key.name != name for key in two.source.keys.list()):
            two.source.keys.create(name, volumes.PASSPHRASE)
        two.source.protect.edit("web", key=name)
        self._back_up(two.source)

    def _finish_move(self, two: TwoCores) -> None:
        to = Path(self._job["to"])
        old = {self.place / "moved A", self.place / "moved B", self.place / "target" / "repository"} - {to}
        with suppress(Failed):  # when it had been done
            finished(two.target, two.target.move.start("default", to))
        assert Path(two.target.repositories.info("default").path) == to
        for place in old:
            assert not place.exists(), "nothing is left where it was"


def _nothing_left(core: Core) -> None:
    """Reclaims, and every pack that nobody needs is gone."""
    info = core.repositories.info("default")
    core.reclaim.run(info, dry_run=False, reporter=Silent())
    planned = core.reclaim.run(info, dry_run=True, reporter=Silent())
    assert planned["packs_delete"] == 0, planned
