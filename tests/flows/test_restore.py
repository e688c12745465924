"""The restore wizard on real Cores: files come back equal, and what cannot be is said before."""

from __future__ import annotations

import filecmp
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from console.domain.errors import Failed
from console.flows.fields import Choice, FilePick, Folders, Lines, Note, Pick, PointPick, Text, Toggle
from console.flows.restore import RestoreFlow
from console.worlds import World
from tests.support.cores import CoreProcess
from tests.support.flows import at_home, corded, ended, field, keys, plan_of, refused, walk, words_of
from tests.support.named_worlds import RunningWorld

Worlds = Callable[..., World]
SENTENCE = "three tired cats under a table"


def same(one: Path, other: Path) -> bool:
    """Whether two directories hold the same files, byte by byte."""
    found = filecmp.dircmp(one, other)
    if found.left_only or found.right_only or found.funny_files:
        return False
    _, different, unread = filecmp.cmpfiles(one, other, found.common_files, shallow=False)
    return not different and not unread and all(same(one / name, other / name) for name in found.common_dirs)


async def test_straight_through_everything_comes_back_equal(world: Worlds, tmp_path: Path) -> None:
    here = world("one-machine")
    async with at_home(here) as core:
        flow = RestoreFlow(core)
        await flow.begin()
        pick = field(flow, "machine", Pick)
        assert [row.cells[0] for row in pick.rows] == ["laptop"]
        assert "machine" in flow.problems()
        flow.answer("machine", (pick.rows[0].value,))
        await flow.forward()
        newest = (await core.points(machine="laptop", limit=1))["points"][0]["id"]
        assert field(flow, "point", PointPick).value == newest
        await flow.forward()
        assert keys(flow) == {"what"}
        await flow.forward()
        flow.answer("to", (str(tmp_path / "back"),))
        await flow.forward()
        assert keys(flow) == {"overwrite"}
        await flow.forward()
        plan = plan_of(flow)
        assert flow.last
        assert not flow.problems()
        assert "laptop" in plan.sentences[0]
        assert not (tmp_path / "back").exists()
        job = await ended(core, await flow.finish())
        assert job["result"] is not None
        assert dict(plan.facts)["Files"] == str(job["result"]["files"])
    assert same(tmp_path / "back", here.directory / "machines" / "laptop")


async def test_some_files_with_a_preset_and_the_command_does_the_same(world: Worlds, tmp_path: Path) -> None:
    here = world("one-machine")
    async with at_home(here) as core:
        point = (await core.points(machine="laptop", limit=1))["points"][0]["id"]
        flow = RestoreFlow(core, point=point, paths=("notes.txt", "Documents/資料"))
        await flow.begin()
        await walk(flow, "what")
        assert field(flow, "files", FilePick).value == ("notes.txt", "Documents/資料")
        await walk(flow, "where")
        flow.answer("to", (str(tmp_path / "two words"),))
        await walk(flow, "summary")
        await ended(core, await flow.finish())
        names = sorted(path.name for path in (tmp_path / "two words").rglob("*") if path.is_file())
        assert names == ["notes.txt", "会議の報告書.txt"]
        (tmp_path / "two words").rename(tmp_path / "first")
        words = words_of(plan_of(flow))
    CoreProcess(here.primary.data).ask(*words)
    assert same(tmp_path / "first", tmp_path / "two words")


