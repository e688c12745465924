"""Machines that are protected: adding, changing, removing them, and what is due."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from console.domain.errors import Failed
from console.domain.jobs import JobState, Trigger
from console.domain.machines import MachineKind
from tests.support.clock import FixedClock
from tests.support.trees import Dir, File, plant
from tests.support.worlds import World


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with World(tmp_path / "data", clock=FixedClock()) as world:
        yield world


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    return plant(tmp_path / "tree", Dir({b"f": File(b"x")}))


def _refused(code: str) -> object:
    return pytest.raises(Failed, match=rf"\[{code}\]$")


def test_a_machine_knows_its_volumes_and_is_due_at_once(world: World, tree: Path, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    machine = world.protect.add("web", [(None, str(tree)), ("docs", str(tmp_path / "other"))], interval_s=3600)
    assert machine.kind is MachineKind.PROTECTED
    assert [(v.label, v.path) for v in machine.volumes] == [("tree", str(tree)), ("docs", str(tmp_path / "other"))]
    assert machine.next_due == world.clock.now()
    assert world.catalog.machines.get("web") == machine
    assert machine.repository == world.repositories.choose(None).id


def test_labels_come_from_paths_and_are_made_unique(world: World, tmp_path: Path) -> None:
    for name in ("a/data", "b/data", "c/-odd name?"):
        (tmp_path / name).mkdir(parents=True)
    paths = [str(tmp_path / name) for name in ("a/data", "b/data", "c/-odd name?")]
    machine = world.protect.add("web", [(None, path) for path in paths])
    assert [v.label for v in machine.volumes] == ["data", "data-2", "odd name_"]


def test_a_path_that_is_not_text_is_kept(world: World, tmp_path: Path) -> None:
    raw = os.fsencode(tmp_path) + b"/caf\xe9"
    os.mkdir(raw)
    machine = world.protect.add("web", [(None, os.fsdecode(raw))])
    assert machine.volumes[0].path.endswith("caf\\xe9")


def test_what_is_refused(world: World, tree: Path, tmp_path: Path) -> None:
    world.machine(tree)
    os.mkfifo(tmp_path / "pipe")
    add = world.protect.add
    with _refused("name-taken"):
        add("WEB", [(None, str(tree))])
    with _refused("name-forbidden"):
        add("a/b", [(None, str(tree))])
    with _refused("no-volumes"):
        add("x", [])
    with _refused("volume-gone"):
        add("x", [(None, str(tmp_path / "none"))])
    with _refused("volume-unsuitable"):
        add("x", [(None, str(tmp_path / "pipe"))])
    with _refused("volume-unsuitable"):
        add("x", [(None, "cmd: ")])
    with _refused("volume-twice"):
        add("x", [("one", "-"), ("two", "-")], interval_s=0)
    with _refused("stream-not-scheduled"):
        add("x", [("one", "-")], interval_s=60)
    with _refused("volume-in-repository"):
        add("x", [(None, str(world.data))])
    with _refused("volume-in-repository"):
        add("x", [(None, str(world.data / "repository"))])
    with _refused("volume-twice"):
        add("x", [(None, str(tree)), ("other", f"{tree}/")])
    with _refused("label-taken"):
        add("x", [("One", str(tree)), ("one", str(tmp_path))])
    with _refused("name-forbidden"):
        add("x", [("a:b", str(tree))])
    with _refused("no-such-repository"):
        add("x", [(None, str(tree))], repository="none")
    with _refused("interval-wrong"):
        add("x", [(None, str(tree))], interval_s=-1)
    assert [m.name for m in world.catalog.machines.list()] == ["web"]


def test_a_volume_around_the_repository_is_taken_and_noted(world: World, tmp_path: Path) -> None:
    world.machine(tmp_path)
    events, _ = world.catalog.events.page(limit=10)
    assert {event.code for event in events} >= {"repository-in-volume"}


def test_editing_keeps_the_ids_of_volumes(world: World, tree: Path, tmp_path: Path) -> None:
    (tmp_path / "moved").mkdir()
    before = world.protect.add("web", [("one", str(tree))])
    same_label = world.protect.edit("web", volumes=[("one", str(tmp_path / "moved"))])
    assert same_label.volumes[0].id == before.volumes[0].id
    assert same_label.volumes[0].path == str(tmp_path / "moved")
    relabelled = world.protect.edit("web", volumes=[("two", str(tmp_path / "moved")), (None, str(tree))])
    assert relabelled.volumes[0].id == before.volumes[0].id
    assert relabelled.volumes[1].id != before.volumes[0].id
    renamed = world.protect.edit("web", name="Web", interval_s=60, excludes=["*.tmp", " "])
    assert (renamed.name, renamed.interval_s, renamed.excludes) == ("Web", 60, ("*.tmp",))
    with _refused("volume-gone"):
        world.protect.edit("web", volumes=[("one", str(tmp_path / "none"))])


def test_a_paused_machine_is_not_due(world: World, tree: Path) -> None:
    world.protect.add("web", [(None, str(tree))], interval_s=60)
    assert world.protect.pause("web").next_due is None
    assert world.protect.due_backups(world.clock.now()) == []
    resumed = world.protect.resume("web")
    assert resumed.next_due == world.clock.now()


def test_due_backups_start_once_and_the_next_counts_from_the_start(world: World, tree: Path) -> None:
    clock = world.clock
    assert isinstance(clock, FixedClock)
    machine = world.protect.add("web", [(None, str(tree))], interval_s=3600)
    (job,) = world.protect.due_backups(clock.now())
    assert job.trigger is Trigger.SCHEDULE
    assert world.jobs.drain(30)
    assert world.protect.due_backups(clock.now()) == []
    assert world.catalog.jobs.get(job.id).state is JobState.SUCCEEDED
    due = world.catalog.machines.get(machine.id).next_due
    assert due == clock.now() + timedelta(hours=1)
    clock.forward(3 * 3600)
    (job,) = world.protect.due_backups(clock.now())
    assert world.jobs.drain(30)
    assert world.catalog.machines.get(machine.id).next_due == clock.now() + timedelta(hours=1)
    assert world.catalog.points.count(machine.id) == 2


def test_who_wants_a_backup_that_is_under_way_gets_that_one(
    world: World, tree: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    web = world.protect.add("web", [("tree", str(tree))])
    db = world.protect.add("db", [("tree", str(tree))], interval_s=0)
    going, on = threading.Event(), threading.Event()
    really = world.protect.backup

    def slow(*args: Any, **options: Any) -> dict[str, Any]:
        going.set()
        assert on.wait(60)
        return really(*args, **options)

    monkeypatch.setattr(world.protect, "backup", slow)
    [first] = world.protect.due_backups(world.clock.now())
    assert going.wait(60)
    asked = [world.protect.start_backup(machine.id).id for machine in (web, web, db)]
    assert asked[:2] == [first.id, first.id], "running or queued, the scheduled one is meant"
    assert asked[2] != first.id
    base = world.protect.start_backup(web.id, base=True)
    assert base.id != first.id, "a base is more than what is under way"
    assert world.protect.start_backup(web.id, base=True).id == base.id
    assert world.protect.start_backup(web.id).id == base.id, "the one that is queued sees the newest files"
    on.set()
    assert world.jobs.drain(60)
    assert (world.catalog.points.count(web.id), world.catalog.points.count(db.id)) == (2, 1)
    again = world.protect.start_backup(web.id)
    assert again.id not in (first.id, base.id)
    assert world.jobs.drain(60)


def test_a_job_gives_the_result_of_the_command(world: World, tree: Path) -> None:
    world.machine(tree)
    job = world.protect.start_backup("web", user="me")
    assert world.jobs.drain(30)
    ended = world.catalog.jobs.get(job.id)
    assert ended.state is JobState.SUCCEEDED
    assert ended.result is not None
    assert set(ended.result) >= {"point", "machine", "images", "duration_s", "warnings"}
    (image,) = ended.result["images"]
    assert set(image) >= {
        "volume",
        "id",
        "kind",
        "base_reason",
        "bytes_read",
        "bytes_new",
        "bytes_stored",
        "files",
        "files_unreadable",
    }
    assert (image["volume"], image["kind"], image["base_reason"], image["files"]) == ("tree", "base", "first", 1)


def test_a_backup_that_fails_is_due_again_later(world: World, tree: Path) -> None:
    machine = world.protect.add("web", [(None, str(tree))], interval_s=3600)
    os.unlink(tree / "f")
    tree.rmdir()
    job = world.protect.start_backup("web")
    assert world.jobs.drain(30)
    ended = world.catalog.jobs.get(job.id)
    assert ended.state is JobState.FAILED
    assert ended.failure is not None
    assert ended.failure.code == "volume-gone"
    assert world.catalog.points.count(machine.id) == 0
    assert world.catalog.machines.get(machine.id).next_due == world.clock.now() + timedelta(hours=1)


def test_removing_keeps_the_points_unless_told_otherwise(world: World, tree: Path) -> None:
    machine = world.machine(tree)
    world.backup(machine)
    assert world.protect.remove("web", delete_points=False) == 0
    kept = world.catalog.machines.get("web")
    assert kept.kind is MachineKind.RECOVERY_POINTS_ONLY
    with _refused("machine-not-protected"):
        world.protect.start_backup("web")
    with _refused("machine-not-protected"):
        world.protect.pause("web")
    assert world.protect.remove("web", delete_points=True) == 1
    assert world.catalog.machines.find("web") is None
    assert world.catalog.points.count() == 0


def test_removing_a_machine_without_points_removes_it(world: World, tree: Path) -> None:
    world.machine(tree)
    assert world.protect.remove("web", delete_points=False) == 0
    assert world.catalog.machines.find("web") is None


def test_a_replicated_machine_is_not_backed_up(world: World, tree: Path) -> None:
    machine = world.machine(tree)
    world.catalog.machines.update(replace(machine, kind=MachineKind.REPLICATED))
    with _refused("machine-not-protected"):
        world.protect.start_backup("web")
