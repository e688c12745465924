"""Small files are read before they are stored: by one thread while that is quick, by many that wait for a disk."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import partialmethod
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from console.engine.backup import shelves as shelves_module
from console.engine.backup.shelves import SHELF, Shelves
from console.sources.reading import HostFiles
from tests.support.worlds import World, codes


class Meddling(HostFiles):
    """Appends to a file between its listing and its reading, once for each name."""

    def __init__(self) -> None:
        super().__init__()
        self.left = {b"grows", b"shrinks"}

    def open(self, path: bytes) -> int:
        name = os.path.basename(path)
        if name in self.left:
            self.left.discard(name)
            Path(os.fsdecode(path)).write_bytes(b"n" * (9000 if name == b"grows" else 2000))
        elif name == b"vanishes":
            os.unlink(path)
        return super().open(path)


def plant(tree: Path, count: int = 600) -> dict[str, bytes]:
    """More than one shelf of files, a few large ones among them."""
    tree.mkdir()
    files = {f"f{number:04}": os.urandom(1) * (200 + 37 * number) for number in range(count)}
    files |= {"large": os.urandom(SHELF + 5), "empty": b"", "inline": b"few"}
    for name, data in files.items():
        (tree / name).write_bytes(data)
    return files


def _from_a_disk(shelves: Shelves, init: Callable[..., None], *arguments: Any) -> None:
    init(shelves, *arguments)
    shelves._ahead = shelves_module.AHEAD


def restored(world: World, result: dict[str, Any], to: Path) -> dict[str, bytes]:
    world.restore(result["point"], to)
    return {path.name: path.read_bytes() for path in to.rglob("*") if path.is_file()}


@pytest.mark.parametrize("how", ["from memory", "slowly", "from a disk"])
def test_all_files_come_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, how: str) -> None:
    if how == "slowly":
        monkeypatch.setattr(shelves_module, "SLOW_S", -1.0)
    elif how == "from a disk":
        fetched = count(0, SHELF)
        monkeypatch.setattr(shelves_module, "fetched_from_disk", lambda: next(fetched))
    files = plant(tmp_path / "tree")
    with World(tmp_path / "core") as world:
        result, _ = world.backup(world.machine(tmp_path / "tree"))
        assert restored(world, result, tmp_path / "to") == files


@pytest.mark.parametrize("ahead", [False, True])
def test_a_file_that_changes_while_the_shelf_is_filled_is_read_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ahead: bool
) -> None:
    if ahead:
        monkeypatch.setattr(Shelves, "__init__", partialmethod(_from_a_disk, Shelves.__init__))
    tree = tmp_path / "tree"
    tree.mkdir()
    for name in ("grows", "shrinks", "vanishes", "stays"):
        (tree / name).write_bytes(b"o" * 5000)
    with World(tmp_path / "core", files=Meddling()) as world:
        result, reporter = world.backup(world.machine(tree))
        assert codes(reporter) == ["file-vanished"]
        assert restored(world, result, tmp_path / "to") == {
            "grows": b"n" * 9000,
            "shrinks": b"n" * 2000,
            "stays": b"o" * 5000,
        }
