from __future__ import annotations

import os
import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from console.domain.errors import Failed
from console.domain.keys import thumbprint
from console.domain.objects import FRAME_SIZE, MAX_PLAIN, ZERO_ID, Codec, Kind, Seal, pack_refs
from console.domain.trees import Entry, FileType, VolumeRoot
from console.repository import sealing
from console.repository.codec import (
    FrameError,
    check_digest,
    decode,
    encode,
    node_of,
    object_id,
    read_header,
    stored_digest,
    verify,
)
from console.repository.nodes import Ref, encode_entry, encode_list, encode_root, encode_tree
from console.repository.sealing import OF_DIRECTORY, Edge, SealError, SealingKey, edges_of, pack_edges
from tests.support.sealing import Ring, sealing_key, secret

KEY = sealing_key()
RING = Ring(KEY)
ENTRIES = [
    Entry(b"deep", FileType.DIRECTORY, depth=2, content=pack_refs([(b"d" * 32, 70_000)])),
    Entry(b"empty", FileType.FILE),
    Entry(b"file", FileType.FILE, size=9, content=pack_refs([(b"c" * 32, 4), (ZERO_ID, 1), (b"c" * 32, 4)])),
    Entry(b"folder", FileType.DIRECTORY, content=pack_refs([(b"t" * 32, 12)])),
    Entry(b"large", FileType.FILE, size=99, depth=1, content=pack_refs([(b"l" * 32, 99)])),
]
TREE = encode_tree([encode_entry(entry) for entry in ENTRIES])
ROOT = encode_root(VolumeRoot("tree", Entry(b"", FileType.DIRECTORY, content=pack_refs([(b"t" * 32, 5)])), 3, 2, 0, 9))
LIST = encode_list(0, [Ref(b"c" * 32, 4), Ref(ZERO_ID, 4), Ref(b"e" * 32, 4)])
NODES = [(Kind.TREE, TREE), (Kind.ROOT, ROOT), (Kind.LIST, LIST)]


def sealed(kind: Kind, plain: bytes, key: SealingKey = KEY, leaf: Kind = Kind.CHUNK) -> bytes:
    return b"".join(encode(kind, plain, key.object_id(kind, plain), key, leaf).pieces)


def again(raw: bytes, *, seal: int = 1, kind: int | None = None, stored: bytes | None = None) -> bytes:
    """The frame with something in it changed, and a digest that holds."""
    head = bytearray(raw[: FRAME_SIZE - 16])
    body = raw[FRAME_SIZE:] if stored is None else stored
    head[:4] = struct.pack("<I", len(body))
    head[8] = head[8] if kind is None else kind
    head[10] = seal
    return bytes(head) + stored_digest(head, body) + body


def opened(raw: bytes, ring: Ring = RING) -> bytes:
    header = read_header(raw)
    return decode(header, check_digest(header, raw), ring)


@settings(deadline=None, max_examples=60)
@given(st.binary(max_size=3000), st.integers(1, 40))
def test_what_is_sealed_is_opened_again(piece: bytes, times: int) -> None:
    plain = piece * times
    raw = sealed(Kind.CHUNK, plain)
    header = read_header(raw)
    assert opened(raw) == plain
    verify(header, raw)
    verify(header, raw, keys=RING)
    assert node_of(header, raw[FRAME_SIZE:]) == (header[6], Kind.CHUNK, KEY.tag, ())
    if len(piece) > 8:
        assert piece not in raw


@pytest.mark.parametrize(("kind", "plain"), NODES)
def test_nodes_are_opened_and_say_what_they_name(kind: Kind, plain: bytes) -> None:
    raw = sealed(kind, plain)
    assert opened(raw) == plain
    node = node_of(read_header(raw), raw[FRAME_SIZE:])
    assert (node.kind, node.tag) == (kind, KEY.tag)
    assert pack_edges(node.edges) == edges_of(kind, plain)


