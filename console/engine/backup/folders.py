"""Directories on their way into an image: each waits until everything in it is known."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from console.domain.trees import Entry

RUN = 1024
"""Slots of one run."""
PACKED_FROM = 4 * RUN
"""A directory with more names keeps what is known encoded: a fifth of the memory."""

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(list[Entry | None]).decode
_decode_entry = msgspec.msgpack.Decoder(Entry).decode


def is_long(names: Sequence[bytes]) -> bool:
    """Whether a directory has so many names that what is known of them is kept encoded."""
    return len(names) > PACKED_FROM


class Folder:
    """A directory whose names are listed and whose entries become known in any order.

    `before`: its entry in the parent image, `same`: nothing in it differs from that so far, `last`: its last slot.
    Not thread-safe.
    """

    __slots__ = (
        "_left",
        "_runs",
        "_runs_left",
        "_slots",
        "before",
        "entry",
        "last",
        "parent",
        "path",
        "prefix",
        "same",
        "slot",
    )

    def __init__(self, parent: Folder | None, slot: int, path: bytes, entry: Entry, before: Entry | None) -> None:
        self.parent = parent
        self.slot = slot
        self.path = path
        self.prefix = path + b"/" if path != b"/" else path
        self.entry = entry
        self.before = before
        self.same = before is not None
        self.last = -1
        self._slots: list[Entry | None] = []
        self._runs: list[list[Entry | None] | bytes] = []
        self._runs_left: list[int] = []
        self._left = 0

    def expect(self, names: int) -> None:
        """So many entries will be put. To be called once, before the first `put`."""
        self._left = names
        self.last = names - 1
        if names <= PACKED_FROM:
            self._slots = [None] * names
        else:
            self._runs = [[None] * min(RUN, names - start) for start in range(0, names, RUN)]
            self._runs_left = [min(RUN, names - start) for start in range(0, names, RUN)]

    def begin(self, known: Sequence[Entry | None], left: int) -> None:
        """Instead of `expect`: what of it is `known` already, in order, and how many are still to be put besides the
        last slot, which is no name."""
        self._slots = [*known, None]
        self.last = len(known)
        self._left = left + 1

    def put(self, slot: int, entry: Entry | None) -> bool:
        """An entry is known (None: the name is left out). True: that was the last one."""
        if self._slots:
            self._slots[slot] = entry
        else:
            self._put_in_run(slot // RUN, slot % RUN, entry)
        self._left -= 1
        return self._left == 0

    def entries(self) -> Iterator[Entry]:
        """All of them in order of name, once; they are forgotten on the way."""
        runs, self._runs = [*self._runs, self._slots], []
        self._slots = []
        runs.reverse()
        while runs:
            run = runs.pop()
            for entry in _decode(run) if isinstance(run, bytes) else run:
                if entry is not None:
                    yield entry

    def _put_in_run(self, number: int, slot: int, entry: Entry | None) -> None:
        run = self._runs[number]
        assert isinstance(run, list)
        run[slot] = entry
        self._runs_left[number] -= 1
        if self._runs_left[number] == 0:
            self._runs[number] = _encode(run)


class Ahead:
    """Subdirectories still to be walked: few as they are, many encoded."""

    def __init__(self, folder: Folder) -> None:
        self.folder = folder
        self._waiting: list[tuple[int, bytes, Entry | bytes | None]] = []

    def add(self, slot: int, name: bytes, before: Entry | None) -> None:
        held: Entry | bytes | None = before
        if before is not None and len(self._waiting) >= PACKED_FROM:
            held = _encode(before)
        self._waiting.append((slot, name, held))

    def ready(self) -> None:
        """All were added; `take` begins with the first."""
        self._waiting.reverse()

    def take(self) -> tuple[int, bytes, Entry | None] | None:
        if not self._waiting:
            return None
        slot, name, held = self._waiting.pop()
        return slot, name, _plain(held)

    def coming(self) -> Iterator[Entry | None]:
        """The parent image's entries of what is still to be taken, in that order."""
        for _, _, held in reversed(self._waiting):
            yield _plain(held)


def _plain(held: Entry | bytes | None) -> Entry | None:
    return _decode_entry(held) if isinstance(held, bytes) else held
