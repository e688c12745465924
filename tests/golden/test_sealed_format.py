"""Sealed objects and wrapped keys as released. The files beside this are never edited: what was sealed must open."""

from __future__ import annotations

from pathlib import Path

from console.domain.keys import thumbprint
from console.domain.objects import FRAME_SIZE, ZERO_ID, Kind, pack_refs
from console.domain.trees import Entry, FileType, VolumeRoot
from console.repository.codec import Frame, decode, encode, node_of, read_header
from console.repository.nodes import Ref, encode_entry, encode_list, encode_root, encode_tree
from console.repository.pack import PackReader, PackWriter, whole_frames
from console.repository.sealing import edges_of, pack_edges
from console.repository.wrapping import Hardness, unwrap, wrap
from tests.support.sealing import Ring, sealing_key, secret

HERE = Path(__file__).parent / "repository"
KEY = sealing_key(7)
ENTRIES = [
    Entry(b"deep", FileType.DIRECTORY, 0o755, depth=2, content=pack_refs([(b"d" * 32, 70_000)])),
    Entry(b"file", FileType.FILE, 0o640, size=5, content=pack_refs([(b"c" * 32, 2), (ZERO_ID, 1), (b"c" * 32, 2)])),
    Entry(b"folder", FileType.DIRECTORY, 0o755, content=pack_refs([(b"t" * 32, 12)])),
    Entry(b"large", FileType.FILE, 0o600, size=99, depth=1, content=pack_refs([(b"l" * 32, 99)])),
]
TOP = Entry(b"", FileType.DIRECTORY, 0o755, content=pack_refs([(b"t" * 32, 4)]))
PLAINS = [
    (Kind.CHUNK, b"short", Kind.CHUNK),
    (Kind.CHUNK, bytes(range(256)), Kind.CHUNK),
    (Kind.TREE, encode_tree([encode_entry(entry) for entry in ENTRIES]), Kind.CHUNK),
    (Kind.LIST, encode_list(0, [Ref(b"c" * 32, 2), Ref(ZERO_ID, 9), Ref(b"e" * 32, 3)]), Kind.CHUNK),
    (Kind.LIST, encode_list(1, [Ref(b"m" * 32, 400), Ref(b"n" * 32, 500)]), Kind.TREE),
    (Kind.ROOT, encode_root(VolumeRoot("tree", TOP, 2, 2, 0, 104)), Kind.CHUNK),
]
"""What lies in the golden pack, in order; the last: what the references below a list name."""


def golden(name: str) -> bytes:
    return bytes.fromhex((HERE / f"{name}.hex").read_text())


def frames() -> list[Frame]:
    key = sealing_key(7)
    return [encode(kind, plain, key.object_id(kind, plain), key, leaf) for kind, plain, leaf in PLAINS]


def pack() -> bytes:
    books = PackWriter()
    raw = books.layout.magic
    for frame in frames():
        books.add(frame)
        raw += b"".join(frame.pieces)
    return raw + books.tail()


def test_a_sealed_pack_is_opened_as_ever() -> None:
    raw = golden("sealed-pack")
    reader = PackReader(lambda offset, length: raw[offset : offset + length], len(raw))
    entries = reader.entries()
    found = []
    for run, part in reader.runs(entries):
        assert not [why for _, why in whole_frames(run, part, keys=Ring(KEY)) if why]
        for entry in run:
            at = entry.offset - run[0].offset
            header, stored = read_header(part, at), part[at + FRAME_SIZE : entry.end - run[0].offset]
            found.append((Kind(entry.kind), decode(header, stored, Ring(KEY))))
            if entry.kind != Kind.CHUNK:
                leaf = PLAINS[len(found) - 1][2]
                assert pack_edges(node_of(header, stored).edges) == edges_of(entry.kind, found[-1][1], leaf)
    assert found == [(kind, plain) for kind, plain, _ in PLAINS]


def test_names_of_keys_and_objects_are_as_ever() -> None:
    """They are what makes two Cores share what they seal."""
    assert KEY.id == "df3b62c69b08a1ec172efaaa753bb036"
    assert thumbprint(KEY.id) == "GEEBBMOXVTOSCYUCBUBQRJSIFF"
    assert (
        KEY.object_id(Kind.CHUNK, b"short").hex() == "fa62fc4c562d5770eb73abd3a679ed2c2a9edc1ba577089f9283bf89e078e31c"
    )


def test_what_is_not_compressed_is_sealed_as_ever() -> None:
    """Compressed bytes may differ between releases of zstd; with the same nonce everything else may not."""
    first = b"".join(frames()[0].pieces)
    raw = golden("sealed-pack")
    assert raw[8 : 8 + len(first)] == first


def test_a_wrapped_key_is_unwrapped_as_ever() -> None:
    assert unwrap(golden("wrapped-key"), KEY.id, "seven brave otters") == secret(7)
    assert len(wrap(secret(7), "seven brave otters", Hardness(64, 1, 1))) == len(golden("wrapped-key"))
