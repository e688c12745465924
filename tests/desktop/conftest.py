"""The Console under test: Qt's event loop with asyncio on it, real Cores, pages in a window of their own."""

from __future__ import annotations

import asyncio
import gc
import os
from collections.abc import Iterator
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import pytest
import qasync
from PySide6.QtCore import QCoreApplication, QSettings
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from console.desktop.theme.theme import Theme
from tests.support.bench import Bench
from tests.support.sample_wizard import open_wizard, own_core, sample_core, sample_desk
from tests.support.walking import WatchedApplication

__all__ = ["open_wizard", "own_core", "sample_core", "sample_desk"]

TURNS_AFTER = 20


@pytest.fixture(autouse=True)
def _settings(tmp_path: Path) -> Iterator[None]:
    """Remembered columns and windows belong to one test."""
    QCoreApplication.setOrganizationName("replicore")
    QCoreApplication.setApplicationName("replicore")
    QSettings.setDefaultFormat(QSettings.Format.IniFormat)
    QSettings.setPath(QSettings.Format.IniFormat, QSettings.Scope.UserScope, str(tmp_path / "settings"))
    yield
    QSettings().sync()


@pytest.fixture(autouse=True)
def _collected_here() -> Iterator[None]:
    """As in the program (`console.desktop.collecting`): garbage is collected on Qt's thread only."""
    gc.disable()
    yield
    gc.collect()
    gc.freeze()  # what is still there would be looked through after each of the tests that follow
    gc.enable()


@pytest.fixture(scope="session")
def theme(qapp: QApplication) -> Theme:
    return Theme(qapp, "light")


@pytest.fixture
def loop(qapp: QApplication) -> Iterator[asyncio.AbstractEventLoop]:
    """Qt turns asyncio, as in the program: coroutines run whenever Qt's events are handled."""
    made = qasync.QEventLoop(qapp, already_running=True)
    asyncio.set_event_loop(made)
    asyncio._set_running_loop(made)  # what run_forever does; tests are plain functions and let pytest-qt turn Qt
    yield made
    settled = 0
    for _ in range(1000):
        qapp.processEvents()
        pending = asyncio.all_tasks(made)  # asked each time: what ends may begin something else
        for task in pending:
            task.cancel()
        # Closed connections are told so some turns of the loop after their tasks have ended.
        settled = 0 if pending else settled + 1
        if settled > TURNS_AFTER:
            break
    asyncio._set_running_loop(None)
    made._QEventLoop__is_running = False  # it was told that it runs, and refuses to be closed until told otherwise
    made.close()
    asyncio.set_event_loop(None)


@pytest.fixture
def bench(qtbot: QtBot, loop: asyncio.AbstractEventLoop, theme: Theme) -> Iterator[Bench]:
    made = Bench(qtbot, loop, theme)
    yield made
    made.close()


@pytest.fixture(scope="session")
def qapp_cls() -> type[QApplication]:
    """An application that can tell what held its event loop."""
    return WatchedApplication
