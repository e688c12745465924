"""Bytes of the repository format as released. The files beside this are never edited: what was written must be read."""

from __future__ import annotations

import hashlib
import io
import json
import random
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from console.domain.machines import Machine, MachineKind, MachineOptions, Volume
from console.domain.objects import FRAME_SIZE, ZERO_ID, Kind, pack_refs
from console.domain.recovery_points import BaseReason, ImageKind, RecoveryPoint, VolumeImage
from console.domain.trees import Entry, FileType, VolumeRoot
from console.repository import Chunker, Repository
from console.repository.codec import decode, encode, object_id, read_header
from console.repository.nodes import (
    Ref,
    decode_list,
    decode_root,
    decode_tree,
    encode_entry,
    encode_list,
    encode_root,
    encode_tree,
)
from console.repository.pack import PackReader, PackWriter, whole_frames
from console.repository.records import (
    Record,
    Tombstone,
    decode_record,
    decode_tombstone,
    encode_record,
    encode_tombstone,
)

HERE = Path(__file__).parent / "repository"
NOON = datetime(2026, 5, 4, 12, 0, 0, 123456, tzinfo=UTC)

ENTRIES = [
    Entry(
        b"a file", FileType.FILE, 0o4755, 1000, 1001, 1_600_000_000_123_456_789, 1_600_000_001_000_000_001, 2**63, 2049,
        300_000, 1, pack_refs([(b"l" * 32, 299_000), (ZERO_ID, 1000)]), b"", b"", 0, 77,
        ((b"user.note", b"\0\1"), (b"system.posix_acl_access", b"\2\0\0\0")),
    ),
    Entry(b"device", FileType.BLOCK_DEVICE, 0o660, rdev=0x0801),
    Entry(b"folder", FileType.DIRECTORY, 0o755, content=pack_refs([(b"t" * 32, 12)])),
    Entry(b"gone", FileType.FILE, flags=1, problem="permission denied – ä"),
    Entry(b"inline", FileType.FILE, 0o600, size=5, inline=b"hello"),
    Entry(b"link", FileType.SYMLINK, 0o777, mtime_ns=-5, target=b"../away"),
    Entry(b"\xff not text", FileType.FIFO),
]  # fmt: skip
TOP = Entry(b"", FileType.DIRECTORY, 0o755, content=pack_refs([(b"t" * 32, 7)]))
ROOT = VolumeRoot("tree", TOP, 3, 1, 3, 300_005, 1, ((0, "root"), (1000, "anna")), ((1001, "staff"),))
REFS = [Ref(b"l" * 32, 299_000), Ref(ZERO_ID, 1000), Ref(bytes(range(32)), 2**40)]
MACHINE = Machine("m" * 32, "web", MachineKind.PROTECTED, "c" * 32, "r" * 32,
                  (Volume("v" * 32, "tree", "/srv/web"),), NOON, 3600, ("*.tmp",), False, NOON)  # fmt: skip
POINT = RecoveryPoint(
    "p" * 32, "m" * 32, NOON, "c" * 32,
    (
        VolumeImage("i" * 32, "p" * 32, "v" * 32, "tree", ImageKind.INCREMENTAL, None, "h" * 32, "ab" * 32, 1, 2, 3, 4,
                    5, 6, 7, "cd" * 32),
        VolumeImage("j" * 32, "p" * 32, "w" * 32, "two", ImageKind.BASE, BaseReason.FIRST, None, "ef" * 32),
    ),
    "", 1.5, 2,
)  # fmt: skip

PLAINS = [
    (Kind.CHUNK, b""),
    (Kind.CHUNK, bytes(range(256)) * 2 + b"end"),
    (Kind.TREE, encode_tree([encode_entry(entry) for entry in ENTRIES])),
    (Kind.LIST, encode_list(0, REFS)),
    (Kind.ROOT, encode_root(ROOT)),
    (Kind.RECORD, bytes.fromhex((HERE / "record.hex").read_text())),
    (Kind.TOMBSTONE, encode_tombstone(["p" * 32, "q" * 32], NOON)),
]
"""What lies in the golden pack, in order."""


