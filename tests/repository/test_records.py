from __future__ import annotations

from datetime import UTC, datetime

import msgspec
import pytest

from console.domain.errors import Failed
from console.domain.machines import Machine, MachineKind, Volume
from console.domain.recovery_points import BaseReason, ImageKind, RecoveryPoint, VolumeImage
from console.repository.records import (
    Record,
    Tombstone,
    decode_record,
    decode_tombstone,
    encode_record,
    encode_tombstone,
)

NOON = datetime(2026, 5, 4, 12, 0, 0, 123456, tzinfo=UTC)
MACHINE = Machine(
    "m1", "web", MachineKind.PROTECTED, "core-a", "r1", (Volume("v1", "tree", "/srv/web"),), NOON, 3600,
    ("*.tmp",), False, NOON,
)  # fmt: skip
IMAGES = (
    VolumeImage("i1", "p1", "v1", "tree", ImageKind.BASE, BaseReason.FIRST, None, "ab" * 32, 1, 2, 3, 4, 5, 6, 7),
    VolumeImage("i2", "p1", "v2", "two", ImageKind.INCREMENTAL, None, "i0", "cd" * 32, parent_root="ef" * 32),
)
POINT = RecoveryPoint("p1", "m1", NOON, "core-a", IMAGES, duration_s=1.5, warnings=2)


def test_a_record_is_read_back_equal() -> None:
    body = encode_record("core-a", "Kern ä", MACHINE, POINT)
    assert body[0] == 1
    assert decode_record(body) == Record("core-a", "Kern ä", MACHINE, POINT)


def test_a_record_cannot_name_itself() -> None:
    with pytest.raises(ValueError, match="itself"):
        encode_record("a", "b", MACHINE, RecoveryPoint("p", "m", NOON, "c", (), record="ab"))


def test_a_tombstone_is_read_back_equal() -> None:
    assert decode_tombstone(encode_tombstone(["p1", "p2"], NOON)) == Tombstone(("p1", "p2"), NOON)


def test_fields_of_later_versions_are_passed_over() -> None:
    said = msgspec.msgpack.decode(encode_record("a", "b", MACHINE, POINT)[1:])
    said["tomorrow"] = 1
    said["point"]["tomorrow"] = [1]
    assert decode_record(b"\x01" + msgspec.msgpack.encode(said)) == Record("a", "b", MACHINE, POINT)


@pytest.mark.parametrize("body", [b"", b"\x01", b"\x02" + encode_tombstone([], NOON)[1:], b"\x01\x80", b"\x01nonsense"])
def test_what_is_no_record(body: bytes) -> None:
    for decode in (decode_record, decode_tombstone):
        with pytest.raises(Failed) as raised:
            decode(body)
        assert raised.value.failure.code == "record-damaged"
