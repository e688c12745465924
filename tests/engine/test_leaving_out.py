"""What a backup leaves out of a volume: what is mounted below it, what is marked; and where that is said."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from console.domain.errors import Failed
from console.engine.backup import leaving
from console.engine.foresee.protecting import Protecting
from console.sources.marks import SIGNATURE
from tests.support.mounted import bound, memory
from tests.support.trees import Dir, File, Link, plant
from tests.support.worlds import CountingFiles, World, codes


@pytest.fixture
def files() -> CountingFiles:
    return CountingFiles()


@pytest.fixture
def world(tmp_path: Path, files: CountingFiles) -> Iterator[World]:
    with World(tmp_path / "data", files) as world:
        yield world


def left_out(result: dict[str, Any]) -> list[tuple[str, str]]:
    [image] = result["images"]
    assert image["left_out"]["count"] == len(image["left_out"]["first"])
    return [(one["path"], one["why"]) for one in image["left_out"]["first"]]


def test_what_is_mounted_below_stays_out_as_an_empty_directory(world: World, tmp_path: Path) -> None:
    top = plant(tmp_path / "tree", Dir({b"f": File(b"1"), b"mnt": Dir({b"covered": File(b"2")})}))
    machine = world.machine(top)
    with memory(top / "mnt"):
        (top / "mnt" / "theirs").write_bytes(b"33")
        first, said = world.backup(machine)
        assert world.entry(first, b"mnt").content == b""
        assert left_out(first) == [(str(top / "mnt"), "another file system is mounted there")]
        assert codes(said) == ["mount-left-out"]
        assert "(tmpfs)" in said.warnings[0][1]
        second, said = world.backup(machine)
        assert (codes(said), len(left_out(second))) == ([], 1), "it is news only once"
        world.protect.edit("web", options={"one_file_system": False})
        third, said = world.backup(machine)
        assert world.entry(third, b"mnt/theirs") is not None
        assert (left_out(third), codes(said)) == ([], [])
        world.protect.edit("web", options={"one_file_system": True})
        fourth, said = world.backup(machine)
        assert world.entry(fourth, b"mnt/theirs") is None
        assert codes(said) == ["mount-left-out"], "what was there in the last point is not any more"
    fifth, said = world.backup(machine)
    assert world.entry(fifth, b"mnt/covered") is not None
    assert (left_out(fifth), codes(said)) == ([], [])


def test_what_is_bound_below_from_the_same_file_system_stays_out_too(world: World, tmp_path: Path) -> None:
    elsewhere = plant(tmp_path / "elsewhere", Dir({b"theirs": File(b"2")}))
    top = plant(tmp_path / "tree", Dir({b"f": File(b"1"), b"with blank": Dir({})}))
    with bound(elsewhere, top / "with blank"):
        result, said = world.backup(world.machine(top))
        assert world.entry(result, b"with blank").content == b""
        assert codes(said) == ["mount-left-out"]
        world.protect.edit("web", options={"one_file_system": False})
        result, _ = world.backup(world.catalog.machines.get("web"))
        assert world.entry(result, b"with blank/theirs") is not None


def test_a_volume_that_is_a_mount_itself_is_read(world: World, tmp_path: Path) -> None:
    (tmp_path / "mount").mkdir()
    with memory(tmp_path / "mount") as top:
        (top / "f").write_bytes(b"1")
        result, said = world.backup(world.machine(top))
        assert world.entry(result, b"f") is not None
        assert (left_out(result), codes(said)) == ([], [])


def test_the_plan_says_what_is_mounted_below(world: World, tmp_path: Path) -> None:
    top = plant(tmp_path / "tree", Dir({b"f": File(b"1"), b"mnt": Dir({})}))
    plan = Protecting(world.repositories, world.clock, world.protect).plan
    with memory(top / "mnt"):
        (top / "mnt" / "theirs").write_bytes(b"33")
        found = plan("web", [(None, str(top))])
        assert [warning for warning in found["warnings"] if str(top / "mnt") in warning]
        assert (found["files"], found["bytes"]) == (1, 1)
        found = plan("web", [(None, str(top))], options={"one_file_system": False})
        assert found["warnings"] == []
        assert (found["files"], found["bytes"]) == (2, 3)
        found = plan("web", [(None, str(top)), (None, str(top / "mnt"))])
        assert found["warnings"] == [], "it is a volume of its own"


TAG = SIGNATURE + b"\n# a cache\n"


def test_marked_directories_are_left_out(world: World, files: CountingFiles, tmp_path: Path) -> None:
    tree = Dir(
        {
            b"CACHEDIR.TAG": File(TAG),
            b"cache": Dir({b"CACHEDIR.TAG": File(TAG), b"x": File(b"1" * 500), b"deep": Dir({b"y": File(b"2")})}),
            b"no cache": Dir({b"CACHEDIR.TAG": File(b"Signature: 0000"), b"x": File(b"1")}),
            b"a link": Dir({b"CACHEDIR.TAG": Link(b"../cache/CACHEDIR.TAG"), b"x": File(b"1")}),
            b"a directory": Dir({b"CACHEDIR.TAG": Dir({}), b"x": File(b"1")}),
            b"private": Dir({b".nobackup": File(), b"x": File(b"1")}),
            b"also": Dir({b"inner": Dir({b".nobackup": Dir({}), b"x": File(b"1")}), b"y": File(b"1")}),
        }
    )
    top = plant(tmp_path / "tree", tree)
    machine = world.machine(top)
    everything, _ = world.backup(machine)
    assert (everything["images"][0]["files"], left_out(everything)) == (12, [])
    world.protect.edit("web", options={"caches": True, "markers": [".nobackup", " ", ".nobackup"]})
    files.opened.clear()
    result, said = world.backup(machine)
    for kept in (b"CACHEDIR.TAG", b"no cache/x", b"a link/x", b"a directory/x", b"also/y"):
        assert world.entry(result, kept) is not None, kept
    for out in (b"cache", b"private", b"also/inner"):
        assert world.entry(result, out) is None, out
    assert sorted(left_out(result)) == [
        (str(top / "also" / "inner"), "marked by .nobackup"),
        (str(top / "cache"), "marked by CACHEDIR.TAG"),
        (str(top / "private"), "marked by .nobackup"),
    ]
    assert codes(said) == []
    assert not [path for path in files.opened if b"cache/x" in path and b"no cache" not in path]


def test_excluded_directories_are_counted_and_the_first_ones_named(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    top = plant(tmp_path / "tree", Dir({b"cache": Dir(), b"d": Dir({b"cache": Dir()}), b"x.tmp": File(b"1")}))
    machine = world.machine(top, excludes=("cache", "*.tmp"))
    result, _ = world.backup(machine)
    assert left_out(result) == [(str(top / "cache"), "excluded"), (str(top / "d" / "cache"), "excluded")]
    monkeypatch.setattr(leaving, "NAMED", 1)
    result, _ = world.backup(machine)
    assert result["images"][0]["left_out"]["count"] == 2
    assert len(result["images"][0]["left_out"]["first"]) == 1


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({"markers": ["a/b"]}, "marker-wrong"),
        ({"markers": [".."]}, "marker-wrong"),
        ({"before": "x" * 5000}, "command-wrong"),
        ({"after": "a\0b"}, "command-wrong"),
        ({"command_timeout_s": 0}, "command-timeout-wrong"),
        ({"compression": 20}, "compression-wrong"),
    ],
)
def test_options_that_cannot_be(world: World, tmp_path: Path, options: dict[str, Any], code: str) -> None:
    top = plant(tmp_path / "tree", Dir({}))
    with pytest.raises(Failed, match=rf"\[{code}\]$"):
        world.machine(top, **options)
    machine = world.machine(top)
    with pytest.raises(Failed, match=rf"\[{code}\]$"):
        world.protect.edit(machine.id, options=options)
    assert world.catalog.machines.get("web") == machine
