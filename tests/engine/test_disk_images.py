"""Disk images through backup and restore: every byte, no zeros stored, what changed and nothing else."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from console.domain.errors import Cancelled, Failed
from console.domain.machines import VolumeSource
from console.domain.objects import ZERO_ID
from console.domain.progress import Silent
from console.domain.recovery_points import BaseReason, ImageKind
from console.domain.trees import Entry, EntryFlag
from console.engine.backup.disk_imaging import DiskImager
from console.repository import TreeReader
from console.sources.disks import Disk, Stretch
from tests.support.images import BLOCK, CancelsAfter, allocated, noise, same, sparse
from tests.support.worlds import World, codes


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with World(tmp_path / "data") as world:
        yield world


def extents(world: World, result: dict[str, object], number: int = 0) -> list[tuple[bytes, int]]:
    reader = TreeReader(world.repository)
    image = world.point(result).images[number]
    return list(reader.extents(reader.root(bytes.fromhex(image.root)).entry))


def test_a_sparse_image_comes_back_with_its_holes(world: World, tmp_path: Path) -> None:
    size = 40 * BLOCK + 777
    disk = sparse(
        tmp_path / "vm.img",
        size,
        {5 * BLOCK + 10: noise(1, 3 * BLOCK), 20 * BLOCK: bytes(2 * BLOCK), size - 100: noise(2, 100)},
    )
    machine = world.machine(disk)
    [volume] = machine.volumes
    assert (volume.label, volume.source, volume.path) == ("vm", VolumeSource.IMAGE, str(disk))
    result, said = world.backup(machine)
    assert codes(said) == []
    [image] = world.point(result).images
    assert (image.kind, image.base_reason, image.size, image.files) == (ImageKind.BASE, BaseReason.FIRST, size, 1)
    # Blocks of zeros are holes, whatever the file says; runs of them are one reference.
    assert [(oid == ZERO_ID, length) for oid, length in extents(world, result)] == [
        (True, 5 * BLOCK), *[(False, BLOCK)] * 4, (True, 31 * BLOCK), (False, 777)
    ]  # fmt: skip
    assert image.bytes_read == 4 * BLOCK + 2 * BLOCK + 777
    done, said = world.restore_volumes(image.point, {"vm": tmp_path / "back.img"})
    assert same(disk, tmp_path / "back.img")
    assert allocated(tmp_path / "back.img") < 6 * BLOCK
    assert (done["files"], done["bytes"], done["verified"], codes(said)) == (1, size, True, [])
    assert done["volumes"][0]["bytes_written"] == 4 * BLOCK + 777


def test_an_increment_holds_the_changed_blocks_alone(world: World, tmp_path: Path) -> None:
    disk = sparse(tmp_path / "vm.img", 120 * BLOCK, {0: noise("whole", 120 * BLOCK)})
    machine = world.machine(disk)
    world.backup(machine)
    before = disk.read_bytes()
    with disk.open("r+b") as file:
        for number in (3, 60, 119):
            file.seek(number * BLOCK + 99)
            file.write(b"changed")
    result, _ = world.backup(machine)
    [image] = world.point(result).images
    assert (image.kind, image.base_reason) == (ImageKind.INCREMENTAL, None)
    assert image.bytes_read == 120 * BLOCK
    assert 3 * BLOCK < image.bytes_new < 3 * BLOCK + 100_000
    found = [
        ref
        for batch in TreeReader(world.repository).increment(
            bytes.fromhex(image.root), bytes.fromhex(image.parent_root or ""), names=False
        )
        for ref in batch
    ]
    assert sum(ref.kind.is_chunk for ref in found) == 3
    points = [p.id for p in world.catalog.points.all_of(machine.id)]
    for point, wanted in zip(points, (before, disk.read_bytes()), strict=True):
        to = tmp_path / f"{point}.img"
        world.restore_volumes(point, {"vm": to})
        assert to.read_bytes() == wanted


def test_an_unchanged_image_file_is_not_read(world: World, tmp_path: Path) -> None:
    disk = sparse(tmp_path / "vm.img", 8 * BLOCK, {0: noise(3, 2 * BLOCK)})
    machine = world.machine(disk)
    past = os.stat(disk)
    _wait_past(tmp_path, past.st_ctime_ns)
    first, _ = world.backup(machine)
    second, _ = world.backup(machine)
    one, two = world.point(first).images[0], world.point(second).images[0]
    assert (two.bytes_read, two.bytes_new, two.root, two.kind) == (0, 0, one.root, ImageKind.INCREMENTAL)
    # Of equal size and time, and yet another file: it is read.
    copy = sparse(tmp_path / "copy.img", 8 * BLOCK, {0: noise(4, 2 * BLOCK)})
    os.utime(copy, ns=(past.st_atime_ns, past.st_mtime_ns))
    os.replace(copy, disk)
    third, _ = world.backup(machine)
    assert world.point(third).images[0].bytes_read == 2 * BLOCK
    world.restore_volumes(third["point"], {"vm": tmp_path / "back.img"})
    assert same(disk, tmp_path / "back.img")


def _wait_past(where: Path, moment: int) -> None:
    """Until the file system's clock is well past a moment."""
    probe = where / "probe"
    while True:
        probe.write_bytes(b"")
        if os.stat(probe).st_ctime_ns - moment > 80_000_000:
            probe.unlink()
            return


