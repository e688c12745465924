"""Sealed points where they are wanted: the restore wizard and the files of a point unlock their key in place."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLineEdit, QWidget

from console.client.client import Client
from console.client.mounts import Mounts
from console.desktop.desk import Place
from console.desktop.keys.unlocking import UnlockingProblem
from console.desktop.machine.sealing import ChangeMachineKey
from console.desktop.mounting import Mounting
from console.desktop.pages.jobs import JobDetail
from console.desktop.pages.machine import MachinePage
from console.desktop.widgets.file_tree import FileTree
from console.desktop.widgets.mount_dialog import MountDialog, ask_mount
from console.desktop.wizards.catalogue import begin
from console.domain.keys import named_key_locked
from console.host.clock import SystemClock
from tests.support.bench import Bench
from tests.support.named_worlds import COMMAND, RunningWorld
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


def test_a_backup_that_wants_the_key_goes_on_when_it_is_unlocked(running_world: Running, bench: Bench) -> None:
    running = running_world("one-machine")
    desk = bench.desk_on(running.connect)
    bench.run(_sealed(desk.client))
    machine = bench.run(desk.client.machine("laptop"))
    page = bench.show(MachinePage(desk), Place("machine", machine["id"]))
    problem = page.pane.problem
    page._back_up(base=False)
    bench.wait(problem.isVisible, "nothing was said")
    assert problem.failure is not None
    assert problem.failure.code == "key-locked"
    said = problem.accessibleName()
    assert "“office”" in said
    assert "goes on" in said
    assert "replicore" not in said, "no command line for who sits at the Console"
    _unlock(bench, problem)
    bench.wait(lambda: bench.notices, "the backup has not started")
    assert bench.notices[-1] == "The backup of “laptop” has started."
    assert not problem.isVisible()

    # Who may back up and may not unlock is told who may.
    bench.run(desk.client.lock_key("office"))
    other = bench.desk_on(lambda: running.connect(user="technician"))
    pane = UnlockingProblem(other)
    bench.put(pane)
    pane.tell(problem.failure or named_key_locked("0" * 64, "office").failure, retry=False)
    assert not pane.unlock.isEnabled()
    assert "administrator" in pane.accessibleName()


def test_a_failed_backup_is_made_again_with_the_key(running_world: Running, bench: Bench) -> None:
    desk = bench.desk_on(running_world("one-machine").connect)
    bench.run(_sealed(desk.client))
    job = dict(bench.run(desk.client.jobs(limit=1))["jobs"][0])
    key = bench.run(desk.client.key("office"))
    failure = named_key_locked(key["id"], "office").failure.to_dict()
    assert failure["about"] == key["id"]
    detail = JobDetail(desk)
    bench.put(detail)
    detail.show_job({**job, "state": "failed", "failure": failure, "result": None})  # type: ignore[typeddict-item]
    assert detail.locked.isVisible()
    _unlock(bench, detail.locked)
    bench.wait(lambda: detail._job is not None and detail._job["id"] != job["id"], "no backup was made")
    assert not detail.locked.isVisible()


def test_a_locked_key_is_given_to_a_machine_and_unlocked_for_it(running_world: Running, bench: Bench) -> None:
    desk = bench.desk_on(running_world("one-machine").connect)

    async def locked() -> None:
        await desk.client.create_key("office", PASSPHRASE)
        await desk.client.set_key_type("office", "replication")
        await desk.client.lock_key("office")

    bench.run(locked())
    parent = QWidget()
    bench.put(parent)
    dialog = ChangeMachineKey(parent, desk, bench.run(desk.client.machine("laptop")))
    bench.wait(lambda: dialog.choice.count() == 2 and not dialog.reading.busy, "the keys were not read")
    dialog.choice.setCurrentIndex(1)
    bench.wait(dialog.reading.problem.isVisible, "it is not said that it is locked")
    assert not dialog.yes.isEnabled()
    _unlock(bench, dialog.reading.problem)
    bench.wait(dialog.ready, "what it means is not said")
    assert dialog.choice.currentText() == "office"


def test_a_sealed_point_is_not_mounted_before_its_key_is_unlocked(
    running_world: Running, bench: Bench, tmp_path: Path
) -> None:
    running = running_world("one-machine")
    mounts = Mounts(COMMAND, SystemClock())
    if (missing := mounts.why_not()) is not None:
        pytest.skip(missing.message)
    desk = bench.desk_on(running.connect)
    desk.mounting = Mounting(mounts, "test", ("--data", str(running.primary.data)))
    bench.run(_sealed(desk.client))
    point = bench.run(desk.client.points(machine="laptop", limit=1))["points"][0]
    parent = QWidget()
    bench.put(parent)
    ask_mount(desk, parent, point=point["id"], machine="laptop", moment=point["time"])
    dialog = parent.findChildren(MountDialog)[-1]
    place = tmp_path / "mounted"
    dialog.place.setText(str(place))
    QTest.mouseClick(dialog.yes, Qt.MouseButton.LeftButton)
    bench.wait(dialog.pane.problem.isVisible, "it was mounted")
    assert dialog.pane.problem.failure is not None
    assert dialog.pane.problem.failure.code == "key-locked"
    assert not place.exists()
    try:
        _unlock(bench, dialog.pane.problem)
        bench.wait(lambda: bench.gone and bench.gone[-1].page == "mounts", "it was not mounted")
        (volume,) = os.listdir(place)
        assert (place / volume / "notes.txt").is_file()
    finally:
        bench.run(mounts.close())


def _unlock(bench: Bench, problem: UnlockingProblem) -> None:
    """Presses Unlock and types the passphrase."""
    assert problem.unlock.isVisible()
    QTest.mouseClick(problem.unlock, Qt.MouseButton.LeftButton)
    bench.wait(lambda: problem.dialog is not None, "nobody asks for the passphrase")
    dialog: Any = problem.dialog
    QTest.keyClicks(dialog.passphrase.edit, PASSPHRASE)
    QTest.mouseClick(dialog.yes, Qt.MouseButton.LeftButton)
