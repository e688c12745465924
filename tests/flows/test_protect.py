"""The protect wizard on real Cores: a machine is protected and backed up, and what cannot be is said before."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from pathlib import Path

import pytest

from console.domain.answers import PointKeyAnswer
from console.domain.errors import Failed
from console.flows.fields import Choice, Folders, Note, Number, Pick, Text
from console.flows.protect import ProtectFlow
from console.flows.protect.answers import NEW
from console.flows.unlocking import Unlocking
from tests.support.flows import corded, ended, field, keys, plan_of, refused, walk
from tests.support.named_worlds import RunningWorld

Running = Callable[..., RunningWorld]
SENTENCE = "three tired cats under a table"


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    tree = tmp_path / "two words"
    tree.mkdir()
    (tree / "letter.txt").write_text("Dear all\n" * 500)
    (tree / "rubbish.cache").write_bytes(bytes(5000))
    return tree


def commands_of(flow: ProtectFlow) -> list[list[str]]:
    """The words of each equal command line, without the program's name."""
    lines = [shlex.split(line) for line in plan_of(flow).command.split(" && ")]
    assert all(line[0] == "replicore" for line in lines)
    return [line[1:] for line in lines]


async def test_straight_through_to_the_first_point(running_world: Running, tree: Path) -> None:
    async with running_world("empty").client() as core:
        flow = ProtectFlow(core)
        await flow.begin()
        assert field(flow, "name", Text).value, "the machine's own name is proposed"
        assert field(flow, "volumes", Pick).columns
        assert set(flow.problems()) == {"volumes"}
        await refused(flow, "answers-missing")
        flow.answer("name", "laptop")
        flow.answer("folders", (str(tree),))
        await flow.forward()
        assert field(flow, "minutes", Number).value == 60
        flow.answer("minutes", 240)
        await flow.forward()
        flow.answer("excludes", "*.cache\n\n  *.iso\n")
        flow.answer("markers", "a/b")
        assert set(flow.problems()) == {"markers"}
        flow.answer("markers", ".nobackup  .skip")
        flow.answer("caches", True)
        await flow.forward()
        assert (flow.step.key, keys(flow)) == ("options", {"before", "after", "snapshot", "compression"})
        flow.answer("before", f"touch '{tree}/.nobackup' '{tree}/made'")
        assert "timeout" in keys(flow)
        flow.answer("timeout", 0)
        assert set(flow.problems()) == {"timeout"}
        flow.answer("timeout", 30)
        compression = field(flow, "compression", Choice)
        assert (compression.value, [one.label for one in compression.options]) == (
            "1",
            ["Quick (1)", "Balanced (3)", "Small (9)", "Smallest (19)"],
        )
        await flow.forward()
        assert len(field(flow, "repository", Choice).options) == 2
        await flow.forward()
        assert [one.value for one in field(flow, "key", Choice).options] == ["-", NEW]
        await flow.forward()
        plan = plan_of(flow)
        assert flow.last
        assert not flow.problems()
        assert any(str(tree) in sentence for sentence in plan.sentences)
        assert not any("compressed" in sentence for sentence in plan.sentences)
        assert "--compression" not in plan.command
        assert "The first backup takes about" in dict(plan.facts)
        assert (await core.machines())["machines"] == [], "nothing is done before the end"
        finished = await flow.finish()
        assert (finished.page, finished.then) == ("machine", "")
        job = await ended(core, finished)
        machine = await core.machine("laptop")
        assert finished.id == machine["id"]
        assert (machine["interval_s"], machine["excludes"]) == (240 * 60, ["*.cache", "*.iso"])
        assert job["result"] is not None
        files = await core.files(job["result"]["point"])
        assert [file["path"] for file in files["files"]] == [".nobackup", "letter.txt", "made"]
        assert machine["options"] == {
            "one_file_system": True,
            "caches": True,
            "markers": [".nobackup", ".skip"],
            "before": f"touch '{tree}/.nobackup' '{tree}/made'",
            "after": "",
            "command_timeout_s": 30,
            "snapshot": True,
            "compression": 1,
        }


