"""How many files of an image have all their bytes here: counted by walking its names, kept, and counted ahead."""

from __future__ import annotations

import logging
import threading
from collections import OrderedDict
from collections.abc import Callable, Collection
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from console.catalog import Catalog, StoredImage
from console.domain.errors import OBJECT_DAMAGE, Failed
from console.domain.events import Changed
from console.domain.objects import ZERO_ID, id_of_hex
from console.domain.recovery_points import VolumeImage
from console.domain.trees import EntryFlag, FileType
from console.engine.repositories import Repositories

if TYPE_CHECKING:
    from console.repository import Repository

log = logging.getLogger(__name__)

KEPT_COUNTS = 65_536
"""So many orphans are remembered, each in some hundred bytes."""


@dataclass(frozen=True, slots=True)
class FileCount:
    """`locked`: its names are sealed with a key that is locked, so that `restorable` is all of them or says nothing."""

    restorable: int
    total: int
    locked: bool = False


class _StoppedError(Exception):
    """Nobody needs the count any more."""


class Counting:
    """Thread-safe. `told` is called, in a thread of its own, when counts are there that `known` had not got."""

    def __init__(self, catalog: Catalog, repositories: Repositories) -> None:
        self._catalog = catalog
        self._repositories = repositories
        self.told: Callable[[], None] = lambda: None
        self._lock = threading.Lock()
        # By root: how many objects the repository had when this was counted.
        self._counts: OrderedDict[str, tuple[int, FileCount]] = OrderedDict()
        self._wanted: OrderedDict[str, StoredImage] = OrderedDict()
        self._ahead: threading.Thread | None = None
        self._stopping = False
        catalog.on_change(lambda changed: self._forget_locked() if Changed.KEYS in changed else None)

    def _forget_locked(self) -> None:
        with self._lock:
            for root in [root for root, (_, count) in self._counts.items() if count.locked]:
                del self._counts[root]

    def count(self, image: StoredImage) -> FileCount:
        """Exact; may take as long as its names are many. Raises Failed, what opening its repository refuses."""
        return self._made(image, lambda: False)

    def known(self, images: Collection[StoredImage]) -> dict[str, FileCount]:
        """By image (id), what was counted last, at once. What is not known, or may have changed since, is counted
        behind the caller's back."""
        objects: dict[str, int] = {}
        for repository in {image.repository for image in images}:
            try:
                objects[repository] = self._repositories.open(repository).usage().objects
            except Failed:
                continue
        found: dict[str, FileCount] = {}
        with self._lock:
            for image in images:
                kept = self._counts.get(image.image.root)
                if kept is not None:
                    found[image.image.id] = kept[1]
                if image.repository in objects and (kept is None or kept[0] != objects[image.repository]):
                    self._wanted[image.image.root] = image
            if self._wanted and self._ahead is None and not self._stopping:
                self._ahead = threading.Thread(target=self._count_ahead, name="counting", daemon=True)
                self._ahead.start()
        return found

    def close(self) -> None:
        """Waits for the count that is being made, which ends at the next folder."""
        with self._lock:
            self._stopping = True
            self._wanted.clear()
            ahead = self._ahead
        if ahead is not None:
            ahead.join()

    def _made(self, image: StoredImage, stopped: Callable[[], bool]) -> FileCount:
        repository = self._repositories.open(image.repository)
        objects = repository.usage().objects
        with self._lock:
            kept = self._counts.get(image.image.root)
        if kept is not None and kept[0] == objects:
            return kept[1]
        found = _count(repository, image.image, stopped)
        with self._lock:
            self._counts[image.image.root] = (objects, found)
            while len(self._counts) > KEPT_COUNTS:
                self._counts.popitem(last=False)
        return found

    def _count_ahead(self) -> None:
        differs = False
        while True:
            with self._lock:
                if not self._wanted:
                    self._ahead = None
                    break
                root, image = self._wanted.popitem(last=False)
                before = self._counts.get(root)
            try:
                differs |= self._made(image, lambda: self._stopping) != (before[1] if before else None)
            except _StoppedError:
                continue
            except Failed as known:
                log.info("the files of image %s cannot be counted: %s", image.image.id, known.failure.message)
            except Exception:
                log.exception("the files of image %s cannot be counted", image.image.id)
        if differs and not self._stopping:
            self.told()


def _count(repository: Repository, image: VolumeImage, stopped: Callable[[], bool]) -> FileCount:
    """Walks all names that are here. Look-ups go in batches; a missing directory costs its files, unseen."""
    from console.repository import TreeReader

    reader = TreeReader(repository)
    root, total = id_of_hex(image.root), image.files
    missing = partial(repository.missing, sealed=bool(image.key))
    here = 0
    try:
        stack = [reader.top(reader.root(root), "")]
    except Failed as known:
        if known.failure.code == "key-locked":
            # What refers to what is in clear: whether all is here can be told all the same.
            torn = next(reader.absent(root, missing), None) is not None
            return FileCount(0 if torn else total, total, locked=True)
        if known.failure.code not in OBJECT_DAMAGE:
            raise
        return FileCount(0, total)
    waiting: list[tuple[int, bytes]] = []
    files = 0

    def settle() -> int:
        lacking = set(missing(list({oid for _, oid in waiting})))
        hurt = {number for number, oid in waiting if oid in lacking}
        count = len({number for number, _ in waiting} - hurt)
        waiting.clear()
        return count

    while stack:
        if stopped():
            raise _StoppedError
        directory = stack.pop()
        try:
            children = list(reader.entries(directory))
        except Failed as known:
            if known.failure.code not in OBJECT_DAMAGE:
                raise
            continue
        for child in children:
            if child.type is FileType.DIRECTORY:
                stack.append(child)
            elif child.type is FileType.FILE and not child.flags & EntryFlag.UNREADABLE:
                files += 1
                try:
                    chunks = [oid for oid, _ in reader.extents(child) if oid != ZERO_ID]
                except Failed as known:
                    if known.failure.code not in OBJECT_DAMAGE:
                        raise
                    continue
                if chunks:
                    waiting += [(files, oid) for oid in chunks]
                else:
                    here += 1
        if len(waiting) > 20_000:
            here += settle()
    return FileCount(here + settle(), max(total, files))
