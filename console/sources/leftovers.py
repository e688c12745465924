"""Names under which something was being made when its process died: told from those of who still lives, and removed."""

from __future__ import annotations

import fcntl
import os
import re
import secrets
import stat
from contextlib import suppress
from itertools import count

_MINE = f".replicore-{secrets.token_hex(6)}-"
_numbers = count(1)
_OURS = re.compile(rb"\.replicore-[0-9a-f]{12}-[0-9]+\.part")
_LOOK = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0)


def name() -> bytes:
    """A new one."""
    return f"{_MINE}{next(_numbers)}.part".encode()


def hold(file: int) -> None:
    """Says, until `file` is closed, that somebody is at work on it. Where nothing can be locked, nothing is removed."""
    with suppress(OSError):
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


def remove(directory: int) -> None:
    """Removes what dead processes left in a directory. What cannot be removed stays: it is in nobody's way."""
    with os.scandir(directory) as names:
        found = [os.fsencode(entry.name) for entry in names if entry.name.startswith(".replicore-")]
    for one in found:
        if _OURS.fullmatch(one) and not one.startswith(_MINE.encode()):
            with suppress(OSError):
                if _is_dead(directory, one):
                    os.unlink(one, dir_fd=directory)


def _is_dead(directory: int, one: bytes) -> bool:
    """Raises OSError where that cannot be told. Only files are written for long: what else is there gets its name at
    once, or its process died."""
    if not stat.S_ISREG(os.stat(one, dir_fd=directory, follow_symlinks=False).st_mode):
        return True
    file = os.open(one, _LOOK, dir_fd=directory)
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    finally:
        os.close(file)
    return True
