"""Reads trees of objects: entries, single paths, contents; walks over whole trees are done in `walk.py`."""

from __future__ import annotations

import os
from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence

from msgspec.structs import replace

from console.domain.errors import Failed, damage
from console.domain.machines import VolumeSource
from console.domain.objects import ObjectRef
from console.domain.trees import Entry, FileType, VolumeRoot
from console.repository import sealed_walk, walk
from console.repository.failures import object_missing
from console.repository.nodes import NodeReader, ObjectReader, Ref, content_refs


class Single(Entry, frozen=True, gc=False):
    """Stands for the top directory of a volume that is no tree: there is one file in it, and it is stored nowhere."""

    file: Entry | None = None


def single_name(root: VolumeRoot, label: str) -> bytes:
    """What the one file of a disk image or stream is called: `LABEL.img`, or the stream's label."""
    return os.fsencode(f"{label}.img" if root.source == VolumeSource.IMAGE else label)


def single(root: VolumeRoot, label: str) -> Single:
    """The one file of a disk image or stream, as if it lay in a directory."""
    entry = root.entry
    return Single(
        b"",
        FileType.DIRECTORY,
        mode=0o755,
        uid=entry.uid,
        gid=entry.gid,
        mtime_ns=entry.mtime_ns,
        file=replace(entry, name=single_name(root, label)),
    )


