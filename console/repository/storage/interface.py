"""What the object store asks of a place for packs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from typing import Protocol


class PackFile(Protocol):
    """One finished pack, open for reading. Thread-safe."""

    size: int
    """Bytes in it."""

    def read(self, offset: int, length: int) -> bytes:
        """Up to `length` bytes; fewer only at the end. Raises OSError."""


class PackSink(Protocol):
    """One pack while it is written. Nobody can read it, and no crash leaves a part of it, before `finish`."""

    def write(self, offset: int, pieces: Sequence[bytes | memoryview]) -> None:
        """Puts the pieces one after the other, from `offset` bytes on. Any thread, in any order. What begins and ends
        at multiples of `ALIGNED` may be written at less cost. Raises OSError."""

    def finish(self, name: str, *, parity: bool = False) -> None:
        """Synced to the medium, then in its place under `name`, and that synced as well; what was there under that
        name is replaced at once. `parity`: this is not the pack but its parity. Raises OSError."""

    def abandon(self) -> None:
        """Drops what was written and gives its room back. Never raises OSError; does nothing after `finish`."""


class PackStorage(Protocol):
    """A place for packs, each with or without its parity. A name is 32 hex digits. Thread-safe. Methods raise OSError;
    what is not there is FileNotFoundError."""

    place: str
    """How people call it, for sentences."""

    def begin(self) -> PackSink:
        """A new pack, aside."""

    def names(self) -> Iterator[str]:
        """Every finished pack, in no order."""

    def parities(self) -> Iterator[str]:
        """Of every pack, here or not, that has parity here: its name. In no order."""

    def open(self, name: str, *, parity: bool = False) -> AbstractContextManager[PackFile]:
        """A finished pack, or its parity, to be read."""

    def size(self, name: str, *, parity: bool = False) -> int:
        """Bytes of a finished pack, or of its parity."""

    def delete(self, name: str) -> None:
        """Takes a finished pack away, for good (synced), and its parity before it."""

    def delete_parity(self, name: str) -> None:
        """Takes the parity of a pack away, for good (synced)."""

    def clear(self) -> int:
        """Drops every pack that was never finished (of a run that ended midway); how many there were."""

    def free(self) -> int:
        """Bytes that may still be written here."""
