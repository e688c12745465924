"""A repository is moved while it is in use; whatever interrupts that, one directory or the other is the repository."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from console.domain.errors import Failed
from console.domain.jobs import JobKind, JobState, Trigger
from console.domain.objects import Kind
from console.domain.progress import Silent
from console.engine.core import Core
from console.repository import Repository, moving
from console.repository.storage import LocalStorage
from tests.repository.builders import content, store
from tests.support.clock import FixedClock
from tests.support.faulty_storage import Faults, FaultyStorage


@pytest.fixture
def core(tmp_path: Path) -> Iterator[Core]:
    tree = tmp_path / "tree"
    tree.mkdir()
    for number in range(5):
        (tree / f"file {number}").write_bytes(random.Random(number).randbytes(150_000))
    core = Core(tmp_path / "core", clock=FixedClock(), name="here")
    core.protect.add("web", [("tree", str(tree))], interval_s=0)
    yield core
    core.stop()


def back_up(core: Core) -> str:
    return str(core.protect.backup(core.catalog.machines.get("web"), base=False, reporter=Silent())["point"])


def move(core: Core, to: Path) -> dict[str, Any]:
    return core.move.run(core.repositories.info("default"), to, Silent())


def start_and_run(core: Core, to: Path) -> None:
    core.move.start("default", to)
    move(core, to)


def whole(core: Core) -> None:
    info = core.repositories.info("default")
    report = core.check.repository(info, read_data=True, reporter=Silent())
    assert (report["damaged"], report["missing_packs"], report["objects"] > 5) == ([], [], True)


def test_everything_goes_on_at_the_new_place(core: Core, tmp_path: Path) -> None:
    back_up(core)
    repository = core.repositories.open("default")
    old = repository.path
    session = repository.session()
    put = session.put(Kind.CHUNK, b"before the move" * 99)
    reading = repository.read_many(sorted(repository.records(Kind.CHUNK)))
    next(reading)
    result = move(core, tmp_path / "elsewhere")
    assert (result["old_removed"], Path(result["to"])) == (True, tmp_path / "elsewhere")
    assert not old.exists()
    assert sum(1 for _ in reading) == 4
    session.put(Kind.CHUNK, b"after the move" * 99)
    session.flush()
    assert repository.read(put.id) == b"before the move" * 99
    back_up(core)
    whole(core)
    assert not (tmp_path / "elsewhere" / moving.MOVING).exists()
    core.repositories.close()
    whole(core)
    assert back_up(core)


def test_only_what_is_ours_goes(core: Core, tmp_path: Path) -> None:
    back_up(core)
    old = core.repositories.open("default").path
    (old / "notes.txt").write_text("mine")
    result = move(core, tmp_path / "elsewhere")
    assert not result["old_removed"]
    assert [path.name for path in old.rglob("*")] == ["notes.txt"]


def test_places_that_will_not_do(core: Core, tmp_path: Path) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "file").write_text("here")
    core.repositories.create("other", tmp_path / "other")
    home = core.repositories.info("default").path
    for to, code in (
        (tmp_path / "full", "directory-not-empty"),
        (tmp_path / "other" / "x", "repository-inside-repository"),
        (Path(home) / "inside", "repository-inside-repository"),
        (Path(home), "already-there"),
    ):
        with pytest.raises(Failed) as known:
            start_and_run(core, to)
        assert known.value.failure.code == code


def test_interrupted_it_goes_on(core: Core, tmp_path: Path) -> None:
    back_up(core)
    repository = core.repositories.open("default")
    to = tmp_path / "elsewhere"
    faults = Faults()

    def storage(path: Path) -> FaultyStorage:
        return FaultyStorage(LocalStorage(path), faults)

    faults.error = 28
    with pytest.raises(Failed) as known:
        repository.move(to, Silent(), lambda: None, storage=storage)
    assert known.value.failure.code == "repository-full"
    faults.error = None

    def refuse() -> None:
        raise RuntimeError("killed before the catalog knew")

    with pytest.raises(RuntimeError):
        repository.move(to, Silent(), refuse, storage=storage)
    back_up(core)
    whole(core)
    assert not (to / "replicore-repository.json").exists(), "the old one is the repository still"
    move(core, to)
    whole(core)


def test_what_is_left_of_the_old_one_goes_at_the_next_start(
    core: Core, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    back_up(core)
    old, to = core.repositories.open("default").path, tmp_path / "elsewhere"

    def killed(*_: object) -> bool:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(moving, "remove", killed)
        with pytest.raises(KeyboardInterrupt):
            move(core, to)
    assert old.exists()
    core.repositories.close()
    whole(core)
    core.move.start("default", to)
    core.jobs.drain(60)
    assert not old.exists()
    assert core.repositories.info("default").path == str(to)
    whole(core)


def test_a_move_that_was_cut_off_after_the_switch_is_finished_by_the_next_start(
    core: Core, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    back_up(core)
    old, to = core.repositories.open("default").path, tmp_path / "elsewhere"

    def killed(*_: object) -> bool:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(moving, "remove", killed)
        with pytest.raises(KeyboardInterrupt):
            move(core, to)
    core.stop()
    again = Core(tmp_path / "core", clock=FixedClock(), name="here")
    try:
        assert old.exists()
        again.calendar.tick()
        assert again.jobs.drain(60)
        [job], _ = again.catalog.jobs.page(kind=JobKind.REPOSITORY_MOVE)
        assert (job.state, job.trigger) == (JobState.SUCCEEDED, Trigger.RETRY)
        assert not old.exists()
        assert moving.begun(to) is None
        whole(again)
        again.calendar.tick()
        assert again.jobs.busy() == 0, "there is nothing to finish twice"
    finally:
        again.stop()


def test_a_move_that_was_cut_off_before_the_switch_is_left_to_whoever_began_it(core: Core, tmp_path: Path) -> None:
    back_up(core)
    to = tmp_path / "elsewhere"
    moving.prepare(to, core.repositories.open("default").id, core.repositories.open("default").path)
    core.move.tidy()
    assert core.jobs.busy() == 0
    assert core.repositories.open("default").path != to
    whole(core)


def test_a_second_process_is_refused_whoever_it_is(core: Core, tmp_path: Path) -> None:
    path = core.repositories.open("default").path
    script = f"""
from pathlib import Path
from console.domain.errors import Failed
from console.repository import Repository
try:
    Repository.open(Path({str(path)!r}))
except Failed as known:
    print(known.failure.code, "|", known.failure.message, "|", known.failure.hint)
"""
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, env={**os.environ}, timeout=240
    )
    code, message, hint = done.stdout.split(" | ")
    assert code == "repository-in-use"
    assert str(path) in message
    assert hint.strip()
    other = Core(tmp_path / "another", clock=FixedClock(), name="there")
    try:
        with pytest.raises(Failed) as known:
            other.repositories.adopt("stolen", path)
        assert known.value.failure.code == "repository-in-use"
    finally:
        other.stop()
    core.repositories.close()
    with Repository.open(path) as opened:
        store(opened, [content(1)])
