"""Trees on real file systems: what each can hold comes back, what it cannot is said, and nothing else is lost."""

from __future__ import annotations

import os
import stat
import struct
from collections.abc import Iterator
from pathlib import Path

import pytest

from console.domain.progress import Silent
from tests.support.mounted import loop
from tests.support.trees import (
    APPEND_ONLY,
    IMMUTABLE,
    NO_COW,
    NO_DUMP,
    ROOT,
    Dir,
    File,
    Hard,
    Link,
    Meta,
    compare,
    differences,
    flags_of,
    look,
    nasty,
    noise,
    plant,
    set_flags,
    unlock,
)
from tests.support.worlds import World, codes

pytestmark = pytest.mark.skipif(not ROOT, reason="only an administrator may mount and set flags")


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with World(tmp_path / "data") as world:
        yield world


@pytest.fixture(params=["ext4", "xfs", "btrfs"])
def disk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Path]:
    with loop(request.param, tmp_path) as disk:
        yield disk


def attempt(world: World, result: dict[str, object], to: Path) -> Silent:
    _, said = world.restore(str(result["point"]), to)
    return said


def test_everything_comes_back_on_the_same_kind(world: World, disk: Path) -> None:
    # The target of a link has at most 1024 bytes on xfs.
    top = plant(disk / "tree", Dir({name: node for name, node in nasty().names.items() if name != b"long target"}))
    machine = world.machine(top)
    result, said = world.backup(machine)
    assert codes(said) == []
    assert codes(attempt(world, result, disk / "back")) == []
    assert differences(top, disk / "back") == []
    (top / "text").write_bytes(b"changed")
    again, _ = world.backup(machine)
    assert again["images"][0]["bytes_new"] < result["images"][0]["bytes_new"] / 10


def test_what_another_file_system_cannot_hold_is_said_softly(world: World, tmp_path: Path) -> None:
    """A file system without owners, modes, links, times to the nanosecond or attributes."""
    tree = Dir(
        {
            b"f": File(noise(5000), Meta(0o4755, owner=(4711, 815), xattrs={"user.a": b"1"}, flags=NO_DUMP)),
            b"link": Link(b"f"),
            b"d": Dir({b"g": File(b"inner")}),
            b"twin": Hard(b"d/g"),
        }
    )
    top = plant(tmp_path / "tree", tree)
    result, _ = world.backup(world.machine(top))
    with loop("vfat", tmp_path) as disk:
        outcome, said = world.restore(result["point"], disk / "back")
        assert (disk / "back" / "f").read_bytes() == noise(5000)
        assert (disk / "back" / "twin").read_bytes() == b"inner"
        assert [skip["path"] for skip in outcome["skipped"]] == ["link"]
    assert {"attributes-not-restored", "ownership-not-restored", "file-not-restored"} == set(codes(said))
    assert any("flag no-dump" in message for _, message in said.warnings)


def test_a_vfat_volume_is_imaged_and_comes_back(world: World, tmp_path: Path) -> None:
    with loop("vfat", tmp_path) as disk:
        (disk / "d").mkdir()
        (disk / "d" / "Photo.JPG").write_bytes(noise(300_000))
        (disk / "empty").touch()
        machine = world.machine(disk)
        result, said = world.backup(machine)
        assert codes(said) == []
        before = look(disk)
        world.restore(result["point"], tmp_path / "back")
        assert compare(before, look(tmp_path / "back")) == []


FLAGS = Dir(
    {
        b"fixed": File(noise(2000), Meta(0o644, flags=IMMUTABLE)),
        b"log": File(b"line\n" * 100, Meta(0o644, flags=APPEND_ONLY | NO_DUMP)),
        b"d": Dir({b"in it": File(b"1"), b"also": File(b"2" * 200, Meta(flags=IMMUTABLE))}, Meta(flags=IMMUTABLE)),
        b"e": Dir({b"plain": File(b"3")}),
    }
)


def test_files_that_may_not_change_are_restored_so(world: World, tmp_path: Path) -> None:
    top = plant(tmp_path / "tree", FLAGS)
    twin = top / "e" / "twin"
    set_flags(os.fsencode(top / "fixed"), 0)
    os.link(top / "fixed", twin)
    if not set_flags(os.fsencode(top / "fixed"), IMMUTABLE):
        pytest.skip("this file system has no flags")
    back = tmp_path / "back"
    try:
        machine = world.machine(top)
        result, said = world.backup(machine)
        assert codes(said) == []
        before = look(top)
        assert before[b"fixed"].flags == IMMUTABLE
        assert codes(attempt(world, result, back)) == []
        assert compare(before, look(back)) == []
        with pytest.raises(PermissionError):
            (back / "fixed").write_bytes(b"x")
        # What may not change is in the way of nobody but those who would replace it.
        outcome, _ = world.restore(result["point"], back, overwrite="always")
        assert {skip["path"] for skip in outcome["skipped"]} >= {"fixed", "log", "d/also"}
        assert (back / "e" / "plain").read_bytes() == b"3"
        # Taking a flag away is a change.
        set_flags(os.fsencode(top / "log"), 0)
        result, _ = world.backup(machine)
        assert world.entry(result, b"log").file_flags == 0
        assert world.entry(result, b"fixed").file_flags == IMMUTABLE
    finally:
        unlock(top)
        unlock(back)


def test_flags_that_only_empty_files_take(world: World, tmp_path: Path) -> None:
    with loop("btrfs", tmp_path) as disk:
        top = plant(disk / "tree", Dir({b"f": File(), b"large": File()}))
        for name, content in ((b"f", noise(4000)), (b"large", noise(5_000_000))):
            assert set_flags(os.fsencode(top) + b"/" + name, NO_COW)
            (top / os.fsdecode(name)).write_bytes(content)
        result, _ = world.backup(world.machine(top))
        assert codes(attempt(world, result, disk / "back")) == []
        assert flags_of(os.fsencode(disk / "back" / "f")) == NO_COW
        assert differences(top, disk / "back") == []


def test_large_attributes_and_access_lists(world: World, tmp_path: Path) -> None:
    with loop("xfs", tmp_path) as disk:
        top = plant(disk / "tree", Dir({b"f": File(b"1", Meta(xattrs={"user.large": noise(60_000)}))}))
        os.setxattr(top, "user.large", noise(50_000, 2))
        result, said = world.backup(world.machine(top))
        assert codes(said) == []
        assert codes(attempt(world, result, disk / "back")) == []
        assert differences(top, disk / "back") == []
        # Not every file system has room for them.
        with loop("ext4", tmp_path) as small:
            said = attempt(world, result, small / "back")
            assert codes(said) == ["attributes-not-restored"]
            assert (small / "back" / "f").read_bytes() == b"1"


def test_capabilities_come_back_with_their_owner(world: World, tmp_path: Path) -> None:
    capability = struct.pack("<IIIII", 0x02000001, 1 << 10, 0, 0, 0)
    mine = Meta(0o755, owner=(4711, 815), xattrs={"security.capability": capability})
    top = plant(tmp_path / "tree", Dir({b"small": File(b"#!", mine), b"large": File(noise(4_500_000), mine)}))
    result, _ = world.backup(world.machine(top))
    assert codes(attempt(world, result, tmp_path / "back")) == []
    for name in ("small", "large"):
        assert os.getxattr(tmp_path / "back" / name, "security.capability") == capability
        assert (tmp_path / "back" / name).stat().st_uid == 4711
        assert stat.S_IMODE((tmp_path / "back" / name).stat().st_mode) == 0o755
