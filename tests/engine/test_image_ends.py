"""Disks and streams from Core to Core: by wire, by seed drive, as orphans, and whole again."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from console.domain.chains import ChainState
from console.domain.errors import Failed
from console.domain.machines import VolumeSource
from console.domain.objects import Kind
from console.domain.progress import Silent
from console.domain.recovery_points import RecoveryPoint
from console.engine.check import Check
from console.engine.ends import LocalSource, own_damage
from console.engine.points import Points
from console.engine.protect import Protect
from console.engine.restore.restore import Restore
from console.engine.restore.volumes import RestoreVolumes
from tests.support.images import BLOCK, noise, sparse
from tests.support.seeds import Pair, Party, make_pair


class Story:
    """A machine of a disk and a stream, with a point for each change."""

    def __init__(self, place: Path) -> None:
        self.pair = make_pair(place)
        self.pair.reachable()
        self.place = place
        source = self.pair.source
        self.protect = Protect(
            source.catalog, source.repositories, source.jobs, source.journal, source.clock, source.me.id, "A"
        )
        self.disk = sparse(place / "vm.img", 600 * BLOCK, {BLOCK: noise(1, 20 * BLOCK), 500 * BLOCK: noise(2, BLOCK)})
        self.dump = place / "dump"
        self.dump.write_bytes(noise(3, 2 << 20))
        self.machine = self.protect.add("vm", [("disk", str(self.disk)), ("db", f"cmd:cat {self.dump}")], interval_s=0)
        self.pair.add(self.machine)
        self.copies: dict[str, tuple[bytes, bytes]] = {}

    def point(self) -> RecoveryPoint:
        self.pair.source.clock.forward(3600)
        made = self.protect.backup(self.machine, base=False, reporter=Silent())
        self.copies[made["point"]] = (self.disk.read_bytes(), self.dump.read_bytes())
        return self.pair.source.catalog.points.get(made["point"])

    def change(self, at: int) -> RecoveryPoint:
        with self.disk.open("r+b") as file:
            file.seek(at * BLOCK + 5)
            file.write(noise(at, 1000))
        self.dump.write_bytes(self.dump.read_bytes() + noise(at, 50_000))
        return self.point()

    def restore(self, party: Party, point: RecoveryPoint) -> None:
        """Both volumes, compared with what they were."""
        to = {label: self.place / f"{party.name}-{point.id}-{label}" for label in ("disk", "db")}
        restore = Restore(party.catalog, party.repositories, party.jobs, party.clock)
        volumes = RestoreVolumes(party.catalog, party.repositories, party.jobs, restore)
        volumes.run(volumes.plan(point.id, [(label, os.fspath(path)) for label, path in to.items()]), Silent())
        assert (to["disk"].read_bytes(), to["db"].read_bytes()) == self.copies[point.id]
        for path in to.values():
            path.unlink()


@pytest.fixture
def story(tmp_path: Path) -> Iterator[Story]:
    story = Story(tmp_path)
    yield story
    story.pair.close()


def test_what_goes_by_wire_is_what_changed(story: Story) -> None:
    base = story.point()
    story.pair.send(base)
    child = story.change(10)
    source = story.pair.source
    found = [r for batch in LocalSource(source.catalog, source.repository).increment(child.images[0], names=False)
             for r in batch]  # fmt: skip
    assert sum(ref.kind is Kind.CHUNK for ref in found) == 1
    assert len(found) < 8
    story.pair.send(child)
    target = story.pair.target
    assert set(target.states().values()) == {ChainState.WHOLE}
    for point in (base, child):
        story.restore(target, point)
        for image in point.images:
            assert own_damage(target.repository, image) == (set(), True)
    [machine] = [m for m in target.catalog.machines.list() if m.name == "vm"]
    assert {volume.source for volume in machine.volumes} == {VolumeSource.IMAGE, VolumeSource.STREAM}


def test_a_point_that_is_still_on_its_way_is_no_damage(story: Story) -> None:
    base = story.point()
    story.pair.send(base, images=1)
    target = story.pair.target
    check = Check(target.catalog, target.repositories, target.jobs, target.journal, target.clock)
    [info] = target.catalog.repositories.list()
    assert check.repository(info, read_data=True, reporter=Silent())["damaged"] == []
    story.pair.send(base)
    assert set(target.states().values()) == {ChainState.WHOLE}
    story.restore(target, base)


def test_an_orphaned_disk_says_what_it_lacks_and_is_whole_after_its_drive(story: Story) -> None:
    base = story.point()
    pair: Pair = story.pair
    pair.source.seeds.reserve(pair.pairing, [image.id for image in base.images])
    child = story.change(10)
    pair.send(child, names=True)
    target = pair.target
    assert ChainState.WHOLE not in target.states().values()
    points = Points(target.catalog, target.repositories)
    detail = points.explain(child.id)
    by_label = {image.image.volume_label: image for image in detail.images}
    assert by_label["disk"].missing_objects == 20
    assert by_label["disk"].missing_bytes == 20 * BLOCK
    assert (by_label["disk"].files_restorable, by_label["disk"].files_total) == (0, 1)
    listed = {(file.volume, file.path): file.here for file in points.files(child.id)}
    assert listed == {("disk", "disk.img"): False, ("db", "db"): False}
    with pytest.raises(Failed) as raised:
        story.restore(target, child)
    assert raised.value.failure.code == "volume-not-whole"
    drive = story.place / "drive"
    drive.mkdir()
    pair.write(drive)
    result = pair.bring(drive)
    assert (result["points_imported"], result["orphans_repaired"], result["damaged"]) == (1, 2, [])
    assert set(target.states().values()) == {ChainState.WHOLE}
    story.restore(target, base)
    story.restore(target, child)
    points.counting.close()
