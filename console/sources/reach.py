"""Paths longer than the system takes in one call, reached piece by piece."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

LONGEST = 4000
"""Bytes of a path that every call takes (Linux: 4096 with the ending NUL)."""

_STEP = getattr(os, "O_PATH", os.O_RDONLY) | getattr(os, "O_DIRECTORY", 0) | getattr(os, "O_CLOEXEC", 0)


def open_path(path: bytes, flags: int, mode: int = 0o600) -> int:
    """`os.open` for an absolute path of any length."""
    if len(path) < LONGEST:
        return os.open(path, flags, mode)
    directory, rest = _enter(path)
    try:
        return os.open(rest, flags, mode, dir_fd=directory)
    finally:
        os.close(directory)


def status_of(path: bytes) -> os.stat_result:
    """`os.lstat` for an absolute path of any length."""
    if len(path) < LONGEST:
        return os.lstat(path)
    directory, rest = _enter(path)
    try:
        return os.stat(rest, dir_fd=directory, follow_symlinks=False)
    finally:
        os.close(directory)


@contextmanager
def short(path: bytes) -> Iterator[bytes]:
    """Another path of the same file, short enough for any call; good while the context lasts."""
    if len(path) < LONGEST:
        yield path
        return
    directory, rest = _enter(path)
    try:
        yield below(directory, rest)
    finally:
        os.close(directory)


def below(directory: int, name: bytes) -> bytes:
    """A path for calls that cannot take an open directory and a name in it."""
    return b"/proc/self/fd/%d/%s" % (directory, name)


def _enter(path: bytes) -> tuple[int, bytes]:
    """An open directory and what is left of `path` below it, short enough. The caller closes it."""
    directory: int | None = None
    rest = path
    while len(rest) >= LONGEST:
        cut = rest.rindex(b"/", 0, LONGEST)
        step, rest = rest[:cut] or b"/", rest[cut + 1 :]
        try:
            following = os.open(step, _STEP, dir_fd=directory)
        finally:
            if directory is not None:
                os.close(directory)
        directory = following
    assert directory is not None
    return directory, rest
