"""The power goes at every moment of a repository's life, reclaims included: what was promised is there, and true."""

from __future__ import annotations

import json
import os
import random
import shutil
import sys
from pathlib import Path

import pytest

from console.domain.objects import Kind
from console.domain.progress import Silent
from console.repository import Repository
from console.repository.codec import object_id
from console.repository.marker import NAME
from tests.repository.builders import content, store
from tests.repository.conftest import CREATED
from tests.support.file_operations import Operation, needs_recorder, operations, record
from tests.support.power_cut import Disk

pytestmark = [needs_recorder, pytest.mark.timeout(7200)]


class Life:
    """What was recorded of a repository at `place`."""

    def __init__(self, top: Path) -> None:
        self.disk = top / "disk"
        self.place = self.disk / "repository"
        self.disk.mkdir()
        self._marks = top / "marks"
        self._marks.touch()
        record([sys.executable, "-m", "tests.torture.repository_life", self.place, self._marks], top / "log")
        self.operations: list[Operation] = operations(top / "log", self.disk, self._marks)
        self.syncs = [number for number, done in enumerate(self.operations, 1) if done.kind == "sync"]

    def play(self, moments: set[int], rule: str, seed: int = 0) -> int:
        """Cuts the power after each of these operations (counted from 1); how often."""
        shutil.rmtree(self.disk)
        self.disk.mkdir()
        disk = Disk(self.disk)
        promised: set[bytes] = set()
        for number, operation in enumerate(self.operations, 1):
            if operation.path == os.fsencode(self._marks):
                for line in operation.data.splitlines():
                    said = json.loads(line)
                    ids = {bytes.fromhex(oid) for oid in (said.get("stored") or said["needed"])}
                    promised = promised | ids if "stored" in said else ids
            disk.do(operation)
            if number in moments:
                shutil.rmtree(self.disk)
                disk.cut(self.disk, rule, random.Random(seed + number))
                try:
                    self._prove(promised)
                except BaseException as error:
                    error.add_note(f"{rule} after operation {number}: {operation.kind} {operation.path!r}")
                    raise
        return len(moments)

    def _prove(self, promised: set[bytes]) -> None:
        made = (self.place / NAME).exists()
        assert made or not promised
        with Repository.open(self.place) if made else Repository.create(self.place, id="x", created=CREATED) as opened:
            assert not list((self.place / "own" / "incoming").iterdir()), "at most unreferenced packs remain"
            assert opened.missing_packs == (), "what a reclaim took is not missed"
            read = dict(opened.read_many(sorted(promised)))
            assert {oid: object_id(plain) for oid, plain in read.items()} == {oid: oid for oid in promised}
            report = opened.check(read_data=True, reporter=Silent())
            assert (report.damaged, report.missing_packs, report.notes) == ((), (), ())
            again = store(opened, [content(7_000), content(200, 9_000)], Kind.CHUNK)
            with opened.reclaim() as work:
                work.marks.add([*promised, *again])
                work.run(work.plan(), Silent())
            assert opened.missing([*promised, *again]) == []


@pytest.fixture(scope="module")
def life(tmp_path_factory: pytest.TempPathFactory) -> Life:
    return Life(tmp_path_factory.mktemp("life"))


def test_lost_after_every_sync(life: Life) -> None:
    assert life.play({*life.syncs, len(life.operations)}, "lost") > 40


def test_torn_before_every_sync(life: Life) -> None:
    life.play({number - 1 for number in life.syncs}, "torn")


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(4))
def test_torn_at_every_operation(life: Life, seed: int) -> None:
    assert life.play(set(range(1, len(life.operations) + 1)), "torn", 10_000 * (1 + seed)) > 200


@pytest.mark.slow
def test_killed_at_every_operation(life: Life) -> None:
    life.play(set(range(1, len(life.operations) + 1)), "kept")
