"""The keyboard alone: Tab leads to everything in every step of every wizard and on every page, and a letter with Alt to
one place only."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget

from console.desktop.desk import Place
from console.desktop.pages.registry import PAGES
from tests.support.bench import Bench
from tests.support.named_worlds import RunningWorld
from tests.support.walking import focusable, shared_letters
from tests.support.wizard_cases import CASES, Case, Restore

Running = Callable[..., RunningWorld]
MOST_TABS = 200


def unreached(window: QWidget) -> list[str]:
    """What takes the keyboard and is passed over by Tab."""
    start = QApplication.focusWidget()
    reached: list[QWidget] = []
    for _ in range(MOST_TABS):
        now = QApplication.focusWidget()
        if now is None or now in reached:
            break
        reached.append(now)
        QTest.keyClick(now, Qt.Key.Key_Tab)
    if start is not None:
        start.setFocus()
    wanted = [one for one in focusable(window) if one.window() is window and one is not window]
    return [
        f"{type(one).__name__} “{one.accessibleName()}”"
        for one in wanted
        if not any(one is there or one.isAncestorOf(there) or there.isAncestorOf(one) for there in reached)
    ]


@pytest.mark.parametrize("kind", CASES, ids=lambda kind: kind.name)
def test_in_every_step_of_a_wizard(kind: type[Case], bench: Bench, running_world: Running, tmp_path: Path) -> None:
    case = kind(bench, running_world, tmp_path)
    hand = case.open()
    found = {}
    for key in case.steps:
        assert hand.step == key
        case.fill(hand)
        if missed := unreached(hand.window):
            found[key] = missed
        assert shared_letters(hand.window) == {}, f"in the step {key}"
        if not hand.flow.last:
            hand.go_on()
    hand.leave()
    assert not found


def test_where_files_are_chosen(bench: Bench, running_world: Running, tmp_path: Path) -> None:
    case = Restore(bench, running_world, tmp_path)
    hand = case.open(keys_only=True)
    case.walk(hand, "what")
    hand.choose("what", "some")
    hand.key(Qt.Key.Key_Tab)
    after_is_search = hand.focused is hand.view("files").files.search
    missed = unreached(hand.window)
    files = hand.view("files").files
    bench.wait(lambda: files.model.rowCount() > 0, "the files are not shown")
    files.tree.setFocus()
    files.tree.setCurrentIndex(files.model.index(0, 0))
    hand.key(Qt.Key.Key_Space)
    shared = shared_letters(hand.window)
    hand.leave()
    assert after_is_search, "the search stands next below the choice"
    assert not missed
    assert not shared


def test_on_every_page(bench: Bench, running_world: Running, tmp_path: Path) -> None:
    window = bench.open_console(running_world("two-cores-one-orphan").world, tmp_path)
    window.activateWindow()
    found = {}
    for name in [page.name for page in PAGES if page.listed]:
        window.seat.go(Place(name))
        bench.settle(window)
        window.search.setFocus()
        if missed := unreached(window):
            found[name] = missed
    assert not found
