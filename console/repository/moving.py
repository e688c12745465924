"""A repository brought to another directory while it is in use. Paper: `FORMAT.md`, "Moving".

Packs never change, so they are copied while everything goes on; only the last few, the index and the marker are copied
while writers wait. Until the switch the old directory is the repository, afterwards the new one.
"""

from __future__ import annotations

import errno
import json
import os
import shutil
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, suppress
from pathlib import Path

from blake3 import blake3

from console.domain.errors import failed, refused
from console.domain.progress import Reporter
from console.repository import marker
from console.repository.failures import write_failed
from console.repository.pack import PackDamaged, PackReader
from console.repository.room import RESERVE
from console.repository.storage import PackFile, PackSink, PackStorage
from console.repository.storage.local import sync_directory

MOVING = "replicore-repository.moving"
"""In the new directory, from before the first pack until the old directory is gone: {"id": …, "from": …}."""
_PIECE = 4 << 20
_OURS = (marker.NAME, marker.LOCK, MOVING)


class Shelter:
    """The storage of an open repository: another one from some moment on. See `PackStorage`."""

    def __init__(self, storage: PackStorage) -> None:
        self.current = storage
        self.place = storage.place
        self._counting = threading.Lock()
        self._parity: dict[str, int] | None = None
        """Bytes of the parity of each pack, once somebody has asked."""

    def move(self, storage: PackStorage) -> None:
        """From now on everything is looked for there."""
        self.current, self.place = storage, storage.place

    def parity_bytes(self) -> int:
        """Of all parity there is. Cheap, but for the first time. Raises OSError."""
        with self._counting:
            if self._parity is None:
                self._parity = {}
                for name in self.current.parities():
                    with suppress(FileNotFoundError):
                        self._parity[name] = self.current.size(name, parity=True)
            return sum(self._parity.values())

    def _count(self, name: str) -> None:
        with self._counting, suppress(FileNotFoundError):
            if self._parity is not None:
                self._parity.pop(name, None)
                self._parity[name] = self.current.size(name, parity=True)

    def begin(self) -> PackSink:
        return _Counted(self.current.begin(), self._count)

    def names(self) -> Iterator[str]:
        return self.current.names()

    def parities(self) -> Iterator[str]:
        return self.current.parities()

    def open(self, name: str, *, parity: bool = False) -> AbstractContextManager[PackFile]:
        return self.current.open(name, parity=parity)

    def size(self, name: str, *, parity: bool = False) -> int:
        return self.current.size(name, parity=parity)

    def delete(self, name: str) -> None:
        self.current.delete(name)
        self._count(name)

    def delete_parity(self, name: str) -> None:
        self.current.delete_parity(name)
        self._count(name)

    def clear(self) -> int:
        return self.current.clear()

    def free(self) -> int:
        return self.current.free()


class _Counted:
    """A sink after which parity is counted."""

    def __init__(self, sink: PackSink, count: Callable[[str], None]) -> None:
        self._sink = sink
        self._count = count

    def write(self, offset: int, pieces: Sequence[bytes | memoryview]) -> None:
        self._sink.write(offset, pieces)

    def finish(self, name: str, *, parity: bool = False) -> None:
        self._sink.finish(name, parity=parity)
        if parity:
            self._count(name)

    def abandon(self) -> None:
        self._sink.abandon()


def prepare(path: Path, id: str, old: Path) -> None:
    """Makes the new directory, or finds the one that an earlier attempt at the same move began.

    Raises Failed `directory-not-empty`, `repository-exists`, and what cannot be written.
    """
    said = _read(path)
    if said is not None:
        if said.get("id") != id:
            raise refused(
                "directory-not-empty", f"Another repository is being moved to {path}.", "Choose another directory."
            )
        return
    aside = path / (MOVING + ".partial")
    with suppress(NotADirectoryError):  # the next step says so
        aside.unlink(missing_ok=True)
    marker.prepare(path)
    try:
        with aside.open("w", encoding="utf-8") as file:
            json.dump({"id": id, "from": str(old)}, file)
            file.flush()
            os.fsync(file.fileno())
        os.replace(aside, path / MOVING)
        sync_directory(path)
    except OSError as error:
        raise write_failed(error, str(path)) from error


def begun(path: Path) -> Path | None:
    """The old directory, where a move to this one was switched over to it and has not been cleaned up after."""
    said = _read(path)
    return Path(str(said["from"])) if said is not None and said.get("from") else None


