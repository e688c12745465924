"""What restoring would do, held against what restoring then does."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_type_hints

import pytest

from console.domain.plan_answers import ConflictAnswer, RestorePlan
from console.domain.progress import Silent
from console.engine.foresee import restoring
from console.engine.foresee.restoring import Restoring
from console.engine.restore.restore import Restore
from tests.support.seeds import make_pair, refused
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
    (tree / "three").write_bytes(b"3" * 300_000)
    os.link(tree / "three", tree / "again")
    (tree / "link").symlink_to("docs")
    return tree


@pytest.fixture
def point(world: World, tree: Path) -> str:
    return world.point(world.backup(world.machine(tree))[0]).id


def plan(world: World, point: str, to: Path, *paths: str, **options: Any) -> RestorePlan:
    found = Restoring(world.clock, world.restoring).plan(point, paths, os.fspath(to), **options)
    assert set(found) == set(get_type_hints(RestorePlan))
    assert all(set(conflict) == set(get_type_hints(ConflictAnswer)) for conflict in found["conflicts"])
    return found


def test_it_is_what_restoring_then_does(world: World, point: str, tmp_path: Path) -> None:
    to = tmp_path / "to"
    whole = plan(world, point, to)
    assert (whole["files"], whole["directories"], whole["bytes"]) == (4, 2, 321_000)
    assert (whole["conflict_count"], whole["missing_count"], whole["complete"]) == (0, 0, True)
    assert (whole["to"], whole["warnings"], whole["problems"]) == (str(to), [], [])
    assert whole["room"] > whole["bytes"]
    assert not to.exists()
    part = plan(world, point, to, "docs")
    assert (part["files"], part["directories"], part["bytes"]) == (2, 2, 21_000)
    result, _ = world.restore(point, to)
    assert result["bytes"] == whole["bytes"]


def test_what_is_there_already_is_named_and_kept_as_the_rule_says(world: World, point: str, tmp_path: Path) -> None:
    to = tmp_path / "to"
    (to / "docs").mkdir(parents=True)
    (to / "docs" / "one").write_bytes(b"mine")
    (to / "three").write_bytes(b"older")
    os.utime(to / "three", (1000, 1000))
    (to / "link").mkdir()
    (to / "link" / "inside").touch()
    for overwrite, files, kept in [("never", 2, 3), ("older", 3, 2), ("always", 4, 1)]:
        found = plan(world, point, to, overwrite=overwrite)
        assert (found["files"], found["conflict_count"]) == (files, 3)
        sentence = next(text for text in found["warnings"] if "stays" in text)
        assert f": {kept} name" in sentence
    by_path = {conflict["path"]: conflict for conflict in found["conflicts"]}
    assert set(by_path) == {"docs/one", "three", "link"}
    assert (by_path["docs/one"]["size_here"], by_path["docs/one"]["size_there"]) == (1000, 4)
    assert (by_path["docs/one"]["newer"], by_path["three"]["newer"]) == ("there", "here")
    result, _ = world.restore(point, to, overwrite="older")
    assert result["skipped_count"] == 2
    assert (to / "docs" / "one").read_bytes() == b"mine"
    assert (to / "three").read_bytes() == b"3" * 300_000


def test_volumes_get_directories_of_their_own(world: World, tree: Path, tmp_path: Path) -> None:
    (tmp_path / "mail").mkdir()
    (tmp_path / "mail" / "box").write_bytes(b"m" * 10)
    point = world.point(world.backup(world.machine(tree, tmp_path / "mail"))[0]).id
    to = tmp_path / "to"
    (to / "mail").mkdir(parents=True)
    (to / "mail" / "box").touch()
    found = plan(world, point, to)
    assert [conflict["path"] for conflict in found["conflicts"]] == ["mail:box"]
    assert found["files"] == 4


def test_what_is_wrong_with_the_destination_is_a_problem(world: World, point: str, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for to, code in [
        (world.data / "restored", "destination-in-repository"),
        (tmp_path / "file", "destination-not-a-directory"),
    ]:
        found = plan(world, point, to)
        assert [problem["code"] for problem in found["problems"]] == [code]
        assert (found["files"], found["room"]) == (4, 0)
    with refused("no-such-file"):
        plan(world, point, tmp_path / "to", "nothing")
    with refused("overwrite-unknown"):
        plan(world, point, tmp_path / "to", overwrite="maybe")


def test_looking_that_takes_too_long_ends_in_an_estimate(
    world: World, point: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(restoring, "WALK_S", -1.0)
    (tmp_path / "to").mkdir()
    (tmp_path / "to" / "other").touch()
    found = plan(world, point, tmp_path / "to")
    assert (found["complete"], found["files"], found["bytes"]) == (False, 4, 321_000)
    assert "estimates" in found["warnings"][-1]


def test_what_has_not_arrived_is_named(tmp_path: Path) -> None:
    pair = make_pair(tmp_path)
    first = {f"docs/{n}": bytes([n]) * 5_000 for n in range(4)}
    base = pair.source.point(first)
    child = pair.source.point({**first, "new": b"x" * 7_000}, base)
    pair.send(child, names=True)
    target = pair.target
    restore = Restore(target.catalog, target.repositories, target.jobs, target.clock)
    ask = Restoring(target.clock, restore)
    found = ask.plan(child.id, [], str(tmp_path / "to"))
    assert (found["missing_count"], found["missing"]) == (4, [f"docs/{n}" for n in range(4)])
    assert (found["files"], found["bytes"], found["problems"]) == (1, 7_000, [])
    result = restore.files(restore.plan(child.id, [], str(tmp_path / "to")), Silent())
    assert (result["files"], result["skipped_count"], result["bytes"]) == (1, 4, 7_000)
    found = ask.plan(child.id, ["docs"], str(tmp_path / "other"))
    assert [problem["code"] for problem in found["problems"]] == ["nothing-restorable"]
    assert ask.plan(child.id, ["docs"], str(tmp_path / "other"), partial=True)["problems"] == []
    pair.close()
