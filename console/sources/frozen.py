"""Reading a tree from a snapshot as if it were the tree itself: with the living one's paths and devices."""

from __future__ import annotations

import os
from collections.abc import Iterable

from console.sources.attributes import Xattrs
from console.sources.btrfs import STUB_INODE
from console.sources.reading import HostFiles


class FrozenFiles(HostFiles):
    """The files of a volume as a snapshot of its subvolume has them.

    Subvolumes and mounts inside are not in the snapshot: they are read as they are now. Devices are told as the living
    ones: the number of a snapshot's own device is new every time, and a file would seem to be another one.
    """

    def __init__(self, files: HostFiles, subvolume: bytes, snapshot: bytes, mounted: Iterable[bytes] = ()) -> None:
        """`mounted`: what is mounted inside."""
        super().__init__()
        self._files = files
        self._top = subvolume
        self._cut = len(subvolume.rstrip(b"/"))
        self._snapshot = snapshot
        self._living = os.stat(subvolume).st_dev
        self._frozen = os.stat(snapshot).st_dev
        self._outside = tuple(mounted)
        self.inner: list[bytes] = []
        """Subvolumes inside that were met, and read as they are now."""

    def open_directory(self, path: bytes) -> int:
        there = self._place(path)
        directory = self._files.open_directory(there)
        if there is path:
            return directory
        try:
            if self._files.status_open(directory).st_ino != STUB_INODE:
                return directory
        except BaseException:
            self._files.close(directory)
            raise
        self._files.close(directory)
        self.inner.append(path)
        self._outside = (*self._outside, path)
        return self._files.open_directory(path)

    def names(self, directory: int) -> list[bytes]:
        return self._files.names(directory)

    def status(self, name: bytes, directory: int) -> os.stat_result:
        return self._told(self._files.status(name, directory))

    def status_of(self, path: bytes) -> os.stat_result:
        return self._told(self._files.status_of(self._place(path)))

    def status_open(self, file: int) -> os.stat_result:
        return self._told(self._files.status_open(file))

    def open(self, path: bytes) -> int:
        return self._files.open(self._place(path))

    def read_into(self, file: int, buffer: memoryview, offset: int) -> int:
        return self._files.read_into(file, buffer, offset)

    def close(self, file: int) -> None:
        self._files.close(file)

    def link_target(self, path: bytes) -> bytes:
        return self._files.link_target(self._place(path))

    def xattrs(self, where: int | bytes) -> Xattrs:
        return self._files.xattrs(where if isinstance(where, int) else self._place(where))

    def flags(self, file: int, device: int) -> int:
        return self._files.flags(file, device)

    def stretches(self, file: int, size: int) -> list[tuple[int, int]]:
        return self._files.stretches(file, size)

    def _place(self, path: bytes) -> bytes:
        """Where the snapshot has what stands at a path; the path itself when the snapshot does not have it."""
        for outside in self._outside:
            if path == outside or path.startswith(outside + b"/"):
                return path
        rest = path[self._cut :]
        if not path.startswith(self._top) or (rest and not rest.startswith(b"/")):
            return path
        return self._snapshot + rest

    def _told(self, status: os.stat_result) -> os.stat_result:
        if status.st_dev != self._frozen:
            return status
        fields = status.__reduce__()[1]
        assert isinstance(fields, tuple)
        seen, extra = fields
        return os.stat_result((*seen[:2], self._living, *seen[3:]), extra)
