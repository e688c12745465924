"""Machines and their volumes."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum


class MachineKind(StrEnum):
    PROTECTED = "protected"
    REPLICATED = "replicated"
    RECOVERY_POINTS_ONLY = "recovery-points-only"


class VolumeSource(StrEnum):
    """What a volume is: a directory tree; a disk image or block device; what a command writes."""

    TREE = "tree"
    IMAGE = "image"
    STREAM = "stream"


@dataclass(frozen=True, slots=True)
class Volume:
    """One thing of a machine that is imaged. `source`: a `VolumeSource`.

    `path` in the text form of `domain.paths`; of a stream the command line, empty when its bytes come from elsewhere.
    """

    id: str
    label: str
    path: str
    source: str = "tree"


@dataclass(frozen=True, slots=True)
class MachineOptions:
    """How a machine's volumes are read. Commands never leave the Core they were given to.

    `one_file_system`: what is mounted below a tree is left out. `caches`: directories marked by CACHEDIR.TAG are left
    out; `markers`: and those that hold a file of such a name. `before`, `after`: commands around each backup, ended
    after `command_timeout_s` seconds. `snapshot`: a snapshot of the host is used where it has them.
    `compression`: level of zstd, from 1 (quick) to 19 (small, and slow to write; reading is as quick).
    """

    one_file_system: bool = True
    caches: bool = False
    markers: tuple[str, ...] = ()
    before: str = ""
    after: str = ""
    command_timeout_s: int = 300
    snapshot: bool = True
    compression: int = 1


@dataclass(frozen=True, slots=True)
class Machine:
    """`origin_core` is the id of the Core that protects it (this Core's own id for ours).

    `interval_s`: seconds between scheduled backups, 0 for none. `next_due`: when the next scheduled backup is due.
    `key`: id of the encryption key its next image is sealed with, empty for none.
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
    key: str = ""
    options: MachineOptions = MachineOptions()

    def abroad(self) -> Machine:
        """As others see it, in records, on the wire and on seed drives: commands may hold secrets, and stay here."""
        volumes = tuple(replace(v, path="") if v.source == VolumeSource.STREAM else v for v in self.volumes)
        return replace(self, volumes=volumes, options=replace(self.options, before="", after=""))


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
