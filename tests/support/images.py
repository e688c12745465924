"""Disk images for tests: written fast, known by their bytes."""

from __future__ import annotations

import os
import random
from collections.abc import Mapping
from pathlib import Path

from console.domain.errors import Cancelled
from console.domain.progress import Silent

BLOCK = 256 << 10


def sparse(path: Path, size: int, data: Mapping[int, bytes]) -> Path:
    """An image of `size` bytes with these bytes at these offsets; all else is holes."""
    with path.open("wb") as file:
        file.truncate(size)
        for at, some in data.items():
            file.seek(at)
            file.write(some)
    return path


def noise(seed: object, size: int) -> bytes:
    return random.Random(repr(seed)).randbytes(size)


def same(one: Path, other: Path) -> bool:
    """Whether two files or devices have the same bytes; a device may go on after the file."""
    with one.open("rb") as first, other.open("rb") as second:
        while True:
            piece = first.read(4 << 20)
            if second.read(len(piece)) != piece:
                return False
            if not piece:
                return True


def allocated(path: Path) -> int:
    """Bytes a file takes on its disk."""
    return os.stat(path).st_blocks * 512


class CancelsAfter(Silent):
    """A job that is cancelled when so many bytes are done."""

    def __init__(self, size: int) -> None:
        super().__init__()
        self._left = size

    def advance(self, *, bytes: int = 0, items: int = 0, text: str | None = None) -> None:
        del items, text
        self._left -= bytes

    def check(self) -> None:
        if self._left <= 0:
            raise Cancelled
