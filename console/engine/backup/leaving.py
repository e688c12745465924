"""What of a volume is left out, by which rule: said in the job's log, counted, the first ones named in the result."""

from __future__ import annotations

import os
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Any

from console.domain import paths
from console.domain.machines import MachineOptions
from console.domain.progress import Reporter
from console.domain.trees import Entry
from console.engine.backup.snapshots import PREFIX
from console.sources.excludes import Excludes
from console.sources.marks import Marks
from console.sources.mounts import Mounts

SNAPSHOTS = PREFIX.encode()
NAMED = 100
"""So many of the directories that are left out are named in the result of a backup."""


@dataclass
class LeftOut:
    """Directories that are not in an image though they stand in the volume. `first`: path and reason of some."""

    count: int = 0
    first: list[tuple[str, str]] = field(default_factory=list)

    def to_dict(self) -> dict[str, Any]:
        return {"count": self.count, "first": [{"path": path, "why": why} for path, why in self.first]}


class Leaving:
    """The rules for one volume. Used by the walk alone.

    What is excluded, marked, or belongs to a Core is not in the image at all; of what is mounted there stays the
    directory, so that it can be mounted there again.
    """

    def __init__(
        self,
        volume: bytes,
        reporter: Reporter,
        *,
        excludes: Collection[str] = (),
        private: Collection[bytes] = (),
        options: MachineOptions,
    ) -> None:
        """`volume`: as the machine names it. `private`: directories that are always left out."""
        self._reporter = reporter
        self._skip = len(os.path.realpath(volume).rstrip(b"/")) + 1
        self._patterns = Excludes(excludes, volume)
        self._marks = Marks(caches=options.caches, names=options.markers)
        self._private = identities(private)
        self._mounts = Mounts()
        self._stay = options.one_file_system
        self.by_name = not self._patterns.empty
        """Whether names have to be asked about at all (`excluded`)."""
        self.by_mark = self._marks.any
        """Whether listed directories have to be asked about (`marked`)."""
        self.left = LeftOut()

    def excluded(self, path: bytes, *, directory: bool) -> bool:
        """Whether a pattern leaves this name out."""
        if not self._patterns.match(path[self._skip :], directory=directory):
            return False
        if directory:
            self._note(path, "excluded")
        return True

    def private(self, path: bytes, name: bytes, status: os.stat_result) -> bool:
        """Whether this directory is a repository, a Core's own, or a snapshot that some Core reads from."""
        if name.startswith(SNAPSHOTS):
            self._note(path, "a snapshot of a backup")
            return True
        if (status.st_dev, status.st_ino) not in self._private:
            return False
        self._reporter.log(f"“{paths.to_text(path)}” holds a repository or a Core's own data: left out.")
        self._note(path, "belongs to a Core")
        return True

    def marked(self, path: bytes, names: Sequence[bytes], directory: int) -> bool:
        """Whether an open directory says of itself that it need not be kept."""
        mark = self._marks.found(names, directory)
        if mark:
            self._note(path, f"marked by {mark}")
        return bool(mark)

    def mounted(self, path: bytes, status: os.stat_result, above: int, before: Entry | None, *, base: bool) -> bool:
        """Whether the content of this directory stays out because of what is mounted there.

        `above`: device of the directory above. `before`: its entry in the parent image. `base`: there is no such image.
        """
        if not self._mounts.begins(path, status, above):
            return False
        kind = self._mounts.pseudo(status.st_dev) if status.st_dev != above else None
        text = paths.to_text(path)
        if kind:
            self._reporter.log(f"“{text}” is a {kind} file system: its content is left out.")
            self._note(path, f"a {kind} file system")
            return True
        if not self._stay:
            return False
        kind = self._mounts.kind(status.st_dev)
        message = (
            f"“{text}”, where {f'a file system ({kind})' if kind else 'another file system'} is mounted, is left out."
        )
        # Said aloud when it is news, so that a backup of every hour does not end with a warning for ever.
        if base or (before is not None and before.content):
            self._reporter.warn(
                "mount-left-out",
                f"{message} Make it a volume of its own, or let the machine's backups cross into other file systems.",
            )
        else:
            self._reporter.log(message)
        self._note(path, "another file system is mounted there")
        return True

    def _note(self, path: bytes, why: str) -> None:
        self.left.count += 1
        if len(self.left.first) < NAMED:
            self.left.first.append((paths.to_text(path), why))


def identities(directories: Collection[bytes]) -> frozenset[tuple[int, int]]:
    """Device and inode of those directories that are there."""
    found: set[tuple[int, int]] = set()
    for path in directories:
        try:
            status = os.stat(path)
        except OSError:
            continue
        found.add((status.st_dev, status.st_ino))
    return frozenset(found)
