"""Commands around a backup: what they are told, what becomes of the point, and what others learn of them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from console.domain.errors import Cancelled, Failed
from console.domain.jobs import JobState
from console.domain.objects import Kind
from console.domain.progress import Silent
from console.repository.records import decode_record
from tests.support.trees import Dir, File, plant
from tests.support.worlds import World, codes


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with World(tmp_path / "data") as world:
        yield world


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    return plant(tmp_path / "a tree", Dir({b"f": File(b"x")}))


def test_commands_run_around_the_reading_and_know_what_for(world: World, tree: Path, tmp_path: Path) -> None:
    seen = tmp_path / "seen"
    before = f"echo before > '{tree}/made'; env | grep ^REPLICORE_ | sort > {seen}"
    after = f"rm '{tree}/made'; echo \"$REPLICORE_RESULT $REPLICORE_POINT\" >> {seen}"
    machine = world.machine(tree, before=before, after=after)
    result, said = world.backup(machine)
    assert world.entry(result, b"made").inline == b"before\n"
    assert not (tree / "made").exists()
    assert codes(said) == []
    told = dict(line.split("=", 1) for line in seen.read_text().splitlines()[:-1])
    assert told == {
        "REPLICORE_MACHINE": "web",
        "REPLICORE_MACHINE_ID": machine.id,
        "REPLICORE_VOLUMES": str(tree),
        "REPLICORE_POINT": result["point"],
    }
    assert seen.read_text().splitlines()[-1] == f"made {result['point']}"


def test_a_command_may_bring_the_volume(world: World, tree: Path, tmp_path: Path) -> None:
    away = tmp_path / "away"
    world.machine(tree, before=f"mv {away} '{tree}'", after=f"mv '{tree}' {away}")
    tree.rename(away)
    result, _ = world.backup(world.catalog.machines.get("web"))
    assert result["images"][0]["files"] == 1
    assert away.exists()


def test_when_the_command_before_fails_there_is_no_point_and_the_other_runs(
    world: World, tree: Path, tmp_path: Path
) -> None:
    after = tmp_path / "after"
    machine = world.machine(tree, before="echo secret >&2; exit 9", after=f"echo $REPLICORE_RESULT > {after}")
    with pytest.raises(Failed, match=r"exit status 9.*\[before-command-failed\]$") as known:
        world.backup(machine)
    assert "secret" not in str(known.value)
    assert after.read_text() == "failed\n"
    assert world.catalog.points.count(machine.id) == 0


def test_a_command_that_does_not_end_is_ended(world: World, tree: Path) -> None:
    machine = world.machine(tree, before="sleep 300", command_timeout_s=1)
    with pytest.raises(Failed, match=r"took too long.*\[before-command-failed\]$"):
        world.backup(machine)


def test_the_command_after_only_warns(world: World, tree: Path) -> None:
    result, said = world.backup(world.machine(tree, after="exit 1"))
    assert codes(said) == ["after-command-failed"]
    assert [warning["code"] for warning in result["warnings"]] == ["after-command-failed"]
    assert result["warning_count"] == 1
    assert world.point(result).images


def test_the_command_after_runs_when_a_backup_is_cancelled(world: World, tree: Path, tmp_path: Path) -> None:
    class Impatient(Silent):
        def check(self) -> None:
            raise Cancelled

    after = tmp_path / "after"
    (tree / "d").mkdir()
    machine = world.machine(tree, after=f"echo $REPLICORE_RESULT > {after}")
    with pytest.raises(Cancelled):
        world.backup(machine, reporter=Impatient())
    assert after.read_text() == "failed\n"


def test_the_log_has_what_it_said_and_nobody_else_learns_its_line(world: World, tree: Path) -> None:
    machine = world.machine(tree, before="echo said so; : password1", after="echo and so; : password2")
    job = world.protect.start_backup(machine.id)
    version = 0
    while not job.state.ended:
        job, version = world.jobs.wait(job.id, version, 60)
    assert job.state is JobState.SUCCEEDED
    log = "\n".join(line.text for line in world.catalog.jobs.log(job.id))
    assert "[before] said so" in log
    assert "[after] and so" in log
    [record] = world.repository.records(Kind.RECORD)
    plain = world.repository.read(record)
    assert decode_record(plain).machine.options.before == ""
    told = [log, plain.decode("latin-1"), *(event.message for event in world.catalog.events.page(limit=50)[0])]
    assert not any("password" in text for text in told)
