"""The wizards about repositories on real Cores: what they make, change, move, adopt and mend, and what they refuse."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from console.client.client import Client
from console.domain.errors import Failed
from console.flows.fields import Choice, Facts, Lines, Note, Size, Text, Toggle
from console.flows.outcomes import has_damage, told
from console.flows.repository import AdoptFlow, CreateFlow, EditFlow, MoveFlow, RepairFlow
from console.worlds import World
from tests.support.cores import CoreProcess
from tests.support.flows import at_home, corded, ended, field, keys, plan_of, refused, walk, words_of

Worlds = Callable[..., World]
GB = 10**9


async def test_a_repository_is_made_with_its_limit_and_the_command_does_the_same(world: Worlds, tmp_path: Path) -> None:
    here = world("empty")
    async with at_home(here) as core:
        flow = CreateFlow(core)
        await flow.begin()
        assert set(flow.problems()) == {"name", "folder"}
        flow.answer("name", "default")
        assert "already" in flow.problems()["name"]
        flow.answer("name", "big one ")
        flow.answer("folder", (str(tmp_path / "big"),))
        await flow.forward()
        assert field(flow, "limit", Size).value is None
        flow.answer("limit", 5 * GB)
        flow.answer("parity", "10")
        flow.answer("default", True)
        await flow.forward()
        words = words_of(plan_of(flow))
        finished = await flow.finish()
        assert finished.page == "repositories"
        made = await core.repository("big one")
        assert (made["limit"], made["parity"]["percent"], made["default"]) == (5 * GB, 10, True)
        assert made["id"] == finished.id
        await core.edit_repository("default", default=True)
        await core.remove_repository("big one")
        (tmp_path / "big").rename(tmp_path / "first")
    CoreProcess(here.primary.data).ask(*words)
    async with at_home(here) as core:
        again = await core.repository("big one")
        assert (again["limit"], again["parity"]["percent"], again["default"]) == (5 * GB, 10, True)


async def test_a_place_that_cannot_be_is_refused_at_its_step(world: Worlds, tmp_path: Path) -> None:
    here = world("empty")
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "file").touch()
    async with at_home(here) as core:
        path = (await core.repository("default"))["path"]
        flow = CreateFlow(core)
        await flow.begin()
        flow.answer("name", "second")
        flow.answer("folder", (path,))
        assert "folder" in flow.problems()
        flow.answer("folder", (str(tmp_path / "full"),))
        await refused(flow, "repository-not-empty")
        flow.answer("folder", (str(tmp_path / "full" / "file"),))
        await refused(flow, "not-a-folder")
        flow.answer("folder", (str(tmp_path / "new" / "one"),))
        await flow.forward()


async def test_a_limit_above_the_disk_is_warned_of(world: Worlds, tmp_path: Path) -> None:
    async with at_home(world("empty")) as core:
        flow = CreateFlow(core, folder=str(tmp_path / "new"))
        await flow.begin()
        flow.answer("name", "second")
        await flow.forward()
        flow.answer("limit", 10**18)
        await flow.forward()
        assert plan_of(flow).warnings


async def test_only_what_was_changed_is_changed_and_parity_is_made_for_what_is_there(world: Worlds) -> None:
    async with at_home(world("one-machine")) as core:
        flow = EditFlow(core)
        await flow.begin()
        assert field(flow, "name", Text).value == "default"
        assert "parity_now" not in keys(flow)
        await flow.forward()
        assert plan_of(flow).sentences == ("Nothing is changed.",)
        await flow.back()
        flow.answer("limit", 1)
        assert field(flow, "below", Note).level == "warning"
        flow.answer("limit", 50 * GB)
        flow.answer("parity", "20")
        assert field(flow, "parity_now", Toggle).value
        flow.answer("name", "cellar")
        await flow.forward()
        assert "--limit" in plan_of(flow).command
        job = await ended(core, await flow.finish())
        now = await core.repository("cellar")
        assert (now["limit"], now["parity"]["percent"], now["default"]) == (50 * GB, 20, True)
        assert now["parity"]["packs"] == now["usage"]["packs"] > 0
        assert "got parity" in told(job)[0]

        off = EditFlow(core, repository="cellar")
        await off.begin()
        off.answer("parity", "0")
        off.answer("limit", None)
        await off.forward()
        job = await ended(core, await off.finish())
        now = await core.repository("cellar")
        assert (now["limit"], now["parity"]["percent"], now["parity"]["packs"]) == (None, 0, 0)
        assert "taken away" in told(job)[0]


async def test_a_repository_is_moved_and_everything_is_there(world: Worlds, tmp_path: Path) -> None:
    async with at_home(world("one-machine")) as core:
        flow = MoveFlow(core)
        await flow.begin()
        old = (await core.repository("default"))["path"]
        assert dict(field(flow, "now", Facts).facts)["Now in"] == old
        flow.answer("folder", (old,))
        assert "already" in flow.problems()["folder"]
        flow.answer("folder", (str(tmp_path / "larger"),))
        await flow.forward()
        assert "Free there" in dict(plan_of(flow).facts)
        assert not plan_of(flow).problems
        job = await ended(core, await flow.finish())
        assert (await core.repository("default"))["path"] == str(tmp_path / "larger")
        assert not Path(old).exists() or not any(Path(old).rglob("*.pack"))
        assert str(tmp_path / "larger") in told(job)[0]


async def test_what_lies_in_the_way_of_a_move_is_warned_of(world: Worlds, tmp_path: Path) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "file").touch()
    async with at_home(world("one-machine")) as core:
        flow = MoveFlow(core, repository="default")
        await flow.begin()
        flow.answer("folder", (str(tmp_path / "full"),))
        await flow.forward()
        assert any("already" in warning for warning in plan_of(flow).warnings)


async def test_a_repository_of_another_core_is_adopted_with_its_points(world: Worlds, tmp_path: Path) -> None:
    async with at_home(world("one-machine")) as other:
        lies = (await other.repository("default"))["path"]
    async with at_home(world("empty")) as core:
        flow = AdoptFlow(core)
        await flow.begin()
        flow.answer("name", "found")
        (tmp_path / "bare").mkdir()
        flow.answer("folder", (str(tmp_path / "bare"),))
        await refused(flow, "not-a-repository")
        flow.answer("folder", (lies,))
        await flow.forward()
        job = await ended(core, await flow.finish())
        assert told(job)[0] == "5 recovery points were registered."
        assert (await core.machines())["machines"][0]["points"] == 5


async def test_damage_is_shown_with_its_sources_and_mended(world: Worlds, tmp_path: Path) -> None:
    async with at_home(world("broken")) as core:
        flow = RepairFlow(core)
        await flow.begin()
        assert field(flow, "damage", Note).level == "danger"
        hurt = field(flow, "hurt", Lines).rows
        assert {row[0] for row in hurt} == {"archive"}
        await flow.forward()
        flow.answer("places", (str(tmp_path),))
        await refused(flow, "not-a-seed")
        flow.answer("places", ("relative",))
        assert "places" in flow.problems()
        flow.answer("places", ())
        await flow.forward()
        assert plan_of(flow).sentences
        job = await ended(core, await flow.finish())
        assert job["result"] is not None
        lines = told(job)
        assert has_damage(job) == bool(job["result"]["left_count"])
        assert any("stay" in line for line in lines) == has_damage(job)


async def test_without_damage_there_is_nothing_to_mend(world: Worlds) -> None:
    async with at_home(world("one-machine")) as core:
        flow = RepairFlow(core)
        await flow.begin()
        assert field(flow, "damage", Note).level == "good"
        await refused(flow, "answers-missing")


@pytest.mark.parametrize("make", [EditFlow, MoveFlow, RepairFlow])
async def test_a_repository_that_is_gone_is_told(world: Worlds, make: Callable[[Client, str], EditFlow]) -> None:
    async with at_home(world("empty")) as core:
        with pytest.raises(Failed) as gone:
            await make(core, "nothing").begin()
        assert gone.value.failure.code == "no-repository"


async def test_the_core_may_go_at_every_step(world: Worlds, tmp_path: Path) -> None:
    async with at_home(world("empty")) as core:
        cord = corded(core)
        flow = CreateFlow(core)
        await flow.begin()
        flow.answer("name", "second")
        flow.answer("folder", (str(tmp_path / "second"),))
        cord.cut = True
        await refused(flow, "core-unreachable")
        cord.cut = False
        await walk(flow, "limits")
        cord.cut = True
        await refused(flow, "core-unreachable")
        cord.cut = False
        await walk(flow, "summary")
        cord.cut = True
        with pytest.raises(Failed):
            await flow.finish()
        cord.cut = False
        await flow.finish()
        assert field_values(flow) == ("second", str(tmp_path / "second"))


def field_values(flow: CreateFlow) -> tuple[str, str]:
    return flow.answers.name, flow.answers.folder


async def test_what_a_check_found_is_said(world: Worlds) -> None:
    async with at_home(world("broken")) as core:
        job = await core.check_repository(None, read_data=True)
        async for seen in core.watch(job["id"]):
            job = seen
        assert has_damage(job)
        assert any("damaged" in line for line in told(job))
        assert any("volume image" in line for line in told(job))


async def test_parity_offers_what_is_set(world: Worlds) -> None:
    async with at_home(world("empty")) as core:
        await core.edit_repository("default", parity=7)
        flow = EditFlow(core)
        await flow.begin()
        choice = field(flow, "parity", Choice)
        assert choice.value == "7"
        assert "7" in [option.value for option in choice.options]
