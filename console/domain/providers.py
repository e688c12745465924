"""Customers of a provider: who asks to be taken, who was invited, who is there and what they use."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from console.domain.pairing import CoreIdentity, Direction


class RequestState(StrEnum):
    PENDING = "pending"
    APPROVED = "approved"
    DENIED = "denied"
    IGNORED = "ignored"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class Request:
    """A source that asks a target to be taken. `direction`: outgoing, we ask. `peer`, `certificate`: of the other Core.

    `machines`: those that are to come, as the request says. `invitation`: id of the one it came with. `nonce`: random,
    of the request. `pairing`: what came of it. `replaces`: replicated Core (pairing) whose place it takes.
    """

    id: str
    direction: Direction
    state: RequestState
    peer: CoreIdentity
    certificate: str
    created: datetime
    expires: datetime
    host: str = ""
    port: int = 0
    email: str = ""
    customer_id: str = ""
    machines: tuple[Mapping[str, Any], ...] = field(default=(), hash=False)
    invitation: str = ""
    nonce: str = ""
    reminded: datetime | None = None
    answered: datetime | None = None
    comment: str = ""
    pairing: str = ""
    replaces: str = ""


@dataclass(frozen=True, slots=True)
class Invitation:
    """For one source, once. Of its code only the hash is kept."""

    id: str
    code_hash: str
    tenant: str
    rights: Mapping[str, Any] = field(hash=False)
    created: datetime
    created_by: str
    expires: datetime
    used: datetime | None = None
    used_by: str = ""
    revoked: datetime | None = None
    note: str = ""


class TenantState(StrEnum):
    ACTIVE = "active"
    SUSPENDED = "suspended"


@dataclass(frozen=True, slots=True)
class Tenant:
    """A customer. `quota_bytes`, `machines_max`: None: no limit."""

    id: str
    name: str
    created: datetime
    email: str = ""
    customer_id: str = ""
    quota_bytes: int | None = None
    machines_max: int | None = None
    state: TenantState = TenantState.ACTIVE
    comment: str = ""


@dataclass(frozen=True, slots=True)
class Usage:
    """What a tenant had in a repository on a day (YYYY-MM-DD), for the bill."""

    tenant: str
    day: str
    repository: str
    stored_bytes: int
    points: int
    machines: int
    received_bytes: int
