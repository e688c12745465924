"""Creating a tree on this host: every name is made beside its place, made whole, and only then given its name.

Nothing here follows a symbolic link of the destination: directories are reached by descriptors that are proven to be
the directory meant, names are looked at and made without following their last link. Every function may raise OSError.
"""

from __future__ import annotations

import errno
import os
import stat
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import islice

from console.domain.trees import Entry, FileType
from console.sources import flags, leftovers, reach
from console.sources.attributes import ACLS, drop_acls, read_xattrs, write_xattrs

_DIRECTORY = os.O_RDONLY | getattr(os, "O_DIRECTORY", 0) | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0)
_NEW_FILE = (
    os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0)
) | getattr(os, "O_BINARY", 0)
_FOUND = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0)
_LOOK = getattr(os, "O_PATH", os.O_RDONLY) | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0)

_NODES = {
    FileType.CHARACTER_DEVICE: stat.S_IFCHR,
    FileType.BLOCK_DEVICE: stat.S_IFBLK,
    FileType.FIFO: stat.S_IFIFO,
    FileType.SOCKET: stat.S_IFSOCK,
}


@dataclass(frozen=True, slots=True)
class Place:
    """A directory of the destination, and which one it was when it was made or found."""

    path: bytes
    device: int
    inode: int


Owner = tuple[int, int]
"""User and group, by number."""


@dataclass(slots=True)
class _Open:
    descriptor: int
    users: int


class Places:
    """Descriptors of the destination's directories: those in use, and some used lately. Thread-safe; close it."""

    def __init__(self, keep: int = 128, met: Callable[[int, int], object] = lambda *_: None) -> None:
        """`met(device, descriptor)` is told of every directory that is opened."""
        self._keep = keep
        self._met = met
        self._lock = threading.Lock()
        self._open: OrderedDict[tuple[int, int], _Open] = OrderedDict()

    def make(self, above: Place, directory: int, name: bytes) -> Place:
        """As `make_directory`; the new directory stays open for its next use."""
        os.mkdir(name, 0o700, dir_fd=directory)
        descriptor = os.open(name, _DIRECTORY, dir_fd=directory)
        status = os.fstat(descriptor)
        self._met(status.st_dev, descriptor)
        with self._lock:
            if self._open.setdefault((status.st_dev, status.st_ino), found := _Open(descriptor, 0)) is not found:
                os.close(descriptor)
            self._drop_idle()
        return Place(above.path.rstrip(b"/") + b"/" + name, status.st_dev, status.st_ino)

    @contextmanager
    def use(self, place: Place) -> Iterator[int]:
        """A descriptor of the directory. OSError (ESTALE) when another stands at its path by now."""
        key = (place.device, place.inode)
        with self._lock:
            found = self._open.get(key)
            if found is None:
                found = self._open[key] = _Open(_reopen(place), 0)
                self._met(place.device, found.descriptor)
            self._open.move_to_end(key)
            found.users += 1
            self._drop_idle()
        try:
            yield found.descriptor
        finally:
            with self._lock:
                found.users -= 1

    def close(self) -> None:
        with self._lock:
            while self._open:
                os.close(self._open.popitem()[1].descriptor)

    def _drop_idle(self) -> None:
        surplus = len(self._open) - self._keep
        if surplus <= 0:
            return
        idle = (key for key, held in self._open.items() if not held.users)
        for key in list(islice(idle, surplus)):
            os.close(self._open.pop(key).descriptor)


def top(path: bytes) -> Place:
    """The directory at an absolute path, made with those above it where it is not there; links in `path` are followed,
    because the caller chose it."""
    os.makedirs(path, exist_ok=True)
    real = os.path.realpath(path)
    status = os.stat(real)
    if not stat.S_ISDIR(status.st_mode):
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), path)
    return Place(real, status.st_dev, status.st_ino)


def look(directory: int, name: bytes) -> os.stat_result | None:
    """What stands under a name, not followed; None: nothing."""
    try:
        return os.stat(name, dir_fd=directory, follow_symlinks=False)
    except FileNotFoundError:
        return None


def make_directory(above: Place, directory: int, name: bytes) -> Place:
    """A new directory, for its owner only until it is dressed. FileExistsError when the name is taken."""
    os.mkdir(name, 0o700, dir_fd=directory)
    return existing_directory(above, directory, name)


def existing_directory(above: Place, directory: int, name: bytes) -> Place:
    """A directory that is there. NotADirectoryError when the name is something else, also a link to a directory."""
    status = os.stat(name, dir_fd=directory, follow_symlinks=False)
    if not stat.S_ISDIR(status.st_mode):
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), name)
    return Place(above.path.rstrip(b"/") + b"/" + name, status.st_dev, status.st_ino)


