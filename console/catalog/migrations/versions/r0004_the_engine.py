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
