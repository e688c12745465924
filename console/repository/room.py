"""The room a repository may still take: its limit, and what is kept of the disk. Paper: `FORMAT.md`, "Room"."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from console.domain.errors import Failed
from console.repository.failures import no_room
from console.repository.storage import PackStorage

RESERVE = "reserve"
"""A file in the namespace that holds room on a disk that others fill as well."""
RESERVE_BYTES = 1 << 20
_OPENING_BYTES = 128 << 10
"""An index that is opened needs less."""
_FLOOR = 64 << 20
_SHARE = 32
"""Kept free of a disk: `_FLOOR`, but at most one part in so many of what a repository has and could have there."""
_GRANT = 8 << 20
"""Bytes that are granted at once: the disk is asked again after them, for it may have other users."""


def give_up_reserve(directory: Path, storage: PackStorage) -> bool:
    """For what gives room back, and for opening, on a disk where there is none left. Whether that made some."""
    with suppress(OSError):
        if storage.free() < RESERVE_BYTES:
            (directory / RESERVE).unlink()
            return True
    return False


def lend_for_opening(directory: Path, storage: PackStorage) -> None:
    """Takes a part of the reserve for the index, on a disk where there is no room left. What SQLite shares between
    connections is a mapped file: to write to a page of it that the disk has no room for ends the process."""
    with suppress(OSError):
        if storage.free() < _OPENING_BYTES:
            reserve = directory / RESERVE
            os.truncate(reserve, max(0, reserve.stat().st_size - _OPENING_BYTES))


class Room:
    """`used`: asks how many bytes the finished packs and their parity have. `leave`: of bytes that there are, how many
    packs may take so that what is made beside them has its place too. Thread-safe as far as its caller locks."""

    def __init__(
        self, storage: PackStorage, directory: Path, used: Callable[[], int], leave: Callable[[int], int] = int
    ) -> None:
        self._storage = storage
        self.directory = directory
        self._used = used
        self._leave = leave
        self.limit: int | None = None
        """Bytes of packs and parity the repository may have; None: as many as the disk takes."""

    def allows(self, size: int) -> bool:
        """Whether the limit leaves so many bytes."""
        return self.limit is None or self._used() + size <= self.limit

    def left(self) -> int:
        """Bytes that may still be written, without what is kept."""
        return max(0, min(self._of_disk(0), self._of_limit(0)))

    def grant(self, wanted: int, coming: int, unwritten: int) -> int:
        """So many bytes may be written now, at least `wanted`, besides those of the packs that are `coming`, of which
        so many are `unwritten`. Raises Failed `repository-full`."""
        of_disk, of_limit = self._of_disk(unwritten), self._of_limit(coming)
        if min(of_disk, of_limit) < wanted:
            raise self._full(self.limit if of_limit <= of_disk else None)
        return min(of_disk, of_limit, max(wanted, _GRANT))

    def keep(self) -> None:
        """Makes the file that holds room, where there is plenty."""
        if self._of_disk(0) < 4 * RESERVE_BYTES:
            return
        with suppress(OSError):
            if (self.directory / RESERVE).exists() and (self.directory / RESERVE).stat().st_size == RESERVE_BYTES:
                return
            descriptor = os.open(self.directory / RESERVE, os.O_WRONLY | os.O_CREAT, 0o600)
            try:
                if hasattr(os, "posix_fallocate"):
                    os.posix_fallocate(descriptor, 0, RESERVE_BYTES)
                else:
                    os.write(descriptor, os.urandom(RESERVE_BYTES))
            finally:
                os.close(descriptor)

    def give_up_reserve(self) -> None:
        """See `give_up_reserve`."""
        give_up_reserve(self.directory, self._storage)

    def _of_disk(self, coming: int) -> int:
        free = self._storage.free()
        return free - coming - min(_FLOOR, (free + self._used()) // _SHARE)

    def _of_limit(self, coming: int) -> int:
        return (1 << 62) if self.limit is None else self._leave(self.limit - self._used()) - coming

    def _full(self, limit: int | None) -> Failed:
        return no_room(self._storage.place, limit)
