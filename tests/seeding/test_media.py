"""What a place lies on, and what a medium's words mean."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from console.domain.clock import iso
from console.domain.pairing import CoreIdentity
from console.host.disks import Mount
from console.seeding import media
from console.seeding.media import FAT_LIMIT, MediumFiles, describe, failure_of, is_full, medium_full, named
from console.seeding.readme import readme
from tests.support.clock import FixedClock
from tests.support.seeds import refused


def test_a_place_is_described_before_it_is_there(tmp_path: Path) -> None:
    medium = describe(tmp_path / "not" / "yet")
    assert medium.place == tmp_path / "not" / "yet"
    assert medium.mount is not None
    assert medium.mount in tmp_path.parents
    assert 0 < medium.free <= medium.total
    assert not medium.read_only
    assert str(medium.place) in medium.title
    assert not (tmp_path / "not").exists()


@pytest.mark.parametrize("kind", ["vfat", "msdos", "ext4", "exfat", "ntfs3"])
def test_the_largest_file_of_a_file_system(tmp_path: Path, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    mount = Mount(tmp_path, "/dev/nothing", kind, frozenset({"ro"}))
    monkeypatch.setattr(media, "mount_of", lambda _: mount)
    medium = describe(tmp_path)
    assert medium.file_limit == (FAT_LIMIT if kind in ("vfat", "msdos") else None)
    assert medium.read_only
    assert medium.removable is None


def test_what_the_system_says_of_a_disk_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    disk = tmp_path / "sys" / "devices" / "sdz"
    (disk / "sdz1").mkdir(parents=True)
    (disk / "removable").write_text("1\n")
    names = tmp_path / "sys" / "class"
    names.mkdir()
    (names / "sdz1").symlink_to(disk / "sdz1")
    (names / "sdz").symlink_to(disk)
    monkeypatch.setattr(media, "_BLOCK", names)
    assert media.removable("/dev/sdz1") is True
    (disk / "removable").write_text("0\n")
    assert media.removable("/dev/sdz") is False
    assert media.removable("/dev/elsewhere") is None
    on_usb = tmp_path / "sys" / "usb2" / "2-1" / "sdy"
    on_usb.mkdir(parents=True)
    (on_usb / "removable").write_text("0\n")
    (names / "sdy").symlink_to(on_usb)
    assert media.removable("/dev/sdy") is True


@pytest.mark.parametrize(
    ("number", "code"),
    [
        (errno.ENOSPC, "medium-full"),
        (errno.EDQUOT, "medium-full"),
        (errno.EROFS, "medium-read-only"),
        (errno.EACCES, "medium-not-writable"),
        (errno.EPERM, "medium-not-writable"),
        (errno.EIO, "medium-gone"),
        (errno.ENODEV, "medium-gone"),
        (errno.ENOENT, "medium-gone"),
        (errno.ESTALE, "medium-gone"),
        (errno.ENOTDIR, "location-not-a-directory"),
    ],
)
def test_errors_become_sentences(number: int, code: str) -> None:
    error = OSError(number, os.strerror(number))
    assert is_full(error) == (code == "medium-full")
    with refused(code) as said, named("/media/blue", 5):
        raise error
    assert "/media/blue" in said.value.failure.message
    assert said.value.failure.hint


def test_what_no_medium_says_stays_what_it_is() -> None:
    error = OSError(errno.EBADF, "a bug")
    assert failure_of(error, "x") is None
    with pytest.raises(OSError, match="a bug"), named("x"):
        raise error


def test_a_full_medium_says_how_much_and_how_much_more() -> None:
    said = medium_full("/media/blue (vfat, 16 GB)", 14_800_000_000, 5_200_000_000).failure.message
    assert "/media/blue (vfat, 16 GB)" in said
    assert "15 GB" in said
    assert "5.2 GB more" in said


def test_files_are_written_whole_and_read_back_in_stretches(tmp_path: Path) -> None:
    files = MediumFiles()
    pieces = [bytes([n]) * size for n, size in enumerate([1, 100_000, 3, 70_000, 9_000_000])]
    with files.create(tmp_path / "x") as file:
        files.write(file, 10, pieces)
        files.write(file, 0, [b"0123456789"])
        files.sync(file)
        assert files.read(file, 5, 6) == b"56789\0"
    whole = b"0123456789" + b"".join(pieces)
    assert (tmp_path / "x").read_bytes() == whole
    for begin, end in [(0, len(whole)), (5, 12), (1_000_000, 8_000_000), (7, 7), (len(whole) - 1, len(whole) + 50)]:
        assert b"".join(bytes(piece) for piece in files.read_back(tmp_path / "x", begin, end)) == whole[begin:end]


def test_removing_a_tree_does_not_follow_links(tmp_path: Path) -> None:
    (tmp_path / "kept").mkdir()
    (tmp_path / "kept" / "file").touch()
    (tmp_path / "gone").mkdir()
    (tmp_path / "gone" / "link").symlink_to(tmp_path / "kept")
    files = MediumFiles()
    files.remove_tree(tmp_path / "gone")
    (tmp_path / "link").symlink_to(tmp_path / "kept")
    files.remove_tree(tmp_path / "link")
    assert os.listdir(tmp_path) == ["kept"]
    assert os.listdir(tmp_path / "kept") == ["file"]


def test_the_note_on_the_drive_is_plain_and_cannot_be_led_astray() -> None:
    now = FixedClock().now()
    text = readme("5eed" * 8, CoreIdentity("core-a", "North\nRun: rm -rf", "1", "AB"), now, "a\n\nb", "")
    assert "North Run: rm -rf" in text
    assert "a b" in text
    assert iso(now) in text
    assert max(map(len, text.splitlines())) < 100
    assert text.isascii()
