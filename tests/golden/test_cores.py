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
from console.domain.errors import Failed
from console.domain.recovery_points import ImageKind
from console.engine.core import CATALOG_FILE, Core
from console.engine.rebuild import set_aside
from console.vault import MemoryVault
from tests.golden.keep_core import CORES, KEY, PASSPHRASE, PLACE, digest, disk, dump, letters, seen
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
        self.volumes: dict[str, dict[str, str]] = {}
        self.waiting: dict[str, dict[str, Any]] = {}
        self.orphan = ""
        if (kept / "more.json").exists():
            more = json.loads((kept / "more.json").read_text(encoding="utf-8"))
            self.volumes, self.waiting, self.orphan = more["volumes"], more["waiting"], more["orphan"]
            shutil.copytree(kept / "drive", place / "drive")
            shutil.copytree(kept / "identity", self.data / "identity")
            (self.data / "identity" / "key.pem").chmod(0o600)
        shutil.copytree(kept / "repository", self.data / "repository")
        (self.data / "repository" / "own" / "incoming").mkdir(exist_ok=True)
        with closing(sqlite3.connect(self.data / CATALOG_FILE)) as connection:
            connection.executescript((kept / "catalog.sql").read_text(encoding="utf-8").replace(PLACE, str(place)))

    def open(self) -> Core:
        """A day after it was kept."""
        self.clock.forward(86_400)
        vault = MemoryVault()
        return Core(self.data, clock=self.clock, name="golden", vault=lambda: vault)

    def prove(self, core: Core) -> None:
        assert check(core) == []
        orphans = {self.orphan} - {""}
        assert set(points_of(core)) == self.expected.keys() | self.volumes.keys() | orphans
        for point in orphans:
            assert core.points.view(point).state is not ChainState.WHOLE
        if self.volumes:
            core.keys.unlock(KEY, PASSPHRASE)
        self.prove_trees(core, self.expected)
        for point, volumes in self.volumes.items():
            to = {label: self.place / f"back {label}" for label in volumes}
            finished(core, core.restore_volumes.start(point, [(label, str(path)) for label, path in to.items()]))
            for label, path in to.items():
                assert digest(path) == volumes[label]
                path.unlink()

    def prove_trees(self, core: Core, expected: dict[str, dict[str, Any]]) -> None:
        """These points are whole and give back their trees."""
        for point, tree in expected.items():
            assert core.points.view(point).state is ChainState.WHOLE
            to = self.place / "restored"
            finished(core, core.restore.start_files(point, [], str(to)))
            assert seen(to) == tree
            shutil.rmtree(to)


@pytest.fixture
def newest(tmp_path: Path) -> Kept:
    return Kept(KEPT[-1], tmp_path)


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


def test_sealed_points_open_with_the_passphrase_alone(newest: Kept) -> None:
    core = newest.open()
    try:
        (machine,) = (one for one in core.catalog.machines.list() if one.name == "letters")
        sealed = core.catalog.points.all_of(machine.id)
        with pytest.raises(Failed) as locked:
            core.restore.start_files(sealed[-1].id, [], str(newest.place / "restored"))
        assert locked.value.failure.code == "key-locked"
        with pytest.raises(Failed):
            core.keys.unlock(KEY, "seven brave otters swim at dusk")
        core.keys.unlock(KEY, PASSPHRASE)
        newest.prove_trees(core, {point.id: newest.expected[point.id] for point in sealed})
        for _ in range(2):
            tree = letters(newest.place, "letters")
            newest.clock.forward(60)
            made = finished(core, core.protect.start_backup("letters"))
            image = core.catalog.points.get(made["point"]).images[0]
        assert (image.kind, image.key) == (ImageKind.INCREMENTAL, sealed[-1].images[0].key)
        newest.prove_trees(core, {made["point"]: seen(tree)})
    finally:
        core.stop()


def test_the_drive_of_then_is_consumed_and_completes_the_orphan(newest: Kept) -> None:
    core = newest.open()
    try:
        assert core.points.view(newest.orphan).state is ChainState.AWAITING_SEED
        result = finished(core, core.consume.start([str(newest.place / "drive")]))
        assert (result["points_imported"], result["orphans_repaired"], result["orphans_left"]) == (1, 1, 0)
        newest.prove_trees(core, newest.waiting)
        assert check(core) == []
    finally:
        core.stop()


def test_its_disks_and_streams_go_on(newest: Kept) -> None:
    """The newest, restored to where they were, are backed up again: nothing is stored twice, then what changed is."""
    core = newest.open()
    try:
        point = core.catalog.points.all_of(core.catalog.machines.get("vm").id)[-1].id
        for label, name in (("disk", "disk.img"), ("db", "dump.sql")):
            finished(core, core.restore_volumes.start(point, [(label, str(newest.place / name))]))
        for changed in (False, True):
            if changed:
                disk(newest.place), dump(newest.place)
                with (newest.place / "disk.img").open("r+b") as image:
                    image.write(b"a new beginning")
            newest.clock.forward(60)
            made = finished(core, core.protect.start_backup("vm"))
            images = core.catalog.points.get(made["point"]).images
            assert (sum(image.bytes_new for image in images) > 5_000) is changed, "but for the roots"
        assert {image.kind for image in images} == {ImageKind.INCREMENTAL}
        assert check(core) == []
    finally:
        core.stop()
