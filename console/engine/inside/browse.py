"""Looking into recovery points: one face for directory trees, streams, raw disks and the files inside them."""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from console.catalog import Catalog
from console.domain.errors import not_found
from console.domain.objects import id_of_hex
from console.domain.recovery_points import RecoveryPoint, VolumeImage
from console.domain.trees import Entry
from console.engine.repositories import Repositories

if TYPE_CHECKING:
    from console.engine.inside.volume import OpenVolume
    from console.repository import ChunkCache

CACHE_BYTES = 96 << 20
"""Chunks that are kept of each repository that is looked into."""
READERS = 2
_VOLUMES = 16
_FILES = 64


class Content(Protocol):
    def read(self, offset: int, length: int) -> bytes:
        """At most `length` bytes; fewer only at the end."""


@dataclass(frozen=True, slots=True)
class Folder:
    """One window of a folder's names, sorted. `total`: how many there are in all."""

    entries: tuple[Entry, ...]
    total: int


class Browse:
    """Reads what points hold. Thread-safe; close it.

    Every call raises Failed: `no-such-recovery-point`, `no-such-volume`, `no-such-file`, what opening the repository
    refuses, `object-missing` and `object-damaged`, and what `ImageVolume` says.
    """

    def __init__(self, catalog: Catalog, repositories: Repositories) -> None:
        self._catalog = catalog
        self._repositories = repositories
        self._lock = threading.Lock()
        self._caches: dict[str, ChunkCache] = {}
        self._volumes: OrderedDict[str, OpenVolume] = OrderedDict()
        self._files: OrderedDict[tuple[str, bytes], Content] = OrderedDict()

    def close(self) -> None:
        with self._lock:
            caches, self._caches = list(self._caches.values()), {}
            self._volumes.clear()
            self._files.clear()
        for cache in caches:
            cache.close()

    def open(self, image: VolumeImage) -> OpenVolume:
        """A volume image, opened; those used lately are kept."""
        from console.engine.inside.volume import OpenVolume
        from console.repository import ChunkCache

        home = self._catalog.points.image(image.id).repository
        repository = self._repositories.open(home)
        old: ChunkCache | None = None
        with self._lock:
            known = self._volumes.get(image.id)
            if known is not None and known.repository is repository:
                self._volumes.move_to_end(image.id)
        if known is not None and known.repository is repository:
            if image.key:
                repository.read(id_of_hex(image.root))  # refused where the key has been locked meanwhile
            return known
        with self._lock:
            cache = self._caches.get(home)
            if cache is None or cache.source is not repository:
                old = cache
                cache = self._caches[home] = ChunkCache(repository, limit=CACHE_BYTES, threads=READERS)
        if old is not None:
            old.close()
        opened = OpenVolume(repository, image, cache)
        with self._lock:
            self._volumes[image.id] = opened
            if len(self._volumes) > _VOLUMES:
                self._volumes.popitem(last=False)
        return opened

    def folder(self, point: str, volume: str, path: bytes, offset: int, limit: int) -> Folder:
        """Names of one folder. Raises Failed `not-a-directory` too."""
        found = self._of(point, volume)
        entries, total = found.window(found.entry(path), path, offset, limit)
        return Folder(tuple(entries), total)

    def entry(self, point: str, volume: str, path: bytes) -> Entry:
        """One name; the top for an empty path."""
        return self._of(point, volume).entry(path)

    def read(self, point: str, volume: str, path: bytes, offset: int, length: int) -> bytes:
        """Bytes of one file, proven; fewer than `length` only at its end. Raises Failed `not-a-file`,
        `file-unreadable` too."""
        found = self._of(point, volume)
        key = (found.image.id, path)
        with self._lock:
            content = self._files.get(key)
            if content is not None:
                self._files.move_to_end(key)
        if content is None:
            content = found.content(path)
            with self._lock:
                self._files[key] = content
                if len(self._files) > _FILES:
                    self._files.popitem(last=False)
        return content.read(offset, length)

    def _of(self, point: str, volume: str) -> OpenVolume:
        return self.open(image_of(self._catalog.points.get(point), volume))


def image_of(point: RecoveryPoint, volume: str) -> VolumeImage:
    """The image of the volume with this label or id. Raises Failed `no-such-volume`."""
    for image in point.images:
        if volume in (image.volume_label, image.volume):
            return image
    raise not_found("volume", volume, "List what the point has: replicore point show ID")
