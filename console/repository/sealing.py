"""Sealed objects: keys, the stored bytes of a sealed frame, and its edges in clear. Paper: `FORMAT.md`, "Sealing".

Knows nothing of where keys come from: whoever reads asks `Keys`.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Callable, Iterable
from typing import NamedTuple, Protocol, TypeAlias

from blake3 import blake3
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from console.domain.errors import Failed
from console.domain.keys import SECRET_SIZE, key_locked
from console.domain.objects import REF, ZERO_ID, Kind, id_of_hex
from console.domain.trees import Entry, FileType
from console.repository.nodes import DEPTH_MAX, NodeError, decode_list, decode_root, decode_tree
from console.repository.wrapping import id_of

Bytes: TypeAlias = bytes | memoryview

TAG_SIZE = 8
NONCE_SIZE = 12
SEAL_SIZE = 16
NODES = frozenset({int(Kind.TREE), int(Kind.LIST), int(Kind.ROOT)})
"""Kinds that name other objects: only they have edges."""
SEALABLE = NODES | {int(Kind.CHUNK)}
OF_DIRECTORY = 0x80
"""Set in the depth of an edge to a list whose references are a directory's."""

_EDGE = struct.Struct("<32sBBQ")
_COUNT = struct.Struct("<I")
_FACTS = struct.Struct("<32sBBI")
_HEAD = TAG_SIZE + NONCE_SIZE
_CHUNK, _TREE, _LIST = int(Kind.CHUNK), int(Kind.TREE), int(Kind.LIST)


class Edge(NamedTuple):
    """What a node names: id, kind, depth of a list's references (`OF_DIRECTORY` added where they are a directory's),
    and the bytes of content below (0 in directories)."""

    id: bytes
    kind: int
    depth: int
    length: int


class Node(NamedTuple):
    """What the frame of an object says without a key. `tag`: of the key that sealed it, empty where none did; `edges`
    of a sealed node."""

    id: bytes
    kind: int
    tag: bytes
    edges: tuple[Edge, ...]


class SealError(ValueError):
    """These stored bytes are no sealed object, or not what was sealed. The text is a clause that says why."""


class SealingKey:
    """An unlocked key at work. Thread-safe; shows its secret to nobody."""

    __slots__ = ("_naming", "_nonce", "_sealing", "id", "tag")

    def __init__(self, secret: bytes, *, nonce: Callable[[int], bytes] = os.urandom) -> None:
        """`nonce`: where nonces come from; anything but the default is for tests."""
        if len(secret) != SECRET_SIZE:
            raise ValueError("not the secret of a key")
        self.id = id_of(secret)
        self.tag = tag_of(self.id)
        self._naming = blake3(secret, derive_key_context="replicore 1 object id").digest()
        self._sealing = blake3(secret, derive_key_context="replicore 1 object seal").digest()
        self._nonce = nonce

    def __repr__(self) -> str:
        return f"SealingKey({self.id})"

    def object_id(self, kind: int, plain: Bytes) -> bytes:
        """The id of a sealed object: keyed BLAKE3-256 of its kind (one byte) and its plain bytes."""
        hasher = blake3(bytes((kind,)), key=self._naming)
        hasher.update(plain)
        return hasher.digest()

    def seal(self, oid: bytes, kind: int, codec: int, plain: int, body: Bytes, edges: bytes) -> tuple[bytes, bytes]:
        """The stored bytes, in two pieces: what stands in clear, and what is sealed. `plain`: plain length."""
        nonce = self._nonce(NONCE_SIZE)
        sealed = self._cipher(oid).encrypt(nonce, body, _FACTS.pack(oid, kind, codec, plain) + edges)
        return b"".join((self.tag, nonce, edges)), sealed

    def open(self, oid: bytes, kind: int, codec: int, plain: int, stored: Bytes) -> tuple[bytes, bytes]:
        """The body that was sealed, and the edges as they stand. Raises SealError."""
        edges = edges_of_stored(kind, stored)
        begin = _HEAD + len(edges)
        facts = _FACTS.pack(oid, kind, codec, plain) + edges
        view = memoryview(stored)
        try:
            return self._cipher(oid).decrypt(bytes(view[TAG_SIZE:_HEAD]), view[begin:], facts), edges
        except InvalidTag as error:
            raise SealError("its seal does not hold") from error

    def _cipher(self, oid: bytes) -> AESGCM:
        return AESGCM(blake3(oid, key=self._sealing).digest())


class Keys(Protocol):
    """Where a reader finds keys. Asked for every sealed object: the answer must be quick."""

    def find(self, tag: bytes) -> SealingKey | None:
        """The key with this tag; None where there is none, or it is locked."""

    def refusal(self, tag: bytes) -> Failed:
        """What to raise then: `key-locked`, in words that name the key where it is known."""


class NoKeys:
    """Nothing sealed can be opened."""

    def find(self, tag: bytes) -> SealingKey | None:
        """See `Keys`."""
        del tag
        return None

    def refusal(self, tag: bytes) -> Failed:
        """See `Keys`."""
        return key_locked(f"the key {tag.hex()}…")


