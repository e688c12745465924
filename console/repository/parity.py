"""Parity of one pack: how it is cut into shards, which of them are true, and the others from those. Paper: `FORMAT.md`,
"Parity". Nothing here knows where packs lie.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from blake3 import blake3

from console.domain.errors import failed
from console.repository.storage import PackFile, PackSink

_HEAD = b"RPLPARY1"
_END = b"RPLPARE1"
_FIXED = struct.Struct("<8s16sQIHH")
_TRAILER = struct.Struct("<I8s")
_DIGEST = 16
_PROOF = 32
_SHARDS = 50
"""A pack has at most so many data shards: more would heal more separate spots, at a cost that grows with them."""
_SMALLEST = 512
_ALIGN = 64
_FIELD = 256
"""Data and parity shards together; the code has no more."""
_COLUMN = 64 << 10
"""Bytes of each shard that are worked on together."""

Read = Callable[[int, int], bytes]


class ParityDamaged(ValueError):
    """A parity file does not say, in any true copy of its sheet, how it was made. The text is a clause."""


def require() -> None:
    """Raises Failed `parity-not-available` where parity cannot be made or used on this machine."""
    _code()


def _code() -> Any:
    """Raises Failed `parity-not-available` where the library could not be installed."""
    try:
        import zfec
    except ImportError as error:
        raise failed(
            "parity-not-available",
            f"Parity cannot be made or used on this machine: {error}.",
            "Install the library for it: pip install zfec",
        ) from error
    return zfec


@dataclass(frozen=True)
class Sheet:
    """How the parity of a pack was made. `size`: bytes of the pack; `shard`: of each shard; `data`, `parity`: how many
    shards of either; `digests` of all of them, in that order."""

    pack: str
    size: int
    shard: int
    data: int
    parity: int
    digests: tuple[bytes, ...] = ()

    @property
    def length(self) -> int:
        """Bytes it takes."""
        return _FIXED.size + (self.data + self.parity) * _DIGEST + _PROOF

    @property
    def file_size(self) -> int:
        """Bytes of the whole parity file."""
        return 2 * self.length + self.parity * self.shard + _TRAILER.size

    def pack_bytes(self) -> bytes:
        fixed = _FIXED.pack(_HEAD, bytes.fromhex(self.pack), self.size, self.shard, self.data, self.parity)
        said = fixed + b"".join(self.digests)
        return said + blake3(said).digest()


def plan(pack: str, size: int, percent: int) -> Sheet:
    """How a writer cuts a pack of `size` bytes (more than 0); without digests."""
    shard = max(_SMALLEST, -(-size // _SHARDS))
    shard = -(-shard // _ALIGN) * _ALIGN
    data = -(-size // shard)
    return Sheet(pack, size, shard, data, max(1, -(-data * percent // 100)))


def read_sheet(file: PackFile, pack: str) -> Sheet:
    """The sheet of a parity file, from whichever end has a true one. Raises ParityDamaged, OSError."""
    why = "it is too short"
    for at in _sheets(file):
        try:
            sheet = _unpack(file, at)
            if sheet.pack == pack:
                return sheet
            why = "it is of another pack"
        except ParityDamaged as error:
            why = str(error)
    raise ParityDamaged(why)


def _sheets(file: PackFile) -> Iterator[int]:
    yield 0
    trailer = file.read(max(0, file.size - _TRAILER.size), _TRAILER.size)
    if len(trailer) == _TRAILER.size:
        length, end = _TRAILER.unpack(trailer)
        if end == _END and length <= file.size - _TRAILER.size:
            yield file.size - _TRAILER.size - length


def _unpack(file: PackFile, at: int) -> Sheet:
    fixed = file.read(at, _FIXED.size)
    if len(fixed) < _FIXED.size:
        raise ParityDamaged("it is cut off")
    magic, pack, size, shard, data, parity = _FIXED.unpack(fixed)
    if magic != _HEAD or not (data and parity and shard and data + parity <= _FIELD):
        raise ParityDamaged("it does not begin as it should")
    if not (data - 1) * shard < size <= data * shard:
        raise ParityDamaged("it contradicts itself")
    count = (data + parity) * _DIGEST
    rest = file.read(at + _FIXED.size, count + _PROOF)
    if len(rest) < count + _PROOF or blake3(fixed + rest[:count]).digest() != rest[count:]:
        raise ParityDamaged("its sheet does not match its digest")
    digests = tuple(rest[i : i + _DIGEST] for i in range(0, count, _DIGEST))
    return Sheet(pack.hex(), size, shard, data, parity, digests)


def write(sheet: Sheet, pack: PackFile, sink: PackSink) -> None:
    """Makes the parity of a pack and puts it into `sink`, which is the caller's to finish. Raises OSError, Failed
    `parity-not-available`."""
    count = sheet.data + sheet.parity
    hashers = [blake3() for _ in range(count)]
    start = sheet.length
    encoder = _code().Encoder(sheet.data, count)
    numbers = list(range(sheet.data, count))
    for column, step in _columns(sheet.shard):
        blocks = [_padded(pack.read, sheet, number, column, step) for number in range(sheet.data)]
        made = encoder.encode(blocks, numbers)
        for number, block in enumerate((*blocks, *made)):
            hashers[number].update(block)
        for number, block in enumerate(made):
            sink.write(start + number * sheet.shard + column, [block])
    done = Sheet(
        sheet.pack,
        sheet.size,
        sheet.shard,
        sheet.data,
        sheet.parity,
        tuple(hasher.digest(length=_DIGEST) for hasher in hashers),
    )
    said = done.pack_bytes()
    sink.write(0, [said])
    sink.write(start + sheet.parity * sheet.shard, [said, _TRAILER.pack(len(said), _END)])


def _columns(shard: int) -> Iterator[tuple[int, int]]:
    for column in range(0, shard, _COLUMN):
        yield column, min(_COLUMN, shard - column)


def _padded(read: Read, sheet: Sheet, number: int, column: int, step: int) -> bytes:
    """A part of a data shard; beyond the pack's end are zeros, whatever the file has there."""
    offset = number * sheet.shard + column
    length = max(0, min(step, sheet.size - offset))
    return (read(offset, length) if length else b"").ljust(step, b"\0")


