"""A volume image, opened to be looked into: a directory tree, or a disk with the files inside it beside the raw disk.

Paths below an image volume: `LABEL.img` is the raw disk; everything else leads inside, `p1/home/ann` where the disk
has a partition table, `home/ann` where it has none. (A file that a disk without a table has at its top under the very
name `LABEL.img` is hidden by the raw disk.)
"""

from __future__ import annotations

import logging
from collections.abc import Iterator

from msgspec.structs import replace

from console.domain import paths
from console.domain.errors import OBJECT_DAMAGE, Failed, not_found, refused
from console.domain.machines import VolumeSource
from console.domain.objects import id_of_hex
from console.domain.recovery_points import VolumeImage
from console.domain.trees import Entry, EntryFlag, FileType
from console.engine.inside.disk import toolkit
from console.engine.inside.filesystem import Node
from console.engine.inside.image import ImageVolume
from console.repository import ChunkCache, ContentReader, Repository, TreeReader
from console.repository.tree_reader import single_name

log = logging.getLogger(__name__)

NOT_INSIDE = frozenset({"file-system-unknown", "file-system-damaged", "inside-not-available"})
"""Why a disk cannot be looked into, though its bytes may well be true."""
_AT_ONCE = 4096


class OpenVolume:
    """Thread-safe. Raises Failed as `TreeReader` and `ImageVolume` do."""

    def __init__(self, repository: Repository, image: VolumeImage, cache: ChunkCache | None = None) -> None:
        self.repository = repository
        self.image = image
        self.reader = TreeReader(repository)
        self._cache = cache
        self.root = self.reader.root(id_of_hex(image.root))
        self.top = self.reader.top(self.root, image.volume_label)
        self.inside: ImageVolume | None = None
        self.raw_name = single_name(self.root, image.volume_label)
        if self.root.source == VolumeSource.IMAGE:
            try:
                self.inside = ImageVolume(repository, self.root, image.volume_label, cache, sealed=bool(image.key))
            except Failed as known:
                if known.failure.code not in NOT_INSIDE:
                    raise

    def is_raw(self, path: bytes) -> bool:
        """Whether a path means what is stored, and not what lies inside a disk."""
        return self.root.source != VolumeSource.IMAGE or not path or path.split(b"/")[0] == self.raw_name

    def entry(self, path: bytes) -> Entry:
        """Raises Failed `no-such-file`."""
        found = self.find(path)
        if found is None:
            raise self._none(path)
        return found

    def find(self, path: bytes) -> Entry | None:
        """The entry at a path (bytes, as stored), or None; files inside a disk have no content in theirs."""
        if self.is_raw(path):
            return self.reader.find(self.top, path)
        node = self._inside(path).find(path)
        return _shown(node) if node else None

    def node(self, path: bytes) -> Node | None:
        """What is inside a disk at a path."""
        return self._inside(path).find(path)

    def entries(self, folder: Entry, path: bytes) -> Iterator[Entry]:
        """What is in a folder, sorted by name. `folder`: the entry at `path`."""
        at = 0
        while True:
            some, total = self.window(folder, path, at, _AT_ONCE)
            yield from some
            at += len(some)
            if not some or at >= total:
                return

    def window(self, folder: Entry, path: bytes, offset: int, limit: int) -> tuple[list[Entry], int]:
        """Some names of a folder, and how many it has. Raises Failed `not-a-directory`."""
        if folder.type is not FileType.DIRECTORY:
            raise refused("not-a-directory", f"“{paths.to_text(path)}” is no directory.", "Name a directory.")
        if not path and self.inside is not None:
            entries = self._tops(self.inside)
            return entries[offset : offset + limit], len(entries)
        if self.is_raw(path):
            return self.reader.window(folder, offset, limit)
        inside = self._inside(path)
        node = inside.find(path)
        if node is None:
            raise self._none(path)
        nodes = inside.children(node, path)
        return [_shown(child) for child in nodes[offset : offset + limit]], len(nodes)

    def is_here(self, path: bytes) -> bool | None:
        """Whether all bytes of a name inside a disk are here; None for what is stored as it is."""
        if self.is_raw(path) or self.inside is None:
            return None
        node = self.inside.find(path)
        return node is not None and self.inner_is_here(node)

    def inner_is_here(self, node: Node) -> bool:
        """As `is_here`, of what was found inside the disk."""
        return self.inside is not None and self.inside.is_here(node)

    def content(self, path: bytes) -> ContentReader | InnerFile:
        """The bytes of a file. Raises Failed `not-a-file`, `file-unreadable`."""
        text = paths.to_text(path)
        entry = self.entry(path)
        if entry.type is not FileType.FILE:
            raise refused("not-a-file", f"“{text}” is no file.", "Name a file.")
        if self.is_raw(path):
            if entry.flags & EntryFlag.UNREADABLE:
                raise refused("file-unreadable", f"“{text}” could not be read when the recovery point was made.")
            return ContentReader(self.repository, entry, cache=self._cache)
        inside = self._inside(path)
        node = inside.find(path)
        if node is None:
            raise self._none(path)
        if node.why:
            raise refused("file-unreadable", f"“{text}” cannot be read: {node.why}.")
        return InnerFile(inside, node)

    def _tops(self, inside: ImageVolume) -> list[Entry]:
        """The raw disk, and what the disk holds as far as that can be said: of an orphan maybe nothing."""
        raw = list(self.reader.entries(self.top))
        try:
            inner = [_shown(node) for node in inside.children(inside.top())]
        except Failed as known:
            if known.failure.code not in NOT_INSIDE | OBJECT_DAMAGE:
                raise
            log.info("%s", known.failure.message)
            inner = []
        return sorted([*raw, *(entry for entry in inner if entry.name != self.raw_name)], key=lambda entry: entry.name)

    def _inside(self, path: bytes) -> ImageVolume:
        if self.inside is None:
            toolkit()  # says what is missing
            raise self._none(path)
        return self.inside

    def _none(self, path: bytes) -> Failed:
        return not_found("file", paths.to_text(path), "List the folder above it: replicore point files ID [PATH]")


class InnerFile:
    """A file inside a disk. `size` in bytes."""

    def __init__(self, inside: ImageVolume, node: Node) -> None:
        self.size = node.entry.size
        self._inside = inside
        self._node = node

    def read(self, offset: int, length: int) -> bytes:
        """At most `length` bytes; fewer only at its end."""
        return self._inside.read(self._node, offset, length)


def _shown(node: Node) -> Entry:
    """An entry that says what is wrong with it."""
    return replace(node.entry, problem=node.why) if node.why and not node.entry.problem else node.entry
