"""Volumes restored as a whole: what may be overwritten, what is in the way, and going on after a cut."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from console.domain.errors import Cancelled, Failed
from console.domain.machines import Machine
from console.host.block_devices import in_use
from console.sources.disks import Disks
from console.sources.targets import PARTIAL, Target
from tests.support.disks import need, tool
from tests.support.images import BLOCK, CancelsAfter, allocated, noise, same, sparse
from tests.support.loops import loop, mounted, partition
from tests.support.worlds import World, codes

SIZE = 40 * BLOCK
DATA = {BLOCK: noise("a", 20 * BLOCK), 30 * BLOCK: noise("b", 3 * BLOCK)}


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with World(tmp_path / "data") as world:
        yield world


@pytest.fixture
def disk(tmp_path: Path) -> Path:
    return sparse(tmp_path / "disk.img", SIZE, DATA)


@pytest.fixture
def machine(world: World, disk: Path) -> Machine:
    return world.machine(disk)


@pytest.fixture
def point(world: World, machine: Machine) -> str:
    return str(world.backup(machine)[0]["point"])


def refusal(world: World, point: str, to: Path | str, *confirm: str, label: str = "disk") -> str:
    with pytest.raises(Failed) as raised:
        world.restore_volumes(point, {label: Path(to)}, *confirm)
    return raised.value.failure.code


def test_what_is_there_is_overwritten_by_its_name_only(world: World, disk: Path, point: str, tmp_path: Path) -> None:
    to = tmp_path / "there.img"
    to.write_bytes(b"precious")
    assert refusal(world, point, to) == "target-exists"
    assert refusal(world, point, to, "other.img") == "target-exists"
    assert to.read_bytes() == b"precious"
    world.restore_volumes(point, {"disk": to}, "there.img")
    assert same(disk, to)


def test_what_is_in_the_way(world: World, disk: Path, point: str, tmp_path: Path) -> None:
    assert refusal(world, point, tmp_path / "x", label="other") == "no-such-volume"
    assert refusal(world, point, tmp_path / "none" / "x") == "destination-unusable"
    assert refusal(world, point, world.data / "x") == "destination-in-repository"
    assert refusal(world, point, "/dev/no-such-disk") == "no-such-device"
    assert refusal(world, point, "/dev/disk/no-such-disk") in ("no-such-device", "destination-unusable")
    if os.path.ismount("/dev/shm"):
        assert world.volumes.plan(point, [("disk", "/dev/shm/no-device-but-a-file.img")])
    assert refusal(world, point, "/dev/null", "null") == "destination-unusable"
    with pytest.raises(Failed) as raised:
        world.volumes.plan(point, [("disk", str(tmp_path / "a")), ("disk", str(tmp_path / "b"))])
    assert raised.value.failure.code == "volume-twice"


def test_into_a_directory_it_is_called_as_it_is_shown(world: World, disk: Path, point: str, tmp_path: Path) -> None:
    (tmp_path / "to").mkdir()
    world.restore_volumes(point, {"disk": tmp_path / "to"})
    assert same(disk, tmp_path / "to" / "disk.img")


def test_a_cut_restore_is_gone_on_with(world: World, disk: Path, point: str, tmp_path: Path) -> None:
    to = tmp_path / "back.img"
    with pytest.raises(Cancelled):
        world.restore_volumes(point, {"disk": to}, reporter=CancelsAfter(17 * BLOCK))
    assert not to.exists(), "half a disk must not look like one"
    half = Path(os.fsdecode(os.fsencode(to) + PARTIAL))
    assert half.exists()
    done, _ = world.restore_volumes(point, {"disk": to})
    [told] = done["volumes"]
    assert told["bytes_found"] >= 16 * BLOCK
    assert told["bytes_written"] + told["bytes_found"] == 23 * BLOCK
    assert same(disk, to)
    assert not half.exists()


def test_what_a_cut_left_is_not_believed(world: World, disk: Path, point: str, tmp_path: Path) -> None:
    to = tmp_path / "back.img"
    half = Path(os.fsdecode(os.fsencode(to) + PARTIAL))
    # Longer than the disk, with data where its holes are, and one wrong byte where it has data.
    half.write_bytes(noise("wrong", SIZE + 5))
    with half.open("r+b") as file:
        file.seek(BLOCK)
        file.write(DATA[BLOCK][:-1] + b"?")
    done, _ = world.restore_volumes(point, {"disk": to})
    assert same(disk, to)
    assert to.stat().st_size == SIZE
    assert done["volumes"][0]["bytes_found"] == 19 * BLOCK


def test_damage_never_becomes_a_disk(world: World, disk: Path, point: str, tmp_path: Path) -> None:
    pack = max((world.data / "repository").rglob("*.pack"), key=lambda path: path.stat().st_size)
    with pack.open("r+b") as file:
        file.seek(3_000_000)
        byte = file.read(1)
        file.seek(3_000_000)
        file.write(bytes([byte[0] ^ 1]))
    with pytest.raises(Failed) as raised:
        world.restore_volumes(point, {"disk": tmp_path / "back.img"})
    assert raised.value.failure.code == "object-damaged"
    assert not (tmp_path / "back.img").exists()
    assert world.catalog.damage.list(world.catalog.repositories.list()[0].id)


def test_two_restores_to_one_file_do_not_mix(world: World, disk: Path, point: str, tmp_path: Path) -> None:
    to = tmp_path / "back.img"
    with Target(os.fsencode(to), SIZE):
        with pytest.raises(Failed) as raised:
            world.restore_volumes(point, {"disk": to})
        assert raised.value.failure.code == "target-in-use"
    world.restore_volumes(point, {"disk": to})
    assert same(disk, to)


def test_onto_a_device(world: World, disk: Path, point: str, tmp_path: Path) -> None:
    with loop(sparse(tmp_path / "target", SIZE + 7 * BLOCK, {0: noise("old", SIZE + 7 * BLOCK)})) as device:
        assert refusal(world, point, device) == "target-exists"
        with pytest.raises(Cancelled):
            world.restore_volumes(point, {"disk": device}, device.name, reporter=CancelsAfter(10 * BLOCK))
        done, _ = world.restore_volumes(point, {"disk": device}, device.name)
        assert done["volumes"][0]["bytes_found"] > 0
        assert same(disk, device)
        with device.open("rb") as file:
            file.seek(SIZE)
            assert file.read() == noise("old", SIZE + 7 * BLOCK)[SIZE:], "what lies behind is left as it is"
        again, _ = world.restore_volumes(point, {"disk": device}, device.name)
        assert again["volumes"][0]["bytes_written"] == 0
    assert allocated(tmp_path / "target") < SIZE + 8 * BLOCK - 15 * BLOCK, "holes are holes again"


def test_a_device_too_small_or_in_use_is_not_touched(world: World, point: str, tmp_path: Path) -> None:
    need("mkfs.ext4", "sfdisk")
    with loop(sparse(tmp_path / "small", SIZE - BLOCK, {})) as device:
        assert refusal(world, point, device, device.name) == "target-too-small"
    whole = sparse(tmp_path / "whole", 64 << 20, {})
    tool("sfdisk", "-q", whole, stdin="label: gpt\nsize=20M\nsize=20M\n")
    with loop(whole) as device:
        second = partition(device, 2, tmp_path)
        tool("mkfs.ext4", "-q", second)
        assert in_use(str(device)) == []
        with mounted(second, tmp_path / "mnt") as where:
            assert in_use(str(device)) == [f"mounted at {where}"]
            before = whole.read_bytes()
            assert refusal(world, point, device, device.name) == "target-in-use"
            assert refusal(world, point, second, second.name) == "target-in-use"
            assert refusal(world, point, whole, whole.name) == "target-in-use"
            assert whole.read_bytes() == before


def test_a_device_is_imaged_whole_and_says_when_it_is_in_use(world: World, tmp_path: Path) -> None:
    need("mkfs.ext4")
    image = sparse(tmp_path / "image", 24 << 20, {})
    tool("mkfs.ext4", "-q", "-F", image)
    with loop(image) as device:
        machine = world.protect.add("host", [("system", str(device))], interval_s=0)
        result, said = world.backup(machine)
        assert codes(said) == []
        assert world.point(result).images[0].bytes_read == 24 << 20
        with mounted(device, tmp_path / "mnt", "-o", "ro"):
            _, said = world.backup(machine)
        assert codes(said) == ["volume-in-use"]
        world.restore_volumes(result["point"], {"system": tmp_path / "back"})
        assert same(image, tmp_path / "back")
    copy = Path(shutil.copy(image, tmp_path / "copy"))
    world.protect.edit(machine.id, volumes=[("system", str(copy))])
    copy.unlink()
    with pytest.raises(Failed) as raised:
        world.backup(machine)
    assert raised.value.failure.code == "volume-gone"


def test_the_layout_of_a_disk(tmp_path: Path) -> None:
    need("sfdisk", "blkid", "mkfs.ext4", "mkfs.vfat")
    disk = sparse(tmp_path / "disk7", 64 << 20, {})
    tool("sfdisk", "-q", disk, stdin="label: gpt\nsize=16M, name=boot, type=U\nsize=32M, name=root\n")
    for name, start, make in (("vfat", 1 << 20, ("mkfs.vfat",)), ("ext4", 17 << 20, ("mkfs.ext4", "-q", "-F"))):
        part = sparse(tmp_path / name, 16 << 20, {})
        tool(*make, part)
        with disk.open("r+b") as file:
            file.seek(start)
            file.write(part.read_bytes())
    disks = Disks()

    def layout(path: Path) -> object:
        opened = disks.open(os.fsencode(path))
        try:
            found = disks.layout(opened)
            return (
                found.scheme,
                [(p.number, p.start, p.length, p.name, p.filesystem) for p in found.partitions],
                (found.filesystem),
            )
        finally:
            opened.close()

    assert layout(disk) == (
        "gpt", [(1, 1 << 20, 16 << 20, "boot", "vfat"), (2, 17 << 20, 32 << 20, "root", "ext4")], ""
    )  # fmt: skip
    assert layout(tmp_path / "ext4") == ("", [], "ext4")
    mbr = sparse(tmp_path / "mbr", 8 << 20, {})
    tool("sfdisk", "-q", mbr, stdin="label: dos\nstart=2048, size=4096, type=83\n")
    assert layout(mbr) == ("mbr", [(1, 1 << 20, 2 << 20, "", "")], "")
    torn = sparse(tmp_path / "torn", 8 << 20, {510: b"\x55\xaa", 512: b"EFI PART" + noise("torn", 400)})
    assert layout(torn) in [(scheme, [], "") for scheme in ("", "mbr", "gpt")], "what cannot be read is nothing"
