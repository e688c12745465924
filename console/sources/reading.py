"""Reading a tree of this host: one class between engine and system, so that a test can stand between them too."""

from __future__ import annotations

import errno
import hashlib
import os
import stat
import sys
from contextlib import suppress

from console.domain.trees import Entry, FileType
from console.sources import flags, reach
from console.sources.attributes import Xattrs, read_xattrs

_THREAD: int | None = None
with suppress(ImportError):  # only Unix counts
    import resource

    _THREAD = getattr(resource, "RUSAGE_THREAD", None)
_NOATIME = getattr(os, "O_NOATIME", 0)
_COMMON = os.O_RDONLY | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NOFOLLOW", 0)
_FILE = _COMMON | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
_DIRECTORY = _COMMON | getattr(os, "O_DIRECTORY", 0)
_ENCODING, _ERRORS = sys.getfilesystemencoding(), sys.getfilesystemencodeerrors()

TYPES = {
    stat.S_IFDIR: FileType.DIRECTORY,
    stat.S_IFREG: FileType.FILE,
    stat.S_IFLNK: FileType.SYMLINK,
    stat.S_IFCHR: FileType.CHARACTER_DEVICE,
    stat.S_IFBLK: FileType.BLOCK_DEVICE,
    stat.S_IFIFO: FileType.FIFO,
    stat.S_IFSOCK: FileType.SOCKET,
}

_FORMATS = (0, *(next(mode for mode, known in TYPES.items() if known is kind) for kind in FileType))
"""The bits of a mode that say what a name is, by number of its `FileType`."""

SPARSE_FROM = 4096
"""Smaller files are not asked for holes: there is room for none."""


class HostFiles:
    """The file calls a backup makes. Every method may raise OSError. May be used from many threads."""

    def __init__(self) -> None:
        self._flagless: set[int] = set()

    def open_directory(self, path: bytes) -> int:
        return _quietly(path, _DIRECTORY)

    def names(self, directory: int) -> list[bytes]:
        """What stands in an open directory, sorted."""
        return sorted([name.encode(_ENCODING, _ERRORS) for name in os.listdir(directory)])

    def status(self, name: bytes, directory: int) -> os.stat_result:
        return os.stat(name, dir_fd=directory, follow_symlinks=False)

    def status_of(self, path: bytes) -> os.stat_result:
        return reach.status_of(path)

    def status_open(self, file: int) -> os.stat_result:
        return os.fstat(file)

    def open(self, path: bytes) -> int:
        """A regular file, for reading; its last link is not followed, its access time is left alone where allowed."""
        return _quietly(path, _FILE)

    def read(self, file: int, size: int, offset: int) -> bytes:
        """Up to `size` bytes; fewer only at the end of the file."""
        buffer = bytearray(size)
        return bytes(memoryview(buffer)[: self.read_into(file, memoryview(buffer), offset)])

    def read_into(self, file: int, buffer: memoryview, offset: int) -> int:
        """As many bytes as `buffer` has room for; fewer only at the end of the file. Returns how many."""
        done = size = os.preadv(file, [buffer], offset)
        while size and done < len(buffer):
            size = os.preadv(file, [buffer[done:]], offset + done)
            done += size
        return done

    def want(self, file: int, size: int) -> None:
        """Tells the system that so many first bytes of an open file will be read soon."""
        if hasattr(os, "posix_fadvise"):
            os.posix_fadvise(file, 0, size, os.POSIX_FADV_WILLNEED)

    def close(self, file: int) -> None:
        os.close(file)

    def link_target(self, path: bytes) -> bytes:
        with reach.short(path) as near:
            return os.readlink(near)

    def xattrs(self, where: int | bytes) -> Xattrs:
        if isinstance(where, int) or len(where) < reach.LONGEST:
            return read_xattrs(where)
        with reach.short(where) as near:
            return read_xattrs(near)

    def flags(self, file: int, device: int) -> int:
        """The flags of an open file or directory (`sources.flags`); 0 where its file system, of this device, has
        none."""
        if device in self._flagless:
            return 0
        try:
            return flags.read(file)
        except OSError as problem:
            if problem.errno not in flags.NOT_HERE:
                raise
            self._flagless.add(device)
            return 0

    def stretches(self, file: int, size: int) -> list[tuple[int, int]]:
        """(begin, end) of each stretch of data in an open file, in order; what lies between and after is holes."""
        found: list[tuple[int, int]] = []
        at = 0
        try:
            while at < size:
                begin = os.lseek(file, at, os.SEEK_DATA)
                end = os.lseek(file, begin, os.SEEK_HOLE)
                if begin >= size or end <= begin:
                    break
                found.append((begin, min(end, size)))
                at = end
        except OSError as problem:
            if problem.errno == errno.ENXIO:  # no data from here to the end
                return found
            if problem.errno in (errno.EINVAL, errno.ENOTSUP):  # this file system does not know its holes
                return [(0, size)]
            raise
        return found


