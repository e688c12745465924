"""From plain bytes to a frame and back: ids, compression, seals, digests. Paper: `FORMAT.md`, "The frame".

Everything heavy runs in native code that frees the interpreter. The only state: (de)compressors, one pair a thread.
"""

from __future__ import annotations

import struct
import threading
from collections.abc import Sequence
from typing import Any, NamedTuple, TypeAlias

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
from console.repository.sealing import (
    Keys,
    Node,
    NoKeys,
    SealError,
    SealingKey,
    edges_hold,
    edges_of,
    read_node,
)

Bytes: TypeAlias = bytes | memoryview

QUICK = 1
"""The lowest level of compression, and the one without a choice; others are those of zstd, up to 19."""
_QUICK = zstandard.ZstdCompressionParameters(
    strategy=zstandard.STRATEGY_FAST,
    window_log=19,
    hash_log=13,
    chain_log=13,
    search_log=1,
    min_match=5,
    target_length=0,
)
"""As quick as zstd's own level 1 (a table that fits the nearest cache), and one or two percent smaller."""
PAYS_BELOW = 0.97
"""Compressed bytes are kept when they are fewer than this share of the plain ones."""
SMALL = 64 << 10
"""Bytes up to which copying costs less than another call."""
COMPRESS_FROM = 64
"""Plain bytes below which compression is not tried."""

KINDS = frozenset(map(int, Kind))
CODECS = frozenset(map(int, Codec))
SEALS = frozenset(map(int, Seal))
_HEAD = struct.Struct("<IIBBBB32s")
"""`domain.objects.FRAME` without the digest."""
_RAW = int(Codec.RAW)
_ZSTD = int(Codec.ZSTD)
_SEALED = int(Seal.AES_256_GCM)
_CHUNK = int(Kind.CHUNK)
NO_KEYS = NoKeys()


class _Tools(threading.local):
    def __init__(self) -> None:
        self.compressors: dict[int, zstandard.ZstdCompressor] = {}
        self.decompressor = zstandard.ZstdDecompressor(max_window_size=MAX_PLAIN)

    def compressor(self, level: int) -> zstandard.ZstdCompressor:
        held = self.compressors.get(level)
        if held is None:
            if level == QUICK:
                held = zstandard.ZstdCompressor(compression_params=_QUICK)
            else:
                held = zstandard.ZstdCompressor(level=level)
            self.compressors[level] = held
        return held


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
    """BLAKE3-256 of the plain bytes; of what is to be sealed see `SealingKey.object_id`."""
    return blake3(plain).digest()


def stored_digest(header: Bytes, stored: Bytes) -> bytes:
    """The 16 bytes that guard a stored object: over the first 44 header bytes and the stored bytes."""
    if len(stored) <= SMALL:
        return blake3(b"".join((header[:DIGESTED], stored))).digest(length=DIGEST_SIZE)
    hasher = blake3(header[:DIGESTED])
    hasher.update(stored)
    return hasher.digest(length=DIGEST_SIZE)


def encode(
    kind: Kind,
    plain: Bytes,
    oid: bytes,
    seal: SealingKey | None = None,
    leaf: int = _CHUNK,
    shorter: Bytes | None = None,
    level: int = QUICK,
) -> Frame:
    """The frame of one object, compressed when that pays, then sealed where there is a key. `leaf`: as for `edges_of`.
    `shorter`: what `compress_many` made of it. `level`: of compression, 1 to 19. Raises ValueError above
    `MAX_PLAIN`."""
    size = len(plain)
    if size > MAX_PLAIN:
        raise ValueError(f"an object has at most {MAX_PLAIN} bytes, not {size}")
    codec = _RAW
    if size >= COMPRESS_FROM:
        stored: Bytes = _tools.compressor(level).compress(plain) if shorter is None else shorter
        if len(stored) < size * PAYS_BELOW:
            codec = _ZSTD
    if seal is not None:
        body = stored if codec == _ZSTD else plain
        return _sealed(
            kind, codec, size, body, oid, seal, edges_of(kind, bytes(plain), leaf) if kind != _CHUNK else b""
        )
    if codec == _RAW:
        stored = plain
    if codec == _RAW or shorter is not None:
        # A copy, for a caller may use its buffer again while ours waits to be written.
        stored = bytes(stored)
    length = len(stored)
    head = _HEAD.pack(length, size, kind, codec, 0, 0, oid)
    return Frame(oid, kind, codec, 0, size, length, (head + stored_digest(head, stored), stored))