def golden(name: str) -> bytes:
    return bytes.fromhex((HERE / f"{name}.hex").read_text())


BODIES = [(kind.name.lower(), plain) for kind, plain in PLAINS if kind not in (Kind.CHUNK, Kind.RECORD)]
BODIES.append(("record-with-key", encode_record("c" * 32, "Kern", MACHINE, POINT)))
"""Records say more since machines have keys; those of before are read as ever."""
BODIES.append(
    (
        "record-with-level",
        encode_record("c" * 32, "Kern", replace(MACHINE, options=MachineOptions(compression=9)), POINT),
    )
)


@pytest.mark.parametrize(("name", "plain"), BODIES)
def test_nodes_and_records_are_written_as_ever(name: str, plain: bytes) -> None:
    assert plain.hex() == golden(name).hex()


def test_nodes_and_records_are_read_as_ever() -> None:
    assert decode_tree(golden("tree")) == ENTRIES
    assert decode_list(golden("list"), 0) == REFS
    assert decode_root(golden("root")) == ROOT
    assert decode_record(golden("record-with-key")) == Record("c" * 32, "Kern", MACHINE, POINT)
    assert decode_record(golden("record")) == Record("c" * 32, "Kern", MACHINE, POINT)
    assert decode_tombstone(golden("tombstone")) == Tombstone(("p" * 32, "q" * 32), NOON)


def entries_of(raw: bytes) -> tuple[PackReader, dict[bytes, bytes]]:
    """A reader of a pack, and what its frames hold: id → plain bytes."""
    file = io.BytesIO(raw)

    def read(offset: int, length: int) -> bytes:
        file.seek(offset)
        return file.read(length)

    reader = PackReader(read, len(raw))
    found = {}
    for run, part in reader.runs(reader.entries()):
        assert not [why for _, why in whole_frames(run, part) if why]
        for entry in run:
            at = entry.offset - run[0].offset
            found[entry.id] = decode(read_header(part, at), part[at + FRAME_SIZE : entry.end - run[0].offset])
    return reader, found


def test_a_pack_is_read_as_ever() -> None:
    reader, found = entries_of(golden("pack"))
    assert [(entry.kind, found[entry.id]) for entry in reader.entries()] == PLAINS
    assert reader.name == (HERE / "pack.name").read_text().strip()


def test_a_pack_of_raw_frames_is_written_as_ever() -> None:
    """Compressed bytes may differ between releases of zstd; everything else may not."""
    books = PackWriter()
    raw = books.layout.magic
    for kind, plain in PLAINS:
        frame = encode(kind, plain, object_id(plain))
        if len(plain) < 64:
            books.add(frame)
            raw += b"".join(frame.pieces)
    assert (raw + books.tail()).hex() == golden("pack-raw").hex()


def test_a_repository_directory_is_opened_as_ever(tmp_path: Path) -> None:
    place = tmp_path / "repository"
    name = (HERE / "pack.name").read_text().strip()
    pack = place / "own" / "packs" / name[:2] / f"{name}.pack"
    pack.parent.mkdir(parents=True)
    pack.write_bytes(golden("pack"))
    (place / "replicore-repository.json").write_bytes((HERE / "replicore-repository.json").read_bytes())
    with Repository.open(place) as repository:
        assert repository.id == "0123456789abcdef0123456789abcdef"
        for kind, plain in PLAINS:
            assert repository.read(object_id(plain)) == plain
            assert object_id(plain) in list(repository.records(kind))


def test_chunks_are_cut_as_ever() -> None:
    stretch = random.Random(20260504).randbytes(6 << 20) + bytes(3 << 20) + b"the end" * 30_000
    said = json.loads((HERE / "chunks.json").read_text())
    assert hashlib.sha256(stretch).hexdigest() == said["stretch"]
    assert [len(chunk) for chunk in Chunker().cut(stretch)] == said["lengths"]