def fetched_from_disk() -> int:
    """Bytes that reads of this thread have fetched from disks so far, because they were not in memory; 0 where the
    system does not tell. What comes over a network does not count."""
    return 0 if _THREAD is None else resource.getrusage(_THREAD).ru_inblock * 512


def may_be_sparse(status: os.stat_result) -> bool:
    """Whether fewer blocks are taken than the size wants, so that looking for holes is worth it."""
    return status.st_size >= SPARSE_FROM and status.st_blocks * 512 < status.st_size


def same_content(one: os.stat_result, other: os.stat_result) -> bool:
    """Whether nothing about a file changed between two looks at it."""
    return (
        one.st_ctime_ns == other.st_ctime_ns
        and one.st_mtime_ns == other.st_mtime_ns
        and one.st_size == other.st_size
        and one.st_ino == other.st_ino
        and one.st_dev == other.st_dev
        and one.st_mode == other.st_mode
    )


def same_node(before: Entry, status: os.stat_result) -> bool:
    """Whether nothing about a name itself changed since this entry was made."""
    return (
        before.ctime_ns == status.st_ctime_ns
        and before.mtime_ns == status.st_mtime_ns
        and before.inode == status.st_ino
        and before.device == status.st_dev
        and before.mode == stat.S_IMODE(status.st_mode)
    )


def unchanged(before: Entry, status: os.stat_result) -> bool:
    """Whether what an entry says of a file still holds."""
    # As `same_node`, written out: it is asked about every file there is.
    return (
        before.ctime_ns == status.st_ctime_ns
        and before.mtime_ns == status.st_mtime_ns
        and before.inode == status.st_ino
        and before.device == status.st_dev
        and before.size == status.st_size
        and status.st_mode == _FORMATS[before.type] | before.mode
        and not before.flags
    )


def link_number(status: os.stat_result) -> int:
    """The hard-link group of a file: 0 when it has one name only, else the same for all its names, now and later."""
    if status.st_nlink < 2:
        return 0
    seed = b"%d:%d" % (status.st_dev, status.st_ino)
    return int.from_bytes(hashlib.blake2b(seed, digest_size=8).digest(), "little") >> 1 or 1


def entry_of(name: bytes, status: os.stat_result, *, size: int = 0, xattrs: Xattrs = (), file_flags: int = 0) -> Entry:
    """The entry of a name without content: what the status says. `size` is the caller's, who knows what was read."""
    return Entry(
        name,
        TYPES[stat.S_IFMT(status.st_mode)],
        mode=stat.S_IMODE(status.st_mode),
        uid=status.st_uid,
        gid=status.st_gid,
        mtime_ns=status.st_mtime_ns,
        ctime_ns=status.st_ctime_ns,
        inode=status.st_ino,
        device=status.st_dev,
        size=size,
        xattrs=xattrs,
        file_flags=file_flags,
    )


def _quietly(path: bytes, flags: int) -> int:
    try:
        return reach.open_path(path, flags | _NOATIME)
    except PermissionError:
        if not _NOATIME:
            raise
        return reach.open_path(path, flags)
