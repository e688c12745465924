"""What was read of a file, and the entry that becomes of it."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass

from console.domain.trees import Entry, FileType
from console.sources.attributes import Xattrs
from console.sources.reading import link_number

FINE_S, COARSE_S = 0.05, 2.0
"""A file system's times stand still for some milliseconds, on some for two seconds."""
SKEW_S = 60.0
"""Times further ahead of our clock than this say nothing about how long ago a change was."""

Extras = tuple[Xattrs, int]
"""Extended attributes, and file flags."""


@dataclass(slots=True)
class Content:
    """What was read of a file. `read`: bytes taken from the disk (holes cost none)."""

    size: int = 0
    read: int = 0
    inline: bytes = b""
    content: bytes = b""
    depth: int = 0


def finished(
    name: bytes, status: os.stat_result, content: Content, extras: Extras, moment: float, flags: int = 0
) -> Entry:
    """The entry of a regular file. `moment`: a time before the reading, in seconds since 1970."""
    return Entry(
        name,
        FileType.FILE,
        stat.S_IMODE(status.st_mode),
        status.st_uid,
        status.st_gid,
        status.st_mtime_ns,
        0 if flags or too_fresh(status, moment) else status.st_ctime_ns,
        status.st_ino,
        status.st_dev,
        content.size,
        content.depth,
        content.content,
        content.inline,
        links=link_number(status),
        xattrs=extras[0],
        flags=flags,
        file_flags=extras[1],
    )


def too_fresh(status: os.stat_result, moment: float) -> bool:
    """Whether a change right after the reading may leave the file's times as they are: it is read again next time."""
    coarse = not (status.st_ctime_ns % 1_000_000_000 or status.st_mtime_ns % 1_000_000_000)
    age = moment - max(status.st_ctime, status.st_mtime)
    return -SKEW_S < age < (COARSE_S if coarse else FINE_S)
