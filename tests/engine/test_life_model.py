"""Any life of a Core's repository: backups, deletions, reclaims, checks, restores, lost indexes.

Every point that is left is restored as the tree was.
"""

from __future__ import annotations

import random
import shutil
import tempfile
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule

from console.domain.errors import Failed
from console.domain.progress import Silent
from console.engine.core import Core
from tests.support.clock import FixedClock

Tree = dict[str, bytes]


class Life(RuleBasedStateMachine):
    """`points`: what each point (id) of the one machine must give back, oldest first."""

    def __init__(self) -> None:
        super().__init__()
        self.home = Path(tempfile.mkdtemp())
        self.tree = self.home / "tree"
        self.tree.mkdir()
        self.clock = FixedClock()
        self.core = Core(self.home / "core", clock=self.clock, name="here")
        self.core.protect.add("web", [("tree", str(self.tree))], interval_s=0)
        self.points: dict[str, Tree] = {}
        self.restored = 0

    def teardown(self) -> None:
        self.core.stop()
        shutil.rmtree(self.home)

    def now(self) -> Tree:
        return {str(path.relative_to(self.tree)): path.read_bytes() for path in self.tree.rglob("*") if path.is_file()}

    @rule(number=st.integers(0, 9), seed=st.integers(0, 20), size=st.integers(0, 60_000))
    def write(self, number: int, seed: int, size: int) -> None:
        path = self.tree / str(number % 3) / str(number)
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(random.Random(seed).randbytes(size))

    @rule(number=st.integers(0, 9))
    def unlink(self, number: int) -> None:
        (self.tree / str(number % 3) / str(number)).unlink(missing_ok=True)

    @rule(base=st.booleans())
    def back_up(self, base: bool) -> None:
        self.clock.forward(3600)
        machine = self.core.catalog.machines.get("web")
        made = self.core.protect.backup(machine, base=base, reporter=Silent())
        self.points[made["point"]] = self.now()

    @precondition(lambda self: self.points)
    @rule(number=st.integers(0, 99), chain=st.booleans())
    def delete(self, number: int, chain: bool) -> None:
        chosen = list(self.points)[number % len(self.points)]
        try:
            self.core.retain.delete([chosen], chain=chain)
        except Failed as known:
            if known.failure.code != "points-depend":
                raise
        left = {point.id for point in self.core.catalog.points.all_of(self.core.catalog.machines.get("web").id)}
        assert chosen not in left or not chain
        self.points = {point: tree for point, tree in self.points.items() if point in left}

    @rule()
    def reclaim(self) -> None:
        info = self.core.repositories.info("default")
        self.core.reclaim.run(info, dry_run=False, reporter=Silent())
        again = self.core.reclaim.run(info, dry_run=True, reporter=Silent())
        assert again["packs_delete"] == 0

    @rule()
    def check(self) -> None:
        info = self.core.repositories.info("default")
        report = self.core.check.repository(info, read_data=True, reporter=Silent())
        assert (report["damaged"], report["missing_packs"]) == ([], [])

    @rule(index=st.booleans())
    def close_and_open(self, index: bool) -> None:
        path = self.core.repositories.open("default").path
        self.core.repositories.close()
        if index:
            (path / "own" / "index.sqlite").unlink()

    @precondition(lambda self: self.points)
    @rule(number=st.integers(0, 99))
    def restore(self, number: int) -> None:
        point = list(self.points)[number % len(self.points)]
        self.restored += 1
        out = self.home / f"out {self.restored}"
        job = self.core.restore.start_files(point, [], str(out))
        assert self.core.jobs.drain(120)
        ended = self.core.jobs.get(job.id)
        assert ended.failure is None
        found = {
            "/".join(path.relative_to(out).parts[-2:]): path.read_bytes() for path in out.rglob("*") if path.is_file()
        }
        assert found == self.points[point]


TestLife = Life.TestCase
TestLife.settings = settings(deadline=None, max_examples=4, stateful_step_count=14)


@pytest.mark.slow
class TestLongLives(Life.TestCase):
    settings = settings(deadline=None, max_examples=20, stateful_step_count=28)
