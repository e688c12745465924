"""Programs of this host that a check asks, and copies they may look at: sparse, temporary, with room for them."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from console.domain.errors import failed
from console.domain.progress import Reporter
from console.domain.sizes import format_size

TIMEOUT_S = 3600.0
"""A program that takes longer is ended; what it looks at counts as not checked."""
PIECE = 1 << 20
RESERVE = 256 << 20
"""So much room is left free where copies are made (bytes)."""
_SHOWN = 2000
_ZEROS = bytes(4096)
_PLACES = ":/usr/sbin:/sbin:/usr/local/sbin"


class Readable(Protocol):
    def read(self, offset: int, length: int) -> bytes:
        """At most `length` bytes; fewer only at the end."""


@dataclass(frozen=True, slots=True)
class Said:
    """How a program ended: `code` None for one that took too long. `text`: the end of what it said."""

    code: int | None
    text: str


def find_program(name: str, *places: str) -> str | None:
    """Where a program lies; `places` are looked into first."""
    path = os.pathsep.join([*places, os.environ.get("PATH", os.defpath)]) + _PLACES
    return shutil.which(name, path=path)


def run(words: Sequence[str | Path], *, stdin: str = "", user: str | None = None) -> Said:
    """Runs a program to its end, without a shell, in the language of the system's messages. `user`: as whom."""
    env = {"PATH": os.environ.get("PATH", os.defpath) + _PLACES, "LC_ALL": "C.UTF-8", "HOME": "/nonexistent"}
    group = user
    try:
        done = subprocess.run(
            [os.fspath(word) for word in words],
            input=stdin.encode(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=TIMEOUT_S,
            check=False,
            env=env,
            cwd="/",
            user=user,
            group=group,
            extra_groups=[] if user else None,
        )
    except subprocess.TimeoutExpired as late:
        return Said(None, _end(late.stdout or b""))
    except OSError as error:
        return Said(126, str(error))
    return Said(done.returncode, _end(done.stdout))


@contextmanager
def workshop(place: Path) -> Iterator[Path]:
    """A temporary directory in `place`, gone afterwards, for this Core alone."""
    place.mkdir(parents=True, exist_ok=True, mode=0o700)
    with tempfile.TemporaryDirectory(prefix="check-", dir=place, ignore_cleanup_errors=True) as made:
        yield Path(made)


def copy(source: Readable, start: int, length: int, to: Path, reporter: Reporter) -> None:
    """A stretch of what can be read, as a file with holes for zeros. Raises Failed `no-room-to-check`, or as `read`."""
    to.parent.mkdir(parents=True, exist_ok=True)
    with to.open("wb") as file:
        at = 0
        while at < length:
            reporter.check()
            if at % (64 * PIECE) == 0:
                _need_room(to.parent)
            piece = source.read(start + at, min(PIECE, length - at))
            if not piece:
                break
            for offset, run_of in _filled(piece):
                file.seek(at + offset)
                file.write(run_of)
            at += len(piece)
        file.truncate(length)


def _need_room(place: Path) -> None:
    free = shutil.disk_usage(place).free
    if free < RESERVE:
        raise failed(
            "no-room-to-check",
            f"There is no room for a temporary copy ({format_size(free)} free).",
            "Make room on the disk of the Core's data directory, and check again.",
        )


def _filled(piece: bytes) -> Iterator[tuple[int, bytes]]:
    if _ZEROS not in piece:
        yield 0, piece
        return
    for at in range(0, len(piece), len(_ZEROS)):
        block = piece[at : at + len(_ZEROS)]
        if block.count(0) != len(block):
            yield at, block


def _end(raw: bytes) -> str:
    return raw.decode("utf-8", "backslashreplace")[-_SHOWN:].strip()
