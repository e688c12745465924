"""A command at work in this process: whose Core it finds, what Ctrl-C does, what it waits for."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock

from console.assemble import House
from console.cli import interrupts, progress
from console.cli.interrupts import Interrupts
from console.cli.main import run
from console.cli.parts import Reached
from console.client import holding
from console.client.client import Client
from console.client.inside import InsideTransport
from console.client.local import knocked, read_core, read_token
from console.domain.answers import JobAnswer
from console.domain.errors import Failed
from console.domain.jobs import JobKind, JobState
from console.engine.core import Core
from console.engine.jobs import JobReporter
from console.service.app import close, create_app
from tests.cli.fakes import NoCore


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"


async def test_the_second_to_come_knocks_and_talks_to_the_first(data: Path) -> None:
    async with House().reach(data) as first:
        assert read_core(data) is None
        async with House().reach(data) as second:
            assert first.guest is not None
            assert second.guest is None
            mine, theirs = await first.client.status(), await second.client.status()
            assert mine["id"] == theirs["id"]
            assert theirs["mode"] == "command"
            assert theirs["address"].startswith("127.0.0.1:")
    assert read_core(data) is None
    assert not knocked(data)
    async with House().reach(data) as third:
        assert third.guest is not None


async def test_one_that_holds_and_never_answers_is_named(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(holding, "ANSWER_S", 0.2)
    data.mkdir()
    with FileLock(data / "lock"):
        with pytest.raises(Failed) as caught:
            async with House().reach(data):
                raise AssertionError("it was let in")
        with pytest.raises(Failed) as served:
            await asyncio.to_thread(House().serve, data, None, print)
    for error in (caught, served):
        assert error.value.failure.code == "data-directory-in-use"
        assert str(data) in error.value.failure.message


async def test_a_file_left_by_a_core_that_died_misleads_nobody(data: Path) -> None:
    data.mkdir()
    (data / "core.json").write_text('{"host": "127.0.0.1", "port": 9, "pid": 1, "fingerprint": "AB"}')
    async with House().reach(data) as reached:
        assert reached.guest is not None


async def test_a_first_use_sets_up_what_only_its_owner_may_read(data: Path) -> None:
    assert not House().is_set_up(data)
    async with House().reach(data):
        pass
    assert House().is_set_up(data)
    if os.name == "posix":
        assert data.stat().st_mode & 0o077 == 0
        assert (data / "token").stat().st_mode & 0o077 == 0
        assert (data / "lock").stat().st_mode & 0o077 == 0


class OneCore(NoCore):
    """A house whose Core is given; `guest` as `Reached` has it."""

    def __init__(self, core: Core, guest: Any = None) -> None:
        self.core = core
        self.app = create_app(core)
        self.guest = guest
        self.reached = 0

    @asynccontextmanager
    async def reach(self, data: Path, *, mend: bool = False) -> AsyncIterator[Reached]:  # type: ignore[override]
        self.reached += 1
        client = Client(InsideTransport(self.app), read_token(self.core.data))
        yield Reached(client, self.guest)
        await client.close()


@pytest.fixture
def core(data: Path) -> Iterator[Core]:
    core = Core(data, name="here")
    yield core
    core.stop()


@pytest.fixture
def house(core: Core) -> Iterator[OneCore]:
    house = OneCore(core)
    yield house
    core.jobs.stop()
    core.feed.close()
    close(house.app)


def endless(core: Core) -> str:
    """A job that ends only when it is cancelled; its id."""
    tick = threading.Event()

    def work(reporter: JobReporter) -> dict[str, Any]:
        reporter.phase("Waiting")
        while True:
            reporter.check()
            tick.wait(0.01)

    return core.jobs.submit(JobKind.BACKUP, "nothing", work).id


class PressesCtrlC:
    """Progress that presses Ctrl-C when it is shown for the first time: by then the command waits."""

    def __init__(self) -> None:
        self.pressed = False

    def update(self, job: JobAnswer) -> None:
        if not self.pressed and job["state"] == "running":
            self.pressed = True
            signal.raise_signal(signal.SIGINT)

    def close(self) -> None:
        return


def test_ctrl_c_cancels_the_job_and_waits_for_its_end(
    core: Core, house: OneCore, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(progress, "shown", lambda _: PressesCtrlC())
    job = endless(core)
    assert run(["--json", "job", "wait", job], house) == 130
    out, err = capsys.readouterr()
    assert json.loads(out)["state"] == "cancelled"
    assert json.loads(err.splitlines()[-1])["error"]["code"] == "cancelled"
    assert core.jobs.get(job).state is JobState.CANCELLED


async def test_a_second_ctrl_c_leaves_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    wished, left = asyncio.Event(), asyncio.Event()
    codes: list[int] = []

    def leave(code: int) -> None:
        codes.append(code)
        left.set()

    monkeypatch.setattr(interrupts.os, "_exit", leave)
    async with asyncio.timeout(30):
        with Interrupts(wished.set):
            signal.raise_signal(signal.SIGINT)
            await wished.wait()
            assert codes == []
            signal.raise_signal(signal.SIGINT)
            await left.wait()
    assert codes == [130]


def test_who_waits_finds_the_core_again(
    core: Core, house: OneCore, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The Core lived in a command that has ended; another one has the directory now."""
    from console.client.transport import core_unreachable

    job = core.jobs.submit(JobKind.BACKUP, "nothing", lambda _: {"point": "x"}).id
    assert core.jobs.drain(30)
    watch = Client.watch
    lost: list[str] = []

    async def cut(self: Client, job: str) -> AsyncIterator[JobAnswer]:
        if not lost:
            lost.append(job)
            raise core_unreachable("127.0.0.1:1", "it is gone.")
        async for state in watch(self, job):
            yield state

    monkeypatch.setattr(Client, "watch", cut)
    assert run(["--json", "job", "wait", job], house) == 0
    assert json.loads(capsys.readouterr().out)["state"] == "succeeded"
    assert (len(lost), house.reached) == (1, 2)


