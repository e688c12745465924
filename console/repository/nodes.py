"""Tree, list and root objects: their bytes, and what a reader refuses. Paper: `FORMAT.md`, "Trees"."""

from __future__ import annotations

from typing import NamedTuple, Protocol, TypeVar

import msgspec
from msgspec.structs import astuple

from console.domain.errors import Failed, damage
from console.domain.objects import MAX_PLAIN, REF, REF_SIZE, ZERO_ID
from console.domain.trees import CONTENT_REFS_MAX, INLINE_MAX, LIST_REFS_MAX, Entry, FileType, VolumeRoot

_T = TypeVar("_T")

VERSION = b"\x01"
DEPTH_MAX = 16
"""More levels of lists than any size needs: what claims more is not ours."""
_TOPS = {"tree": FileType.DIRECTORY, "image": FileType.FILE, "stream": FileType.FILE}
_NO_NAMES = frozenset({b"", b".", b".."})
_NAME_MAX = 4096

_encoder = msgspec.msgpack.Encoder()
_WITHOUT_FLAGS = b"\xdc" + (len(Entry.__struct_fields__) - 1).to_bytes(2, "big")
"""How an entry begins without its last field."""
_entries = msgspec.msgpack.Decoder(list[Entry])
_root = msgspec.msgpack.Decoder(VolumeRoot)


class Ref(NamedTuple):
    """One reference: what it names, and how much is below it (contents: bytes; directories: entries)."""

    id: bytes
    length: int


class NodeError(ValueError):
    """These bytes are no node that may be trusted. The text is a clause that says why."""


def encode_entry(entry: Entry) -> bytes:
    """One entry as it stands in a tree object. File flags are left out where there are none: written as ever."""
    encoded = _encoder.encode(entry)
    return encoded if entry.file_flags else b"".join((_WITHOUT_FLAGS, memoryview(encoded)[len(_WITHOUT_FLAGS) : -1]))


def encode_tree(encoded: list[bytes]) -> bytes:
    """A tree object of entries that are encoded and in order already; at most 65 535."""
    count = len(encoded)
    head = bytes((0x90 | count,)) if count < 16 else b"\xdc" + count.to_bytes(2, "big")
    return b"".join((VERSION, head, *encoded))


def encode_list(depth: int, refs: list[Ref]) -> bytes:
    """A list object; `depth` is that of the references in it."""
    return b"".join((VERSION, bytes((depth,)), *[REF.pack(*ref) for ref in refs]))


def encode_root(root: VolumeRoot) -> bytes:
    """A root object. What only disks have is left out of others: roots of trees are written as ever."""
    fields = (root.source, msgspec.Raw(encode_entry(root.entry)), *astuple(root)[2:])
    return VERSION + _encoder.encode(fields if root.disk is not None else fields[:-1])


def decode_tree(plain: bytes) -> list[Entry]:
    """Raises NodeError for what no writer writes, and for names that would leave the directory."""
    entries = _decode(_entries, plain)
    if not entries:
        raise NodeError("a directory node has no entries")
    names = [entry.name for entry in entries]
    if names != sorted(set(names)):
        raise NodeError("its entries are not strictly sorted")
    joined = b"/".join(names)
    if joined.count(b"/") != len(names) - 1 or b"\0" in joined or not _NO_NAMES.isdisjoint(names):
        raise NodeError("it holds a name that no file can have")
    if max(map(len, names)) > _NAME_MAX:
        raise NodeError("it holds a name that is too long")
    for entry in entries:
        content = entry.content
        if content:
            # Nearly all are files of one chunk.
            if len(content) != REF_SIZE or entry.depth or entry.inline or entry.type is not FileType.FILE:
                _check_content(entry)
        elif entry.depth or entry.inline:
            _check_content(entry)
    return entries


