"""The restore wizard's way for whole volumes and machines, on real Cores: places refused, losses agreed to by name."""

from __future__ import annotations

import filecmp
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from console.client.client import Client
from console.domain.errors import Failed
from console.flows.fields import Choice, Lines, Note, Pick, Text, Toggle
from console.flows.outcomes import told
from console.flows.restore import RestoreFlow
from console.worlds import World
from tests.support.cores import CoreProcess
from tests.support.disks import ext4, partitioned
from tests.support.flows import at_home, corded, ended, field, keys, plan_of, refused, walk, words_of
from tests.support.images import sparse
from tests.support.loops import loop, mounted

Worlds = Callable[..., World]
MIB = 1 << 20


async def server(core: Client, tmp_path: Path) -> Path:
    """A machine of a disk and a directory, backed up once; the disk."""
    disk = sparse(tmp_path / "server.img", 2 * MIB, {0: os.urandom(300_000), MIB: os.urandom(5000)})
    home = tmp_path / "home"
    home.mkdir()
    (home / "letter").write_text("Dear all")
    await core.protect("server", [("system", str(disk)), ("home", str(home))])
    await _done(core, (await core.back_up("server"))["id"])
    return disk


async def _done(core: Client, job: str) -> None:
    async for seen in core.watch(job):
        state = seen["state"]
    assert state == "succeeded"


async def begun(core: Client, what: str) -> RestoreFlow:
    """At the step behind *what*."""
    flow = RestoreFlow(core, machine="server", what=what)
    await flow.begin()
    await walk(flow, "what")
    await flow.forward()
    return flow


def same(one: Path, other: Path) -> bool:
    return filecmp.cmp(one, other, shallow=False)


async def test_a_disk_comes_back_to_a_file_and_the_command_does_the_same(world: Worlds, tmp_path: Path) -> None:
    here = world("empty")
    async with at_home(here) as core:
        disk = await server(core, tmp_path)
        flow = await begun(core, "volumes")
        pick = field(flow, "volumes", Pick)
        assert [row.cells[:3] for row in pick.rows] == [
            ("system", "Disk", "2.1 MB"),
            ("home", "Files and directories", "8 B"),
        ]
        assert "volumes" in flow.problems()
        flow.answer("volumes", ("system",))
        await flow.forward()
        assert keys(flow) == {"kind:system", "to:system", "name:system"}
        assert field(flow, "name:system", Text).value == "system.img"
        assert "to:system" in flow.problems()
        flow.answer("to:system", (str(tmp_path),))
        flow.answer("name:system", "two words.img")
        await flow.forward()
        assert flow.step.key == "summary", "nothing is lost, so nothing is asked"
        words = words_of(plan_of(flow))
        job = await ended(core, await flow.finish())
        assert "two words.img" in told(job)[0]
        assert same(disk, tmp_path / "two words.img")
        (tmp_path / "two words.img").rename(tmp_path / "first.img")
    CoreProcess(here.primary.data).ask(*words)
    assert same(disk, tmp_path / "two words.img")


async def test_a_whole_machine_comes_back_each_volume_to_its_place(world: Worlds, tmp_path: Path) -> None:
    async with at_home(world("empty")) as core:
        disk = await server(core, tmp_path)
        (tmp_path / "to").mkdir()
        flow = await begun(core, "machine")
        assert {"kind:system", "to:home"} <= keys(flow)
        flow.answer("to:system", (str(tmp_path / "to"),))
        flow.answer("to:home", (str(tmp_path / "to" / "system.img"),))
        assert "already" in " ".join(flow.problems().values())
        flow.answer("to:home", (str(tmp_path / "to" / "home"),))
        await flow.forward()
        plan = plan_of(flow)
        assert "restore machine" in plan.command
        assert len(plan.sentences) == 4
        await ended(core, await flow.finish())
        assert same(disk, tmp_path / "to" / "system.img")
        assert (tmp_path / "to" / "home" / "letter").read_text() == "Dear all"


async def test_what_is_there_is_lost_only_after_its_name_was_typed(world: Worlds, tmp_path: Path) -> None:
    there = tmp_path / "system.img"
    async with at_home(world("empty")) as core:
        disk = await server(core, tmp_path)
        there.write_bytes(b"precious")
        flow = await begun(core, "volumes")
        flow.answer("volumes", ("system",))
        await flow.forward()
        flow.answer("to:system", (str(tmp_path),))
        await flow.forward()
        assert flow.step.key == "overwrite"
        assert field(flow, "lost:system", Note).level == "danger"
        await refused(flow, "answers-missing")
        flow.answer("agree:system", "system")
        await refused(flow, "answers-missing")
        flow.answer("agree:system", "system.img")
        await flow.forward()
        assert "--confirm system.img" in plan_of(flow).command
        assert there.read_bytes() == b"precious"

        await flow.back()
        await flow.back()
        flow.answer("name:system", "other.img")
        assert not flow.answers.typed, "what was agreed to of one place does not hold for another"
        await flow.forward()
        assert flow.step.key == "summary"
        await flow.back()
        flow.answer("name:system", "system.img")
        await flow.forward()
        flow.answer("agree:system", "system.img")
        await flow.forward()
        await ended(core, await flow.finish())
        assert same(disk, there)


