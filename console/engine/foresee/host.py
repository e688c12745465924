"""The file systems and directories of this Core's machine, for people who choose one from elsewhere."""

from __future__ import annotations

import heapq
import os
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

from console.domain import paths
from console.domain.errors import Failed, failed, not_found, refused, usage
from console.domain.plan_answers import HostDevices, HostEntry, HostFolder, HostVolume, HostVolumes
from console.engine.backup.volumes import make_volumes
from console.engine.repositories import Repositories
from console.host.block_devices import block_devices
from console.host.disks import Mount, Space, free_space, labels, mounts, space
from console.seeding.media import removable
from console.sources.mounts import PSEUDO_TYPES

MOST_ENTRIES = 2000
ANSWER_S = 2.0
"""A file system that does not say within so long how large it is (a share whose server is away) is left out."""

_IN_MEMORY = frozenset(["tmpfs", "ramfs", "rootfs", "overlay", "aufs"])
_SHARES = frozenset(["nfs", "nfs4", "cifs", "smb3", "smbfs", "ceph", "glusterfs", "9p", "afpfs", "webdav"])


def every_mount() -> list[Mount]:
    """What is mounted on this machine, network shares included."""
    return mounts(everything=True)


class Host:
    """Looks at this machine. `mounts` says what is mounted."""

    def __init__(self, repositories: Repositories) -> None:
        self._repositories = repositories
        self.mounts: Callable[[], list[Mount]] = every_mount

    def volumes(self) -> HostVolumes:
        """File systems that hold somebody's files; not those of the kernel, in memory, or of packed programs."""
        named = labels()
        shown = [self._volume(mount, room, named) for mount, room in self.file_systems()]
        return {"host": socket.gethostname(), "volumes": shown}

    def devices(self) -> HostDevices:
        """Disks and their partitions, for whoever restores a disk onto one."""
        return {
            "host": socket.gethostname(),
            "devices": [
                {
                    "path": found.path,
                    "size": found.size,
                    "model": found.model,
                    "part_of": found.part_of,
                    "removable": found.removable,
                    "read_only": found.read_only,
                    "used_by": list(found.used_by),
                }
                for found in block_devices()
            ],
        }

    def file_systems(self) -> Iterator[tuple[Mount, Space]]:
        """Those file systems, by path, with their room; the last one mounted at a path hides the others."""
        at = {mount.path: mount for mount in self.mounts() if _holds_files(mount)}
        for mount in at.values():
            room = _space_of(mount)
            if room is not None and room.total > 0:
                yield mount, room

    def folder(self, path: str = "", *, files: bool = False) -> HostFolder:
        """One directory (text form of an absolute path; without one the home of whoever runs this Core), its first
        2 000 names, directories before files.

        Raises Failed: `path-not-absolute`, `no-such-folder`, `not-a-folder`, `folder-unreadable`.
        """
        raw = _absolute(path) if path else os.fsencode(Path.home())
        if not os.path.isdir(raw):
            raise _no_folder(raw)
        try:
            with os.scandir(raw) as names:
                found = heapq.nsmallest(MOST_ENTRIES + 1, _wanted(names, files=files), key=_order)
        except OSError as problem:
            raise refused(
                "folder-unreadable",
                f"This Core may not look into {paths.to_text(raw)}: {problem.strerror}.",
                "Choose another directory, or give the user the Core runs as the right to read it.",
            ) from problem
        above = os.path.dirname(raw)
        return {
            "path": paths.to_text(raw),
            "parent": None if above == raw else paths.to_text(above),
            "writable": os.access(raw, os.W_OK | os.X_OK),
            "free": _free(raw),
            "entries": [_entry(raw, name, directory) for name, directory in found[:MOST_ENTRIES]],
            "truncated": len(found) > MOST_ENTRIES,
        }

    def make_folder(self, path: str) -> HostFolder:
        """Makes one directory below one that is there, and looks into it.

        Raises Failed: `path-not-absolute`, `no-such-folder`, `not-a-folder`, `folder-exists`, `folder-in-repository`,
        `folder-not-made`.
        """
        raw = _absolute(path)
        above = os.path.dirname(raw)
        if os.path.lexists(raw):
            raise refused("folder-exists", f"{paths.to_text(raw)} is there already.", "Choose another name.")
        if not os.path.isdir(above):
            raise _no_folder(above)
        real = Path(os.fsdecode(os.path.realpath(above)))
        for private in self._repositories.private_paths():
            if real == private or private in real.parents:
                raise refused(
                    "folder-in-repository",
                    f"{paths.to_text(above)} lies in a repository, or in the data directory, of this Core.",
                    "Choose a directory elsewhere.",
                )
        try:
            os.mkdir(raw)
        except OSError as problem:
            raise refused(
                "folder-not-made",
                f"{paths.to_text(raw)} cannot be made: {problem.strerror}.",
                "Choose another place, or give the user the Core runs as the right to write there.",
            ) from problem
        return self.folder(paths.to_text(raw))

    def _volume(self, mount: Mount, room: Space, named: dict[str, str]) -> HostVolume:
        why_not = self._why_not(mount.path)
        return {
            "path": paths.to_text(os.fsencode(mount.path)),
            "device": mount.device,
            "file_system": mount.type,
            "label": label_of(mount, named),
            "size": room.total,
            "used": room.used,
            "free": room.free,
            "removable": bool(removable(mount.device)),
            "read_only": mount.read_only,
            "protectable": not why_not,
            "why_not": why_not,
        }

    def _why_not(self, path: Path) -> str:
        """Why a directory cannot be a volume of a machine, empty when it can: the rule of protecting itself."""
        try:
            make_volumes([(None, str(path))], self._repositories)
        except Failed as known:
            return known.failure.message
        if not os.access(path, os.R_OK | os.X_OK):
            return f"This Core may not read {path}."
        return ""