def is_empty(directory: int) -> bool:
    with os.scandir(directory) as names:
        return next(names, None) is None


def folds_case(directory: int) -> bool:
    """Whether the file system takes names for the same that differ only in the case of letters.

    Asked of a name that is there; only in an empty directory one is made for it.
    """
    with os.scandir(directory) as names:
        there = next((os.fsencode(entry.name) for entry in names if entry.name.swapcase() != entry.name), None)
    if there is not None:
        return _one_file(look(directory, there), look(directory, there.swapcase()))
    if not is_empty(directory):
        return False
    file, name = begin_file(directory)
    os.close(file)
    try:
        return look(directory, name.swapcase()) is not None
    finally:
        discard(directory, name)


def _one_file(one: os.stat_result | None, other: os.stat_result | None) -> bool:
    return one is not None and other is not None and (one.st_dev, one.st_ino) == (other.st_dev, other.st_ino)


def begin_file(directory: int) -> tuple[int, bytes]:
    """An open new file, and the name it has until `publish`."""
    name = leftovers.name()
    file = os.open(name, _NEW_FILE, 0o600, dir_fd=directory)
    leftovers.hold(file)
    return file, name


def write(file: int, data: bytes | memoryview, offset: int) -> None:
    """All of `data` at `offset`."""
    done = os.pwrite(file, data, offset)
    while done < len(data):
        done += os.pwrite(file, memoryview(data)[done:], offset + done)


def set_size(file: int, size: int) -> None:
    """Whatever was not written up to `size` is a hole."""
    os.ftruncate(file, size)


def make_other(directory: int, entry: Entry) -> tuple[bytes, list[Refusal]]:
    """A symbolic link, device, fifo or socket under a name of its own until `publish`, fully dressed."""
    name = leftovers.name()
    if entry.type is FileType.SYMLINK:
        os.symlink(entry.target, name, dir_fd=directory)
        return name, _dress_link(directory, name, entry)
    os.mknod(name, _NODES[entry.type] | 0o600, entry.rdev, dir_fd=directory)
    node = os.open(name, _LOOK, dir_fd=directory)
    try:
        if stat.S_IFMT(os.fstat(node).st_mode) != _NODES[entry.type]:
            raise OSError(errno.ESTALE, "something else was put in its place")
        # A descriptor that only names the node takes no fchmod; its path under /proc takes chmod, of this very node.
        return name, dress(b"/proc/self/fd/%d" % node, entry)
    finally:
        os.close(node)


def make_link(old: int, old_name: bytes, directory: int) -> bytes:
    """One more hard link of a file that was restored, under a name of its own until `publish`."""
    name = leftovers.name()
    os.link(old_name, name, src_dir_fd=old, dst_dir_fd=directory, follow_symlinks=False)
    return name


def publish(directory: int, aside: bytes, name: bytes) -> None:
    """Gives what was made its name; what had that name, and is no directory, is gone."""
    os.rename(aside, name, src_dir_fd=directory, dst_dir_fd=directory)


def discard(directory: int, aside: bytes) -> None:
    with suppress(FileNotFoundError):
        os.unlink(aside, dir_fd=directory)


def clear(directory: int, name: bytes) -> None:
    """Takes away what is in the way: a file or link, or an empty directory (ENOTEMPTY when it is not)."""
    status = look(directory, name)
    if status is None:
        return
    if stat.S_ISDIR(status.st_mode):
        os.rmdir(name, dir_fd=directory)
    else:
        os.unlink(name, dir_fd=directory)


@dataclass(frozen=True, slots=True)
class Refusal:
    """What we were not let set: `owner`, `mode`, `times`, `access list`, the name of an extended attribute, or `flag`
    and the name of a file flag."""

    what: str
    why: str


