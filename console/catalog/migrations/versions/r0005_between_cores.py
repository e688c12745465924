"""What Cores arrange with each other: what has reached whom, windows, policies, customers, slow deletion."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_FALSE = sa.text("false")
_MIDDLE = sa.text("5")


def upgrade() -> None:
    _columns()
    _pairings()
    _members()
    _sent()
    _ends()
    _measured()
    _grouped()
    _provided()
    _kept()
    _what_is_known()


def _what_is_known() -> None:
    """Who shows which certificate, and what has reached whom: until now all that is not newer than a time was there."""
    op.execute(
        "INSERT INTO certificates (fingerprint, pairing, pem, state, since_us)"
        " SELECT peer_fingerprint, id, certificate, 'current', created_us FROM pairings"
    )
    op.execute(
        "INSERT INTO replicas (point, pairing, machine, time_us, state, name, description, asked_by, ended_us, code,"
        " message, attempts, policy)"
        " SELECT points.id, pairings.id, points.machine, points.time_us, 'there', '', '', '', members.last_sent_us, '',"
        " '', 0, '' FROM points JOIN members ON members.machine = points.machine"
        " JOIN pairings ON pairings.id = members.pairing"
        " WHERE pairings.direction = 'outgoing' AND points.time_us <= members.last_point_us"
    )


def _columns() -> None:
    op.add_column("repositories", _text("owner"))
    op.add_column("repositories", _text("parent"))
    op.add_column("machines", _json("via", "[]"))
    op.add_column("jobs", _text("part"))
    op.add_column("jobs", sa.Column("priority", sa.Integer(), nullable=False, server_default=_MIDDLE))
    op.add_column("jobs", _text("parent"))
    op.create_index("ix_jobs_parent", "jobs", ["parent"])


def _pairings() -> None:
    for column in (
        sa.Column("paused_since_us", sa.BigInteger(), nullable=True),
        _text("paused_by"),
        _text("paused_note"),
        sa.Column("there_paused_since_us", sa.BigInteger(), nullable=True),
        _text("there_paused_by"),
        sa.Column("link_since_us", sa.BigInteger(), nullable=True),
        _json("schedule", '{"kind": "always"}'),
        _text("promise", "start"),
        _json("speed", "[]"),
        _json("settings", "{}"),
        _text("tenant"),
        _text("email"),
        _text("customer_id"),
        _text("comment"),
        sa.Column("skew_s", sa.Float(), nullable=True),
        _json("there", "{}"),
        _json("speaks", "[]"),
    ):
        op.add_column("pairings", column)


def _members() -> None:
    for column in (
        sa.Column("priority", sa.Integer(), nullable=False, server_default=_MIDDLE),
        sa.Column("schedule", sa.JSON(), nullable=True),
        sa.Column("promise", sa.String(), nullable=True),
        sa.Column("speed", sa.JSON(), nullable=True),
        sa.Column("paused_since_us", sa.BigInteger(), nullable=True),
        _text("paused_by"),
        sa.Column("there_paused", sa.Boolean(), nullable=False, server_default=_FALSE),
        sa.Column("there_paused_since_us", sa.BigInteger(), nullable=True),
        _text("there_paused_by"),
        sa.Column("require_copy", sa.Boolean(), nullable=False, server_default=_FALSE),
        sa.Column("lag_objective_s", sa.BigInteger(), nullable=True),
        sa.Column("late_since_us", sa.BigInteger(), nullable=True),
        _json("there", "{}"),
        _text("held_digest"),
        _text("keep", "own"),
        _text("keep_fixed"),
        _text("source_retention"),
        _json("via", "[]"),
        _text("policy"),
    ):
        op.add_column("members", column)


def _text(name: str, default: str = "") -> sa.Column[str]:
    return sa.Column(name, sa.String(), nullable=False, server_default=default)


def _json(name: str, default: str) -> sa.Column[object]:
    return sa.Column(name, sa.JSON(), nullable=False, server_default=default)


def _sent() -> None:
    op.create_table(
        "replicas",
        sa.Column("point", sa.String(), nullable=False),
        sa.Column("pairing", sa.String(), nullable=False),
        sa.Column("machine", sa.String(), nullable=False),
        sa.Column("time_us", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("description", sa.String(), nullable=False),
        sa.Column("asked_us", sa.BigInteger(), nullable=True),
        sa.Column("asked_by", sa.String(), nullable=False),
        sa.Column("sent_us", sa.BigInteger(), nullable=True),
        sa.Column("ended_us", sa.BigInteger(), nullable=True),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("message", sa.String(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_us", sa.BigInteger(), nullable=True),
        sa.Column("policy", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("point", "pairing", name="pk_replicas"),
        sa.ForeignKeyConstraint(["pairing"], ["pairings.id"], name="fk_replicas_pairing", ondelete="CASCADE"),
    )
    op.create_index("ix_replicas_machine_pairing_time_us", "replicas", ["machine", "pairing", "time_us"])
    op.create_index("ix_replicas_pairing_state_time_us", "replicas", ["pairing", "state", "time_us"])
    op.create_table(
        "base_holds",
        sa.Column("image", sa.String(), nullable=False),
        sa.Column("pairing", sa.String(), nullable=False),
        sa.Column("machine", sa.String(), nullable=False),
        sa.Column("noticed_us", sa.BigInteger(), nullable=False),
        sa.Column("bytes", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("decision", sa.String(), nullable=False),
        sa.Column("until_us", sa.BigInteger(), nullable=True),
        sa.Column("by_user", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("image", "pairing", name="pk_base_holds"),
        sa.ForeignKeyConstraint(["pairing"], ["pairings.id"], name="fk_base_holds_pairing", ondelete="CASCADE"),
    )


def _ends() -> None:
    op.create_table(
        "certificates",
        sa.Column("fingerprint", sa.String(), nullable=False),
        sa.Column("pairing", sa.String(), nullable=False),
        sa.Column("pem", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("since_us", sa.BigInteger(), nullable=False),
        sa.Column("until_us", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("fingerprint", "pairing", name="pk_certificates"),
        sa.ForeignKeyConstraint(["pairing"], ["pairings.id"], name="fk_certificates_pairing", ondelete="CASCADE"),
    )
    op.create_index("ix_certificates_pairing", "certificates", ["pairing"])
    op.create_table(
        "departures",
        sa.Column("pairing", sa.String(), nullable=False),
        sa.Column("machine", sa.String(), nullable=False),
        sa.Column("at_us", sa.BigInteger(), nullable=False),
        sa.Column("side", sa.String(), nullable=False),
        sa.Column("delete_points", sa.Boolean(), nullable=False),
        sa.Column("told", sa.Boolean(), nullable=False),
        sa.Column("user_name", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("pairing", "machine", name="pk_departures"),
    )


def _measured() -> None:
    op.create_table(
        "samples",
        sa.Column("pairing", sa.String(), nullable=False),
        sa.Column("machine", sa.String(), nullable=False),
        sa.Column("day", sa.String(), nullable=False),
        sa.Column("objects", sa.BigInteger(), nullable=False),
        sa.Column("bytes", sa.BigInteger(), nullable=False),
        sa.Column("bad", sa.BigInteger(), nullable=False),
        sa.Column("seconds", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("pairing", "machine", "day", name="pk_samples"),
        sa.ForeignKeyConstraint(["pairing"], ["pairings.id"], name="fk_samples_pairing", ondelete="CASCADE"),
    )
    op.create_table(
        "transfers",
        sa.Column("pairing", sa.String(), nullable=False),
        sa.Column("machine", sa.String(), nullable=False),
        sa.Column("bucket_us", sa.BigInteger(), nullable=False),
        sa.Column("sent", sa.BigInteger(), nullable=False),
        sa.Column("received", sa.BigInteger(), nullable=False),
        sa.Column("seconds", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("pairing", "machine", "bucket_us", name="pk_transfers"),
        sa.ForeignKeyConstraint(["pairing"], ["pairings.id"], name="fk_transfers_pairing", ondelete="CASCADE"),
    )
    op.create_table(
        "measurements",
        sa.Column("pairing", sa.String(), nullable=False),
        sa.Column("time_us", sa.BigInteger(), nullable=False),
        sa.Column("up_bps", sa.Float(), nullable=False),
        sa.Column("rtt_ms", sa.Float(), nullable=False),
        sa.Column("bytes", sa.BigInteger(), nullable=False),
        sa.Column("how", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("pairing", "time_us", name="pk_measurements"),
        sa.ForeignKeyConstraint(["pairing"], ["pairings.id"], name="fk_measurements_pairing", ondelete="CASCADE"),
    )


def _grouped() -> None:
    op.create_table(
        "clusters",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("name_key", sa.String(), nullable=False),
        sa.Column("created_us", sa.BigInteger(), nullable=False),
        sa.Column("origin_core", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_clusters"),
        sa.UniqueConstraint("name_key", name="uq_clusters_name_key"),
    )
    op.create_table(
        "cluster_machines",
        sa.Column("cluster", sa.String(), nullable=False),
        sa.Column("machine", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("cluster", "machine", name="pk_cluster_machines"),
        sa.ForeignKeyConstraint(["cluster"], ["clusters.id"], name="fk_cluster_machines_cluster", ondelete="CASCADE"),
        sa.UniqueConstraint("machine", name="uq_cluster_machines_machine"),
    )
    op.create_table(
        "policies",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("name_key", sa.String(), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("body", sa.JSON(), nullable=False),
        sa.Column("created_us", sa.BigInteger(), nullable=False),
        sa.Column("changed_us", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_policies"),
        sa.UniqueConstraint("name_key", name="uq_policies_name_key"),
    )
    op.create_table(
        "policy_machines",
        sa.Column("policy", sa.String(), nullable=False),
        sa.Column("machine", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("policy", "machine", name="pk_policy_machines"),
        sa.ForeignKeyConstraint(["policy"], ["policies.id"], name="fk_policy_machines_policy", ondelete="CASCADE"),
        sa.UniqueConstraint("machine", name="uq_policy_machines_machine"),
    )
    op.create_table(
        "operations",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("policy", sa.String(), nullable=False),
        sa.Column("point", sa.String(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("target", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_us", sa.BigInteger(), nullable=True),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("message", sa.String(), nullable=False),
        sa.Column("started_us", sa.BigInteger(), nullable=True),
        sa.Column("ended_us", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_operations"),
        sa.ForeignKeyConstraint(["policy"], ["policies.id"], name="fk_operations_policy", ondelete="CASCADE"),
    )
    op.create_index("ix_operations_point", "operations", ["point"])
    op.create_index("ix_operations_state_next_us", "operations", ["state", "next_us"])


def _provided() -> None:
    op.create_table(
        "requests",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("direction", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("host", sa.String(), nullable=False),
        sa.Column("port", sa.Integer(), nullable=False),
        sa.Column("peer_id", sa.String(), nullable=False),
        sa.Column("peer_name", sa.String(), nullable=False),
        sa.Column("peer_version", sa.String(), nullable=False),
        sa.Column("peer_fingerprint", sa.String(), nullable=False),
        sa.Column("peer_protocol", sa.Integer(), nullable=False),
        sa.Column("certificate", sa.String(), nullable=False),
        sa.Column("email", sa.String(), nullable=False),
        sa.Column("customer_id", sa.String(), nullable=False),
        sa.Column("machines", sa.JSON(), nullable=False),
        sa.Column("invitation", sa.String(), nullable=False),
        sa.Column("nonce", sa.String(), nullable=False),
        sa.Column("created_us", sa.BigInteger(), nullable=False),
        sa.Column("expires_us", sa.BigInteger(), nullable=False),
        sa.Column("reminded_us", sa.BigInteger(), nullable=True),
        sa.Column("answered_us", sa.BigInteger(), nullable=True),
        sa.Column("comment", sa.String(), nullable=False),
        sa.Column("pairing", sa.String(), nullable=False),
        sa.Column("replaces", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_requests"),
    )
    op.create_index("ix_requests_direction_state_created_us", "requests", ["direction", "state", "created_us"])
    op.create_table(
        "invitations",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("code_hash", sa.String(), nullable=False),
        sa.Column("tenant", sa.String(), nullable=False),
        sa.Column("rights", sa.JSON(), nullable=False),
        sa.Column("created_us", sa.BigInteger(), nullable=False),
        sa.Column("created_by", sa.String(), nullable=False),
        sa.Column("expires_us", sa.BigInteger(), nullable=False),
        sa.Column("used_us", sa.BigInteger(), nullable=True),
        sa.Column("used_by", sa.String(), nullable=False),
        sa.Column("revoked_us", sa.BigInteger(), nullable=True),
        sa.Column("note", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_invitations"),
        sa.UniqueConstraint("code_hash", name="uq_invitations_code_hash"),
    )
    op.create_table(
        "tenants",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("name_key", sa.String(), nullable=False),
        sa.Column("email", sa.String(), nullable=False),
        sa.Column("customer_id", sa.String(), nullable=False),
        sa.Column("quota_bytes", sa.BigInteger(), nullable=True),
        sa.Column("machines_max", sa.Integer(), nullable=True),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("created_us", sa.BigInteger(), nullable=False),
        sa.Column("comment", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_tenants"),
        sa.UniqueConstraint("name_key", name="uq_tenants_name_key"),
    )
    op.create_table(
        "usage",
        sa.Column("tenant", sa.String(), nullable=False),
        sa.Column("day", sa.String(), nullable=False),
        sa.Column("repository", sa.String(), nullable=False),
        sa.Column("stored_bytes", sa.BigInteger(), nullable=False),
        sa.Column("points", sa.BigInteger(), nullable=False),
        sa.Column("machines", sa.BigInteger(), nullable=False),
        sa.Column("received_bytes", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "day", "repository", name="pk_usage"),
    )


def _kept() -> None:
    op.create_table(
        "bin",
        sa.Column("point", sa.String(), nullable=False),
        sa.Column("machine", sa.String(), nullable=False),
        sa.Column("repository", sa.String(), nullable=False),
        sa.Column("record", sa.String(), nullable=False),
        sa.Column("images", sa.JSON(), nullable=False),
        sa.Column("removed_us", sa.BigInteger(), nullable=False),
        sa.Column("until_us", sa.BigInteger(), nullable=False),
        sa.Column("by_user", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("bytes", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("point", name="pk_bin"),
    )
    op.create_index("ix_bin_machine", "bin", ["machine"])
    op.create_index("ix_bin_until_us", "bin", ["until_us"])
    op.create_table(
        "approvals",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("subject", sa.JSON(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("asked_by", sa.String(), nullable=False),
        sa.Column("asked_us", sa.BigInteger(), nullable=False),
        sa.Column("until_us", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("decided_by", sa.String(), nullable=False),
        sa.Column("decided_us", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_approvals"),
    )
    op.create_index("ix_approvals_state_asked_us", "approvals", ["state", "asked_us"])
