"""What protecting a machine would do."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import get_type_hints

import pytest

from console.domain.plan_answers import MeasuredVolume, ProtectPlan
from console.engine.foresee import protecting
from console.engine.foresee.protecting import Protecting
from tests.support.worlds import World


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with World(tmp_path / "data") as world:
        yield world


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    tree = tmp_path / "tree"
    (tree / "docs" / "deep").mkdir(parents=True)
    (tree / "docs" / "one").write_bytes(b"1" * 1000)
    (tree / "docs" / "deep" / "two").write_bytes(b"2" * 20_000)
    os.link(tree / "docs" / "one", tree / "again")
    (tree / "link").symlink_to("docs")
    return tree


def plan(world: World, name: str, *volumes: Path | tuple[str, Path], repository: str | None = None) -> ProtectPlan:
    named = [volume if isinstance(volume, tuple) else (None, volume) for volume in volumes]
    found = Protecting(world.repositories, world.clock, world.protect).plan(
        name, [(label, os.fspath(path)) for label, path in named], repository=repository
    )
    assert set(found) == set(get_type_hints(ProtectPlan))
    assert all(set(volume) == set(get_type_hints(MeasuredVolume)) for volume in found["volumes"])
    return found


def problems(found: ProtectPlan) -> list[str]:
    return [problem["code"] for problem in found["problems"]]


def test_volumes_are_measured_as_the_first_backup_finds_them(world: World, tree: Path) -> None:
    found = plan(world, "web", tree)
    [volume] = found["volumes"]
    assert (volume["path"], volume["label"], volume["problem"]) == (str(tree), "tree", None)
    assert (volume["bytes"], volume["files"], volume["complete"]) == (21_000, 3, True)
    assert (found["bytes"], found["files"], found["repository"]) == (21_000, 3, "default")
    assert (found["problems"], found["warnings"]) == ([], [])
    assert found["room"] > found["bytes"]
    assert world.catalog.machines.list() == []
    image = world.point(world.backup(world.machine(tree))[0]).images[0]
    assert (image.size, image.files) == (volume["bytes"], volume["files"])


def test_what_belongs_to_the_core_is_not_counted(world: World, tree: Path, tmp_path: Path) -> None:
    found = plan(world, "web", tmp_path)
    assert found["bytes"] == 21_000
    [warning] = found["warnings"]
    assert str(world.data) in warning
    assert "left out" in warning


def test_what_is_in_the_way_is_told_of_each_volume(world: World, tree: Path, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    found = plan(world, "web", tree, tmp_path / "none", tmp_path / "pipe", world.data)
    codes = [volume["problem"] and volume["problem"]["code"] for volume in found["volumes"]]
    assert codes == [None, "volume-gone", "volume-unsuitable", "volume-in-repository"]
    assert problems(found) == []
    assert found["bytes"] == 21_000


def test_disks_and_streams(world: World, tmp_path: Path) -> None:
    disk = tmp_path / "disk.img"
    disk.write_bytes(bytes(1000))
    found = Protecting(world.repositories, world.clock, world.protect).plan(
        "vm", [(None, str(disk)), ("db", "cmd:echo a"), (None, "-")]
    )
    told = [(volume["label"], volume["path"], volume["bytes"], volume["problem"]) for volume in found["volumes"]]
    assert told == [("disk", str(disk), 1000, None), ("db", "cmd:echo a", 0, None), ("stdin", "-", 0, None)]
    assert (found["files"], found["problems"], found["warnings"]) == (3, [], [])


def test_what_is_in_the_way_of_the_machine_is_told_too(world: World, tree: Path) -> None:
    assert problems(plan(world, "web")) == ["no-volumes"]
    assert problems(plan(world, "web", tree, tree)) == ["volume-twice"]
    assert problems(plan(world, "a/b", ("x", tree), ("x", tree / "docs"))) == ["name-forbidden", "label-taken"]
    world.machine(tree)
    found = plan(world, "web", tree, repository="none")
    assert problems(found) == ["name-taken", "no-such-repository"]
    assert (found["repository"], found["room"]) == ("", 0)


def test_counting_ends_in_time(world: World, tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(protecting, "MEASURE_S", -1.0)
    found = plan(world, "web", tree)
    assert not found["volumes"][0]["complete"]
    assert "estimates" in found["warnings"][-1]
    monkeypatch.setattr(protecting.os.path, "ismount", lambda _: True)
    assert plan(world, "web", tree)["bytes"] > 21_000
