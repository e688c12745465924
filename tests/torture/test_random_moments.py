"""Two Cores under random work in a random order, beside a model: what every point must contain, and who has it."""

from __future__ import annotations

import random
import shutil
import tempfile
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, note, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    precondition,
    rule,
    run_state_machine_as_test,
)

from console.domain.chains import ChainState
from console.domain.errors import Failed
from console.domain.jobs import JobState
from console.domain.seeds import SeedState
from console.engine.core import Core
from tests.support import trees
from tests.support.two_cores import PAIRING, TwoCores, check, ended, finished, points_of
from tests.torture import volumes

pytestmark = pytest.mark.timeout(7200)
SIDES = st.sampled_from(["source", "target"])
CHOICES = st.integers(0, 1 << 16)

Look = dict[bytes, trees.Seen]


class Moments(RuleBasedStateMachine):
    """`held[side]`: ids of the points that a Core must have; `removed`: those that were deleted on the target, which no
    replication brings back; `looks`: what each point must give back."""

    def __init__(self) -> None:
        super().__init__()
        self.place = Path(tempfile.mkdtemp(prefix="replicore-moments-"))
        self.tree = self.place / "trees" / "web"
        self.drive = self.place / "drive"
        self.looks: dict[str, Look] = {}
        self.held: dict[str, set[str]] = {"source": set(), "target": set()}
        self.removed: set[str] = set()
        self.two: TwoCores | None = None

    @property
    def cores(self) -> TwoCores:
        assert self.two is not None
        return self.two

    def core(self, side: str) -> Core:
        return self.cores.source if side == "source" else self.cores.target

    @initialize(seed=st.integers(0, 1000))
    def begin(self, seed: int) -> None:
        volumes.plant(self.tree, random.Random(seed))
        self.two = TwoCores(self.place)
        self.two.pair()
        self.two.source.protect.add("web", [("tree", str(self.tree))], interval_s=0)
        self.two.source.arrange.add(PAIRING, ["web"], paused=True)

    def teardown(self) -> None:
        try:
            if self.two is not None:
                self.in_step()
                self.everything_is_right()
                self.two.close()
        finally:
            shutil.rmtree(self.place)

    # --- work

    @rule(seed=st.integers(0, 1 << 30))
    def change_files(self, seed: int) -> None:
        trees.mutate(self.tree, seed, changes=4)

    @rule()
    def back_up(self) -> None:
        look = trees.look(self.tree)
        point = self.cores.back_up("web")
        self.looks[point] = look
        self.held["source"].add(point)

    @precondition(lambda self: self.held["source"])
    @rule()
    def replicate(self) -> None:
        self.cores.source.arrange.resume(PAIRING, "web")
        assert self.cores.source.jobs.drain(60)
        self.cores.replicate()
        self.cores.source.arrange.pause(PAIRING, "web")
        came = set(points_of(self.cores.target)) - self.held["target"]
        assert not came & self.removed, "what was deleted there is not sent again"
        self._arrived()

    @precondition(lambda self: self.held["source"] and not self.drive.exists())
    @rule()
    def write_drive(self) -> None:
        self.drive.mkdir()
        job = ended(self.cores.source, self.cores.source.seed.start_create(PAIRING, [str(self.drive)]))
        if job.state is JobState.FAILED:
            assert job.failure is not None
            assert job.failure.code == "nothing-to-seed"
            assert self._owed() <= self._whole("target"), "only when the target has everything"
            shutil.rmtree(self.drive)
        else:
            assert job.state is JobState.SUCCEEDED, job.failure

    @precondition(lambda self: self.drive.exists())
    @rule()
    def consume(self) -> None:
        result = self.cores.consume(self.drive)
        assert (result["damaged"], result["segments_missing"]) == ([], [])
        shutil.rmtree(self.drive)
        self._arrived()

    @precondition(lambda self: self.drive.exists())
    @rule()
    def lose_drive(self) -> None:
        shutil.rmtree(self.drive)
        for seed in self.cores.source.catalog.seeds.list():
            if seed.state is SeedState.OUTSTANDING:
                self.cores.source.seed.abandon(seed.id)

    @rule(side=SIDES, which=CHOICES, chain=st.booleans())
    def delete(self, side: str, which: int, chain: bool) -> None:
        core = self.core(side)
        known = points_of(core)
        if not known:
            return
        point = known[which % len(known)]
        try:
            core.retain.delete([point], chain=chain)
        except Failed as refused:
            refusal = refused.failure.code
        else:
            refusal = ""
        if refusal:
            assert (refusal, chain, points_of(core)) == ("points-depend", False, known)
            return
        left = set(points_of(core))
        gone = set(known) - left
        assert point in gone
        if not chain:
            assert gone == {point}
        self.held[side] -= gone
        if side == "target":
            self.removed |= gone

    # --- bad luck

    @rule(side=SIDES)
    def restart(self, side: str) -> None:
        """Both: they share a process."""
        note(f"restart, asked for by {side}")
        self.cores.close()
        self.two = TwoCores(self.place, clock=self.cores.clock)

    @rule(side=SIDES, which=CHOICES, byte=CHOICES, bit=st.integers(0, 7))
    def damage_and_mend(self, side: str, which: int, byte: int, bit: int) -> None:
        """A bit of a pack flips: it is found, nothing wrong is restored; and when it flips back all is well again."""
        core = self.core(side)
        info = core.repositories.list()[0]
        packs = sorted(Path(info.path).rglob("*.pack"))
        if not packs:
            return
        pack = packs[which % len(packs)]
        self._flip(pack, byte, bit)
        for point in points_of(core):
            self._restore(core, point, whole=False)
        check(core)
        for point in points_of(core):
            self._restore(core, point, whole=False)
        self._flip(pack, byte, bit)
        self.restart(side)
        assert check(self.core(side)) == []

    def _flip(self, pack: Path, byte: int, bit: int) -> None:
        content = bytearray(pack.read_bytes())
        content[byte % len(content)] ^= 1 << bit
        pack.write_bytes(content)

    # --- proof

    @rule(side=SIDES)
    def check_reads_every_byte(self, side: str) -> None:
        assert check(self.core(side)) == []

    @rule(side=SIDES, which=CHOICES)
    def restore(self, side: str, which: int) -> None:
        core = self.core(side)
        known = points_of(core)
        if known:
            point = known[which % len(known)]
            self._restore(core, point, whole=core.points.view(point).state is ChainState.WHOLE)

    def in_step(self) -> None:
        """With nothing outstanding, one run of replication gives the target all that it is owed."""
        if self.drive.exists():
            self.consume()
        if self.held["source"]:
            self.replicate()
            assert self._owed() <= self._whole("target")

    def everything_is_right(self) -> None:
        for side in ("source", "target"):
            core = self.core(side)
            assert self.held[side] <= set(points_of(core)), "points do not go by themselves"
            assert check(core) == []
            for point in points_of(core):
                self._restore(core, point, whole=core.points.view(point).state is ChainState.WHOLE)
        assert self.held["source"] <= self._whole("source")

    def _arrived(self) -> None:
        known = set(points_of(self.cores.target))
        assert self.held["target"] <= known, "points do not go by themselves"
        self.held["target"] = known

    def _owed(self) -> set[str]:
        """What replication has to bring to the target."""
        return self.held["source"] - self.removed

    def _whole(self, side: str) -> set[str]:
        core = self.core(side)
        return {point for point in points_of(core) if core.points.view(point).state is ChainState.WHOLE}

    def _restore(self, core: Core, point: str, *, whole: bool) -> None:
        """Whole: all of it, and equal. Otherwise what is restored is right, and what is not is said."""
        to = self.place / "restored"
        if whole:
            result = finished(core, core.restore.start_files(point, [], str(to)))
            assert (result["damaged"], result["skipped_count"]) == ([], 0)
            assert trees.compare(self.looks[point], trees.look(to)) == []
        else:
            with suppress(Failed):
                job = ended(core, core.restore.start_files(point, [], str(to), partial=True))
                assert job.state is not JobState.CRASHED, core.catalog.jobs.log(job.id)
            right = self.looks[point]
            for path, seen in (trees.look(to) if to.exists() else {}).items():
                if seen.kind == "-":
                    assert (seen.size, seen.what) == (right[path].size, right[path].what), path
        shutil.rmtree(to, ignore_errors=True)


COMMON = settings(deadline=None, database=None, suppress_health_check=list(HealthCheck), print_blob=True)


def test_a_few_histories() -> None:
    few = settings(
        COMMON, derandomize=True, max_examples=4, stateful_step_count=10, phases=[Phase.explicit, Phase.generate]
    )
    run_state_machine_as_test(Moments, settings=few)


@pytest.mark.slow
def test_many_histories() -> None:
    many = settings(COMMON, max_examples=60, stateful_step_count=30)
    run_state_machine_as_test(Moments, settings=many)
