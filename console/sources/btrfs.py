"""Snapshots of btrfs subvolumes, asked of the kernel itself: nothing needs to be installed for them.

Every function may raise OSError; EPERM where we may not.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator

try:
    import fcntl
except ImportError:  # not a POSIX system: there is no btrfs either
    _HAS_CALLS = False
else:
    _HAS_CALLS = True

_DIRECTORY = os.O_RDONLY | getattr(os, "O_DIRECTORY", 0) | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0)

_CREATE = 0x50009417
"""BTRFS_IOC_SNAP_CREATE_V2: struct btrfs_ioctl_vol_args_v2."""
_DESTROY = 0x5000940F
"""BTRFS_IOC_SNAP_DESTROY: struct btrfs_ioctl_vol_args."""
_READ_ONLY = 2
TOP_INODE = 256
"""The top of every subvolume."""
STUB_INODE = 2
"""What a snapshot has in place of a subvolume that lay in what was snapshot: an empty directory."""


def may_snapshot() -> bool:
    """Whether we may hope for it: a snapshot that nobody may delete again is not made at all."""
    return _HAS_CALLS and hasattr(os, "geteuid") and os.geteuid() == 0


def subvolume_of(path: bytes) -> bytes:
    """The top of the subvolume that a directory (a real path on btrfs) lies in."""
    device = os.stat(path).st_dev
    while os.stat(path).st_ino != TOP_INODE and path != b"/":
        above = os.path.dirname(path)
        if os.stat(above).st_dev != device:
            break
        path = above
    return path


def snapshot(subvolume: bytes, name: bytes) -> bytes:
    """A read-only snapshot of a subvolume, made in its top directory. Returns its path."""
    top = os.open(subvolume, _DIRECTORY)
    try:
        fcntl.ioctl(top, _CREATE, bytearray(struct.pack("=qQQ32s4040s", top, 0, _READ_ONLY, b"", name)))
    finally:
        os.close(top)
    return subvolume.rstrip(b"/") + b"/" + name


def delete(path: bytes) -> None:
    """Deletes a snapshot with all in it."""
    above, name = os.path.split(path)
    directory = os.open(above, _DIRECTORY)
    try:
        fcntl.ioctl(directory, _DESTROY, bytearray(struct.pack("=q4088s", 0, name)))
    finally:
        os.close(directory)


def named(subvolume: bytes, prefix: bytes) -> Iterator[bytes]:
    """Subvolumes in the top directory of another whose names begin so."""
    for name in os.listdir(subvolume):
        path = subvolume.rstrip(b"/") + b"/" + name
        if name.startswith(prefix) and os.lstat(path).st_ino == TOP_INODE:
            yield path
