"""Files inside disk images made by the system's own tools: found, read, and missing where their blocks are."""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from console.domain.errors import Failed
from console.domain.objects import ZERO_ID, iter_refs
from console.domain.trees import DiskLayout, FileType, Partition
from console.engine.inside.image import ImageVolume
from console.repository import Repository, TreeReader
from tests.support import disks, exfat
from tests.support.clock import FixedClock
from tests.support.disks import BLOCK, MIB

pytest.importorskip("pytsk3")

BIG = random.Random(1).randbytes(3_000_000)
SINCE = 1_577_934_245


@pytest.fixture
def repository(tmp_path: Path) -> Iterator[Repository]:
    with Repository.create(tmp_path / "repository", id="a1", created=FixedClock().now()) as made:
        yield made


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    top = tmp_path / "tree"
    (top / "home" / "ann").mkdir(parents=True)
    (top / "home" / "ann" / "letter.txt").write_bytes(b"dear bob\n")
    (top / "home" / "big.bin").write_bytes(BIG)
    (top / "home" / "grün und weiß.txt").write_bytes(b"green")
    os.utime(top / "home" / "ann" / "letter.txt", (SINCE, SINCE))
    return top


def opened(repository: Repository, disk: Path, layout: DiskLayout | None = None) -> ImageVolume:
    oid, _ = disks.stored(repository, disk, layout)
    return ImageVolume(repository, TreeReader(repository).root(oid), "disk")


def names(volume: ImageVolume, path: bytes = b"") -> list[bytes]:
    node = volume.find(path)
    assert node is not None
    return [child.entry.name for child in volume.children(node)]


def content(volume: ImageVolume, path: bytes) -> bytes:
    node = volume.find(path)
    assert node is not None
    return volume.read(node, 0, node.entry.size)


