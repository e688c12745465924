"""Groups of machines: clusters, which are chosen whole, and lifecycle policies, which say what becomes of points."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any


@dataclass(frozen=True, slots=True)
class Cluster:
    """Machines (ids) that are selected together. `origin_core`: id of the Core that says so; empty: this one."""

    id: str
    name: str
    created: datetime
    origin_core: str = ""
    machines: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class LifecyclePolicy:
    """Ordered operations (`body`) for the points of some machines (ids). A machine has one policy at most."""

    id: str
    name: str
    enabled: bool
    body: Mapping[str, Any] = field(hash=False)
    created: datetime
    changed: datetime
    machines: tuple[str, ...] = ()


class OperationKind(StrEnum):
    REPLICATE = "replicate"
    IMPORT = "import"
    KEEP = "keep"
    FORWARD = "forward"


class OperationState(StrEnum):
    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation of a policy on one point. `position`: its place in the policy; `target`: a pairing, or empty."""

    id: str
    policy: str
    point: str
    position: int
    kind: OperationKind
    target: str
    state: OperationState
    attempts: int = 0
    next: datetime | None = None
    code: str = ""
    message: str = ""
    started: datetime | None = None
    ended: datetime | None = None
