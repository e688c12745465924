"""Standard input on its way into a backup: read in a thread that nobody waits for, a few pieces ahead."""

from __future__ import annotations

import asyncio
import os
import sys
import threading
from collections.abc import AsyncIterator

from console.domain.errors import failed, usage

PIECE = 256 << 10
AHEAD = 8


def check_standard_input() -> None:
    """Raises Failed `nothing-piped` where standard input is a person's keyboard."""
    if sys.stdin is None or sys.stdin.isatty():
        raise usage(
            "nothing-piped",
            "Nothing is piped into this command.",
            "Give it what is to be backed up: pg_dumpall | replicore backup MACHINE --stdin LABEL",
        )


async def standard_input() -> AsyncIterator[bytes]:
    """All of it, in pieces. Raises Failed `input-unreadable`."""
    loop = asyncio.get_running_loop()
    pieces: asyncio.Queue[bytes | OSError] = asyncio.Queue(maxsize=AHEAD)
    file = sys.stdin.fileno()

    def read() -> None:
        piece: bytes | OSError = b"-"
        while piece and not isinstance(piece, OSError):
            try:
                piece = os.read(file, PIECE)
            except OSError as problem:
                piece = problem
            try:
                asyncio.run_coroutine_threadsafe(pieces.put(piece), loop).result()
            except RuntimeError:  # the command has ended meanwhile
                return

    # A read from a pipe that says nothing cannot be ended: the process ends over it.
    threading.Thread(target=read, name="standard-input", daemon=True).start()
    while piece := await pieces.get():
        if isinstance(piece, OSError):
            raise failed("input-unreadable", f"Standard input cannot be read: {piece.strerror}.") from piece
        yield piece