def test_ext4_without_a_table(repository: Repository, tree: Path, tmp_path: Path) -> None:
    ann = tree / "home" / "ann"
    (ann / "link").symlink_to("../big.bin")
    (ann / "far").symlink_to("x" * 200)
    os.link(ann / "letter.txt", ann / "same.txt")
    (ann / "letter.txt").chmod(0o640)
    os.mkfifo(ann / "fifo")
    with (ann / "sparse").open("wb") as file:
        file.truncate(5 * MIB)
        file.seek(3 * MIB)
        file.write(b"middle")
    (tree / os.fsdecode(b"n\xff")).write_bytes(b"odd")
    volume = opened(repository, disks.ext4(tmp_path / "disk.img", tree))
    assert names(volume) == [b"home", b"lost+found", b"n\xff"]
    assert names(volume, b"home/ann") == [b"far", b"fifo", b"letter.txt", b"link", b"same.txt", b"sparse"]
    found = {child.entry.name: child for child in volume.children(volume.find(b"home/ann"))}  # type: ignore[arg-type]
    letter = found[b"letter.txt"].entry
    assert (letter.mode, letter.size, letter.mtime_ns // 10**9) == (0o640, 9, SINCE)
    assert (letter.uid, letter.gid) == (os.getuid(), os.getgid())
    assert letter.links == found[b"same.txt"].entry.links != 0
    assert (found[b"link"].entry.type, found[b"link"].entry.target) == (FileType.SYMLINK, b"../big.bin")
    assert found[b"far"].entry.target == b"x" * 200
    assert found[b"fifo"].entry.type is FileType.FIFO
    assert content(volume, b"home/big.bin") == BIG
    sparse = content(volume, b"home/ann/sparse")
    assert sparse == (ann / "sparse").read_bytes()
    big = volume.find(b"home/big.bin")
    assert big is not None
    assert volume.read(big, 1_000_001, 777) == BIG[1_000_001:1_000_778]
    assert volume.read(big, len(BIG), 10) == b""
    assert (volume.find(b"home/none"), volume.find(b"home/big.bin/x")) == (None, None)


def test_what_was_deleted_is_not_shown(repository: Repository, tree: Path, tmp_path: Path) -> None:
    disks.need("debugfs")
    disk = disks.ext4(tmp_path / "disk.img", tree)
    disks.tool("debugfs", "-w", "-R", "rm /home/ann/letter.txt", disk)
    fat = disks.fat(tmp_path / "fat.img", tree)
    disks.tool("mdel", "-i", fat, "::/home/ann/letter.txt")
    for image in (disk, fat):
        volume = opened(repository, image)
        assert b"letter.txt" not in names(volume, b"home/ann")
        assert not [name for name in names(volume) if name.startswith(b"$")]


def test_ntfs_names_and_streams(repository: Repository, tmp_path: Path) -> None:
    files = {"letter.txt": b"dear", "grün €.bin": BIG}
    volume = opened(repository, disks.ntfs(tmp_path / "n.img", files, streams={"letter.txt": "Zone.Identifier"}))
    assert names(volume) == sorted(name.encode() for name in files)
    assert content(volume, "grün €.bin".encode()) == BIG
    assert content(volume, b"letter.txt") == b"dear"
    letter = volume.find(b"letter.txt")
    assert letter is not None
    assert volume.streams(letter) == ["Zone.Identifier"]


def test_fat_keeps_long_names(repository: Repository, tree: Path, tmp_path: Path) -> None:
    volume = opened(repository, disks.fat(tmp_path / "f.img", tree))
    assert names(volume, b"home") == [b"ann", b"big.bin", "grün und weiß.txt".encode()]
    assert content(volume, b"home/big.bin") == BIG
    assert content(volume, b"home/ann/letter.txt") == b"dear bob\n"


def test_exfat_without_what_it_keeps_for_itself(repository: Repository, tmp_path: Path) -> None:
    files = {"letter.txt": b"dear bob\n", "grün und weiß, and a name of several parts.bin": BIG}
    volume = opened(repository, exfat.make(tmp_path / "x.img", files))
    assert names(volume) == sorted(name.encode() for name in files)
    for name, held in files.items():
        assert content(volume, name.encode()) == held


def test_iso_9660(repository: Repository, tree: Path, tmp_path: Path) -> None:
    disks.need("genisoimage")
    disk = tmp_path / "cd.iso"
    disks.tool("genisoimage", "-quiet", "-J", "-o", disk, tree)
    volume = opened(repository, disk)
    found = volume.children(volume.top())
    assert [node.entry.name.lower() for node in found] == [b"home"]
    inner = {node.entry.name.lower(): node for node in volume.children(found[0])}
    big = inner[b"big.bin"]
    assert volume.read(big, 0, big.entry.size) == BIG


@pytest.mark.parametrize("label", ["gpt", "dos"])
@pytest.mark.parametrize("told", [True, False])
def test_partitions_are_folders(repository: Repository, tree: Path, tmp_path: Path, label: str, told: bool) -> None:
    swap = disks.sized(tmp_path / "swap", MIB)
    disks.tool("mkswap", swap)
    parts = [disks.ext4(tmp_path / "a", tree), swap, disks.fat(tmp_path / "b", tree)]
    layout = disks.partitioned(tmp_path / "disk.img", parts, label=label)
    volume = opened(repository, tmp_path / "disk.img", layout if told else None)
    assert names(volume) == [b"p1", b"p2", b"p3"]
    assert names(volume, b"p3/home") == [b"ann", b"big.bin", "grün und weiß.txt".encode()]
    assert content(volume, b"p1/home/big.bin") == content(volume, b"p3/home/big.bin") == BIG
    shown = volume.find(b"p2")
    assert shown is not None
    assert "no file system" in shown.entry.problem
    with pytest.raises(Failed) as caught:
        volume.find(b"p2/x")
    assert caught.value.failure.code == "file-system-unknown"


def test_a_logical_partition_has_the_number_the_system_gives_it(
    repository: Repository, tree: Path, tmp_path: Path
) -> None:
    disks.need("sfdisk")
    part = disks.ext4(tmp_path / "a", tree, size=16 * MIB)
    disk = disks.sized(tmp_path / "disk.img", 24 * MIB)
    table = "label: dos\nstart=2048, size=2048\nstart=4096, size=43008, type=5\nstart=6144, size=32768\n"
    disks.tool("sfdisk", "-q", disk, stdin=table)
    with disk.open("r+b") as file:
        file.seek(6144 * 512)
        file.write(part.read_bytes())
    volume = opened(repository, disk)
    assert b"p5" in names(volume)
    assert content(volume, b"p5/home/big.bin") == BIG


def test_no_file_system_at_all(repository: Repository, tmp_path: Path) -> None:
    disk = tmp_path / "disk.img"
    disk.write_bytes(random.Random(3).randbytes(MIB))
    with pytest.raises(Failed) as caught:
        opened(repository, disk).top()
    assert caught.value.failure.code == "file-system-unknown"
    told = DiskLayout(512, BLOCK, "gpt", (Partition(1, 4096, 8192, "", "", "crypto_LUKS"),))
    shown = opened(repository, disk, told).find(b"p1")
    assert shown is not None
    assert "crypto_LUKS" in shown.entry.problem


def test_only_files_whose_blocks_are_here_are_here(repository: Repository, tree: Path, tmp_path: Path) -> None:
    disk = disks.ext4(tmp_path / "disk.img", tree)
    raw = disk.read_bytes()
    oid, _ = disks.stored(repository, disk)
    at = raw.index(BIG[BLOCK * 4 : BLOCK * 4 + 4096]) // BLOCK
    root = TreeReader(repository).root(oid)
    absent = [oid for oid, _ in TreeReader(repository).extents(root.entry) if oid != ZERO_ID]
    wanted = disks.volume_block(repository, oid, at)
    assert wanted in absent
    repository.condemn([wanted])
    volume = ImageVolume(repository, root, "disk")
    big, letter = volume.find(b"home/big.bin"), volume.find(b"home/ann/letter.txt")
    assert big is not None
    assert letter is not None
    assert (volume.whole(), volume.is_here(big), volume.is_here(letter)) == (False, False, True)
    assert volume.read(letter, 0, 99) == b"dear bob\n"
    with pytest.raises(Failed) as caught:
        volume.read(big, 0, len(BIG))
    assert caught.value.failure.code == "object-missing"
    assert volume.read(big, 0, 4096) == BIG[:4096]


def test_a_folder_whose_blocks_are_not_here_is_not_empty(repository: Repository, tree: Path, tmp_path: Path) -> None:
    for number in range(300):
        (tree / "home" / "ann" / f"{number:04}-{'x' * 200}").touch()
    disk = disks.ext4(tmp_path / "disk.img", tree)
    oid, _ = disks.stored(repository, disk)
    at = disk.read_bytes().index(b"0200-" + b"x" * 200) // BLOCK
    repository.condemn([disks.volume_block(repository, oid, at)])
    volume = ImageVolume(repository, TreeReader(repository).root(oid), "disk")
    with pytest.raises(Failed) as caught:
        names(volume, b"home/ann")
    assert caught.value.failure.code == "object-missing"


def test_a_large_folder(repository: Repository, tmp_path: Path) -> None:
    top = tmp_path / "many"
    top.mkdir()
    for number in range(3000):
        (top / f"file-{number:05}").touch()
    disk = tmp_path / "disk.img"
    disks.tool("mkfs.ext4", "-q", "-F", "-N", "4000", "-d", top, disks.sized(disk, 16 * MIB))
    volume = opened(repository, disk)
    assert len(names(volume)) == 3001


def test_the_helpers_count_blocks(repository: Repository, tree: Path, tmp_path: Path) -> None:
    _, entry = disks.stored(repository, disks.ext4(tmp_path / "disk.img", tree))
    assert sum(length for _, length in iter_refs(entry.content)) == entry.size
