"""Segments: the files of a seed. A pack (repository/FORMAT.md) with a beginning and an end of its own (FORMAT.md)."""

from __future__ import annotations

import errno
import os
import stat
import struct
import threading
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from console.domain.errors import Failed, damage
from console.repository.pack import FOOTER_SIZE, Layout, PackDamaged, PackEntry, PackReader
from console.seeding.manifest import MAX_OBJECTS
from console.seeding.media import failure_of

HEADER = struct.Struct("<8s16sII32s")
"""Magic, seed id, number of the segment, 0, digest of the segment before it."""
SEGMENT = Layout(b"RPLSEED1", HEADER.size, b"RPLSEND1")
FIRST = bytes(32)
"""Stands for the digest of the segment before the first."""
SUFFIX = ".rps"
_COUNT = struct.Struct("<I")
RUN = 1 << 20
"""Bytes of frames that are read at once, unless one frame is larger."""
_STEP = 64 << 10
"""Where the medium cannot be read, so much at a time is given up."""


def segment_header(seed: str, number: int, previous: bytes) -> bytes:
    """The first bytes of a segment; `previous`: digest (32 bytes) of the one before, `FIRST` for the first."""
    return HEADER.pack(SEGMENT.magic, bytes.fromhex(seed), number, 0, previous)


class SegmentFile:
    """One segment file of a drive, open for reading. Nothing it says is believed before it is checked.

    Any thread may read.
    """

    def __init__(self, path: Path, check: Callable[[], None] = lambda: None) -> None:
        """`check` is called before each read, and may raise. Raises Failed `segment-missing`, `segment-unreadable`."""
        self._check = check
        self._lock = threading.Lock()
        self.path = path
        self.name = path.name
        self._file = open_regular(path)
        self.size = os.fstat(self._file.fileno()).st_size
        self.frames = PackReader(self.read, self.size, SEGMENT)

    def close(self) -> None:
        self._file.close()

    def __enter__(self) -> SegmentFile:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def check_header(self, seed: str, number: int) -> bytes:
        """That it is segment `number` of `seed`; the digest it has of the segment before it.

        Raises Failed `segment-damaged`, `segment-of-another-seed`.
        """
        raw = self.read(0, HEADER.size)
        if len(raw) < HEADER.size:
            raise segment_damaged(self.name, "it is cut off")
        magic, owner, found, zero, previous = HEADER.unpack(raw)
        if magic != SEGMENT.magic or zero:
            raise segment_damaged(self.name, "it does not begin as a segment")
        if owner.hex() != seed:
            raise damage(
                "segment-of-another-seed",
                f"{self.path} belongs to seed {owner.hex()[:8]}, not to seed {seed[:8]}.",
                "Bring the right file back; what is in this one is not used.",
            )
        if found != number:
            raise segment_damaged(self.name, f"it says that it is segment {found}")
        return bytes(previous)

    def entries(self) -> list[PackEntry]:
        """The objects in it, as its index says. Raises Failed `segment-damaged` when the index is not true."""
        footer = self.read(max(0, self.size - FOOTER_SIZE), FOOTER_SIZE)
        if len(footer) == FOOTER_SIZE and _COUNT.unpack_from(footer, 8)[0] > MAX_OBJECTS:
            raise segment_damaged(self.name, "it claims to hold more objects than any segment")
        try:
            return self.frames.entries()
        except PackDamaged as error:
            raise segment_damaged(self.name, str(error)) from error

    def read(self, offset: int, length: int) -> bytes:
        """Up to `length` bytes, fewer only at the end of the file. Bytes that the medium cannot give are zeros.

        Raises Failed `medium-gone`.
        """
        self._check()
        try:
            return self._read(offset, length)
        except OSError as error:
            self._still_there(error)
        pieces = []
        for begin in range(offset, min(offset + length, self.size), _STEP):
            step = min(_STEP, offset + length - begin, self.size - begin)
            try:
                pieces.append(self._read(begin, step))
            except OSError as error:
                self._still_there(error)
                pieces.append(bytes(step))
        return b"".join(pieces)

    def _read(self, offset: int, length: int) -> bytes:
        with self._lock:
            self._file.seek(offset)
            data = self._file.read(length)
            while len(data) < length:
                more = self._file.read(length - len(data))
                if not more:
                    break
                data += more
            return data

    def _still_there(self, error: OSError) -> None:
        """One place that cannot be read is damage of that place; anything else means that the medium is away."""
        if error.errno != errno.EIO or not self.path.exists():
            raise failure_of(error, str(self.path)) or _unreadable(self.path, str(error)) from error


def open_regular(path: Path) -> BinaryIO:
    """A file of a drive somebody gave us: no link, no pipe, nothing that could make us wait or lead us elsewhere.

    Raises Failed `segment-missing`, `segment-unreadable`.
    """
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    try:
        descriptor = os.open(path, flags | getattr(os, "O_CLOEXEC", 0))
    except FileNotFoundError as error:
        raise damage("segment-missing", f"{path} is not there.", "Attach the medium that carries it.") from error
    except OSError as error:
        raise _unreadable(path, error.strerror or str(error)) from error
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise _unreadable(path, "it is no regular file")
    return open(descriptor, "rb", buffering=0)


def segment_damaged(name: str, why: str) -> Failed:
    return damage(
        "segment-damaged", f"{name} is damaged: {why}.", "Copy it again from where it came, or write a new seed."
    )


def _unreadable(path: Path, why: str) -> Failed:
    return damage("segment-unreadable", f"{path} cannot be read: {why}.", "Try another port, cable or reader.")
