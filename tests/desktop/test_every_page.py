"""Every page as it is: it loads, names everything, is translated, waits for nothing for ever, blocks nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication

from console.desktop.desk import Place
from console.desktop.main_window import MainWindow
from console.desktop.pages.registry import PAGES
from console.worlds import World
from tests.support.bench import Bench
from tests.support.cores import CoreProcess
from tests.support.walking import OPEN, marked_language, nameless, shared_letters, texts, watched

WORLDS = ("empty", "two-cores-one-orphan")
LISTED = [page.name for page in PAGES if page.listed]


@pytest.fixture(scope="module", params=WORLDS)
def cores(request: pytest.FixtureRequest, _built_worlds: Callable[[str], World]) -> Iterator[World]:
    """The Cores of a world, running; nothing here changes anything."""
    world = _built_worlds(request.param)
    running = [CoreProcess(core.data).start(port=core.port) for core in world.cores]
    yield world
    for process in running:
        process.kill()


@pytest.fixture
def console(bench: Bench, cores: World, tmp_path: Path) -> MainWindow:
    return bench.open_console(cores, tmp_path / "console")


def _open(bench: Bench, window: MainWindow, name: str) -> None:
    window.seat.go(Place(name))  # type: ignore[arg-type]
    bench.settle(window)


def test_every_page_loads_and_every_control_has_a_name(bench: Bench, console: MainWindow) -> None:
    found = {}
    for name in LISTED:
        _open(bench, console, name)
        page = console.seat.page
        assert page is not None
        assert page.name == name
        assert page.pane.problem.failure is None, page.pane.problem.failure
        assert page.title
        assert console.windowTitle().startswith(page.title)
        missing = nameless(console)
        if missing:
            found[name] = missing
    assert not found


def test_no_letter_leads_to_two_places(bench: Bench, console: MainWindow) -> None:
    found = {}
    for name in LISTED:
        _open(bench, console, name)
        if shared := shared_letters(console):
            found[name] = shared
    machines = bench.run(console.seat.desk.client.machines())["machines"]
    for tab in ("summary", "points", "replication", "events", "settings") if machines else ():
        console.seat.go(Place("machine", machines[0]["id"], tab=tab))
        bench.settle(console)
        if shared := shared_letters(console):
            found[tab] = shared
    assert not found


def test_nothing_waits_for_ever_when_nobody_clicks(bench: Bench, console: MainWindow) -> None:
    """With no clicks at all every page ends its loading, and goes on answering changes of the Core."""
    for name in LISTED:
        _open(bench, console, name)
        assert not console.seat.page.pane.busy  # type: ignore[union-attr]
        console.seat.page.reload()  # type: ignore[union-attr]
        bench.settle(console)


def test_every_text_is_translated(bench: Bench, cores: World, tmp_path: Path) -> None:
    with marked_language():
        window = bench.open_console(cores, tmp_path / "console")
        left = set()
        for name in LISTED:
            _open(bench, window, name)
            for where, text in texts(window):
                if any(ch.isalpha() for ch in text) and OPEN not in text and not _is_data(text, cores):
                    left.add((name, where, text))
    assert not left


def _is_data(text: str, world: World) -> bool:
    """Names, paths, versions and the like are not translated."""
    names = {core.name for core in world.cores} | {core.name.lower() for core in world.cores}
    known = {
        "fileserver",
        "webserver",
        "main",
        "vault",
        "Replicore",
        "Blue",
        "local",
        "default",
        "B",
        "kB",
        "MB",
        "GB",
        "TB",
    }
    words = text.replace("–", " ").replace("“", " ").replace("”", " ").split()
    return (
        all(word in names | known or not word.isalpha() for word in words)
        or "/" in text
        or text.count(":") > 4
        or " · " in text
    )


@pytest.mark.parametrize("timed", [False, pytest.param(True, marks=pytest.mark.slow)], ids=["calls", "time"])
def test_no_page_holds_the_event_loop(
    bench: Bench, cores: World, tmp_path: Path, qapp: QApplication, timed: bool
) -> None:
    window = bench.open_console(cores, tmp_path / "console")
    for name in LISTED:
        _open(bench, window, name)  # imports and first drawing, once in the life of the program
    with watched(qapp, timed=timed) as dog:
        for name in LISTED:
            _open(bench, window, name)
            window.seat.page.reload()  # type: ignore[union-attr]
            bench.settle(window)
    assert not dog.held


def test_pages_go_back_and_forward_and_by_keys(bench: Bench, console: MainWindow) -> None:
    _open(bench, console, "jobs")
    _open(bench, console, "events")
    console.seat.back()
    bench.settle(console)
    assert console.seat.place.page == "jobs"
    console.seat.forward()
    bench.settle(console)
    assert console.seat.place.page == "events"
    console.pages._buttons["seeds"].click()
    bench.settle(console)
    assert console.seat.place.page == "seeds"
    assert console.pages._buttons["seeds"].isChecked()


def test_every_page_has_its_help(bench: Bench, console: MainWindow) -> None:
    for name in LISTED:
        _open(bench, console, name)
        console.open_help()
        assert console._help is not None
        assert console._help.topic == console.seat.page.help  # type: ignore[union-attr]
        assert console._help.browser.toPlainText().strip()
        console._help.close()
