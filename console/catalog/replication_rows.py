"""The tables of what Cores arrange with each other. Written from `replication_row_classes.py` by
`python -m tests.catalog.keep_rows`: change them there.
"""

from __future__ import annotations

from sqlalchemy import JSON, BigInteger, Boolean, Column, Float, ForeignKey, Index, Integer, String, Table, text

from console.catalog.rows import METADATA as METADATA

pairings = Table(
    "pairings",
    METADATA,
    Column("id", String, primary_key=True),
    Column("direction", String, nullable=False),
    Column("name", String, nullable=False),
    Column("name_key", String, unique=True),
    Column("peer_id", String, nullable=False),
    Column("peer_name", String, nullable=False),
    Column("peer_version", String, nullable=False),
    Column("peer_fingerprint", String, nullable=False),
    Column("peer_protocol", Integer, nullable=False),
    Column("certificate", String, nullable=False),
    Column("created_us", BigInteger, nullable=False),
    Column("host", String, nullable=False),
    Column("port", Integer, nullable=False),
    Column("state", String, nullable=False),
    Column("paused_here", Boolean, nullable=False),
    Column("paused_there", Boolean, nullable=False),
    Column("link", String, nullable=False),
    Column("link_text", String, nullable=False),
    Column("last_contact_us", BigInteger),
    Column("paused_since_us", BigInteger),
    Column("paused_by", String, nullable=False, server_default=text("''")),
    Column("paused_note", String, nullable=False, server_default=text("''")),
    Column("there_paused_since_us", BigInteger),
    Column("there_paused_by", String, nullable=False, server_default=text("''")),
    Column("link_since_us", BigInteger),
    Column("schedule", JSON, nullable=False, server_default='{"kind": "always"}'),
    Column("promise", String, nullable=False, server_default=text("'start'")),
    Column("speed", JSON, nullable=False, server_default="[]"),
    Column("settings", JSON, nullable=False, server_default="{}"),
    Column("tenant", String, nullable=False, server_default=text("''")),
    Column("email", String, nullable=False, server_default=text("''")),
    Column("customer_id", String, nullable=False, server_default=text("''")),
    Column("comment", String, nullable=False, server_default=text("''")),
    Column("skew_s", Float),
    Column("there", JSON, nullable=False, server_default="{}"),
    Column("speaks", JSON, nullable=False, server_default="[]"),
    Index(None, "peer_fingerprint"),
)

members = Table(
    "members",
    METADATA,
    Column("pairing", String, ForeignKey("pairings.id", ondelete="CASCADE"), primary_key=True),
    Column("machine", String, primary_key=True),
    Column("repository", String, nullable=False),
    Column("repository_name", String, nullable=False),
    Column("paused", Boolean, nullable=False),
    Column("last_point_us", BigInteger),
    Column("last_sent_us", BigInteger),
    Column("retention", String, nullable=False, server_default=text("''")),
    Column("priority", Integer, nullable=False, server_default=text("5")),
    Column("schedule", JSON(none_as_null=True)),
    Column("promise", String),
    Column("speed", JSON(none_as_null=True)),
    Column("paused_since_us", BigInteger),
    Column("paused_by", String, nullable=False, server_default=text("''")),
    Column("there_paused", Boolean, nullable=False, server_default=text("false")),
    Column("there_paused_since_us", BigInteger),
    Column("there_paused_by", String, nullable=False, server_default=text("''")),
    Column("require_copy", Boolean, nullable=False, server_default=text("false")),
    Column("lag_objective_s", BigInteger),
    Column("late_since_us", BigInteger),
    Column("there", JSON, nullable=False, server_default="{}"),
    Column("held_digest", String, nullable=False, server_default=text("''")),
    Column("keep", String, nullable=False, server_default=text("'own'")),
    Column("keep_fixed", String, nullable=False, server_default=text("''")),
    Column("source_retention", String, nullable=False, server_default=text("''")),
    Column("via", JSON, nullable=False, server_default="[]"),
    Column("policy", String, nullable=False, server_default=text("''")),
    Index(None, "machine"),
)

wishes = Table(
    "wishes",
    METADATA,
    Column("pairing", String, ForeignKey("pairings.id", ondelete="CASCADE"), primary_key=True),
    Column("image", String, primary_key=True),
    Column("asked_us", BigInteger, nullable=False),
)

