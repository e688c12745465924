"""Who uses a disk: told from what the kernel shows, made up here."""

from __future__ import annotations

from pathlib import Path

import pytest

from console.host.block_devices import BlockDevice, block_devices, in_use


@pytest.fixture
def image(tmp_path: Path) -> Path:
    """An image behind loop device 7:3, with a partition 259:1 that is mapped as 253:0."""
    image = tmp_path / "disk.img"
    image.touch()
    sys = tmp_path / "sys"
    _write(sys / "block" / "loop3" / "loop" / "backing_file", f"{image}\n")
    _write(sys / "block" / "loop3" / "dev", "7:3\n")
    _write(sys / "block" / "loop4" / "loop" / "backing_file", f"{tmp_path}/other.img\n")
    _write(sys / "block" / "loop4" / "dev", "7:4\n")
    _write(sys / "dev" / "block" / "7:3" / "loop3p1" / "partition", "1\n")
    _write(sys / "dev" / "block" / "7:3" / "loop3p1" / "dev", "259:1\n")
    _write(sys / "dev" / "block" / "259:1" / "holders" / "dm-0" / "dev", "253:0\n")
    return image


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def users(image: Path, *lines: str) -> list[str]:
    _write(image.parent / "proc" / "self" / "mountinfo", "\n".join(lines) + "\n")
    return in_use(image, sys=image.parent / "sys", proc=image.parent / "proc")


@pytest.mark.parametrize("number", ["7:3", "259:1", "253:0"])
def test_itself_its_partitions_and_what_is_mapped_from_them(image: Path, number: str) -> None:
    line = f"36 25 {number} / /mnt/my\\040disk rw,relatime shared:1 - ext4 /dev/x rw"
    assert users(image, "22 25 0:21 / /proc rw - proc proc rw", line) == ["mounted at /mnt/my disk"]


def test_what_is_mounted_from_elsewhere(image: Path) -> None:
    assert users(image, "36 25 7:4 / /mnt rw - ext4 /dev/loop4 rw", "not a line of the table") == []


def test_a_file_that_nothing_is_attached_to(image: Path, tmp_path: Path) -> None:
    (tmp_path / "plain").touch()
    line = "36 25 7:3 / /mnt rw - ext4 /dev/loop3 rw"
    assert users(image, line)
    assert in_use(tmp_path / "plain", sys=tmp_path / "sys", proc=tmp_path / "proc") == []
    assert in_use(tmp_path / "none", sys=tmp_path / "sys", proc=tmp_path / "proc") == []


def test_a_system_that_tells_nothing(image: Path, tmp_path: Path) -> None:
    assert in_use(image, sys=tmp_path / "no", proc=tmp_path / "no") == []


def test_disks_are_listed_with_their_partitions_and_what_uses_them(tmp_path: Path) -> None:
    disk = tmp_path / "sys" / "block" / "sdb"
    for name, text in (
        ("size", "2048"),
        ("dev", "8:16"),
        ("removable", "1"),
        ("ro", "0"),
        ("device/model", "Stick 3 "),
    ):
        _write(disk / name, f"{text}\n")
    for name, text in (("partition", "1"), ("size", "1024"), ("dev", "8:17"), ("ro", "0")):
        _write(disk / "sdb1" / name, f"{text}\n")
    _write(tmp_path / "sys" / "dev" / "block" / "8:16" / "sdb1" / "partition", "1\n")
    _write(tmp_path / "sys" / "dev" / "block" / "8:16" / "sdb1" / "dev", "8:17\n")
    _write(tmp_path / "sys" / "block" / "loop0" / "size", "0\n")
    _write(tmp_path / "sys" / "block" / "sr0" / "size", "4096\n")
    _write(tmp_path / "proc" / "self" / "mountinfo", "36 25 8:17 / /mnt rw - ext4 /dev/none rw\n")
    assert block_devices(sys=tmp_path / "sys", proc=tmp_path / "proc") == [
        BlockDevice("/dev/sdb", 1 << 20, "Stick 3", "", True, False, ("mounted at /mnt",)),
        BlockDevice("/dev/sdb1", 1 << 19, "Stick 3", "/dev/sdb", True, False, ("mounted at /mnt",)),
    ]


def test_where_the_system_does_not_tell_there_are_none(tmp_path: Path) -> None:
    assert block_devices(sys=tmp_path, proc=tmp_path) == []
