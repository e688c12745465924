"""File flags as Linux has them (chattr): read and set on an open file or directory. Paper: `repository/FORMAT.md`."""

from __future__ import annotations

import errno
import os
import platform
import struct
import sys
from enum import IntFlag

try:
    import fcntl
except ImportError:  # not a POSIX system
    _HAS_CALLS = False
else:
    # Elsewhere the numbers of the calls are made otherwise, or there are no such calls.
    _HAS_CALLS = sys.platform == "linux" and not platform.machine().startswith(("ppc", "mips", "sparc", "alpha"))

_LONG = struct.calcsize("l")
_GET = 0x80006601 | _LONG << 16
_SET = 0x40006602 | _LONG << 16
_NOTHING = bytes(8)
NOT_HERE = frozenset([errno.ENOTTY, errno.EOPNOTSUPP, errno.ENOTSUP, errno.ENOSYS, errno.EINVAL])
"""What a file system without flags says."""


class FileFlag(IntFlag):
    """Those that are kept; what else a file system tells is about how it stores a file."""

    SECURE_DELETION = 0x1
    UNDELETABLE = 0x2
    COMPRESSED = 0x4
    SYNCHRONOUS = 0x8
    IMMUTABLE = 0x10
    APPEND_ONLY = 0x20
    NO_DUMP = 0x40
    NO_ATIME = 0x80
    NOT_COMPRESSED = 0x400
    JOURNALLED = 0x4000
    NO_TAIL = 0x8000
    SYNCHRONOUS_NAMES = 0x10000
    TOP_OF_HIERARCHY = 0x20000
    NO_COPY_ON_WRITE = 0x800000


# Plain numbers: they are asked about with every file.
KEPT = int(sum(FileFlag))
EARLY = int(FileFlag.COMPRESSED | FileFlag.NOT_COMPRESSED | FileFlag.NO_COPY_ON_WRITE)
"""Some file systems take these only while a file is empty."""
LOCKING = int(FileFlag.IMMUTABLE | FileFlag.APPEND_ONLY)
"""With these a name can no longer be given, linked or dressed: they come last of all."""


def read(file: int) -> int:
    """The flags of an open file or directory that are kept. Raises OSError (`NOT_HERE`: there are none)."""
    if not _HAS_CALLS:
        raise OSError(errno.ENOTTY, os.strerror(errno.ENOTTY))
    told: bytes = fcntl.ioctl(file, _GET, _NOTHING)
    return int.from_bytes(told[:4], sys.byteorder) & KEPT


def change(file: int, wanted: int, among: int) -> list[tuple[FileFlag, OSError]]:
    """Sets and takes away those flags of an open file or directory that are `among`. What could not be changed is
    returned with its reason; the others are changed all the same."""
    wanted &= among
    try:
        if not _HAS_CALLS:
            raise OSError(errno.ENOTTY, os.strerror(errno.ENOTTY))
        # Also those that are not kept, which a file system wants back as it gave them.
        before = int.from_bytes(fcntl.ioctl(file, _GET, _NOTHING)[:4], sys.byteorder)
    except OSError as problem:
        return [(flag, problem) for flag in FileFlag if wanted & flag]
    after = before & ~among | wanted
    if after == before or _set(file, after) is None:
        return []
    refused: list[tuple[FileFlag, OSError]] = []
    for flag in FileFlag:
        if (before ^ after) & flag:
            problem_of = _set(file, before ^ flag)
            if problem_of is None:
                before ^= flag
            else:
                refused.append((flag, problem_of))
    return refused


def _set(file: int, flags: int) -> OSError | None:
    try:
        fcntl.ioctl(file, _SET, flags.to_bytes(_LONG, sys.byteorder))
    except OSError as problem:
        return problem
    return None