async def test_files_that_are_there_in_a_directory_are_asked_about(world: Worlds, tmp_path: Path) -> None:
    (tmp_path / "back").mkdir()
    (tmp_path / "back" / "letter").write_text("mine")
    async with at_home(world("empty")) as core:
        await server(core, tmp_path)
        flow = await begun(core, "volumes")
        flow.answer("volumes", ("home",))
        await flow.forward()
        flow.answer("to:home", (str(tmp_path / "back"),))
        await flow.forward()
        assert field(flow, "overwrite", Choice).value == "never"
        flow.answer("overwrite", "always")
        await flow.forward()
        assert "--overwrite always" in plan_of(flow).command
        await ended(core, await flow.finish())
        assert (tmp_path / "back" / "letter").read_text() == "Dear all"


async def test_devices_in_use_and_too_small_ones_cannot_be_chosen(world: Worlds, tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    tree.mkdir()
    with (
        loop(ext4(tmp_path / "used.img", tree)) as used,
        mounted(used, tmp_path / "mnt"),
        loop(sparse(tmp_path / "small.img", MIB, {})) as small,
        loop(sparse(tmp_path / "good.img", 3 * MIB, {})) as good,
    ):
        async with at_home(world("empty")) as core:
            disk = await server(core, tmp_path)
            flow = await begun(core, "volumes")
            flow.answer("volumes", ("system",))
            await flow.forward()
            flow.answer("kind:system", "device")
            assert "device:system" in flow.problems()
            offered = {one.value: one.why_not for one in field(flow, "device:system", Pick).rows}
            assert str(tmp_path / "mnt") in offered[str(used)]
            assert "small" in offered[str(small)]
            assert offered[str(good)] == ""
            flow.answer("device:system", (str(used),))
            await refused(flow, "target-in-use")
            flow.answer("device:system", (str(small),))
            await refused(flow, "target-too-small")
            flow.answer("device:system", (str(good),))
            await flow.forward()
            assert str(good) in field(flow, "lost:system", Note).label
            flow.answer("agree:system", Path(good).name)
            await flow.forward()
            await ended(core, await flow.finish())
            assert good.read_bytes()[: 2 * MIB] == disk.read_bytes()


async def test_of_an_orphan_what_is_here_is_listed_before_the_start(world: Worlds, tmp_path: Path) -> None:
    async with at_home(world("two-cores-one-orphan"), "Vault") as vault:
        flow = RestoreFlow(vault, machine="fileserver", what="machine")
        await flow.begin()
        await walk(flow, "targets")
        [label] = [one["volume"] for one in flow.wanted]
        flow.answer(f"to:{label}", (str(tmp_path / "back"),))
        await flow.forward()
        assert flow.step.key == "overwrite"
        assert field(flow, f"missing-files:{label}", Lines).rows
        said = field(flow, "partial", Toggle).explain
        await refused(flow, "answers-missing")
        flow.answer("partial", True)
        await flow.forward()
        job = await ended(vault, await flow.finish())
        assert job["result"] is not None
        assert said.startswith(f"{job['result']['files']} file")
        assert any("left out" in line for line in told(job))


async def test_other_answers_after_going_back(world: Worlds, tmp_path: Path) -> None:
    async with at_home(world("empty")) as core:
        await server(core, tmp_path)
        flow = await begun(core, "volumes")
        flow.answer("volumes", ("system",))
        await flow.forward()
        flow.answer("to:system", (str(tmp_path),))
        await flow.forward()
        while flow.step.key != "what":
            await flow.back()
        flow.answer("what", "everything")
        assert [step.key for step in flow.path()][3:] == ["where", "conflicts", "summary"]
        flow.answer("what", "machine")
        await flow.forward()
        assert flow.answers.place("system").folder == str(tmp_path), "answers are kept"
        assert {"to:home"} == set(flow.problems())


async def test_the_core_may_go_at_every_step(world: Worlds, tmp_path: Path) -> None:
    async with at_home(world("empty")) as core:
        await server(core, tmp_path)
        (tmp_path / "system.img").touch()
        cord = corded(core)
        flow = await begun(core, "volumes")
        flow.answer("volumes", ("system",))
        for key, answer in (("to:system", (str(tmp_path),)), ("agree:system", "system.img")):
            await flow.forward()
            flow.answer(key, answer)
            cord.cut = True
            await refused(flow, "core-unreachable")
            cord.cut = False
        await flow.forward()
        cord.cut = True
        with pytest.raises(Failed):
            await flow.finish()
        cord.cut = False
        await ended(core, await flow.finish())


async def test_files_inside_a_disk_are_found_and_restored(world: Worlds, tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    (tree / "etc").mkdir(parents=True)
    (tree / "etc" / "fstab").write_text("proc /proc")
    partitioned(tmp_path / "server.img", [ext4(tmp_path / "part.img", tree, size=8 * MIB)])
    async with at_home(world("empty")) as core:
        await core.protect("server", [("disk", str(tmp_path / "server.img"))])
        await _done(core, (await core.back_up("server"))["id"])
        flow = RestoreFlow(core, machine="server")
        await flow.begin()
        await walk(flow, "what")
        flow.answer("what", "some")
        names = {file["path"] for file in (await core.files(flow.answers.point, ""))["files"]}
        assert names == {"disk.img", "p1"}, "the disk itself, and what is inside"
        assert [f["path"] for f in (await core.files(flow.answers.point, "p1/etc"))["files"]] == ["p1/etc/fstab"]
        flow.answer("files", ("p1/etc",))
        await flow.forward()
        flow.answer("to", (str(tmp_path / "back"),))
        await walk(flow, "summary")
        await ended(core, await flow.finish())
        found = [path for path in (tmp_path / "back").rglob("*") if path.is_file()]
        assert [path.read_text() for path in found] == ["proc /proc"]
