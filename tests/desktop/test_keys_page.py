"""The page of encryption keys on real Cores: everything a key can be asked for, and what goes wrong, in place."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDialog, QLineEdit, QMenu, QMessageBox, QWidget

from console.client.client import Client
from console.desktop.keys.asking import (
    ChangePassphrase,
    EditKey,
    ExportKey,
    ImportKey,
    MakeUniversal,
    NewKey,
    TestKey,
)
from console.desktop.keys.dialog import KeyDialog
from console.desktop.keys.unlocking import UnlockKey
from console.desktop.link import Link
from console.desktop.pages.keys import KeysPage
from console.domain.key_answers import KeyAnswer
from console.host.clock import SystemClock
from tests.support.bench import Bench
from tests.support.named_worlds import RunningWorld

Running = Callable[..., RunningWorld]
PASSPHRASE = "three tired cats under a table"
ANOTHER = "nobody reads the green newspaper"


def _click(button: QWidget) -> None:
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)


def _type(field: QLineEdit, text: str) -> None:
    field.setFocus()
    field.selectAll()
    QTest.keyClicks(field, text)


def _page(bench: Bench, running: RunningWorld, user: str | None = None) -> KeysPage:
    return bench.show(KeysPage(bench.desk_on(lambda: running.connect(user=user))))


def _keys(bench: Bench, page: KeysPage) -> list[KeyAnswer]:
    return list(bench.run(page.desk.client.keys())["keys"])


def _shown(page: KeysPage, number: int = 0) -> dict[str, str]:
    """What the table says of a key, by column."""
    model = page.model
    return {column.key: str(model.index(number, at).data() or "") for at, column in enumerate(model.columns)}


def _deed(page: KeysPage, name: str) -> None:
    row: Any = page.table.current
    deed = next(one for one in page.deeds(row) if one.name == name)
    assert not deed.why_not, deed.why_not
    deed.run()


def _gone(bench: Bench, dialog: QDialog) -> None:
    bench.wait(lambda: not _is_open(dialog), "the dialogue did not go away")


def _is_open(dialog: QDialog) -> bool:
    try:
        return dialog.isVisible()
    except RuntimeError:  # Qt has deleted it
        return False


def _opened(page: KeysPage, kind: type[KeyDialog]) -> Any:
    assert isinstance(page.dialog, kind)
    return page.dialog


def _answer(page: KeysPage, text: str) -> None:
    """Says yes to the question in front."""
    box = next(box for box in page.findChildren(QMessageBox) if box.isVisible())
    _click(next(one for one in box.buttons() if one.text().replace("&", "") == text))


async def _with_key(core: Client, *, replication: bool = False) -> KeyAnswer:
    made = await core.create_key("office", PASSPHRASE)
    return await core.set_key_type("office", "replication") if replication else made


def test_a_key_is_made_with_a_passphrase_typed_twice(running_world: Running, bench: Bench) -> None:
    page = _page(bench, running_world("empty"))
    assert page.empty.isVisible()
    assert not page.add.isVisible(), "one button for the first step is enough"
    _click(page.first)
    dialog: NewKey = _opened(page, NewKey)
    _type(dialog.name, "office")
    first, again = dialog.passphrase.first, dialog.passphrase.again
    assert first.edit.echoMode() == QLineEdit.EchoMode.Password
    _type(first.edit, "office 2026")
    assert dialog.passphrase.bar.value() == 1
    assert "12 characters" in dialog.passphrase.said.text()
    _type(first.edit, PASSPHRASE)
    assert dialog.passphrase.bar.value() > 1
    _type(again.edit, PASSPHRASE + "!")
    assert "differ" in dialog.passphrase.said.text()
    assert not dialog.yes.isEnabled()
    _type(dialog.name, "a/b")
    assert "cannot have" in dialog.wrong.text
    _type(dialog.name, "office")
    assert not dialog.wrong.isVisible()
    _click(first.show_it)
    assert first.edit.echoMode() == QLineEdit.EchoMode.Normal
    _type(again.edit, PASSPHRASE)
    _type(dialog.description, "for the office")
    _click(dialog.yes)
    _gone(bench, dialog)
    bench.wait(lambda: page.model.rowCount() == 1, "the key is not shown")
    assert page.add.isVisible()
    told = _shown(page)
    assert (told["name"], told["type"], told["state"], told["tested"]) == ("office", "Universal", "Unlocked", "Never")
    assert page.detail.isVisible()
    [key] = _keys(bench, page)
    assert key["description"] == "for the office"
    assert bench.run(page.desk.client.test_key("office", PASSPHRASE))["passed"]

    # Another one of the same name: refused in place, and what was typed can be mended.
    _click(page.add)
    dialog = _opened(page, NewKey)
    _type(dialog.name, "Office")
    _type(dialog.passphrase.first.edit, ANOTHER)
    _type(dialog.passphrase.again.edit, ANOTHER)
    _click(dialog.yes)
    bench.wait(lambda: dialog.problem.failure, "the refusal is not told")
    assert dialog.problem.failure is not None
    assert dialog.problem.failure.code == "name-taken"
    edits = [dialog.passphrase.first.edit, dialog.passphrase.again.edit]
    QTest.keyClick(dialog, Qt.Key.Key_Escape)
    assert all(_text(edit) == "" for edit in edits), "what was typed is forgotten with the dialogue"
    assert len(_keys(bench, page)) == 1


def _text(edit: QLineEdit) -> str:
    try:
        return edit.text()
    except RuntimeError:
        return ""


def test_a_key_is_locked_and_unlocked_for_a_time(running_world: Running, bench: Bench) -> None:
    running = running_world("empty")
    page = _page(bench, running)
    bench.run(_with_key(page.desk.client))
    bench.wait(lambda: page.model.rowCount() == 1, "the change feed did not reach the page")
    buttons = page.detail.buttons
    assert not buttons["lock"].isEnabled()
    assert "always unlocked" in buttons["lock"].toolTip()
    _deed(page, "replication")
    _answer(page, "Make it a replication key")
    bench.wait(lambda: _shown(page)["type"] == "Replication", "the page did not follow")
    assert not buttons["passphrase"].isEnabled()
    _click(buttons["lock"])
    bench.wait(lambda: _shown(page)["state"] == "Locked", "it was not locked")
    assert page.detail.state.text == "Locked"

    _click(buttons["unlock"])
    dialog: UnlockKey = _opened(page, UnlockKey)
    assert not dialog.yes.isEnabled()
    _type(dialog.passphrase.edit, "not the passphrase")
    QTest.keyClick(dialog.passphrase.edit, Qt.Key.Key_Return)
    bench.wait(lambda: dialog.problem.failure, "the refusal is not told")
    assert dialog.problem.failure is not None
    assert dialog.problem.failure.code == "wrong-passphrase"
    assert _keys(bench, page)[0]["state"] == "locked"
    _type(dialog.passphrase.edit, PASSPHRASE)
    spans = [dialog.for_s]
    dialog.unit.setCurrentIndex(dialog.unit.findText("Days"))
    dialog.amount.setValue(2)
    assert [*spans, dialog.for_s] == [None, 2 * 86400]
    _click(dialog.yes)
    _gone(bench, dialog)
    bench.wait(lambda: _shown(page)["state"].startswith("Unlocked until"), "it was not unlocked for a time")

    _deed(page, "universal")
    dialog = _opened(page, MakeUniversal)
    _type(dialog.passphrase.edit, PASSPHRASE)
    _click(dialog.yes)
    bench.wait(lambda: _shown(page)["type"] == "Universal", "it was not made universal")
    assert _shown(page)["state"] == "Unlocked"
    kept = [path for path in running.primary.data.rglob("*") if path.is_file()]
    told = [path for path in kept if any(one.encode() in path.read_bytes() for one in (PASSPHRASE, "not the passphr"))]
    assert kept
    assert not told, "no passphrase is written anywhere"


def test_its_name_and_passphrase_are_changed(running_world: Running, bench: Bench) -> None:
    page = _page(bench, running_world("empty"))
    bench.run(_with_key(page.desk.client))
    bench.wait(lambda: page.model.rowCount() == 1, "the change feed did not reach the page")
    _click(page.detail.buttons["rename"])
    edit: EditKey = _opened(page, EditKey)
    _type(edit.name, "headquarters")
    _type(edit.description, "in the safe")
    _click(edit.yes)
    bench.wait(lambda: _shown(page)["name"] == "headquarters", "it was not renamed")
    assert _shown(page)["description"] == "in the safe"

    _click(page.detail.buttons["passphrase"])
    dialog: ChangePassphrase = _opened(page, ChangePassphrase)
    _type(dialog.old.edit, "not the passphrase")
    _type(dialog.new.first.edit, ANOTHER)
    assert not dialog.yes.isEnabled()
    _type(dialog.new.again.edit, ANOTHER)
    _click(dialog.yes)
    bench.wait(lambda: dialog.problem.failure, "the wrong passphrase is not told")
    _type(dialog.old.edit, PASSPHRASE)
    _click(dialog.yes)
    _gone(bench, dialog)
    assert bench.run(page.desk.client.test_key("headquarters", ANOTHER))["passed"]
    assert not bench.run(page.desk.client.test_key("headquarters", PASSPHRASE))["passed"]
    bench.wait(lambda: "wrong" in _shown(page)["tested"], "the proof that failed is not shown")


def test_a_key_goes_to_a_file_and_comes_back(running_world: Running, bench: Bench, tmp_path: Path) -> None:
    page = _page(bench, running_world("empty"))
    key = bench.run(_with_key(page.desk.client))
    bench.wait(lambda: page.model.rowCount() == 1, "the change feed did not reach the page")
    _deed(page, "export")
    assert page.files is not None
    page.files.close()
    file = tmp_path / "office.key"
    page.export_to(key, file)
    export: ExportKey = _opened(page, ExportKey)
    _type(export.passphrase.edit, "not the passphrase")
    _click(export.yes)
    bench.wait(lambda: export.problem.failure, "the wrong passphrase is not told")
    assert not file.exists()
    _type(export.passphrase.edit, PASSPHRASE)
    _click(export.yes)
    bench.wait(file.exists, "the file was not written")
    _gone(bench, export)
    assert PASSPHRASE not in file.read_text()

    page.import_from(file)
    take: ImportKey = _opened(page, ImportKey)
    _click(take.yes)
    bench.wait(lambda: take.problem.failure, "that it is here already is not told")
    assert take.problem.failure is not None
    assert take.problem.failure.code == "key-known"
    take.reject()
    _click(page.detail.buttons["remove"])
    bench.wait(lambda: page.findChildren(QMessageBox), "nobody asked")
    assert "Nothing on this Core is sealed" in page.findChildren(QMessageBox)[-1].informativeText()
    _answer(page, "Remove the key")
    bench.wait(lambda: page.empty.isVisible(), "it was not removed")

    other = tmp_path / "letter.txt"
    other.write_text("Dear all")
    page.import_from(other)
    take = _opened(page, ImportKey)
    _click(take.yes)
    bench.wait(lambda: take.problem.failure, "that it is no key is not told")
    take.reject()
    page.import_from(file)
    take = _opened(page, ImportKey)
    _type(take.name, "from the safe")
    _click(take.yes)
    bench.wait(lambda: page.model.rowCount() == 1, "it was not imported")
    assert [_shown(page)[key] for key in ("name", "state", "type")] == ["from the safe", "Locked", "Replication"]


def test_a_passphrase_is_proven_here_and_at_another_core(
    running_world: Running, bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here, there = running_world("one-machine"), running_world("empty")
    page = _page(bench, here)
    target = Link("there", "Vault", there.connect, SystemClock())
    bench._links.append(target)
    monkeypatch.setattr(page.desk, "others", lambda: [target])

    async def sealed() -> None:
        core = page.desk.client
        key = await _with_key(core)
        await core.edit_machine("laptop", key="office")
        async for _ in core.watch((await core.back_up("laptop"))["id"]):
            pass
        async with there.client() as other:
            await other.import_key(dict(await core.export_key(key["id"], PASSPHRASE)))

    bench.run(sealed())
    bench.wait(lambda: page.model.rowCount() == 1 and _shown(page)["points"] == "1", "the point is not counted")
    assert _shown(page)["machines"] == "laptop"
    remove = page.detail.buttons["remove"]
    assert not remove.isEnabled()
    assert "Machines use it" in remove.toolTip()
    _click(page.detail.buttons["test"])
    dialog: TestKey = _opened(page, TestKey)
    _type(dialog.passphrase.edit, "not the passphrase")
    _click(dialog.yes)
    bench.wait(dialog.proof.isVisible, "nothing is said")
    assert dialog.proof.text.text() == "Not proven at “Test Core”."
    _type(dialog.passphrase.edit, PASSPHRASE)
    _click(dialog.yes)
    bench.wait(lambda: "Proven at “Test Core”" in dialog.proof.text.text(), "it is not proven")
    assert "1 recovery point depends on it" in dialog.proof.explain.text()
    dialog.where.setCurrentIndex(1)
    assert not dialog.proof.isVisible(), "what was proven here says nothing of the other Core"
    _click(dialog.yes)
    bench.wait(lambda: "Proven at “Vault”" in dialog.proof.text.text(), "it is not proven there")
    assert "Nothing is sealed" in dialog.proof.explain.text()

    async def tested_there() -> bool | None:
        async with there.client() as other:
            return (await other.key("office"))["test_passed"]

    assert bench.run(tested_there()) is True
    _click(dialog.no)
    _gone(bench, dialog)
    bench.wait(lambda: _shown(page)["tested"] not in ("Never", ""), "the proof is not in the table")

    # Without its machine the key can go, and what is lost is named.
    bench.run(page.desk.client.edit_machine("laptop", key=""))
    bench.wait(remove.isEnabled, "the page did not follow")
    _click(remove)
    bench.wait(lambda: page.findChildren(QMessageBox), "nobody asked")
    assert "1 recovery point with" in page.findChildren(QMessageBox)[-1].informativeText()
    _answer(page, "Remove the key")
    bench.wait(lambda: page.empty.isVisible(), "it was not removed")


def test_a_core_that_goes_is_told_in_the_dialogue_and_asked_again(running_world: Running, bench: Bench) -> None:
    running = running_world("empty")
    page = _page(bench, running)
    bench.run(_with_key(page.desk.client, replication=True))
    bench.wait(lambda: page.model.rowCount() == 1, "the change feed did not reach the page")
    _click(page.detail.buttons["unlock"])
    dialog: UnlockKey = _opened(page, UnlockKey)
    _type(dialog.passphrase.edit, PASSPHRASE)
    running.primary.kill()
    bench.wait(lambda: not page.desk.link.connected, "nobody noticed")
    _click(dialog.yes)
    bench.wait(lambda: dialog.problem.failure, "it is not told")
    assert dialog.problem.failure is not None
    assert dialog.problem.failure.kind.value == "unreachable"
    assert dialog.passphrase.text == PASSPHRASE, "it need not be typed again"
    running.primary.start(port=running.world.primary.port)
    _click(dialog.yes)
    _gone(bench, dialog)
    assert _keys(bench, page)[0]["state"] == "unlocked"


def test_who_is_no_administrator_is_told_who_may(running_world: Running, bench: Bench) -> None:
    page = _page(bench, running_world("empty"), user="technician")
    assert page.closed.isVisible()
    assert page.pane.problem.failure is None
    assert not any(part.isVisible() for part in (page.add, page.table))


def test_everything_is_reached_by_keyboard(running_world: Running, bench: Bench) -> None:
    page = _page(bench, running_world("empty"))
    bench.run(_with_key(page.desk.client))
    bench.wait(lambda: page.model.rowCount() == 1, "the change feed did not reach the page")
    helped: list[str] = []
    page.desk.helping.connect(helped.append)
    page.table.setFocus()
    QTest.keyClick(page.table, Qt.Key.Key_Menu)
    menu = page.table.findChildren(QMenu)[-1]
    texts = [line.text().replace("&", "") for line in menu.actions()]
    assert texts[:8] == [
        "Unlock …",
        "Lock",
        "Test the passphrase …",
        "Export …",
        "Rename …",
        "Change the passphrase …",
        "Make it a replication key …",
        "Remove …",
    ]
    menu.actions()[2].trigger()
    menu.close()
    dialog: TestKey = _opened(page, TestKey)
    dialog.activateWindow()
    bench.wait(lambda: QApplication.focusWidget() is dialog.passphrase.edit, "the passphrase has not the focus")
    QTest.keyClick(dialog, Qt.Key.Key_F1)
    assert helped == ["keys"]
    nameless = [
        widget
        for widget in dialog.findChildren(QWidget)
        if widget.focusPolicy() & Qt.FocusPolicy.TabFocus and widget.isVisible() and not widget.accessibleName()
        and not isinstance(widget.parent(), QLineEdit)
    ]  # fmt: skip
    assert not nameless
    QTest.keyClick(dialog, Qt.Key.Key_Escape)
    _gone(bench, dialog)
