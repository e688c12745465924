"""Files of frames: packs, and (with another beginning and end) segments of seed drives. Paper: `FORMAT.md`, "Packs".

`PackWriter` keeps the books of a file somebody else writes; `PackReader` reads one through a `read(offset, length)`.
"""

from __future__ import annotations

import re
import struct
from bisect import bisect_right
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import accumulate
from typing import NamedTuple

from blake3 import blake3

from console.domain.objects import DIGEST_SIZE, DIGESTED, FRAME_SIZE, MAX_PLAIN, MAX_STORED, ZERO_ID, FrameHeader
from console.repository.codec import (
    CODECS,
    KINDS,
    NO_KEYS,
    SEALS,
    Bytes,
    Frame,
    FrameError,
    check_digest,
    read_header,
    verify,
)
from console.repository.sealing import Keys

PACK_BYTES = 32 << 20
"""A pack is closed when it has this many bytes of frames."""
PACK_OBJECTS = 16_384
"""Or this many objects: what is known of each takes memory until the pack is durable."""
_HEAD = struct.Struct("<IIBBBB32s")
"""`domain.objects.FRAME` without the digest."""
_ENTRY = struct.Struct("<32sQIIBBBB")
_FOOTER = struct.Struct("<QI32s8s")
ENTRY_SIZE = _ENTRY.size
FOOTER_SIZE = _FOOTER.size
_WINDOW = 4 << 20
_PLAUSIBLE = re.compile(rb"(?=[\x01-\x06][\x00\x01][\x00\x01]\x00)", re.DOTALL)
"""Kind, codec, seal and the reserved byte of a frame's header: what a search for frames goes by."""
_PLAUSIBLE_AT = 8


@dataclass(frozen=True, slots=True)
class Layout:
    """How such a file begins and ends. `head`: bytes before the first frame, of which `magic` are the first."""

    magic: bytes
    head: int
    end: bytes


PACK = Layout(b"RPLPACK1", 8, b"RPLPEND1")


class PackEntry(NamedTuple):
    """One object of a pack; `offset` is where its frame begins. Sizes in bytes, `stored` without the header."""

    id: bytes
    offset: int
    stored: int
    plain: int
    kind: int
    codec: int
    seal: int

    @property
    def end(self) -> int:
        return self.offset + FRAME_SIZE + self.stored


def _end(entry: PackEntry) -> int:
    return entry.end


class PackDamaged(ValueError):
    """The structure of such a file is not true. The text is a clause that says why."""


class PackWriter:
    """The books of one file while it is written: where the next frame goes, and the index and footer that end it."""

    def __init__(self, layout: Layout = PACK) -> None:
        self.layout = layout
        self.entries: list[PackEntry] = []
        self.end = layout.head
        """Where the next frame goes: bytes so far."""

    @property
    def size(self) -> int:
        """Bytes the finished file will have."""
        return self.end + len(self.entries) * ENTRY_SIZE + FOOTER_SIZE

    def add(self, frame: Frame | FrameHeader) -> int:
        """Takes the next frame into the books; the offset its bytes must be written at."""
        offset = self.end
        entry = PackEntry(frame.id, offset, frame.stored, frame.plain, frame.kind, frame.codec, frame.seal)
        self.entries.append(entry)
        self.end = entry.end
        return offset

    def tail(self) -> bytes:
        """Index and footer, to be written at `end`."""
        return self.finish()[0]

    def name(self) -> str:
        """What a pack with these objects is called: hex of the first 16 bytes of the hash of its index."""
        return self.finish()[1]

    def finish(self) -> tuple[bytes, str]:
        """`tail` and `name` at once."""
        index = b"".join([_ENTRY.pack(*entry, 0) for entry in self.entries])
        digest = blake3(index).digest()
        return index + _FOOTER.pack(self.end, len(self.entries), digest, self.layout.end), digest[:16].hex()


@dataclass(frozen=True, slots=True)
class Gap:
    """Bytes of a file in which no whole frame could be found."""

    offset: int
    length: int