class Mend:
    """A pack and its parity: what of both is true, and the pack as it should be. `pack` is None when it is gone."""

    def __init__(self, sheet: Sheet, pack: PackFile | None, parity: PackFile) -> None:
        self.sheet = sheet
        self._pack = pack
        self._parity = parity

    @cached_property
    def bad(self) -> list[int]:
        """Data shards that are not as they were. Reads the pack through."""
        return [number for number in range(self.sheet.data) if not self._is_true(number)]

    @cached_property
    def good_parity(self) -> list[int]:
        """Parity shards that are as they were. Reads them through."""
        sheet = self.sheet
        return [sheet.data + n for n in range(sheet.parity) if self._is_true(sheet.data + n)]

    @property
    def whole(self) -> bool:
        """Whether the pack is as it was, its length too."""
        return not self.bad and self._pack is not None and self._pack.size == self.sheet.size

    @property
    def parity_whole(self) -> bool:
        """Whether all parity shards and both sheets are as they were."""
        said = self.sheet.pack_bytes()
        tail = self._parity.read(self.sheet.file_size - _TRAILER.size - len(said), len(said) + _TRAILER.size + 1)
        return (
            len(self.good_parity) == self.sheet.parity
            and self._parity.size == self.sheet.file_size
            and self._parity.read(0, len(said)) == said
            and tail == said + _TRAILER.pack(len(said), _END)
        )

    @property
    def can(self) -> bool:
        """Whether enough is true to give the whole pack."""
        return len(self.bad) <= len(self.good_parity)

    def read(self, offset: int, length: int) -> bytes:
        """Bytes of the pack as it should be; for when it `can`. Keeps the rebuilt shards in memory."""
        shard, end = self.sheet.shard, min(offset + length, self.sheet.size)
        parts = []
        while offset < end:
            number, at = divmod(offset, shard)
            step = min(shard - at, end - offset)
            rebuilt = self._rebuilt.get(number)
            parts.append(rebuilt[at : at + step] if rebuilt is not None else self._shard(number, at, step))
            offset += step
        return b"".join(parts)

    def pieces(self) -> Iterator[tuple[int, bytes]]:
        """(offset, bytes) of the whole pack as it should be, in file order, proven as they go by.

        Raises ParityDamaged, after the piece, when what is read now is not what was read before.
        """
        sheet = self.sheet
        for number in range(sheet.data):
            hasher = blake3()
            for column, step in _columns(sheet.shard):
                offset = number * sheet.shard + column
                block = self.read(offset, step)
                hasher.update(block.ljust(step, b"\0"))
                if block:
                    yield offset, block
            if hasher.digest(length=_DIGEST) != sheet.digests[number]:
                raise ParityDamaged("it is not read the same twice")

    @cached_property
    def _rebuilt(self) -> dict[int, bytes]:
        if not self.bad:
            return {}
        sheet = self.sheet
        # A shard that is true stands at its own place; a parity shard stands in for each that is not.
        stand_in = dict(zip(self.bad, self.good_parity, strict=False))
        numbers = [stand_in.get(number, number) for number in range(sheet.data)]
        decoder = _code().Decoder(sheet.data, sheet.data + sheet.parity)
        made: dict[int, list[bytes]] = {number: [] for number in self.bad}
        for column, step in _columns(sheet.shard):
            blocks = [self._shard(number, column, step) for number in numbers]
            decoded = decoder.decode(blocks, numbers)
            for number in self.bad:
                made[number].append(bytes(decoded[number]))
        return {number: b"".join(parts) for number, parts in made.items()}

    def _shard(self, number: int, column: int, step: int) -> bytes:
        sheet = self.sheet
        if number < sheet.data:
            assert self._pack is not None
            return _padded(self._pack.read, sheet, number, column, step)
        at = sheet.length + (number - sheet.data) * sheet.shard + column
        return self._parity.read(at, step).ljust(step, b"\0")

    def _is_true(self, number: int) -> bool:
        if number < self.sheet.data and self._pack is None:
            return False
        hasher = blake3()
        try:
            for column, step in _columns(self.sheet.shard):
                hasher.update(self._shard(number, column, step))
        except OSError:
            return False
        return hasher.digest(length=_DIGEST) == self.sheet.digests[number]
