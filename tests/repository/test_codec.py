from __future__ import annotations

import os
import struct

import pytest
import zstandard
from blake3 import blake3
from hypothesis import given, settings
from hypothesis import strategies as st

from console.domain.errors import Failed
from console.domain.objects import FRAME, FRAME_SIZE, MAX_PLAIN, Codec, FrameHeader, Kind
from console.repository.codec import (
    FrameError,
    check_digest,
    decode,
    encode,
    object_id,
    read_header,
    stored_digest,
    verify,
)


def whole(kind: Kind, plain: bytes) -> bytes:
    return b"".join(encode(kind, plain, object_id(plain)).pieces)


@settings(deadline=None, max_examples=50)
@given(st.sampled_from(Kind), st.binary(max_size=3000), st.integers(1, 40))
def test_a_frame_gives_back_what_went_in(kind: Kind, piece: bytes, times: int) -> None:
    plain = piece * times
    raw = whole(kind, plain)
    header = read_header(raw)
    assert decode(header, check_digest(header, raw)) == plain
    verify(header, raw)
    told = FrameHeader.unpack(raw)
    assert (told.id, told.kind, told.plain, told.stored) == (object_id(plain), kind, len(plain), len(raw) - FRAME_SIZE)


def test_compresses_when_that_pays() -> None:
    assert encode(Kind.CHUNK, b"a" * 10_000, object_id(b"a" * 10_000)).codec == Codec.ZSTD
    noise = os.urandom(10_000)
    frame = encode(Kind.CHUNK, noise, object_id(noise))
    assert (frame.codec, frame.stored) == (Codec.RAW, 10_000)
    assert encode(Kind.ROOT, b"a" * 20, object_id(b"a" * 20)).codec == Codec.RAW


def test_the_buffer_may_be_used_again() -> None:
    buffer = bytearray(os.urandom(1000))
    plain = bytes(buffer)
    frame = encode(Kind.CHUNK, memoryview(buffer), object_id(plain))
    buffer[:] = bytes(1000)
    raw = b"".join(frame.pieces)
    assert decode(read_header(raw), raw[FRAME_SIZE:]) == plain


def test_an_object_has_a_limit() -> None:
    with pytest.raises(ValueError, match="at most"):
        encode(Kind.CHUNK, bytes(MAX_PLAIN + 1), bytes(31) + b"1")


@settings(deadline=None, max_examples=50)
@given(st.data())
def test_every_bit_is_guarded(data: st.DataObject) -> None:
    raw = bytearray(whole(Kind.TREE, b"some words that compress " * data.draw(st.integers(1, 9))))
    bit = data.draw(st.integers(0, len(raw) * 8 - 1))
    raw[bit // 8] ^= 1 << bit % 8
    with pytest.raises(FrameError):
        verify(read_header(raw), raw)


def forged(plain_length: int, codec: int, oid: bytes, stored: bytes, *, kind: int = 1, seal: int = 0) -> bytes:
    """A frame whose digest is right, whatever it says."""
    head = FRAME.pack(len(stored), plain_length, kind, codec, seal, 0, oid, b"")[:44]
    return head + stored_digest(head, stored) + stored


def test_refuses_what_is_true_on_the_outside_only() -> None:
    plain = b"plain " * 100
    packed = zstandard.compress(plain, 1)
    oid = blake3(plain).digest()
    verify(read_header(forged(600, 1, oid, packed)), forged(600, 1, oid, packed))
    for raw in (
        forged(600, 1, blake3(b"other").digest(), packed),
        forged(600, 0, blake3(b"other").digest(), plain),
        forged(599, 1, oid, packed),
        forged(599, 0, oid, plain),
        forged(600, 1, oid, packed + b"more"),
        forged(600, 1, oid, packed[:-1]),
        forged(600, 1, oid, b"no zstd at all"),
        forged(600, 1, oid, b""),
        forged(600, 1, oid, zstandard.ZstdCompressor(write_content_size=False).compress(plain)),
    ):
        with pytest.raises(FrameError):
            verify(read_header(raw), raw)
        with pytest.raises(FrameError):
            decode(read_header(raw), raw[FRAME_SIZE:])


def test_a_bomb_is_not_unpacked() -> None:
    """The compressed frame itself says 1 TiB."""
    bomb = b"\x28\xb5\x2f\xfd\xe0" + struct.pack("<Q", 1 << 40) + b"\x02\x00\x00\x10\x00"
    raw = forged(1000, 1, blake3(b"").digest(), bomb)
    with pytest.raises(FrameError):
        verify(read_header(raw), raw)


def test_a_sealed_object_is_kept_by_its_digest_alone() -> None:
    raw = forged(600, 1, blake3(b"keyed").digest(), b"key tag and nonce" + bytes(30), seal=1)
    verify(read_header(raw), raw)
    with pytest.raises(Failed) as known:
        decode(read_header(raw), raw[FRAME_SIZE:])
    assert known.value.failure.code == "key-locked"


@pytest.mark.parametrize(
    "header",
    [
        FRAME.pack(10, MAX_PLAIN + 1, 1, 0, 0, 0, b"i" * 32, b""),
        FRAME.pack(MAX_PLAIN * 2, 10, 1, 0, 0, 0, b"i" * 32, b""),
        FRAME.pack(10, 10, 0, 0, 0, 0, b"i" * 32, b""),
        FRAME.pack(10, 10, 7, 0, 0, 0, b"i" * 32, b""),
        FRAME.pack(10, 10, 1, 2, 0, 0, b"i" * 32, b""),
        FRAME.pack(10, 10, 1, 0, 2, 0, b"i" * 32, b""),
        FRAME.pack(10, 10, 1, 0, 0, 1, b"i" * 32, b""),
        FRAME.pack(10, 10, 1, 0, 0, 0, bytes(32), b""),
    ],
)
def test_headers_no_writer_writes(header: bytes) -> None:
    with pytest.raises(FrameError):
        read_header(header)