def test_what_the_repository_lost_is_read_again(world: World, tmp_path: Path) -> None:
    disk = sparse(tmp_path / "vm.img", 8 * BLOCK, {0: noise(3, 2 * BLOCK)})
    machine = world.machine(disk)
    _wait_past(tmp_path, os.stat(disk).st_ctime_ns)
    first, _ = world.backup(machine)
    world.repository.condemn([extents(world, first)[0][0]])
    second, _ = world.backup(machine)
    assert world.point(second).images[0].bytes_read == 2 * BLOCK
    world.restore_volumes(second["point"], {"vm": tmp_path / "back.img"})
    assert same(disk, tmp_path / "back.img")


def test_a_disk_that_grew_or_shrank_says_so_and_is_incremental(world: World, tmp_path: Path) -> None:
    disk = sparse(tmp_path / "vm.img", 20 * BLOCK, {0: noise(5, 20 * BLOCK)})
    machine = world.machine(disk)
    world.backup(machine)
    for size in (33 * BLOCK + 5, 7 * BLOCK + 1):
        os.truncate(disk, size)
        result, said = world.backup(machine)
        [image] = world.point(result).images
        assert codes(said) == ["volume-resized"]
        assert (image.kind, image.size) == (ImageKind.INCREMENTAL, size)
        assert image.bytes_new < BLOCK
        to = tmp_path / f"{size}.img"
        world.restore_volumes(result["point"], {"vm": to})
        assert same(disk, to)
        assert to.stat().st_size == size


def test_empty_and_tiny_images(world: World, tmp_path: Path) -> None:
    for number, content in enumerate((b"", b"x", b"y" * 100, bytes(300))):
        disk = tmp_path / f"disk{number}.img"
        disk.write_bytes(content)
        result, said = world.backup(world.machine(disk, name=f"m{number}"))
        assert codes(said) == []
        world.restore_volumes(result["point"], {f"disk{number}": tmp_path / f"back{number}"})
        assert (tmp_path / f"back{number}").read_bytes() == content


def test_an_image_that_changes_while_it_is_read_says_so(world: World, tmp_path: Path) -> None:
    disk = sparse(tmp_path / "vm.img", 64 * BLOCK, {0: noise(6, 64 * BLOCK)})
    machine = world.machine(disk)

    class Writes(Silent):
        def advance(self, *, bytes: int = 0, items: int = 0, text: str | None = None) -> None:
            with disk.open("r+b") as file:
                file.write(b"meanwhile")

    writing = Writes()
    result, _ = world.backup(machine, reporter=writing)
    assert "volume-changed" in codes(writing)
    entry = world.entry(result, b"")
    assert entry.flags == EntryFlag.CHANGED
    assert entry.ctime_ns == 0


def test_an_image_that_is_cut_while_it_is_read_makes_no_point(world: World, tmp_path: Path) -> None:
    disk = sparse(tmp_path / "vm.img", 100 * BLOCK, {0: noise(6, 100 * BLOCK)})
    machine = world.machine(disk)

    class Cuts(Silent):
        def advance(self, *, bytes: int = 0, items: int = 0, text: str | None = None) -> None:
            os.truncate(disk, 100)

    with pytest.raises(Failed) as raised:
        world.backup(machine, reporter=Cuts())
    assert raised.value.failure.code == "volume-truncated"
    assert world.catalog.points.count(machine.id) == 0