def decode_list(plain: bytes, depth: int) -> list[Ref]:
    """The references of a list that must be of `depth`. Raises NodeError."""
    if plain[:1] != VERSION:
        raise NodeError("it is of a version that is not known here")
    if len(plain) < 2 + REF_SIZE or (len(plain) - 2) % REF_SIZE or len(plain) > 2 + REF_SIZE * LIST_REFS_MAX:
        raise NodeError("it is no list of references")
    if plain[1] != depth:
        raise NodeError(f"it lists references of depth {plain[1]} where {depth} is due")
    return [Ref(oid, length) for oid, length in REF.iter_unpack(memoryview(plain)[2:])]


def decode_root(plain: bytes) -> VolumeRoot:
    """Raises NodeError."""
    root = _decode(_root, plain)
    top = _TOPS.get(root.source)
    if top is None:
        raise NodeError("it is of a kind of volume that is not known here")
    if root.entry.name or root.entry.type is not top:
        raise NodeError(f"its top is not a {top.name.lower()} without a name")
    _check_content(root.entry)
    if root.source == "image":
        _check_disk(root)
    return root


def content_refs(entry: Entry) -> list[Ref]:
    """What an entry's `content` holds."""
    return [Ref(oid, length) for oid, length in REF.iter_unpack(entry.content)]


class ObjectReader(Protocol):
    """Where nodes come from: a `Repository`, a seed drive."""

    def read(self, id: bytes) -> bytes:
        """The plain bytes of an object, proven. Raises Failed `object-missing`, `object-damaged`, `key-locked`."""


class NodeReader:
    """Nodes by their ids, decoded. Raises what the reader raises, and Failed `object-damaged` for an object that is
    true but no such node."""

    def __init__(self, reader: ObjectReader) -> None:
        self._reader = reader

    def root(self, oid: bytes) -> VolumeRoot:
        plain = self._reader.read(oid)
        try:
            return decode_root(plain)
        except NodeError as error:
            raise _invalid(oid, error) from error

    def top(self, oid: bytes) -> Entry | None:
        """The top of a root: a directory, or the one file of a volume that is no tree."""
        return self.root(oid).entry

    def tree(self, oid: bytes) -> list[Entry]:
        plain = self._reader.read(oid)
        try:
            return decode_tree(plain)
        except NodeError as error:
            raise _invalid(oid, error) from error

    def refs(self, oid: bytes, depth: int) -> list[Ref]:
        """What a list object holds; `depth` is that of its references."""
        plain = self._reader.read(oid)
        try:
            return decode_list(plain, depth)
        except NodeError as error:
            raise _invalid(oid, error) from error


def _invalid(oid: bytes, error: NodeError) -> Failed:
    return damage(
        "object-damaged",
        f"Object {oid.hex()} is no node of a volume image that can be trusted: {error}.",
        "Whoever wrote it was at fault. Make a new base image of the volume.",
    )


def _check_content(entry: Entry) -> None:
    if len(entry.content) % REF_SIZE or len(entry.content) > REF_SIZE * CONTENT_REFS_MAX:
        raise NodeError("an entry's content is no short run of references")
    if not 0 <= entry.depth <= DEPTH_MAX or (entry.depth and not entry.content):
        raise NodeError("an entry's content has an impossible depth")
    if len(entry.inline) > INLINE_MAX or (entry.inline and (entry.content or entry.type is not FileType.FILE)):
        raise NodeError("an entry has inline bytes that cannot be")
    if entry.content and entry.type not in (FileType.DIRECTORY, FileType.FILE):
        raise NodeError("an entry has content that its type cannot have")
    if entry.type is FileType.DIRECTORY and any(oid == ZERO_ID for oid, _ in REF.iter_unpack(entry.content)):
        raise NodeError("a directory has a hole")


def _check_disk(root: VolumeRoot) -> None:
    if root.disk is None or not 0 < root.disk.block <= MAX_PLAIN or root.entry.inline:
        raise NodeError("it is of a disk, and does not say how that is divided")


def _decode(decoder: msgspec.msgpack.Decoder[_T], plain: bytes) -> _T:
    if plain[:1] != VERSION:
        raise NodeError("it is of a version that is not known here")
    try:
        return decoder.decode(memoryview(plain)[1:])
    except msgspec.MsgspecError as error:
        raise NodeError(f"it cannot be read ({error})") from error
