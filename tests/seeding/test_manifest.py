"""The manifest: signed, read back as it was, and refused in every other form."""

from __future__ import annotations

import random
import struct
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from console.domain.errors import Failed
from console.domain.pairing import CoreIdentity
from console.domain.seeds import Segment
from console.seeding import manifest as seed
from console.seeding.manifest import Manifest, SeedMedium, SeedPoint, decode, encode, segment_name
from console.wire.identity import Identity, verify
from tests.support import values
from tests.support.clock import FixedClock


def hashes(point: Any) -> Any:
    """The point with roots that are hashes, as real ones are."""
    images = [replace(i, root="ab" * 32, parent_root="cd" * 32 if i.parent else None) for i in point.images]
    return replace(point, images=tuple(images), record="ef" * 32)


def sample(**other: Any) -> Manifest:
    base = hashes(values.point("p1"))
    child = hashes(values.point("p2", "p1.0", time=values.later(hours=1)))
    made = Manifest(
        1,
        "5e" * 16,
        "pairing-1",
        CoreIdentity("core-a", "north “ä”", "1.2.3", "AB:CD"),
        "core-b",
        "c-7",
        "Blue 1",
        values.NOON,
        (values.machine(),),
        (SeedPoint(base, ("p1.0",)), SeedPoint(child, ("p2.0",), ("p2.0",))),
        (Segment(1, "segment-00001.rps", 1, 1 << 30, "01" * 32), Segment(2, "segment-00002.rps", 2, 77, "02" * 32)),
        (SeedMedium(1, "/media/a", 1 << 30), SeedMedium(2, "/media/b", 77)),
        1234,
        (1 << 30) + 77,
    )
    return replace(made, **other)


def raw(manifest: Manifest) -> bytes:
    return encode(manifest, lambda message: b"signature of " + message[:4])


def code_of(content: bytes) -> str:
    with pytest.raises(Failed) as refused:
        decode(content)
    return refused.value.failure.code


def believed(content: bytes, identity: Identity) -> bool:
    """Whether a reader that knows the certificate would go by this manifest."""
    try:
        signed = decode(content)
    except Failed as known:
        return known.failure.code not in ("seed-damaged", "seed-newer")
    return verify(identity.certificate, signed.message, signed.signature)


@pytest.fixture(scope="module")
def identity(tmp_path_factory: pytest.TempPathFactory) -> Identity:
    return Identity.create(tmp_path_factory.mktemp("identity") / "core", "north", FixedClock())


def test_it_is_read_as_it_was_written(identity: Identity) -> None:
    content = encode(sample(), identity.sign)
    signed = decode(content)
    assert signed.manifest == sample()
    assert verify(identity.certificate, signed.message, signed.signature)
    assert signed.manifest.images() == ("p1.0", "p2.0")
    assert (signed.manifest.oldest, signed.manifest.newest) == (values.NOON, values.later(hours=1))


def test_any_changed_bit_is_noticed(identity: Identity) -> None:
    content = encode(sample(), identity.sign)
    assert believed(content, identity)
    rng = random.Random(3)
    for position in [*range(20), *rng.sample(range(len(content)), 150), *range(len(content) - 80, len(content))]:
        changed = bytearray(content)
        changed[position] ^= 1 << rng.randrange(8)
        assert not believed(bytes(changed), identity), position


def test_every_shorter_and_longer_file_is_damaged() -> None:
    content = raw(sample())
    for length in [*range(100), *range(len(content) - 40, len(content))]:
        assert code_of(content[:length]) == "seed-damaged"
    assert code_of(content + b"\0") == "seed-damaged"


@settings(deadline=None, max_examples=50)
@given(st.binary(max_size=2000))
def test_random_bytes_are_refused_with_a_sentence(noise: bytes) -> None:
    assert code_of(noise) == "seed-damaged"
    body = struct.pack("<I", len(noise)) + noise + struct.pack("<I", 0)
    assert code_of(seed.MAGIC + body) == "seed-damaged"


def test_lengths_are_bounded_before_anything_is_allocated() -> None:
    assert code_of(seed.MAGIC + b"\xff\xff\xff\xff" + b"x" * 100) == "seed-damaged"
    assert code_of(seed.MAGIC + struct.pack("<I", 1) + b"\x90" + b"\xff\xff\xff\x7f") == "seed-damaged"
    huge = b"\xdf\x0f\xff\xff\xff"
    assert code_of(seed.MAGIC + struct.pack("<I", len(huge)) + huge + struct.pack("<I", 0)) == "seed-damaged"


def test_a_newer_format_is_named() -> None:
    newer = raw(sample(format=2))
    assert code_of(newer) == "seed-newer"
    assert code_of(b"RPLMANI2" + newer[8:]) == "seed-newer"
    later_fields = msgspec.msgpack.encode({"format": 7, "something": "else"})
    assert code_of(seed.MAGIC + struct.pack("<I", len(later_fields)) + later_fields + bytes(4)) == "seed-newer"


def test_fields_of_a_later_release_are_passed_over() -> None:
    fields = msgspec.msgpack.decode(msgspec.msgpack.encode(sample()))
    body = msgspec.msgpack.encode(fields | {"parity": [1, 2]})
    assert decode(seed.MAGIC + struct.pack("<I", len(body)) + body + bytes(4)).manifest == sample()


OUTSIDE = [Segment(1, "../../etc/passwd", 1, 10, "01" * 32), Segment(1, "/etc/passwd", 1, 10, "01" * 32)]
LIES = [
    Segment(2, segment_name(2), 1, 10, "01" * 32),
    Segment(1, segment_name(1), 1, 1 << 32, "01" * 32),
    Segment(1, segment_name(1), 1, 0, "01" * 32),
    Segment(1, segment_name(1), 0, 10, "01" * 32),
    Segment(1, segment_name(1), 1, 10, "zz"),
]


@pytest.mark.parametrize("segment", OUTSIDE + LIES, ids=str)
def test_segments_no_writer_writes_are_refused(segment: Segment) -> None:
    assert code_of(raw(sample(segments=(segment,)))) == "seed-damaged"


def test_points_that_contradict_themselves_are_refused() -> None:
    good = sample().points[0]
    for points in [
        (replace(good, images=("other",)),),
        (replace(good, images=("p1.0", "p1.0")),),
        (good, good),
        (replace(good, names=("p2.0",)),),
        (replace(good, point=replace(good.point, machine="unknown")),),
        (replace(good, point=replace(good.point, record="no hash")),),
        (replace(good, point=replace(good.point, time=values.NOON.replace(tzinfo=None))),),
        (replace(good, point=values.point("p1")),),
    ]:
        assert code_of(raw(sample(points=points))) == "seed-damaged"
    assert code_of(raw(sample(seed="../" * 8))) == "seed-damaged"
    assert code_of(raw(sample(seed="5E" * 16))) == "seed-damaged"


def test_no_secret_and_no_certificate_is_in_it(identity: Identity, tmp_path: Path) -> None:
    content = encode(sample(), identity.sign)
    assert b"CERTIFICATE" not in content
    assert b"PRIVATE" not in content
