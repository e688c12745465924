"""Jobs: work with a beginning, progress and one of several endings."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from console.domain.errors import Failure
from console.domain.progress import Progress


class JobKind(StrEnum):
    BACKUP = "backup"
    REPLICATE = "replicate"
    REPLICATE_POINT = "replicate-point"
    RESTORE = "restore"
    SEED_CREATE = "seed-create"
    SEED_VERIFY = "seed-verify"
    SEED_CONSUME = "seed-consume"
    REPOSITORY_CHECK = "repository-check"
    REPOSITORY_REPAIR = "repository-repair"
    REPOSITORY_PARITY = "repository-parity"
    RECLAIM_PLAN = "reclaim-plan"
    RECLAIM = "reclaim"
    REPOSITORY_MOVE = "repository-move"
    ROLLUP = "rollup"
    NIGHTLY = "nightly"
    POINT_CHECK = "point-check"
    REBUILD_INDEX = "rebuild-index"
    REBUILD_CATALOG = "rebuild-catalog"
    DELETE = "delete"


class JobState(StrEnum):
    """`failed`: ended with a known failure. `crashed`: ended with a bug. `interrupted`: the Core died under it."""

    QUEUED = "queued"
    RUNNING = "running"
    CANCELLING = "cancelling"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CRASHED = "crashed"
    CANCELLED = "cancelled"
    INTERRUPTED = "interrupted"

    @property
    def ended(self) -> bool:
        return self not in (JobState.QUEUED, JobState.RUNNING, JobState.CANCELLING)


class Trigger(StrEnum):
    PERSON = "person"
    SCHEDULE = "schedule"
    FOLLOWS_BACKUP = "follows-backup"
    FOLLOWS_SETUP = "follows-setup"
    FOLLOWS_CHECK = "follows-check"
    FOLLOWS_NIGHTLY = "follows-nightly"
    FOLLOWS_ARRIVAL = "follows-arrival"
    RETRY = "retry"


@dataclass(frozen=True, slots=True)
class JobWarning:
    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Job:
    """`subject` names what it works on (machine, pairing, seed id), `part` what of that, where it is not all; `reason`
    says in words why it was started. `priority`: 1 to 10 (`domain.queueing`). `parent`: the job that waits for it."""

    id: str
    kind: JobKind
    subject: str
    state: JobState
    trigger: Trigger
    created: datetime
    reason: str = ""
    user: str = ""
    started: datetime | None = None
    ended: datetime | None = None
    progress: Progress = field(default_factory=Progress)
    result: dict[str, Any] | None = None
    failure: Failure | None = None
    warnings: tuple[JobWarning, ...] = ()
    warning_count: int = 0
    part: str = ""
    priority: int = 5
    parent: str = ""


@dataclass(frozen=True, slots=True)
class LogLine:
    time: datetime
    text: str
