"""The settings of a machine, on real Cores: judged while they are typed, saved at the Core, and how protection ends."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QMessageBox, QWidget

from console.desktop.desk import Desk, Place
from console.desktop.pages.machine import MachinePage
from console.flows.machine_settings import VolumeDraft
from tests.support.bench import Bench
from tests.support.named_worlds import RunningWorld

Running = Callable[..., RunningWorld]


def _texts(widget: QWidget) -> str:
    return "\n".join(label.text() for label in widget.findChildren(QLabel))


def _desk(bench: Bench, running: RunningWorld, core: str | None = None, user: str | None = None) -> Desk:
    return bench.desk_on(lambda: running.connect(core, user))


def _machine(bench: Bench, desk: Desk, name: str) -> dict[str, Any]:
    return dict(bench.run(desk.client.machine(name)))


def _page(bench: Bench, desk: Desk, name: str, tab: str = "") -> MachinePage:
    id = _machine(bench, desk, name)["id"]
    return bench.show(MachinePage(desk), Place("machine", id, tab))


def _click(button: QWidget) -> None:
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)


def test_settings_are_judged_while_they_are_typed_and_saved_at_the_core(running_world: Running, bench: Bench) -> None:
    desk = _desk(bench, running_world("one-machine"))
    page = _page(bench, desk, "laptop", "settings")
    tab = page.settings
    bench.wait(lambda: tab.retention.policy.text().startswith("All of 3 days"), "how long points stay is not said")
    _click(tab.retention.going)
    assert (bench.gone[-1].page, bench.gone[-1].tab) == ("retention", "rollup")
    assert tab.name.text() == "laptop"
    assert not tab.save.isEnabled(), "nothing was changed yet"
    edit = tab.interval.lineEdit()
    assert edit is not None
    edit.selectAll()
    QTest.keyClicks(edit, "often")
    assert "is no interval" in tab.wrong.text()
    assert not tab.save.isEnabled()
    edit.selectAll()
    QTest.keyClicks(edit, "4h")
    assert not tab.wrong.isVisible()
    tab.excludes.setFocus()
    QTest.keyClicks(tab.excludes, "*.tmp")
    QTest.keyClick(tab.excludes, Qt.Key.Key_Return)
    QTest.keyClicks(tab.excludes, "/cache")

    # Something else changes meanwhile: what was typed stays.
    bench.run(desk.client.pause_machine("laptop"))
    bench.wait(lambda: page.resume.isVisible(), "the page did not follow")
    assert tab.interval.currentText() == "4h"
    assert tab.dirty

    _click(tab.save)
    bench.wait(lambda: bench.notices, "nothing was said")
    saved = _machine(bench, desk, "laptop")
    assert (saved["interval_s"], saved["excludes"]) == (4 * 3600, ["*.tmp", "/cache"])
    bench.wait(lambda: not tab.dirty and not tab.save.isEnabled(), "it still says that it is not saved")


def test_options_are_kept_and_what_changed_alone_is_sent(running_world: Running, bench: Bench) -> None:
    desk = _desk(bench, running_world("one-machine"))
    page = _page(bench, desk, "laptop", "settings")
    tab = page.settings
    tab.cross.click()
    tab.caches.click()
    QTest.keyClicks(tab.markers, ".nobackup a/b")
    assert "is no name of a file" in tab.wrong.text()
    assert not tab.save.isEnabled()
    tab.markers.setText(".nobackup  .skip")
    assert not tab.timeout.isEnabled(), "nothing is run, so nothing has to be ended"
    QTest.keyClicks(tab.before, "true")
    assert tab.timeout.isEnabled()
    tab.timeout.setValue(30)
    tab.snapshot.click()
    _click(tab.save)
    bench.wait(lambda: bench.notices, "nothing was said")
    assert _machine(bench, desk, "laptop")["options"] == {
        "one_file_system": False,
        "caches": True,
        "markers": [".nobackup", ".skip"],
        "before": "true",
        "after": "",
        "command_timeout_s": 30,
        "snapshot": False,
        "compression": 1,
    }
    bench.wait(lambda: not tab.dirty, "it still says that it is not saved")
    tab.before.setText("")
    _click(tab.take_back)
    assert tab.before.text() == "true"


def test_compression_is_chosen_and_a_level_set_by_command_is_kept(running_world: Running, bench: Bench) -> None:
    desk = _desk(bench, running_world("one-machine"))
    bench.run(desk.client.edit_machine("laptop", options={"compression": 5}))
    tab = _page(bench, desk, "laptop", "settings").settings
    box = tab.compression
    assert box.currentText() == "Level 5"
    assert (box.accessibleName(), tab.dirty) == ("Compression", False)
    assert "reading stays as quick" in box.accessibleDescription()

    # The wheel that scrolls the page changes nothing that it passes.
    tab.name.setFocus()
    turned = QPoint(0, -120)
    middle = QPointF(box.rect().center())
    nothing, no_key = Qt.MouseButton.NoButton, Qt.KeyboardModifier.NoModifier
    QApplication.sendEvent(
        box, QWheelEvent(middle, middle, turned, turned, nothing, no_key, Qt.ScrollPhase.NoScrollPhase, False)
    )
    assert box.currentText() == "Level 5"

    box.setFocus()
    QTest.keyClick(box, Qt.Key.Key_End)
    assert box.currentText() == "Smallest (19)"
    _click(tab.take_back)
    assert box.currentText() == "Level 5"
    QTest.keyClick(box, Qt.Key.Key_Down)
    assert box.currentText() == "Small (9)"
    _click(tab.save)
    bench.wait(lambda: bench.notices, "nothing was said")
    assert _machine(bench, desk, "laptop")["options"]["compression"] == 9
    bench.wait(lambda: not tab.dirty, "it still says that it is not saved")
    assert [box.itemText(n) for n in range(box.count())] == ["Quick (1)", "Balanced (3)", "Small (9)", "Smallest (19)"]


def test_volumes_of_every_kind_come_and_go(running_world: Running, bench: Bench, tmp_path: Path) -> None:
    disk = tmp_path / "disk.img"
    disk.write_bytes(b"MBR" * 100_000)
    desk = _desk(bench, running_world("one-machine"))
    page = _page(bench, desk, "laptop", "settings")
    tab = page.settings
    _click(tab.volumes.add)
    dialog = tab.volumes.dialog
    assert dialog is not None
    assert not dialog.yes.isEnabled()
    dialog.kind.setCurrentIndex(1)
    assert not dialog.browse.isVisible()
    QTest.keyClicks(dialog.path, "disk.img")
    assert "from the root on" in dialog.wrong.text()
    dialog.path.setText(str(disk))
    _click(dialog.yes)
    assert "new: its next image is a base image" in tab.means.text()
    _click(tab.volumes.add)
    dialog = tab.volumes.dialog
    assert dialog is not None
    dialog.kind.setCurrentIndex(2)
    QTest.keyClicks(dialog.path, "echo a dump")
    QTest.keyClicks(dialog.name, "db")
    QTest.keyClick(dialog.name, Qt.Key.Key_Return)
    assert len(tab.volumes.value) == 3
    _click(tab.save)
    bench.wait(lambda: bench.notices, "nothing was said")
    made = [(one["label"], one["source"]) for one in _machine(bench, desk, "laptop")["volumes"]]
    assert made == [("home", "tree"), ("disk", "image"), ("db", "stream")]
    bench.wait(lambda: not tab.dirty, "the page did not follow")
    page.go_to(Place("machine", page.place.id, "summary"))
    bench.wait(lambda: "Output of a command: echo a dump" in _texts(page.summary), "the summary did not follow")
    assert f"Disk: {disk}" in _texts(page.summary)
    assert "Directory: " in _texts(page.summary)
    page.tabs.setCurrentWidget(tab)

    # One that is fed has no schedule; one that is taken away keeps its images.
    tab.volumes.list.setCurrentRow(2)
    _click(tab.volumes.change)
    dialog = tab.volumes.dialog
    assert dialog is not None
    assert dialog.path.text() == "echo a dump"
    dialog.kind.setCurrentIndex(3)
    _click(dialog.yes)
    assert "off" in tab.wrong.text()
    tab.interval.setEditText("off")
    tab.volumes.list.setCurrentRow(1)
    _click(tab.volumes.remove)
    assert "“disk” is not backed up any more; its images stay." in tab.means.text()
    bench.notices.clear()
    _click(tab.save)
    bench.wait(lambda: bench.notices, "nothing was said")
    found = _machine(bench, desk, "laptop")
    assert [(one["label"], one["path"]) for one in found["volumes"]][1:] == [("db", "")]
    assert found["interval_s"] == 0

    # A path that is not there is refused by the Core, in place.
    bench.wait(lambda: not tab.dirty, "the page did not follow")
    tab.volumes._put((*tab.volumes.value, VolumeDraft("gone", "tree", str(tmp_path / "gone"))))
    _click(tab.save)
    bench.wait(lambda: page.pane.problem.failure, "the refusal is not shown")
    assert page.pane.problem.failure is not None
    assert page.pane.problem.failure.code == "volume-gone"
    assert tab.dirty


def test_another_key_says_first_what_it_costs(running_world: Running, bench: Bench) -> None:
    desk = _desk(bench, running_world("one-machine"))
    page = _page(bench, desk, "laptop", "settings")
    panel = page.settings.sealing
    assert panel.sealed.text() == "Not sealed"
    _click(panel.change)
    dialog: Any = panel.dialog
    bench.wait(lambda: dialog.choice.count() == 1 and not dialog.reading.busy, "the keys were not read")
    assert not dialog.yes.isEnabled(), "it is so already"
    _click(dialog.new)
    assert dialog.maker is not None
    maker = dialog.maker
    QTest.keyClicks(maker.name, "office")
    for edit in (maker.passphrase.first.edit, maker.passphrase.again.edit):
        QTest.keyClicks(edit, "three tired cats under a table")
    _click(maker.yes)
    bench.wait(lambda: dialog.choice.currentText() == "office" and dialog.ready(), "the new key is not chosen")
    said = dialog.meaning.text.text() + dialog.meaning.explain.text()
    assert "sealed with “office”" in said
    assert "are read and stored anew" in said
    assert _machine(bench, desk, "laptop")["key"] is None
    _click(dialog.yes)
    bench.wait(lambda: panel.sealed.text() == "Sealed with “office”", "the page did not follow")
    bench.wait(lambda: panel.state.text == "Unlocked", "its state is not shown")
    assert not panel.unlock.isVisible()

    async def locked() -> None:
        await desk.client.set_key_type("office", "replication")
        await desk.client.lock_key("office")

    bench.run(locked())
    bench.wait(panel.unlock.isVisible, "the page did not hear that it is locked")
    assert "No backup is made" in panel.about.text()
    _click(panel.unlock)
    unlock: Any = panel.dialog
    QTest.keyClicks(unlock.passphrase.edit, "three tired cats under a table")
    _click(unlock.yes)
    bench.wait(lambda: panel.state.text == "Unlocked", "it was not unlocked")


def test_what_the_core_refuses_is_said_in_place(running_world: Running, bench: Bench) -> None:
    desk = _desk(bench, running_world("two-cores-one-orphan"))
    page = _page(bench, desk, "fileserver", "settings")
    page.settings.name.selectAll()
    QTest.keyClicks(page.settings.name, "webserver")
    _click(page.settings.save)
    bench.wait(lambda: page.pane.problem.failure, "the refusal is not shown")
    assert page.pane.problem.failure is not None
    assert page.pane.problem.failure.code == "name-taken"
    assert page.settings.name.text() == "webserver", "what was typed is still there to be mended"
    assert _machine(bench, desk, "fileserver")["name"] == "fileserver"


def test_deleting_names_what_is_lost_and_escape_means_no(running_world: Running, bench: Bench) -> None:
    desk = _desk(bench, running_world("one-machine"))
    page = _page(bench, desk, "laptop", "settings")

    ending: Any = page.settings.ending

    def asked() -> QMessageBox:
        ending.question = None
        _click(ending.delete)
        bench.wait(lambda: ending.question is not None, "nobody asked")
        box: QMessageBox = ending.question
        return box

    box = asked()
    assert "laptop" in box.text()
    assert "5 recovery points are deleted." in box.informativeText()
    QTest.keyClick(box, Qt.Key.Key_Escape)
    assert _machine(bench, desk, "laptop")["points"] == 5
    box = asked()
    yes = next(one for one in box.buttons() if box.buttonRole(one) is QMessageBox.ButtonRole.AcceptRole)
    _click(yes)
    bench.wait(lambda: bench.gone, "the page stayed on what is gone")
    assert bench.gone[-1].page == "home"
    assert bench.run(desk.client.machines())["machines"] == []


def test_protection_ends_and_the_points_stay(running_world: Running, bench: Bench) -> None:
    desk = _desk(bench, running_world("one-machine"))
    page = _page(bench, desk, "laptop", "settings")
    _click(page.settings.ending.keep)
    box = page.settings.ending.question
    assert box is not None
    assert "5 recovery points stay" in box.informativeText()
    _click(next(one for one in box.buttons() if box.buttonRole(one) is QMessageBox.ButtonRole.AcceptRole))
    bench.wait(lambda: page.kind.text == "Recovery points only", "the page did not follow")
    assert _machine(bench, desk, "laptop")["points"] == 5
    assert not page.back_up.isVisible()
    assert not page.settings.ending.keep.isVisible()
    assert page.settings.ending.delete.isVisible()
