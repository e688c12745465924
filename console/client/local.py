"""A Core on this machine, by its data directory: where it listens, and the token that its owner may read."""

from __future__ import annotations

import json
import os
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from console.domain.errors import FailureKind, failed

CORE_FILE = "core.json"
TOKEN_FILE = "token"
LOCK_FILE = "lock"
KNOCK_FILE = "knock"


@dataclass(frozen=True, slots=True)
class LocalCore:
    """Where the Core of a data directory listens; written by itself as soon as it does."""

    host: str
    port: int
    pid: int
    fingerprint: str


def write_core(data: Path, core: LocalCore) -> None:
    """Whole or not at all, so that a reader never meets half a file."""
    beside = data / f"{CORE_FILE}.{os.getpid()}.partial"
    beside.write_text(json.dumps(asdict(core)) + "\n", encoding="utf-8")
    os.replace(beside, data / CORE_FILE)


def read_core(data: Path) -> LocalCore | None:
    """None where there is no such file, or one that a Core of another version wrote differently."""
    try:
        raw = json.loads((data / CORE_FILE).read_text(encoding="utf-8"))
        return LocalCore(str(raw["host"]), int(raw["port"]), int(raw["pid"]), str(raw["fingerprint"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def forget_core(data: Path) -> None:
    (data / CORE_FILE).unlink(missing_ok=True)


def knock(data: Path) -> None:
    """Asks whoever holds a data directory, and listens to nobody yet, to listen. To be done again until it answers:
    somebody else may have held the directory at first."""
    with suppress(OSError):
        (data / KNOCK_FILE).touch(mode=0o600)


def knocked(data: Path) -> bool:
    """Whether somebody wants to be let in."""
    return os.path.exists(data / KNOCK_FILE)


def forget_knock(data: Path) -> None:
    with suppress(OSError):
        (data / KNOCK_FILE).unlink(missing_ok=True)


def read_token(data: Path) -> str:
    """The token of the Core of `data`. Raises Failed `token-unreadable`."""
    try:
        return (data / TOKEN_FILE).read_text(encoding="ascii").strip()
    except (OSError, ValueError) as error:
        raise failed(
            "token-unreadable",
            f"The token of the Core in {data} cannot be read.",
            "Run the command as the user that the Core runs as, or sign in: replicore core add NAME URL --user U",
            FailureKind.FORBIDDEN,
        ) from error
