"""From plain bytes to a frame and back: ids, compression, digests. Paper: `FORMAT.md`, "The frame".

Everything heavy runs in native code that frees the interpreter. The only state: (de)compressors, one pair a thread.
"""

from __future__ import annotations

import struct
import threading
from typing import NamedTuple, TypeAlias

import zstandard
from blake3 import blake3

from console.domain.objects import (
    DIGEST_SIZE,
    DIGESTED,
    FRAME,
    FRAME_SIZE,
    ID_SIZE,
    MAX_PLAIN,
    MAX_STORED,
    ZERO_ID,
    Codec,
    Kind,
    Seal,
)

Bytes: TypeAlias = bytes | memoryview

LEVEL = 1
PAYS_BELOW = 0.97
"""Compressed bytes are kept when they are fewer than this share of the plain ones."""
COMPRESS_FROM = 64
"""Plain bytes below which compression is not tried."""

KINDS = frozenset(map(int, Kind))
CODECS = frozenset(map(int, Codec))
SEALS = frozenset(map(int, Seal))
_HEAD = struct.Struct("<IIBBBB32s")
"""`domain.objects.FRAME` without the digest."""
_RAW = int(Codec.RAW)
_ZSTD = int(Codec.ZSTD)


class _Tools(threading.local):
    def __init__(self) -> None:
        self.compressor = zstandard.ZstdCompressor(level=LEVEL)
        self.decompressor = zstandard.ZstdDecompressor(max_window_size=MAX_PLAIN)


_tools = _Tools()


class Frame(NamedTuple):
    """One whole frame, header and stored bytes as they lie in a pack: `pieces`, in order. Sizes in bytes."""

    id: bytes
    kind: int
    codec: int
    seal: int
    plain: int
    stored: int
    pieces: tuple[Bytes, ...]

    @property
    def size(self) -> int:
        return FRAME_SIZE + self.stored


class FrameError(ValueError):
    """These bytes are not what a frame says. The text is a clause that says why; `id` where the header tells."""

    def __init__(self, why: str, oid: bytes | None = None) -> None:
        super().__init__(why)
        self.id = oid


def object_id(plain: Bytes) -> bytes:
    """BLAKE3-256 of the plain bytes (no key in this release)."""
    return blake3(plain).digest()


def stored_digest(header: Bytes, stored: Bytes) -> bytes:
    """The 16 bytes that guard a stored object: over the first 44 header bytes and the stored bytes."""
    hasher = blake3(header[:DIGESTED])
    hasher.update(stored)
    return hasher.digest(length=DIGEST_SIZE)


def encode(kind: Kind, plain: Bytes, oid: bytes) -> Frame:
    """The frame of one object, compressed when that pays. Raises ValueError above `MAX_PLAIN`."""
    size = len(plain)
    if size > MAX_PLAIN:
        raise ValueError(f"an object has at most {MAX_PLAIN} bytes, not {size}")
    codec = _RAW
    if size >= COMPRESS_FROM:
        stored: Bytes = _tools.compressor.compress(plain)
        if len(stored) < size * PAYS_BELOW:
            codec = _ZSTD
    if codec == _RAW:
        # A copy, for a caller may use its buffer again while ours waits to be written.
        stored = bytes(plain)
    length = len(stored)
    head = _HEAD.pack(length, size, kind, codec, 0, 0, oid)
    hasher = blake3(head)
    hasher.update(stored)
    return Frame(oid, kind, codec, 0, size, length, (head + hasher.digest(length=DIGEST_SIZE), stored))


Header: TypeAlias = tuple[int, int, int, int, int, int, bytes, bytes]
"""stored, plain, kind, codec, seal, reserved, id, digest: the fields of `domain.objects.FRAME`."""


def read_header(raw: Bytes, offset: int = 0) -> Header:
    """The checked fields of a frame's header. Raises FrameError for what no writer of ours writes."""
    header: Header = FRAME.unpack_from(raw, offset)
    stored, plain, kind, codec, seal, reserved, oid, _ = header
    if plain > MAX_PLAIN or stored > MAX_STORED:
        raise FrameError("its length is above the limit")
    if kind not in KINDS or codec not in CODECS or seal not in SEALS or reserved or oid == ZERO_ID:
        raise FrameError("its header is not that of an object")
    return header


def check_digest(header: Header, raw: Bytes, offset: int = 0) -> memoryview:
    """The stored bytes of the frame at `offset` of `raw`. Raises FrameError when the digest does not hold."""
    start = offset + FRAME_SIZE
    view = memoryview(raw)
    stored = view[start : start + header[0]]
    if len(stored) != header[0]:
        raise FrameError("it is cut off", header[6])
    if stored_digest(view[offset : offset + DIGESTED], stored) != header[7]:
        raise FrameError("its stored bytes do not match their digest", header[6])
    return stored


def decode(header: Header, stored: Bytes) -> bytes:
    """The plain bytes, verified against the id. Raises FrameError when they are not what the header says."""
    _, plain_size, _, codec, seal, _, oid, _ = header
    if seal != Seal.NONE:
        raise FrameError("it is sealed and there is no key for it", oid)
    if codec == Codec.ZSTD:
        plain = _decompress(stored, plain_size, oid)
    else:
        plain = bytes(stored)
    if len(plain) != plain_size:
        raise FrameError("its plain length is not what its header says", oid)
    if blake3(plain).digest() != oid:
        raise FrameError("its plain bytes do not match its id", oid)
    return plain


def verify(header: Header, raw: Bytes, offset: int = 0) -> None:
    """Digest, and of an unsealed object the id too. Raises FrameError."""
    stored = check_digest(header, raw, offset)
    if header[4] != Seal.NONE:
        return
    if header[3] == Codec.RAW:
        # No copy: the stored bytes are the plain ones.
        if len(stored) != header[1]:
            raise FrameError("its plain length is not what its header says", header[6])
        if blake3(stored).digest() != header[6]:
            raise FrameError("its plain bytes do not match its id", header[6])
        return
    decode(header, stored)


def _decompress(stored: Bytes, size: int, oid: bytes) -> bytes:
    try:
        # The frame's own word decides how much is allocated, so it is asked before it is believed.
        if zstandard.frame_content_size(stored) != size:
            raise FrameError("its plain length is not what its header says", oid)
        return _tools.decompressor.decompress(stored, allow_extra_data=False)
    except zstandard.ZstdError as error:
        raise FrameError(f"it cannot be decompressed ({error})", oid) from error


def is_id(oid: bytes) -> bool:
    """Whether this can name an object at all: 32 bytes, not the hole."""
    return len(oid) == ID_SIZE and oid != ZERO_ID