def test_cancelled_in_the_middle_makes_no_point_and_the_next_stores_the_rest(world: World, tmp_path: Path) -> None:
    disk = sparse(tmp_path / "vm.img", 80 * BLOCK, {0: noise(7, 80 * BLOCK)})
    machine = world.machine(disk)
    with pytest.raises(Cancelled):
        world.backup(machine, reporter=CancelsAfter(30 * BLOCK))
    assert world.catalog.points.count(machine.id) == 0
    result, _ = world.backup(machine)
    assert world.point(result).images[0].bytes_new < 76 * BLOCK
    world.restore_volumes(result["point"], {"vm": tmp_path / "back.img"})
    assert same(disk, tmp_path / "back.img")


class Knows:
    """A source that says what changed."""

    def __init__(self, *stretches: Stretch) -> None:
        self.stretches = stretches

    def since(self, disk: Disk, before: Entry) -> Iterator[Stretch]:
        del disk, before
        return iter(self.stretches)


def test_a_hint_leaves_the_rest_unread(world: World, tmp_path: Path) -> None:
    data = {0: noise(8, 40 * BLOCK), 60 * BLOCK: noise(9, 10 * BLOCK + 5)}
    disk = sparse(tmp_path / "vm.img", 70 * BLOCK + 5, data)
    machine = world.machine(disk)
    first, _ = world.backup(machine)
    with disk.open("r+b") as file:
        for at in (10 * BLOCK + 7, 50 * BLOCK):
            file.seek(at)
            file.write(b"changed")
    changed = ((10 * BLOCK + 7, 10 * BLOCK + 14), (50 * BLOCK, 50 * BLOCK + 7), (65 * BLOCK - 1, 65 * BLOCK + 1))
    reader = TreeReader(world.repository)
    before = reader.root(bytes.fromhex(world.point(first).images[0].root))

    def image(hint: Knows | None) -> tuple[str, int]:
        with world.repository.session() as session:
            imager = DiskImager(machine.volumes[0], world.repository, session, Silent(), world.clock, hints=hint)
            made = imager.image(before)
            session.flush()
        root = reader.root(bytes.fromhex(made.root))
        return (root.entry.content.hex(), root.entry.depth), made.bytes_read  # type: ignore[return-value]

    hinted, read = image(Knows(*changed))
    whole, _ = image(None)
    assert hinted == whole
    assert read == 4 * BLOCK
    # What the parent has no more is read, whatever the hint says.
    world.repository.condemn([extents(world, first)[3][0]])
    again, read = image(Knows(*changed))
    assert again == whole
    assert read == 4 * BLOCK + 10 * BLOCK


@settings(deadline=None, max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    size=st.integers(0, 9 * BLOCK),
    first=st.lists(st.tuples(st.integers(0, 9 * BLOCK), st.integers(1, 3 * BLOCK), st.integers(0, 3)), max_size=5),
    after=st.lists(st.tuples(st.integers(0, 9 * BLOCK), st.integers(1, 2 * BLOCK), st.integers(0, 3)), max_size=4),
    resized=st.integers(0, 9 * BLOCK) | st.none(),
)
def test_any_image_comes_back_as_it_was(
    world: World,
    size: int,
    first: list[tuple[int, int, int]],
    after: list[tuple[int, int, int]],
    resized: int | None,
) -> None:
    """Written, backed up, changed, backed up: both come back, to the byte."""

    def scribble(disk: Path, what: list[tuple[int, int, int]]) -> None:
        end = disk.stat().st_size
        with disk.open("r+b") as file:
            for at, length, seed in what:
                if at < end:
                    file.seek(at)
                    # Seed 0 writes zeros: data to the file system, a hole to us.
                    some = noise(seed, length) if seed else bytes(length)
                    file.write(some[: end - at])

    with tempfile.TemporaryDirectory(dir=world.data.parent) as where:
        home = Path(where)
        disk = sparse(home / "vm.img", size, {})
        scribble(disk, first)
        machine = world.machine(disk, name=f"m{len(world.catalog.machines.list())}")
        one, _ = world.backup(machine)
        then = disk.read_bytes()
        if resized is not None:
            os.truncate(disk, resized)
        scribble(disk, after)
        two, _ = world.backup(machine)
        for result, wanted in ((one, then), (two, disk.read_bytes())):
            to = home / result["point"]
            world.restore_volumes(result["point"], {"vm": to})
            assert to.read_bytes() == wanted
        assert len(extents(world, two)) <= 2 * 9 + 1
