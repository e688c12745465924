"""How a backup reads the image it builds on: all of it, each node once, many nodes at a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from console.domain.objects import Kind, iter_refs
from console.domain.trees import Entry
from console.engine.backup import nodes, parent_tree
from console.repository.reading import NearReader
from tests.support.trees import Dir, File, differences, noise, plant
from tests.support.worlds import CountingFiles, World, codes


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with World(tmp_path / "data", CountingFiles()) as world:
        yield world


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[list[bytes]]:
    """The ids of every question for nodes of the parent image."""
    questions: list[list[bytes]] = []
    honest = NearReader.trees

    def trees(reader: NearReader, ids: Sequence[bytes]) -> Iterator[tuple[bytes, list[Entry]]]:
        questions.append(list(ids))
        return honest(reader, ids)

    monkeypatch.setattr(NearReader, "trees", trees)
    return questions


LEAVES = 3
"""Nodes of the one directory that takes more than one."""


def wide_and_deep() -> Dir:
    chain = Dir({b"end": File(b"end")})
    for _ in range(30):
        chain = Dir({b"next": chain, b"f": File(b"x")})
    return Dir({b"deep": chain, b"wide": Dir({b"%03d" % n: Dir({b"f": File(b"%d" % n)}) for n in range(300)})})


def test_each_directory_is_read_once_and_with_others(
    world: World, tmp_path: Path, asked: list[list[bytes]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parent_tree, "AT_ONCE", 320)
    monkeypatch.setattr(parent_tree, "HELD", 1000)
    machine = world.machine(plant(tmp_path / "tree", wide_and_deep()))
    first, _ = world.backup(machine)
    assert asked == []
    second, _ = world.backup(machine)
    ids = [oid for question in asked for oid in question]
    assert len(set(ids)) == len(ids) == first["images"][0]["directories"] + LEAVES
    assert len(asked) < len(ids) / 4
    for what in ("files", "directories", "size"):
        assert second["images"][0][what] == first["images"][0][what]


def test_a_directory_that_is_lost_costs_only_itself(world: World, tmp_path: Path) -> None:
    top = plant(tmp_path / "tree", wide_and_deep())
    machine = world.machine(top)
    first, _ = world.backup(machine)
    lost = next(iter_refs(world.entry(first, b"wide/007").content))[0]
    world.repository.condemn([lost])
    second, reporter = world.backup(machine)
    assert codes(reporter) == ["parent-damaged"]
    assert second["images"][0]["files"] == first["images"][0]["files"]
    restored, _ = world.restore(second["point"], tmp_path / "to")
    assert restored["files"] == first["images"][0]["files"]


def test_what_changed_in_many_directories_comes_back(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(nodes, "TOGETHER", 7)
    top = plant(tmp_path / "tree", wide_and_deep())
    machine = world.machine(top)
    world.backup(machine)
    for n in range(0, 300, 3):
        folder = top / "wide" / f"{n:03}"
        (folder / "f").write_bytes(noise(500, n))
        if n % 2:
            (folder / "f").rename(folder / "g")
    (top / "wide" / "150" / "f").unlink()
    result, _ = world.backup(machine)
    world.restore(result["point"], tmp_path / "to")
    assert differences(top, tmp_path / "to") == []


def test_nodes_are_stored_by_the_end_of_the_image(world: World, tmp_path: Path) -> None:
    machine = world.machine(plant(tmp_path / "tree", wide_and_deep()))
    result, _ = world.backup(machine)
    assert len(list(world.repository.records(Kind.TREE))) == result["images"][0]["directories"] + LEAVES
