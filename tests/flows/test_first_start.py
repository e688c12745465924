"""The wizard of a first start on real Cores: a first backup, or a Core that others can replicate to."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from pathlib import Path

import pytest

from console.domain.errors import Failed
from console.flows.fields import Choice, Facts, Note, Toggle
from console.flows.first_start import FirstStartFlow
from console.flows.protect.answers import NEW
from tests.support.cores import CoreProcess
from tests.support.flows import corded, ended, field, keys, plan_of, refused, walk
from tests.support.named_worlds import RunningWorld

Running = Callable[..., RunningWorld]
PASSWORD = "a long password"


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    tree = tmp_path / "files"
    tree.mkdir()
    (tree / "letter.txt").write_text("Dear all\n" * 500)
    return tree


def lines_of(flow: FirstStartFlow) -> list[list[str]]:
    return [shlex.split(line)[1:] for line in plan_of(flow).command.split(" && ")]


async def test_straight_through_to_the_first_backup(running_world: Running, tree: Path, tmp_path: Path) -> None:
    async with running_world("empty").client() as core:
        flow = FirstStartFlow(core)
        await flow.begin()
        assert field(flow, "role", Choice).value == "protects"
        await flow.forward()
        flow.answer("repository", NEW)
        flow.answer("new_name", "big")
        flow.answer("new_place", (str(tmp_path / "big"),))
        assert "replicate" not in keys(flow)
        await flow.forward()
        assert "volumes" in flow.problems()
        flow.answer("name", "laptop")
        flow.answer("folders", (str(tree),))
        await walk(flow, "summary")
        assert not flow.problems(), plan_of(flow).problems
        assert len((await core.repositories())["repositories"]) == 1, "nothing is done before the end"
        finished = await flow.finish()
        assert finished.page == "machine"
        await ended(core, finished)
        machine = await core.machine("laptop")
        assert machine["repository"] == "big"
        assert machine["points"], "one at least: the schedule may begin a backup of its own"
        repositories = (await core.repositories())["repositories"]
        assert [one["name"] for one in repositories if one["default"]] == ["big"]


async def test_the_commands_do_the_same(running_world: Running, tree: Path, tmp_path: Path) -> None:
    running = running_world("empty")
    async with running.client() as core:
        for user in (await core.users())["users"]:
            await core.remove_user(user["name"])
        flow = FirstStartFlow(core)
        await flow.begin()
        flow.answer("role", "both")
        await flow.forward()
        flow.answer("repository", NEW)
        flow.answer("new_name", "big")
        flow.answer("new_place", (str(tmp_path / "big"),))
        await flow.forward()
        flow.answer("name", "laptop")
        flow.answer("folders", (str(tree),))
        await walk(flow, "others")
        flow.answer("user", "boss")
        flow.answer("password", PASSWORD)
        flow.answer("again", PASSWORD)
        await flow.forward()
        assert PASSWORD not in repr(flow.answers) + repr(plan_of(flow))
        lines = lines_of(flow)
    assert [line[:2] for line in lines] == [
        ["repository", "create"],
        ["machine", "protect"],
        ["backup", "laptop"],
        ["user", "add"],
        ["core", "settings"],
    ]
    for line in lines:
        running.primary.ask(*line, stdin=PASSWORD)
    async with running.client() as core:
        machine = await core.machine("laptop")
        assert machine["repository"] == "big"
        assert machine["points"], "one at least: the schedule may begin a backup of its own"
        assert [(user["name"], user["role"]) for user in (await core.users())["users"]] == [("boss", "administrator")]


async def test_others_can_replicate_here(running_world: Running) -> None:
    running = running_world("empty")
    async with running.client() as core:
        for user in (await core.users())["users"]:
            await core.remove_user(user["name"])
        flow = FirstStartFlow(core)
        await flow.begin()
        flow.answer("role", "receives")
        await walk(flow, "others")
        assert field(flow, "nobody", Note).level == "warning"
        assert field(flow, "listen", Toggle).value
        certificate = await core.certificate()
        facts = dict(field(flow, "reach", Facts).facts)
        assert facts["Words"] == " ".join(certificate["words"])
        flow.answer("user", "con")
        assert set(flow.problems()) == {"user", "password"}
        flow.answer("user", "boss")
        flow.answer("password", PASSWORD)
        assert set(flow.problems()) == {"again"}
        flow.answer("again", PASSWORD)
        flow.answer("listen", False)
        await flow.forward()
        finished = await flow.finish()
        assert " ".join(certificate["words"]) in finished.text
        assert "boss" in finished.text
        assert PASSWORD not in finished.text
        await flow.finish()
        assert len((await core.users())["users"]) == 1, "finishing again adds nobody"
    other: CoreProcess = running_world("one-machine").primary
    found = other.ask(
        *("replication", "pair", f"127.0.0.1:{running.primary.port}", "--user", "boss", "--password-stdin"),
        *("--fingerprint", certificate["fingerprint"]),
        stdin=PASSWORD,
    )
    assert found["pairing"]


async def test_everything_can_be_skipped(running_world: Running) -> None:
    async with running_world("empty").client() as core:
        for role in ("protects", "receives", "both"):
            flow = FirstStartFlow(core)
            await flow.begin()
            flow.answer("role", role)
            await flow.forward()
            await flow.forward()
            if flow.step.key == "machine":
                flow.answer("when", "later")
                assert keys(flow) == {"when"}
                await flow.forward()
            if flow.step.key == "others":
                flow.answer("listen", False)
                await flow.forward()
            assert flow.last
            assert plan_of(flow).sentences
            assert plan_of(flow).command == ""
            finished = await flow.finish()
            assert finished.page == "home"
            assert finished.text
        assert (await core.machines())["machines"] == []
        assert len((await core.repositories())["repositories"]) == 1


async def test_a_core_without_a_repository_gets_one(running_world: Running, tmp_path: Path) -> None:
    async with running_world("empty").client() as core:
        await core.remove_repository("default")
        flow = FirstStartFlow(core)
        await flow.begin()
        flow.answer("role", "receives")
        await flow.forward()
        assert field(flow, "repository", Choice).value == NEW
        await refused(flow, "answers-missing")
        flow.answer("new_name", "big")
        flow.answer("new_place", (str(tmp_path / "big"),))
        await walk(flow, "summary")
        await flow.finish()
        [made] = (await core.repositories())["repositories"]
        assert (made["name"], made["default"]) == ("big", True)


async def to_the_start(flow: FirstStartFlow) -> None:
    while flow.number:
        await flow.back()


async def test_going_back_and_choosing_another_role(running_world: Running, tree: Path) -> None:
    async with running_world("empty").client() as core:
        flow = FirstStartFlow(core)
        await flow.begin()
        await walk(flow, "machine")
        flow.answer("name", "laptop")
        flow.answer("folders", (str(tree),))
        await walk(flow, "summary")
        await to_the_start(flow)
        flow.answer("role", "receives")
        await walk(flow, "summary")
        assert not any("laptop" in sentence for sentence in plan_of(flow).sentences)
        await flow.finish()
        assert (await core.machines())["machines"] == []
        await to_the_start(flow)
        flow.answer("role", "protects")
        await walk(flow, "summary")
        await ended(core, await flow.finish())
        assert (await core.machine("laptop"))["points"]


async def test_the_core_may_go_and_come_back(running_world: Running, tree: Path) -> None:
    async with running_world("empty").client() as core:
        cord = corded(core)
        flow = FirstStartFlow(core)
        await flow.begin()
        flow.answer("role", "both")
        while not flow.last:
            if flow.step.key == "machine":
                flow.answer("name", "laptop")
                flow.answer("folders", (str(tree),))
            answers = flow.answers
            if flow.step.key != "schedule":  # exclusions are asked of nobody
                cord.cut = True
                await refused(flow, "core-unreachable")
                cord.cut = False
                assert flow.answers == answers
            await flow.forward()
        cord.cut = True
        with pytest.raises(Failed):
            await flow.finish()
        cord.cut = False
        await ended(core, await flow.finish())