class BusyGuest:
    """A Core in this process with jobs that followed; they end when they have been asked for twice."""

    def __init__(self) -> None:
        self.asked = 0

    def busy(self) -> int:
        return 2

    async def drained(self, timeout: float) -> bool:
        self.asked += 1
        return self.asked == 2


def test_what_follows_a_command_is_waited_for(house: OneCore, capsys: pytest.CaptureFixture[str]) -> None:
    guest = BusyGuest()
    house.guest = guest
    assert run(["machine", "list"], house) == 0
    assert guest.asked == 2
    assert "Waiting for 2 jobs that followed" in capsys.readouterr().err
    guest.asked = 0
    assert run(["--json", "machine", "list"], house) == 0
    out, err = capsys.readouterr()
    assert json.loads(out) == {"machines": [], "next": None}
    assert json.loads(err) == {"waiting_for_jobs": 2}


def test_backups_of_several_machines_are_one_document(
    core: Core, house: OneCore, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("web", "mail"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "text").write_text(name)
        assert (
            run(["--json", "machine", "protect", name, "--volume", str(tmp_path / name), "--every", "off"], house) == 0
        )
    capsys.readouterr()
    assert run(["--json", "backup", "web", "mail"], house) == 0
    both = json.loads(capsys.readouterr().out)
    assert [one["machine"] for one in both["backups"]] == ["web", "mail"]
    assert run(["--json", "backup", "web", "--replicate"], house) == 5
    out, err = capsys.readouterr()
    assert (out, json.loads(err)["error"]["code"]) == ("", "not-replicated")
    (tmp_path / "mail" / "text").unlink()
    (tmp_path / "mail").rmdir()
    code = run(["--json", "backup", "web", "mail"], house)
    out, err = capsys.readouterr()
    both = json.loads(out)
    assert both["backups"][0]["point"]
    assert both["backups"][1]["point"] is None
    assert both["backups"][1]["error"]["code"] == json.loads(err.splitlines()[-1])["error"]["code"]
    assert code == 1
    assert run(["--json", "backup", "mail"], house) == 1
    assert capsys.readouterr().out == ""


def test_deleting_wants_yes_where_nobody_can_be_asked(
    core: Core, house: OneCore, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "text").write_text("text")
    run(
        ["--json", "machine", "protect", "web", "--volume", str(tmp_path / "text").rsplit("/", 1)[0], "--every", "off"],
        house,
    )
    run(["--json", "backup", "web"], house)
    capsys.readouterr()
    point = core.catalog.points.page()[0][0].id
    for words in (["point", "delete", point], ["machine", "remove", "web", "--delete-points"]):
        assert run(["--json", *words], house) == 2
        error = json.loads(capsys.readouterr().err)["error"]
        assert error["code"] == "confirmation-required"
        assert "1 recovery point of “web”" in error["message"]
    assert core.catalog.points.count() == 1
    assert run(["--json", "machine", "remove", "web"], house) == 0
    assert json.loads(capsys.readouterr().out)["kind"] == "recovery-points-only"
    assert run(["--json", "point", "delete", point, "--yes"], house) == 0
    assert json.loads(capsys.readouterr().out) == {"points_deleted": 1}


def test_people_get_sentences_and_tables(house: OneCore, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "tree").mkdir()
    (tmp_path / "tree" / "text").write_text("a line")

    def said(*words: str) -> str:
        assert run(words, house) == 0, words
        return capsys.readouterr().out

    protected = said("machine", "protect", "web", "--volume", f"tree={tmp_path / 'tree'}", "--every", "4h")
    assert "“web” is protected" in protected
    assert "every 4h" in protected
    assert "Recovery point" in said("backup", "web")
    assert said("--quiet", "backup", "web") == ""
    assert "whole" in said("point", "list")
    for noun_and_verb in (
        "core status",
        "core settings",
        "core certificate",
        "machine list",
        "machine show web",
        "machine edit web --every off",
        "machine pause web",
        "machine resume web",
        "repository list",
        "repository show default",
        "repository check",
        "job list",
        "event list",
        "event dismiss --all",
        "user list",
        "replication list",
        "seed list",
    ):
        assert said(*noun_and_verb.split()).strip(), noun_and_verb
    point = said("point", "list").splitlines()[2].split()[0]
    facts = " ".join(said("point", "show", point).split())
    assert "Restorable volume" in facts
    assert "Sealed with nothing" in facts
    assert "text" in said("point", "files", point)
    assert "1 file restored" in said("restore", "files", point, "--to", str(tmp_path / "restored"))
    job = said("job", "list").splitlines()[2].split()[0]
    assert "succeeded" in said("job", "show", job)
    assert said("job", "log", job).strip()
