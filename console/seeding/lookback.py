"""Reads back what was written to a medium while the writing goes on."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any, BinaryIO

from blake3 import blake3

from console.seeding.media import MediumFiles

STRETCH = 64 << 20
"""So many bytes are synced and read back together."""
_PAGE = 64 << 10
"""Stretches end at multiples of this, so that none is read from memory because of its neighbour."""


class LookBack:
    """Follows one file that is being written: syncs it in a helper thread and reads there what the medium has of it."""

    def __init__(self, files: MediumFiles, path: Path, file: BinaryIO, helper: ThreadPoolExecutor) -> None:
        self._files = files
        self._path = path
        self._file = file
        self._helper = helper
        self._hasher: Any = blake3()
        self._seen = 0
        self._busy: Future[None] | None = None

    def follow(self, written: int) -> None:
        """So many bytes are in the file now. Never waits. Raises OSError for an earlier stretch that failed."""
        if written - self._seen < STRETCH or (self._busy is not None and not self._busy.done()):
            return
        self._settle()
        begin, self._seen = self._seen, written - written % _PAGE
        self._busy = self._helper.submit(self._stretch, begin, self._seen)

    def finish(self, size: int) -> bytes:
        """Syncs the file, which has `size` bytes now, reads back the rest; the digest of what the medium has.

        Raises OSError.
        """
        self._settle()
        self._stretch(self._seen, size)
        digest: bytes = self._hasher.digest()
        return digest

    def stop(self) -> None:
        """Waits until the file is not used any more. What goes wrong meanwhile does not count."""
        busy, self._busy = self._busy, None
        if busy is not None:
            busy.exception()

    def _settle(self) -> None:
        busy, self._busy = self._busy, None
        if busy is not None:
            busy.result()

    def _stretch(self, begin: int, end: int) -> None:
        self._files.sync(self._file)
        for piece in self._files.read_back(self._path, begin, end):
            self._hasher.update(piece)