def test_edges_are_each_object_once_with_what_it_is() -> None:
    raw = sealed(Kind.TREE, TREE)
    assert node_of(read_header(raw), raw[FRAME_SIZE:]).edges == (
        Edge(b"d" * 32, Kind.LIST, 1 | OF_DIRECTORY, 0),
        Edge(b"c" * 32, Kind.CHUNK, 0, 4),
        Edge(b"t" * 32, Kind.TREE, 0, 0),
        Edge(b"l" * 32, Kind.LIST, 0, 99),
    )
    of_directory = sealed(Kind.LIST, encode_list(0, [Ref(b"t" * 32, 7)]), leaf=Kind.TREE)
    assert node_of(read_header(of_directory), of_directory[FRAME_SIZE:]).edges == (Edge(b"t" * 32, Kind.TREE, 0, 0),)
    above = sealed(Kind.LIST, encode_list(2, [Ref(b"m" * 32, 7)]), leaf=Kind.TREE)
    assert node_of(read_header(above), above[FRAME_SIZE:]).edges == (Edge(b"m" * 32, Kind.LIST, 1 | OF_DIRECTORY, 0),)
    assert opened(of_directory)
    assert opened(above)


def test_ids_depend_on_key_and_kind_and_tell_nothing_of_the_plain_bytes() -> None:
    plain = b"the same bytes"
    other = sealing_key(2)
    ids = {
        object_id(plain),
        KEY.object_id(Kind.CHUNK, plain),
        KEY.object_id(Kind.TREE, plain),
        other.object_id(Kind.CHUNK, plain),
    }
    assert len(ids) == 4
    assert KEY.object_id(Kind.CHUNK, plain) == sealing_key().object_id(Kind.CHUNK, plain)
    assert KEY.id != other.id
    assert KEY.tag == bytes.fromhex(KEY.id)[:8]
    assert secret().hex() not in repr(KEY) + KEY.id


def test_the_thumbprint_is_26_letters_and_follows_from_the_id() -> None:
    print_of = thumbprint(KEY.id)
    assert len(print_of) == 26
    assert print_of.isalpha()
    assert print_of.isupper()
    assert print_of == thumbprint(sealing_key().id) != thumbprint(sealing_key(2).id)


def test_nonces_are_never_the_same() -> None:
    key = SealingKey(secret())
    oid = key.object_id(Kind.CHUNK, b"x")
    nonces = {encode(Kind.CHUNK, b"x", oid, key).pieces[0][FRAME_SIZE + 8 : FRAME_SIZE + 20] for _ in range(50)}
    assert len(nonces) == 50


def test_without_the_key_it_is_refused_by_name_and_still_verified() -> None:
    raw = sealed(Kind.CHUNK, b"secret" * 100)
    for ring in (Ring(), Ring(sealing_key(2))):
        with pytest.raises(Failed) as known:
            opened(raw, ring)
        assert known.value.failure.code == "key-locked"
        verify(read_header(raw), raw, keys=ring)


def test_compresses_before_it_seals() -> None:
    assert len(sealed(Kind.CHUNK, b"a" * 100_000)) < 200
    frame = encode(Kind.CHUNK, os.urandom(10_000), b"i" * 32, KEY)
    assert (frame.codec, frame.seal, frame.stored) == (Codec.RAW, Seal.AES_256_GCM, 10_000 + 8 + 12 + 16)
    with pytest.raises(ValueError, match="at most"):
        encode(Kind.CHUNK, bytes(MAX_PLAIN + 1), b"i" * 32, KEY)


@pytest.mark.parametrize(("kind", "plain"), [*NODES, (Kind.CHUNK, b"bytes of a file")])
def test_every_bit_that_flips_is_found(kind: Kind, plain: bytes) -> None:
    raw = sealed(kind, plain)
    for at in range(len(raw)):
        bent = bytearray(raw)
        bent[at] ^= 1 << at % 8
        with pytest.raises(FrameError):
            verify(read_header(bent), bytes(bent))


@pytest.mark.parametrize(("kind", "plain"), [*NODES, (Kind.CHUNK, b"bytes of a file")])
def test_who_bends_the_digest_too_meets_the_seal(kind: Kind, plain: bytes) -> None:
    """Somebody without the key may store what he likes; a reader with the key takes none of it."""
    raw = sealed(kind, plain)
    for at in range(FRAME_SIZE, len(raw)):
        bent = bytearray(raw[FRAME_SIZE:])
        bent[at - FRAME_SIZE] ^= 1 << at % 8
        with pytest.raises((FrameError, Failed)) as known:
            opened(again(raw, stored=bytes(bent)))
        if isinstance(known.value, Failed):
            assert at < FRAME_SIZE + 8
            assert known.value.failure.code == "key-locked"
    moved = bytearray(raw)
    moved[12] ^= 1
    with pytest.raises(FrameError, match="seal"):
        opened(again(bytes(moved)))
    with pytest.raises(FrameError):
        opened(again(raw, kind=Kind.CHUNK if kind is not Kind.CHUNK else Kind.TREE))