def dress(where: int | bytes, entry: Entry, *, owned: Owner | None = None) -> list[Refusal]:
    """Owner, mode, attributes, access lists, times and, last, flags of an open file or directory; but for those flags
    that would keep it from getting its name (`lock`).

    `owned`: it was made just now where `new_owner` said who owns it, and that it has no access list.
    """
    refused: list[Refusal] = []
    mode = entry.mode
    if owned is None:
        try:
            drop_acls(where, entry.xattrs)
        except OSError as problem:
            refused.append(Refusal("access list", _why(problem)))
    if owned != (entry.uid, entry.gid):
        try:
            os.chown(where, entry.uid, entry.gid)
        except OSError as problem:
            if not _owned(where, entry):
                refused.append(Refusal("owner", _why(problem)))
                # Rights that speak of the owner must not pass to another.
                mode &= ~(stat.S_ISUID | stat.S_ISGID)
    others = tuple(x for x in entry.xattrs if x[0] not in ACLS) if entry.xattrs else ()
    if others:
        refused += _set_xattrs(where, others)
    try:
        os.chmod(where, mode)
    except OSError as problem:
        refused.append(Refusal("mode", _why(problem)))
    if len(others) < len(entry.xattrs):
        refused += _set_xattrs(where, tuple(x for x in entry.xattrs if x[0] in ACLS))
    try:
        os.utime(where, ns=(entry.mtime_ns, entry.mtime_ns))
    except (OSError, OverflowError) as problem:
        refused.append(Refusal("times", _why(problem)))
    if isinstance(where, int) and (owned is None or entry.file_flags & ~flags.LOCKING):
        # What a new file got from its directory goes; but how it is stored there is the destination's to say.
        stored = flags.EARLY & ~entry.file_flags
        refused += _change_flags(where, entry.file_flags, flags.KEPT & ~flags.LOCKING & ~stored)
    return refused


def prepare(file: int, entry: Entry) -> None:
    """Flags that a file takes only while it is empty. What is refused now is refused once more by `dress`."""
    if entry.file_flags & flags.EARLY:
        flags.change(file, entry.file_flags, flags.EARLY)


def locks(entry: Entry) -> bool:
    """Whether an entry has flags after which its name stays as it is: to be set by `lock` when all else is done."""
    return bool(entry.file_flags & flags.LOCKING)


def lock(directory: int, name: bytes, entry: Entry) -> list[Refusal]:
    """Sets the flags that come last, of a name that stands; an empty name is the directory itself."""
    if not name:
        return _change_flags(directory, entry.file_flags, flags.LOCKING)
    file = os.open(name, _FOUND, dir_fd=directory)
    try:
        return _change_flags(file, entry.file_flags, flags.LOCKING)
    finally:
        os.close(file)


def _change_flags(file: int, wanted: int, among: int) -> list[Refusal]:
    return [
        Refusal(f"flag {flag.name.lower().replace('_', '-')}" if flag.name else "flag", _why(problem))
        for flag, problem in flags.change(file, wanted, among)
    ]


def _dress_link(directory: int, name: bytes, entry: Entry) -> list[Refusal]:
    refused: list[Refusal] = []
    try:
        os.chown(name, entry.uid, entry.gid, dir_fd=directory, follow_symlinks=False)
    except OSError as problem:
        status = look(directory, name)
        if status is None or (status.st_uid, status.st_gid) != (entry.uid, entry.gid):
            refused.append(Refusal("owner", _why(problem)))
    if entry.xattrs:
        refused += _set_xattrs(reach.below(directory, name), entry.xattrs, follow=False)
    try:
        os.utime(name, ns=(entry.mtime_ns, entry.mtime_ns), dir_fd=directory, follow_symlinks=False)
    except (OSError, OverflowError) as problem:
        refused.append(Refusal("times", _why(problem)))
    return refused


def new_owner(directory: int) -> Owner | None:
    """Who owns what we make in this directory, also in directories made in it; None: that is not sure, or what is made
    there gets an access list, or flags."""
    status = os.fstat(directory)
    if status.st_mode & stat.S_ISGID or status.st_gid != os.getegid():
        return None
    try:
        listed = any(name == ACLS[1] for name, _ in read_xattrs(directory))
        listed = listed or bool(flags.read(directory) & ~flags.EARLY)
    except OSError as problem:
        if problem.errno not in flags.NOT_HERE:
            return None
        listed = False
    return None if listed else (os.geteuid(), os.getegid())


def _set_xattrs(where: int | bytes, wanted: tuple[tuple[bytes, bytes], ...], *, follow: bool = True) -> list[Refusal]:
    return [Refusal(os.fsdecode(name), _why(problem)) for name, problem in write_xattrs(where, wanted, follow=follow)]


def _owned(where: int | bytes, entry: Entry) -> bool:
    status = os.stat(where)
    return (status.st_uid, status.st_gid) == (entry.uid, entry.gid)


def _why(problem: Exception) -> str:
    return getattr(problem, "strerror", None) or str(problem)


def _reopen(place: Place) -> int:
    descriptor = reach.open_path(place.path, _DIRECTORY)
    status = os.fstat(descriptor)
    if (status.st_dev, status.st_ino) != (place.device, place.inode):
        os.close(descriptor)
        raise OSError(errno.ESTALE, "another directory stands in its place")
    return descriptor
