"""Standard input on its way into a backup: read in a thread that nobody waits for, a few pieces ahead."""

from __future__ import annotations

import asyncio
import os
import select
import sys
import threading
from collections.abc import AsyncIterator
from concurrent.futures import CancelledError

from console.client.volumes import STILL_S
from console.domain.errors import failed, usage

PIECE = 1 << 20
AHEAD = 4


def check_standard_input() -> None:
    """Raises Failed `nothing-piped` where standard input is a person's keyboard."""
    if sys.stdin is None or sys.stdin.isatty():
        raise usage(
            "nothing-piped",
            "Nothing is piped into this command.",
            "Give it what is to be backed up: pg_dumpall | replicore backup MACHINE --stdin LABEL",
        )


async def standard_input() -> AsyncIterator[bytes]:
    """All of it, in pieces; an empty one now and then while nothing comes. Raises Failed `input-unreadable`."""
    loop = asyncio.get_running_loop()
    pieces: asyncio.Queue[bytes | OSError] = asyncio.Queue(maxsize=AHEAD)
    file = sys.stdin.fileno()

    def read() -> None:
        piece: bytes | OSError = b"-"
        while piece and not isinstance(piece, OSError):
            try:
                piece = _piece(file)
            except OSError as problem:
                piece = problem
            try:
                asyncio.run_coroutine_threadsafe(pieces.put(piece), loop).result()
            except (RuntimeError, CancelledError):  # the command has ended meanwhile
                return

    # A read from a pipe that says nothing cannot be ended: the process ends over it.
    threading.Thread(target=read, name="standard-input", daemon=True).start()
    while True:
        try:
            async with asyncio.timeout(STILL_S):
                piece = await pieces.get()
        except TimeoutError:
            yield b""
            continue
        if isinstance(piece, OSError):
            raise failed("input-unreadable", f"Standard input cannot be read: {piece.strerror}.") from piece
        if not piece:
            return
        yield piece


def _piece(file: int) -> bytes:
    """What there is, at least a byte but at the end. Small pieces of a quick pipe are gathered."""
    parts = [os.read(file, PIECE)]
    size = len(parts[0])
    while parts[-1] and size < PIECE and select.select([file], [], [], 0)[0]:
        parts.append(os.read(file, PIECE - size))
        size += len(parts[-1])
    return b"".join(parts)
