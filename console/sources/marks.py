"""Directories that say of themselves that they need not be kept."""

from __future__ import annotations

import os
import stat
from collections.abc import Collection

TAG = b"CACHEDIR.TAG"
SIGNATURE = b"Signature: 8a477f597d28d172789f06886806bc55"
"""What a tag begins with: https://bford.info/cachedir/"""

_LOOK = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0)


class Marks:
    """The marks that are heeded. `caches`: CACHEDIR.TAG with its signature; `names`: a name of any kind."""

    def __init__(self, *, caches: bool = False, names: Collection[str] = ()) -> None:
        self._caches = caches
        self._names = frozenset(os.fsencode(name) for name in names)
        self.any = caches or bool(self._names)

    def found(self, names: Collection[bytes], directory: int) -> str:
        """The mark that an open directory with these names has; empty: none."""
        for name in self._names:
            if name in names:
                return os.fsdecode(name)
        if self._caches and TAG in names and is_tag(directory):
            return os.fsdecode(TAG)
        return ""


def is_tag(directory: int) -> bool:
    """Whether CACHEDIR.TAG in an open directory is one: an ordinary file, no link, that begins with the signature."""
    try:
        file = os.open(TAG, _LOOK, dir_fd=directory)
    except OSError:
        return False
    try:
        return stat.S_ISREG(os.fstat(file).st_mode) and os.pread(file, len(SIGNATURE), 0) == SIGNATURE
    except OSError:
        return False
    finally:
        os.close(file)
