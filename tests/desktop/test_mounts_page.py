"""Mounts on a real Core, where FUSE may be used: made from the menu of a point, read, taken down, missed."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QMenu, QWidget

from console.client import mounts as module
from console.client.mounts import Mounts, MountState
from console.desktop.desk import Desk
from console.desktop.mounting import Mounting, usual_place
from console.desktop.pages.mounts import MountsPage
from console.desktop.pages.points import PointsPage
from console.desktop.widgets.mount_dialog import MountDialog, ask_mount
from console.host.clock import SystemClock
from tests.support.bench import Bench
from tests.support.named_worlds import COMMAND, RunningWorld

Worlds = Callable[..., RunningWorld]
LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def mounts(bench: Bench) -> Iterator[Mounts]:
    made = Mounts(COMMAND, SystemClock())
    yield made
    bench.run(made.close())


@pytest.fixture
def usable(mounts: Mounts) -> None:
    if (missing := mounts.why_not()) is not None:
        pytest.skip(missing.message)


def _desk(bench: Bench, mounts: Mounts, running: RunningWorld, user: str | None = None) -> Desk:
    desk = bench.desk_on(lambda: running.connect(user=user))
    desk.mounting = Mounting(mounts, "test", ("--data", str(running.primary.data)))
    return desk


def _dialog(parent: QWidget) -> MountDialog:
    return parent.findChildren(MountDialog)[-1]


def _point(bench: Bench, desk: Desk) -> dict[str, str]:
    found = bench.run(desk.client.points(limit=1))["points"][0]
    return {"point": found["id"], "machine": found["machine"], "moment": found["time"]}


@pytest.mark.usefixtures("usable")
def test_a_point_is_mounted_from_its_menu_opened_and_unmounted(
    bench: Bench, mounts: Mounts, running_world: Worlds, tmp_path: Path
) -> None:
    desk = _desk(bench, mounts, running_world("one-machine"))
    points = bench.show(PointsPage(desk))
    bench.wait(lambda: points.model.total > 0, "the points are not listed")
    row, menu = points.model.row(0), QMenu()
    assert row is not None
    points._fill_menu(row, menu)
    next(one for one in menu.actions() if one.text().replace("&", "") == "Mount …").trigger()
    dialog = _dialog(points)
    assert "laptop" in dialog.place.text(), "the directory says what it shows"
    taken = tmp_path / "taken"
    taken.mkdir()
    (taken / "file").touch()
    dialog.place.setText(str(taken))
    dialog.yes.click()
    bench.wait(lambda: dialog.pane.problem.isVisible(), "a directory that is not empty was not refused")
    assert dialog.pane.problem.failure is not None
    assert dialog.pane.problem.failure.code == "mount-point-not-empty"
    place = tmp_path / "mounted point"
    dialog.place.setText(str(place))
    bench.wait(dialog.yes.isEnabled, "it cannot be tried again")
    dialog.yes.click()
    bench.wait(lambda: bench.gone and bench.gone[-1].page == "mounts", "it was not mounted")
    [volume] = os.listdir(place)
    assert (place / volume / "notes.txt").is_file()

    page = bench.show(MountsPage(desk), bench.gone[-1])
    bench.wait(lambda: page._name.text(), "the mount was not shown")
    assert "laptop" in page._name.text()
    assert dict(page._facts._shown)["Where"] == str(place)
    QTest.mouseClick(page._unmount, LEFT)
    bench.wait(lambda: page._stack.currentIndex() == 1, "it is still listed")
    assert not place.exists()


@pytest.mark.usefixtures("usable")
def test_a_mount_that_dies_is_told_and_taken_off_the_list(
    bench: Bench, mounts: Mounts, running_world: Worlds, tmp_path: Path
) -> None:
    desk = _desk(bench, mounts, running_world("one-machine"))
    page = bench.show(MountsPage(desk))
    assert page._stack.currentIndex() == 1, "nothing is mounted yet"
    assert desk.mounting is not None
    made = bench.run(desk.mounting.mount("", "all recovery points", str(tmp_path / "all")))
    bench.wait(lambda: page._unmount.isVisible(), "the page did not notice")
    assert os.listdir(tmp_path / "all") == ["laptop"]
    os.kill(mounts._children[made.id].process.pid, signal.SIGKILL)
    bench.wait(lambda: page._said.isVisible(), "its death was not told")
    assert "SIGKILL" in page._said.text.text()
    assert not page._open_it.isEnabled()
    assert not os.path.ismount(tmp_path / "all")
    QTest.mouseClick(page._again, LEFT)
    bench.wait(lambda: page._open_it.isEnabled(), "it was not mounted again")
    assert os.listdir(tmp_path / "all") == ["laptop"]
    assert not page._again.isVisible()
    QTest.mouseClick(page._unmount, LEFT)
    bench.wait(lambda: page._stack.currentIndex() == 1, "it is still listed")


@pytest.mark.usefixtures("usable")
def test_what_cannot_be_read_while_the_core_is_gone_is_said(
    bench: Bench, mounts: Mounts, running_world: Worlds, tmp_path: Path
) -> None:
    running = running_world("one-machine")
    desk = _desk(bench, mounts, running)
    page = bench.show(MountsPage(desk))
    assert desk.mounting is not None
    bench.run(desk.mounting.mount("", "all recovery points", str(tmp_path / "all")))
    running.primary.kill()
    bench.wait(lambda: not desk.link.connected, "the death of the Core is not noticed")
    with pytest.raises(OSError, match="error"):
        os.listdir(tmp_path / "all" / "laptop")
    bench.wait(lambda: page._again.isVisible(), "that something could not be read was not told")
    assert "laptop" in page._said.explain.text()
    QTest.mouseClick(page._unmount, LEFT)
    bench.wait(lambda: page._stack.currentIndex() == 1, "it cannot be taken down without the Core")


@pytest.mark.usefixtures("usable")
def test_what_the_mount_says_is_told_and_cancel_leaves_nothing(
    bench: Bench, mounts: Mounts, running_world: Worlds, tmp_path: Path
) -> None:
    desk = _desk(bench, mounts, running_world("empty"))
    page = bench.show(MountsPage(desk))
    ask_mount(desk, page, point="f" * 32, machine="ghost", moment="2026-05-04T03:02:01Z")
    dialog = _dialog(page)
    dialog.place.setText(str(tmp_path / "new"))
    dialog.yes.click()
    bench.wait(lambda: dialog.pane.problem.isVisible(), "the failure was not told")
    assert dialog.pane.problem.failure is not None
    assert dialog.pane.problem.failure.code == "no-such-recovery-point"
    dialog.reject()
    assert not (tmp_path / "new").exists()
    assert mounts.list() == []


def test_without_fuse_the_page_says_what_to_install(
    bench: Bench, mounts: Mounts, running_world: Worlds, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "FUSE", tmp_path / "none")
    desk = _desk(bench, mounts, running_world("empty"))
    page = bench.show(MountsPage(desk))
    assert "fuse3" in page._missing.explain.text()
    assert not page._all.isEnabled()
    ask_mount(desk, page, point="f" * 32, machine="web", moment="2026-05-04T03:02:01Z")
    assert bench.gone[-1].page == "mounts", "the page says why"


def test_mounts_of_others_and_roles(
    bench: Bench, mounts: Mounts, running_world: Worlds, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    info = tmp_path / "mountinfo"
    info.write_text("1 2 0:1 / /mnt/point ro - fuse.replicore replicore ro\n")
    monkeypatch.setattr(module, "MOUNTINFO", info)
    monkeypatch.setattr(module, "FUSE", tmp_path)
    running = running_world("empty")
    page = bench.show(MountsPage(_desk(bench, mounts, running, "helpdesk")))
    row = page._model.row(0)
    assert row is not None
    assert (row["place"], row["state"]) == ("/mnt/point", MountState.MOUNTED)
    assert "somebody else" in page._name.text()
    assert not page._all.isEnabled()
    monkeypatch.setattr(module.subprocess, "run", lambda *_, **__: None)
    QTest.mouseClick(page._unmount, LEFT)
    bench.wait(lambda: page._detail.problem.isVisible(), "that it may not be unmounted was not told")
    info.write_text("")
    QTest.mouseClick(page._unmount, LEFT)
    bench.wait(lambda: page._stack.currentIndex() == 1, "what is gone is still listed")


def test_the_usual_place_says_what_it_shows() -> None:
    assert usual_place().endswith("/Replicore/all")
    assert "web-server 2026-05-0" in usual_place("web/server", "2026-05-04T03:02:01Z")
