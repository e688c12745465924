"""Encryption keys, and how volumes are read."""

from __future__ import annotations

import json

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

# What was protected before goes on with all that is mounted below it: nothing falls out of a backup by an update.
_AS_BEFORE = json.dumps({"one_file_system": False})


def upgrade() -> None:
    op.add_column("machines", sa.Column("key", sa.String(), nullable=False, server_default=""))
    op.add_column("machines", sa.Column("options", sa.JSON(), nullable=False, server_default=_AS_BEFORE))
    op.add_column("images", sa.Column("key", sa.String(), nullable=False, server_default=""))
    _room()
    _checks()
    _retention()
    _keys()


def _keys() -> None:
    op.create_table(
        "keys",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("name_key", sa.String(), nullable=False),
        sa.Column("description", sa.String(), nullable=False),
        sa.Column("type", sa.String(), nullable=False),
        sa.Column("wrapped", sa.LargeBinary(), nullable=False),
        sa.Column("created_us", sa.BigInteger(), nullable=False),
        sa.Column("changed_us", sa.BigInteger(), nullable=False),
        sa.Column("unlocked", sa.Boolean(), nullable=False),
        sa.Column("until_us", sa.BigInteger(), nullable=True),
        sa.Column("origin", sa.String(), nullable=False),
        sa.Column("tested_us", sa.BigInteger(), nullable=True),
        sa.Column("test_passed", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_keys"),
        sa.UniqueConstraint("name_key", name="uq_keys_name_key"),
    )


def _retention() -> None:
    op.add_column("members", sa.Column("retention", sa.String(), nullable=False, server_default=""))
    op.create_table(
        "holds",
        sa.Column("point", sa.String(), nullable=False),
        sa.Column("since_us", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("user_name", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("point", name="pk_holds"),
        sa.ForeignKeyConstraint(["point"], ["points.id"], name="fk_holds_point", ondelete="CASCADE"),
    )
    op.create_table(
        "retention",
        sa.Column("machine", sa.String(), nullable=False),
        sa.Column("policy", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("machine", name="pk_retention"),
        sa.ForeignKeyConstraint(["machine"], ["machines.id"], name="fk_retention_machine", ondelete="CASCADE"),
    )
    op.create_table(
        "removed_images",
        sa.Column("image", sa.String(), nullable=False),
        sa.Column("machine", sa.String(), nullable=False),
        sa.Column("removed_us", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("image", name="pk_removed_images"),
        sa.ForeignKeyConstraint(["machine"], ["machines.id"], name="fk_removed_images_machine", ondelete="CASCADE"),
    )
    op.create_index("ix_removed_images_machine", "removed_images", ["machine"])
    op.create_table(
        "burials",
        sa.Column("point", sa.String(), nullable=False),
        sa.Column("repository", sa.String(), nullable=False),
        sa.Column("removed_us", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("point", "repository", name="pk_burials"),
    )
    # What was kept until now is not deleted by an update: whoever has points says how long they stay.
    points = sa.table("points", sa.column("id"))
    settings = sa.table("settings", sa.column("key"), sa.column("value"))
    everything = sa.select(sa.literal("retention"), sa.literal("everything")).where(sa.exists().select_from(points))
    op.execute(settings.insert().from_select(["key", "value"], everything))


def _checks() -> None:
    op.create_table(
        "point_checks",
        sa.Column("point", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("verdict", sa.String(), nullable=False),
        sa.Column("message", sa.String(), nullable=False),
        sa.Column("time_us", sa.BigInteger(), nullable=False),
        sa.Column("job", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("point", "name", name="pk_point_checks"),
        sa.ForeignKeyConstraint(["point"], ["points.id"], name="fk_point_checks_point", ondelete="CASCADE"),
    )


def _room() -> None:
    for name in ("limit_bytes", "unreferenced_bytes", "looked_us"):
        op.add_column("repositories", sa.Column(name, sa.BigInteger(), nullable=True))
    op.create_table(
        "unfinished_roots",
        sa.Column("repository", sa.String(), nullable=False),
        sa.Column("root", sa.String(), nullable=False),
        sa.Column("since_us", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("repository", "root", name="pk_unfinished_roots"),
        sa.ForeignKeyConstraint(
            ["repository"], ["repositories.id"], name="fk_unfinished_roots_repository", ondelete="CASCADE"
        ),
    )
