"""Pairings of Cores and the machines in them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Direction(StrEnum):
    """Seen from this Core: outgoing, we are the source; incoming, we are the target."""

    OUTGOING = "outgoing"
    INCOMING = "incoming"


class Link(StrEnum):
    ONLINE = "online"
    PAUSED = "paused"
    AUTHENTICATION_ERROR = "authentication-error"
    UNREACHABLE = "unreachable"
    INCOMPATIBLE = "incompatible"


class PairingState(StrEnum):
    ACTIVE = "active"
    REMOVED = "removed"


@dataclass(frozen=True, slots=True)
class CoreIdentity:
    """Who a Core is. `fingerprint`: SHA-256 of its certificate (DER), colon-separated upper-case hex."""

    id: str
    name: str
    version: str
    fingerprint: str
    protocol: int = 1


@dataclass(frozen=True, slots=True)
class Pairing:
    """`host`/`port`: where the peer is reached (outgoing only; the source calls). `certificate`: the peer's, PEM.

    `link`, `last_contact`, `link_text`: what the last contact showed. A pause has an owner: ours or the peer's.
    """

    id: str
    direction: Direction
    name: str
    peer: CoreIdentity
    certificate: str
    created: datetime
    host: str = ""
    port: int = 0
    state: PairingState = PairingState.ACTIVE
    paused_here: bool = False
    paused_there: bool = False
    link: Link = Link.ONLINE
    link_text: str = ""
    last_contact: datetime | None = None


@dataclass(frozen=True, slots=True)
class Member:
    """One machine in a pairing. `repository`: id of the target's repository that takes it (target side: ours).

    `last_point`: time of the newest point the target has, whole or as an orphan; `last_sent`: when that was confirmed.
    `retention`: at the source, the policy the target keeps it by (`domain.retention`), as it said; empty: not known.
    """

    pairing: str
    machine: str
    repository: str
    repository_name: str = ""
    paused: bool = False
    last_point: datetime | None = None
    last_sent: datetime | None = None
    retention: str = ""


@dataclass(frozen=True, slots=True)
class RepositoryOffer:
    """A repository of the target as the source may choose it; `free` in bytes."""

    id: str
    name: str
    default: bool
    free: int
