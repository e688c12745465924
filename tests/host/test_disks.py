"""Disks, asked on the machine the tests run on."""

from pathlib import Path

import pytest

from console.host import disks


def test_space_of_what_is_there(tmp_path: Path):
    space = disks.space(tmp_path)
    assert 0 <= space.free <= space.total
    assert 0 <= space.used <= space.total
    assert disks.free_space(tmp_path) <= space.total


def test_space_of_what_will_be_there(tmp_path: Path):
    assert disks.space(tmp_path / "not" / "yet").total == disks.space(tmp_path).total
    assert disks.nearest_existing(tmp_path / "not" / "yet") == tmp_path


def test_free_space_of_what_is_gone_says_so(tmp_path: Path):
    with pytest.raises(OSError):  # noqa: PT011 - any of its kinds
        disks.free_space(tmp_path / "unplugged")


def test_same_file_system(tmp_path: Path):
    (tmp_path / "one").mkdir()
    assert disks.same_file_system(tmp_path, tmp_path / "one")
    with pytest.raises(FileNotFoundError):
        disks.same_file_system(tmp_path, tmp_path / "gone")


def test_another_file_system(tmp_path: Path):
    here = tmp_path.stat().st_dev
    other = next(
        (m.path for m in disks.mounts(everything=True) if m.path.is_dir() and m.path.stat().st_dev != here), None
    )
    if other is None:
        pytest.skip("everything here lies in one file system")
    assert not disks.same_file_system(tmp_path, other)


def test_the_mount_a_path_lies_in(tmp_path: Path):
    mount = disks.mount_of(tmp_path / "not-yet")
    if mount is None:
        pytest.skip("the system does not say what is mounted")
    assert mount.path == tmp_path or mount.path in tmp_path.resolve().parents
    assert not mount.read_only


def test_mounts_are_sorted_and_split_their_options(monkeypatch: pytest.MonkeyPatch):
    class Part:
        def __init__(self, mountpoint: str, opts: str) -> None:
            self.mountpoint, self.opts, self.device, self.fstype = mountpoint, opts, "/dev/x", "vfat"

    parts = [Part("/media/b", "ro,noatime"), Part("/media/a", "rw"), Part("/media/a/deep", "")]
    monkeypatch.setattr(disks.psutil, "disk_partitions", lambda all: parts if all is False else [])
    found = disks.mounts()
    assert [str(m.path) for m in found] == ["/media/a", "/media/a/deep", "/media/b"]
    assert [m.read_only for m in found] == [False, False, True]


def test_labels_are_those_people_gave(tmp_path: Path):
    table = tmp_path / "by-label"
    table.mkdir()
    (tmp_path / "sdz1").touch()
    (table / "Blue\\x20disk").symlink_to("../sdz1")
    assert disks.labels(table) == {str(tmp_path / "sdz1"): "Blue disk"}
    assert disks.labels(tmp_path / "none") == {}
