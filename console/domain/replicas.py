"""Replicas: which point has reached which target, and what became of those that have not."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class ReplicaState(StrEnum):
    """`there`: the target has every image of it. `deleted`: it had, and it was rolled up or deleted there."""

    WAITING = "waiting"
    SENDING = "sending"
    THERE = "there"
    FAILED = "failed"
    CANCELLED = "cancelled"
    DELETED = "deleted"


@dataclass(frozen=True, slots=True)
class Replica:
    """One point at one target, seen from its source. `time`: the point's.

    `name`, `description`, `asked`, `asked_by`: of one that a person asked for by itself. `sent`: when its first bytes
    went; `ended`: when it was confirmed, or given up. `code`, `message`: of its last failure; `next`: it is tried again
    not before. `policy`: the lifecycle policy that wants it.
    """

    point: str
    pairing: str
    machine: str
    time: datetime
    state: ReplicaState
    name: str = ""
    description: str = ""
    asked: datetime | None = None
    asked_by: str = ""
    sent: datetime | None = None
    ended: datetime | None = None
    code: str = ""
    message: str = ""
    attempts: int = 0
    next: datetime | None = None
    policy: str = ""


class BaseDecision(StrEnum):
    """`seed`: it goes on a drive. `defer`: not before a time."""

    WAITING = "waiting"
    SEND = "send"
    DEFER = "defer"
    SEED = "seed"


@dataclass(frozen=True, slots=True)
class BaseHold:
    """A base image that nobody expected, held back until somebody decides. `reason`: why it is a base."""

    image: str
    pairing: str
    machine: str
    noticed: datetime
    bytes: int
    reason: str
    decision: BaseDecision = BaseDecision.WAITING
    until: datetime | None = None
    user: str = ""
