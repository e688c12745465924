"""Disks and what is mounted where. Paths may be those of directories that do not exist yet where that is said."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

import psutil


@dataclass(frozen=True, slots=True)
class Space:
    """Of a file system, in bytes. `free`: what this user may still write."""

    total: int
    used: int
    free: int


@dataclass(frozen=True, slots=True)
class Mount:
    """A mounted file system. `type` as the system calls it (`ext4`, `vfat`), `options` as mounted."""

    path: Path
    device: str
    type: str
    options: frozenset[str]

    @property
    def read_only(self) -> bool:
        return "ro" in self.options


def space(path: Path) -> Space:
    """Of the file system that `path` lies in, or will lie in when it does not exist yet. Raises OSError."""
    usage = psutil.disk_usage(str(nearest_existing(path)))
    return Space(usage.total, usage.used, usage.free)


def free_space(path: Path) -> int:
    """Bytes this user may still write where `path` lies. Raises OSError when it, or its disk, is not there."""
    return int(psutil.disk_usage(str(path)).free)


def nearest_existing(path: Path) -> Path:
    """`path` itself, or the nearest directory above it that is there."""
    path = path.absolute()
    while not path.exists() and path != path.parent:
        path = path.parent
    return path


def same_file_system(one: Path, other: Path) -> bool:
    """Whether both lie in one mounted file system (bind mounts of one count as one). Raises OSError."""
    return os.stat(one).st_dev == os.stat(other).st_dev


def mounts(*, everything: bool = False) -> list[Mount]:
    """What is mounted, by path; disks and network shares only, unless `everything`."""
    found = [
        Mount(Path(part.mountpoint), part.device, part.fstype, frozenset(filter(None, part.opts.split(","))))
        for part in psutil.disk_partitions(all=everything)
    ]
    return sorted(found, key=lambda mount: mount.path)


def labels(table: Path = Path("/dev/disk/by-label")) -> dict[str, str]:
    """What people called their file systems, by device; empty where the system does not tell."""
    found: dict[str, str] = {}
    try:
        for link in table.iterdir():
            # udev writes what a file name cannot have as \x20.
            raw = re.sub(rb"\\x([0-9a-fA-F]{2})", lambda m: bytes([int(m.group(1), 16)]), os.fsencode(link.name))
            found[str(link.resolve())] = raw.decode("utf-8", "replace")
    except OSError:
        return found
    return found


def mount_of(path: Path) -> Mount | None:
    """The mount that `path` lies in, or will lie in; None when the system does not say."""
    real = nearest_existing(path).resolve()
    holding = [mount for mount in mounts(everything=True) if real == mount.path or mount.path in real.parents]
    return max(holding, key=lambda mount: len(mount.path.parts), default=None)
