"""Alembic's environment: the transaction and the connection are the caller's (`console.catalog.opening.migrate`)."""

from __future__ import annotations

from alembic import context

from console.catalog.rows import METADATA

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=METADATA,
    render_as_batch=True,
    transactional_ddl=True,
)
context.run_migrations()
