"""The files of one image volume: partitions as folders `p1`, `p2` …, below them what their file systems hold. A disk
without a partition table has no such level: its one file system is the top."""

from __future__ import annotations

import re
import threading
import time
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from itertools import islice
from typing import Any

from console.domain.errors import OBJECT_DAMAGE, Failed
from console.domain.objects import ZERO_ID
from console.domain.trees import Entry, EntryFlag, FileType, VolumeRoot
from console.engine.inside.disk import Disk, toolkit
from console.engine.inside.filesystem import FileSystem, Node, unknown
from console.repository import ChunkCache, ContentReader, Repository, TreeReader

WHOLE_S = 15.0
"""For so long what is known of all blocks of a disk is believed: a folder may have very many names."""
_NOT_READABLE = re.compile(r"swap|lvm|raid|luks|crypt|extended", re.IGNORECASE)
_EXTENDED = frozenset({"0x05", "0x0f", "0x85", "5", "f", "85", "05", "0f"})


@dataclass(frozen=True, slots=True)
class Part:
    """A stretch of the disk that may hold a file system; `number` as the table counts, `holds`: what is known of it.

    `start` and `length` in bytes; a length of 0: up to the end of the disk.
    """

    number: int
    start: int
    length: int = 0
    holds: str = ""

    @property
    def name(self) -> bytes:
        return b"p%d" % self.number


