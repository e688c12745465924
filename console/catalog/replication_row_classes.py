"""The tables of what Cores arrange with each other, as SQLModel classes. What each column means stands in SCHEMA.md.

As with `row_classes.py`: `python -m tests.catalog.keep_rows` writes `replication_rows.py` from them.
"""

from __future__ import annotations

from typing import Any, cast

from sqlalchemy import JSON, BigInteger, Index, text
from sqlmodel import Field

from console.catalog.row_classes import EMPTY, MIDDLE, NO, NONE_SAID, NOTHING, Row

OR_NULL = cast(Any, JSON(none_as_null=True))
ALWAYS = {"server_default": '{"kind": "always"}'}


class PairingRow(Row, table=True):
    __tablename__ = "pairings"
    __table_args__ = (Index(None, "peer_fingerprint"),)

    id: str = Field(primary_key=True)
    direction: str
    name: str
    name_key: str | None = Field(unique=True)
    peer_id: str
    peer_name: str
    peer_version: str
    peer_fingerprint: str
    peer_protocol: int
    certificate: str
    created_us: int = Field(sa_type=BigInteger)
    host: str
    port: int
    state: str
    paused_here: bool
    paused_there: bool
    link: str
    link_text: str
    last_contact_us: int | None = Field(sa_type=BigInteger)
    paused_since_us: int | None = Field(sa_type=BigInteger)
    paused_by: str = Field(sa_column_kwargs=EMPTY)
    paused_note: str = Field(sa_column_kwargs=EMPTY)
    there_paused_since_us: int | None = Field(sa_type=BigInteger)
    there_paused_by: str = Field(sa_column_kwargs=EMPTY)
    link_since_us: int | None = Field(sa_type=BigInteger)
    schedule: dict[str, Any] = Field(sa_type=JSON, sa_column_kwargs=ALWAYS)
    promise: str = Field(sa_column_kwargs={"server_default": text("'start'")})
    speed: list[Any] = Field(sa_type=JSON, sa_column_kwargs=NOTHING)
    settings: dict[str, Any] = Field(sa_type=JSON, sa_column_kwargs=NONE_SAID)
    tenant: str = Field(sa_column_kwargs=EMPTY)
    email: str = Field(sa_column_kwargs=EMPTY)
    customer_id: str = Field(sa_column_kwargs=EMPTY)
    comment: str = Field(sa_column_kwargs=EMPTY)
    skew_s: float | None
    there: dict[str, Any] = Field(sa_type=JSON, sa_column_kwargs=NONE_SAID)
    speaks: list[Any] = Field(sa_type=JSON, sa_column_kwargs=NOTHING)


class MemberRow(Row, table=True):
    __tablename__ = "members"
    __table_args__ = (Index(None, "machine"),)

    pairing: str = Field(primary_key=True, foreign_key="pairings.id", ondelete="CASCADE")
    machine: str = Field(primary_key=True)
    repository: str
    repository_name: str
    paused: bool
    last_point_us: int | None = Field(sa_type=BigInteger)
    last_sent_us: int | None = Field(sa_type=BigInteger)
    retention: str = Field(sa_column_kwargs=EMPTY)
    priority: int = Field(sa_column_kwargs=MIDDLE)
    schedule: dict[str, Any] | None = Field(sa_type=OR_NULL)
    promise: str | None
    speed: list[Any] | None = Field(sa_type=OR_NULL)
    paused_since_us: int | None = Field(sa_type=BigInteger)
    paused_by: str = Field(sa_column_kwargs=EMPTY)
    there_paused: bool = Field(sa_column_kwargs=NO)
    there_paused_since_us: int | None = Field(sa_type=BigInteger)
    there_paused_by: str = Field(sa_column_kwargs=EMPTY)
    require_copy: bool = Field(sa_column_kwargs=NO)
    lag_objective_s: int | None = Field(sa_type=BigInteger)
    late_since_us: int | None = Field(sa_type=BigInteger)
    there: dict[str, Any] = Field(sa_type=JSON, sa_column_kwargs=NONE_SAID)
    held_digest: str = Field(sa_column_kwargs=EMPTY)
    keep: str = Field(sa_column_kwargs={"server_default": text("'own'")})
    keep_fixed: str = Field(sa_column_kwargs=EMPTY)
    source_retention: str = Field(sa_column_kwargs=EMPTY)
    via: list[Any] = Field(sa_type=JSON, sa_column_kwargs=NOTHING)
    policy: str = Field(sa_column_kwargs=EMPTY)


