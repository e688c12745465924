"""Writing a whole disk or stream back: to a file that gets its name when it is whole, or onto a block device."""

from __future__ import annotations

import ctypes
import errno
import fcntl
import os
import stat
from collections.abc import Iterator
from types import TracebackType

PARTIAL = b".replicore-partial"
"""A file that is being restored has this at the end of its name; the next restore to the same place goes on with it."""
_ZERO_AT_ONCE = 1 << 20
_KEEP_SIZE, _PUNCH_HOLE = 1, 2
_SECTOR = 4096
_ZEROS = bytes(_ZERO_AT_ONCE)


class Target:
    """An open target of `size` bytes. `used`: it may hold bytes already, which may be the right ones.

    `read_into`, `write` and `zero` may be called from many threads; every method may raise OSError.
    """

    def __init__(self, path: bytes, size: int) -> None:
        """Raises OSError: EBUSY for a device in use or a file somebody else restores to, ENOSPC for a device that is
        too small."""
        self.path = path
        self.size = size
        self._aside = b""
        self.is_device = is_device(path)
        if self.is_device:
            # Exclusive: the system itself refuses when the device, or a partition of it, is mounted or mapped.
            self.file = os.open(path, os.O_RDWR | os.O_EXCL | os.O_CLOEXEC)
        else:
            self._aside = path + PARTIAL
            self.file = os.open(self._aside, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        try:
            self._begin()
        except BaseException:
            os.close(self.file)
            raise

    def _begin(self) -> None:
        if self.is_device:
            self.used = True
            if os.lseek(self.file, 0, os.SEEK_END) < self.size:
                raise OSError(errno.ENOSPC, "the device is too small")
            return
        try:
            fcntl.flock(self.file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as problem:
            raise OSError(errno.EBUSY, "another restore writes to it") from problem
        status = os.fstat(self.file)
        if not stat.S_ISREG(status.st_mode):
            raise OSError(errno.EEXIST, "something else has its name")
        self.used = status.st_blocks > 0
        os.ftruncate(self.file, self.size)

    def __enter__(self) -> Target:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """What is not finished stays as it is, to be gone on with."""
        if self.file >= 0:
            os.close(self.file)
            self.file = -1

    def read_into(self, view: memoryview, at: int) -> int:
        """What stands there; fewer bytes only at the end."""
        done = 0
        while done < len(view):
            got = os.preadv(self.file, [view[done:]], at + done)
            if not got:
                break
            done += got
        return done

    def write(self, data: bytes | memoryview, at: int) -> None:
        view = memoryview(data)
        while view:
            done = os.pwrite(self.file, view, at)
            view, at = view[done:], at + done

    def zero(self, at: int, length: int) -> None:
        """Makes a stretch read as zeros, as a hole where that is possible."""
        if not self.used:
            return
        if length and not (at % _SECTOR or length % _SECTOR) and _punch(self.file, at, length):
            return
        for begin, end in self._data(at, at + length):
            self._clear(begin, end)

    def finish(self, mode: int, mtime_ns: int, owner: tuple[int, int] | None = None) -> None:
        """All of it stands: synced, and a file gets its name. `owner` is kept where the system lets us."""
        os.fsync(self.file)
        if self.is_device:
            return
        if owner is not None:
            try:
                os.fchown(self.file, *owner)
            except PermissionError:
                mode &= 0o700
        os.fchmod(self.file, mode & 0o777)
        os.utime(self.file, ns=(mtime_ns, mtime_ns))
        os.replace(self._aside, self.path)
        directory = os.open(os.path.dirname(self.path) or b".", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(directory)
        finally:
            os.close(directory)

    def _clear(self, begin: int, end: int) -> None:
        buffer = bytearray(_ZERO_AT_ONCE)
        while begin < end:
            view = memoryview(buffer)[: min(_ZERO_AT_ONCE, end - begin)]
            got = self.read_into(view, begin)
            if not got:
                return
            if not buffer.startswith(_ZEROS[:got], 0, got):
                self.write(_ZEROS[:got], begin)
            begin += got

    def _data(self, begin: int, end: int) -> Iterator[tuple[int, int]]:
        """The stretches between two offsets that hold data."""
        at = begin
        while at < end:
            first, last = at, end
            if not self.is_device:
                try:
                    first = os.lseek(self.file, at, os.SEEK_DATA)
                    last = os.lseek(self.file, first, os.SEEK_HOLE)
                except OSError as problem:
                    if problem.errno == errno.ENXIO:
                        return
                    if problem.errno not in (errno.EINVAL, errno.ENOTSUP):
                        raise
            if first >= end or last <= first:
                return
            yield first, min(last, end)
            at = last


def _punch(file: int, at: int, length: int) -> bool:
    """Makes a hole; False where the system cannot."""
    fallocate = getattr(ctypes.CDLL(None), "fallocate", None)
    if fallocate is None:
        return False
    fallocate.argtypes = (ctypes.c_int, ctypes.c_int, ctypes.c_int64, ctypes.c_int64)
    return bool(fallocate(file, _KEEP_SIZE | _PUNCH_HOLE, at, length) == 0)


def is_device(path: bytes) -> bool:
    """Whether a block device stands at a path."""
    try:
        return stat.S_ISBLK(os.stat(path).st_mode)
    except OSError:
        return False


def device_size(path: bytes) -> int:
    """Bytes of a block device. Raises OSError."""
    file = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    try:
        return os.lseek(file, 0, os.SEEK_END)
    finally:
        os.close(file)
