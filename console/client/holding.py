"""Who holds a data directory: one program at a time has its lock, and the Core in it answers for it."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from console.client import connect
from console.client.client import Client
from console.client.local import LOCK_FILE, forget_knock, knock, read_core, read_token
from console.domain.errors import Failed, FailureKind, failed, refused

if TYPE_CHECKING:
    from filelock import BaseFileLock

ANSWER_S = 10.0
"""Somebody who holds a data directory gets so long to answer, or to let go of it."""
LOOK_S = 0.05


def lock(data: Path) -> BaseFileLock:
    """The lock of a data directory, which is made if it is not there. Raises Failed `data-directory-unusable`."""
    from filelock import FileLock

    try:
        data.mkdir(mode=0o700, parents=True, exist_ok=True)
        (data / LOCK_FILE).touch(mode=0o600)
    except OSError as error:
        raise failed(
            "data-directory-unusable",
            f"{data} cannot be a data directory: {error.strerror or error}.",
            "Name another with --data DIR, or run the command as the user that the Core runs as.",
        ) from error
    # Taken in one thread and given back in another, where a Core is stopped beside a running event loop.
    return FileLock(data / LOCK_FILE, thread_local=False, mode=0o600)


async def find(data: Path, held: BaseFileLock) -> Client | None:
    """A client of the Core that holds the data directory; None when the lock is ours."""
    if _acquired(held, 0.0):
        return None
    with _knocking(data):
        for _ in range(round(ANSWER_S / LOOK_S)):
            client = await _running(data)
            if client is not None:
                return client
            knock(data)
            await asyncio.sleep(LOOK_S)
            if _acquired(held, 0.0):
                return None
    raise _in_use(data)


def wait(data: Path, held: BaseFileLock) -> None:
    """Waits for the lock of a data directory. Raises Failed `data-directory-in-use`."""
    if _acquired(held, 0.0):
        return
    with _knocking(data):
        for _ in range(round(ANSWER_S / LOOK_S)):
            knock(data)
            if _acquired(held, LOOK_S):
                return
    raise _in_use(data)


@contextmanager
def released(held: BaseFileLock) -> Iterator[None]:
    try:
        yield
    finally:
        held.release()


async def _running(data: Path) -> Client | None:
    """A client of the Core that holds a data directory; None while it does not answer (yet, or any more)."""
    known = read_core(data)
    if known is None:
        return None
    client = connect.local(known, read_token(data))
    try:
        await client.status()
    except Failed as error:
        await client.close()
        # Another certificate: the file is that of a Core that is gone, and its port has gone to somebody else.
        if error.failure.kind is FailureKind.UNREACHABLE or error.failure.code == "wrong-fingerprint":
            return None
        raise
    except BaseException:
        await client.close()
        raise
    return client


@contextmanager
def _knocking(data: Path) -> Iterator[None]:
    """For a block that knocks. Another one that knocks as well does so again."""
    try:
        yield
    finally:
        forget_knock(data)


def _acquired(held: BaseFileLock, timeout: float) -> bool:
    from filelock import Timeout

    try:
        held.acquire(timeout=timeout, poll_interval=LOOK_S)
    except Timeout:
        return False
    return True


def _in_use(data: Path) -> Failed:
    known = read_core(data)
    who = f" by process {known.pid}" if known is not None and known.pid != os.getpid() else ""
    return refused(
        "data-directory-in-use",
        f"{data} is used{who}, which does not let go of it.",
        "Wait for it to end, or stop it. Two Cores must never work on one directory.",
    )
