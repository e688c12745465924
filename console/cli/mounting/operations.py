"""The file system itself: what FUSE asks, answered. It knows nothing of FUSE but the names of its questions."""

from __future__ import annotations

import errno
import itertools
import logging
import os
import stat
import threading
from collections.abc import Callable, Iterator
from hashlib import blake2b
from typing import Any, NoReturn, TypeVar

from console.cli.mounting.blocks import Blocks, OpenFile
from console.cli.mounting.source import Source, raw
from console.cli.mounting.tree import Place, Tree
from console.domain.errors import Failed

log = logging.getLogger(__name__)

T = TypeVar("T")

_KINDS = {
    "directory": stat.S_IFDIR,
    "file": stat.S_IFREG,
    "symlink": stat.S_IFLNK,
    "character-device": stat.S_IFCHR,
    "block-device": stat.S_IFBLK,
    "fifo": stat.S_IFIFO,
    "socket": stat.S_IFSOCK,
}


class Mounted:
    """Recovery points, read-only. Paths are absolute, as text with surrogate escapes.

    OSError is the answer to what cannot be done: EIO, with a line in the log, for what is damaged or not on the Core.
    """

    use_ns = True

    def __init__(self, source: Source, point: str | None = None) -> None:
        """`point`: only this one is shown. Raises Failed where it is not there."""
        self._tree = Tree(source, point)
        self._blocks = Blocks(source)
        self._lock = threading.Lock()
        self._numbers = itertools.count(1)
        self._open: dict[int, OpenFile] = {}

    def getattr(self, path: str, fh: int | None = None) -> dict[str, Any]:
        place = self._find(path)
        found = place.attributes
        several = 2 if found.type == "directory" or found.links else 1
        return {
            "st_mode": _KINDS.get(found.type, stat.S_IFREG) | (found.mode & 0o7777),
            "st_ino": _number(place, path, found.links),
            "st_nlink": several,
            "st_size": found.size if found.type == "file" else len(found.target),
            "st_blocks": -(-found.size // 512) if found.type == "file" else 0,
            "st_blksize": 128 << 10,
            "st_uid": found.uid if place.path else os.getuid(),
            "st_gid": found.gid if place.path else os.getgid(),
            "st_rdev": found.rdev,
            "st_mtime": found.mtime_ns,
            "st_ctime": found.mtime_ns,
            "st_atime": found.mtime_ns,
        }

    def readdir(self, path: str, fh: int) -> Iterator[tuple[str, dict[str, int], int]]:
        """(name, kind and number, 0) of each."""
        folder = self._find(path)
        children = self._asked(path, lambda: self._tree.children(raw(path)))
        itself = {"st_mode": stat.S_IFDIR, "st_ino": _number(folder, path, 0)}
        yield ".", itself, 0
        yield "..", itself, 0
        above = path.rstrip("/")
        for child in children:
            name = os.fsdecode(child.name)
            number = _number(folder, f"{above}/{name}", child.links)
            yield name, {"st_mode": _KINDS.get(child.type, stat.S_IFREG), "st_ino": number}, 0

    def readlink(self, path: str) -> str:
        found = self._find(path).attributes
        if found.type != "symlink":
            raise OSError(errno.EINVAL, "not a link")
        return os.fsdecode(found.target)

    def open(self, path: str, flags: int) -> int:
        if flags & (os.O_WRONLY | os.O_RDWR | os.O_TRUNC | os.O_APPEND):
            raise OSError(errno.EROFS, "recovery points are never changed")
        place = self._find(path)
        if place.attributes.problem:
            log.warning("“%s” cannot be read: %s", path, place.attributes.problem)
            raise OSError(errno.EIO, place.attributes.problem)
        if place.attributes.type != "file":
            raise OSError(errno.EISDIR if place.attributes.type == "directory" else errno.EINVAL, path)
        with self._lock:
            number = next(self._numbers)
            self._open[number] = OpenFile(place.point, place.volume, place.path, place.attributes.size)
        return number

    def read(self, path: str, size: int, offset: int, fh: int) -> bytes:
        with self._lock:
            file = self._open.get(fh)
        if file is None:
            raise OSError(errno.EBADF, path)
        return self._asked(path, lambda: self._blocks.read(file, offset, size))

    def release(self, path: str, fh: int) -> int:
        with self._lock:
            self._open.pop(fh, None)
        return 0

    def listxattr(self, path: str) -> list[str]:
        return [os.fsdecode(name) for name, _ in self._find(path).attributes.xattrs]

    def getxattr(self, path: str, name: str, position: int = 0) -> bytes:
        wanted = os.fsencode(name)
        for found, value in self._find(path).attributes.xattrs:
            if found == wanted:
                return value
        raise OSError(errno.ENODATA, name)

    def access(self, path: str, amode: int) -> int:
        if amode & os.W_OK:
            raise OSError(errno.EROFS, path)
        self._find(path)
        return 0

    def statfs(self, path: str) -> dict[str, int]:
        return {"f_bsize": 4096, "f_frsize": 4096, "f_namemax": 4096}

    def _find(self, path: str) -> Place:
        return self._asked(path, lambda: self._tree.find(raw(path)))

    def _asked(self, path: str, ask: Callable[[], T]) -> T:
        try:
            return ask()
        except FileNotFoundError:
            raise OSError(errno.ENOENT, path) from None
        except NotADirectoryError:
            raise OSError(errno.ENOTDIR, path) from None
        except Failed as known:
            _refuse(path, known)


def _refuse(path: str, known: Failed) -> NoReturn:
    if known.failure.code.startswith("no-such-"):
        raise OSError(errno.ENOENT, path) from None
    log.warning("“%s”: %s [%s]", path, known.failure.message, known.failure.code)
    raise OSError(errno.EIO, known.failure.message) from None


def _number(place: Place, path: str, links: int) -> int:
    """The same for all names of one file, as good as never for two files. `place`: in the same volume."""
    one = f"{place.point}/{place.volume}/{links}" if links else path
    return int.from_bytes(blake2b(one.encode("utf-8", "surrogateescape"), digest_size=8).digest(), "big") >> 1 or 1
