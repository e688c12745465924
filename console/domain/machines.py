"""Machines and their volumes."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class MachineKind(StrEnum):
    PROTECTED = "protected"
    REPLICATED = "replicated"
    RECOVERY_POINTS_ONLY = "recovery-points-only"


@dataclass(frozen=True, slots=True)
class Volume:
    """One thing of a machine that is imaged. `path` in the text form of `domain.paths`."""

    id: str
    label: str
    path: str
    source: str = "tree"


@dataclass(frozen=True, slots=True)
class Machine:
    """`origin_core` is the id of the Core that protects it (this Core's own id for ours).

    `interval_s`: seconds between scheduled backups, 0 for none. `next_due`: when the next scheduled backup is due.
    """

    id: str
    name: str
    kind: MachineKind
    origin_core: str
    repository: str
    volumes: tuple[Volume, ...]
    created: datetime
    interval_s: int = 3600
    excludes: tuple[str, ...] = ()
    paused: bool = False
    next_due: datetime | None = None
    origin_name: str = ""


DEFAULT_INTERVAL_S = 3600
FORBIDDEN_NAMES = frozenset(
    ["con", "prn", "aux", "nul", *(f"com{i}" for i in range(1, 10)), *(f"lpt{i}" for i in range(1, 10))]
)


@dataclass(frozen=True, slots=True)
class NameProblem:
    """Why a name may not be used, as a sentence."""

    message: str
    hint: str = field(default="Use letters, digits, spaces, “.”, “_” and “-”; not at the ends; 64 characters at most.")


def name_problem(name: str) -> NameProblem | None:
    """The rule for names of machines, repositories, pairings, users and volumes. None: the name is good."""
    if not name or len(name) > 64:
        return NameProblem("A name has 1 to 64 characters.")
    if name.lower().split(".")[0] in FORBIDDEN_NAMES:
        return NameProblem(f"“{name}” is a reserved word of some file systems.")
    if name != name.strip(" .") or name.startswith("-"):
        return NameProblem(f"“{name}” begins or ends with a character a name must not begin or end with.")
    if any(not (ch.isalnum() or ch in " ._-") for ch in name):
        return NameProblem(f"“{name}” has a character that names cannot have.")
    return None
