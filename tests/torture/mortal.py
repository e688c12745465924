"""Cores to be killed: `python -m tests.torture.mortal` reads jobs, a line of JSON each, and forks a process for each.

Only the Core that works lives in that process; its peer, where it has one, listens in that of the test. The fork says
`ready` as soon as its Core is open (with the port, where it listens) and `done` when the work has ended. A job with
`step` dies by itself, at that durable step, counted from before its Core is opened.
"""

from __future__ import annotations

import json
import os
import sys
import traceback
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from fastapi import FastAPI

from console.domain.pairing import Direction
from console.engine.core import Core
from console.host.clock import SystemClock
from console.wire.listener import router
from console.wire.server import ServerThread, TlsServer
from tests.support.dying_core import arm
from tests.support.easy import make_easy
from tests.support.two_cores import PAIRING, finished
from tests.torture import volumes

SIDES = {
    "backup": "source",
    "send": "source",
    "create": "source",
    "receive": "target",
    "restore": "source",
    "rollup": "source",
    "reclaim": "source",
    "consume": "target",
    "delete": "target",
    "sweep": "target",
    "check": "target",
    "move": "target",
    "rebuild": "target",
}
"""Which Core works, and dies, by what is done. `sweep`: a reclaim too, of what a deletion left."""
SEALED_SIDES = {"key": "source", "unlock": "target"}
"""What is done besides where machines are sealed. `key`: another one is made, and seals from now on."""


class Shifted(SystemClock):
    """The system's time, so many days later: a life of weeks passes in a minute."""

    def __init__(self, days: float = 0) -> None:
        self.days = days

    def now(self) -> datetime:
        return super().now() + timedelta(days=self.days)


def serve(core: Core) -> ServerThread:
    """Listens for the peer."""
    trusted = [pairing.certificate for pairing in core.catalog.pairings.list(Direction.INCOMING)]
    app = FastAPI()
    app.include_router(router(core.receive))
    server = ServerThread(TlsServer(app, core.identity, port=0, trusted=trusted))
    core.receive.trust = server.server.trust
    server.start()
    return server


def aim(core: Core, port: int) -> None:
    """The target of this Core listens on that port now."""
    for pairing in core.catalog.pairings.list(Direction.OUTGOING):
        core.catalog.pairings.update(replace(pairing, port=port))


def work(job: dict[str, Any]) -> None:
    place, what = Path(job["place"]), job["work"]
    drive = str(place / "drive")
    if job.get("step"):
        arm(job["step"])
    core = Core(place / (job.get("side") or (SIDES | SEALED_SIDES)[what]), clock=Shifted(job["days"]))
    if what == "receive":
        _say({"ready": serve(core).server.port})
        os.read(0, 1)  # for ever: it only ends by being killed
    if what == "send":
        aim(core, job["port"])
    _say({"ready": 0})
    if what == "backup":
        finished(core, core.protect.start_backup("web"))
    elif what == "send":
        finished(core, core.replicate.start(PAIRING))
    elif what == "create":
        finished(core, core.seed.start_create(PAIRING, [drive], segment_size=1 << 20))
    elif what == "consume":
        finished(core, core.consume.start([drive]))
    elif what == "delete":
        core.retain.delete(job["points"], chain=True)
    elif what == "restore":
        to = str(place / "out")
        finished(core, core.restore.start_files(job["point"], [], to, overwrite="always"))
    elif what == "rollup":
        finished(core, core.rollup.start("web"))
    elif what in ("reclaim", "sweep"):
        finished(core, core.reclaim.start("default", dry_run=False))
    elif what == "check":
        finished(core, core.check.start_repository("default", read_data=True))
    elif what == "move":
        finished(core, core.move.start("default", Path(job["to"])))
    elif what == "rebuild":
        finished(core, core.rebuild.start())
    elif what == "key":
        made = core.keys.create(job["name"], volumes.PASSPHRASE)
        core.protect.edit("web", key=made.id)
        core.keys.change_passphrase(made.id, volumes.PASSPHRASE, volumes.LATER)
    elif what == "unlock":
        for key in core.keys.list():
            core.keys.lock(key.name)
        volumes.open_up(core)
    core.stop()
    _say({"done": True})


def main() -> None:
    make_easy()
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            try:
                work(json.loads(line))
            except BaseException:
                _say({"failed": traceback.format_exc()})
            os._exit(0)
        _say({"pid": child})
        _, status = os.waitpid(child, 0)
        _say({"ended": status})


def _say(what: dict[str, Any]) -> None:
    os.write(1, json.dumps(what).encode() + b"\n")


if __name__ == "__main__":
    main()
