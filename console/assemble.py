"""The one place where real parts meet: it runs a Core, lends one to a command, and hands both to the command line.

Everything heavy is imported where it is used: a command that talks to a running Core never pays for one of its own.
"""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import signal
import sys
import tempfile
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from console.cli.parts import Reached
from console.client import holding
from console.client.client import Client
from console.client.local import LocalCore, forget_core, forget_knock, knocked, read_token, write_core
from console.domain.errors import Failed, failed

if TYPE_CHECKING:
    from fastapi import FastAPI

    from console.client.embedded import Start
    from console.domain.clock import Clock
    from console.engine.core import Core
    from console.service.serving import Serving
    from console.wire.server import ServerThread
    from console.worlds import World

log = logging.getLogger(__name__)

IDENTITY = "identity"
SERVICE = "console.service.app"
LOG_FILE = "core.log"
LOG_BYTES = 5 << 20
KNOCK_S = 0.1
"""How often a Core that serves a command looks whether somebody else wants to be let in."""
EMBEDDED = "127.0.0.1:0"
"""Where a Core listens that a program has started for itself."""
EVERYWHERE = {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "::1"}
"""How a Core that listens on all addresses is reached from its own machine."""


class House:
    """What the command line is handed: see `cli.parts.Parts`."""

    def default_data(self) -> Path:
        from console.host.paths import data_directory

        return data_directory()

    def is_set_up(self, data: Path) -> bool:
        return (data / IDENTITY).exists()

    def reach(self, data: Path, *, mend: bool = False) -> AbstractAsyncContextManager[Reached]:
        return _reach(data, mend)

    def serve(
        self, data: Path, listen: str | None, ready: Callable[[dict[str, Any]], None], *, embedded: bool = False
    ) -> None:
        """See `Parts.serve`. Raises Failed: `data-directory-in-use`, `port-in-use`, and what opening a Core refuses."""
        lock = holding.lock(data)
        holding.wait(data, lock)
        with holding.released(lock), _logging(data, aloud=True):
            _serve(data, listen, ready, embedded)

    def open_console(self, data: Path | None, world: str | None) -> int:
        """See `Parts.open_console`. A sample world lies in a temporary directory that goes when the Console does."""
        from console.client.embedded import Start

        if world is not None:
            from console.worlds import require

            require(world)
        run = _desktop()
        command = (sys.executable, "-m", "console")
        if world is None:
            return run(Start(data or self.default_data(), command))
        with _sample(world) as made:
            cores = (made.primary, *(core for core in made.cores if not core.primary and core.opened))
            return run(Start(made.primary.data, command, world, tuple(core.data for core in cores)))


# --- the desktop


def _desktop() -> Callable[[Start], int]:
    """What runs the Console. Raises Failed `no-desktop` where Qt is not there, or does not work."""
    for needed in ("PySide6.QtWidgets", "qasync"):
        try:
            import_module(needed)
        except ImportError as error:
            raise failed(
                "no-desktop",
                f"The Console's desktop parts are not installed, or do not work here: {error}.",
                "Install them with: pip install 'replicore[desktop]'. All commands work without: replicore --help",
            ) from error
    from console.host.clock import SystemClock

    run: Callable[[Start, Clock], int] = import_module("console.desktop.app").run
    return lambda start: run(start, SystemClock())


@contextmanager
def _sample(name: str) -> Iterator[World]:
    """A sample world, for as long as the block takes."""
    from console.worlds import build

    with tempfile.TemporaryDirectory(prefix="replicore-world-", ignore_cleanup_errors=True) as place:
        print(f"Building the sample world “{name}” in {place} …", file=sys.stderr, flush=True)
        yield build(name, Path(place))


# --- a Core of its own


def _serve(data: Path, listen: str | None, ready: Callable[[dict[str, Any]], None], embedded: bool) -> None:
    with _unhindered(SERVICE):
        from console.domain.settings import SETTINGS, parse_listen
        from console.engine.core import Core
        from console.service.app import create_app

        core = Core(data)
    try:
        default = EMBEDDED if embedded else SETTINGS["listen"].default
        host, port = parse_listen(listen or core.catalog.settings.get("listen") or default)
        schedules = (core.catalog.settings.get("schedules") or SETTINGS["schedules"].default) == "on"
        serving = _serving(core, "service", schedules=schedules)
        app = create_app(core, serving)
        with _asked_to_stop() as asked:
            door = _open_door(core, app, host, port, serving)
            try:
                if schedules:
                    core.calendar.start()
                log.info("The Core “%s” listens on %s.", core.name, serving.address)
                ready(
                    {
                        "core": core.identity.core_id,
                        "name": core.name,
                        "address": serving.address,
                        "host": host,
                        "port": door.server.port,
                        "fingerprint": core.identity.fingerprint,
                        "data": str(data),
                        "pid": os.getpid(),
                    }
                )
                asked.wait()
                log.info("The Core was asked to stop.")
            finally:
                _close(core, app, door)
    finally:
        core.stop()


@contextmanager
def _asked_to_stop() -> Iterator[threading.Event]:
    """Set when the process is asked to end. Asked once more, it ends at once, which is safe but leaves jobs behind."""
    asked = threading.Event()

    def stop(number: int, _: object) -> None:
        if asked.is_set():
            os._exit(128 + number)
        asked.set()

    numbers = [signal.SIGINT, signal.SIGTERM]
    before = [(number, signal.signal(number, stop)) for number in numbers]
    try:
        yield asked
    finally:
        for number, handler in before:
            signal.signal(number, handler)


