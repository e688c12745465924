"""Objects: the smallest stored things, and the frame in which each one lies on disk, travels and is posted.

One layout for packs, the wire and seed segments, so that stored bytes are forwarded as they are. The paper is
`repository/FORMAT.md`.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum

from console.domain.errors import damage

ID_SIZE = 32
DIGEST_SIZE = 16
MAX_PLAIN = 8 << 20
"""No object is larger than this when plain (bytes); readers refuse frames that say so."""
MAX_STORED = MAX_PLAIN + (64 << 10)

ZERO_ID = bytes(ID_SIZE)
"""Stands for a hole in a content list; no object has this id."""


class Kind(IntEnum):
    """What an object holds. `names` of a tree travel even where its chunks do not."""

    CHUNK = 1
    TREE = 2
    LIST = 3
    ROOT = 4
    RECORD = 5
    TOMBSTONE = 6

    @property
    def is_chunk(self) -> bool:
        return self is Kind.CHUNK


class Codec(IntEnum):
    RAW = 0
    ZSTD = 1


class Seal(IntEnum):
    NONE = 0
    AES_256_GCM = 1


FRAME = struct.Struct("<IIBBBB32s16s")
"""stored length, plain length, kind, codec, seal, reserved (0), object id, digest. 60 bytes, little endian."""
FRAME_SIZE = FRAME.size
DIGESTED = FRAME_SIZE - DIGEST_SIZE
"""The digest is BLAKE3 (first 16 bytes) over this many header bytes and the stored bytes after the header."""


def id_of_hex(text: str) -> bytes:
    """An id as the catalog keeps it (hex). Raises Failed `catalog-damaged`: a bit of it has flipped."""
    try:
        return bytes.fromhex(text)
    except (ValueError, TypeError) as error:
        raise damage(
            "catalog-damaged",
            f"The catalog is damaged: “{text}” stands where the id of an object should.",
            "Rebuild it from the repositories: replicore core rebuild-catalog",
        ) from error


@dataclass(frozen=True, slots=True)
class FrameHeader:
    """The 60 bytes before the stored bytes of an object; lengths in bytes."""

    stored: int
    plain: int
    kind: Kind
    codec: Codec
    seal: Seal
    id: bytes
    digest: bytes

    def pack(self) -> bytes:
        return FRAME.pack(self.stored, self.plain, self.kind, self.codec, self.seal, 0, self.id, self.digest)

    @classmethod
    def unpack(cls, raw: bytes | memoryview, offset: int = 0) -> FrameHeader:
        """Reads and checks one header. Raises ValueError on anything a writer of ours never writes."""
        stored, plain, kind, codec, seal, reserved, oid, digest = FRAME.unpack_from(raw, offset)
        if reserved or plain > MAX_PLAIN or stored > MAX_STORED or oid == ZERO_ID:
            raise ValueError("not an object frame")
        return cls(stored, plain, Kind(kind), Codec(codec), Seal(seal), oid, digest)


@dataclass(frozen=True, slots=True)
class ObjectRef:
    """An object somebody needs: its id and what kind of thing is expected under it."""

    id: bytes
    kind: Kind


REF = struct.Struct("<32sQ")
"""One reference in a tree entry or list node: object id and length. 40 bytes."""
REF_SIZE = REF.size


def pack_refs(refs: list[tuple[bytes, int]]) -> bytes:
    """`refs` are (object id, length): bytes below for contents (a hole: `ZERO_ID`), entries below for directories."""
    return b"".join([REF.pack(oid, length) for oid, length in refs])


def iter_refs(packed: bytes) -> Iterator[tuple[bytes, int]]:
    """The inverse of `pack_refs`. Raises struct.error when the length is not a multiple of 40."""
    return iter(REF.iter_unpack(packed))