def label_of(mount: Mount, named: dict[str, str]) -> str:
    """What people call a file system, as far as this machine knows (`host.disks.labels`)."""
    return named.get(os.path.realpath(mount.device), "") if mount.device.startswith("/") else ""


def _holds_files(mount: Mount) -> bool:
    kind = mount.type.lower()
    if kind in PSEUDO_TYPES:
        return False
    if kind in _IN_MEMORY:
        return mount.path == mount.path.parent and kind == "overlay"  # the top of a container
    if kind == "squashfs" and mount.device.startswith("/dev/loop"):
        return False
    return mount.path.parent == mount.path or kind in _SHARES or mount.path.is_dir()


def _space_of(mount: Mount) -> Space | None:
    if mount.type.lower() not in _SHARES and not mount.type.startswith("fuse"):
        return _ask(mount.path)
    answers: list[Space | None] = []
    # The call cannot be ended; when the server never answers, its thread waits without being waited for.
    asking = threading.Thread(target=lambda: answers.append(_ask(mount.path)), name="space", daemon=True)
    asking.start()
    asking.join(ANSWER_S)
    return answers[0] if answers else None


def _ask(path: Path) -> Space | None:
    try:
        return space(path)
    except OSError:
        return None


def _absolute(path: str) -> bytes:
    raw = paths.from_text(path)
    if not os.path.isabs(raw) or b"\0" in raw:
        raise usage("path-not-absolute", f"“{path}” is not an absolute path.", "Name it from the root on.")
    return os.path.normpath(raw)


def _no_folder(raw: bytes) -> Failed:
    text = paths.to_text(raw)
    if os.path.lexists(raw):
        return failed("not-a-folder", f"{text} is no directory.", "Choose a directory.")
    return not_found("folder", text, "It is not there, or this Core may not see it. Choose another directory.")


def _wanted(names: Iterator[os.DirEntry[bytes]], *, files: bool) -> Iterator[tuple[bytes, bool]]:
    for entry in names:
        try:
            directory = entry.is_dir()
        except OSError:
            directory = False
        if directory or files:
            yield entry.name, directory


def _order(found: tuple[bytes, bool]) -> tuple[bool, str, bytes]:
    name, directory = found
    return not directory, paths.to_text(name).casefold(), name


def _entry(above: bytes, name: bytes, directory: bool) -> HostEntry:
    path = os.path.join(above, name)
    size: int | None = None
    if not directory:
        try:
            size = os.lstat(path).st_size
        except OSError:
            size = None
    return {
        "name": paths.to_text(name),
        "path": paths.to_text(path),
        "directory": directory,
        "readable": os.access(path, os.R_OK | os.X_OK if directory else os.R_OK),
        "size": size,
    }


def _free(raw: bytes) -> int | None:
    try:
        return free_space(Path(os.fsdecode(raw)))
    except OSError:
        return None
