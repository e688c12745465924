"""The failures of the object store, as sentences. `hint` says what to do next."""

from __future__ import annotations

import errno
import sqlite3

from console.domain.errors import Failed, damage, failed
from console.domain.sizes import format_size

_FULL = {errno.ENOSPC, errno.EDQUOT}


def write_failed(error: OSError | sqlite3.Error, place: str) -> Failed:
    """What a failed write to the repository at `place` means: `repository-full`, `repository-gone` or
    `repository-unwritable`."""
    if isinstance(error, OSError):
        gone, why = error.errno == errno.ENOENT, error.strerror or str(error)
    else:
        gone, why = False, str(error)
    if is_full(error):
        return failed(
            "repository-full",
            f"The disk of the repository {place} is full.",
            "Make room on that disk, then start the work again; what is already stored is not sent or read again.",
        )
    if gone:
        return failed(
            "repository-gone",
            f"The directory of the repository {place} is gone.",
            "Mount the disk it lies on, or bring the directory back; nothing was changed.",
        )
    return failed(
        "repository-unwritable",
        f"The repository {place} cannot be written: {why}.",
        "Look at the disk, its mount (read-only?) and its permissions, then start the work again.",
    )


def is_full(error: OSError | sqlite3.Error) -> bool:
    """Whether a write failed for want of room."""
    if isinstance(error, OSError):
        return error.errno in _FULL
    # SQLite's shared memory is a file, too.
    no_shared_memory = getattr(error, "sqlite_errorcode", 0) == sqlite3.SQLITE_IOERR_SHMSIZE
    return no_shared_memory or primary_code(error) == sqlite3.SQLITE_FULL


def no_room(place: str, limit: int | None) -> Failed:
    """`repository-full`, before anything fails: its limit (bytes) is reached, or what is kept of the disk begins."""
    if limit is not None:
        return failed(
            "repository-full",
            f"The repository {place} has reached its limit of {format_size(limit)}.",
            "Raise it (replicore repository edit NAME --limit SIZE), or delete points and reclaim their room.",
        )
    return failed(
        "repository-full",
        f"The disk of the repository {place} is full, but for the room that deleting and reclaiming need.",
        "Make room on that disk, or delete points and reclaim their room; then start the work again.",
    )


def object_missing(oid: bytes) -> Failed:
    return damage(
        "object-missing",
        f"Object {oid.hex()} is not in this repository.",
        "Replicate or consume what brings it, or restore from another Core that has it.",
    )


def object_damaged(oid: bytes, pack: str, why: str) -> Failed:
    return damage(
        "object-damaged",
        f"Object {oid.hex()} in pack {pack} is damaged: {why}.",
        "Check the repository and its disk; another Core that has the point can bring the object back.",
    )


def frame_damaged(why: str, oid: bytes | None = None) -> Failed:
    what = f"Object {oid.hex()} did not arrive as it was sent" if oid else "What arrived is no run of object frames"
    return damage("frame-damaged", f"{what}: {why}.", "Run it again; what arrived whole before it is kept.")


def primary_code(error: sqlite3.Error) -> int:
    """SQLite's primary result code (0 when the library gave none)."""
    return (getattr(error, "sqlite_errorcode", 0) or 0) & 0xFF
