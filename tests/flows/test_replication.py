"""The replication wizard on real Cores: pairing, machines, seed drive; nothing before its end, and on from where it
failed."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from console.client.client import Client
from console.domain.errors import Failed
from console.flows.fields import Choice, Fingerprint, Note, Pick
from console.flows.replication import ReplicationFlow
from console.flows.replication.answers import OWN
from console.worlds import PASSWORDS
from tests.support.flows import corded, ended, field, keys, plan_of, refused, walk
from tests.support.named_worlds import RunningWorld

Running = Callable[..., RunningWorld]
ADMIN = PASSWORDS["admin"]


@pytest.fixture
def source(running_world: Running) -> RunningWorld:
    """“laptop” with five points, paired with nobody."""
    return running_world("one-machine")


@pytest.fixture
def target(running_world: Running) -> RunningWorld:
    """A Core that nobody replicates to."""
    return running_world("empty")


async def to_machines(flow: ReplicationFlow, target: RunningWorld, name: str = "vault") -> None:
    """The way of a person who pairs with the target, as far as the machines."""
    await flow.begin()
    flow.answer("target", OWN)
    flow.answer("host", "127.0.0.1")
    flow.answer("port", target.primary.port)
    await flow.forward()
    flow.answer("fingerprint", True)
    await flow.forward()
    flow.answer("user", "admin")
    flow.answer("password", ADMIN)
    flow.answer("name", name)
    await flow.forward()
    assert flow.step.key == "machines"


async def choose_laptop(flow: ReplicationFlow) -> str:
    machine = next(row.value for row in field(flow, "machines", Pick).rows if row.cells[0] == "laptop")
    flow.answer("machines", (machine,))
    return machine


async def drained(core: Client) -> None:
    """Until every job of a Core has ended, and those that they started."""
    while active := (await core.jobs(state="active", offset=0))["jobs"]:
        async for _ in core.watch(active[0]["id"]):
            pass


async def test_straight_through_by_wire(source: RunningWorld, target: RunningWorld, tmp_path: Path) -> None:
    async with source.client() as office, target.client() as vault:
        await vault.create_repository("big", str(tmp_path / "big"))
        flow = ReplicationFlow(office)
        await to_machines(flow, target)
        pick = field(flow, "machines", Pick)
        assert sorted(option.label for option in pick.beside_options) == ["big", "default"]
        await refused(flow, "answers-missing")
        machine = await choose_laptop(flow)
        big = next(option.value for option in pick.beside_options if option.label == "big")
        flow.answer("machines.beside", {machine: big})
        await flow.forward()
        plan = plan_of(flow)
        assert flow.last
        assert not flow.problems()
        assert any("“big”" in sentence for sentence in plan.sentences)
        assert ADMIN not in repr(flow.answers) + repr(plan)
        for core in (office, vault):
            assert (await core.pairings())["pairings"] == [], "nothing is done before the end"
        assert (await vault.machines())["machines"] == []
        finished = await flow.finish()
        assert finished.page == "replication"
        await drained(office)
        there = await vault.machine("laptop")
        assert (there["repository"], there["points"]) == ("big", 5)
        found = await office.pairing(finished.id)
        assert (found["name"], found["lag_points"]) == ("vault", 0)


async def test_the_command_does_the_same(source: RunningWorld, target: RunningWorld) -> None:
    async with source.client() as office, target.client() as vault:
        flow = ReplicationFlow(office, machines=("laptop",))
        await to_machines(flow, target, "the vault")
        assert len(field(flow, "machines", Pick).value) == 1
        flow.answer("paused", True)
        await flow.forward()
        pair, add = [shlex.split(line)[1:] for line in plan_of(flow).command.split(" && ")]
        source.primary.ask(*pair, stdin=ADMIN)
        source.primary.ask(*add)
        [member] = (await office.pairing("the vault"))["machines"]
        assert member["paused_by"]
        assert (await vault.machine("laptop"))["points"] == 0


async def test_with_a_seed_drive(source: RunningWorld, target: RunningWorld, tmp_path: Path) -> None:
    drive = tmp_path / "blue drive"
    drive.mkdir()
    async with source.client() as office, target.client() as vault:
        flow = ReplicationFlow(office)
        await to_machines(flow, target)
        await choose_laptop(flow)
        flow.answer("seed_drive", True)
        await flow.forward()
        assert flow.step.key == "location"
        assert "places" in flow.problems()
        flow.answer("places", (str(source.primary.data / "inside"),))
        await refused(flow, "location-in-repository")
        flow.answer("places", (str(drive),))
        await flow.forward()
        assert flow.step.key == "options"
        flow.answer("segment_size", 5)
        assert "segment_size" in flow.problems()
        flow.answer("segment_size", 1 << 20)
        flow.answer("comment", "Blue 1")
        flow.answer("all_on_drive", False)
        await flow.forward()
        assert flow.step.key == "on-drive"
        assert "on_drive" in flow.problems()
        await flow.back()
        flow.answer("all_on_drive", True)
        await flow.forward()
        assert flow.last
        assert not flow.problems()
        words = [shlex.split(line)[1:3] for line in plan_of(flow).command.split(" && ")]
        assert words == [["replication", "pair"], ["replication", "add"], ["seed", "create"]]
        assert list(drive.iterdir()) == []
        job = await ended(office, await flow.finish())
        assert job["kind"] == "seed-create"
        await drained(office)
        assert (await vault.machine("laptop"))["points"] == 0, "all of it travels"
        seed = await vault.inspect_seed(str(drive))
        assert (seed["comment"], seed["points"]) == ("Blue 1", 5)
        done = await vault.consume_seed([str(drive)])
        async for _ in vault.watch(done["id"]):
            pass
        assert (await vault.machine("laptop"))["points"] == 5


async def test_the_seed_command_parses(source: RunningWorld, target: RunningWorld, tmp_path: Path) -> None:
    async with source.client() as office:
        flow = ReplicationFlow(office, machines=("laptop",))
        await to_machines(flow, target)
        flow.answer("seed_drive", True)
        await flow.forward()
        flow.answer("places", (str(tmp_path / "two words"),))
        await flow.forward()
        for key, value in (
            ("medium_size", 1 << 30),
            ("segment_size", 1 << 21),
            ("chains", "latest"),
            ("reuse", "erase"),
            ("comment", "it's blue"),
            ("customer_id", "-77"),
        ):
            flow.answer(key, value)
        assert set(flow.problems()) == {"erase_agreed"}
        flow.answer("erase_agreed", True)
        await flow.forward()
        lines = [shlex.split(line)[1:] for line in plan_of(flow).command.split(" && ")]
    source.primary.ask(*lines[0], stdin=ADMIN)
    source.primary.ask(*lines[1])
    written = source.primary.ask(*lines[2])
    shown = source.primary.ask("seed", "show", written["seed"])
    assert (shown["comment"], shown["customer_id"], shown["location"]) == (
        "it's blue",
        "-77",
        str(tmp_path / "two words"),
    )


async def test_nobody_goes_on_without_comparing(source: RunningWorld, target: RunningWorld) -> None:
    async with source.client() as office:
        flow = ReplicationFlow(office)
        await flow.begin()
        assert field(flow, "target", Choice).value == OWN, "there is no other choice yet"
        flow.answer("host", "127.0.0.1")
        flow.answer("port", target.primary.port)
        await flow.forward()
        shown = field(flow, "fingerprint", Fingerprint)
        assert (shown.fingerprint, len(shown.words)) == (target.primary.fingerprint, 6)
        await refused(flow, "answers-missing")
        flow.answer("fingerprint", True)
        flow.answer("fingerprint", False)
        await refused(flow, "answers-missing")
        flow.answer("fingerprint", True)
        await flow.back()
        await flow.forward()
        assert field(flow, "fingerprint", Fingerprint).value, "it is the same Core"
        # Another Core answers at that address now.
        other = flow.answers.probed
        assert other is not None
        flow.answers = replace(flow.answers, probed={**other, "fingerprint": "00:11"})
        await flow.back()
        await flow.forward()
        assert not field(flow, "fingerprint", Fingerprint).value
        flow.answers = replace(flow.answers, machines=("x",))
        with pytest.raises(Failed) as caught:
            await flow.finish()
        assert caught.value.failure.code == "fingerprint-not-confirmed"


async def test_what_the_target_refuses(source: RunningWorld, target: RunningWorld) -> None:
    async with source.client() as office, target.client() as vault:
        flow = ReplicationFlow(office)
        await flow.begin()
        for host, port, wrong in (("", 8006, "host"), ("a b", 8006, "host"), ("here", 0, "port")):
            flow.answer("host", host)
            flow.answer("port", port)
            assert wrong in flow.problems()
        flow.answer("host", "127.0.0.1")
        flow.answer("port", 1)
        await refused(flow, "target-unreachable")
        flow.answer("port", source.primary.port)
        await refused(flow, "target-is-this-core")
        flow.answer("port", target.primary.port)
        await flow.forward()
        flow.answer("fingerprint", True)
        await flow.forward()
        assert set(flow.problems()) == {"user", "password"}, "the Core's own name is proposed"
        flow.answer("name", "con")
        assert "name" in flow.problems()
        flow.answer("name", "vault")
        flow.answer("user", "admin")
        flow.answer("password", "not this one")
        await refused(flow, "wrong-credentials")
        flow.answer("user", "technician")
        flow.answer("password", PASSWORDS["technician"])
        await refused(flow, "not-administrator")
        flow.answer("user", "admin")
        flow.answer("password", ADMIN)
        await flow.forward()
        for core in (office, vault):
            assert (await core.pairings())["pairings"] == []


async def test_a_known_target(running_world: Running, tmp_path: Path) -> None:
    running = running_world("two-cores-one-orphan")
    async with running.client() as office, running.client("Vault") as vault:
        (tmp_path / "files").mkdir()
        (tmp_path / "files" / "one").write_text("one")
        await vault.create_repository("second", str(tmp_path / "second"))
        await office.protect("desk", [(None, str(tmp_path / "files"))], interval_s=0)
        async for _ in office.watch((await office.back_up("desk"))["id"]):
            pass
        flow = ReplicationFlow(office, pairing="vault")
        await flow.begin()
        await flow.forward()
        assert flow.step.key == "machines"
        pick = field(flow, "machines", Pick)
        assert {row.cells[0] for row in pick.rows if row.why_not} == {"webserver", "fileserver"}
        desk = next(row.value for row in pick.rows if not row.why_not)
        second = next(option.value for option in pick.beside_options if option.label == "second")
        flow.answer("machines", (desk,))
        flow.answer("machines.beside", {desk: second})
        await flow.forward()
        assert plan_of(flow).command == "replicore replication add vault desk --repository desk=second"
        await flow.finish()
        await drained(office)
        assert (await vault.machine("desk"))["repository"] == "second"
        # The same Core by its address is the one that is known.
        flow = ReplicationFlow(office)
        await flow.begin()
        flow.answer("target", OWN)
        flow.answer("host", "127.0.0.1")
        flow.answer("port", running.place("Vault").port)
        failure = await refused(flow, "already-paired")
        assert "vault" in failure.message


async def test_nothing_is_left_to_replicate(running_world: Running) -> None:
    async with running_world("two-cores-one-orphan").client() as office:
        flow = ReplicationFlow(office, pairing="vault", machines=("webserver",))
        await flow.begin()
        await walk(flow, "machines")
        assert field(flow, "machines", Pick).value == (), "it is there already"
        assert "already" in flow.problems()["machines"]


async def test_a_target_that_is_gone(running_world: Running) -> None:
    running = running_world("two-cores-one-orphan")
    running.cores["Vault"].stop()
    async with running.client() as office:
        flow = ReplicationFlow(office, pairing="vault")
        await flow.begin()
        await refused(flow, "target-unreachable")


async def test_finish_goes_on_where_it_failed(source: RunningWorld, target: RunningWorld, tmp_path: Path) -> None:
    async with source.client() as office, target.client() as vault:
        flow = ReplicationFlow(office, machines=("laptop",))
        await to_machines(flow, target)
        flow.answer("seed_drive", True)
        await flow.forward()
        place = tmp_path / "drive"
        flow.answer("places", (str(place),))
        await walk(flow, "summary")
        # Between the summary and the end the place becomes a file: the pairing and the machine are there by then.
        place.touch()
        with pytest.raises(Failed) as caught:
            await flow.finish()
        assert caught.value.failure.code == "location-not-a-directory"
        assert "are paired" in caught.value.failure.hint
        assert "1 machine is replicated" in caught.value.failure.hint
        assert len((await vault.pairings())["pairings"]) == 1
        await walk_back(flow, "location")
        place.unlink()
        await walk(flow, "summary")
        assert "replication pair" not in plan_of(flow).command
        job = await ended(office, await flow.finish())
        assert job["kind"] == "seed-create"
        assert len((await office.pairings())["pairings"]) == 1
        assert len((await office.pairing("vault"))["machines"]) == 1
        await walk_back(flow, "target")
        await walk(flow, "machines")
        assert len(field(flow, "machines", Pick).value) == 1


async def walk_back(flow: ReplicationFlow, until: str) -> None:
    while flow.step.key != until:
        await flow.back()


async def test_the_core_may_go_at_every_step(source: RunningWorld, target: RunningWorld, tmp_path: Path) -> None:
    async with source.client() as office:
        cord = corded(office)
        flow = ReplicationFlow(office, machines=("laptop",))
        cord.cut = True
        with pytest.raises(Failed) as gone:
            await flow.begin()
        assert gone.value.failure.code == "core-unreachable"
        cord.cut = False
        await flow.begin()
        typed = {
            "target": (("host", "127.0.0.1"), ("port", target.primary.port)),
            "compare": (("fingerprint", True),),
            "request": (("user", "admin"), ("password", ADMIN)),
            "machines": (("seed_drive", True),),
            "location": (("places", (str(tmp_path / "drive"),)),),
        }
        while not flow.last:
            for key, value in typed.get(flow.step.key, ()):
                flow.answer(key, value)
            answers = flow.answers
            if flow.step.key != "compare":  # nobody is asked there
                cord.cut = True
                await refused(flow, "core-unreachable")
                cord.cut = False
                assert flow.answers == answers
            await flow.forward()
        cord.cut = True
        with pytest.raises(Failed):
            await flow.finish()
        cord.cut = False
        await ended(office, await flow.finish())


async def test_without_a_repository_there_the_cores_can_still_be_paired(
    source: RunningWorld, target: RunningWorld
) -> None:
    async with source.client() as office, target.client() as vault:
        await vault.remove_repository("default")
        flow = ReplicationFlow(office, machines=("laptop",))
        await to_machines(flow, target)
        assert keys(flow) == {"machines"}
        assert field(flow, "machines", Note).level == "warning"
        await flow.forward()
        assert plan_of(flow).warnings
        finished = await flow.finish()
        assert (await office.pairing(finished.id))["machines"] == []


async def test_an_empty_core_says_what_to_do(running_world: Running) -> None:
    empty, other = running_world("empty"), running_world("one-machine")
    async with empty.client() as core:
        flow = ReplicationFlow(core)
        await to_machines(flow, other)
        assert field(flow, "machines", Note).explain
        await refused(flow, "answers-missing")
