"""What a machine consists of: directories, disks and streams that people name, checked and labelled."""

from __future__ import annotations

import os
import stat
import uuid
from collections.abc import Sequence
from pathlib import Path

from console.domain import paths
from console.domain.errors import Failed, failed, refused, usage
from console.domain.machines import Volume, VolumeSource, name_problem
from console.engine.repositories import Repositories
from console.sources.disks import is_disk
from console.sources.targets import device_size, is_device

Named = tuple[str | None, str]
"""A label, or None to make one; and a path as the operating system gave it, `cmd:` and a command line, or `-`."""

COMMAND = "cmd:"
INPUT = "-"


def make_volumes(
    wanted: Sequence[Named], repositories: Repositories, existing: Sequence[Volume] = ()
) -> tuple[Volume, ...]:
    """The volumes a machine shall have: a directory is a tree, a regular file or block device an image, `cmd:…` and
    `-` (standard input of the backup) are streams. One that keeps its label or its path keeps its id.

    Raises Failed: `no-volumes`, `volume-gone`, `volume-unsuitable`, `volume-in-repository`, `volume-twice`,
    `label-taken`, `name-forbidden`.
    """
    if not wanted:
        raise usage("no-volumes", "A machine has at least one volume.", "Name a directory with --volume [LABEL=]PATH.")
    found = [_look_at(path, repositories) for _, path in wanted]
    for number, one in enumerate(found):
        if one in found[:number]:
            raise usage("volume-twice", f"“{shown(*one)}” is named twice.", "Name each volume once.")
    taken: set[str] = set()
    for label, _ in wanted:
        if label is not None:
            _claim(label, taken)
    by_path = {(volume.source, volume.path): volume for volume in existing}
    volumes: list[Volume] = []
    for (label, _), (source, text) in zip(wanted, found, strict=True):
        known = by_path.get((source, text))
        if label is None:
            label = _free_label(known.label if known else _label_of(source, text), taken)
        before = known or next((volume for volume in existing if volume.label == label), None)
        if before is not None and any(volume.id == before.id for volume in volumes):
            before = None
        volumes.append(Volume(before.id if before else uuid.uuid4().hex, label, text, source))
    return tuple(volumes)


def shown(source: str, path: str) -> str:
    """The path of a volume as it is written on a command line."""
    if source != VolumeSource.STREAM:
        return path
    return COMMAND + path if path else INPUT


def is_fed(volume: Volume) -> bool:
    """Whether a volume's bytes come by standard input of the backup."""
    return volume.source == VolumeSource.STREAM and not volume.path


def tree_gone(path: bytes) -> Failed:
    """A directory to be backed up is not there any more."""
    return failed(
        "volume-gone",
        f"“{paths.to_text(path)}” is not there, or is no directory any more.",
        "Mount or bring back what is protected, or change the machine's volumes. No recovery point was made.",
    )


def tree_unreadable(path: bytes, problem: OSError) -> Failed:
    """It is there, and cannot be listed."""
    why = problem.strerror or str(problem)
    return failed(
        "volume-unreadable",
        f"“{paths.to_text(path)}” could not be read: {why}.",
        "Run the Core as a user who may read it. No recovery point was made.",
    )


def gone(volume: Volume) -> Failed:
    """A volume that is not there any more."""
    what = {VolumeSource.TREE: "directory", VolumeSource.IMAGE: "disk image or block device"}
    return failed(
        "volume-gone",
        f"“{volume.path}” is not there, or is no {what.get(VolumeSource(volume.source), 'volume')} any more.",
        "Mount or bring back what is protected, or change the machine's volumes. No recovery point was made.",
    )


def is_there(volume: Volume) -> bool:
    """Whether a tree or disk stands where its volume says, as what it was. Of streams nobody knows before."""
    try:
        status = os.stat(paths.from_text(volume.path))
    except OSError:
        return False
    return stat.S_ISDIR(status.st_mode) if volume.source == VolumeSource.TREE else is_disk(status)


def disk_size(volume: Volume) -> int | None:
    """Bytes of a disk; None where it cannot be looked at."""
    path = paths.from_text(volume.path)
    try:
        return device_size(path) if is_device(path) else os.stat(path).st_size
    except OSError:
        return None


def private_inside(home: bytes, repositories: Repositories) -> list[Path]:
    """Repositories and data directories of this Core that lie below a directory."""
    real = Path(os.fsdecode(os.path.realpath(home)))
    return [private for private in repositories.private_paths() if real in private.parents]


def _look_at(path: str, repositories: Repositories) -> tuple[str, str]:
    """What a named volume is, and the path it has in a `Volume`."""
    if path == INPUT:
        return VolumeSource.STREAM.value, ""
    if path.startswith(COMMAND):
        command = path.removeprefix(COMMAND).strip()
        if not command or "\0" in command:
            raise usage("volume-unsuitable", "A command is missing after “cmd:”.", "Write cmd:pg_dumpall.")
        return VolumeSource.STREAM.value, command
    raw = paths.native(path)
    home = os.path.abspath(raw) if raw else b""
    try:
        status = os.stat(home) if home else None
    except OSError:
        status = None
    if status is None:
        raise failed(
            "volume-gone",
            f"There is no directory, disk image or device {path or '(nothing)'}.",
            "Check the path of the volume.",
        )
    if not stat.S_ISDIR(status.st_mode) and not is_disk(status):
        raise failed(
            "volume-unsuitable",
            f"{path} is no directory, no disk image and no block device.",
            "A volume is a directory with all in it, a disk, or what a command writes (cmd:…).",
        )
    real = Path(os.fsdecode(os.path.realpath(home)))
    for private in repositories.private_paths():
        if real == private or private in real.parents:
            raise refused(
                "volume-in-repository",
                f"{path} lies in a repository, or in the data directory, of this Core.",
                "A repository cannot protect itself; protect the directories whose files matter.",
            )
    source = VolumeSource.TREE if stat.S_ISDIR(status.st_mode) else VolumeSource.IMAGE
    return source.value, paths.to_text(home)


def _claim(label: str, taken: set[str]) -> None:
    problem = name_problem(label)
    if problem is not None:
        raise usage("name-forbidden", problem.message, problem.hint)
    if label.casefold() in taken:
        raise refused("label-taken", f"Two volumes are labelled “{label}”.", "Give each volume a label of its own.")
    taken.add(label.casefold())


def _label_of(source: str, path: str) -> str:
    """A label from the last name of a path, or from the name of a command, in letters that labels may have."""
    if source == VolumeSource.STREAM:
        name = os.path.basename(path.split()[0]) if path else "stdin"
    else:
        name = os.path.basename(paths.from_text(path)).decode("utf-8", "replace") or "root"
    if source == VolumeSource.IMAGE:
        name = os.path.splitext(name)[0] or name
    cleaned = "".join(ch if ch.isalnum() or ch in " ._-" else "_" for ch in name)[:60].strip(" .").lstrip("-")
    return cleaned if cleaned and name_problem(cleaned) is None else "volume"


def _free_label(label: str, taken: set[str]) -> str:
    free, number = label, 1
    while free.casefold() in taken:
        number += 1
        free = f"{label}-{number}"
    taken.add(free.casefold())
    return free