def finished(path: Path) -> None:
    """The move is over: the old directory is gone."""
    (path / MOVING).unlink(missing_ok=True)
    sync_directory(path)


def copy(source: PackStorage, target: PackStorage, reporter: Reporter) -> int:
    """Brings over the packs (and parity) that the target has not got yet, and takes away those the source has no more.
    Each is proven while it is copied and read back afterwards. How many were copied.

    Raises Failed `pack-damaged`, OSError, Cancelled.
    """
    copied = 0
    for parity in (False, True):
        names = set(source.parities() if parity else source.names())
        there = set(target.parities() if parity else target.names())
        for name in there - names:
            (target.delete_parity if parity else target.delete)(name)
        for name in sorted(names - there):
            reporter.check()
            with suppress(FileNotFoundError):  # reclaimed meanwhile
                reporter.advance(bytes=_copy(source, target, name, parity=parity), items=0 if parity else 1)
                copied += 1
    return copied


def _copy(source: PackStorage, target: PackStorage, name: str, *, parity: bool) -> int:
    with source.open(name, parity=parity) as pack:
        if not parity:
            _prove(pack, name)
        sink = target.begin()
        try:
            digest = blake3()
            for offset in range(0, pack.size, _PIECE):
                piece = pack.read(offset, min(_PIECE, pack.size - offset))
                digest.update(piece)
                sink.write(offset, [piece])
            sink.finish(name, parity=parity)
        except BaseException:
            sink.abandon()
            raise
        size = pack.size
    with target.open(name, parity=parity) as there:
        again = blake3()
        for offset in range(0, there.size, _PIECE):
            again.update(there.read(offset, min(_PIECE, there.size - offset)))
    if again.digest() != digest.digest():
        (target.delete_parity if parity else target.delete)(name)
        raise OSError(errno.EIO, f"pack {name} was not read back as it was written")
    return size


def _prove(pack: PackFile, name: str) -> None:
    """By its own index; what is wrong with single objects is known to checks, and moves along."""
    reader = PackReader(pack.read, pack.size)
    try:
        reader.entries()
        if reader.name != name:
            raise PackDamaged("its name is not that of its index")
    except PackDamaged as error:
        raise failed(
            "pack-damaged",
            f"Pack {name} is damaged: {error}. The repository was not moved.",
            "Check and repair the repository first; then start the move again, it goes on.",
        ) from error


def take_marker(old: Path, new: Path) -> None:
    """The new directory is a whole repository from now on. Raises OSError."""
    aside = new / (marker.NAME + ".partial")
    with aside.open("wb") as file:
        file.write((old / marker.NAME).read_bytes())
        file.flush()
        os.fsync(file.fileno())
    os.replace(aside, new / marker.NAME)
    sync_directory(new)
    sync_directory(new.parent)


def remove(path: Path, id: str, namespace: str) -> bool:
    """Takes an old directory away: the marker first, then only what is ours. False when something else is left in it.

    Does nothing where another repository lies there by now. Raises OSError.
    """
    if not path.exists():
        return True
    if (path / marker.NAME).exists():
        if marker.read(path) != id:
            return False
        (path / marker.NAME).unlink()
        sync_directory(path)
    inside = path / namespace
    if inside.is_dir():
        shutil.rmtree(inside / "incoming", ignore_errors=True)
        for directory in _directories(inside / "packs"):
            for file in directory.iterdir():
                if file.suffix in (".pack", ".parity") and len(file.stem) == 32 and file.name[:2] == directory.name:
                    file.unlink()
            _rmdir(directory)
        _rmdir(inside / "packs")
        for name in (RESERVE, *(f"index.sqlite{side}" for side in ("", "-wal", "-shm", "-journal"))):
            (inside / name).unlink(missing_ok=True)
        _rmdir(inside)
    for name in _OURS:
        (path / name).unlink(missing_ok=True)
    _rmdir(path)
    return not path.exists()


def _directories(path: Path) -> list[Path]:
    return [one for one in path.iterdir() if one.is_dir() and len(one.name) == 2] if path.is_dir() else []


def _rmdir(path: Path) -> None:
    with suppress(OSError):  # somebody else has put something there: that stays
        path.rmdir()


def _read(path: Path) -> dict[str, object] | None:
    try:
        said = json.loads((path / MOVING).read_bytes())
    except (OSError, ValueError):
        return None
    return said if isinstance(said, dict) else None
