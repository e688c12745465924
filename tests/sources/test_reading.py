"""Reading what stands on this host: names, entries, holes, attributes, paths of any length."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from console.domain.trees import FileType
from console.sources import reach
from console.sources.attributes import Owners
from console.sources.reading import HostFiles, entry_of, link_number, may_be_sparse, same_content
from tests.support.trees import Dir, Fifo, File, Hard, Link, Meta, Sparse, noise, plant

FILES = HostFiles()


def test_names_are_bytes_in_order(tmp_path: Path) -> None:
    wanted = [b"\x01", b"Z", b"a", b"a b", b"\xc3\xa9", b"\xee\x80\x80", b"\xff"]
    top = plant(tmp_path / "t", Dir({name: File() for name in reversed(wanted)}))
    directory = FILES.open_directory(os.fsencode(top))
    try:
        assert FILES.names(directory) == wanted
    finally:
        FILES.close(directory)


def test_an_entry_says_what_the_status_says(tmp_path: Path) -> None:
    top = plant(tmp_path / "t", Dir({b"f": File(b"abc", Meta(0o4711)), b"p": Fifo()}))
    status = os.lstat(top / "f")
    entry = entry_of(b"f", status, size=3)
    assert (entry.type, entry.mode, entry.size) == (FileType.FILE, 0o4711, 3)
    assert (entry.mtime_ns, entry.inode, entry.device) == (status.st_mtime_ns, status.st_ino, status.st_dev)
    assert entry_of(b"p", os.lstat(top / "p")).type is FileType.FIFO


def test_hard_links_share_a_number_and_single_files_have_none(tmp_path: Path) -> None:
    top = plant(tmp_path / "t", Dir({b"a": File(b"1"), b"b": Hard(b"a"), b"c": File(b"1")}))
    one, two, three = (os.lstat(top / name) for name in "abc")
    assert link_number(one) == link_number(two) != 0
    assert link_number(three) == 0


def test_holes_are_found_and_the_last_one_too(tmp_path: Path) -> None:
    tree = Dir({b"s": Sparse(10 << 20, ((1 << 20, noise(1 << 20)), (5 << 20, noise(4096)))), b"h": Sparse(1 << 20)})
    top = plant(tmp_path / "t", tree)
    file = FILES.open(os.fsencode(top / "s"))
    try:
        stretches = FILES.stretches(file, 10 << 20)
    finally:
        FILES.close(file)
    if stretches == [(0, 10 << 20)]:
        pytest.skip("the file system of the temporary directory has no holes")
    assert may_be_sparse(os.lstat(top / "s"))
    assert stretches == [(1 << 20, 2 << 20), (5 << 20, (5 << 20) + 4096)]
    file = FILES.open(os.fsencode(top / "h"))
    try:
        assert FILES.stretches(file, 1 << 20) == []
    finally:
        FILES.close(file)


def test_reading_goes_on_until_the_end(tmp_path: Path) -> None:
    top = plant(tmp_path / "t", Dir({b"f": File(b"0123456789")}))
    file = FILES.open(os.fsencode(top / "f"))
    try:
        assert FILES.read(file, 4, 3) == b"3456"
        assert FILES.read(file, 100, 8) == b"89"
        assert FILES.read(file, 5, 10) == b""
    finally:
        FILES.close(file)


def test_a_link_is_never_opened(tmp_path: Path) -> None:
    top = plant(tmp_path / "t", Dir({b"f": File(b"x"), b"l": Link(b"f"), b"d": Dir(), b"k": Link(b"d")}))
    with pytest.raises(OSError, match="symbolic links"):
        FILES.open(os.fsencode(top / "l"))
    with pytest.raises(NotADirectoryError):
        FILES.open_directory(os.fsencode(top / "k"))
    assert FILES.link_target(os.fsencode(top / "l")) == b"f"


def test_a_fifo_does_not_hold_up_the_reader(tmp_path: Path) -> None:
    top = plant(tmp_path / "t", Dir({b"p": Fifo()}))
    file = FILES.open(os.fsencode(top / "p"))
    try:
        assert stat.S_ISFIFO(FILES.status_open(file).st_mode)
    finally:
        FILES.close(file)


def test_a_change_is_seen_in_the_status(tmp_path: Path) -> None:
    top = plant(tmp_path / "t", Dir({b"f": File(b"x")}))
    before = os.lstat(top / "f")
    assert same_content(before, os.lstat(top / "f"))
    (top / "f").write_bytes(b"xy")
    assert not same_content(before, os.lstat(top / "f"))


def test_attributes_are_sorted_and_raw(tmp_path: Path) -> None:
    xattrs = {"user.b": b"\0\xff", "user.a": b""}
    top = plant(tmp_path / "t", Dir({b"f": File(b"x", Meta(xattrs=xattrs)), b"l": Link(b"f")}))
    assert FILES.xattrs(os.fsencode(top / "f")) == ((b"user.a", b""), (b"user.b", b"\0\xff"))
    assert FILES.xattrs(os.fsencode(top / "l")) == ()
    file = FILES.open(os.fsencode(top / "f"))
    try:
        assert FILES.xattrs(file) == ((b"user.a", b""), (b"user.b", b"\0\xff"))
    finally:
        FILES.close(file)


def test_paths_longer_than_a_call_takes(tmp_path: Path) -> None:
    directory = os.open(tmp_path, os.O_RDONLY)
    path = os.fsencode(tmp_path)
    name = b"d" * 200
    for _ in range(30):
        os.mkdir(name, dir_fd=directory)
        below = os.open(name, os.O_RDONLY, dir_fd=directory)
        os.close(directory)
        directory = below
        path += b"/" + name
    file = os.open(b"file", os.O_CREAT | os.O_WRONLY, 0o644, dir_fd=directory)
    os.write(file, b"far away")
    os.setxattr(file, "user.x", b"y")
    os.close(file)
    os.symlink(b"file", b"link", dir_fd=directory)
    os.close(directory)
    assert len(path) > 5000
    file = FILES.open(path + b"/file")
    try:
        assert FILES.read(file, 100, 0) == b"far away"
    finally:
        FILES.close(file)
    assert FILES.status_of(path + b"/file").st_size == 8
    assert FILES.xattrs(path + b"/file") == ((b"user.x", b"y"),)
    assert FILES.link_target(path + b"/link") == b"file"
    with reach.short(path + b"/link") as near:
        assert os.readlink(near) == b"file"
    with pytest.raises(FileNotFoundError):
        FILES.open(path + b"/none")


def test_owners_with_names_are_named() -> None:
    owners = Owners()
    owners.meet(os.getuid(), os.getgid())
    owners.meet(2_000_000_001, 2_000_000_001)
    assert all(uid != 2_000_000_001 for uid, _ in owners.users)
    assert owners.users == tuple(sorted(owners.users))
