"""Objects for the tests of the object store."""

from __future__ import annotations

import random
from collections.abc import Iterable
from pathlib import Path

from console.domain.objects import Kind
from console.repository import Repository


def content(number: int, size: int = 5000) -> bytes:
    """Bytes of their own for each number; every third compresses well."""
    if number % 3 == 0:
        return (b"%d|" % number * size)[:size]
    return random.Random(number).randbytes(size)


def store(repository: Repository, contents: Iterable[bytes], kind: Kind = Kind.CHUNK) -> list[bytes]:
    """Puts and flushes; the ids."""
    with repository.session() as session:
        ids = [session.put(kind, plain).id for plain in contents]
        session.flush()
    return ids


def packs(place: Path) -> list[Path]:
    return sorted((place / "own" / "packs").rglob("*.pack"))


def flip(path: Path, offset: int, mask: int = 0x10) -> None:
    """Turns over bits of one byte of a file."""
    with path.open("r+b") as file:
        file.seek(offset)
        byte = file.read(1)[0]
        file.seek(offset)
        file.write(bytes((byte ^ mask,)))