# --- a way to the Core of a data directory


@asynccontextmanager
async def _reach(data: Path, mend: bool) -> AsyncIterator[Reached]:
    lock = holding.lock(data)
    client = await holding.find(data, lock)
    if client is not None:
        try:
            yield Reached(client)
        finally:
            await client.close()
        return
    with holding.released(lock), _logging(data, aloud=False):
        async with _lodged(data, mend) as reached:
            yield reached


class Lodger:
    """The Core that lives in a command's process: see `cli.parts.Guest`."""

    def __init__(self, core: Core) -> None:
        self._core = core

    def busy(self) -> int:
        return self._core.jobs.busy()

    async def drained(self, timeout: float) -> bool:
        return await asyncio.to_thread(self._core.jobs.drain, timeout)


@asynccontextmanager
async def _lodged(data: Path, mend: bool) -> AsyncIterator[Reached]:
    """A Core in this process, without schedules. It listens on loopback once somebody knocks: what it listens with
    takes a quarter of a second of a processor that the command needs, and most commands nobody else waits for."""
    with _unhindered(SERVICE):
        from console.client.inside import InsideTransport
        from console.service.app import create_app

        core, set_aside = _opened(data, mend)
    doors: list[ServerThread] = []
    leaving = threading.Event()
    try:
        serving = _serving(core, "command", schedules=False)
        app = create_app(core, serving)

        def listen_later() -> None:
            while not knocked(data):
                if leaving.wait(KNOCK_S):
                    return
            try:
                doors.append(_open_door(core, app, "127.0.0.1", 0, serving))
                forget_knock(data)  # they have been heard, also one who was killed meanwhile
            except Failed as known:
                log.warning("Other commands have to wait for this one: %s", known.failure.message)

        door = threading.Thread(target=listen_later, name="door", daemon=True)
        door.start()
        client = Client(InsideTransport(app), read_token(data))
        try:
            yield Reached(client, Lodger(core), set_aside)
        finally:
            await client.close()
            leaving.set()
            await asyncio.to_thread(door.join)
            await asyncio.to_thread(_close, core, app, *doors)
    finally:
        await asyncio.to_thread(core.stop)


# --- parts of both


@contextmanager
def _unhindered(heavy: str) -> Iterator[None]:
    """For a block that imports the module `heavy`, and all it is made of: the garbage collector would look through it
    again and again while it grows, and later. What a program is made of is no garbage."""
    if heavy in sys.modules or not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()


def _opened(data: Path, mend: bool) -> tuple[Core, tuple[str, ...]]:
    """The Core of a data directory, and the files of a damaged catalog that `mend` has set aside for it."""
    from console.engine.core import CATALOG_FILE, Core

    try:
        return Core(data), ()
    except Failed as known:
        if not mend or known.failure.code != "catalog-damaged":
            raise
    from console.engine.rebuild import set_aside
    from console.host.clock import SystemClock

    moved = set_aside(data / CATALOG_FILE, SystemClock().now())
    log.warning("The damaged catalog was set aside: %s", ", ".join(map(str, moved)))
    return Core(data), tuple(map(str, moved))


def _serving(core: Core, mode: str, *, schedules: bool) -> Serving:
    from console.domain.clock import iso
    from console.service.serving import Serving

    return Serving(mode, "", iso(core.clock.now()), schedules)


def _open_door(core: Core, app: FastAPI, host: str, port: int, serving: Serving) -> ServerThread:
    """Listens for everybody, and says in the data directory where. Raises Failed `port-in-use`, `cannot-listen`."""
    from console.domain.pairing import Direction
    from console.wire.server import ServerThread, TlsServer

    # Also those whose pairing was removed here: they are to be told.
    trusted = [pairing.certificate for pairing in core.catalog.pairings.list(Direction.INCOMING)]
    server = TlsServer(app, core.identity, host=host, port=port, trusted=trusted)
    core.receive.trust = server.trust
    door = ServerThread(server)
    door.start()
    serving.address = server.address
    reached = EVERYWHERE.get(host, host)
    write_core(core.data, LocalCore(reached, server.port, os.getpid(), core.identity.fingerprint))
    return door


def _close(core: Core, app: FastAPI, *doors: ServerThread) -> None:
    """Nobody new comes in, jobs end, those who wait for them are told, then the door is shut."""
    from console.service.app import close

    if doors:
        forget_core(core.data)
    core.calendar.stop()
    core.jobs.stop()
    core.feed.close()
    for door in doors:
        door.stop()
    close(app)


@contextmanager
def _logging(data: Path, *, aloud: bool) -> Iterator[None]:
    """The Core's log: a file in its data directory; `aloud`: also on standard error, for a service's journal."""
    from logging.handlers import RotatingFileHandler

    root = logging.getLogger()
    handlers: list[logging.Handler] = [
        RotatingFileHandler(data / LOG_FILE, maxBytes=LOG_BYTES, backupCount=3, encoding="utf-8", delay=True)
    ]
    if aloud:
        handlers.append(logging.StreamHandler())
    before = root.level
    root.setLevel(logging.INFO)
    for handler in handlers:
        handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
        root.addHandler(handler)
    try:
        yield
    finally:
        root.setLevel(before)
        for handler in handlers:
            root.removeHandler(handler)
            handler.close()