async def test_conflicts_are_shown_and_kept_or_replaced(world: Worlds, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    async with at_home(world("one-machine")) as core:
        flow = RestoreFlow(core, machine="laptop", paths=("notes.txt",))
        await flow.begin()
        await walk(flow, "where")
        flow.answer("to", (str(tmp_path),))
        await flow.forward()
        assert len(field(flow, "conflicts", Lines).rows) == 1
        assert field(flow, "overwrite", Choice).value == "never"
        await flow.forward()
        assert any("stays" in warning for warning in plan_of(flow).warnings)
        await ended(core, await flow.finish())
        assert (tmp_path / "notes.txt").read_text() == "mine"
        await flow.back()
        flow.answer("overwrite", "always")
        await flow.forward()
        assert any("replaced" in warning for warning in plan_of(flow).warnings)
        assert "--overwrite always" in plan_of(flow).command
        await ended(core, await flow.finish())
        assert (tmp_path / "notes.txt").read_bytes() != b"mine"


async def test_of_an_orphan_only_what_is_here(world: Worlds, tmp_path: Path) -> None:
    here = world("two-cores-one-orphan")
    async with at_home(here, "Vault") as vault:
        flow = RestoreFlow(vault, machine="fileserver")
        await flow.begin()
        await flow.forward()
        assert field(flow, "orphan", Note).level == "warning"
        await walk(flow, "where")
        flow.answer("to", (str(tmp_path / "back"),))
        await flow.forward()
        assert flow.step.key == "conflicts"
        assert "partial" in flow.problems()
        await refused(flow, "answers-missing")
        said = field(flow, "partial", Toggle).explain
        flow.answer("partial", True)
        await flow.forward()
        plan = plan_of(flow)
        assert "--partial" in plan.command
        job = await ended(vault, await flow.finish())
        assert job["result"] is not None
        assert said.startswith(f"{job['result']['files']} file")
        assert job["result"]["skipped"]


async def test_other_answers_after_going_back(world: Worlds, tmp_path: Path) -> None:
    async with at_home(world("one-machine")) as core:
        points = (await core.points(machine="laptop"))["points"]
        flow = RestoreFlow(core, machine="laptop", paths=("Pictures/2026/IMG_0005.jpg", "notes.txt"))
        await flow.begin()
        await walk(flow, "where")
        flow.answer("to", (str(tmp_path / "back"),))
        await flow.back()
        await flow.back()
        flow.answer("point", points[-1]["id"])
        await flow.forward()
        assert field(flow, "files", FilePick).value == ("notes.txt",), "the first point has no picture of day 5"
        flow.answer("what", "everything")
        await flow.forward()
        assert field(flow, "to", Folders).value == (str(tmp_path / "back"),)
        flow.answer("to", ())
        assert "to" in flow.problems()
        flow.answer("to", ("relative",))
        assert "to" in flow.problems()


async def test_a_destination_the_core_refuses_is_refused_at_its_step(world: Worlds, tmp_path: Path) -> None:
    here = world("one-machine")
    (tmp_path / "file").touch()
    async with at_home(here) as core:
        flow = RestoreFlow(core, machine="laptop")
        await flow.begin()
        await walk(flow, "where")
        flow.answer("to", (str(here.primary.data / "inside"),))
        await refused(flow, "destination-in-repository")
        flow.answer("to", (str(tmp_path / "file"),))
        await refused(flow, "destination-not-a-directory")
        flow.answer("to", (str(tmp_path / "good"),))
        await flow.forward()


async def test_the_core_may_go_at_every_step(world: Worlds, tmp_path: Path) -> None:
    async with at_home(world("one-machine")) as core:
        cord = corded(core)
        flow = RestoreFlow(core, machine="laptop")
        cord.cut = True
        with pytest.raises(Failed) as gone:
            await flow.begin()
        assert gone.value.failure.code == "core-unreachable"
        cord.cut = False
        await flow.begin()
        while not flow.last:
            if flow.step.key == "where":
                flow.answer("to", (str(tmp_path / "back"),))
            answers = flow.answers
            if flow.step.key != "what":
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


async def test_a_locked_key_is_unlocked_on_the_way(world: Worlds, tmp_path: Path) -> None:
    here = world("one-machine")
    async with at_home(here) as core:
        made = await core.create_key("office", SENTENCE)
        await core.edit_machine("laptop", key="office")
        async for _ in core.watch((await core.back_up("laptop"))["id"]):
            pass
        await core.set_key_type("office", "replication")
        flow = RestoreFlow(core, "laptop")
        await flow.begin()
        await walk(flow, "point")
        assert "sealed" not in keys(flow)
        await core.lock_key("office")
        await flow.back()
        await flow.forward()
        newest, plain = [point["id"] for point in (await core.points(machine="laptop", limit=2))["points"]]
        assert field(flow, "sealed", Note).label
        flow.answer("point", plain)
        assert "unlock" not in [step.key for step in flow.path()]
        flow.answer("point", newest)
        await flow.forward()
        assert flow.step.key == "unlock"
        asked = f"passphrase:{made['id']}"
        assert field(flow, asked, Text).secret
        assert set(flow.problems()) == {asked}
        flow.answer(asked, "not the passphrase")
        await refused(flow, "wrong-passphrase")
        cord = corded(core)
        flow.answer(asked, SENTENCE)
        cord.cut = True
        await refused(flow, "core-unreachable")
        cord.cut = False
        assert field(flow, asked, Text).value == SENTENCE, "it need not be typed again"
        flow.answer("for", "3600")
        await flow.forward()
        assert (await core.key("office"))["state"] == "unlocked-until"
        assert flow.step.key == "what"
        assert SENTENCE not in repr(vars(flow.path()[2])), "it is forgotten once it was right"
        await flow.back()
        assert field(flow, made["id"], Note).level == "good"
        await flow.forward()
        await walk(flow, "where")
        flow.answer("to", (str(tmp_path / "back"),))
        await walk(flow, "summary")
        assert not flow.problems()
        assert SENTENCE not in plan_of(flow).command
        await ended(core, await flow.finish())
    assert same(tmp_path / "back", here.directory / "machines" / "laptop")


async def test_who_may_not_unlock_is_told_who_may(running_world: Callable[..., RunningWorld]) -> None:
    running = running_world("one-machine")
    async with running.client() as core, running.client(user="technician") as technician:
        await core.create_key("office", SENTENCE)
        await core.edit_machine("laptop", key="office")
        async for _ in core.watch((await core.back_up("laptop"))["id"]):
            pass
        file = dict(await core.export_key("office", SENTENCE))
        await core.set_key_type("office", "replication")
        await core.lock_key("office")
        flow = RestoreFlow(technician, "laptop")
        await flow.begin()
        await walk(flow, "unlock")
        [note] = [one for one in flow.step.fields() if isinstance(one, Note)]
        assert "administrator unlocks it" in note.explain
        assert flow.problems()
        await refused(flow, "answers-missing")
        await core.unlock_key("office", SENTENCE)
        await flow.begin()  # what “look again” does
        assert not flow.problems()
        await walk(flow, "what")
        # A key that is not here at all can be unlocked by nobody.
        await core.edit_machine("laptop", key="")
        await core.remove_key("office", points=True)
        other = RestoreFlow(core, "laptop")
        await other.begin()
        await walk(other, "unlock")
        [note] = [one for one in other.step.fields() if isinstance(one, Note)]
        assert "does not know" in note.label
        await core.import_key(file)
        await other.begin()
        assert other.problems(), "it is here now, and locked"


async def test_an_empty_core_says_what_to_do(world: Worlds) -> None:
    async with at_home(world("empty")) as core:
        flow = RestoreFlow(core)
        await flow.begin()
        assert field(flow, "machine", Note).explain
        await refused(flow, "answers-missing")


async def test_presets_of_what_is_gone_are_dropped(world: Worlds) -> None:
    async with at_home(world("one-machine")) as core:
        for preset in ({"machine": "nobody"}, {"point": "f" * 32}):
            flow = RestoreFlow(core, **preset)
            await flow.begin()
            assert field(flow, "machine", Pick).value == ()
        flow = RestoreFlow(core, machine="laptop", point="f" * 32)
        await flow.begin()
        await flow.forward()
        assert field(flow, "point", PointPick).value == (await core.points(limit=1))["points"][0]["id"]
        oldest = (await core.points())["points"][-1]["id"]
        flow = RestoreFlow(core, point=oldest[:12])
        await flow.begin()
        await flow.forward()
        assert field(flow, "point", PointPick).value == oldest


async def test_what_could_not_be_read_at_backup_asks_for_no_other_point(
    world: Worlds, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with at_home(world("one-machine")) as core:
        told = core.restore_plan

        async def with_one_unreadable(*asked: Any, **options: Any) -> Any:
            return {**await told(*asked, **options), "missing_count": 1, "missing": ["secret"]}

        monkeypatch.setattr(core, "restore_plan", with_one_unreadable)
        flow = RestoreFlow(core, machine="laptop")
        await flow.begin()
        await walk(flow, "where")
        flow.answer("to", (str(tmp_path / "back"),))
        await flow.forward()
        assert field(flow, "missing-files", Lines).rows == (("secret",),)
        assert "partial" not in keys(flow)
        assert not flow.problems()
