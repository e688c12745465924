"""Which directories of this host a machine consists of: what people name, checked and labelled."""

from __future__ import annotations

import os
import uuid
from collections.abc import Sequence
from pathlib import Path

from console.domain import paths
from console.domain.errors import failed, refused, usage
from console.domain.machines import Volume, name_problem
from console.engine.repositories import Repositories

Named = tuple[str | None, str]
"""A label, or None to take it from the path; and a path as the operating system gave it."""


def make_volumes(
    wanted: Sequence[Named], repositories: Repositories, existing: Sequence[Volume] = ()
) -> tuple[Volume, ...]:
    """The volumes a machine shall have. One that keeps its label or its path keeps its id.

    Raises Failed: `no-volumes`, `volume-gone`, `volume-not-a-directory`, `volume-in-repository`, `volume-twice`,
    `label-taken`, `name-forbidden`.
    """
    if not wanted:
        raise usage("no-volumes", "A machine has at least one volume.", "Name a directory with --volume [LABEL=]PATH.")
    homes = [_directory(path, repositories) for _, path in wanted]
    for number, home in enumerate(homes):
        if home in homes[:number]:
            raise usage("volume-twice", f"“{paths.to_text(home)}” is named twice.", "Name each volume once.")
    taken: set[str] = set()
    for label, _ in wanted:
        if label is not None:
            _claim(label, taken)
    by_path = {volume.path: volume for volume in existing}
    volumes: list[Volume] = []
    for (label, _), home in zip(wanted, homes, strict=True):
        text = paths.to_text(home)
        if label is None:
            known = by_path.get(text)
            label = _free_label(known.label if known else _label_of(home), taken)
        before = by_path.get(text) or next((volume for volume in existing if volume.label == label), None)
        if before is not None and any(volume.id == before.id for volume in volumes):
            before = None
        volumes.append(Volume(before.id if before else uuid.uuid4().hex, label, text))
    return tuple(volumes)


def private_inside(home: bytes, repositories: Repositories) -> list[Path]:
    """Repositories and data directories of this Core that lie below a directory."""
    real = Path(os.fsdecode(os.path.realpath(home)))
    return [private for private in repositories.private_paths() if real in private.parents]


def _directory(path: str, repositories: Repositories) -> bytes:
    raw = paths.native(path)
    home = os.path.abspath(raw) if raw else b""
    if not home or not os.path.lexists(home):
        raise failed("volume-gone", f"There is no directory {path or '(nothing)'}.", "Check the path of the volume.")
    if not os.path.isdir(home):
        raise failed("volume-not-a-directory", f"{path} is no directory.", "A volume is a directory with all in it.")
    real = Path(os.fsdecode(os.path.realpath(home)))
    for private in repositories.private_paths():
        if real == private or private in real.parents:
            raise refused(
                "volume-in-repository",
                f"{path} lies in a repository, or in the data directory, of this Core.",
                "A repository cannot protect itself; protect the directories whose files matter.",
            )
    return home


def _claim(label: str, taken: set[str]) -> None:
    problem = name_problem(label)
    if problem is not None:
        raise usage("name-forbidden", problem.message, problem.hint)
    if label.casefold() in taken:
        raise refused("label-taken", f"Two volumes are labelled “{label}”.", "Give each volume a label of its own.")
    taken.add(label.casefold())


def _label_of(home: bytes) -> str:
    """A label from the last name of a path, in letters that labels may have."""
    name = os.path.basename(home).decode("utf-8", "replace") or "root"
    cleaned = "".join(ch if ch.isalnum() or ch in " ._-" else "_" for ch in name)[:60].strip(" .").lstrip("-")
    return cleaned if cleaned and name_problem(cleaned) is None else "volume"


def _free_label(label: str, taken: set[str]) -> str:
    free, number = label, 1
    while free.casefold() in taken:
        number += 1
        free = f"{label}-{number}"
    taken.add(free.casefold())
    return free
