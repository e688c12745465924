"""Cores as releases left them: opened, checked, restored, rebuilt and gone on with by today's code. Never edited."""

from __future__ import annotations

import json
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from console.domain.chains import ChainState
from console.domain.recovery_points import ImageKind
from console.engine.core import CATALOG_FILE, Core
from console.engine.rebuild import set_aside
from tests.golden.keep_core import CORES, PLACE, seen
from tests.support.clock import FixedClock
from tests.support.two_cores import check, finished, points_of

KEPT = sorted(path.name for path in CORES.iterdir())


class Kept:
    """One of them, unpacked."""

    def __init__(self, name: str, place: Path) -> None:
        kept = CORES / name
        self.place = place
        self.clock = FixedClock()
        self.data = place / "core"
        self.expected: dict[str, dict[str, Any]] = json.loads((kept / "expected.json").read_text(encoding="utf-8"))
        shutil.copytree(kept / "repository", self.data / "repository")
        (self.data / "repository" / "own" / "incoming").mkdir(exist_ok=True)
        with closing(sqlite3.connect(self.data / CATALOG_FILE)) as connection:
            connection.executescript((kept / "catalog.sql").read_text(encoding="utf-8").replace(PLACE, str(place)))

    def open(self) -> Core:
        """A day after it was kept."""
        self.clock.forward(86_400)
        return Core(self.data, clock=self.clock, name="golden")

    def prove(self, core: Core) -> None:
        assert check(core) == []
        assert sorted(points_of(core)) == sorted(self.expected)
        for point, expected in self.expected.items():
            assert core.points.view(point).state is ChainState.WHOLE
            to = self.place / "restored"
            finished(core, core.restore.start_files(point, [], str(to)))
            assert seen(to) == expected
            shutil.rmtree(to)


@pytest.fixture(params=KEPT)
def kept(request: pytest.FixtureRequest, tmp_path: Path) -> Kept:
    return Kept(request.param, tmp_path)


def test_all_of_it_is_read(kept: Kept) -> None:
    core = kept.open()
    try:
        kept.prove(core)
    finally:
        core.stop()


def test_its_packs_alone_are_enough(kept: Kept) -> None:
    """Without its catalog, without its index."""
    for file in (kept.data / "repository" / "own").glob("index.sqlite*"):
        file.unlink()
    set_aside(kept.data / CATALOG_FILE, FixedClock().now())
    core = kept.open()
    try:
        finished(core, core.rebuild.start())
        kept.prove(core)
    finally:
        core.stop()


def test_it_goes_on(kept: Kept) -> None:
    """Its newest tree, restored and changed, is backed up beside what it has: shared with it, then built on."""
    core = kept.open()
    try:
        machine = core.catalog.machines.get("web")
        newest = core.catalog.points.all_of(machine.id)[-1]
        tree = kept.place / "web"
        finished(core, core.restore.start_files(newest.id, [], str(tree)))
        for number in range(2):
            (tree / f"later {number}").write_bytes(b"of today %d" % number * 1000)
            kept.clock.forward(60)
            made = finished(core, core.protect.start_backup("web"))
            image = core.catalog.points.get(made["point"]).images[0]
            assert image.bytes_new < 20_000 < newest.images[0].size, "what it has is not stored again"
            to = kept.place / "restored"
            finished(core, core.restore.start_files(made["point"], [], str(to)))
            assert seen(to) == seen(tree)
            shutil.rmtree(to)
        assert (image.kind, image.parent is not None) == (ImageKind.INCREMENTAL, True)
        assert check(core) == []
    finally:
        core.stop()
