"""Objects in a dictionary, for trees without a repository; and a naive walker over what they hold."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from console.domain.errors import damage
from console.domain.objects import ZERO_ID, Kind, iter_refs
from console.domain.trees import Entry, FileType, VolumeRoot
from console.repository import TreeWriter
from console.repository.codec import object_id
from console.repository.nodes import decode_list, decode_root, decode_tree
from console.repository.session import Put

Refs = Sequence[tuple[bytes, int]]
Tree = Mapping[bytes, "Tree | Refs | bytes"]
"""A directory: name → directory, file given by its chunks, or file given by its inline bytes."""


class Shelf:
    """What a tree is written to and read from. `reads` counts nodes read."""

    def __init__(self) -> None:
        self.objects: dict[bytes, tuple[Kind, bytes]] = {}
        self.reads = 0

    def put(self, kind: Kind, plain: bytes | memoryview, leaf: Kind = Kind.CHUNK) -> Put:
        oid = object_id(plain)
        new = oid not in self.objects
        self.objects[oid] = (kind, bytes(plain))
        return Put(oid, new, len(plain))

    def read(self, id: bytes) -> bytes:
        self.reads += 1
        if id not in self.objects:
            raise damage("object-missing", "It is not here.")
        return self.objects[id][1]

    def missing(self, ids: Sequence[bytes]) -> list[bytes]:
        return [oid for oid in ids if oid not in self.objects]

    def without(self, ids: Iterable[bytes]) -> Shelf:
        other = Shelf()
        other.objects = {oid: held for oid, held in self.objects.items() if oid not in set(ids)}
        return other


def plant(shelf: Shelf, tree: Tree) -> bytes:
    """Id of the root of a tree; its chunks are not put, they are only named."""
    content, depth = _directory(TreeWriter(shelf), tree)
    top = Entry(b"", FileType.DIRECTORY, mode=0o755, content=content, depth=depth)
    return TreeWriter(shelf).root(VolumeRoot("tree", top, 0, 0, 0, 0))


def _directory(writer: TreeWriter, tree: Tree) -> tuple[bytes, int]:
    return writer.directory(_entry(writer, name, tree[name]) for name in sorted(tree))


def _entry(writer: TreeWriter, name: bytes, what: Tree | Refs | bytes) -> Entry:
    if isinstance(what, Mapping):
        content, depth = _directory(writer, what)
        return Entry(name, FileType.DIRECTORY, content=content, depth=depth)
    if isinstance(what, bytes):
        return Entry(name, FileType.FILE, size=len(what), inline=what)
    content, depth = writer.content(what)
    return Entry(name, FileType.FILE, size=sum(length for _, length in what), content=content, depth=depth)


def reach(shelf: Shelf, root: bytes) -> dict[bytes, Kind]:
    """Everything below a root, with it; reads what is there, names what is not. Naive on purpose."""
    found = {root: Kind.ROOT}
    if root in shelf.objects:
        _below(shelf, decode_root(shelf.objects[root][1]).entry, found)
    return found


def _below(shelf: Shelf, entry: Entry, found: dict[bytes, Kind]) -> None:
    waiting = [(oid, entry.depth) for oid, _ in iter_refs(entry.content)]
    while waiting:
        oid, depth = waiting.pop()
        if oid == ZERO_ID:
            continue
        file = entry.type is FileType.FILE
        found[oid] = Kind.LIST if depth else Kind.CHUNK if file else Kind.TREE
        if oid not in shelf.objects:
            continue
        if depth:
            waiting += [(ref.id, depth - 1) for ref in decode_list(shelf.objects[oid][1], depth - 1)]
        elif not file:
            for child in decode_tree(shelf.objects[oid][1]):
                _below(shelf, child, found)
