"""Walks over whole trees of objects: what an image adds to its parent, and what of an image is not here.

Memory stays flat: directories are taken one at a time, the way down to them stands on a stack, contents stream.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from itertools import groupby
from typing import NamedTuple

from console.domain.errors import Failed
from console.domain.objects import ZERO_ID, Kind, ObjectRef
from console.domain.trees import Entry, FileType
from console.repository.nodes import NodeReader, Ref, content_refs

BATCH = 4096
WINDOW = 16 << 30
"""Chunks of two contents are compared within stretches of this many bytes (FORMAT.md, "Increment")."""
_SEEN = 1 << 16
_TOGETHER = 32
"""Nodes that are asked for at once when looking for what is absent."""
_UNREADABLE = frozenset({"object-missing", "object-damaged"})

Pair = tuple[Entry, Entry | None]
"""A directory and what the other tree has in its place, if that is a directory too."""


class _Seen:
    """What was met lately: bounded, so that what occurs often is named seldom."""

    def __init__(self) -> None:
        self._new: set[Hashable] = set()
        self._old: set[Hashable] = set()

    def first(self, what: Hashable) -> bool:
        if what in self._new or what in self._old:
            return False
        self._new.add(what)
        if len(self._new) >= _SEEN:
            self._old, self._new = self._new, set()
        return True


class _Lenient:
    """Nodes of a tree that may have holes: one that cannot be read has nothing in it."""

    def __init__(self, nodes: NodeReader) -> None:
        self._nodes = nodes

    def top(self, oid: bytes) -> Entry | None:
        try:
            return self._nodes.top(oid)
        except Failed as known:
            _only_unreadable(known)
            return None

    def tree(self, oid: bytes) -> list[Entry]:
        try:
            return self._nodes.tree(oid)
        except Failed as known:
            _only_unreadable(known)
            return []

    def refs(self, oid: bytes, depth: int) -> list[Ref]:
        try:
            return self._nodes.refs(oid, depth)
        except Failed as known:
            _only_unreadable(known)
            return []


def _only_unreadable(known: Failed) -> None:
    if known.failure.code not in _UNREADABLE:
        raise known


class _Spot(NamedTuple):
    """A reference and where in the content it begins."""

    offset: int
    id: bytes
    length: int


def increment(nodes: NodeReader, root: bytes, parent: bytes | None, *, names: bool) -> Iterator[list[ObjectRef]]:
    """See `TreeReader.increment`."""
    if not names or parent is None:
        yield from _Comparison(nodes, nodes=True, chunks=True).batches(root, parent)
        return
    yield from _Comparison(nodes, nodes=True, chunks=False).batches(root, None)
    yield from _Comparison(nodes, nodes=False, chunks=True).batches(root, parent)
    yield from _Comparison(nodes, nodes=True, chunks=False, lenient=True).batches(parent, root)


class _Comparison:
    """Walks two trees in step and gathers what only the first one has. A node comes before what it names.

    `lenient`: the first tree may have holes; then a node counts only when it could be read.
    """

    def __init__(self, reader: NodeReader, *, nodes: bool, chunks: bool, lenient: bool = False) -> None:
        self._other = _Lenient(reader)
        self._mine: NodeReader | _Lenient = self._other if lenient else reader
        self._nodes = nodes
        self._chunks = chunks
        self._lenient = lenient
        self._seen = _Seen()
        self._pairs = _Seen()
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
        top = self._top(root)
        if top is None:
            return
        was = None if other is None else self._other.top(other)
        if was is not None and was.type is not top.type:
            was = None
        if top.type is FileType.FILE:
            if was is None or (was.content, was.depth) != (top.content, top.depth):
                yield from self._file(top, was)
            return
        stack = [self._directory(top, was)]
        while stack:
            for below in stack[-1]:
                if below is not None:
                    stack.append(self._directory(*below))
                yield
                break
            else:
                stack.pop()

    def _directory(self, entry: Entry, other: Entry | None) -> Iterator[Pair | None]:
        """Everything in one directory but what is in the directories in it: those it yields, to be walked next.

        The same pair is walked once: folders copied into one another must not cost more than what is stored of them.
        """
        pair = (entry.content, other.content if other is not None else None)
        if not self._pairs.first(hash(pair)):
            return
        _, mine, _, theirs = self._unshared(entry, other, 0)
        others = (child for spot in theirs for child in self._other.tree(spot.id))
        was = next(others, None)
        for spot in mine:
            below: list[Pair] = []
            for child in self._tree(spot.id):
                if not child.content:
                    continue
                while was is not None and was.name < child.name:
                    was = next(others, None)
                like = was if was is not None and was.name == child.name and was.type is child.type else None
                if like is not None and like.content == child.content and like.depth == child.depth:
                    continue
                if child.type is FileType.DIRECTORY:
                    below.append((child, like))
                else:
                    yield from self._file(child, like)
            yield None
            yield from below

    def _file(self, entry: Entry, other: Entry | None) -> Iterator[None]:
        if not entry.depth and other is None:
            for oid, _ in content_refs(entry):
                self._chunk(oid)
            return
        depth, mine, other_depth, theirs = self._unshared(entry, other, 1)
        if self._chunks:
            spots = self._flat(self._refs, mine, depth)
            yield from self._compare(spots, self._flat(self._other.refs, theirs, other_depth))
        elif depth:
            for spot in mine:
                if self._lenient:
                    self._refs(spot.id, 0)
                else:
                    self._node(spot.id, Kind.LIST)
            yield

    def _compare(self, mine: Iterator[_Spot], theirs: Iterator[_Spot]) -> Iterator[None]:
        """Chunks of two contents, stretch by stretch."""
        stretches = groupby(theirs, key=_stretch)
        current = next(stretches, None)
        for number, spots in groupby(mine, key=_stretch):
            while current is not None and current[0] < number:
                current = next(stretches, None)
            shared = {spot.id for spot in current[1]} if current is not None and current[0] == number else frozenset()
            for spot in spots:
                if spot.id not in shared:
                    self._chunk(spot.id)
                    if len(self._found) >= BATCH:
                        yield
        yield

    def _unshared(self, entry: Entry, other: Entry | None, floor: int) -> tuple[int, list[_Spot], int, list[_Spot]]:
        """Goes down the lists of two contents together, down to references of depth `floor`, leaving out at each depth
        what both have. For each of the two: the depth reached (less than `floor` if it began there), what is left."""
        depth, mine = entry.depth, _once(_spots(content_refs(entry), 0))
        other_depth, theirs = (other.depth, _once(_spots(content_refs(other), 0))) if other is not None else (0, [])
        while True:
            if depth == other_depth:
                ids, other_ids = {spot.id for spot in mine}, {spot.id for spot in theirs}
                mine = [spot for spot in mine if spot.id not in other_ids]
                theirs = [spot for spot in theirs if spot.id not in ids]
            deeper = max(depth, other_depth)
            if deeper <= floor:
                return depth, mine, other_depth, theirs
            if other_depth == deeper:
                theirs = _once(s for spot in theirs for s in _spots(self._other.refs(spot.id, deeper - 1), spot.offset))
                other_depth -= 1
            if depth == deeper:
                mine = _once(s for spot in mine for s in _spots(self._refs(spot.id, deeper - 1), spot.offset))
                depth -= 1

    def _flat(self, read: Callable[[bytes, int], list[Ref]], spots: list[_Spot], depth: int) -> Iterator[_Spot]:
        """The chunks below references of depth 1, or those of depth 0 themselves."""
        if not depth:
            return iter(spots)
        return (below for spot in spots for below in _spots(read(spot.id, 0), spot.offset))

    def _top(self, oid: bytes) -> Entry | None:
        if self._lenient:
            top = self._other.top(oid)
            if top is not None:
                self._node(oid, Kind.ROOT)
            return top
        self._node(oid, Kind.ROOT)
        return self._mine.top(oid)

    def _tree(self, oid: bytes) -> list[Entry]:
        if not self._lenient:
            self._node(oid, Kind.TREE)
        entries = self._mine.tree(oid)
        if self._lenient and entries:
            self._node(oid, Kind.TREE)
        return entries

    def _refs(self, oid: bytes, depth: int) -> list[Ref]:
        if not self._lenient:
            self._node(oid, Kind.LIST)
        refs = self._mine.refs(oid, depth)
        if self._lenient and refs:
            self._node(oid, Kind.LIST)
        return refs

    def _node(self, oid: bytes, kind: Kind) -> None:
        if self._nodes and self._seen.first(oid):
            self._found.append(ObjectRef(oid, kind))

    def _chunk(self, oid: bytes) -> None:
        if self._chunks and oid != ZERO_ID and self._seen.first(oid):
            self._found.append(ObjectRef(oid, Kind.CHUNK))


def _spots(refs: list[Ref], offset: int) -> list[_Spot]:
    spots = []
    for oid, length in refs:
        spots.append(_Spot(offset, oid, length))
        offset += length
    return spots


def _once(spots: Iterable[_Spot]) -> list[_Spot]:
    """Each id where it occurs first: few lists that name each other again and again may stand for any size."""
    first: dict[bytes, _Spot] = {}
    for spot in spots:
        first.setdefault(spot.id, spot)
    return list(first.values())


def _stretch(spot: _Spot) -> int:
    return spot.offset // WINDOW


class _Task(NamedTuple):
    """A node to look at. `depth` of a list is that of its references; `length`: bytes below (0 in directories)."""

    id: bytes
    kind: Kind
    depth: int = 0
    file: bool = False
    length: int = 0


def absent(
    nodes: NodeReader, root: bytes, missing: Callable[[Sequence[bytes]], list[bytes]]
) -> Iterator[tuple[ObjectRef, int]]:
    """See `TreeReader.absent`."""
    seen = _Seen()
    chunks: dict[bytes, int] = {}
    stack = [_Task(root, Kind.ROOT)]
    while stack:
        tasks = [stack.pop() for _ in range(min(len(stack), _TOGETHER))]
        lacking = set(missing([task.id for task in tasks]))
        for task in tasks:
            found = None if task.id in lacking else _below(nodes, task)
            if found is None:
                yield ObjectRef(task.id, task.kind), task.length
                continue
            for below in found:
                if below.id == ZERO_ID or not seen.first(below.id):
                    continue
                if below.kind is Kind.CHUNK:
                    chunks[below.id] = below.length
                else:
                    stack.append(below)
        if len(chunks) >= BATCH or not stack:
            lost = missing(list(chunks))
            yield from ((ObjectRef(oid, Kind.CHUNK), chunks[oid]) for oid in lost)
            chunks.clear()


def _below(nodes: NodeReader, task: _Task) -> list[_Task] | None:
    """What a node names; None when it cannot be read true, which is as good as absent."""
    try:
        if task.kind is Kind.ROOT:
            return list(_content(nodes.root(task.id).entry))
        if task.kind is Kind.TREE:
            return [below for entry in nodes.tree(task.id) for below in _content(entry)]
        refs = nodes.refs(task.id, task.depth)
        return [_named(ref, task.depth, task.file) for ref in refs]
    except Failed as known:
        _only_unreadable(known)
        return None


def _content(entry: Entry) -> Iterator[_Task]:
    return (_named(ref, entry.depth, entry.type is FileType.FILE) for ref in content_refs(entry))


def _named(ref: Ref, depth: int, file: bool) -> _Task:
    """What a reference of `depth` stands for."""
    length = ref.length if file else 0
    if depth:
        return _Task(ref.id, Kind.LIST, depth - 1, file, length)
    return _Task(ref.id, Kind.CHUNK if file else Kind.TREE, 0, file, length)
