"""A sealed point in the restore wizard: its key is unlocked on the way, with a wrong passphrase first."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from PySide6.QtWidgets import QLineEdit

from console.client.client import Client
from console.desktop.wizards.catalogue import begin
from tests.support.bench import Bench
from tests.support.named_worlds import RunningWorld
from tests.support.wizard_hand import Hand

Running = Callable[..., RunningWorld]
PASSPHRASE = "three tired cats under a table"


async def _sealed(core: Client) -> str:
    """A point of “laptop” whose key is locked; the id of the key."""
    made = await core.create_key("office", PASSPHRASE)
    await core.edit_machine("laptop", key="office")
    async for _ in core.watch((await core.back_up("laptop"))["id"]):
        pass
    await core.set_key_type("office", "replication")
    await core.lock_key("office")
    return made["id"]


@pytest.mark.parametrize("keys_only", [False, True], ids=["mouse", "keyboard"])
def test_a_key_is_unlocked_on_the_way(running_world: Running, bench: Bench, keys_only: bool) -> None:
    desk = bench.desk_on(running_world("one-machine").connect)
    key = bench.run(_sealed(desk.client))
    hand = Hand.at(bench, desk, begin(desk, "restore", {"machine": "laptop"}), keys_only=keys_only)
    try:
        hand.go_on()
        assert "sealed" in hand.said
        hand.go_on()
        assert hand.step == "unlock"
        asked = f"passphrase:{key}"
        edit = hand.view(asked).controls()[0]
        assert edit.echoMode() == QLineEdit.EchoMode.Password
        assert hand.nameless() == []
        hand.next()
        assert hand.problem(asked) == "Type the passphrase."
        hand.type(asked, "not the passphrase")
        hand.next()
        assert hand.failure == "wrong-passphrase"
        hand.type(asked, PASSPHRASE)
        hand.choose("for", "3600")
        hand.go_on()
        assert hand.step == "what"
        assert bench.run(desk.client.key("office"))["state"] == "unlocked-until"
        hand.back()
        assert "“office” is unlocked." in hand.said
        assert not any(edit.text() for edit in hand.window.findChildren(QLineEdit) if edit.isVisible())
        hand.go_on()
        hand.discard()
    finally:
        hand.leave()


def test_cancel_unlocks_nothing(running_world: Running, bench: Bench) -> None:
    desk = bench.desk_on(running_world("one-machine").connect)
    key = bench.run(_sealed(desk.client))
    hand = Hand.at(bench, desk, begin(desk, "restore", {"machine": "laptop"}))
    try:
        hand.go_on()
        hand.go_on()
        hand.type(f"passphrase:{key}", PASSPHRASE)
        hand.discard()
    finally:
        hand.leave()
    assert bench.run(desk.client.key("office"))["state"] == "locked"
