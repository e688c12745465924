"""Real disks and streams: file systems of every kind, to the byte, and from Core to Core."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from console.repository import TreeReader
from tests.scenario.test_kills import clean, dying
from tests.support import exfat
from tests.support.cores import CoreProcess, pair
from tests.support.disks import ext4, fat, need, ntfs, partitioned, sized, tool
from tests.support.images import BLOCK, allocated, noise, same, sparse
from tests.support.worlds import World, codes

MIB = 1 << 20


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with World(tmp_path / "data") as world:
        yield world


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    tree = tmp_path / "content"
    (tree / "folder").mkdir(parents=True)
    (tree / "letter.txt").write_text("Dear all\n" * 3000)
    (tree / "folder" / "random").write_bytes(noise("random", 2 * MIB))
    (tree / "empty").touch()
    return tree


def make_ext4(path: Path, tree: Path) -> None:
    ext4(path, tree)


def make_xfs(path: Path, tree: Path) -> None:
    need("mkfs.xfs", "xfs_repair")
    prototype = path.with_suffix(".proto")
    files = [f"{one.name} ---644 0 0 {one}" for one in sorted(tree.iterdir()) if one.is_file() and one.stat().st_size]
    prototype.write_text("\n".join(["stub", "0 0", "d--755 0 0", *files, "$"]) + "\n")
    tool("mkfs.xfs", "-q", "-p", prototype, sized(path, 320 * MIB))


def make_btrfs(path: Path, tree: Path) -> None:
    need("mkfs.btrfs", "btrfs")
    tool("mkfs.btrfs", "-q", "--rootdir", tree, sized(path, 160 * MIB))


def make_vfat(path: Path, tree: Path) -> None:
    fat(path, tree)


def make_ntfs(path: Path, tree: Path) -> None:
    need("ntfsfix")
    ntfs(path, {"letter.txt": (tree / "letter.txt").read_bytes(), "random": (tree / "folder" / "random").read_bytes()})


def make_exfat(path: Path, tree: Path) -> None:
    long = "a random one with a long name"
    exfat.make(
        path, {"letter.txt": (tree / "letter.txt").read_bytes(), long: (tree / "folder" / "random").read_bytes()}
    )


def make_hfsplus(path: Path, tree: Path) -> None:
    """Empty but for what the file system itself keeps: nothing here writes files into it without mounting."""
    need("mkfs.hfsplus", "fsck.hfsplus")
    tool("mkfs.hfsplus", "-v", tree.name, sized(path, 32 * MIB))


def add_ext4(path: Path, file: Path) -> None:
    tool("debugfs", "-w", "-R", f"write {file} added", path)


def add_vfat(path: Path, file: Path) -> None:
    tool("mcopy", "-i", path, file, "::/added")


def add_exfat(path: Path, file: Path) -> None:
    exfat.add(path, "added", file.read_bytes())


def add_ntfs(path: Path, file: Path) -> None:
    tool("ntfscp", "-q", path, file, "added")


Make = Callable[[Path, Path], None]


@pytest.mark.parametrize(
    ("make", "add", "checker", "kind"),
    [
        pytest.param(make_ext4, add_ext4, ("e2fsck", "-fn"), "ext4", id="ext4"),
        pytest.param(make_xfs, None, ("xfs_repair", "-n"), "xfs", id="xfs"),
        pytest.param(make_btrfs, None, ("btrfs", "check"), "btrfs", id="btrfs"),
        pytest.param(make_vfat, add_vfat, ("fsck.vfat", "-n"), "vfat", id="vfat"),
        pytest.param(make_exfat, add_exfat, ("fsck.exfat", "-n"), "exfat", id="exfat"),
        pytest.param(make_ntfs, add_ntfs, ("ntfsfix", "-n"), "ntfs", id="ntfs"),
        pytest.param(make_hfsplus, None, ("fsck.hfsplus", "-fn"), "hfsplus", id="hfsplus"),
    ],
)
def test_file_systems_come_back_sound(
    world: World, tree: Path, tmp_path: Path, make: Make, add: Make | None, checker: tuple[str, ...], kind: str
) -> None:
    disk = tmp_path / "disk.img"
    make(disk, tree)
    machine = world.machine(disk)
    first, said = world.backup(machine)
    assert codes(said) == []
    before = tmp_path / "before.img"
    world.restore_volumes(first["point"], {"disk": before})
    assert same(disk, before)
    tool(*checker, before)
    root = TreeReader(world.repository).root(bytes.fromhex(world.point(first).images[0].root))
    assert root.disk is not None
    assert root.disk.filesystem == kind
    if add is not None:
        (tmp_path / "added").write_bytes(noise("added", 300_000))
        add(disk, tmp_path / "added")
        second, _ = world.backup(machine)
        [image] = world.point(second).images
        assert 300_000 < image.bytes_new < 4 * MIB, "what the file system touched, and nothing else"
        after = tmp_path / "after.img"
        world.restore_volumes(second["point"], {"disk": after})
        assert same(disk, after)
        tool(*checker, after)
        world.restore_volumes(first["point"], {"disk": tmp_path / "again.img"})
        assert same(before, tmp_path / "again.img")


def test_a_disk_of_several_partitions(world: World, tree: Path, tmp_path: Path) -> None:
    parts = [tmp_path / "one.img", tmp_path / "two.img", tmp_path / "three.img"]
    make_vfat(parts[0], tree)
    make_ext4(parts[1], tree)
    make_ntfs(parts[2], tree)
    disk = tmp_path / "disk.img"
    expected = partitioned(disk, parts)
    result, _ = world.backup(world.machine(disk))
    back = tmp_path / "back.img"
    world.restore_volumes(result["point"], {"disk": back})
    assert same(disk, back)
    assert "No errors" in tool("sfdisk", "--verify", back)
    root = TreeReader(world.repository).root(bytes.fromhex(world.point(result).images[0].root))
    assert root.disk is not None
    assert (root.disk.scheme, root.disk.sector) == ("gpt", 512)
    told = [(part.start, part.length, part.filesystem) for part in root.disk.partitions]
    assert told == [
        (part.start, part.length, kind)
        for part, kind in zip(expected.partitions, ("vfat", "ext4", "ntfs"), strict=True)
    ]


def test_twenty_gigabytes_of_which_fifty_megabytes_are_data(world: World, tmp_path: Path) -> None:
    size = 20 << 30
    disk = sparse(tmp_path / "vm.img", size, {n * (400 * MIB) + 12_345: noise(n, MIB) for n in range(50)})
    machine = world.machine(disk)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    result, said = world.backup(machine)
    [image] = world.point(result).images
    assert codes(said) == []
    assert image.size == size
    assert image.bytes_read < 75 * MIB, "holes cost nothing"
    back = tmp_path / "back.img"
    world.restore_volumes(result["point"], {"vm": back})
    assert back.stat().st_size == size
    assert allocated(back) < 75 * MIB
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 200 << 10, "kilobytes"
    with disk.open("rb") as one, back.open("rb") as other:
        for n in range(50):
            for file in (one, other):
                file.seek(n * (400 * MIB))
            assert one.read(2 * MIB) == other.read(2 * MIB)


@pytest.mark.timeout(600)
@pytest.mark.slow
def test_disks_go_from_core_to_core(target: CoreProcess, core: Callable[[str], CoreProcess], tmp_path: Path) -> None:
    """By seed drive and by wire, through the commands; `tests/engine/test_image_ends.py` is the quick half of it."""
    disk = sparse(tmp_path / "vm.img", 64 * BLOCK, {BLOCK: noise(1, 30 * BLOCK)})
    dump = tmp_path / "dump"
    dump.write_bytes(noise(2, 3 * MIB))
    source = core("source").start()
    volumes = ["--volume", f"disk={disk}", "--volume", f"db=cmd:cat {dump}"]
    source.ask("machine", "protect", "vm", *volumes, "--every", "off")
    base = source.ask("backup", "vm")["point"]
    copies = {base: (disk.read_bytes(), dump.read_bytes())}
    pairing = pair(source, target)
    source.ask("replication", "add", pairing, "vm", "--seed-drive")

    def change(at: int) -> str:
        with disk.open("r+b") as file:
            file.seek(at * BLOCK + 5)
            file.write(noise(at, 1000))
        dump.write_bytes(dump.read_bytes() + noise(at, 50_000))
        made = source.ask("backup", "vm", "--replicate")
        assert {image["kind"] for image in made["images"]} == {"incremental"}
        assert made["images"][0]["bytes_new"] < 3 * BLOCK
        copies[made["point"]] = (disk.read_bytes(), dump.read_bytes())
        return str(made["point"])

    orphan = change(7)
    [listed] = target.ask("point", "list")["points"]
    assert (listed["id"], listed["chain"]) == (orphan, "awaiting-seed")
    target.refuse("restore", "volume", orphan, "disk", "--to", tmp_path / "x.img", code="volume-not-whole", exit=5)
    shown = target.ask("machine", "show", "vm")["volumes"]
    assert [(one["label"], one["source"], one["path"]) for one in shown] == [
        ("disk", "image", str(disk)), ("db", "stream", "")
    ], "a command stays on its Core"  # fmt: skip
    drive = tmp_path / "drive"
    drive.mkdir()
    source.ask("seed", "create", pairing, "--to", drive)
    assert target.ask("seed", "verify", drive)["damaged"] == []
    consumed = target.ask("seed", "consume", drive)
    assert (consumed["orphans_repaired"], consumed["orphans_left"]) == (2, 0)
    change(60)
    assert {point["chain"] for point in target.ask("point", "list")["points"]} == {"whole"}
    for point, (bytes_of_disk, bytes_of_dump) in copies.items():
        to = [f"disk={tmp_path}/{point}.img", f"db={tmp_path}/{point}.sql"]
        result = target.ask("restore", "machine", point, "--disk", to[0], "--disk", to[1])
        assert (result["files"], result["verified"]) == (2, True)
        assert (tmp_path / f"{point}.img").read_bytes() == bytes_of_disk
        assert (tmp_path / f"{point}.sql").read_bytes() == bytes_of_dump
    clean(target)


def test_standard_input_reaches_a_core_in_another_process(core: Callable[[str], CoreProcess], tmp_path: Path) -> None:
    running = core("source").start()
    running.ask("machine", "protect", "web", "--volume", "db=-")
    dump = tmp_path / "dump"
    dump.write_bytes(noise("dump", 20 * MIB))
    words = [sys.executable, "-m", "console", "--data", str(running.data), "--json", "backup", "web", "--stdin", "db"]
    with dump.open("rb") as given:
        done = subprocess.run(words, stdin=given, capture_output=True, text=True, check=False, timeout=240)
    assert done.returncode == 0, done.stderr
    made = json.loads(done.stdout)
    assert made["images"][0]["bytes_read"] == 20 * MIB
    running.ask("restore", "volume", made["point"], "db", "--to", tmp_path / "back")
    assert same(dump, tmp_path / "back")
    assert running.ask("machine", "show", "web")["interval_s"] == 0


def test_killed_while_a_disk_is_imaged(core: Callable[[str], CoreProcess], tmp_path: Path) -> None:
    disk = sparse(tmp_path / "vm.img", 400 * BLOCK, {0: noise("vm", 400 * BLOCK)})
    running = core("source").start()
    running.ask("machine", "protect", "vm", "--volume", f"disk={disk}", "--every", "off")
    assert dying(running, 4, "backup", "vm") < 0
    assert running.ask("point", "list")["points"] == []
    made = running.ask("backup", "vm")
    assert made["images"][0]["base_reason"] == "first"
    running.ask("restore", "volume", made["point"], "disk", "--to", tmp_path / "back.img")
    assert same(disk, tmp_path / "back.img")
    clean(running)
