"""Encryption keys through the API, as commands and the Console reach them."""

from __future__ import annotations

from collections.abc import Coroutine
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from console.client.client import Client
from console.client.inside import InsideTransport
from console.domain.clock import from_iso
from console.domain.errors import Failed
from console.domain.roles import Role
from console.engine.core import Core
from tests.service.conftest import backed_up, ended

PASSPHRASE = "seven brave otters swim at dawn"


async def refused(call: Coroutine[Any, Any, Any]) -> str:
    with pytest.raises(Failed) as known:
        await call
    assert PASSPHRASE not in str(known.value)
    return known.value.failure.code


async def test_a_key_from_its_making_to_its_end(client: Client, core: Core) -> None:
    made = await client.create_key("office", PASSPHRASE, "a note")
    assert (made["type"], made["state"], made["test_passed"], made["points"]) == ("universal", "unlocked", None, 0)
    assert len(made["thumbprint"]) == 26
    assert (await client.keys())["keys"] == [await client.key("office")]
    assert await refused(client.create_key("office", PASSPHRASE)) == "name-taken"
    assert await refused(client.create_key("weak", "weak")) == "passphrase-weak"
    assert (await client.edit_key("office", name="headquarters"))["name"] == "headquarters"
    assert await refused(client.lock_key("headquarters")) == "key-universal"
    assert (await client.set_key_type("headquarters", "replication"))["state"] == "unlocked"
    assert (await client.lock_key("headquarters"))["state"] == "locked"
    assert await refused(client.unlock_key("headquarters", "wrong " + PASSPHRASE)) == "wrong-passphrase"
    opened = await client.unlock_key("headquarters", PASSPHRASE, for_s=48 * 3600)
    assert opened["state"] == "unlocked-until"
    assert opened["until"] is not None
    assert timedelta(hours=47) < from_iso(opened["until"]) - core.clock.now() <= timedelta(hours=48)
    assert (await client.test_key("headquarters", "not this one"))["passed"] is False
    proven = await client.test_key("headquarters", PASSPHRASE)
    assert proven["passed"]
    assert (await client.key("headquarters"))["tested"] == proven["tested"]
    assert await refused(client.set_key_type("headquarters", "universal")) == "passphrase-required"
    await client.set_key_type("headquarters", "universal", PASSPHRASE)
    await client.change_passphrase("headquarters", PASSPHRASE, "a fresh one, and long")
    assert await refused(client.export_key("headquarters", PASSPHRASE)) == "wrong-passphrase"
    file = await client.export_key("headquarters", "a fresh one, and long")
    assert await refused(client.import_key(dict(file))) == "key-known"
    await client.remove_key("headquarters")
    assert (await client.keys())["keys"] == []
    back = await client.import_key(dict(file), name="office")
    assert (back["id"], back["name"], back["state"]) == (made["id"], "office", "locked")
    assert await refused(client.import_key({**file, "wrapped": "no base64!"})) == "not-a-key-file"


async def test_a_machine_gets_a_key_and_says_first_what_that_means(client: Client, core: Core, tree: Path) -> None:
    made = await client.create_key("office", PASSPHRASE)
    assert await refused(client.protect("db", [("tree", str(tree))], key="none of ours")) == "no-such-key"
    plain = await backed_up(client, tree)
    assert (await client.point(plain))["encrypted"] is False
    told = await client.key_change("web", "office")
    assert (told["key"], told["base"], told["targets"]) == ("office", True, [])
    assert told["bytes"] == (await client.point(plain))["size"]
    assert "base images" in told["why"]
    assert (await client.edit_machine("web", key="office"))["key"] == "office"
    job = await ended(client, await client.back_up("web"))
    assert job["result"] is not None
    [image] = job["result"]["images"]
    assert (image["kind"], image["base_reason"]) == ("base", "key-changed")
    sealed = await client.point(job["result"]["point"])
    assert (sealed["encrypted"], sealed["keys"]) == (True, [{"id": made["id"], "name": "office", "locked": False}])
    assert (await client.key_change("web", "office"))["why"] == ""
    loss = await client.key_loss("office")
    assert (loss["machines"], loss["points"]) == (["web"], 1)
    assert await refused(client.remove_key("office", points=True)) == "key-in-use"
    assert (await client.edit_machine("web", key=""))["key"] is None
    assert await refused(client.remove_key("office")) == "key-needed"
    await client.remove_key("office", points=True)
    [unknown] = (await client.points())["points"][0]["keys"]
    assert unknown == {"id": made["id"], "name": made["id"], "locked": True}
    with pytest.raises(Failed) as known:
        core.points.files(job["result"]["point"])
    assert known.value.failure.code == "key-locked"


async def test_a_locked_key_is_named_wherever_names_are_asked_for(client: Client, tree: Path) -> None:
    await client.create_key("office", PASSPHRASE)
    await client.protect("web", [("tree", str(tree))], interval_s=0, key="office")
    job = await ended(client, await client.back_up("web"))
    assert job["result"] is not None
    point = job["result"]["point"]
    await client.set_key_type("office", "replication")
    await client.lock_key("office")
    assert await refused(client.files(point, "")) == "key-locked"
    assert await refused(client.back_up("web")) == "key-locked"
    listed = (await client.points())["points"]
    assert [(found["encrypted"], found["chain"]) for found in listed] == [(True, "whole")]
    assert [(key["name"], key["locked"]) for key in listed[0]["keys"]] == [("office", True)]
    assert (await client.point(point))["images"][0]["missing_objects"] == 0
    checked = await ended(client, await client.check_repository(None, read_data=True))
    assert checked["result"] is not None
    assert checked["result"]["damaged"] == []


async def test_keys_are_for_administrators(client: Client, core: Core, transport: InsideTransport) -> None:
    await client.create_key("office", PASSPHRASE)
    for role in (Role.TECHNICIAN, Role.HELPDESK):
        core.users.add(role.value, role, PASSPHRASE)
        other = Client(transport)
        await other.sign_in(role.value, PASSPHRASE)
        for call in (
            other.keys(),
            other.key("office"),
            other.create_key("mine", PASSPHRASE),
            other.unlock_key("office", PASSPHRASE),
            other.lock_key("office"),
            other.export_key("office", PASSPHRASE),
            other.test_key("office", PASSPHRASE),
            other.set_key_type("office", "replication"),
            other.change_passphrase("office", PASSPHRASE, PASSPHRASE),
            other.key_loss("office"),
            other.remove_key("office"),
        ):
            with pytest.raises(Failed) as known:
                await call
            assert known.value.failure.kind.value == "forbidden"