async def test_the_command_does_the_same(running_world: Running, tree: Path, tmp_path: Path) -> None:
    running = running_world("empty")
    async with running.client() as core:
        flow = ProtectFlow(core)
        await flow.begin()
        flow.answer("name", "first one")
        flow.answer("folders", (str(tree),))
        await flow.forward()
        flow.answer("schedule", "off")
        assert "minutes" not in keys(flow)
        await flow.forward()
        flow.answer("excludes", "*.cache")
        flow.answer("markers", ".nobackup")
        flow.answer("cross", True)
        await flow.forward()
        flow.answer("after", "echo 'all done'")
        flow.answer("snapshot", False)
        flow.answer("compression", "9")
        await flow.forward()
        flow.answer("repository", NEW)
        assert set(flow.problems()) == {"new_name", "new_place"}
        flow.answer("new_name", "big")
        flow.answer("new_place", (str(tmp_path / "a repository"),))
        flow.answer("replicate", True)
        await walk(flow, "summary")
        assert not flow.problems(), plan_of(flow).problems
        assert "They are compressed as “Small (9)”." in plan_of(flow).sentences
        assert "The first backup takes at least" in dict(plan_of(flow).facts), "the Core foresees what reading takes"
        create, protect, backup = commands_of(flow)
        assert protect[protect.index("--compression") + 1] == "9"
        finished = await flow.finish()
        assert finished.then == "replication"
        await ended(core, finished)
        machine = await core.machine("first one")
        assert (machine["repository"], machine["interval_s"]) == ("big", 0)
    other = running_world("empty").primary
    other.ask(*[str(tmp_path / "another") if word.endswith("a repository") else word for word in create])
    made = other.ask(*protect)
    other.ask(*backup)
    for key in ("name", "interval_s", "excludes", "repository", "options"):
        assert made[key] == machine[key], key
    assert [v["path"] for v in made["volumes"]] == [v["path"] for v in machine["volumes"]]


async def test_disks_and_streams_by_their_names(running_world: Running, tmp_path: Path) -> None:
    disk = tmp_path / "disk.img"
    disk.write_bytes(bytes(300_000) + b"data")
    async with running_world("empty").client() as core:
        flow = ProtectFlow(core)
        await flow.begin()
        flow.answer("name", "vm")
        for wrong in ("disk.img", "-", "cmd:", "db=cmd: ", "name=relative"):
            flow.answer("others", f"{disk}\n{wrong}")
            assert set(flow.problems()) == {"others"}, wrong
        flow.answer("others", f"\n  {disk}\ndb=cmd:echo 'a dump' = all\n{tmp_path}/gone.img")
        await walk(flow, "summary")
        assert [problem.code for problem in plan_of(flow).problems] == ["volume-gone"]
        while flow.number:
            await flow.back()
        flow.answer("others", f"{disk}\ndb=cmd:echo 'a dump' = all")
        flow.answer("name", "vm")
        await walk(flow, "summary")
        assert not plan_of(flow).problems
        protect, _ = commands_of(flow)
        assert protect[3:7] == ["--volume", str(disk), "--volume", "db=cmd:echo 'a dump' = all"]
        job = await ended(core, await flow.finish())
        machine = await core.machine("vm")
        assert [(v["label"], v["source"]) for v in machine["volumes"]] == [("disk", "image"), ("db", "stream")]
        assert job["result"] is not None
        files = await core.files(job["result"]["point"])
        assert [(file["path"], file["size"]) for file in files["files"]] == [("disk.img", 300_004), ("db", 13)]