def compress_many(plains: Sequence[Bytes], level: int = QUICK) -> Sequence[Any]:
    """What compression makes of many small objects, in one call that gives the interpreter away; None for each where
    `encode` had better do it one by one."""
    compressor = _tools.compressor(level)
    if len(plains) < 2 or max(map(len, plains)) > SMALL or not hasattr(compressor, "multi_compress_to_buffer"):
        return [None] * len(plains)
    together = compressor.multi_compress_to_buffer(list(plains), threads=1)
    return [together[number] for number in range(len(plains))]


def object_ids(kind: Kind, plains: Sequence[Bytes], seal: SealingKey | None = None) -> list[bytes]:
    """The ids of objects that are to be stored."""
    if seal is None:
        return [blake3(plain).digest() for plain in plains]
    return [seal.object_id(kind, plain) for plain in plains]


def _sealed(kind: int, codec: int, size: int, body: Bytes, oid: bytes, seal: SealingKey, edges: bytes) -> Frame:
    clear, sealed = seal.seal(oid, kind, codec, size, body, edges)
    length = len(clear) + len(sealed)
    if length > MAX_STORED:
        raise ValueError(f"a sealed object has at most {MAX_STORED} stored bytes, not {length}")
    head = _HEAD.pack(length, size, kind, codec, _SEALED, 0, oid)
    hasher = blake3(head)
    hasher.update(clear)
    hasher.update(sealed)
    return Frame(oid, kind, codec, _SEALED, size, length, (head + hasher.digest(length=DIGEST_SIZE) + clear, sealed))


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


def decode(header: Header, stored: Bytes, keys: Keys = NO_KEYS) -> bytes:
    """The plain bytes, verified against the id, and of a sealed node against its edges. Raises FrameError when they are
    not what the header says; Failed `key-locked` where `keys` has not got the key of what is sealed."""
    _, plain_size, _, codec, seal, _, oid, _ = header
    if seal != Seal.NONE:
        return _opened(header, stored, keys)
    if codec == Codec.ZSTD:
        plain = _decompress(stored, plain_size, oid)
    else:
        plain = bytes(stored)
    if len(plain) != plain_size:
        raise FrameError("its plain length is not what its header says", oid)
    if blake3(plain).digest() != oid:
        raise FrameError("its plain bytes do not match its id", oid)
    return plain


def _opened(header: Header, stored: Bytes, keys: Keys) -> bytes:
    _, plain_size, kind, codec, _, _, oid, _ = header
    try:
        tag = read_node(oid, kind, stored).tag
        key = keys.find(tag)
        if key is None:
            raise keys.refusal(tag)
        plain, edges = key.open(oid, kind, codec, plain_size, stored)
        if codec == Codec.ZSTD:
            plain = _decompress(plain, plain_size, oid)
        if len(plain) != plain_size:
            raise FrameError("its plain length is not what its header says", oid)
        if key.object_id(kind, plain) != oid:
            raise FrameError("its plain bytes do not match its id", oid)
        if kind != _CHUNK and not edges_hold(kind, plain, edges):
            raise FrameError("its edges are not what it names", oid)
    except SealError as error:
        raise FrameError(str(error), oid) from error
    return plain


def node_of(header: Header, stored: Bytes) -> Node:
    """What a frame says without a key: of a sealed node its edges. Raises FrameError for edges that cannot be."""
    if header[4] == Seal.NONE:
        return Node(header[6], header[2], b"", ())
    try:
        return read_node(header[6], header[2], stored)
    except SealError as error:
        raise FrameError(str(error), header[6]) from error


def verify(header: Header, raw: Bytes, offset: int = 0, keys: Keys = NO_KEYS) -> None:
    """Digest, and of an unsealed object the id too; of a sealed one its edges, and all the rest where `keys` has its
    key. Raises FrameError."""
    stored = check_digest(header, raw, offset)
    if header[4] != Seal.NONE:
        if keys.find(node_of(header, stored).tag) is not None:
            _opened(header, stored, keys)
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