class WishRow(Row, table=True):
    __tablename__ = "wishes"

    pairing: str = Field(primary_key=True, foreign_key="pairings.id", ondelete="CASCADE")
    image: str = Field(primary_key=True)
    asked_us: int = Field(sa_type=BigInteger)


class ReplicaRow(Row, table=True):
    __tablename__ = "replicas"
    __table_args__ = (Index(None, "pairing", "state", "time_us"), Index(None, "machine", "pairing", "time_us"))

    point: str = Field(primary_key=True)
    pairing: str = Field(primary_key=True, foreign_key="pairings.id", ondelete="CASCADE")
    machine: str
    time_us: int = Field(sa_type=BigInteger)
    state: str
    name: str
    description: str
    asked_us: int | None = Field(sa_type=BigInteger)
    asked_by: str
    sent_us: int | None = Field(sa_type=BigInteger)
    ended_us: int | None = Field(sa_type=BigInteger)
    code: str
    message: str
    attempts: int
    next_us: int | None = Field(sa_type=BigInteger)
    policy: str


class BaseHoldRow(Row, table=True):
    __tablename__ = "base_holds"

    image: str = Field(primary_key=True)
    pairing: str = Field(primary_key=True, foreign_key="pairings.id", ondelete="CASCADE")
    machine: str
    noticed_us: int = Field(sa_type=BigInteger)
    bytes: int = Field(sa_type=BigInteger)
    reason: str
    decision: str
    until_us: int | None = Field(sa_type=BigInteger)
    by_user: str


class CertificateRow(Row, table=True):
    __tablename__ = "certificates"
    __table_args__ = (Index(None, "pairing"),)

    fingerprint: str = Field(primary_key=True)
    pairing: str = Field(primary_key=True, foreign_key="pairings.id", ondelete="CASCADE")
    pem: str
    state: str
    since_us: int = Field(sa_type=BigInteger)
    until_us: int | None = Field(sa_type=BigInteger)


class DepartureRow(Row, table=True):
    __tablename__ = "departures"

    pairing: str = Field(primary_key=True)
    machine: str = Field(primary_key=True)
    at_us: int = Field(sa_type=BigInteger)
    side: str
    delete_points: bool
    told: bool
    user_name: str


class SampleRow(Row, table=True):
    __tablename__ = "samples"

    pairing: str = Field(primary_key=True, foreign_key="pairings.id", ondelete="CASCADE")
    machine: str = Field(primary_key=True)
    day: str = Field(primary_key=True)
    objects: int = Field(sa_type=BigInteger)
    bytes: int = Field(sa_type=BigInteger)
    bad: int = Field(sa_type=BigInteger)
    seconds: float


class TransferRow(Row, table=True):
    __tablename__ = "transfers"

    pairing: str = Field(primary_key=True, foreign_key="pairings.id", ondelete="CASCADE")
    machine: str = Field(primary_key=True)
    bucket_us: int = Field(primary_key=True, sa_type=BigInteger)
    sent: int = Field(sa_type=BigInteger)
    received: int = Field(sa_type=BigInteger)
    seconds: float


class MeasurementRow(Row, table=True):
    __tablename__ = "measurements"

    pairing: str = Field(primary_key=True, foreign_key="pairings.id", ondelete="CASCADE")
    time_us: int = Field(primary_key=True, sa_type=BigInteger)
    up_bps: float
    rtt_ms: float
    bytes: int = Field(sa_type=BigInteger)
    how: str


class ClusterRow(Row, table=True):
    __tablename__ = "clusters"

    id: str = Field(primary_key=True)
    name: str
    name_key: str = Field(unique=True)
    created_us: int = Field(sa_type=BigInteger)
    origin_core: str


class ClusterMachineRow(Row, table=True):
    __tablename__ = "cluster_machines"

    cluster: str = Field(primary_key=True, foreign_key="clusters.id", ondelete="CASCADE")
    machine: str = Field(primary_key=True, unique=True)


