"""What of a volume is as it was in the parent image: a look at each name tells, and it is taken over unopened."""

from __future__ import annotations

import os
from collections.abc import Sequence

from msgspec.structs import replace

from console.domain.errors import Failed
from console.domain.objects import REF, ZERO_ID
from console.domain.progress import Reporter
from console.domain.trees import Entry, FileType, VolumeRoot
from console.engine.backup.leaving import Leaving
from console.engine.restore.outcome import is_damage
from console.repository import TreeReader, WriteSession
from console.sources.attributes import Owners
from console.sources.reading import HostFiles, unchanged

Seen = tuple[int, os.stat_result | OSError]
"""Number of a name in its directory, and what came of a look at it."""


class Unchanged:
    """For one walk. `whole`: every object of the parent image is known to be here."""

    def __init__(self, files: HostFiles, owners: Owners, leaving: Leaving, reporter: Reporter) -> None:
        self._status = files.status
        self._owners = owners
        self._leaving = leaving
        self._reporter = reporter
        self.whole = False
        self._files = self._others = self._bytes = 0
        self._told = 0, 0

    def sift(self, prefix: bytes, names: list[bytes], befores: Sequence[Entry | None], directory: int) -> list[Seen]:
        """Counts the names of an open directory that keep the entries they have in the parent image (`befores`, None:
        it has none); the others, for a closer look. `prefix`: path of the directory, and a slash."""
        status_of, whole = self._status, self.whole
        excluded = self._leaving.excluded if self._leaving.by_name else None
        owner: tuple[int, int] | None = None
        rest: list[Seen] = []
        files = size = 0
        for slot, (name, before) in enumerate(zip(names, befores, strict=True)):
            try:
                status = status_of(name, directory)
            except OSError as problem:
                rest.append((slot, problem))
                continue
            if (
                before is None
                or not unchanged(before, status)
                or (before.content and not whole)
                or (status.st_nlink > 1 and before.type is FileType.FILE)
                or (excluded is not None and excluded(prefix + name, directory=False))
            ):
                rest.append((slot, status))
                continue
            if owner != (status.st_uid, status.st_gid):
                owner = (status.st_uid, status.st_gid)
                self._owners.meet(*owner)
            if before.type is FileType.FILE:
                files += 1
                size += before.size
        self._files += files
        self._others += len(names) - len(rest) - files
        self._bytes += size
        return rest

    def tell(self) -> None:
        """Tells progress of what was counted since the last time."""
        now = self._bytes, self._files + self._others
        if now[1] > self._told[1]:
            self._reporter.advance(bytes=now[0] - self._told[0], items=now[1] - self._told[1])
            self._told = now

    def counted(self, root: VolumeRoot) -> VolumeRoot:
        """The root of an image that counts these too."""
        return replace(
            root, files=root.files + self._files, others=root.others + self._others, bytes=root.bytes + self._bytes
        )


def lacking(files: Sequence[Entry], session: WriteSession, tree: TreeReader) -> set[int]:
    """Numbers of those files of the parent image whose chunks are not all here, or cannot all be named."""
    ids = [_chunks(file, tree) for file in files]
    absent = set(session.missing([oid for some in ids if some for oid in some]))
    return {n for n, some in enumerate(ids) if some is None or (absent and not absent.isdisjoint(some))}


def _chunks(file: Entry, tree: TreeReader) -> list[bytes] | None:
    if not file.depth:
        return [oid for oid, _ in REF.iter_unpack(file.content) if oid != ZERO_ID]
    try:
        return [oid for oid, _ in tree.extents(file) if oid != ZERO_ID]
    except Failed as known:
        if not is_damage(known):
            raise
        return None
