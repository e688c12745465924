"""The file that makes a directory a repository, and the lock that keeps a second process out."""

from __future__ import annotations

import json
import os
from datetime import datetime
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from console.domain.clock import iso
from console.domain.errors import Failed, failed, refused
from console.repository.failures import write_failed
from console.repository.storage.local import sync_directory

NAME = "replicore-repository.json"
LOCK = "lock"
FORMAT = 1
MAX_PARITY = 100
_ASIDE = NAME + ".partial"
_OURS = frozenset({LOCK, _ASIDE, "own"})
"""What an interrupted `create` leaves behind."""


def prepare(path: Path) -> None:
    """Makes the directory for a new repository. Raises Failed when something is there, or it cannot be made."""
    try:
        path.mkdir(parents=True, exist_ok=True)
        found = {entry.name for entry in path.iterdir()}
    except (FileExistsError, NotADirectoryError) as error:
        raise refused(
            "not-a-directory", f"{path} is, or lies below, something that is no directory.", "Choose a directory."
        ) from error
    except OSError as error:
        known = write_failed(error, str(path))
        if known.failure.code == "repository-gone":
            raise failed(
                "directory-not-possible",
                f"The directory {path} cannot be made there.",
                "Choose a place on a disk of this machine.",
            ) from error
        raise known from error
    if NAME in found:
        raise refused("repository-exists", f"There is a repository in {path} already.", "Choose another directory.")
    if not found <= _OURS or any((path / "own" / "packs").rglob("*.pack")):
        raise refused(
            "directory-not-empty", f"{path} is not empty.", "Choose an empty directory, or a name that is not taken."
        )


def write(path: Path, id: str, created: datetime, parity: int = 0) -> str:
    """Marks a directory as a repository, durably; the id. Raises OSError."""
    said: dict[str, Any] = {"format": FORMAT, "id": id, "created": iso(created)}
    _put(path, said | {"parity": parity} if parity else said)
    return id


def write_parity(path: Path, parity: int) -> None:
    """Sets what share of parity packs get (percent; 0: none), durably. Raises Failed as `read`, OSError."""
    said = _said(path)
    said.pop("parity", None)
    _put(path, said | {"parity": parity} if parity else said)


def read_parity(path: Path) -> int:
    """What share of parity packs get (percent; 0: none). Raises Failed as `read`."""
    found = _said(path).get("parity", 0)
    return found if isinstance(found, int) and 0 < found <= MAX_PARITY else 0


def _put(path: Path, said: dict[str, Any]) -> None:
    aside = path / _ASIDE
    with aside.open("w", encoding="utf-8") as file:
        json.dump(said, file)
        file.write("\n")
        file.flush()
        os.fsync(file.fileno())
    os.replace(aside, path / NAME)
    sync_directory(path)
    sync_directory(path.parent)


def read(path: Path) -> str:
    """The id of the repository in a directory; changes nothing. Raises Failed when there is none that we can use."""
    id: str = _said(path)["id"]
    return id


def _said(path: Path) -> dict[str, Any]:
    """What the marker says, found to be in order. Raises Failed as `read`."""
    try:
        raw = (path / NAME).read_bytes()
    except (FileNotFoundError, NotADirectoryError) as error:
        raise failed(
            "repository-gone",
            f"There is no repository in {path}.",
            f"Mount the disk it lies on, or bring the directory back; a repository has a file {NAME}. Nothing was "
            "changed.",
        ) from error
    except OSError as error:
        raise failed(
            "repository-unreadable",
            f"The repository {path} cannot be read: {error.strerror or error}.",
            "Look at the disk and its permissions.",
        ) from error
    try:
        said = json.loads(raw)
        version, id = said["format"], said["id"]
        if not isinstance(version, int) or not isinstance(id, str) or not id:
            raise ValueError("it does not say which format and which repository")
    except (ValueError, KeyError, TypeError) as error:
        raise _damaged(path) from error
    if version > FORMAT:
        raise refused(
            "repository-newer",
            f"The repository {path} has format {version}; this program knows format {FORMAT}.",
            "Update Replicore on this machine.",
        )
    if version < FORMAT:
        raise _damaged(path)
    found: dict[str, Any] = said
    return found


def lock(path: Path) -> FileLock:
    """Holds the directory for this process until released. Raises Failed `repository-in-use`."""
    held = FileLock(path / LOCK, thread_local=False)
    try:
        held.acquire(timeout=0)
    except Timeout as error:
        raise refused(
            "repository-in-use",
            f"The repository {path} is in use by another Core.",
            "Stop that Core, or let it do the work.",
        ) from error
    except OSError as error:
        raise write_failed(error, str(path)) from error
    return held


def _damaged(path: Path) -> Failed:
    return failed(
        "repository-damaged-marker",
        f"The file {NAME} in {path} is damaged; what lies there cannot be recognised as a repository.",
        f"Nothing was touched. Bring {NAME} back from a copy: its packs may well be whole.",
    )
