"""What a directory tree looks like inside a volume image: entries, nodes, root. Paper: `repository/FORMAT.md`."""

from __future__ import annotations

from enum import IntEnum, IntFlag

import msgspec


class FileType(IntEnum):
    DIRECTORY = 1
    FILE = 2
    SYMLINK = 3
    CHARACTER_DEVICE = 4
    BLOCK_DEVICE = 5
    FIFO = 6
    SOCKET = 7


class EntryFlag(IntFlag):
    NONE = 0
    UNREADABLE = 1
    """The content could not be read when the image was made; there is none. Never restored as an empty file."""
    CHANGED = 2
    """The file changed each time it was read; its content is of no single moment."""


class Entry(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One name in a directory.

    `content` holds packed references (`domain.objects.pack_refs`). With `depth` 0 they name chunks (file) or leaf
    tree nodes (directory); with a greater depth they name list nodes that many levels above those. Contents of up to
    `INLINE_MAX` bytes stand in `inline` instead. Times in nanoseconds since 1970 UTC. `links` is the hard-link group:
    entries of one image with the same non-zero number are one file (its content stands in every one of them).
    `ctime_ns`, `inode` and `device` are for noticing change and are never restored. `file_flags`: what Linux's chattr
    sets; written only where there are any.
    """

    name: bytes
    type: FileType
    mode: int = 0
    uid: int = 0
    gid: int = 0
    mtime_ns: int = 0
    ctime_ns: int = 0
    inode: int = 0
    device: int = 0
    size: int = 0
    depth: int = 0
    content: bytes = b""
    inline: bytes = b""
    target: bytes = b""
    rdev: int = 0
    links: int = 0
    xattrs: tuple[tuple[bytes, bytes], ...] = ()
    flags: int = 0
    problem: str = ""
    file_flags: int = 0


class Partition(msgspec.Struct, frozen=True, array_like=True):
    """One partition of a disk. `start` and `length` in bytes; `type` as its table says (GUID or hex number)."""

    number: int
    start: int
    length: int
    type: str = ""
    name: str = ""
    filesystem: str = ""


class DiskLayout(msgspec.Struct, frozen=True, array_like=True):
    """What a disk image is divided into. `sector` and `block` in bytes: of the device, and of one chunk of content.

    `scheme`: `gpt`, `mbr`, or empty for a disk without a table; then `filesystem` says what lies on all of it.
    """

    sector: int
    block: int
    scheme: str = ""
    partitions: tuple[Partition, ...] = ()
    filesystem: str = ""


class VolumeRoot(msgspec.Struct, frozen=True, array_like=True):
    """The plain bytes of a ROOT object: where a volume image begins.

    `source` is `tree` (a directory tree; `entry` is its top directory with an empty name), `image` (a disk; `entry` is
    a nameless file of its bytes, in blocks of one size; `disk` says how it is divided) or `stream` (what a command
    wrote; `entry` is a nameless file). `users` and `groups` name
    the numeric owners met, for restoring on another machine. Counts are of everything below; `bytes` is the sum of
    the sizes of files (a hard-linked file once).
    """

    source: str
    entry: Entry
    files: int
    directories: int
    others: int
    bytes: int
    unreadable: int = 0
    users: tuple[tuple[int, str], ...] = ()
    groups: tuple[tuple[int, str], ...] = ()
    disk: DiskLayout | None = None


INLINE_MAX = 128
LEAF_ENTRIES_AVERAGE = 256
LEAF_ENTRIES_MAX = 2048
LIST_REFS_AVERAGE = 256
LIST_REFS_MAX = 2048
CONTENT_REFS_MAX = 16
"""An entry or list level with more references than this gets one more level of list nodes above it."""


def check_name(name: bytes) -> bytes:
    """A name as it may stand in a directory. Raises ValueError for what would leave the directory (`..`, `/`, NUL)."""
    if not name or name in (b".", b"..") or b"/" in name or b"\0" in name or len(name) > 4096:
        raise ValueError(f"not a file name: {name[:80]!r}")
    return name