class ImageVolume:
    """An image volume of a point, opened. Thread-safe. Raises Failed: what reading the disk raises where a block is not
    here or not true, `file-system-unknown`, `file-system-damaged`, `inside-not-available`."""

    def __init__(
        self,
        repository: Repository,
        root: VolumeRoot,
        label: str,
        cache: ChunkCache | None = None,
        *,
        sealed: bool = False,
    ) -> None:
        """`sealed`: the image is."""
        self._missing = partial(repository.missing, sealed=sealed)
        self._repository = repository
        self._root = root
        self._label = label
        self._content = ContentReader(repository, root.entry, cache=cache)
        self._disk = Disk(self._content)
        self._lock = threading.RLock()
        self._parts: list[Part] | None = None
        self._systems: dict[int, FileSystem] = {}
        self._whole = (0.0, False)

    def parts(self) -> list[Part]:
        """What the disk is divided into; one part with the number 0 for a disk without a table."""
        with self._lock:
            if self._parts is None:
                self._parts = self._divided()
            return self._parts

    @property
    def divided(self) -> bool:
        """Whether there is a level of partitions."""
        return [part.number for part in self.parts()] != [0]

    def top(self) -> Node:
        """The folder that stands for the disk."""
        top = Entry(b"", FileType.DIRECTORY, mode=0o755, mtime_ns=self._root.entry.mtime_ns)
        return Node(top) if self.divided else self.system(0).top(b"")

    def children(self, folder: Node, path: bytes = b"") -> list[Node]:
        """What is in a folder, sorted by name. `path`: for sentences."""
        if folder.place >= 0:
            return self.system(folder.place).children(folder, path)
        return sorted((self._part(part) for part in self.parts()), key=lambda node: node.entry.name)

    def find(self, path: bytes) -> Node | None:
        """What is at a path (`p1/home/ann`), or None."""
        node, walked = self.top(), b""
        for name in filter(None, path.split(b"/")):
            if node.entry.type is not FileType.DIRECTORY:
                return None
            children = self.children(node, walked)
            at = bisect_left(children, name, key=_name)
            if at == len(children) or children[at].entry.name != name:
                return None
            node, walked = children[at], walked + b"/" + name if walked else name
        return node

    def read(self, file: Node, offset: int, length: int) -> bytes:
        """At most `length` bytes of a file; fewer only at its end."""
        return self.system(file.place).read(file, offset, length)

    def streams(self, file: Node) -> list[str]:
        """See `FileSystem.streams`."""
        return self.system(file.place).streams(file)

    def is_here(self, node: Node) -> bool:
        """Whether all bytes of a file (of a folder: its names) are in this repository."""
        if node.entry.flags & EntryFlag.UNREADABLE:
            return False
        if self.whole():
            return True
        try:
            if node.entry.type is FileType.DIRECTORY:
                self.children(node)
                return True
            if node.entry.type is not FileType.FILE or not node.entry.size:
                return True
            for offset, length in self.system(node.place).stretches(node):
                if not self._has(offset, length):
                    return False
            # What lies in its record is read at once; of the rest it is enough to know that it is here.
            self.read(node, 0, 1)
        except Failed as known:
            if known.failure.code not in OBJECT_DAMAGE:
                raise
            return False
        return True

    def whole(self) -> bool:
        """Whether all blocks of the disk are in this repository."""
        until, known = self._whole
        if time.monotonic() > until:
            known = self._all_here()
            self._whole = (time.monotonic() + WHOLE_S, known)
        return known

    def _all_here(self) -> bool:
        try:
            refs = TreeReader(self._repository).extents(self._root.entry)
            ids = (oid for oid, _ in refs if oid != ZERO_ID)
            return not any(self._missing(some) for some in _batched(ids))
        except Failed as known:
            if known.failure.code not in OBJECT_DAMAGE:
                raise
            return False

    def system(self, place: int) -> FileSystem:
        """The file system of one part (by its place among them). Raises Failed `file-system-unknown`."""
        with self._lock:
            if place not in self._systems:
                part = self.parts()[place]
                name = f"partition p{part.number} of “{self._label}”" if part.number else f"“{self._label}”"
                if _NOT_READABLE.search(part.holds):
                    raise unknown(name, part.holds)
                try:
                    self._systems[place] = FileSystem(self._disk, part.start, place, name)
                except Failed as known:
                    if known.failure.code == "file-system-unknown" and part.holds:
                        raise unknown(name, part.holds) from known
                    raise
            return self._systems[place]

    def _part(self, part: Part) -> Node:
        place = self.parts().index(part)
        try:
            return self.system(place).top(part.name)
        except Failed as known:
            flags = EntryFlag.UNREADABLE
            text = known.failure.message
            return Node(Entry(part.name, FileType.DIRECTORY, mode=0o755, flags=flags, problem=text), place, 0, text)

    def _divided(self) -> list[Part]:
        layout = self._root.disk
        if layout is not None and layout.scheme:
            return [
                Part(part.number, part.start, part.length, part.filesystem)
                for part in layout.partitions
                if part.type.lower() not in _EXTENDED
            ]
        if layout is not None and layout.filesystem:
            return [Part(0, 0, 0, layout.filesystem)]
        try:
            FileSystem(self._disk, 0, 0, self._label)
        except Failed as known:
            if known.failure.code != "file-system-unknown":
                raise
            return list(self._table()) or [Part(0, 0)]
        return [Part(0, 0)]

    def _table(self) -> Iterator[Part]:
        """What the partition table on the disk says, counted as systems count."""
        tsk = toolkit()
        try:
            with self._disk.asking(f"The partition table of “{self._label}”"):
                table = tsk.Volume_Info(self._disk.image)
                sector = int(table.info.block_size)
                dos = table.info.vstype == tsk.TSK_VS_TYPE_DOS
                slots = [
                    (int(s.table_num), int(s.slot_num), int(s.start), int(s.len)) for s in table if _is_used(tsk, s)
                ]
        except Failed as known:
            if known.failure.code != "file-system-damaged":
                raise
            return
        logical = 4
        for table_number, slot, start, length in slots:
            if dos and table_number > 0:
                logical += 1
                number = logical
            else:
                number = slot + 1
            yield Part(number, start * sector, length * sector)

    def _has(self, offset: int, length: int) -> bool:
        ids = self._content.ids(offset, length)
        return not any(self._missing(some) for some in _batched(ids))


def _name(node: Node) -> bytes:
    return node.entry.name


def _batched(ids: Iterator[bytes]) -> Iterator[list[bytes]]:
    while some := list(islice(ids, 4096)):
        yield some


def _is_used(tsk: Any, slot: Any) -> bool:
    return bool(int(slot.flags) & int(tsk.TSK_VS_PART_FLAG_ALLOC))
