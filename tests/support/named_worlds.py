"""Fixtures over `console.worlds`: copies of named worlds, and worlds whose Cores run.

def test_something(world):                 # files only
    office = world("one-machine").primary.data

async def test_something(running_world):   # Cores in processes of their own
    running = running_world("two-cores-one-orphan")
    async with running.client() as office, running.client("Vault", "helpdesk") as vault:
        ...
"""

from __future__ import annotations

import os
import pickle
import shutil
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from filelock import FileLock

from console.client import connect
from console.client.client import Client
from console.client.local import LocalCore, read_core, read_token
from console.host.clock import SystemClock
from console.worlds import PASSWORDS, World, build, relocate
from tests.support.cores import CoreProcess

COMMAND = (sys.executable, "-m", "console")
"""How tests start this program (`console.client.embedded.Start.command`)."""

WorldFactory = Callable[..., World]


@dataclass
class RunningWorld:
    """A world whose Cores run. `cores`: their processes, by the Cores' names."""

    world: World
    cores: dict[str, CoreProcess]

    @property
    def primary(self) -> CoreProcess:
        return self.cores[self.world.primary.name]

    def place(self, core: str | None = None) -> LocalCore:
        """Where a Core (None: the primary one) listens, and its fingerprint."""
        found = read_core(self._process(core).data)
        assert found is not None
        return found

    def token(self, core: str | None = None) -> str:
        """That of the owner of its data directory, an administrator."""
        return read_token(self._process(core).data)

    @asynccontextmanager
    async def client(self, core: str | None = None, user: str | None = None) -> AsyncIterator[Client]:
        """A client of a Core (None: the primary one), signed in as `user` of `PASSWORDS`, or (None) as its owner."""
        client = await self.connect(core, user)
        try:
            yield client
        finally:
            await client.close()

    async def connect(self, core: str | None = None, user: str | None = None) -> Client:
        """As `client`; the caller closes it."""
        place = self.place(core)
        if user is None:
            return connect.local(place, self.token(core))
        client = connect.pinned(place.host, place.port, place.fingerprint)
        try:
            await client.sign_in(user, PASSWORDS[user])
        except BaseException:
            await client.close()
            raise
        return client

    def start(self) -> RunningWorld:
        for core in self.world.cores:
            if self.cores[core.name].process is None:
                self.cores[core.name].start(port=core.port)
        return self

    def stop(self) -> None:
        for process in self.cores.values():
            process.stop()

    def _process(self, core: str | None) -> CoreProcess:
        return self.primary if core is None else self.cores[core]


@pytest.fixture(scope="session")
def _built_worlds(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], World]:
    """Each is built by whichever of the test processes wants it first."""
    own = tmp_path_factory.getbasetemp()
    shared = (own.parent if "PYTEST_XDIST_WORKER" in os.environ else own) / "worlds"
    shared.mkdir(exist_ok=True)
    built: dict[str, World] = {}

    def once(name: str) -> World:
        if name not in built:
            told = shared / f"{name}.world"
            with FileLock(shared / f"{name}.lock"):
                if not told.exists():
                    made = build(name, shared / f"{name}-{os.getpid()}")
                    told.write_bytes(pickle.dumps(made))
            built[name] = pickle.loads(told.read_bytes())
        return built[name]

    return once


@pytest.fixture
def world(tmp_path: Path, _built_worlds: Callable[[str], World]) -> WorldFactory:
    """`world(name)`: a copy of a named world, of this test alone. It is built once for all tests and copied.

    Volumes lie elsewhere in a copy, so the next backup of a machine makes base images (`volume-changed`); with
    `world(name, fresh=True)` the world is built for this test, and the next backup is incremental.
    """
    made: list[World] = []

    def give(name: str, *, fresh: bool = False) -> World:
        directory = tmp_path / f"world-{len(made)}"
        if fresh:
            made.append(build(name, directory))
        else:
            original = _built_worlds(name)
            shutil.copytree(original.directory, directory, symlinks=True)
            made.append(relocate(original, directory, SystemClock()))
        return made[-1]

    return give


@pytest.fixture
def running_world(world: WorldFactory) -> Iterator[Callable[..., RunningWorld]]:
    """`running_world(name)`: as `world`, with all its Cores running in processes of their own."""
    running: list[RunningWorld] = []

    def start(name: str, *, fresh: bool = False) -> RunningWorld:
        found = world(name, fresh=fresh)
        running.append(RunningWorld(found, {core.name: CoreProcess(core.data) for core in found.cores}))
        return running[-1].start()

    yield start
    for one in running:
        # Asked politely, a Core waits for callers that hang; and here some do, because their event loop has ended.
        for process in one.cores.values():
            process.kill()
