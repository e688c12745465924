"""What is mounted where. File systems that hold nobody's files, what the kernel shows of itself, are never imaged."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

PSEUDO_TYPES = frozenset(
    [
        "autofs",
        "binder",
        "binfmt_misc",
        "bpf",
        "cgroup",
        "cgroup2",
        "configfs",
        "debugfs",
        "devpts",
        "devtmpfs",
        "efivarfs",
        "functionfs",
        "fuse.gvfsd-fuse",
        "fuse.lxcfs",
        "fuse.portal",
        "fusectl",
        "hugetlbfs",
        "mqueue",
        "nsfs",
        "openpromfs",
        "proc",
        "pstore",
        "resctrl",
        "rpc_pipefs",
        "securityfs",
        "selinuxfs",
        "smackfs",
        "sysfs",
        "tracefs",
    ]
)


SUBVOLUME_INODE = 256
"""The top of every btrfs subvolume."""
_ESCAPED = re.compile(rb"\\([0-7]{3})")


class Mounts:
    """What is mounted in this moment, as the kernel tells it. On systems without that table nothing is pseudo."""

    def __init__(self, table: Path = Path("/proc/self/mountinfo")) -> None:
        self._types: dict[int, str] = {}
        self._points: dict[bytes, str] = {}
        try:
            lines = table.read_bytes().splitlines()
        except OSError:
            return
        for line in lines:
            fields = line.split(b" ")
            if b"-" not in fields or len(fields) < 5:
                continue
            major, _, minor = fields[2].partition(b":")
            kind = fields[fields.index(b"-") + 1].decode("utf-8", "replace")
            self._types[os.makedev(int(major), int(minor))] = kind
            point = _ESCAPED.sub(lambda found: bytes((int(found[1], 8) & 0xFF,)), fields[4])
            self._points[point] = kind

    def pseudo(self, device: int) -> str | None:
        """The type of the file system with this device number when it is a pseudo one, else None."""
        kind = self._types.get(device)
        return kind if kind in PSEUDO_TYPES else None

    def kind(self, device: int) -> str:
        """The type of the file system with this device number; empty when the table does not have it."""
        return self._types.get(device, "")

    def kind_at(self, path: bytes) -> str:
        """The type of the file system that a real path lies on; empty when the table does not say."""
        while path not in self._points and path not in (b"/", b""):
            path = os.path.dirname(path)
        return self._points.get(path, "")

    def points(self, home: bytes) -> list[bytes]:
        """Where anything is mounted at or below a directory (a real path)."""
        start = home.rstrip(b"/") + b"/"
        return sorted(point for point in self._points if point == home or point.startswith(start))

    def begins(self, path: bytes, status: os.stat_result, above: int) -> bool:
        """Whether something is mounted at a directory (a real path): also what is bound there from the same file
        system, but not a subvolume of btrfs that only lies there. `above`: the device of the directory above."""
        if path in self._points:
            return True
        return status.st_dev != above and not (self._points and status.st_ino == SUBVOLUME_INODE)

    def below(self, home: bytes) -> Iterator[tuple[bytes, str]]:
        """What is mounted below a directory (a real path) and holds somebody's files: path and type, by path."""
        start = home.rstrip(b"/") + b"/"
        for point, kind in sorted(self._points.items()):
            if point.startswith(start) and point != start and kind not in PSEUDO_TYPES:
                yield point, kind
