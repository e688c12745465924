"""Starts the Console: Qt with asyncio on it, the Core of its own, and beside that the window (`session`)."""

from __future__ import annotations

import asyncio
import gc
import logging
import signal
import socket
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import Any

import qasync
from PySide6.QtCore import QSettings, QSocketNotifier
from PySide6.QtWidgets import QApplication

from console import __version__
from console.client.embedded import EmbeddedCore, Start
from console.domain.clock import Clock

LOG_BYTES = 2 << 20


def run(start: Start, clock: Clock) -> int:
    """Opens the window and returns the exit code once it is ended. One per process."""
    app = QApplication.instance() or QApplication(["replicore"])
    assert isinstance(app, QApplication)
    app.setApplicationName("replicore")
    app.setOrganizationName("replicore")
    app.setApplicationDisplayName("Replicore")
    app.setApplicationVersion(__version__)
    app.setDesktopFileName("replicore")
    app.setQuitOnLastWindowClosed(False)
    QSettings.setDefaultFormat(QSettings.Format.IniFormat)
    if start.world is not None:
        # A sample world must not change what the user's own Console remembers.
        QSettings.setPath(QSettings.Format.IniFormat, QSettings.Scope.UserScope, str(start.data.parent / "console"))
    loop = qasync.QEventLoop(app)
    asyncio.set_event_loop(loop)
    core = EmbeddedCore((start.cores or (start.data,))[0], start.command)
    try:
        with loop, _logged(start.data), _signals(app) as asked:
            # Qt works here, so there will be a window. While the rest is imported and drawn, the Core gets ready.
            core.begin()
            return int(loop.run_until_complete(session(app, start, clock, core, asked)))
    finally:
        core.abandon()


def session(
    app: QApplication, start: Start, clock: Clock, core: EmbeddedCore, asked: Asked
) -> Coroutine[Any, Any, int]:
    """See `console.desktop.session`; all that is drawn is imported here."""
    # The garbage collector would look through it again and again while it grows, and later, between two frames. The
    # session collects by itself (`console.desktop.collecting`).
    gc.disable()
    from console.desktop.session import session

    gc.freeze()
    return session(app, start, clock, core, asked.event)


class Asked:
    """Whether the process was asked to end (SIGTERM, Ctrl-C)."""

    def __init__(self) -> None:
        self.event = asyncio.Event()


@contextmanager
def _signals(app: QApplication) -> Iterator[Asked]:
    """Python's handlers run only between its own instructions; a socket wakes Qt when a signal has come."""
    asked = Asked()
    mine, theirs = socket.socketpair()
    mine.setblocking(False)
    theirs.setblocking(False)
    before_fd = signal.set_wakeup_fd(theirs.fileno(), warn_on_full_buffer=False)
    notifier = QSocketNotifier(mine.fileno(), QSocketNotifier.Type.Read, app)
    notifier.activated.connect(lambda *_: mine.recv(64))
    before = {number: signal.signal(number, lambda *_: asked.event.set()) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield asked
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        signal.set_wakeup_fd(before_fd)
        notifier.setEnabled(False)
        mine.close()
        theirs.close()


@contextmanager
def _logged(data: Path) -> Iterator[None]:
    """The Console's own log, beside the Core's. Nothing is written for a directory that is not there yet."""
    data.mkdir(parents=True, exist_ok=True)
    handler = RotatingFileHandler(data / "console.log", maxBytes=LOG_BYTES, backupCount=2, encoding="utf-8", delay=True)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    root = logging.getLogger()
    root.addHandler(handler)
    try:
        yield
    finally:
        root.removeHandler(handler)
        handler.close()
