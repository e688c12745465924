"""What the worlds that the engine makes look like from outside, after they were copied."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from console.domain.errors import Failed, FailureKind
from console.worlds import NAMES, World, build
from console.worlds.sealed import PASSPHRASE
from tests.support.named_worlds import RunningWorld

Worlds = Callable[..., World]
Running = Callable[..., RunningWorld]


def test_an_unknown_world_is_refused_with_the_names_of_all(tmp_path: Path) -> None:
    with pytest.raises(Failed) as refused:
        build("atlantis", tmp_path / "atlantis")
    assert refused.value.failure.code == "no-such-world"
    assert all(name in refused.value.failure.hint for name in NAMES)


async def test_empty(running_world: Running) -> None:
    async with running_world("empty").client() as core:
        status = await core.status()
        assert status["name"] == "Office"
        counts = status["counts"]
        assert (counts["machines"], counts["points"], counts["repositories"], counts["pairings"]) == (0, 0, 1, 0)


async def test_every_person_may_sign_in(running_world: Running) -> None:
    running = running_world("empty")
    roles = {}
    for user in ("admin", "technician", "helpdesk"):
        async with running.client(user=user) as core:
            roles[user] = (await core.status())["role"]
    assert roles == {"admin": "administrator", "technician": "technician", "helpdesk": "helpdesk"}


async def test_one_machine_can_be_browsed_and_backed_up(running_world: Running) -> None:
    running = running_world("one-machine")
    async with running.client() as core:
        points = (await core.points())["points"]
        assert [point["kind"] for point in points] == ["incremental"] * 4 + ["base"]
        names = [entry["path"] for entry in (await core.files(points[0]["id"]))["files"]]
        assert "notes.txt" in names
        job = await core.back_up("laptop")
        async for state in core.watch(job["id"]):
            job = state
        assert job["state"] == "succeeded", "its files and its repository were found at their new place"


async def test_a_fresh_world_goes_on_with_its_chains_and_a_copy_begins_anew(running_world: Running) -> None:
    for fresh, kind in ((True, "incremental"), (False, "base")):
        async with running_world("one-machine", fresh=fresh).client() as core:
            job = await core.back_up("laptop")
            async for state in core.watch(job["id"]):
                job = state
            assert (await core.points(limit=1))["points"][0]["kind"] == kind


async def test_the_orphans_become_whole_by_the_drive_that_lies_about(running_world: Running) -> None:
    running = running_world("two-cores-one-orphan")
    async with running.client() as office, running.client("Vault") as vault:
        assert (await vault.points(machine="webserver"))["points"][0]["chain"] == "whole"
        orphans = (await vault.points(machine="fileserver"))["points"]
        assert [point["chain"] for point in orphans] == ["awaiting-seed"] * 2
        forced = await office.force("vault")
        async for state in office.watch(forced["id"]):
            forced = state
        assert forced["state"] == "succeeded", "the source knows where the target is now"
        job = await vault.consume_seed([str(running.world.media[0])])
        async for state in vault.watch(job["id"]):
            job = state
        assert job["state"] == "succeeded"
        assert [p["chain"] for p in (await vault.points(machine="fileserver"))["points"]] == ["whole"] * 3


async def test_the_drive_in_the_post_is_not_where_it_was_written(running_world: Running) -> None:
    running = running_world("seed-in-the-post")
    async with running.client() as office, running.client("Vault") as vault:
        seed = (await office.seeds())["seeds"][0]
        assert (seed["state"], seed["comment"]) == ("outstanding", "Blue 1")
        assert not Path(seed["location"]).exists()
        assert str(running.world.directory) in seed["location"]
        orphans = (await vault.points(machine="accounting"))["points"]
        assert {point["chain"] for point in orphans} == {"awaiting-seed"}
        assert (await vault.points(machine="mailserver"))["points"][0]["chain"] == "whole"


def test_copies_do_not_share_anything(world: Worlds) -> None:
    one, other = world("one-machine"), world("one-machine")
    assert one.directory != other.directory
    assert {path.name for path in one.directory.iterdir()} == {path.name for path in other.directory.iterdir()}


async def test_the_disk_that_forgot_something(running_world: Running) -> None:
    running = running_world("broken")
    async with running.client() as core:
        points = (await core.points(machine="archive", descending=False))["points"]
        assert [point["chain"] for point in points] == ["whole"] * 2 + ["broken"] * 4
        assert {point["restorability"] for point in points[2:]} == {"some-files"}
        assert {p["chain"] for p in (await core.points(machine="mailserver"))["points"]} == {"whole"}
        alerts = (await core.events(alerts=True))["events"]
        assert [alert["code"] for alert in alerts] == ["damage-found"]
        (home,) = (await core.repositories())["repositories"]
        assert home["damaged"] == 3


async def test_keys_in_every_state(running_world: Running) -> None:
    running = running_world("sealed")
    async with running.client() as office, running.client("Vault") as vault:
        keys = {key["name"]: key for key in (await office.keys())["keys"]}
        assert {name: key["state"] for name, key in keys.items()} == {
            "office": "unlocked",
            "payroll": "unlocked",
            "branch": "locked",
            "courier": "unlocked-until",
        }
        assert {name for name, key in keys.items() if key["proof_due"]} == {"office", "branch"}
        assert [key["locked"] for key in (await office.points(machine="laptop"))["points"][0]["keys"]] == [True]
        oldest = (await office.points(machine="archive", descending=False))["points"][0]["keys"]
        assert [key["name"] == key["id"] for key in oldest] == [True], "its key is not known any more"
        (failed,) = (await office.jobs(state="failed"))["jobs"]
        assert failed["failure"] is not None
        assert (failed["failure"]["code"], failed["failure"]["about"]) == ("key-locked", keys["branch"]["id"])
        assert {key["state"] for key in (await vault.keys())["keys"] if key["name"] != "courier"} == {"locked"}
        opened = await vault.test_key("office", PASSPHRASE)
        assert opened["images_opened"] > 0
        assert not (await vault.key("office"))["proof_due"]


def test_each_world_says_what_it_is_and_who_may_sign_in(world: Worlds) -> None:
    for name in ("empty", "one-machine", "two-cores-one-orphan", "broken"):
        found = world(name)
        assert (found.name, found.primary.name) == (name, "Office")
        assert len(found.description) > 150
        assert "technician-pass" in found.description
        assert all(core.data.is_relative_to(found.directory) for core in found.cores)
        assert all(medium.is_dir() for medium in found.media)


async def test_an_administrator_moves_a_pairing_and_nobody_else(running_world: Running) -> None:
    running = running_world("two-cores-one-orphan")
    async with running.client(user="admin") as admin, running.client(user="technician") as technician:
        edited = await admin.edit_pairing("vault", name="cellar", host="localhost")
        assert (edited["name"], edited["host"], edited["port"]) == ("cellar", "localhost", running.place("Vault").port)
        assert (await admin.plan("cellar"))["pairing"] == edited["pairing"]
        with pytest.raises(Failed) as refused:
            await technician.edit_pairing("cellar", host="elsewhere")
        assert refused.value.failure.kind is FailureKind.FORBIDDEN
    shown = running.primary.ask("replication", "edit", "cellar", "--name", "vault", "--host", "127.0.0.1")
    assert (shown["name"], shown["host"]) == ("vault", "127.0.0.1")
    running.primary.refuse("replication", "edit", "vault", code="nothing-to-change", exit=2)