class PackReader:
    """One such file, read through `read(offset, length)` (fewer bytes only at the end); `size` is its length."""

    def __init__(self, read: Callable[[int, int], bytes], size: int, layout: Layout = PACK) -> None:
        self._read = read
        self._size = size
        self._layout = layout
        self.digest = b""
        """BLAKE3-256 of the index, once `entries` has read it."""

    @property
    def name(self) -> str:
        """What a pack with this index must be called."""
        return self.digest[:16].hex()

    def entries(self) -> list[PackEntry]:
        """What the index says, proven: hash, order, lengths without gaps. Raises PackDamaged, OSError."""
        layout, size = self._layout, self._size
        if size < layout.head + FOOTER_SIZE:
            raise PackDamaged("it is too short")
        if self._read(0, len(layout.magic)) != layout.magic:
            raise PackDamaged("it does not begin as it should")
        footer = self._read(size - FOOTER_SIZE, FOOTER_SIZE)
        if len(footer) != FOOTER_SIZE:
            raise PackDamaged("it is cut off")
        start, count, digest, end = _FOOTER.unpack(footer)
        if end != layout.end:
            raise PackDamaged("it does not end as it should")
        if start < layout.head or start + count * ENTRY_SIZE + FOOTER_SIZE != size:
            raise PackDamaged("its footer does not fit its length")
        index = self._read(start, count * ENTRY_SIZE)
        if len(index) != count * ENTRY_SIZE or blake3(index).digest() != digest:
            raise PackDamaged("its index does not match its digest")
        self.digest = digest
        return self._unpack(index, start)

    def _unpack(self, index: bytes, frames_end: int) -> list[PackEntry]:
        if not index:
            if frames_end != self._layout.head:
                raise PackDamaged("its index does not cover its frames")
            return []
        ids, offsets, stored, plain, kinds, codecs, seals, reserved = zip(*_ENTRY.iter_unpack(index), strict=True)
        ends = list(accumulate(map(FRAME_SIZE.__add__, stored), initial=self._layout.head))
        if list(offsets) != ends[:-1] or max(stored) > MAX_STORED or max(plain) > MAX_PLAIN or any(reserved):
            raise PackDamaged("its index contradicts itself")
        if ZERO_ID in ids:
            raise PackDamaged("its index names a hole")
        if not (KINDS.issuperset(kinds) and CODECS.issuperset(codecs) and SEALS.issuperset(seals)):
            raise PackDamaged("its index names what this version does not know")
        if ends[-1] != frames_end:
            raise PackDamaged("its index does not cover its frames")
        return list(map(PackEntry, ids, offsets, stored, plain, kinds, codecs, seals))

    def runs(self, entries: list[PackEntry], limit: int = _WINDOW) -> Iterator[tuple[list[PackEntry], bytes]]:
        """Reads the given entries (in file order, without gaps) run by run: at most `limit` bytes a run, or one frame.

        A file that is cut off gives fewer bytes than the entries say.
        """
        first = 0
        while first < len(entries):
            start = entries[first].offset
            last = max(bisect_right(entries, start + limit, first, key=_end), first + 1)
            yield entries[first:last], self._read(start, entries[last - 1].end - start)
            first = last

    def salvage(self) -> Iterator[PackEntry | Gap]:
        """Goes by the frames alone, index and footer unseen: every whole frame (digest and id proven), in file order,
        and what lies between. Where a frame is damaged, the next one is searched for. The last gap holds the index.
        """
        offset = self._layout.head
        lost = -1
        while offset + FRAME_SIZE <= self._size:
            entry = self._frame_at(offset)
            if entry is not None:
                if lost >= 0:
                    yield Gap(lost, offset - lost)
                    lost = -1
                yield entry
                offset = entry.end
                continue
            if lost < 0:
                lost = offset
            offset = self._search(offset + 1)
        if lost < 0:
            lost = min(offset, self._size)
        if lost < self._size:
            yield Gap(lost, self._size - lost)

    def _frame_at(self, offset: int) -> PackEntry | None:
        try:
            header = read_header(self._read(offset, FRAME_SIZE).ljust(FRAME_SIZE, b"\xff"))
            if offset + FRAME_SIZE + header[0] > self._size:
                return None
            raw = self._read(offset, FRAME_SIZE + header[0])
            verify(header, raw)
        except FrameError:
            return None
        return PackEntry(header[6], offset, header[0], header[1], header[2], header[3], header[4])

    def _search(self, offset: int) -> int:
        """Where from `offset` on a frame may begin; the file's length when nowhere."""
        while offset + FRAME_SIZE <= self._size:
            window = self._read(offset, _WINDOW + FRAME_SIZE)
            for match in _PLAUSIBLE.finditer(window, _PLAUSIBLE_AT):
                at = match.start() - _PLAUSIBLE_AT
                if at + FRAME_SIZE > len(window):
                    break
                try:
                    read_header(window, at)
                except FrameError:
                    continue
                return offset + at
            if len(window) < _WINDOW + FRAME_SIZE:
                break
            offset += _WINDOW
        return self._size


def proven(reader: PackReader, name: str) -> list[PackEntry]:
    """What a pack holds, its index, its name and the digest of every frame proven. Raises PackDamaged, OSError."""
    entries = reader.entries()
    if reader.name != name:
        raise PackDamaged("its name is not that of its index")
    for run, raw in reader.runs(entries):
        for _, why in whole_frames(run, raw, ids=lambda _: False):
            if why:
                raise PackDamaged(f"a frame in it is damaged: {why}")
    return entries


def whole_frames(
    run: list[PackEntry],
    raw: Bytes,
    ids: Callable[[PackEntry], bool] = lambda _: True,
    keys: Keys = NO_KEYS,
) -> Iterator[tuple[PackEntry, str]]:
    """Proves each frame of a run as `runs` gave it: digest, and where `ids` wants it also the id; of what is sealed the
    edges, and the id where `keys` has its key. With each entry a clause that says what is wrong with it, empty when it
    is true."""
    base = run[0].offset
    raw = bytes(raw)  # no copy of what is bytes already
    view = memoryview(raw)
    for entry in run:
        if ids(entry):
            yield entry, _why_not(entry, view, entry.offset - base, keys)
        elif _holds(entry, raw, view, base):
            yield entry, ""
        else:
            yield entry, _why_not(entry, view, entry.offset - base, None)


def _holds(entry: PackEntry, raw: bytes, view: memoryview, base: int) -> bool:
    """Whether header and digest are as the pack's index tells, in few steps: it is asked of every frame there is."""
    oid, offset, stored, plain, kind, codec, seal = entry
    at = offset - base
    start = at + FRAME_SIZE
    head = _HEAD.pack(stored, plain, kind, codec, seal, 0, oid)
    if not raw.startswith(head, at) or start + stored > len(raw):
        return False
    hasher = blake3(head)
    hasher.update(view[start : start + stored])
    return raw.startswith(hasher.digest(length=DIGEST_SIZE), at + DIGESTED)


def _why_not(entry: PackEntry, raw: memoryview, at: int, keys: Keys | None) -> str:
    if at + FRAME_SIZE > len(raw):
        return "its pack is cut off before it"
    try:
        header = read_header(raw, at)
        if header[6] != entry.id or header[:5] != entry[2:]:
            return "its header is not the one the pack's index tells of"
        if keys is None:
            check_digest(header, raw, at)
        else:
            verify(header, raw, at, keys)
    except FrameError as error:
        return str(error)
    return ""
