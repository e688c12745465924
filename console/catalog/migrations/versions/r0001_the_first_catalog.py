"""The first catalog."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "events",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("time_us", sa.BigInteger(), nullable=False),
        sa.Column("severity", sa.String(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("message", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("alert", sa.Boolean(), nullable=False),
        sa.Column("dismissed", sa.Boolean(), nullable=False),
        sa.Column("open_key", sa.String(), nullable=True),
        sa.Column("times", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_events"),
        sa.UniqueConstraint("open_key", name="uq_events_open_key"),
    )
    op.create_index("ix_events_severity_time_us_id", "events", ["severity", "time_us", "id"])
    op.create_index("ix_events_time_us_id", "events", ["time_us", "id"])
    op.create_table(
        "jobs",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("started_by", sa.String(), nullable=False),
        sa.Column("created_us", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("user_name", sa.String(), nullable=False),
        sa.Column("started_us", sa.BigInteger(), nullable=True),
        sa.Column("ended_us", sa.BigInteger(), nullable=True),
        sa.Column("progress", sa.JSON(), nullable=False),
        sa.Column("result", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("failure", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("warnings", sa.JSON(), nullable=False),
        sa.Column("warning_count", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_jobs"),
    )
    op.create_index("ix_jobs_created_us_id", "jobs", ["created_us", "id"])
    op.create_index("ix_jobs_kind_created_us_id", "jobs", ["kind", "created_us", "id"])
    op.create_index("ix_jobs_state_created_us_id", "jobs", ["state", "created_us", "id"])
    op.create_index("ix_jobs_subject_created_us_id", "jobs", ["subject", "created_us", "id"])
    op.create_table(
        "pairings",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("direction", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("name_key", sa.String(), nullable=True),
        sa.Column("peer_id", sa.String(), nullable=False),
        sa.Column("peer_name", sa.String(), nullable=False),
        sa.Column("peer_version", sa.String(), nullable=False),
        sa.Column("peer_fingerprint", sa.String(), nullable=False),
        sa.Column("peer_protocol", sa.Integer(), nullable=False),
        sa.Column("certificate", sa.String(), nullable=False),
        sa.Column("created_us", sa.BigInteger(), nullable=False),
        sa.Column("host", sa.String(), nullable=False),
        sa.Column("port", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("paused_here", sa.Boolean(), nullable=False),
        sa.Column("paused_there", sa.Boolean(), nullable=False),
        sa.Column("link", sa.String(), nullable=False),
        sa.Column("link_text", sa.String(), nullable=False),
        sa.Column("last_contact_us", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_pairings"),
        sa.UniqueConstraint("name_key", name="uq_pairings_name_key"),
    )
    op.create_index("ix_pairings_peer_fingerprint", "pairings", ["peer_fingerprint"])
    op.create_table(
        "repositories",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("name_key", sa.String(), nullable=False),
        sa.Column("path", sa.String(), nullable=False),
        sa.Column("created_us", sa.BigInteger(), nullable=False),
        sa.Column("is_default", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_repositories"),
        sa.UniqueConstraint("name_key", name="uq_repositories_name_key"),
    )
    op.create_table(
        "seeds",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("pairing", sa.String(), nullable=False),
        sa.Column("direction", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("created_us", sa.BigInteger(), nullable=False),
        sa.Column("comment", sa.String(), nullable=False),
        sa.Column("customer_id", sa.String(), nullable=False),
        sa.Column("location", sa.String(), nullable=False),
        sa.Column("written_us", sa.BigInteger(), nullable=True),
        sa.Column("ended_us", sa.BigInteger(), nullable=True),
        sa.Column("segments", sa.JSON(), nullable=False),
        sa.Column("points", sa.BigInteger(), nullable=False),
        sa.Column("bytes", sa.BigInteger(), nullable=False),
        sa.Column("oldest_us", sa.BigInteger(), nullable=True),
        sa.Column("newest_us", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_seeds"),
    )
    op.create_index("ix_seeds_created_us_id", "seeds", ["created_us", "id"])
    op.create_table(
        "settings",
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("value", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_settings"),
    )
    op.create_table(
        "users",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("name_key", sa.String(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("password_hash", sa.String(), nullable=False),
        sa.Column("created_us", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_users"),
        sa.UniqueConstraint("name_key", name="uq_users_name_key"),
    )
    op.create_table(
        "damaged_objects",
        sa.Column("repository", sa.String(), nullable=False),
        sa.Column("object", sa.String(), nullable=False),
        sa.Column("pack", sa.String(), nullable=False),
        sa.Column("found_us", sa.BigInteger(), nullable=False),
        sa.Column("why", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["repository"], ["repositories.id"], name="fk_damaged_objects_repository", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("repository", "object", name="pk_damaged_objects"),
    )
    op.create_table(
        "job_log",
        sa.Column("job", sa.String(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("time_us", sa.BigInteger(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["job"], ["jobs.id"], name="fk_job_log_job", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("job", "number", name="pk_job_log"),
    )
    op.create_table(
        "machines",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("name_key", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("origin_core", sa.String(), nullable=False),
        sa.Column("origin_name", sa.String(), nullable=False),
        sa.Column("repository", sa.String(), nullable=False),
        sa.Column("volumes", sa.JSON(), nullable=False),
        sa.Column("created_us", sa.BigInteger(), nullable=False),
        sa.Column("interval_s", sa.BigInteger(), nullable=False),
        sa.Column("excludes", sa.JSON(), nullable=False),
        sa.Column("paused", sa.Boolean(), nullable=False),
        sa.Column("next_due_us", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_machines"),
        sa.UniqueConstraint("name_key", name="uq_machines_name_key"),
    )
    op.create_index("ix_machines_next_due_us", "machines", ["next_due_us"])
    op.create_table(
        "members",
        sa.Column("pairing", sa.String(), nullable=False),
        sa.Column("machine", sa.String(), nullable=False),
        sa.Column("repository", sa.String(), nullable=False),
        sa.Column("repository_name", sa.String(), nullable=False),
        sa.Column("paused", sa.Boolean(), nullable=False),
        sa.Column("last_point_us", sa.BigInteger(), nullable=True),
        sa.Column("last_sent_us", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["pairing"], ["pairings.id"], name="fk_members_pairing", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("pairing", "machine", name="pk_members"),
    )
    op.create_index("ix_members_machine", "members", ["machine"])
    op.create_table(
        "seed_images",
        sa.Column("seed", sa.String(), nullable=False),
        sa.Column("image", sa.String(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("arrived", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["seed"], ["seeds.id"], name="fk_seed_images_seed", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("seed", "image", name="pk_seed_images"),
    )
    op.create_index("ix_seed_images_image", "seed_images", ["image"])
    op.create_table(
        "points",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("machine", sa.String(), nullable=False),
        sa.Column("time_us", sa.BigInteger(), nullable=False),
        sa.Column("origin_core", sa.String(), nullable=False),
        sa.Column("record", sa.String(), nullable=False),
        sa.Column("duration_s", sa.Float(), nullable=False),
        sa.Column("warnings", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["machine"], ["machines.id"], name="fk_points_machine"),
        sa.PrimaryKeyConstraint("id", name="pk_points"),
    )
    op.create_index("ix_points_machine_time_us_id", "points", ["machine", "time_us", "id"])
    op.create_index("ix_points_time_us_id", "points", ["time_us", "id"])
    op.create_table(
        "images",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("point", sa.String(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("machine", sa.String(), nullable=False),
        sa.Column("time_us", sa.BigInteger(), nullable=False),
        sa.Column("volume", sa.String(), nullable=False),
        sa.Column("volume_label", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("base_reason", sa.String(), nullable=True),
        sa.Column("parent", sa.String(), nullable=True),
        sa.Column("root", sa.String(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("bytes_read", sa.BigInteger(), nullable=False),
        sa.Column("bytes_new", sa.BigInteger(), nullable=False),
        sa.Column("bytes_stored", sa.BigInteger(), nullable=False),
        sa.Column("files", sa.BigInteger(), nullable=False),
        sa.Column("directories", sa.BigInteger(), nullable=False),
        sa.Column("files_unreadable", sa.BigInteger(), nullable=False),
        sa.Column("parent_root", sa.String(), nullable=True),
        sa.Column("repository", sa.String(), nullable=False),
        sa.Column("here", sa.Boolean(), nullable=False),
        sa.Column("names", sa.Boolean(), nullable=False),
        sa.Column("damaged", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["point"], ["points.id"], name="fk_images_point", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_images"),
    )
    op.create_index("ix_images_machine_time_us_id", "images", ["machine", "time_us", "id"])
    op.create_index("ix_images_parent", "images", ["parent"])
    op.create_index("ix_images_point", "images", ["point"])
    op.create_table(
        "flaws",
        sa.Column("image", sa.String(), nullable=False),
        sa.Column("machine", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["image"], ["images.id"], name="fk_flaws_image", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("image", name="pk_flaws"),
    )
    op.create_index("ix_flaws_machine", "flaws", ["machine"])
