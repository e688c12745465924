"""Creating names: aside first, dressed, then published; never through a link of the destination."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from console.domain.trees import Entry, FileType
from console.sources import creating
from console.sources.creating import Places
from tests.support.trees import ACCESS, DEFAULT, needs_root

MTIME = 1_500_000_000_111_222_333


def _mine(name: bytes, kind: FileType, **more: object) -> Entry:
    return Entry(name, kind, uid=os.geteuid(), gid=os.getegid(), mtime_ns=MTIME, **more)  # type: ignore[arg-type]


def test_a_file_has_no_name_until_it_is_whole(tmp_path: Path) -> None:
    place = creating.top(os.fsencode(tmp_path / "made" / "for it"))
    places = Places()
    with places.use(place) as directory:
        file, aside = creating.begin_file(directory)
        creating.write(file, b"late", 10)
        creating.set_size(file, 100)
        assert creating.dress(file, _mine(b"f", FileType.FILE, mode=0o640, xattrs=((b"user.x", b"1"),))) == []
        os.close(file)
        assert creating.look(directory, b"f") is None
        creating.publish(directory, aside, b"f")
    places.close()
    made = tmp_path / "made" / "for it" / "f"
    assert made.read_bytes() == bytes(10) + b"late" + bytes(86)
    assert stat.S_IMODE(made.stat().st_mode) == 0o640
    assert made.stat().st_mtime_ns == MTIME
    assert os.getxattr(made, "user.x") == b"1"
    assert os.listdir(made.parent) == ["f"]


def test_discarding_leaves_nothing(tmp_path: Path) -> None:
    place = creating.top(os.fsencode(tmp_path))
    places = Places()
    with places.use(place) as directory:
        file, aside = creating.begin_file(directory)
        os.close(file)
        creating.discard(directory, aside)
        creating.discard(directory, aside)
    places.close()
    assert os.listdir(tmp_path) == []


def test_a_directory_that_was_replaced_is_not_entered(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    above = creating.top(os.fsencode(tmp_path / "to"))
    places = Places(keep=0)
    with places.use(above) as directory:
        below = creating.make_directory(above, directory, b"d")
    (tmp_path / "to" / "d").rename(tmp_path / "to" / "moved")
    (tmp_path / "to" / "d").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(NotADirectoryError), places.use(below):
        pass
    (tmp_path / "to" / "d").unlink()
    (tmp_path / "to" / "d").mkdir()
    with pytest.raises(OSError, match="another directory"), places.use(below):
        pass
    places.close()


def test_a_link_to_a_directory_is_no_directory(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    place = creating.top(os.fsencode(tmp_path))
    places = Places()
    with places.use(place) as directory, pytest.raises(NotADirectoryError):
        creating.existing_directory(place, directory, b"link")
    places.close()


def test_links_fifos_and_sockets(tmp_path: Path) -> None:
    place = creating.top(os.fsencode(tmp_path))
    places = Places()
    wanted = [
        _mine(b"l", FileType.SYMLINK, target=b"to \xff"),
        _mine(b"p", FileType.FIFO, mode=0o622),
        _mine(b"s", FileType.SOCKET, mode=0o711),
    ]
    with places.use(place) as directory:
        for entry in wanted:
            aside, refused = creating.make_other(directory, entry)
            assert refused == []
            creating.publish(directory, aside, entry.name)
    places.close()
    assert os.readlink(os.fsencode(tmp_path) + b"/l") == b"to \xff"
    assert stat.S_ISFIFO((tmp_path / "p").lstat().st_mode)
    assert stat.S_IMODE((tmp_path / "p").lstat().st_mode) == 0o622
    assert stat.S_ISSOCK((tmp_path / "s").lstat().st_mode)
    assert all((tmp_path / name).lstat().st_mtime_ns == MTIME for name in "lps")


@needs_root
def test_devices_and_foreign_owners(tmp_path: Path) -> None:
    place = creating.top(os.fsencode(tmp_path))
    places = Places()
    entry = Entry(b"d", FileType.BLOCK_DEVICE, 0o640, 12, 34, MTIME, rdev=os.makedev(7, 99))
    with places.use(place) as directory:
        aside, refused = creating.make_other(directory, entry)
        creating.publish(directory, aside, b"d")
    places.close()
    status = (tmp_path / "d").lstat()
    assert refused == []
    assert stat.S_ISBLK(status.st_mode)
    assert (status.st_rdev, status.st_uid, status.st_gid) == (os.makedev(7, 99), 12, 34)


def test_inherited_access_lists_are_taken_away(tmp_path: Path) -> None:
    try:
        os.setxattr(tmp_path, "system.posix_acl_default", DEFAULT)
    except OSError:
        pytest.skip("the file system of the temporary directory has no access lists")
    place = creating.top(os.fsencode(tmp_path))
    places = Places()
    with places.use(place) as directory:
        for name, xattrs in ((b"plain", ()), (b"listed", ((b"system.posix_acl_access", ACCESS),))):
            file, aside = creating.begin_file(directory)
            assert creating.dress(file, _mine(name, FileType.FILE, mode=0o660, xattrs=xattrs)) == []
            os.close(file)
            creating.publish(directory, aside, name)
        below = creating.make_directory(place, directory, b"dir")
        with places.use(below) as inner:
            assert creating.dress(inner, _mine(b"dir", FileType.DIRECTORY, mode=0o755)) == []
    places.close()
    assert os.listxattr(tmp_path / "plain") == []
    assert os.listxattr(tmp_path / "dir") == []
    assert os.getxattr(tmp_path / "listed", "system.posix_acl_access") == ACCESS
    assert stat.S_IMODE((tmp_path / "plain").stat().st_mode) == 0o660


def test_rights_of_an_owner_do_not_pass_to_another(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "chown", refuse)
    place = creating.top(os.fsencode(tmp_path))
    places = Places()
    with places.use(place) as directory:
        file, aside = creating.begin_file(directory)
        entry = Entry(b"f", FileType.FILE, 0o6755, os.geteuid() + 1, os.getegid(), MTIME)
        refused = creating.dress(file, entry)
        os.close(file)
        creating.publish(directory, aside, b"f")
    places.close()
    assert [refusal.what for refusal in refused] == ["owner"]
    assert stat.S_IMODE((tmp_path / "f").stat().st_mode) == 0o755


def test_many_directories_need_few_descriptors(tmp_path: Path) -> None:
    top = creating.top(os.fsencode(tmp_path))
    places = Places(keep=4)
    made = []
    for number in range(40):
        with places.use(top) as directory:
            made.append(creating.make_directory(top, directory, str(number).encode()))
    for place in [*made, *reversed(made)]:
        with places.use(place) as directory:
            assert creating.is_empty(directory)
    assert len(places._open) <= 5
    places.close()


def test_what_is_in_the_way_is_cleared_but_no_filled_directory(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "empty").mkdir()
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "x").touch()
    place = creating.top(os.fsencode(tmp_path))
    places = Places()
    with places.use(place) as directory:
        for name in (b"file", b"empty", b"none"):
            creating.clear(directory, name)
        with pytest.raises(OSError, match="not empty"):
            creating.clear(directory, b"full")
    places.close()
    assert os.listdir(tmp_path) == ["full"]
