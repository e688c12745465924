"""Packs as plain files of a local directory: `packs/ab/abcdef….pack`, `….parity` beside it, written in `incoming/`."""

from __future__ import annotations

import os
import secrets
import shutil
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from console.repository.storage.direct import DirectFile

SUFFIX = ".pack"
PARITY = ".parity"
_NAME_DIGITS = 32
_sync = getattr(os, "fdatasync", os.fsync)  # macOS has no fdatasync
_WRITE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
_READ = os.O_RDONLY | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)


class LocalStorage:
    """`directory` is the namespace's (`own/`). Makes what is missing of its two sub-directories."""

    def __init__(self, directory: Path) -> None:
        self.place = str(directory.parent)
        self._packs = directory / "packs"
        self._incoming = directory / "incoming"
        self._lock = threading.Lock()
        self._durable: set[str] = set()
        """Directories whose own names are known to be synced: until then nothing in them is durable."""
        for path in (self._packs, self._incoming):
            if not path.is_dir():
                path.mkdir(parents=True)
                sync_directory(path.parent)

    def begin(self) -> _LocalSink:
        """See `PackStorage`."""
        return _LocalSink(self, self._incoming / (secrets.token_hex(8) + SUFFIX))

    def names(self) -> Iterator[str]:
        """See `PackStorage`. Files that are not named like packs are not ours and are passed over."""
        return self._named(SUFFIX)

    def parities(self) -> Iterator[str]:
        """See `PackStorage`."""
        return self._named(PARITY)

    def _named(self, wanted: str) -> Iterator[str]:
        for directory in sorted(os.listdir(self._packs)):
            if len(directory) != 2:
                continue
            for file in sorted(os.listdir(f"{self._packs}{os.sep}{directory}")):
                name, suffix = os.path.splitext(file)
                if suffix == wanted and len(name) == _NAME_DIGITS and name[:2] == directory:
                    yield name

    @contextmanager
    def open(self, name: str, *, parity: bool = False) -> Iterator[_LocalFile]:
        """See `PackStorage`."""
        descriptor = os.open(self.path(name, parity=parity), _READ)
        try:
            yield _LocalFile(descriptor)
        finally:
            os.close(descriptor)

    def size(self, name: str, *, parity: bool = False) -> int:
        """See `PackStorage`."""
        return os.stat(self.path(name, parity=parity)).st_size

    def delete(self, name: str) -> None:
        """See `PackStorage`."""
        path = self.path(name)
        with suppress(FileNotFoundError):
            os.unlink(self.path(name, parity=True))
        os.unlink(path)
        sync_directory(os.path.dirname(path))

    def delete_parity(self, name: str) -> None:
        """See `PackStorage`."""
        path = self.path(name, parity=True)
        os.unlink(path)
        sync_directory(os.path.dirname(path))

    def clear(self) -> int:
        """See `PackStorage`."""
        count = 0
        for file in os.listdir(self._incoming):
            os.unlink(self._incoming / file)
            count += 1
        return count

    def free(self) -> int:
        """See `PackStorage`."""
        return shutil.disk_usage(self._packs).free

    def path(self, name: str, *, parity: bool = False) -> str:
        """Where a finished pack, or its parity, lies."""
        return f"{self._packs}{os.sep}{name[:2]}{os.sep}{name}{PARITY if parity else SUFFIX}"

    def settle(self, aside: Path, name: str, *, parity: bool = False) -> None:
        """Moves a synced file to its place and syncs that."""
        target = self.path(name, parity=parity)
        directory = os.path.dirname(target)
        with self._lock:
            if directory not in self._durable:
                with suppress(FileExistsError):
                    os.mkdir(directory)
                sync_directory(self._packs)
                self._durable.add(directory)
        os.replace(aside, target)
        sync_directory(directory)


class _LocalFile:
    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self.size = os.fstat(descriptor).st_size

    def read(self, offset: int, length: int) -> bytes:
        if length > self.size:  # memory for all of it would be taken first
            length = self.size
        data = os.pread(self._descriptor, length, offset)
        while len(data) < length:
            more = os.pread(self._descriptor, length - len(data), offset + len(data))
            if not more:
                break
            data += more
        return data


class _LocalSink:
    def __init__(self, storage: LocalStorage, path: Path) -> None:
        self._storage = storage
        self._path = path
        self._descriptor = os.open(path, _WRITE, 0o600)
        self._direct = DirectFile(path, self._descriptor)

    def write(self, offset: int, pieces: Sequence[bytes | memoryview]) -> None:
        self._direct.write(offset, pieces)

    def finish(self, name: str, *, parity: bool = False) -> None:
        _sync(self._descriptor)
        self._close()
        self._storage.settle(self._path, name, parity=parity)

    def abandon(self) -> None:
        with suppress(OSError):
            self._close()
        with suppress(OSError):
            os.unlink(self._path)

    def _close(self) -> None:
        self._direct.close()
        descriptor, self._descriptor = self._descriptor, -1
        if descriptor >= 0:
            os.close(descriptor)


def sync_directory(path: str | os.PathLike[str]) -> None:
    """Makes names in a directory durable. Systems without open directories (Windows) do that by themselves."""
    if os.name == "nt":
        return
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_DIRECTORY", 0))
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
