"""Record and tombstone objects: what a lost catalog is rebuilt from. Paper: `FORMAT.md`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

import msgspec

from console.domain.errors import damage
from console.domain.machines import Machine
from console.domain.recovery_points import RecoveryPoint

_VERSION = b"\x01"
_encoder = msgspec.msgpack.Encoder()
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Record:
    """One recovery point as every Core that has it keeps it. `core`, `core_name`: the Core that made it; `machine` as
    it was then; `point.record` is empty."""

    core: str
    core_name: str
    machine: Machine
    point: RecoveryPoint


@dataclass(frozen=True, slots=True)
class Tombstone:
    """Points (ids) that were deleted on purpose, and when."""

    points: tuple[str, ...]
    time: datetime


_records = msgspec.msgpack.Decoder(Record)
_tombstones = msgspec.msgpack.Decoder(Tombstone)


def encode_record(core: str, core_name: str, machine: Machine, point: RecoveryPoint) -> bytes:
    """The plain bytes of a RECORD object. Raises ValueError when the point has a record already."""
    if point.record:
        raise ValueError("a record cannot name itself")
    return _VERSION + _encoder.encode(Record(core, core_name, machine, point))


def decode_record(body: bytes) -> Record:
    """Fields this version does not know are passed over. Raises Failed `record-damaged`."""
    return _decode(_records, body)


def encode_tombstone(points: Sequence[str], time: datetime) -> bytes:
    """The plain bytes of a TOMBSTONE object."""
    return _VERSION + _encoder.encode(Tombstone(tuple(points), time))


def decode_tombstone(body: bytes) -> Tombstone:
    """Raises Failed `record-damaged`."""
    return _decode(_tombstones, body)


def _decode(decoder: msgspec.msgpack.Decoder[_T], body: bytes) -> _T:
    try:
        if body[:1] != _VERSION:
            raise msgspec.ValidationError("it is of a version that is not known here")
        return decoder.decode(memoryview(body)[1:])
    except msgspec.MsgspecError as error:
        raise damage(
            "record-damaged",
            f"A recovery point's record cannot be read: {error}.",
            "It was written by a newer Core, or by a faulty one; update this Core.",
        ) from error
