"""What stands around the pages: Cores, tree, search, ring and bell, the banner of a lost Core, closing."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import QSettings, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QMessageBox

from console.client.cores import RememberedCore
from console.desktop.cores import CoreList
from console.desktop.frame.leaving import KEPT_UNDER
from console.desktop.frame.more_cores import MoreCores
from console.desktop.frame.tree import ID
from console.desktop.link import LinkState
from console.desktop.main_window import MainWindow
from console.worlds import PASSWORDS, World
from tests.support.bench import Bench
from tests.support.named_worlds import RunningWorld

Worlds = Callable[..., RunningWorld]


def _machines(window: MainWindow) -> list[str]:
    model = window.seat.tree._proxy
    return [
        str(model.index(row, 0, model.index(group, 0)).data())
        for group in range(model.rowCount())
        for row in range(model.rowCount(model.index(group, 0)))
    ]


def test_tree_filter_and_search_lead_to_the_machine(bench: Bench, running_world: Worlds, tmp_path: Path) -> None:
    window = bench.open_console(running_world("two-cores-one-orphan").world, tmp_path)
    bench.wait(lambda: len(_machines(window)) == 2, "the tree did not load")
    QTest.keyClick(window, Qt.Key.Key_M, Qt.KeyboardModifier.ControlModifier)
    QTest.keyClicks(window.seat.tree.filter, "files")
    assert _machines(window) == ["fileserver"]
    group = window.seat.tree._proxy.index(0, 0)
    machine = window.seat.tree._proxy.index(0, 0, group)
    window.seat.tree.tree.setCurrentIndex(machine)
    QTest.keyClick(window.seat.tree.tree, Qt.Key.Key_Return)
    bench.settle(window)
    assert window.seat.place.page == "machine"
    assert window.seat.place.id == machine.data(ID)

    window.seat.desk.go("home")
    bench.settle(window)
    window._to_search()
    QTest.keyClicks(window.search, "webserver")
    bench.wait(lambda: window.search.popup.isVisible() and window.search.hits.count(), "nothing was found")
    texts = [window.search.hits.item(row).text() for row in range(window.search.hits.count())]
    row = next(number for number, text in enumerate(texts) if "Machine" in text)
    for _ in range(row):
        QTest.keyClick(window.search, Qt.Key.Key_Down)
    QTest.keyClick(window.search, Qt.Key.Key_Return)
    bench.settle(window)
    assert window.seat.place.page == "machine"
    assert not window.search.popup.isVisible()


def test_search_knows_commands(bench: Bench, running_world: Worlds, tmp_path: Path) -> None:
    window = bench.open_console(running_world("empty").world, tmp_path)
    QTest.keyClicks(window.search, "go to repos")
    bench.wait(lambda: window.search.hits.count(), "nothing was found")
    QTest.keyClick(window.search, Qt.Key.Key_Return)
    bench.settle(window)
    assert window.seat.place.page == "repositories"
    QTest.keyClicks(window.search, "zzz nothing at all")
    bench.wait(lambda: window.search._none.isVisible(), "that nothing was found is not said")
    QTest.keyClick(window.search, Qt.Key.Key_Escape)
    assert not window.search.popup.isVisible()


def test_several_cores_in_one_window(bench: Bench, running_world: Worlds, tmp_path: Path) -> None:
    window = bench.open_console(running_world("two-cores-one-orphan").world, tmp_path)
    window.seat.desk.go("jobs")
    bench.settle(window)
    window.show_core(window.cores.links[1].key)
    bench.wait(lambda: window.seat.desk.link.connected, "the second Core did not connect")
    bench.settle(window)
    assert window.seat.place.page == "home"
    assert "Vault" in window.switcher.text()
    window.show_core(window.cores.links[0].key)
    assert window.seat.place.page == "jobs", "each Core keeps the page that was in front"


def test_a_core_that_dies_is_told_and_found_again(bench: Bench, running_world: Worlds, tmp_path: Path) -> None:
    running = running_world("one-machine")
    window = bench.open_console(running.world, tmp_path)
    link = window.seat.desk.link
    page = window.seat.page
    assert page is not None
    # Nobody may start another Core on its directory meanwhile, as the embedded one would be.
    window.cores._embedded[link.key].start = _refuse  # type: ignore[method-assign]
    running.primary.kill()
    bench.wait(lambda: link.state is LinkState.LOST, "the death was not noticed")
    assert window.banner.isVisible()
    assert "lost" in window.banner.accessibleName()
    assert not page.pane.content.isEnabled(), "the last picture stays, greyed"
    running.primary.start(port=running.world.primary.port)
    del window.cores._embedded[link.key].start  # type: ignore[method-assign]
    window.banner._again.click()
    bench.wait(lambda: link.connected, "it was not found again")
    assert not window.banner.isVisible()
    assert page.pane.content.isEnabled()


async def _refuse() -> None:
    from console.domain.errors import unreachable

    raise unreachable("core-unreachable", "The Core is gone.")


def test_an_embedded_core_is_started_and_ends_with_the_program(
    bench: Bench, world: Callable[..., World], tmp_path: Path
) -> None:
    window = bench.open_console(world("empty"), tmp_path)
    key = window.cores.links[0].key
    assert window.cores.is_embedded(key)
    child = window.cores._embedded[key].pid
    assert child is not None

    window.close()
    box = window.findChild(QMessageBox)
    assert box is not None, "closing asks what becomes of the Core"
    assert window.isVisible()
    box.reject()
    os.kill(child, 9)
    bench.wait(lambda: window.cores._embedded[key].pid not in (None, child), "a dead embedded Core is started again")
    bench.wait(lambda: window.seat.desk.link.connected, "the window did not find it again")
    again = window.cores._embedded[key].pid
    bench.run(window.cores.close())
    assert again is not None
    with pytest.raises(ProcessLookupError):
        os.kill(again, 0)


def test_closing_remembers_its_answer(bench: Bench, world: Callable[..., World], tmp_path: Path) -> None:
    window = bench.open_console(world("empty"), tmp_path)
    ended: list[bool] = []
    window.ended.connect(lambda: ended.append(True))
    window.close()
    box = window.findChild(QMessageBox)
    assert box is not None
    box.checkBox().setChecked(True)
    next(b for b in box.buttons() if b.text().replace("&", "") == "Quit").click()
    bench.wait(lambda: ended, "quitting did not end the program")
    assert QSettings().value(KEPT_UNDER) == "quit"


def test_a_core_elsewhere_is_remembered_signed_in_to_and_forgotten(
    bench: Bench, running_world: Worlds, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept: dict[str, str] = {}
    monkeypatch.setattr("console.client.passwords.keep", lambda core, word: kept.update({core: word}) or True)
    monkeypatch.setattr("console.client.passwords.recall", kept.get)
    monkeypatch.setattr("console.client.passwords.drop", lambda core: kept.pop(core, None))
    running = running_world("two-cores-one-orphan")
    window = bench.open_console(running.world, tmp_path)
    more = MoreCores(window, window.cores)
    place = running.place("Vault")
    core = RememberedCore("far", f"https://{place.host}:{place.port}", place.fingerprint, "helpdesk")
    bench.run(more._remember(core, "not the password"))
    link = window.seat.desk.link
    assert link.key == "core:far"
    bench.wait(lambda: link.state is LinkState.REFUSED, "a wrong password was not told")
    assert window.banner._sign_in.isVisible()
    window.cores.sign_in("core:far", PASSWORDS["helpdesk"])
    bench.wait(lambda: link.connected, "the right password did not help")
    assert link.status is not None
    assert link.status["role"] == "helpdesk"
    assert not any(widget.isEnabled() for widget in window.actions_bar.widgets), "help desk begins nothing"
    assert [core.name for core in window.cores.remembered.list()] == ["far"]

    more.forget("core:far")
    box = next(b for b in window.findChildren(QMessageBox) if b.isVisible())
    next(b for b in box.buttons() if b.text().replace("&", "") == "Forget").click()
    bench.wait(lambda: not window.cores.remembered.list(), "it was not forgotten")
    assert window.seat.desk.link.key != "core:far"


def test_jobs_and_alerts_are_counted(bench: Bench, running_world: Worlds, tmp_path: Path) -> None:
    window = bench.open_console(running_world("broken").world, tmp_path)
    bell = window.top._around[1]
    bench.wait(lambda: bell.alerts > 0, "the bell did not count")  # type: ignore[attr-defined]
    bell.click()  # type: ignore[attr-defined]
    bench.settle(window)
    assert window.seat.place.page == "events"
    assert window.seat.place.filter == "alerts"


def test_remembered_cores_that_cannot_be_read_are_told(tmp_path: Path, bench: Bench) -> None:
    from console.client.cores import CORES_FILE, Cores
    from console.domain.errors import Failed
    from console.host.clock import SystemClock

    (tmp_path / CORES_FILE).write_text("{not json")
    cores = CoreList(Cores(tmp_path), SystemClock(), ())
    with pytest.raises(Failed) as told:
        cores.add_all_remembered()
    assert told.value.failure.code == "cores-unreadable"
