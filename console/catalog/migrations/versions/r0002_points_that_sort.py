"""What points are sorted and filtered by stands in their rows."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Built anew, and not altered: columns that are never NULL and have no default cannot be added to rows.
    op.create_table(
        "points_anew",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("machine", sa.String(), nullable=False),
        sa.Column("time_us", sa.BigInteger(), nullable=False),
        sa.Column("origin_core", sa.String(), nullable=False),
        sa.Column("record", sa.String(), nullable=False),
        sa.Column("duration_s", sa.Float(), nullable=False),
        sa.Column("warnings", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("bytes_new", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_points"),
        sa.ForeignKeyConstraint(["machine"], ["machines.id"], name="fk_points_machine"),
    )
    # Totals are floats, exact up to petabytes: a sum of integers may be more than one takes, and end the migration.
    op.execute(
        "INSERT INTO points_anew (id, machine, time_us, origin_core, record, duration_s, warnings, "
        "kind, size, bytes_new) "
        "SELECT p.id, p.machine, p.time_us, p.origin_core, p.record, p.duration_s, p.warnings, "
        "CASE WHEN EXISTS (SELECT 1 FROM images i WHERE i.point = p.id AND i.kind = 'base') "
        "THEN 'base' ELSE 'incremental' END, "
        "(SELECT CAST(min(total(i.size), 9.2e18) AS INTEGER) FROM images i WHERE i.point = p.id), "
        "(SELECT CAST(min(total(i.bytes_new), 9.2e18) AS INTEGER) FROM images i WHERE i.point = p.id) "
        "FROM points p"
    )
    op.drop_table("points")
    op.rename_table("points_anew", "points")
    op.create_index(
        "ix_points_machine_time_us_id_kind_size_bytes_new",
        "points",
        ["machine", "time_us", "id", "kind", "size", "bytes_new"],
    )
    op.create_index(
        "ix_points_time_us_id_kind_size_bytes_new", "points", ["time_us", "id", "kind", "size", "bytes_new"]
    )
    op.create_index("ix_points_size_id_time_us_kind_machine", "points", ["size", "id", "time_us", "kind", "machine"])
    op.create_index(
        "ix_points_bytes_new_id_time_us_kind_machine", "points", ["bytes_new", "id", "time_us", "kind", "machine"]
    )
