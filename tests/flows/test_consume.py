"""The consume wizard on real Cores: orphans become whole, and what a drive lacks is said before."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from console.domain.clock import from_iso
from console.domain.errors import Failed
from console.flows.consume import ConsumeFlow
from console.flows.fields import Choice, Facts, Folders, Lines, Note, Pick
from console.host.tasks import spawn
from console.worlds import World
from tests.support.clock import FixedClock
from tests.support.cores import CoreProcess
from tests.support.flows import at_home, corded, ended, field, keys, plan_of, refused, walk, words_of

Worlds = Callable[..., World]


def drive_of(here: World) -> str:
    return str(here.media[0])


async def test_straight_through_the_orphans_become_whole(world: Worlds) -> None:
    here = world("two-cores-one-orphan")
    async with at_home(here, "Vault") as vault:
        flow = ConsumeFlow(vault)
        await flow.begin()
        if field(flow, "place", Choice).value != "folder":
            flow.answer("place", "folder")
        assert "folders" in flow.problems()
        flow.answer("folders", ("media/blue-1",))
        assert "folders" in flow.problems(), "not from the root on"
        flow.answer("folders", (drive_of(here),))
        await flow.forward()
        facts = dict(field(flow, "drive", Facts).facts)
        assert facts["Comment"] == "Blue 1"
        assert facts["Signature"] == "good"
        assert "ago" not in facts["Written"], "nobody said what time it is"
        assert [row[0] for row in field(flow, "machines", Lines).rows] == ["fileserver"]
        await flow.forward()
        pick = field(flow, "machines", Pick)
        assert len(pick.value) == 1
        assert pick.beside_value[pick.value[0]] in {option.value for option in pick.beside_options}
        await flow.forward()
        plan = plan_of(flow)
        assert not flow.problems()
        assert any(sentence.startswith("2 orphans become whole") for sentence in plan.sentences), plan.sentences
        states = [point["chain"] for point in (await vault.points(machine="fileserver"))["points"]]
        assert states == ["awaiting-seed"] * 2, "nothing was imported yet"
        job = await ended(vault, await flow.finish())
        assert job["result"] is not None
        assert job["result"]["orphans_repaired"] == 2
        states = [point["chain"] for point in (await vault.points(machine="fileserver"))["points"]]
        assert states == ["whole"] * 3


async def test_the_equal_command_does_the_same(world: Worlds) -> None:
    here = world("two-cores-one-orphan")
    async with at_home(here, "Vault") as vault:
        flow = ConsumeFlow(vault, path=drive_of(here))
        await flow.begin()
        await walk(flow, "summary")
        words = words_of(plan_of(flow))
    assert CoreProcess(here.core("Vault").data).ask(*words)["orphans_repaired"] == 2


async def test_only_some_machines_and_the_repository_of_a_new_one(world: Worlds, tmp_path: Path) -> None:
    here = world("seed-in-the-post")
    async with at_home(here, "Vault") as vault:
        other = await vault.create_repository("other", str(tmp_path / "other"))
        flow = ConsumeFlow(vault, path=drive_of(here))
        await flow.begin()
        await walk(flow, "machines")
        pick = field(flow, "machines", Pick)
        assert len(pick.value) == len(pick.rows) == 4
        flow.answer("machines", ())
        assert "machines" in flow.problems()
        server = next(row.value for row in pick.rows if row.cells[0] == "print-server")
        flow.answer("machines", (server,))
        flow.answer("machines.beside", {**pick.beside_value, server: other["id"]})
        assert "stays there" in flow.problems()["machines.beside"], "it is here already, with its orphans"
        flow.answer("machines.beside", dict(pick.beside_value))
        await flow.forward()
        assert plan_of(flow).command.endswith("--machine print-server")
        await ended(vault, await flow.finish())
        assert {p["chain"] for p in (await vault.points(machine="print-server"))["points"]} == {"whole"}
        assert "awaiting-seed" in {p["chain"] for p in (await vault.points(machine="accounting"))["points"]}


async def test_reading_every_byte_first(world: Worlds) -> None:
    here = world("two-cores-one-orphan")
    async with at_home(here, "Vault") as vault:
        flow = ConsumeFlow(vault, path=drive_of(here))
        await flow.begin()
        await walk(flow, "check")
        flow.answer("verify", True)
        await flow.forward()
        await flow.back()
        assert field(flow, "verified", Note).level == "good"
        jobs = await vault.jobs(kind="seed-verify")
        await flow.forward()
        assert len((await vault.jobs(kind="seed-verify"))["jobs"]) == len(jobs["jobs"]) == 1, "once is enough"


async def test_a_damaged_drive_is_said_and_what_is_whole_can_be_had(world: Worlds) -> None:
    here = world("two-cores-one-orphan")
    hurt(Path(drive_of(here)))
    async with at_home(here, "Vault") as vault:
        flow = ConsumeFlow(vault, path=drive_of(here))
        await flow.begin()
        await walk(flow, "check")
        flow.answer("verify", True)
        await refused(flow, "drive-damaged")
        assert field(flow, "verified", Note).level == "warning"
        await walk(flow, "summary")
        assert any("damaged" in warning for warning in plan_of(flow).warnings)
        await ended(vault, await flow.finish())


async def test_giving_up_while_it_is_read_cancels_the_reading(world: Worlds) -> None:
    here = world("two-cores-one-orphan")
    async with at_home(here, "Vault") as vault:
        flow = ConsumeFlow(vault, path=drive_of(here))
        await flow.begin()
        await walk(flow, "check")
        flow.answer("verify", True)
        begun = asyncio.Event()
        told: list[str] = []
        cancel = vault.cancel_job

        async def never_ends(job: str):  # type: ignore[no-untyped-def]
            begun.set()
            await asyncio.Event().wait()
            yield

        async def told_to_cancel(job: str):  # type: ignore[no-untyped-def]
            told.append(job)
            return await cancel(job)

        vault.watch, vault.cancel_job = never_ends, told_to_cancel  # type: ignore[method-assign]
        going = spawn(flow.forward())
        await begun.wait()
        going.cancel()
        with pytest.raises(asyncio.CancelledError):
            await going
        assert len(told) == 1
        assert flow.step.key == "check"


async def test_a_missing_segment_is_named_with_its_medium(world: Worlds) -> None:
    here = world("two-cores-one-orphan")
    drive = Path(drive_of(here))
    async with at_home(here, "Vault") as vault:
        segment = (await vault.inspect_seed(str(drive)))["segments"][0]
        next(drive.rglob(segment["file"])).unlink()
        flow = ConsumeFlow(vault, path=str(drive))
        await flow.begin()
        await flow.forward()
        assert segment["file"] in field(flow, "missing", Note).label
        await walk(flow, "summary")
        plan = plan_of(flow)
        assert any(segment["file"] in text for text in (*plan.warnings, *plan.sentences)), plan


async def test_the_drive_may_be_pulled_and_the_core_may_go(world: Worlds) -> None:
    here = world("two-cores-one-orphan")
    drive = Path(drive_of(here))
    away = drive.with_name("away")
    async with at_home(here, "Vault") as vault:
        cord = corded(vault)
        flow = ConsumeFlow(vault, path=str(drive))
        await flow.begin()
        while not flow.last:
            answers = flow.answers
            cord.cut = True
            if flow.step.key != "check":
                await refused(flow, "core-unreachable")
            cord.cut = False
            drive.rename(away)
            with pytest.raises(Failed):
                await flow.forward()
            away.rename(drive)
            assert flow.answers == answers
            await flow.forward()
        drive.rename(away)
        with pytest.raises(Failed):
            await flow.finish()
        away.rename(drive)
        await ended(vault, await flow.finish())


async def test_a_drive_for_another_core_stays_at_the_check(world: Worlds) -> None:
    here = world("two-cores-one-orphan")
    async with at_home(here) as office:
        flow = ConsumeFlow(office, path=drive_of(here))
        await flow.begin()
        if field(flow, "place", Choice).value == "media":
            assert "media" in flow.problems(), "it is ours, and consumed at the target"
            flow.answer("place", "folder")
            flow.answer("folders", (drive_of(here),))
        await flow.forward()
        assert field(flow, "consumable", Note).level == "danger"
        await refused(flow, "answers-missing")


async def test_going_back_to_another_drive_drops_its_machines(world: Worlds, tmp_path: Path) -> None:
    here = world("seed-in-the-post")
    async with at_home(here, "Vault") as vault:
        flow = ConsumeFlow(vault, path=drive_of(here))
        await flow.begin()
        await walk(flow, "machines")
        first = field(flow, "machines", Pick).rows[0].value
        flow.answer("machines", (first,))
        await flow.back()
        await flow.back()
        copy = tmp_path / "copy"
        shutil.copytree(drive_of(here), copy)
        flow.answer("folders", (str(copy), str(tmp_path / "empty")))
        with pytest.raises(Failed):
            await flow.forward()
        flow.answer("folders", (str(copy),))
        assert field(flow, "folders", Folders).several
        await walk(flow, "machines")
        assert field(flow, "machines", Pick).value == (first,), "the same drive elsewhere"


async def test_a_drive_that_was_asked_for_and_is_not_there(world: Worlds) -> None:
    here = world("two-cores-one-orphan")
    async with at_home(here, "Vault") as vault:
        flow = ConsumeFlow(vault, seed="f" * 32)
        await flow.begin()
        assert "none" in keys(flow)
        await refused(flow, "answers-missing")


async def test_with_a_clock_the_age_is_told(world: Worlds) -> None:
    here = world("two-cores-one-orphan")
    async with at_home(here, "Vault") as vault:
        created = from_iso((await vault.inspect_seed(drive_of(here)))["created"])
        flow = ConsumeFlow(vault, path=drive_of(here), clock=FixedClock(created + timedelta(days=9, hours=1)))
        await flow.begin()
        await flow.forward()
        assert "days ago" in dict(field(flow, "drive", Facts).facts)["Written"]


def hurt(drive: Path) -> None:
    """Flips bytes in the middle of the largest file of a drive."""
    largest = max((path for path in drive.rglob("*") if path.is_file()), key=lambda path: path.stat().st_size)
    raw = bytearray(largest.read_bytes())
    middle = len(raw) // 2
    raw[middle : middle + 64] = bytes(64)
    largest.write_bytes(raw)


async def test_attached_media_come_first_and_the_expected_drive_is_chosen(
    world: Worlds, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = world("two-cores-one-orphan")
    async with at_home(here) as office, at_home(here, "Vault") as vault:
        media = await office.media()
        [(medium, seed)] = [(one, seed) for one in media["media"] for seed in one["seeds"] if seed["comment"]]
        theirs = {**seed, "ours": False, "expected": True, "state": ""}
        other = {**seed, "seed": "e" * 32, "path": "/elsewhere", "ours": True, "expected": False}

        async def attached() -> object:
            return {"media": [{**medium, "seeds": [other, theirs]}]}

        monkeypatch.setattr(vault, "media", attached)
        flow = ConsumeFlow(vault)
        await flow.begin()
        pick = field(flow, "media", Pick)
        assert pick.value == (seed["path"],)
        assert [bool(row.why_not) for row in pick.rows] == [False, True]
        flow.answer("media", (seed["path"], "/elsewhere"))
        assert "media" in flow.problems()
        flow.answer("media", ())
        assert "media" in flow.problems()
        flow.answer("media", (seed["path"],))
        await walk(flow, "summary")
        assert plan_of(flow).command == f"replicore seed consume {seed['path']}"

        async def pulled() -> object:
            return {"media": [{**medium, "seeds": [other]}]}

        monkeypatch.setattr(vault, "media", pulled)
        while flow.number:
            await flow.back()
        assert field(flow, "media", Pick).value == (), "it was pulled"
        await refused(flow, "answers-missing")

        monkeypatch.setattr(vault, "media", attached)
        for preset in ({"seed": seed["seed"]}, {"path": seed["path"]}):
            flow = ConsumeFlow(vault, **preset)
            await flow.begin()
            assert field(flow, "media", Pick).value == (seed["path"],)
