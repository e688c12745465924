"""File systems that hold no files of anybody's: what the kernel shows of itself. Their content is never imaged."""

from __future__ import annotations

import os
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


class Mounts:
    """What is mounted in this moment, as the kernel tells it. On systems without that table nothing is pseudo."""

    def __init__(self, table: Path = Path("/proc/self/mountinfo")) -> None:
        self._types: dict[int, str] = {}
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

    def pseudo(self, device: int) -> str | None:
        """The type of the file system with this device number when it is a pseudo one, else None."""
        kind = self._types.get(device)
        return kind if kind in PSEUDO_TYPES else None
