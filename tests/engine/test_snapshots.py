"""Trees on btrfs are read from a snapshot, as if it were the tree; and no snapshot is left."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from console.domain.errors import Cancelled, Failed
from console.domain.progress import Silent
from console.engine.backup.snapshots import PREFIX
from console.sources import btrfs
from tests.support.mounted import loop, memory
from tests.support.trees import differences, nasty, plant
from tests.support.worlds import CountingFiles, World, codes


@pytest.fixture
def files() -> CountingFiles:
    return CountingFiles()


@pytest.fixture
def world(tmp_path: Path, files: CountingFiles) -> Iterator[World]:
    with World(tmp_path / "data", files) as world:
        yield world


@pytest.fixture(scope="module")
def disk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    with loop("btrfs", tmp_path_factory.mktemp("disk")) as disk:
        yield disk


@pytest.fixture
def home(disk: Path, request: pytest.FixtureRequest) -> Iterator[Path]:
    """A subvolume of one test's own, and a directory in it."""
    top = disk / request.node.name[:60]
    _subvolume(top)
    (top / "home").mkdir()
    yield top / "home"
    shutil.rmtree(top / "home")
    btrfs.delete(os.fsencode(top))


def _subvolume(path: Path) -> None:
    subprocess.run(["btrfs", "subvolume", "create", str(path)], check=True, capture_output=True)


def left(home: Path) -> list[str]:
    return [name for name in os.listdir(home.parent) if name.startswith(PREFIX)]


class Late(Silent):
    """Changes the tree once the reading has begun."""

    def __init__(self, top: Path) -> None:
        super().__init__()
        self.top = top
        self.logged: list[str] = []

    def phase(self, name: str, *, bytes_total: int | None = None, items_total: int | None = None) -> None:
        del name, bytes_total, items_total

    def log(self, message: str) -> None:
        self.logged.append(message)
        if "read from a snapshot" in message:
            (self.top / "f").write_bytes(b"after")
            (self.top / "new").write_bytes(b"new")


def test_what_changes_while_it_is_read_is_not_in_the_point(world: World, home: Path) -> None:
    (home / "f").write_bytes(b"before")
    late = Late(home)
    result, _ = world.backup(world.machine(home), reporter=late)
    assert world.entry(result, b"f").inline == b"before"
    assert world.entry(result, b"new") is None
    assert (home / "f").read_bytes() == b"after"
    assert left(home) == []
    world.protect.edit("web", options={"snapshot": False})
    result, _ = world.backup(world.catalog.machines.get("web"), reporter=Late(home))
    assert world.entry(result, b"f").inline == b"after"


def test_everything_is_as_in_the_living_tree_and_unchanged_files_are_not_read(
    world: World, files: CountingFiles, home: Path, tmp_path: Path
) -> None:
    top = plant(home / "tree", nasty())
    machine = world.machine(top)
    result, said = world.backup(machine)
    assert codes(said) == []
    entry = world.entry(result, b"text")
    assert entry.device == os.stat(top / "text").st_dev
    world.restore(result["point"], tmp_path / "back")
    assert differences(top, tmp_path / "back") == []
    for _ in range(3):  # until nothing is so new that it is read once more
        os.sync()
        files.opened.clear()
        again, _ = world.backup(machine)
    assert files.opened == []
    assert again["images"][0]["bytes_read"] == 0
    assert left(home) == []


def test_subvolumes_and_mounts_inside_are_read_as_they_are(world: World, home: Path) -> None:
    (home / "f").write_bytes(b"1")
    _subvolume(home / "inner")
    (home / "inner" / "g").write_bytes(b"22")
    (home / "mnt").mkdir()
    with memory(home / "mnt"):
        (home / "mnt" / "h").write_bytes(b"333")
        late = Late(home / "inner")
        result, _ = world.backup(world.machine(home), reporter=late)
        assert world.entry(result, b"inner/g").inline == b"22"
        assert world.entry(result, b"mnt/h") is None
        assert any("subvolume of its own" in line for line in late.logged)
        world.protect.edit("web", options={"one_file_system": False})
        result, _ = world.backup(world.catalog.machines.get("web"))
        assert world.entry(result, b"mnt/h").inline == b"333"
    btrfs.delete(os.fsencode(home / "inner"))


@pytest.mark.parametrize("how", ["cancelled", "failed"])
def test_no_snapshot_is_left_whatever_happens(world: World, home: Path, how: str) -> None:
    class Ending(Silent):
        def check(self) -> None:
            assert len(left(home)) == 1
            raise Cancelled if how == "cancelled" else Failed

    (home / "d").mkdir()
    with suppress(Cancelled, TypeError):
        world.backup(world.machine(home), reporter=Ending())
    assert left(home) == []


def test_what_a_dead_backup_left_is_deleted_and_is_in_no_image(
    world: World, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def dead(path: bytes) -> None:
        raise PermissionError(1, "Operation not permitted")

    (home / "f").write_bytes(b"1")
    machine = world.machine(home.parent)
    with monkeypatch.context() as patch:
        patch.setattr(btrfs, "delete", dead)
        _, said = world.backup(machine)
        assert codes(said) == ["snapshot-left"]
        assert len(left(home)) == 1
        result, _ = world.backup(machine)
        assert len(left(home)) == 2
        assert {name for name, _ in _names(world, result)} == {b"home"}
    world.protect.tidy()
    assert left(home) == []
    world.protect.edit("web", options={"snapshot": False})
    (home.parent / f"{PREFIX}of-another-Core").mkdir()
    result, _ = world.backup(machine)
    assert {name for name, _ in _names(world, result)} == {b"home"}
    (home.parent / f"{PREFIX}of-another-Core").rmdir()


def _names(world: World, result: dict[str, object]) -> list[tuple[bytes, int]]:
    from console.repository import TreeReader

    reader = TreeReader(world.repository)
    root = reader.root(bytes.fromhex(world.point(result).images[0].root))
    return [(entry.name, entry.type) for entry in reader.entries(root.entry)]


def test_where_none_can_be_made_the_tree_itself_is_read(
    world: World, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(subvolume: bytes, name: bytes) -> bytes:
        raise PermissionError(1, "Operation not permitted")

    (home / "f").write_bytes(b"1")
    monkeypatch.setattr(btrfs, "snapshot", refused)
    late = Late(home)
    result, _ = world.backup(world.machine(home), reporter=late)
    assert world.entry(result, b"f").inline == b"1"
    assert any("without a snapshot" in line and "Operation not permitted" in line for line in late.logged)
