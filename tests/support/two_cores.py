"""A source and a target Core in one process, over real TLS, on directories that may have been through anything."""

from __future__ import annotations

import os
import shutil
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

from fastapi import FastAPI

from console.domain.chains import ChainState
from console.domain.clock import Clock
from console.domain.jobs import Job, JobState
from console.domain.pairing import Direction
from console.domain.progress import Silent
from console.domain.roles import Role
from console.engine.core import Core
from console.wire.listener import router
from console.wire.server import ServerThread, TlsServer
from tests.support import trees
from tests.support.clock import FixedClock

PASSWORD = "a long password"
WAIT = 120.0
PAIRING = "target"


class TwoCores:
    """Below `place`: `source` and `target`. Opens what is there, or sets it up. One clock for both."""

    def __init__(self, place: Path, *, clock: Clock | None = None) -> None:
        self.place = place
        self.clock = clock or FixedClock()
        with ExitStack() as stack:
            self.source = Core(place / "source", clock=self.clock, name="source")
            stack.callback(self.source.stop)
            self.target = Core(place / "target", clock=self.clock, name="target")
            stack.callback(self.target.stop)
            if not self.target.catalog.users.list():
                self.target.users.add("admin", Role.ADMINISTRATOR, PASSWORD)
            trusted = [pairing.certificate for pairing in self.target.catalog.pairings.list(Direction.INCOMING)]
            app = FastAPI()
            app.include_router(router(self.target.receive))
            self.server = ServerThread(TlsServer(app, self.target.identity, port=0, trusted=trusted))
            self.target.receive.trust = self.server.server.trust
            self.server.start()
            stack.callback(self.server.stop)
            for pairing in self.source.catalog.pairings.list(Direction.OUTGOING):
                self.source.catalog.pairings.update(replace(pairing, port=self.server.server.port))
            self._stack = stack.pop_all()

    def __enter__(self) -> TwoCores:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._stack.close()

    def pair(self) -> None:
        port, fingerprint = self.server.server.port, self.target.identity.fingerprint
        self.source.pair.pair("127.0.0.1", port, "admin", PASSWORD, fingerprint, PAIRING)

    def back_up(self, machine: str) -> str:
        """A new point of a machine of the source; its id."""
        if isinstance(self.clock, FixedClock):
            self.clock.forward(60)
        before = set(points_of(self.source))
        finished(self.source, self.source.protect.start_backup(machine))
        (made,) = set(points_of(self.source)) - before
        return made

    def replicate(self) -> None:
        finished(self.source, self.source.replicate.start(PAIRING))

    def seed(self, drive: Path) -> None:
        finished(self.source, self.source.seed.start_create(PAIRING, [str(drive)], segment_size=1 << 20))

    def consume(self, drive: Path) -> dict[str, Any]:
        return finished(self.target, self.target.consume.start([str(drive)]))


def ended(core: Core, job: Job) -> Job:
    """Waits until nothing runs, also what the job started; how the job ended."""
    assert core.jobs.drain(WAIT), "a job did not end"
    return core.jobs.get(job.id)


def finished(core: Core, job: Job) -> dict[str, Any]:
    """The result of a job that must succeed."""
    done = ended(core, job)
    assert done.state is JobState.SUCCEEDED, (
        f"{done.kind} {done.state}: {done.failure} {core.catalog.jobs.log(done.id)}"
    )
    assert done.result is not None
    return done.result


def points_of(core: Core) -> list[str]:
    """Ids of all points a Core knows, oldest first."""
    machines = core.catalog.machines.list()
    return [point.id for machine in machines for point in core.catalog.points.all_of(machine.id)]


def check(core: Core) -> list[str]:
    """Reads every byte of every repository; what is wrong, as text."""
    wrong = []
    for info in core.repositories.list():
        report = core.check.repository(info, read_data=True, reporter=Silent())
        wrong += [f"{core.name}: {damage}" for damage in report["damaged"]]
        wrong += [f"{core.name}: pack {pack} is gone" for pack in report["missing_packs"]]
    return wrong


def left_over(core: Core) -> list[str]:
    """Packs that were never finished, of a Core whose repositories have just been opened and not been written to."""
    for info in core.repositories.list():
        core.repositories.open(info.id)
    places = [Path(info.path) / "own" / "incoming" for info in core.repositories.list()]
    return [f"{core.name}: {name} is left over" for place in places for name in os.listdir(place)]


def unlike(kept: Path, restored: Path) -> list[str]:
    """How what was restored differs from a tree; or from several volumes, `tree` and others: of those it is their bytes
    that count."""
    one, other = trees.look(kept), trees.look(restored)
    if b"disk/disk.img" in one:
        for found in (one, other):
            for path in found:
                if not path.startswith(b"tree/"):
                    found[path] = replace(found[path], mode=0, owner=(0, 0), mtime_ns=0, xattrs=(), holes=0, flags=0)
    return trees.compare(one, other)


def wrong_with(core: Core, point: str, kept: Path, to: Path) -> list[str]:
    """Restores a point to a new directory `to` and compares it with the tree that was kept; what differs, as text."""
    state = core.points.view(point).state
    if state is not ChainState.WHOLE:
        return [f"{core.name}: point {point} is {state}: {core.points.explain(point).view.why}"]
    result = finished(core, core.restore.start_files(point, [], str(to)))
    assert not result["damaged"], result
    found = [f"{core.name}: {point}: {line}" for line in unlike(kept, to)]
    shutil.rmtree(to)
    return found
