"""Record and tombstone objects: what a lost catalog is rebuilt from. Paper: `FORMAT.md`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from console.domain.errors import damage
from console.domain.keys import WrappedKey
from console.domain.machines import Machine, MachineOptions
from console.domain.recovery_points import RecoveryPoint

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

_VERSION = b"\x01"
_AS_EVER = MachineOptions()
_encoder = msgspec.msgpack.Encoder()
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Record:
    """One recovery point as every Core that has it keeps it. `core`, `core_name`: the Core that made it; `machine` as
    it was then; `point.record` is empty. `replaces`: ids (hex) of records that this one stands for; such a one also
    says when it was `written`. `keys`: those the point's images are sealed with, under their passphrases."""

    core: str
    core_name: str
    machine: Machine
    point: RecoveryPoint
    replaces: tuple[str, ...] = ()
    written: datetime | None = None
    keys: tuple[WrappedKey, ...] = ()

    def instead(self, id: str, point: RecoveryPoint, written: datetime) -> Record:
        """The record that takes the place of this one, which has the id `id` (hex)."""
        return replace(
            self, point=replace(point, record=""), replaces=tuple(sorted({*self.replaces, id})), written=written
        )


@dataclass(frozen=True, slots=True)
class Tombstone:
    """Points (ids) that were deleted on purpose, and when."""

    points: tuple[str, ...]
    time: datetime


_records = msgspec.msgpack.Decoder(Record)
_tombstones = msgspec.msgpack.Decoder(Tombstone)


def encode_record(
    core: str, core_name: str, machine: Machine, point: RecoveryPoint, keys: tuple[WrappedKey, ...] = ()
) -> bytes:
    """The plain bytes of a RECORD object. Raises ValueError when the point has a record already."""
    return encode(Record(core, core_name, machine, point, keys=keys))


def encode(record: Record) -> bytes:
    """As `encode_record`. What only some records have, those that replace others, are of sealed points or of machines
    with a level of compression, is left out of all others."""
    if record.point.record:
        raise ValueError("a record cannot name itself")
    body = _by_name(record)
    body["machine"] = machine = _by_name(record.machine)
    machine["options"] = options = _by_name(record.machine.options)
    if options["compression"] == _AS_EVER.compression:
        del options["compression"]
    return _VERSION + _encoder.encode({name: value for name, value in body.items() if value not in ((), None)})


def decode_record(body: bytes) -> Record:
    """Fields this version does not know are passed over. Raises Failed `record-damaged`."""
    return _decode(_records, body)


def encode_tombstone(points: Sequence[str], time: datetime) -> bytes:
    """The plain bytes of a TOMBSTONE object."""
    return _VERSION + _encoder.encode(Tombstone(tuple(points), time))


def decode_tombstone(body: bytes) -> Tombstone:
    """Raises Failed `record-damaged`."""
    return _decode(_tombstones, body)


def _by_name(value: DataclassInstance) -> dict[str, Any]:
    return {field.name: getattr(value, field.name) for field in fields(value)}


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