replicas = Table(
    "replicas",
    METADATA,
    Column("point", String, primary_key=True),
    Column("pairing", String, ForeignKey("pairings.id", ondelete="CASCADE"), primary_key=True),
    Column("machine", String, nullable=False),
    Column("time_us", BigInteger, nullable=False),
    Column("state", String, nullable=False),
    Column("name", String, nullable=False),
    Column("description", String, nullable=False),
    Column("asked_us", BigInteger),
    Column("asked_by", String, nullable=False),
    Column("sent_us", BigInteger),
    Column("ended_us", BigInteger),
    Column("code", String, nullable=False),
    Column("message", String, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("next_us", BigInteger),
    Column("policy", String, nullable=False),
    Index(None, "machine", "pairing", "time_us"),
    Index(None, "pairing", "state", "time_us"),
)

base_holds = Table(
    "base_holds",
    METADATA,
    Column("image", String, primary_key=True),
    Column("pairing", String, ForeignKey("pairings.id", ondelete="CASCADE"), primary_key=True),
    Column("machine", String, nullable=False),
    Column("noticed_us", BigInteger, nullable=False),
    Column("bytes", BigInteger, nullable=False),
    Column("reason", String, nullable=False),
    Column("decision", String, nullable=False),
    Column("until_us", BigInteger),
    Column("by_user", String, nullable=False),
)

certificates = Table(
    "certificates",
    METADATA,
    Column("fingerprint", String, primary_key=True),
    Column("pairing", String, ForeignKey("pairings.id", ondelete="CASCADE"), primary_key=True),
    Column("pem", String, nullable=False),
    Column("state", String, nullable=False),
    Column("since_us", BigInteger, nullable=False),
    Column("until_us", BigInteger),
    Index(None, "pairing"),
)

departures = Table(
    "departures",
    METADATA,
    Column("pairing", String, primary_key=True),
    Column("machine", String, primary_key=True),
    Column("at_us", BigInteger, nullable=False),
    Column("side", String, nullable=False),
    Column("delete_points", Boolean, nullable=False),
    Column("told", Boolean, nullable=False),
    Column("user_name", String, nullable=False),
)

samples = Table(
    "samples",
    METADATA,
    Column("pairing", String, ForeignKey("pairings.id", ondelete="CASCADE"), primary_key=True),
    Column("machine", String, primary_key=True),
    Column("day", String, primary_key=True),
    Column("objects", BigInteger, nullable=False),
    Column("bytes", BigInteger, nullable=False),
    Column("bad", BigInteger, nullable=False),
    Column("seconds", Float, nullable=False),
)

transfers = Table(
    "transfers",
    METADATA,
    Column("pairing", String, ForeignKey("pairings.id", ondelete="CASCADE"), primary_key=True),
    Column("machine", String, primary_key=True),
    Column("bucket_us", BigInteger, primary_key=True),
    Column("sent", BigInteger, nullable=False),
    Column("received", BigInteger, nullable=False),
    Column("seconds", Float, nullable=False),
)

measurements = Table(
    "measurements",
    METADATA,
    Column("pairing", String, ForeignKey("pairings.id", ondelete="CASCADE"), primary_key=True),
    Column("time_us", BigInteger, primary_key=True),
    Column("up_bps", Float, nullable=False),
    Column("rtt_ms", Float, nullable=False),
    Column("bytes", BigInteger, nullable=False),
    Column("how", String, nullable=False),
)

clusters = Table(
    "clusters",
    METADATA,
    Column("id", String, primary_key=True),
    Column("name", String, nullable=False),
    Column("name_key", String, unique=True, nullable=False),
    Column("created_us", BigInteger, nullable=False),
    Column("origin_core", String, nullable=False),
)

cluster_machines = Table(
    "cluster_machines",
    METADATA,
    Column("cluster", String, ForeignKey("clusters.id", ondelete="CASCADE"), primary_key=True),
    Column("machine", String, primary_key=True, unique=True),
)

policies = Table(
    "policies",
    METADATA,
    Column("id", String, primary_key=True),
    Column("name", String, nullable=False),
    Column("name_key", String, unique=True, nullable=False),
    Column("enabled", Boolean, nullable=False),
    Column("body", JSON, nullable=False),
    Column("created_us", BigInteger, nullable=False),
    Column("changed_us", BigInteger, nullable=False),
)

policy_machines = Table(
    "policy_machines",
    METADATA,
    Column("policy", String, ForeignKey("policies.id", ondelete="CASCADE"), primary_key=True),
    Column("machine", String, primary_key=True, unique=True),
)

operations = Table(
    "operations",
    METADATA,
    Column("id", String, primary_key=True),
    Column("policy", String, ForeignKey("policies.id", ondelete="CASCADE"), nullable=False),
    Column("point", String, nullable=False),
    Column("position", Integer, nullable=False),
    Column("kind", String, nullable=False),
    Column("target", String, nullable=False),
    Column("state", String, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("next_us", BigInteger),
    Column("code", String, nullable=False),
    Column("message", String, nullable=False),
    Column("started_us", BigInteger),
    Column("ended_us", BigInteger),
    Index(None, "point"),
    Index(None, "state", "next_us"),
)

requests = Table(
    "requests",
    METADATA,
    Column("id", String, primary_key=True),
    Column("direction", String, nullable=False),
    Column("state", String, nullable=False),
    Column("host", String, nullable=False),
    Column("port", Integer, nullable=False),
    Column("peer_id", String, nullable=False),
    Column("peer_name", String, nullable=False),
    Column("peer_version", String, nullable=False),
    Column("peer_fingerprint", String, nullable=False),
    Column("peer_protocol", Integer, nullable=False),
    Column("certificate", String, nullable=False),
    Column("email", String, nullable=False),
    Column("customer_id", String, nullable=False),
    Column("machines", JSON, nullable=False),
    Column("invitation", String, nullable=False),
    Column("nonce", String, nullable=False),
    Column("created_us", BigInteger, nullable=False),
    Column("expires_us", BigInteger, nullable=False),
    Column("reminded_us", BigInteger),
    Column("answered_us", BigInteger),
    Column("comment", String, nullable=False),
    Column("pairing", String, nullable=False),
    Column("replaces", String, nullable=False),
    Index(None, "direction", "state", "created_us"),
)

invitations = Table(
    "invitations",
    METADATA,
    Column("id", String, primary_key=True),
    Column("code_hash", String, unique=True, nullable=False),
    Column("tenant", String, nullable=False),
    Column("rights", JSON, nullable=False),
    Column("created_us", BigInteger, nullable=False),
    Column("created_by", String, nullable=False),
    Column("expires_us", BigInteger, nullable=False),
    Column("used_us", BigInteger),
    Column("used_by", String, nullable=False),
    Column("revoked_us", BigInteger),
    Column("note", String, nullable=False),
)

tenants = Table(
    "tenants",
    METADATA,
    Column("id", String, primary_key=True),
    Column("name", String, nullable=False),
    Column("name_key", String, unique=True, nullable=False),
    Column("email", String, nullable=False),
    Column("customer_id", String, nullable=False),
    Column("quota_bytes", BigInteger),
    Column("machines_max", Integer),
    Column("state", String, nullable=False),
    Column("created_us", BigInteger, nullable=False),
    Column("comment", String, nullable=False),
)

usage = Table(
    "usage",
    METADATA,
    Column("tenant", String, primary_key=True),
    Column("day", String, primary_key=True),
    Column("repository", String, primary_key=True),
    Column("stored_bytes", BigInteger, nullable=False),
    Column("points", BigInteger, nullable=False),
    Column("machines", BigInteger, nullable=False),
    Column("received_bytes", BigInteger, nullable=False),
)

bin = Table(
    "bin",
    METADATA,
    Column("point", String, primary_key=True),
    Column("machine", String, nullable=False),
    Column("repository", String, nullable=False),
    Column("record", String, nullable=False),
    Column("images", JSON, nullable=False),
    Column("removed_us", BigInteger, nullable=False),
    Column("until_us", BigInteger, nullable=False),
    Column("by_user", String, nullable=False),
    Column("reason", String, nullable=False),
    Column("bytes", BigInteger, nullable=False),
    Index(None, "machine"),
    Index(None, "until_us"),
)

approvals = Table(
    "approvals",
    METADATA,
    Column("id", String, primary_key=True),
    Column("kind", String, nullable=False),
    Column("subject", JSON, nullable=False),
    Column("text", String, nullable=False),
    Column("asked_by", String, nullable=False),
    Column("asked_us", BigInteger, nullable=False),
    Column("until_us", BigInteger, nullable=False),
    Column("state", String, nullable=False),
    Column("decided_by", String, nullable=False),
    Column("decided_us", BigInteger),
    Index(None, "state", "asked_us"),
)
