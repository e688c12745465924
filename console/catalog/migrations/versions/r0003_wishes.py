"""What a target asks its sources to send by wire."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "wishes",
        sa.Column("pairing", sa.String(), nullable=False),
        sa.Column("image", sa.String(), nullable=False),
        sa.Column("asked_us", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("pairing", "image", name="pk_wishes"),
        sa.ForeignKeyConstraint(["pairing"], ["pairings.id"], name="fk_wishes_pairing", ondelete="CASCADE"),
    )
