"""Walks over sealed trees, by their edges: no key is needed, and having one makes no difference. Paper: `FORMAT.md`,
"Increment of sealed images".

Ids of sealed objects are not proven without the key, so nothing is believed of them: a node is opened once, however
often it is named, and must be what it was named as.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain
from typing import Protocol, runtime_checkable

from console.domain.errors import Failed, damage
from console.domain.objects import Kind, ObjectRef
from console.repository.sealing import Edge, Node, fits
from console.repository.spilling import Named, packed, portions, unpacked

BATCH = 4096
"""Ids that are handed out together."""
UNREADABLE = frozenset({"object-missing", "object-damaged"})
_TOGETHER = 64
"""Nodes that are read at once."""
_LATELY = 1 << 17
_CHUNK = int(Kind.CHUNK)


@runtime_checkable
class ClearReader(Protocol):
    """Who can tell what sealed objects say without their key: a `Repository`, a seed drive."""

    def nodes(self, ids: Sequence[bytes]) -> Iterator[Node]:
        """What each distinct id says in clear. Raises Failed `object-missing`, `object-damaged`."""


def is_sealed(reader: ClearReader, root: bytes) -> bool:
    """Whether a tree is walked by its edges; False for one whose root cannot be read."""
    try:
        return any(node.tag for node in reader.nodes([root]))
    except Failed as known:
        _only_unreadable(known)
        return False


def increment(reader: ClearReader, root: bytes, parent: bytes | None, *, names: bool) -> Iterator[list[ObjectRef]]:
    """See `TreeReader.increment`."""
    if not names or parent is None:
        yield from _Levels(reader, nodes=True, chunks=True).batches(root, parent)
        return
    yield from _Levels(reader, nodes=True, chunks=False).batches(root, None)
    yield from _Levels(reader, nodes=False, chunks=True).batches(root, parent)
    yield from _Levels(reader, nodes=True, chunks=False, lenient=True).batches(parent, root)


def absent(
    reader: ClearReader, root: bytes, missing: Callable[[Sequence[bytes]], list[bytes]]
) -> Iterator[tuple[ObjectRef, int]]:
    """See `TreeReader.absent`."""
    side = _Side(reader, lenient=True)
    lately = _Lately()
    chunks: dict[bytes, int] = {}
    waiting = [_top(root)]
    side.opened.add([(root, 0)])
    while waiting:
        edges = [waiting.pop() for _ in range(min(len(waiting), _TOGETHER))]
        lacking = set(missing([edge.id for edge in edges]))
        read = {node.id: node for node in side.read([edge for edge in edges if edge.id not in lacking])}
        for edge in edges:
            node = read.get(edge.id)
            if node is None:
                yield ObjectRef(edge.id, Kind(edge.kind)), edge.length
                continue
            for below in node.edges:
                if below.kind == _CHUNK and lately.first(below.id):
                    chunks[below.id] = below.length
            waiting += side.fresh([below for below in node.edges if below.kind != _CHUNK])
        if len(chunks) >= BATCH or not waiting:
            lost = missing(list(chunks))
            yield from ((ObjectRef(oid, Kind.CHUNK), chunks[oid]) for oid in lost)
            chunks.clear()


class _Levels:
    """Compares two trees level by level and gathers what only the first one has. A node comes before what it names.

    `lenient`: the first tree may have holes; then a node counts only when it could be read.
    """

    def __init__(self, reader: ClearReader, *, nodes: bool, chunks: bool, lenient: bool = False) -> None:
        self._mine = _Side(reader, lenient=lenient)
        self._other = _Side(reader, lenient=True)
        self._nodes = nodes
        self._chunks = chunks
        self._lenient = lenient
        self._lately = _Lately()
        self._found: list[ObjectRef] = []

    def batches(self, root: bytes, other: bytes | None) -> Iterator[list[ObjectRef]]:
        try:
            for _ in self._walk(root, other):
                while len(self._found) >= BATCH:
                    yield self._take()
        except Failed:
            while self._found:
                yield self._take()
            raise
        while self._found:
            yield self._take()

    def _take(self) -> list[ObjectRef]:
        batch, self._found = self._found[:BATCH], self._found[BATCH:]
        return batch

    def _walk(self, root: bytes, other: bytes | None) -> Iterator[None]:
        """Yields now and then, for what was found to be taken away."""
        if root == other:
            return
        mine, theirs = Named(), Named()
        mine.add([packed(_top(root))])
        if other is not None:
            theirs.add([packed(_top(other))])
        while True:
            nodes = _batches(unpacked(*named) for named in mine.without(theirs))
            first = next(nodes, None)
            if first is None:
                return
            known, chunks = self._level_of_other(unpacked(*named) for named in theirs.without(mine))
            below = Named()
            for batch in chain([first], nodes):
                fresh = self._mine.fresh(batch)
                if not self._lenient:
                    self._name(fresh)
                opened = list(self._mine.read(fresh))
                if self._lenient:
                    read = {node.id for node in opened}
                    self._name(edge for edge in fresh if edge.id in read)
                below.add(packed(edge) for node in opened for edge in node.edges if edge.kind != _CHUNK)
                if self._chunks:
                    self._compare(opened, chunks)
                yield
            mine, theirs = below, known

    def _compare(self, opened: Sequence[Node], chunks: Named) -> None:
        """Of the chunks that these nodes name, those the other tree has not got at this level."""
        named = [edge.id for node in opened for edge in node.edges if edge.kind == _CHUNK]
        shared = chunks.find(named)
        self._found += [ObjectRef(oid, Kind.CHUNK) for oid in named if oid not in shared and self._lately.first(oid)]

    def _level_of_other(self, nodes: Iterable[Edge]) -> tuple[Named, Named]:
        """What these nodes of the other tree name: nodes, and chunks."""
        known, chunks = Named(), Named()
        for batch in _batches(nodes):
            opened = list(self._other.read(self._other.fresh(batch)))
            known.add(packed(edge) for node in opened for edge in node.edges if edge.kind != _CHUNK)
            if self._chunks:
                chunks.add((edge.id, 0) for node in opened for edge in node.edges if edge.kind == _CHUNK)
        return known, chunks

    def _name(self, edges: Iterable[Edge]) -> None:
        if self._nodes:
            self._found += [ObjectRef(edge.id, Kind(edge.kind)) for edge in edges]


class _Side:
    """One tree. All its nodes are sealed with one key, that of its root. `opened`: those met before.

    `lenient`: what cannot be read true has nothing in it.
    """

    def __init__(self, reader: ClearReader, *, lenient: bool) -> None:
        self._reader = reader
        self._lenient = lenient
        self._tag = b""
        self.opened = Named()

    def fresh(self, edges: Sequence[Edge]) -> list[Edge]:
        """Those that were not met before, each once."""
        met = self.opened.find([edge.id for edge in edges])
        fresh: dict[bytes, Edge] = {}
        for edge in edges:
            if edge.id not in met:
                fresh.setdefault(edge.id, edge)
        self.opened.add((oid, 0) for oid in fresh)
        return list(fresh.values())

    def read(self, edges: Sequence[Edge]) -> Iterator[Node]:
        """Raises Failed `object-missing`, `object-damaged`, unless lenient."""
        named = {edge.id: edge for edge in edges}
        if not named:
            return
        if not self._lenient:
            for node in self._reader.nodes(list(named)):
                yield self._proven(named[node.id], node)
            return
        yield from self._readable(named)

    def _readable(self, named: dict[bytes, Edge]) -> list[Node]:
        try:
            return [self._proven(named[node.id], node) for node in self._reader.nodes(list(named))]
        except Failed as known:
            _only_unreadable(known)
        found: list[Node] = []
        for oid, edge in named.items():
            try:
                found += [self._proven(edge, node) for node in self._reader.nodes([oid])]
            except Failed as known:
                _only_unreadable(known)
        return found

    def _proven(self, named: Edge, node: Node) -> Node:
        self._tag = self._tag or node.tag
        if not node.tag or node.tag != self._tag:
            raise _lying(named.id, "it is not sealed with the key of its image")
        if not fits(named, node):
            raise _lying(named.id, "it is not what its image names it as")
        return node


class _Lately:
    """Chunks met lately: bounded, so that what occurs often is named seldom."""

    def __init__(self) -> None:
        self._new: set[bytes] = set()
        self._old: set[bytes] = set()

    def first(self, oid: bytes) -> bool:
        if oid in self._new or oid in self._old:
            return False
        self._new.add(oid)
        if len(self._new) >= _LATELY:
            self._old, self._new = self._new, set()
        return True


def _top(root: bytes) -> Edge:
    return Edge(root, int(Kind.ROOT), 0, 0)


def _batches(edges: Iterable[Edge]) -> Iterator[list[Edge]]:
    return portions(edges, _TOGETHER)


def _only_unreadable(known: Failed) -> None:
    if known.failure.code not in UNREADABLE:
        raise known


def _lying(oid: bytes, why: str) -> Failed:
    return damage(
        "object-damaged",
        f"Object {oid.hex()} is no node of a sealed volume image that can be trusted: {why}.",
        "Whoever wrote it was at fault. Make a new base image of the volume.",
    )
