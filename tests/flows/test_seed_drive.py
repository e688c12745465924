"""The seed drive wizard on real Cores: a drive is written that the target can consume."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from console.domain.errors import Failed
from console.flows.consume import ConsumeFlow
from console.flows.fields import Note, Pick
from console.flows.seed_drive import SeedDriveFlow
from console.worlds import World
from tests.support.cores import CoreProcess
from tests.support.flows import at_home, corded, ended, field, keys, plan_of, refused, walk, words_of
from tests.support.named_worlds import RunningWorld

Worlds = Callable[..., World]
WORLD = "seed-in-the-post"
"""What is on its drive is lost with the drive; it can be written again once that one is abandoned."""


async def abandoned(here: World) -> None:
    """The drive of the world is given up, so that the target lacks history which a new drive can bring. The target
    does not answer: nothing goes there by wire meanwhile."""
    async with at_home(here) as office:
        for seed in (await office.seeds())["seeds"]:
            await office.pause_pairing(seed["pairing"])
            await office.abandon_seed(seed["id"])


async def test_straight_through_a_drive_is_written_and_can_be_consumed(world: Worlds, tmp_path: Path) -> None:
    here = world(WORLD)
    await abandoned(here)
    async with at_home(here) as office, at_home(here, "Vault") as vault:
        flow = SeedDriveFlow(office)
        await flow.begin()
        assert len(field(flow, "pairing", Pick).value) == 1, "there is one pairing only"
        await flow.forward()
        pick = field(flow, "machines", Pick)
        assert len(pick.value) == len(pick.rows) == 5
        await flow.forward()
        assert "places" in flow.problems()
        flow.answer("places", (str(tmp_path / "drive"),))
        await flow.forward()
        flow.answer("comment", "Red 2")
        await flow.forward()
        plan = plan_of(flow)
        assert not flow.problems()
        assert not (tmp_path / "drive").exists()
        assert any("Vault" in sentence for sentence in plan.sentences), plan.sentences
        job = await ended(office, await flow.finish())
        assert job["result"] is not None
        assert dict(plan.facts)["Recovery points"] == str(job["result"]["points"])
        inspected = await vault.inspect_seed(str(tmp_path / "drive"))
        assert (inspected["comment"], inspected["consumable"]) == ("Red 2", True)
        consumed = await vault.consume_seed([str(tmp_path / "drive")])
        async for state in vault.watch(consumed["id"]):
            consumed = state
        assert consumed["state"] == "succeeded"
        assert {p["chain"] for p in (await vault.points(limit=1000))["points"]} == {"whole"}


async def test_presets_one_machine_and_the_equal_command(world: Worlds, tmp_path: Path) -> None:
    here = world(WORLD)
    await abandoned(here)
    async with at_home(here) as office:
        flow = SeedDriveFlow(office, pairing="vault", machines=("Buchhaltung München",))
        await flow.begin()
        await flow.forward()
        assert len(field(flow, "machines", Pick).value) == 1
        await walk(flow, "location")
        flow.answer("places", (str(tmp_path / "my drive"),))
        await walk(flow, "options")
        flow.answer("segment_size", 1)
        assert "segment_size" in flow.problems()
        flow.answer("segment_size", 1 << 20)
        flow.answer("chains", "latest")
        flow.answer("comment", "it's “blue”")
        await walk(flow, "summary")
        plan = plan_of(flow)
        assert "Buchhaltung München" in " ".join(plan.sentences)
        words = words_of(plan)
    result = CoreProcess(here.primary.data).ask(*words)
    async with at_home(here) as office:
        inspected = await office.inspect_seed(str(tmp_path / "my drive"))
    assert inspected["seed"] == result["seed"]
    assert inspected["comment"] == "it's “blue”"
    assert [one["machine"] for one in inspected["machines"]] == ["Buchhaltung München"]
    assert str(inspected["points"]) == dict(plan.facts)["Recovery points"]
    assert len(inspected["segments"]) > 1


async def test_what_lies_there_is_said_before_it_is_erased(world: Worlds) -> None:
    here = world("two-cores-one-orphan")
    await abandoned(here)
    drive = here.media[0]
    async with at_home(here) as office:
        old = (await office.inspect_seed(str(drive)))["seed"]
        flow = SeedDriveFlow(office, pairing="vault")
        await flow.begin()
        await walk(flow, "location")
        flow.answer("places", (str(drive),))
        await walk(flow, "options")
        await refused(flow, "location-not-empty")
        flow.answer("reuse", "this-core")
        await flow.forward()
        plan = plan_of(flow)
        assert any("Blue 1" in warning for warning in plan.warnings), plan.warnings
        assert "--reuse this-core" in plan.command
        await ended(office, await flow.finish())
        assert (await office.inspect_seed(str(drive)))["seed"] != old


async def test_when_the_target_lacks_nothing(running_world: Callable[..., RunningWorld]) -> None:
    async with running_world("two-cores-one-orphan").client() as office:
        machine = (await office.machine("webserver"))["id"]
        flow = SeedDriveFlow(office, pairing="vault", machines=(machine,))
        await flow.begin()
        await flow.forward()
        await refused(flow, "nothing-to-seed")


async def test_without_pairings_it_says_what_to_do(world: Worlds) -> None:
    async with at_home(world("one-machine")) as core:
        flow = SeedDriveFlow(core)
        await flow.begin()
        assert field(flow, "pairing", Note).explain
        await refused(flow, "answers-missing")


async def test_the_core_may_go_at_every_step_and_the_medium_may_not_take_it(world: Worlds, tmp_path: Path) -> None:
    here = world(WORLD)
    await abandoned(here)
    (tmp_path / "file").touch()
    async with at_home(here) as office:
        cord = corded(office)
        flow = SeedDriveFlow(office)
        await flow.begin()
        while not flow.last:
            if flow.step.key == "location":
                flow.answer("places", (str(here.primary.data / "drive"),))
                await refused(flow, "location-in-repository")
                flow.answer("places", (str(tmp_path / "file"),))
                await refused(flow, "location-not-a-directory")
                flow.answer("places", (str(tmp_path / "drive"), str(tmp_path / "drive")))
                assert "places" in flow.problems()
                flow.answer("places", (str(tmp_path / "drive"),))
            answers = flow.answers
            cord.cut = True
            if flow.step.key == "location":
                await refused(flow, "core-unreachable")
            else:
                with pytest.raises(Failed):
                    await flow.forward()
            cord.cut = False
            assert flow.answers == answers
            await flow.forward()
        cord.cut = True
        with pytest.raises(Failed):
            await flow.finish()
        cord.cut = False
        await ended(office, await flow.finish())


async def test_another_machine_after_going_back(world: Worlds, tmp_path: Path) -> None:
    here = world(WORLD)
    await abandoned(here)
    async with at_home(here) as office:
        flow = SeedDriveFlow(office, pairing="vault")
        await flow.begin()
        await walk(flow, "location")
        flow.answer("places", (str(tmp_path / "drive"),))
        await walk(flow, "summary")
        everything = dict(plan_of(flow).facts)["Recovery points"]
        while flow.step.key != "machines":
            await flow.back()
        rows = field(flow, "machines", Pick).rows
        flow.answer("machines", ())
        assert "machines" in flow.problems()
        flow.answer("machines", (next(row.value for row in rows if row.cells[0] == "accounting"),))
        await walk(flow, "summary")
        assert int(dict(plan_of(flow).facts)["Recovery points"]) < int(everything)
        assert "--machine accounting" in plan_of(flow).command
        assert str(tmp_path / "drive") in plan_of(flow).command


async def test_two_media_and_one_of_them_alone(world: Worlds, tmp_path: Path) -> None:
    here = world(WORLD)
    await abandoned(here)
    media = [str(tmp_path / "one"), str(tmp_path / "two")]
    async with at_home(here) as office, at_home(here, "Vault") as vault:
        flow = SeedDriveFlow(office, pairing="vault")
        await flow.begin()
        await walk(flow, "location")
        flow.answer("places", tuple(media))
        await walk(flow, "options")
        flow.answer("segment_size", 1 << 20)
        flow.answer("medium_size", 5 << 20)
        await walk(flow, "summary")
        lines = [sentence for sentence in plan_of(flow).sentences if sentence.startswith("Medium ")]
        assert [any(place in line for line in lines) for place in media] == [True, True]
        await ended(office, await flow.finish())
        consume = ConsumeFlow(vault, path=media[0])
        await consume.begin()
        await walk(consume, "check")
        assert "on medium 2" in field(consume, "missing", Note).label
        await consume.back()
        consume.answer("folders", (media[0], media[1]))
        await walk(consume, "check")
        assert "missing" not in keys(consume)
        await walk(consume, "summary")
        job = await ended(vault, await consume.finish())
        assert job["result"] is not None
        assert job["result"]["segments_missing"] == []
        assert {p["chain"] for p in (await vault.points(limit=1000))["points"]} == {"whole"}


async def test_a_medium_that_is_too_small_is_a_problem_of_the_plan(world: Worlds, tmp_path: Path) -> None:
    here = world(WORLD)
    await abandoned(here)
    async with at_home(here) as office:
        flow = SeedDriveFlow(office, pairing="vault")
        await flow.begin()
        await walk(flow, "location")
        flow.answer("places", (str(tmp_path / "small"),))
        await walk(flow, "options")
        flow.answer("medium_size", 1 << 20)
        await walk(flow, "summary")
        assert flow.problems()
        assert plan_of(flow).problems[0].code == "medium-full"
        await flow.back()
        flow.answer("medium_size", None)
        await flow.forward()
        assert not flow.problems()


async def test_the_target_may_be_gone(world: Worlds, tmp_path: Path) -> None:
    here = world("two-cores-one-orphan")
    async with at_home(here) as office:
        flow = SeedDriveFlow(office, pairing="vault", machines=("fileserver",))
        await flow.begin()
        await walk(flow, "location")
        flow.answer("places", (str(tmp_path / "drive"),))
        await walk(flow, "options")
        flow.answer("reuse", "erase")
        assert "erase_agreed" in flow.problems()
        flow.answer("reuse", "never")
        await flow.forward()
        plan = plan_of(flow)
        assert any("could not be asked" in warning for warning in plan.warnings)
        await ended(office, await flow.finish())
        points = (await office.inspect_seed(str(tmp_path / "drive")))["points"]
        assert dict(plan.facts)["Recovery points"] == str(points)
