"""Sealed points where they are wanted: the restore wizard and the files of a point unlock their key in place."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLineEdit

from console.client.client import Client
from console.desktop.widgets.file_tree import FileTree
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


def test_files_of_a_sealed_point_are_unlocked_where_they_are_wanted(running_world: Running, bench: Bench) -> None:
    running = running_world("one-machine")
    desk = bench.desk_on(running.connect)

    bench.run(_sealed(desk.client))
    point = bench.run(desk.client.points(machine="laptop", limit=1))["points"][0]["id"]
    shown = FileTree(desk)
    bench.put(shown)
    shown.show_point(point)
    bench.wait(shown.locked.isVisible, "it is not said that it is locked")
    assert shown.pane.problem.failure is None
    assert "office" in shown.locked.unlock.text()
    QTest.mouseClick(shown.locked.unlock, Qt.MouseButton.LeftButton)
    dialog: Any = shown.locked.dialog
    QTest.keyClicks(dialog.passphrase.edit, PASSPHRASE)
    QTest.mouseClick(dialog.yes, Qt.MouseButton.LeftButton)
    bench.wait(lambda: shown.model.rowCount() > 0, "the files do not come")
    assert shown.tree.isVisible()

    # It is locked again elsewhere: whoever shows the point tells the tree.
    bench.run(desk.client.lock_key("office"))
    shown.show_keys(bench.run(desk.client.point(point))["keys"])
    assert shown.locked.isVisible()
    technician = bench.desk_on(lambda: running.connect(user="technician"))
    other = FileTree(technician)
    bench.put(other)
    other.show_point(point)
    bench.wait(other.locked.isVisible, "it is not said that it is locked")
    assert not other.locked.unlock.isEnabled()
    assert "administrator" in other.locked.unlock.toolTip()