async def test_a_new_key_seals_from_the_first_point_on(running_world: Running, tree: Path) -> None:
    running = running_world("empty")
    async with running.client() as core:
        flow = ProtectFlow(core)
        await flow.begin()
        flow.answer("name", "laptop")
        flow.answer("folders", (str(tree),))
        await walk(flow, "encryption")
        flow.answer("key", NEW)
        assert set(flow.problems()) == {"key_name", "key_passphrase"}
        flow.answer("key_name", "office")
        flow.answer("key_passphrase", "office 2026")
        assert "12 characters" in flow.problems()["key_passphrase"]
        assert "12 characters" in field(flow, "key_passphrase", Text).explain
        assert field(flow, "key_passphrase", Text).secret
        flow.answer("key_passphrase", SENTENCE)
        flow.answer("key_again", SENTENCE[:-1])
        assert set(flow.problems()) == {"key_again"}
        flow.answer("key_again", SENTENCE)
        assert SENTENCE not in repr(flow.answers)
        await flow.forward()
        plan = plan_of(flow)
        assert any("sealed with the key “office”" in sentence for sentence in plan.sentences)
        assert SENTENCE not in plan.command
        create, protect, _ = commands_of(flow)
        assert create == ["key", "create", "office"]
        assert protect[-2:] == ["--key", "office"]
        assert (await core.keys())["keys"] == [], "nothing is done before the end"
        # The name is taken meanwhile: the key is made, the machine is not. The next try goes on with that key.
        await core.protect("laptop", [(None, str(tree))], interval_s=0)
        with pytest.raises(Failed):
            await flow.finish()
        assert (flow.answers.key_passphrase, flow.answers.key_again) == ("", ""), "it is not kept any longer"
        await core.remove_machine("laptop")
        job = await ended(core, await flow.finish())
        assert job["result"] is not None
        point = await core.point(job["result"]["point"])
        assert [key["name"] for key in point["keys"]] == ["office"]
        assert (await core.test_key("office", SENTENCE))["passed"]


async def test_a_key_that_is_there_is_chosen_and_a_locked_one_unlocked(running_world: Running, tree: Path) -> None:
    running = running_world("empty")
    async with running.client() as core:
        office = await core.create_key("office", SENTENCE)
        branch = await core.create_key("branch", SENTENCE)
        await core.set_key_type("branch", "replication")
        await core.lock_key("branch")
        cord = corded(core)
        flow = ProtectFlow(core)
        await flow.begin()
        flow.answer("name", "laptop")
        flow.answer("folders", (str(tree),))
        await walk(flow, "repository")
        cord.cut = True
        await refused(flow, "core-unreachable")
        cord.cut = False
        await flow.forward()
        assert [one.value for one in field(flow, "key", Choice).options] == ["-", branch["id"], office["id"], NEW]
        asked = f"passphrase:{branch['id']}"
        flow.answer("key", branch["id"])
        assert flow.problems() == {asked: "Type the passphrase."}
        flow.answer(asked, SENTENCE + "?")
        await refused(flow, "wrong-passphrase")
        flow.answer(asked, SENTENCE)
        await flow.forward()
        assert (await core.key("branch"))["state"] == "unlocked", "the backups to come need it, whoever is there"
        assert commands_of(flow)[0][-2:] == ["--key", "branch"]
        await flow.back()
        assert asked not in keys(flow)
        flow.answer("key", NEW)
        flow.answer("key_name", "Branch")
        flow.answer("key_passphrase", SENTENCE)
        assert "There is a key" in flow.problems()["key_name"]
        flow.answer("key", office["id"])
        assert flow.answers.key_passphrase == ""
        await flow.forward()
        protect = commands_of(flow)[0]
        assert protect[-2:] == ["--key", "office"]
        await flow.back()
        assert field(flow, "key", Choice).value == office["id"]
        # It is locked while somebody thinks: its passphrase is wanted now.
        await core.set_key_type("office", "replication")
        await core.lock_key("office")
        await flow.back()
        await flow.forward()
        assert field(flow, "key", Choice).value == office["id"]
        assert list(flow.problems()) == [f"passphrase:{office['id']}"]


async def test_who_may_not_unlock_is_told_who_may(running_world: Running, tree: Path) -> None:
    running = running_world("empty")
    async with running.client() as core, running.client(user="technician") as technician:
        assert (await technician.status())["role"] == "technician"
        branch = await core.create_key("branch", SENTENCE)
        unlocking = Unlocking(None)
        await unlocking.look(technician, [PointKeyAnswer(id=branch["id"], name="branch", locked=True)])
        (said,) = unlocking.fields()
        assert isinstance(said, Note)
        assert "administrator" in said.explain
        assert list(unlocking.problems()) == [branch["id"]]