class PolicyRow(Row, table=True):
    __tablename__ = "policies"

    id: str = Field(primary_key=True)
    name: str
    name_key: str = Field(unique=True)
    enabled: bool
    body: dict[str, Any] = Field(sa_type=JSON)
    created_us: int = Field(sa_type=BigInteger)
    changed_us: int = Field(sa_type=BigInteger)


class PolicyMachineRow(Row, table=True):
    __tablename__ = "policy_machines"

    policy: str = Field(primary_key=True, foreign_key="policies.id", ondelete="CASCADE")
    machine: str = Field(primary_key=True, unique=True)


class OperationRow(Row, table=True):
    __tablename__ = "operations"
    __table_args__ = (Index(None, "state", "next_us"), Index(None, "point"))

    id: str = Field(primary_key=True)
    policy: str = Field(foreign_key="policies.id", ondelete="CASCADE")
    point: str
    position: int
    kind: str
    target: str
    state: str
    attempts: int
    next_us: int | None = Field(sa_type=BigInteger)
    code: str
    message: str
    started_us: int | None = Field(sa_type=BigInteger)
    ended_us: int | None = Field(sa_type=BigInteger)


class RequestRow(Row, table=True):
    __tablename__ = "requests"
    __table_args__ = (Index(None, "direction", "state", "created_us"),)

    id: str = Field(primary_key=True)
    direction: str
    state: str
    host: str
    port: int
    peer_id: str
    peer_name: str
    peer_version: str
    peer_fingerprint: str
    peer_protocol: int
    certificate: str
    email: str
    customer_id: str
    machines: list[Any] = Field(sa_type=JSON)
    invitation: str
    nonce: str
    created_us: int = Field(sa_type=BigInteger)
    expires_us: int = Field(sa_type=BigInteger)
    reminded_us: int | None = Field(sa_type=BigInteger)
    answered_us: int | None = Field(sa_type=BigInteger)
    comment: str
    pairing: str
    replaces: str


class InvitationRow(Row, table=True):
    __tablename__ = "invitations"

    id: str = Field(primary_key=True)
    code_hash: str = Field(unique=True)
    tenant: str
    rights: dict[str, Any] = Field(sa_type=JSON)
    created_us: int = Field(sa_type=BigInteger)
    created_by: str
    expires_us: int = Field(sa_type=BigInteger)
    used_us: int | None = Field(sa_type=BigInteger)
    used_by: str
    revoked_us: int | None = Field(sa_type=BigInteger)
    note: str


class TenantRow(Row, table=True):
    __tablename__ = "tenants"

    id: str = Field(primary_key=True)
    name: str
    name_key: str = Field(unique=True)
    email: str
    customer_id: str
    quota_bytes: int | None = Field(sa_type=BigInteger)
    machines_max: int | None
    state: str
    created_us: int = Field(sa_type=BigInteger)
    comment: str


class UsageRow(Row, table=True):
    __tablename__ = "usage"

    tenant: str = Field(primary_key=True)
    day: str = Field(primary_key=True)
    repository: str = Field(primary_key=True)
    stored_bytes: int = Field(sa_type=BigInteger)
    points: int = Field(sa_type=BigInteger)
    machines: int = Field(sa_type=BigInteger)
    received_bytes: int = Field(sa_type=BigInteger)


class BinRow(Row, table=True):
    __tablename__ = "bin"
    __table_args__ = (Index(None, "machine"), Index(None, "until_us"))

    point: str = Field(primary_key=True)
    machine: str
    repository: str
    record: str
    images: list[Any] = Field(sa_type=JSON)
    removed_us: int = Field(sa_type=BigInteger)
    until_us: int = Field(sa_type=BigInteger)
    by_user: str
    reason: str
    bytes: int = Field(sa_type=BigInteger)


class ApprovalRow(Row, table=True):
    __tablename__ = "approvals"
    __table_args__ = (Index(None, "state", "asked_us"),)

    id: str = Field(primary_key=True)
    kind: str
    subject: dict[str, Any] = Field(sa_type=JSON)
    text: str
    asked_by: str
    asked_us: int = Field(sa_type=BigInteger)
    until_us: int = Field(sa_type=BigInteger)
    state: str
    decided_by: str
    decided_us: int | None = Field(sa_type=BigInteger)
