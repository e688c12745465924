"""The media a seed is written to: what device a directory lies on, and the few file operations that writing needs."""

from __future__ import annotations

import errno
import os
import re
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from console.domain.errors import Failed, failed
from console.domain.sizes import format_size
from console.host.disks import free_space, mount_of, space

FAT_LIMIT = (4 << 30) - 1
_FAT = frozenset({"vfat", "msdos", "fat", "fat32", "umsdos"})
_FULL = frozenset({errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC)})
_GONE = frozenset(
    {
        errno.EIO,
        errno.ENODEV,
        errno.ENXIO,
        errno.ENOENT,
        getattr(errno, "ENOTCONN", errno.EIO),
        getattr(errno, "ESTALE", errno.EIO),
        getattr(errno, "EHOSTDOWN", errno.EIO),
        getattr(errno, "ETIMEDOUT", errno.EIO),
    }
)
_DENIED = frozenset({errno.EACCES, errno.EPERM})
_BLOCK = Path("/sys/class/block")
"""Where Linux tells of disks; nowhere else."""
_PIECE = 4 << 20


@dataclass(frozen=True, slots=True)
class Medium:
    """What a directory lies on. `file_limit`: bytes of the largest file it takes (None: no limit that matters).

    `removable` is None where the system does not say. `free` and `total` in bytes.
    """

    place: Path
    mount: Path | None
    device: str
    type: str
    read_only: bool
    removable: bool | None
    free: int
    total: int
    file_limit: int | None

    @property
    def title(self) -> str:
        """For people: the place, its file system and size."""
        kind = f"{self.type}, " if self.type else ""
        return f"{self.place} ({kind}{format_size(self.total)})"


def describe(place: Path) -> Medium:
    """The medium a directory lies on, or will lie on when it is not there yet. Raises OSError."""
    mount = mount_of(place)
    room = space(place)
    kind = mount.type if mount else ""
    return Medium(
        place,
        mount.path if mount else None,
        mount.device if mount else "",
        kind,
        mount.read_only if mount else False,
        removable(mount.device) if mount else None,
        room.free,
        room.total,
        FAT_LIMIT if kind.lower() in _FAT else None,
    )


def removable(device: str) -> bool | None:
    """As Linux says of the disk that a device, or the partition it is, belongs to; whatever hangs on USB is."""
    try:
        block = (_BLOCK / Path(device).resolve().name).resolve(strict=True)
    except OSError:
        return None
    # A disk in a case says of itself that it is a fixed one.
    if any(re.fullmatch(r"usb\d+", part) for part in block.parts):
        return True
    for directory in (block, block.parent):
        flag = directory / "removable"
        if flag.is_file():
            return flag.read_text(encoding="ascii").strip() == "1"
    return None


class MediumFiles:
    """Every change a writer makes to a medium goes through here, and every look back at what it wrote."""

    def make_directory(self, path: Path) -> None:
        path.mkdir(parents=True, exist_ok=True)

    def create(self, path: Path) -> BinaryIO:
        """A new, empty file; one that is there is emptied. Unbuffered, for reading too."""
        return open(path, "w+b", buffering=0)

    def write(self, file: BinaryIO, offset: int, pieces: Sequence[bytes | memoryview]) -> None:
        """The pieces one after the other, from `offset` on."""
        file.seek(offset)
        for piece in pieces:
            rest = memoryview(piece)
            while rest:
                rest = rest[file.write(rest) :]

    def sync(self, file: BinaryIO) -> None:
        getattr(os, "fdatasync", os.fsync)(file.fileno())

    def rename(self, source: Path, destination: Path) -> None:
        os.replace(source, destination)

    def sync_directory(self, path: Path) -> None:
        if os.name != "posix":  # elsewhere directories cannot be opened, and renames are durable by themselves
            return
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        except OSError as error:
            if error.errno != errno.EINVAL:  # some file systems of other makers know no such thing
                raise
        finally:
            os.close(descriptor)

    def remove(self, path: Path) -> None:
        path.unlink(missing_ok=True)

    def remove_tree(self, path: Path) -> None:
        """A directory with all that is in it, or a file. A link is removed, not what it points to."""
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)

    def names(self, path: Path) -> list[str]:
        return sorted(os.listdir(path))

    def free(self, path: Path) -> int:
        """Bytes this user may still write there."""
        return free_space(path)

    def read(self, file: BinaryIO, offset: int, length: int) -> bytes:
        """Up to `length` bytes of a file that is being written."""
        file.seek(offset)
        return file.read(length)

    def read_back(self, path: Path, begin: int, end: int) -> Iterator[memoryview]:
        """A stretch of a file from the medium itself, as far as the system lets us ask for that, in pieces."""
        with open(path, "rb", buffering=0) as file:
            if hasattr(os, "posix_fadvise"):
                # What is in memory is dropped, so that reading reads the medium.
                os.posix_fadvise(file.fileno(), begin, end - begin, os.POSIX_FADV_DONTNEED)
                os.posix_fadvise(file.fileno(), begin, end - begin, os.POSIX_FADV_SEQUENTIAL)
            file.seek(begin)
            buffer = memoryview(bytearray(min(_PIECE, max(1, end - begin))))
            while begin < end and (count := file.readinto(buffer[: end - begin])):
                yield buffer[:count]
                begin += count


def is_full(error: OSError) -> bool:
    return error.errno in _FULL


@contextmanager
def named(title: str, written: int = 0) -> Iterator[None]:
    """Turns what the system says of a medium into Failed: `medium-full`, `medium-read-only`, `medium-gone`,
    `medium-not-writable`. `title` says which medium, `written` how many bytes of the seed are on it already."""
    try:
        yield
    except OSError as error:
        known = failure_of(error, title, written)
        if known is None:
            raise
        raise known from error


def failure_of(error: OSError, title: str, written: int = 0) -> Failed | None:
    """The known failure behind an error of a medium; None for what no medium should say."""
    if is_full(error):
        return medium_full(title, written)
    if error.errno == errno.EROFS:
        return failed(
            "medium-read-only",
            f"The medium at {title} is read-only.",
            "Release its write protection, or mount it for writing, or use another one.",
        )
    if error.errno in _DENIED:
        return failed(
            "medium-not-writable",
            f"This Core may not write to {title}: {error.strerror}.",
            "Give the user the Core runs as the right to write there, or use another directory.",
        )
    if error.errno in _GONE:
        return failed(
            "medium-gone",
            f"The medium at {title} went away or cannot be used any more: {error.strerror}.",
            "Attach it again and start again with the same place: what is already on it is kept.",
        )
    if error.errno in (errno.ENOTDIR, errno.EEXIST, errno.ENAMETOOLONG):
        return failed(
            "location-not-a-directory", f"{title} is not a directory: {error.strerror}.", "Name another directory."
        )
    return None


def medium_full(title: str, written: int, needed: int | None = None) -> Failed:
    """`written`: bytes of the seed that are on media; `needed`: bytes that have no room yet."""
    more = f"; {format_size(needed)} more are needed" if needed is not None else ""
    return failed(
        "medium-full",
        f"The medium at {title} is full: {format_size(written)} of the seed are written{more}.",
        "Attach another medium and start again with both places, this one first: what is already written is kept.",
    )