async def test_what_is_typed_is_judged(running_world: Running, tree: Path, tmp_path: Path) -> None:
    async with running_world("one-machine").client() as core:
        flow = ProtectFlow(core)
        await flow.begin()
        for name in ("", "con", "a/b", "laptop", "Laptop"):
            flow.answer("name", name)
            assert "name" in flow.problems(), name
        flow.answer("name", "desk")
        for folders in ((), ("relative",), (str(tree), f"{tree}/")):
            flow.answer("folders", folders)
            assert flow.problems(), folders
        flow.answer("folders", (str(tmp_path / "gone"),))
        assert not flow.problems()
        await refused(flow, "no-such-folder")
        flow.answer("folders", (str(tree),))
        await flow.forward()
        flow.answer("minutes", 0)
        assert "minutes" in flow.problems()
        flow.answer("minutes", 5)
        await walk(flow, "repository")
        flow.answer("repository", NEW)
        flow.answer("new_name", "Default")
        flow.answer("new_place", (str(tree),))
        assert set(flow.problems()) == {"new_name", "new_place"}
        flow.answer("new_name", "big")
        (tmp_path / "full").mkdir()
        (tmp_path / "full" / "file").touch()
        flow.answer("new_place", (str(tmp_path / "full"),))
        await refused(flow, "folder-not-empty")


async def test_going_back_keeps_answers(running_world: Running, tree: Path) -> None:
    async with running_world("empty").client() as core:
        flow = ProtectFlow(core)
        await flow.begin()
        flow.answer("name", "laptop")
        flow.answer("folders", (str(tree),))
        await flow.forward()
        flow.answer("minutes", 17)
        flow.answer("back_up_now", False)
        await walk(flow, "summary")
        while flow.number:
            await flow.back()
        assert field(flow, "folders", Folders).value == (str(tree),)
        await flow.forward()
        assert field(flow, "minutes", Number).value == 17, "the setting is not asked again"
        await walk(flow, "summary")
        assert not any("at once" in sentence for sentence in plan_of(flow).sentences)
        finished = await flow.finish()
        assert finished.jobs == ()
        assert (await core.machine("laptop"))["interval_s"] == 17 * 60


async def test_a_repository_cannot_protect_itself(running_world: Running) -> None:
    running = running_world("empty")
    async with running.client() as core:
        flow = ProtectFlow(core)
        await flow.begin()
        flow.answer("name", "laptop")
        flow.answer("folders", (str(running.primary.data),))
        await walk(flow, "summary")
        assert [problem.code for problem in plan_of(flow).problems] == ["volume-in-repository"]
        assert flow.problems()


async def test_the_core_may_go_at_every_step_and_finish_goes_on(
    running_world: Running, tree: Path, tmp_path: Path
) -> None:
    async with running_world("empty").client() as core:
        cord = corded(core)
        flow = ProtectFlow(core)
        cord.cut = True
        with pytest.raises(Failed) as gone:
            await flow.begin()
        assert gone.value.failure.code == "core-unreachable"
        cord.cut = False
        await flow.begin()
        flow.answer("name", "laptop")
        flow.answer("folders", (str(tree),))
        while not flow.last:
            if flow.step.key == "repository":
                flow.answer("repository", NEW)
                flow.answer("new_name", "big")
                flow.answer("new_place", (str(tmp_path / "big"),))
            answers = flow.answers
            if flow.step.key not in ("schedule", "exclusions"):  # what comes after them is asked of nobody
                cord.cut = True
                await refused(flow, "core-unreachable")
                cord.cut = False
                assert flow.answers == answers
            await flow.forward()
        # The repository is made, the machine is not: its name was taken meanwhile.
        await core.protect("laptop", [(None, str(tree))], interval_s=0)
        with pytest.raises(Failed) as taken:
            await flow.finish()
        assert taken.value.failure.code == "name-taken"
        await core.remove_machine("laptop")
        await ended(core, await flow.finish())
        assert (await core.machine("laptop"))["repository"] == "big"
        assert len((await core.repositories())["repositories"]) == 2


async def test_schedules_that_are_off_are_told(running_world: Running, tree: Path) -> None:
    running = running_world("empty")
    running.stop()
    running.primary.ask("core", "settings", "schedules", "off")
    running.start()
    async with running.client() as core:
        flow = ProtectFlow(core)
        await flow.begin()
        flow.answer("name", "laptop")
        flow.answer("folders", (str(tree),))
        await flow.forward()
        assert field(flow, "schedules-off", Note).level == "warning"
        flow.answer("schedule", "off")
        assert "schedules-off" not in keys(flow)
