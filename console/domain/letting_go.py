"""Deleting slowly: points that can be had back for some days, and deletions that want a second person."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any


@dataclass(frozen=True, slots=True)
class BinnedPoint:
    """A point that was deleted, and can be had back until `until`. `record`: object id; `images`: as they were."""

    point: str
    machine: str
    repository: str
    record: str
    images: tuple[Mapping[str, Any], ...] = field(hash=False)
    removed: datetime
    until: datetime
    user: str
    reason: str
    bytes: int


class ApprovalState(StrEnum):
    OPEN = "open"
    GRANTED = "granted"
    REFUSED = "refused"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class Approval:
    """What one person asked for and another has to agree to. `text` says it in a sentence; `subject`: to do it by."""

    id: str
    kind: str
    subject: Mapping[str, Any] = field(hash=False)
    text: str
    asked_by: str
    asked: datetime
    until: datetime
    state: ApprovalState = ApprovalState.OPEN
    decided_by: str = ""
    decided: datetime | None = None