def lying(kind: Kind, plain: bytes, edges: list[Edge]) -> bytes:
    """A frame that was sealed, with its key, over edges that are not those of the node."""
    oid = KEY.object_id(kind, plain)
    clear, body = KEY.seal(oid, kind, Codec.RAW, len(plain), plain, pack_edges(edges))
    raw = sealed(kind, plain)
    head = bytearray(raw[:FRAME_SIZE])
    head[9] = Codec.RAW
    return again(bytes(head) + clear + body)


@pytest.mark.parametrize("edges", [[], [Edge(b"x" * 32, Kind.CHUNK, 0, 4)], [Edge(b"t" * 32, Kind.TREE, 0, 0)]])
def test_edges_that_lie_are_found_by_who_has_the_key(edges: list[Edge]) -> None:
    raw = lying(Kind.TREE, TREE, edges)
    verify(read_header(raw), raw)
    with pytest.raises(FrameError, match="edges"):
        opened(raw)
    with pytest.raises(FrameError, match="edges"):
        verify(read_header(raw), raw, keys=RING)


@pytest.mark.parametrize(
    "edge",
    [
        Edge(b"x" * 32, Kind.RECORD, 0, 4),
        Edge(b"x" * 32, Kind.ROOT, 0, 4),
        Edge(b"x" * 32, 99, 0, 4),
        Edge(b"x" * 32, Kind.CHUNK, 1, 4),
        Edge(b"x" * 32, Kind.TREE, OF_DIRECTORY, 4),
        Edge(b"x" * 32, Kind.LIST, 16, 4),
        Edge(b"x" * 32, Kind.LIST, 127 | OF_DIRECTORY, 4),
    ],
)
def test_edges_that_no_node_has_are_refused_by_everybody(edge: Edge) -> None:
    raw = lying(Kind.TREE, TREE, [edge])
    with pytest.raises(FrameError, match="edge"):
        verify(read_header(raw), raw)


def test_counts_zero_ids_twins_and_mixed_lists_are_refused_by_everybody() -> None:
    packed = struct.Struct("<32sBBQ")
    one = packed.pack(b"x" * 32, Kind.CHUNK, 0, 4)
    tree = packed.pack(b"y" * 32, Kind.TREE, 0, 4)
    clear = KEY.tag + bytes(12)
    for kind, body in (
        (Kind.TREE, struct.pack("<I", 2**32 - 1) + one + bytes(16)),
        (Kind.TREE, struct.pack("<I", 2) + one + bytes(16)),
        (Kind.TREE, struct.pack("<I", 1) + packed.pack(ZERO_ID, Kind.CHUNK, 0, 4) + bytes(16)),
        (Kind.TREE, struct.pack("<I", 2) + one + one + bytes(16)),
        (Kind.LIST, struct.pack("<I", 2) + one + tree + bytes(16)),
        (Kind.TREE, bytes(10)),
        (Kind.CHUNK, bytes(15)),
        (Kind.RECORD, one + bytes(100)),
        (Kind.TOMBSTONE, one + bytes(100)),
    ):
        raw = again(sealed(Kind.CHUNK, b"x"), kind=kind, stored=clear + body)
        with pytest.raises(FrameError):
            verify(read_header(raw), raw)


def test_what_is_no_node_is_not_sealed_as_one() -> None:
    with pytest.raises(SealError):
        edges_of(Kind.TREE, b"\1nonsense")
    with pytest.raises(SealError):
        edges_of(Kind.LIST, b"\1")
    assert edges_of(Kind.CHUNK, b"anything") == b""


def test_a_secret_has_32_bytes() -> None:
    with pytest.raises(ValueError, match="secret"):
        SealingKey(b"short")
    assert {Kind.CHUNK, Kind.TREE, Kind.LIST, Kind.ROOT} == sealing.SEALABLE
