"""What worlds are told with: a clock that moves when it is told to, Cores in this process, files with fixed content."""

from __future__ import annotations

import os
import random
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from console.domain.clock import Clock
from console.domain.jobs import Job, JobState
from console.domain.roles import User
from console.engine.core import VAULT, Core
from console.engine.users import hash_password
from console.vault import FileVault
from console.worlds.world import PASSWORDS, ROLES

MINUTE, HOUR, DAY = 60, 3600, 86_400
JOB_S = 120.0
"""A job of a world that takes longer is a bug."""


class StoryClock:
    """Stands still until `forward` or `go_to` is called: what happens in a story happens when the story says so."""

    def __init__(self, start: datetime) -> None:
        self._now = start
        self._run = 0.0

    def now(self) -> datetime:
        return self._now

    def monotonic(self) -> float:
        return self._run

    def forward(self, seconds: float) -> None:
        self._now += timedelta(seconds=seconds)
        self._run += seconds

    def go_to(self, moment: datetime) -> None:
        """A moment that has not passed yet."""
        self.forward((moment - self._now).total_seconds())


@contextmanager
def living(data: Path, clock: Clock, name: str) -> Iterator[Core]:
    """A Core with the people of every world, alive for as long as the block takes."""
    # Secrets go where the world goes, never into the keyring of who makes it.
    core = Core(data, clock=clock, name=name, vault=lambda: FileVault(data / VAULT))
    try:
        for user in PASSWORDS:
            core.catalog.users.add(User(uuid.uuid4().hex, user, ROLES[user], _hashed(user), clock.now()))
        yield core
    finally:
        core.stop()


@contextmanager
def listening(core: Core) -> Iterator[int]:
    """The port on which a Core takes calls of other Cores, for as long as the block takes."""
    from fastapi import FastAPI

    from console.wire.listener import router
    from console.wire.server import ServerThread, TlsServer

    app = FastAPI()
    app.include_router(router(core.receive))
    server = TlsServer(app, core.identity, port=0)
    core.receive.trust = server.trust
    door = ServerThread(server)
    door.start()
    try:
        yield server.port
    finally:
        door.stop()


def pair(source: Core, target: Core, port: int, name: str) -> str:
    """The id of a new pairing with a target that listens on a port of this machine."""
    fingerprint = target.identity.fingerprint
    return source.pair.pair("127.0.0.1", port, "admin", PASSWORDS["admin"], fingerprint, name).pairing.id


def settle(*cores: Core) -> None:
    """Waits until no job is left."""
    for core in cores:
        if not core.jobs.drain(JOB_S):
            raise RuntimeError(f"a job of {core.name} does not end")


def done(core: Core, job: Job) -> dict[str, Any]:
    """The result of a job that has to succeed, and whatever it started has ended too."""
    settle(core)
    ended = core.catalog.jobs.get(job.id)
    if ended.state is not JobState.SUCCEEDED or ended.result is None:
        raise RuntimeError(f"{ended.kind} {ended.state}: {ended.failure}")
    return ended.result


def back_up(core: Core, machine: str, *, base: bool = False) -> str:
    """The id of a new recovery point."""
    job = core.protect.start_backup(machine, base=base, reason="scheduled" if not base else "")
    point: str = done(core, job)["point"]
    return point


def write_files(top: Path, files: Mapping[str, bytes], moment: datetime) -> None:
    """Files below `top`, by their paths, last changed at `moment`."""
    stamp = moment.timestamp()
    for name, content in files.items():
        path = top / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        os.utime(path, (stamp, stamp))


def text(seed: str, size: int) -> bytes:
    """Words that compress like a letter, the same for the same seed."""
    chosen = random.Random(seed)
    words: list[str] = []
    length = 0
    while length < size:
        word = chosen.choice(WORDS)
        words.append(word + ("\n" if chosen.random() < 0.08 else " "))
        length += len(words[-1].encode())
    return "".join(words).encode()[:size]


def noise(seed: str, size: int) -> bytes:
    """Bytes that do not compress, as in a photograph."""
    return random.Random(seed).randbytes(size)


LATIN = """backup recovery point chain orphan target source drive seed medium office branch invoice letter draft minutes
agreed tomorrow Thursday please find enclosed with kind regards"""
OTHERS = "Rechnung Angebot Grüße heute morgen Übersicht Straße 東京 大阪 会議 資料 予算 報告書 ありがとう よろしく"
WORDS = (LATIN + " " + OTHERS).split()


@cache
def _hashed(user: str) -> str:
    # Slow by design: once for all Cores.
    return hash_password(PASSWORDS[user])
