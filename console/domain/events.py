"""The journal: what happened, and which of it wants a person."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Severity(StrEnum):
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


class Changed(StrEnum):
    """Kinds of things the change feed names. A screen that shows such things reloads itself."""

    MACHINES = "machines"
    POINTS = "recovery points"
    PAIRINGS = "pairings"
    SEEDS = "seeds"
    JOBS = "jobs"
    EVENTS = "events"
    REPOSITORIES = "repositories"
    USERS = "users"
    KEYS = "keys"
    SETTINGS = "settings"


@dataclass(frozen=True, slots=True)
class Event:
    """`alert`: wants a person until dismissed. `code` is stable kebab-case; `subject` names what it is about.

    An alert that repeats is one event with a `count`, `time` being the latest.
    """

    id: str
    time: datetime
    severity: Severity
    code: str
    message: str
    subject: str = ""
    alert: bool = False
    dismissed: bool = False
    count: int = 1