def tag_of(id: str) -> bytes:
    """What sealed objects say of the key (id in hex) that sealed them."""
    return id_of_hex(id)[:TAG_SIZE]


def edges_of(kind: int, plain: bytes, leaf: int = _CHUNK) -> bytes:
    """The edges of an object as they stand in its frame; empty for what is no node. `leaf`: what the references of
    depth 0 below a list name, chunks or tree nodes. Raises SealError for plain bytes that are no node."""
    if kind not in NODES:
        return b""
    try:
        if kind == _TREE:
            found = _of_entries(decode_tree(plain))
        elif kind == _LIST:
            found = _of_list(plain, leaf)
        else:
            found = _of_entries([decode_root(plain).entry])
        return pack_edges(found)
    except NodeError as error:
        raise SealError(f"it is no node: {error}") from error


def pack_edges(edges: Iterable[Edge]) -> bytes:
    """Each object once, where it is named first; holes are no objects."""
    first: dict[tuple[bytes, int, int], int] = {}
    for oid, kind, depth, length in edges:
        if oid != ZERO_ID:
            first.setdefault((oid, kind, depth), length)
    return _COUNT.pack(len(first)) + b"".join([_EDGE.pack(*what, length) for what, length in first.items()])


def edges_of_stored(kind: int, stored: Bytes) -> bytes:
    """The edges (with their count) out of the stored bytes of a sealed object; empty for what is no node.

    Raises SealError when there is no room for what they say.
    """
    if kind not in SEALABLE:
        raise SealError("objects of its kind are not sealed")
    if len(stored) < _HEAD + SEAL_SIZE:
        raise SealError("it is too short for a sealed object")
    if kind not in NODES:
        return b""
    if len(stored) < _HEAD + _COUNT.size + SEAL_SIZE:
        raise SealError("it is too short for a sealed node")
    size = _COUNT.size + _COUNT.unpack_from(stored, _HEAD)[0] * _EDGE.size
    if _HEAD + size + SEAL_SIZE > len(stored):
        raise SealError("it has no room for as many edges as it says")
    return bytes(memoryview(stored)[_HEAD : _HEAD + size])


def read_node(oid: bytes, kind: int, stored: Bytes) -> Node:
    """What a sealed object says in clear, proven as far as that goes without its key. Raises SealError for edges that
    no writer writes."""
    packed = edges_of_stored(kind, stored)
    if not packed:
        return Node(oid, kind, bytes(memoryview(stored)[:TAG_SIZE]), ())
    edges = tuple(Edge(*fields) for fields in _EDGE.iter_unpack(memoryview(packed)[_COUNT.size :]))
    for edge in edges:
        depth = edge.depth & ~OF_DIRECTORY
        if edge.kind == _LIST:
            if depth >= DEPTH_MAX:
                raise SealError("an edge has an impossible depth")
        elif edge.kind not in (_CHUNK, _TREE) or edge.depth:
            raise SealError("an edge names what no node names")
        if edge.id == ZERO_ID:
            raise SealError("an edge names a hole")
    if len({edge[:3] for edge in edges}) != len(edges):
        raise SealError("an edge stands twice")
    if kind == _LIST and len({edge[1:3] for edge in edges}) > 1:
        raise SealError("its edges are not those of a list")
    return Node(oid, kind, bytes(memoryview(stored)[:TAG_SIZE]), edges)


def fits(named: Edge, node: Node) -> bool:
    """Whether a sealed node is what an edge said it would be: its kind, and of a list the depth of what it names."""
    if named.kind != node.kind:
        return False
    if node.kind != _LIST:
        return True
    below = named.depth & ~OF_DIRECTORY
    if below:
        due = (_LIST, named.depth - 1)
    else:
        due = (_TREE if named.depth & OF_DIRECTORY else _CHUNK, 0)
    return all((edge.kind, edge.depth) == due for edge in node.edges)


def edges_hold(kind: int, plain: bytes, edges: bytes) -> bool:
    """Whether the edges of an opened object are what it names. Raises SealError for plain bytes that are no node."""
    if edges_of(kind, plain) == edges:
        return True
    return kind == _LIST and edges_of(kind, plain, _TREE) == edges


def _of_entries(entries: Iterable[Entry]) -> Iterable[Edge]:
    for entry in entries:
        if not entry.content:
            continue
        directory = entry.type is FileType.DIRECTORY
        leaf = _TREE if directory else _CHUNK
        kind, depth = (_LIST, entry.depth - 1) if entry.depth else (leaf, 0)
        if directory and entry.depth:
            depth |= OF_DIRECTORY
        for oid, length in REF.iter_unpack(entry.content):
            yield Edge(oid, kind, depth, 0 if directory else length)


def _of_list(plain: bytes, leaf: int) -> Iterable[Edge]:
    if len(plain) < 2:
        raise NodeError("it is no list of references")
    directory = leaf == _TREE
    own = plain[1]
    if own > DEPTH_MAX:
        raise NodeError("it has an impossible depth")
    kind, depth = (_LIST, own - 1) if own else (leaf, 0)
    if directory and own:
        depth |= OF_DIRECTORY
    for oid, length in decode_list(plain, own):
        yield Edge(oid, kind, depth, 0 if directory else length)
