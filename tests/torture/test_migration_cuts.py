"""The power goes while a catalog is made, or brought to today's revision: then it is the old one, or the new one."""

from __future__ import annotations

import json
import random
import shutil
import sqlite3
import sys
from contextlib import closing
from pathlib import Path

import pytest

from console.catalog import Catalog
from console.domain.events import Event, Severity
from tests.catalog.keep_revision import GOLDEN, contents
from tests.support.clock import FixedClock
from tests.support.file_operations import Operation, needs_recorder, operations, record
from tests.support.power_cut import Disk
from tests.support.values import NOON

pytestmark = [needs_recorder, pytest.mark.timeout(3600)]

OPEN = """
import pathlib, sys
from console.catalog import Catalog
from tests.support.clock import FixedClock
catalog = Catalog.open(pathlib.Path(sys.argv[1]), FixedClock())
catalog.settings.set("zone", "Asia/Kathmandu")
catalog.close()
"""
OLD = "0003"


class Opening:
    """A directory for a catalog, empty or with one of an older revision, and what opening it did there."""

    def __init__(self, place: Path, old: bool) -> None:
        self.place = place
        self.disk = place / "disk"
        self.disk.mkdir()
        if old:
            with closing(sqlite3.connect(self.disk / "catalog.sqlite")) as connection:
                connection.executescript((GOLDEN / f"{OLD}.sql").read_text(encoding="utf-8"))
        shutil.copytree(self.disk, place / "before")
        record([sys.executable, "-c", OPEN, self.disk / "catalog.sqlite"], place / "log")
        self.operations: list[Operation] = operations(place / "log", self.disk)
        with Catalog.open(self.disk / "catalog.sqlite", FixedClock()) as catalog:
            self.after = contents(catalog)

    def survive(self, disk: Disk, rule: str, seed: int, *, promised: bool) -> None:
        """What is left opens, says what it said, and can be written to."""
        shutil.rmtree(self.disk)
        disk.cut(self.disk, rule, random.Random(seed))
        with Catalog.open(self.disk / "catalog.sqlite", FixedClock()) as catalog:
            said = contents(catalog)
            if promised:
                assert said["settings"] == self.after["settings"]
            said["settings"] = self.after["settings"]
            assert json.dumps(said, sort_keys=True) == json.dumps(self.after, sort_keys=True)
            catalog.events.add(Event("new", NOON, Severity.INFO, "after", "The power is back.", ""))
            assert catalog.events.page()[0]

    def play(self, moments: set[int], rule: str, seed: int = 0) -> None:
        shutil.rmtree(self.disk)
        shutil.copytree(self.place / "before", self.disk)
        disk = Disk(self.disk)
        for number, operation in enumerate(self.operations, 1):
            disk.do(operation)
            if number in moments:
                try:
                    self.survive(disk, rule, seed + number, promised=number == len(self.operations))
                except BaseException as error:
                    error.add_note(f"{rule} after operation {number}: {operation.kind} {operation.path!r}")
                    raise


@pytest.fixture(scope="module", params=["new", "old"])
def opening(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Opening:
    return Opening(tmp_path_factory.mktemp(request.param), request.param == "old")


def test_at_every_sync(opening: Opening) -> None:
    syncs = [number for number, operation in enumerate(opening.operations, 1) if operation.kind == "sync"]
    assert len(syncs) > 5
    opening.play({*syncs, len(opening.operations)}, "lost")
    opening.play({number - 1 for number in syncs}, "torn")


@pytest.mark.slow
@pytest.mark.parametrize("rule", ["kept", "lost", "torn"])
def test_at_every_operation(opening: Opening, rule: str) -> None:
    for seed in range(3 if rule == "torn" else 1):
        opening.play(set(range(1, len(opening.operations) + 1)), rule, seed * 10_000)
