"""What a story has: a person at a real screen, the Console's window, worlds whose Cores run; a picture when it fails.

Stories are not collected by themselves. `tests/desktop/test_stories.py` runs each in a process of its own, under an
X server of its own.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtGui import QGuiApplication

from tests.desktop.conftest import _settings, bench, loop, theme
from tests.support.bench import Bench
from tests.support.person import Keys, Mouse, Person
from tests.support.x_server import XServer

__all__ = ["_settings", "bench", "loop", "theme"]


@pytest.fixture(params=[Mouse, Keys], ids=["mouse", "keys"])
def person(request: pytest.FixtureRequest, bench: Bench) -> Iterator[Person]:
    assert QGuiApplication.platformName() == "xcb", "a story runs under an X server"
    server = XServer(bench.wait)
    yield request.param(bench, server)
    server.close()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
    """A story that fails leaves a picture of the whole screen."""
    report = yield
    screen = QGuiApplication.primaryScreen() if QGuiApplication.instance() is not None else None
    if call.when == "call" and report.failed and screen is not None and "tmp_path" in item.funcargs:
        picture: Path = item.funcargs["tmp_path"] / "screen.png"
        screen.grabWindow(0).save(str(picture))
        report.sections.append(("The screen when it failed", str(picture)))
    return report
