"""Writes directories and contents as trees of objects, cut where the content says so. Paper: `FORMAT.md`, "Trees"."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain, islice
from typing import Protocol
from zlib import crc32

from console.domain.objects import REF, ZERO_ID, Kind
from console.domain.trees import (
    CONTENT_REFS_MAX,
    LEAF_ENTRIES_AVERAGE,
    LEAF_ENTRIES_MAX,
    LIST_REFS_AVERAGE,
    LIST_REFS_MAX,
    Entry,
    VolumeRoot,
    check_name,
)
from console.repository.nodes import Ref, encode_entry, encode_list, encode_root, encode_tree

LEAF_BYTES_MAX = 1 << 20
"""A tree node ends with the entry that takes its entries to this many bytes: extended attributes may be large."""


class ObjectWriter(Protocol):
    """What a tree is written to: a `WriteSession`."""

    def put(self, kind: Kind, plain: bytes | memoryview, leaf: Kind = Kind.CHUNK) -> tuple[bytes, bool, int]:
        """Stores an object; its id comes first. `leaf`: what the references below a list name in the end."""


class TreeWriter:
    """Holds nothing between calls. One after the other or from many threads, as the session allows."""

    def __init__(self, session: ObjectWriter) -> None:
        self._session = session

    def directory(self, entries: Iterable[Entry]) -> tuple[bytes, int]:
        """`content` and `depth` for the entry of a directory with these entries, which must be sorted by name.

        Raises ValueError for a name that cannot be or that is out of order; Failed as `put`.
        """
        return self._pile(self._leaves(entries), 0, leaf=Kind.TREE)

    def content(self, refs: Iterable[tuple[bytes, int]], *, disk: bool = False) -> tuple[bytes, int]:
        """`content` and `depth` for the entry of a file: its chunks in order, each (id, bytes), holes as `ZERO_ID`.

        `refs` is taken as it comes, so a content of any size needs little memory. `disk`: of a disk image, whose lists
        never end with a hole. Raises Failed as `put`.
        """
        return self._pile((Ref(oid, length) for oid, length in refs), 0, disk=disk)

    def root(self, root: VolumeRoot) -> bytes:
        """Id of the root object. Raises Failed as `put`."""
        return self._session.put(Kind.ROOT, encode_root(root))[0]

    def _leaves(self, entries: Iterable[Entry]) -> Iterator[Ref]:
        node: list[bytes] = []
        size = 0
        last = b""
        for entry in entries:
            name = check_name(entry.name)
            if name <= last:
                raise ValueError(f"{name!r} does not come after {last!r}")
            last = name
            encoded = encode_entry(entry)
            node.append(encoded)
            size += len(encoded)
            if not crc32(name) % LEAF_ENTRIES_AVERAGE or len(node) >= LEAF_ENTRIES_MAX or size >= LEAF_BYTES_MAX:
                yield self._leaf(node)
                node, size = [], 0
        if node:
            yield self._leaf(node)

    def _leaf(self, node: list[bytes]) -> Ref:
        return Ref(self._session.put(Kind.TREE, encode_tree(node))[0], len(node))

    def _pile(
        self, refs: Iterator[Ref], depth: int, *, leaf: Kind = Kind.CHUNK, disk: bool = False
    ) -> tuple[bytes, int]:
        """Levels of lists over `refs` until few enough are left."""
        head = list(islice(refs, CONTENT_REFS_MAX + 1))
        if len(head) <= CONTENT_REFS_MAX:
            return b"".join([REF.pack(*ref) for ref in head]), depth
        above = self._lists(chain(head, refs), depth, leaf=leaf, disk=disk)
        return self._pile(above, depth + 1, leaf=leaf, disk=disk)

    def _lists(self, refs: Iterator[Ref], depth: int, *, leaf: Kind, disk: bool) -> Iterator[Ref]:
        node: list[Ref] = []
        for ref in refs:
            node.append(ref)
            # Never after its first reference: each level has at most half as many as the one below, so levels end.
            cut = len(node) > 1 and not int.from_bytes(ref.id[-4:], "little") % LIST_REFS_AVERAGE
            cut = cut and not (disk and ref.id == ZERO_ID)
            if cut or len(node) >= LIST_REFS_MAX:
                yield self._list(depth, node, leaf)
                node = []
        if node:
            yield self._list(depth, node, leaf)

    def _list(self, depth: int, node: list[Ref], leaf: Kind) -> Ref:
        oid = self._session.put(Kind.LIST, encode_list(depth, node), leaf)[0]
        return Ref(oid, sum(ref.length for ref in node))
