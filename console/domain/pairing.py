"""Pairings of Cores and the machines in them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

ALWAYS: Mapping[str, Any] = {"kind": "always"}
"""The schedule of who has none: at all times."""


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


class Promise(StrEnum):
    """What a window means: nothing starts outside of it, or nothing runs outside of it."""

    START = "start"
    RUN = "run"


class Keep(StrEnum):
    """By whose retention policy a target keeps a machine: its own, the source's, or one fixed for it."""

    OWN = "own"
    SOURCE = "source"
    FIXED = "fixed"


class CertificateState(StrEnum):
    CURRENT = "current"
    NEXT = "next"
    PREVIOUS = "previous"
    REVOKED = "revoked"


@dataclass(frozen=True, slots=True)
class CoreIdentity:
    """Who a Core is. `fingerprint`: SHA-256 of its certificate (DER), colon-separated upper-case hex."""

    id: str
    name: str
    version: str
    fingerprint: str
    protocol: int = 1


@dataclass(frozen=True, slots=True)
class PairingSettings:
    """`*_at_once`: machines that send, and incoming machines that are taken, at the same time. `cache_s`: how long what
    a peer said is relied on. `session_s`: the longest run, 0: no end. `bytes_per_job`: 0: all that waits.
    `sample_share`: part of what is at the target that is looked at again in a day. `base_alert_bytes`: an unexpected
    base image above this is asked about. `skew_limit_s`: clocks further apart are an alert."""

    streams: int = 3
    machines_at_once: int = 1
    incoming_at_once: int = 3
    cache_s: float = 10.0
    session_s: float = 0.0
    bytes_per_job: int = 0
    sample_share: float = 0.01
    base_alert_bytes: int = 10_000_000_000
    skew_limit_s: float = 60.0


@dataclass(frozen=True, slots=True)
class Pairing:
    """`host`/`port`: where the peer is reached (outgoing only; the source calls). `certificate`: the peer's, PEM.

    `link`, `link_since`, `last_contact`, `link_text`: what the last contact showed, and since when it is so. A pause
    has an owner: ours or the peer's (`there_*`). `schedule`, `speed`: windows and limits, as the catalog keeps them.
    `tenant`, `email`, `customer_id`, `comment`: whose it is, at a provider. `skew_s`: how far the peer's clock is
    ahead. `there`: what the peer said last of itself; `speaks`: what its protocol has beyond the first version's calls.
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
    paused_since: datetime | None = None
    paused_by: str = ""
    paused_note: str = ""
    there_paused_since: datetime | None = None
    there_paused_by: str = ""
    link_since: datetime | None = None
    schedule: Mapping[str, Any] = field(default_factory=lambda: dict(ALWAYS), hash=False)
    promise: Promise = Promise.START
    speed: tuple[Any, ...] = field(default=(), hash=False)
    settings: PairingSettings = PairingSettings()
    tenant: str = ""
    email: str = ""
    customer_id: str = ""
    comment: str = ""
    skew_s: float | None = None
    there: Mapping[str, Any] = field(default_factory=dict, hash=False)
    speaks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Member:
    """One machine in a pairing. `repository`: id of the target's repository that takes it (target side: ours).

    `last_point`: time of the newest point the target has, whole or as an orphan; `last_sent`: when that was confirmed.
    `retention`: at the source, the policy the target keeps it by (`domain.retention`), as it said; empty: not known.
    `schedule`, `promise`, `speed`: its own; None: the pairing's. `paused*` is our pause, `there_paused*` the peer's.
    `require_copy`: a backup succeeds only when the target has it. `lag_objective_s`: it should not be further behind;
    `late_since`: since when it is. `there`: what the peer said last of it. `held_digest`: of what the target has.
    At the target: `keep`, `keep_fixed`, `source_retention`: by which policy it is kept. `via`: Cores on its way, (id,
    name), the oldest first. `policy`: the lifecycle policy that put it here.
    """

    pairing: str
    machine: str
    repository: str
    repository_name: str = ""
    paused: bool = False
    last_point: datetime | None = None
    last_sent: datetime | None = None
    retention: str = ""
    priority: int = 5
    schedule: Mapping[str, Any] | None = field(default=None, hash=False)
    promise: Promise | None = None
    speed: tuple[Any, ...] | None = field(default=None, hash=False)
    paused_since: datetime | None = None
    paused_by: str = ""
    there_paused: bool = False
    there_paused_since: datetime | None = None
    there_paused_by: str = ""
    require_copy: bool = False
    lag_objective_s: int | None = None
    late_since: datetime | None = None
    there: Mapping[str, Any] = field(default_factory=dict, hash=False)
    held_digest: str = ""
    keep: Keep = Keep.OWN
    keep_fixed: str = ""
    source_retention: str = ""
    via: tuple[tuple[str, str], ...] = ()
    policy: str = ""


@dataclass(frozen=True, slots=True)
class PeerCertificate:
    """One that a peer shows. `until`: a previous one is taken until then; None: no end is set."""

    fingerprint: str
    pairing: str
    pem: str
    state: CertificateState
    since: datetime
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Departure:
    """A machine that has left a pairing (empty: the pairing itself has ended), until the peer is told.

    `side`: which of the two, seen from this Core, wanted it. `delete_points`: those at the target are to go.
    """

    pairing: str
    machine: str
    at: datetime
    side: Direction
    delete_points: bool = False
    told: bool = False
    user: str = ""


@dataclass(frozen=True, slots=True)
class RepositoryOffer:
    """A repository of the target as the source may choose it; `free` in bytes."""

    id: str
    name: str
    default: bool
    free: int
