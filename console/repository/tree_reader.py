"""Reads trees of objects: entries, single paths, contents; walks over whole trees are done in `walk.py`."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence

from console.domain.errors import damage
from console.domain.objects import ObjectRef
from console.domain.trees import Entry, FileType, VolumeRoot
from console.repository import walk
from console.repository.nodes import NodeReader, ObjectReader, Ref, content_refs


class TreeReader:
    """Holds nothing between calls. Every method raises Failed `object-missing` or `object-damaged` at the first node
    that cannot be read true, unless it says otherwise."""

    def __init__(self, reader: ObjectReader) -> None:
        self._nodes = NodeReader(reader)

    def root(self, id: bytes) -> VolumeRoot:
        """Where a volume image begins."""
        return self._nodes.root(id)

    def entries(self, directory: Entry) -> Iterator[Entry]:
        """What is in a directory, sorted by name."""
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

    def find(self, root: VolumeRoot, path: bytes) -> Entry | None:
        """The entry at `path` (`b"a/b/c"`, `b""`: the top), or None. Reads a few nodes a level, also of a directory
        with a million names."""
        entry: Entry | None = root.entry
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
        having nothing in them. What was found before a failure is yielded before it is raised.
        """
        return walk.increment(self._nodes, root, parent, names=names)

    def absent(self, root: bytes, missing: Callable[[Sequence[bytes]], list[bytes]]) -> Iterator[tuple[ObjectRef, int]]:
        """Every object below (and with) a root that `missing` says is not here, or that cannot be read true if it is a
        node; with the bytes of content it stands for (0 for what is in directories). Does not look below those."""
        return walk.absent(self._nodes, root, missing)

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

    def _child(self, directory: Entry, name: bytes) -> Entry | None:
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