class TreeReader:
    """Holds nothing between calls. Every method raises Failed `object-missing` or `object-damaged` at the first node
    that cannot be read true, unless it says otherwise."""

    def __init__(self, reader: ObjectReader) -> None:
        self._reader = reader
        self._nodes = NodeReader(reader)

    def root(self, id: bytes) -> VolumeRoot:
        """Where a volume image begins."""
        return self._nodes.root(id)

    def top(self, root: VolumeRoot, label: str) -> Entry:
        """The top directory of a volume; of one that is no tree a directory that is not stored, with its one file in
        it. `label`: of the volume."""
        return root.entry if root.source == VolumeSource.TREE else single(root, label)

    def entries(self, directory: Entry) -> Iterator[Entry]:
        """What is in a directory, sorted by name."""
        if isinstance(directory, Single):
            if directory.file is not None:
                yield directory.file
            return
        last = b""
        for ref in self._leaves(directory):
            entries = self._nodes.tree(ref.id)
            if entries[0].name <= last:
                raise damage(
                    "object-damaged",
                    f"Object {ref.id.hex()} does not continue the directory that names it.",
                    "Whoever wrote it was at fault. Make a new base image of the volume.",
                )
            last = entries[-1].name
            yield from entries

    def window(self, directory: Entry, offset: int, limit: int) -> tuple[list[Entry], int]:
        """At most `limit` names of a directory from number `offset` on, and how many it has. Reads the nodes that hold
        them, also of a directory with a million names."""
        if isinstance(directory, Single):
            entries = list(self.entries(directory))
            return entries[offset : offset + limit], len(entries)
        refs = content_refs(directory)
        found: list[Entry] = []
        for start, ref in self._covering(refs, directory.depth, 0, offset, offset + limit):
            found += self._nodes.tree(ref.id)[max(offset - start, 0) : max(offset + limit - start, 0)]
        return found, sum(ref.length for ref in refs)

    def find(self, top: Entry | VolumeRoot, path: bytes) -> Entry | None:
        """The entry at `path` below a directory or a root's top (`b"a/b/c"`, `b""`: itself), or None. Reads a few nodes
        a level, also of a directory with a million names."""
        entry: Entry | None = top.entry if isinstance(top, VolumeRoot) else top
        for name in filter(None, path.split(b"/")):
            if entry is None or entry.type is not FileType.DIRECTORY:
                return None
            entry = self._child(entry, name)
        return entry

    def extents(self, file: Entry) -> Iterator[tuple[bytes, int]]:
        """The chunks of a file in order, each (id, bytes); holes as `ZERO_ID`. Nothing for contents that are inline."""
        return iter(self._leaves(file))

    def increment(self, root: bytes, parent: bytes | None, *, names: bool) -> Iterator[list[ObjectRef]]:
        """The objects of one image that its parent has not got (FORMAT.md, "Increment"), nodes before what they name,
        in batches of `walk.BATCH`; few of them twice. Without the record.

        With `names` also every root, tree and list object of either. Nodes of the parent that cannot be read count as
        having nothing in them. What was found before a failure is yielded before it is raised. A sealed tree is walked
        by its edges, without its key.
        """
        reader = self._reader
        if isinstance(reader, sealed_walk.ClearReader) and sealed_walk.is_sealed(reader, root):
            yield from sealed_walk.increment(reader, root, parent, names=names)
        else:
            yield from walk.increment(NodeReader(_Unsealed(_near(reader))), root, parent, names=names)

    def absent(self, root: bytes, missing: Callable[[Sequence[bytes]], list[bytes]]) -> Iterator[tuple[ObjectRef, int]]:
        """Every object below (and with) a root that `missing` says is not here, or that cannot be read true if it is a
        node; with the bytes of content it stands for (0 for what is in directories). Does not look below those.
        Needs no key."""
        reader = self._reader
        if isinstance(reader, sealed_walk.ClearReader) and sealed_walk.is_sealed(reader, root):
            yield from sealed_walk.absent(reader, root, missing)
        else:
            yield from walk.absent(NodeReader(_Unsealed(_near(reader))), root, missing)

    def _leaves(self, entry: Entry) -> Iterator[Ref]:
        """References of depth 0 below an entry, in order."""
        stack = [(entry.depth, iter(content_refs(entry)))]
        while stack:
            depth, refs = stack[-1]
            if not depth:
                yield from refs
                stack.pop()
                continue
            ref = next(refs, None)
            if ref is None:
                stack.pop()
            else:
                stack.append((depth - 1, iter(self._nodes.refs(ref.id, depth - 1))))

    def _covering(self, refs: list[Ref], depth: int, at: int, start: int, end: int) -> Iterator[tuple[int, Ref]]:
        """(number of its first name, reference) of the tree nodes that hold names `start` to `end`."""
        for ref in refs:
            if at >= end:
                return
            if at + ref.length > start:
                if depth:
                    yield from self._covering(self._nodes.refs(ref.id, depth - 1), depth - 1, at, start, end)
                else:
                    yield at, ref
            at += ref.length

    def _child(self, directory: Entry, name: bytes) -> Entry | None:
        if isinstance(directory, Single):
            return directory.file if directory.file is not None and directory.file.name == name else None
        refs, depth = content_refs(directory), directory.depth
        while refs:
            low, high = 0, len(refs) - 1
            while low < high:
                middle = (low + high + 1) // 2
                if self._first_name(refs[middle], depth) <= name:
                    low = middle
                else:
                    high = middle - 1
            if not depth:
                entries = self._nodes.tree(refs[low].id)
                at = bisect_left(entries, name, key=_name)
                return entries[at] if at < len(entries) and entries[at].name == name else None
            depth -= 1
            refs = self._nodes.refs(refs[low].id, depth)
        return None

    def _first_name(self, ref: Ref, depth: int) -> bytes:
        while depth:
            depth -= 1
            ref = self._nodes.refs(ref.id, depth)[0]
        return self._nodes.tree(ref.id)[0].name


def _name(entry: Entry) -> bytes:
    return entry.name


def _near(reader: ObjectReader) -> ObjectReader:
    """For a walk: what reads neighbours together, where the reader has such a thing."""
    near: Callable[[], ObjectReader] | None = getattr(reader, "near", None)
    return reader if near is None else near()


class _Unsealed:
    """What belongs to a tree that is not sealed: something sealed with a locked key in it is no node of it."""

    def __init__(self, reader: ObjectReader) -> None:
        self._reader = reader

    def read(self, id: bytes) -> bytes:
        try:
            return self._reader.read(id)
        except Failed as known:
            if known.failure.code != "key-locked":
                raise
            raise object_missing(id) from known
