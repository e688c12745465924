"""The tables. Written from `row_classes.py` by `python -m tests.catalog.keep_rows`: change them there.

Those of what Cores arrange with each other are in `replication_rows.py`.

Queries speak SQLAlchemy Core against these `Table` objects, and turn rows into domain values at once.
"""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    text,
)

METADATA = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

settings = Table(
    "settings",
    METADATA,
    Column("key", String, primary_key=True),
    Column("value", String, nullable=False),
)

users = Table(
    "users",
    METADATA,
    Column("id", String, primary_key=True),
    Column("name", String, nullable=False),
    Column("name_key", String, unique=True, nullable=False),
    Column("role", String, nullable=False),
    Column("password_hash", String, nullable=False),
    Column("created_us", BigInteger, nullable=False),
)

repositories = Table(
    "repositories",
    METADATA,
    Column("id", String, primary_key=True),
    Column("name", String, nullable=False),
    Column("name_key", String, unique=True, nullable=False),
    Column("path", String, nullable=False),
    Column("created_us", BigInteger, nullable=False),
    Column("is_default", Boolean, nullable=False),
    Column("limit_bytes", BigInteger),
    Column("unreferenced_bytes", BigInteger),
    Column("looked_us", BigInteger),
    Column("owner", String, nullable=False, server_default=text("''")),
    Column("parent", String, nullable=False, server_default=text("''")),
)

point_checks = Table(
    "point_checks",
    METADATA,
    Column("point", String, ForeignKey("points.id", ondelete="CASCADE"), primary_key=True),
    Column("name", String, primary_key=True),
    Column("verdict", String, nullable=False),
    Column("message", String, nullable=False),
    Column("time_us", BigInteger, nullable=False),
    Column("job", String, nullable=False),
)

unfinished_roots = Table(
    "unfinished_roots",
    METADATA,
    Column("repository", String, ForeignKey("repositories.id", ondelete="CASCADE"), primary_key=True),
    Column("root", String, primary_key=True),
    Column("since_us", BigInteger, nullable=False),
)

damaged_objects = Table(
    "damaged_objects",
    METADATA,
    Column("repository", String, ForeignKey("repositories.id", ondelete="CASCADE"), primary_key=True),
    Column("object", String, primary_key=True),
    Column("pack", String, nullable=False),
    Column("found_us", BigInteger, nullable=False),
    Column("why", String, nullable=False),
)

machines = Table(
    "machines",
    METADATA,
    Column("id", String, primary_key=True),
    Column("name", String, nullable=False),
    Column("name_key", String, unique=True, nullable=False),
    Column("kind", String, nullable=False),
    Column("origin_core", String, nullable=False),
    Column("origin_name", String, nullable=False),
    Column("repository", String, nullable=False),
    Column("volumes", JSON, nullable=False),
    Column("created_us", BigInteger, nullable=False),
    Column("interval_s", BigInteger, nullable=False),
    Column("excludes", JSON, nullable=False),
    Column("paused", Boolean, nullable=False),
    Column("next_due_us", BigInteger),
    Column("key", String, nullable=False, server_default=text("''")),
    Column("options", JSON, nullable=False, server_default='{"one_file_system": false}'),
    Column("via", JSON, nullable=False, server_default="[]"),
    Index(None, "next_due_us"),
)

points = Table(
    "points",
    METADATA,
    Column("id", String, primary_key=True),
    Column("machine", String, ForeignKey("machines.id"), nullable=False),
    Column("time_us", BigInteger, nullable=False),
    Column("origin_core", String, nullable=False),
    Column("record", String, nullable=False),
    Column("duration_s", Float, nullable=False),
    Column("warnings", BigInteger, nullable=False),
    Column("kind", String, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("bytes_new", BigInteger, nullable=False),
    Index(None, "bytes_new", "id", "time_us", "kind", "machine"),
    Index(None, "machine", "time_us", "id", "kind", "size", "bytes_new"),
    Index(None, "size", "id", "time_us", "kind", "machine"),
    Index(None, "time_us", "id", "kind", "size", "bytes_new"),
)

images = Table(
    "images",
    METADATA,
    Column("id", String, primary_key=True),
    Column("point", String, ForeignKey("points.id", ondelete="CASCADE"), nullable=False),
    Column("position", Integer, nullable=False),
    Column("machine", String, nullable=False),
    Column("time_us", BigInteger, nullable=False),
    Column("volume", String, nullable=False),
    Column("volume_label", String, nullable=False),
    Column("kind", String, nullable=False),
    Column("base_reason", String),
    Column("parent", String),
    Column("root", String, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("bytes_read", BigInteger, nullable=False),
    Column("bytes_new", BigInteger, nullable=False),
    Column("bytes_stored", BigInteger, nullable=False),
    Column("files", BigInteger, nullable=False),
    Column("directories", BigInteger, nullable=False),
    Column("files_unreadable", BigInteger, nullable=False),
    Column("parent_root", String),
    Column("repository", String, nullable=False),
    Column("here", Boolean, nullable=False),
    Column("names", Boolean, nullable=False),
    Column("damaged", Boolean, nullable=False),
    Column("key", String, nullable=False, server_default=text("''")),
    Index(None, "machine", "time_us", "id"),
    Index(None, "parent"),
    Index(None, "point"),
)

flaws = Table(
    "flaws",
    METADATA,
    Column("image", String, ForeignKey("images.id", ondelete="CASCADE"), primary_key=True),
    Column("machine", String, nullable=False),
    Index(None, "machine"),
)

seeds = Table(
    "seeds",
    METADATA,
    Column("id", String, primary_key=True),
    Column("pairing", String, nullable=False),
    Column("direction", String, nullable=False),
    Column("state", String, nullable=False),
    Column("created_us", BigInteger, nullable=False),
    Column("comment", String, nullable=False),
    Column("customer_id", String, nullable=False),
    Column("location", String, nullable=False),
    Column("written_us", BigInteger),
    Column("ended_us", BigInteger),
    Column("segments", JSON, nullable=False),
    Column("points", BigInteger, nullable=False),
    Column("bytes", BigInteger, nullable=False),
    Column("oldest_us", BigInteger),
    Column("newest_us", BigInteger),
    Index(None, "created_us", "id"),
)

seed_images = Table(
    "seed_images",
    METADATA,
    Column("seed", String, ForeignKey("seeds.id", ondelete="CASCADE"), primary_key=True),
    Column("image", String, primary_key=True),
    Column("position", Integer, nullable=False),
    Column("arrived", Boolean, nullable=False),
    Index(None, "image"),
)

holds = Table(
    "holds",
    METADATA,
    Column("point", String, ForeignKey("points.id", ondelete="CASCADE"), primary_key=True),
    Column("since_us", BigInteger, nullable=False),
    Column("reason", String, nullable=False),
    Column("user_name", String, nullable=False),
)

retention = Table(
    "retention",
    METADATA,
    Column("machine", String, ForeignKey("machines.id", ondelete="CASCADE"), primary_key=True),
    Column("policy", String, nullable=False),
)

removed_images = Table(
    "removed_images",
    METADATA,
    Column("image", String, primary_key=True),
    Column("machine", String, ForeignKey("machines.id", ondelete="CASCADE"), nullable=False),
    Column("removed_us", BigInteger, nullable=False),
    Index(None, "machine"),
)

burials = Table(
    "burials",
    METADATA,
    Column("point", String, primary_key=True),
    Column("repository", String, primary_key=True),
    Column("removed_us", BigInteger, nullable=False),
)

jobs = Table(
    "jobs",
    METADATA,
    Column("id", String, primary_key=True),
    Column("kind", String, nullable=False),
    Column("subject", String, nullable=False),
    Column("state", String, nullable=False),
    Column("started_by", String, nullable=False),
    Column("created_us", BigInteger, nullable=False),
    Column("reason", String, nullable=False),
    Column("user_name", String, nullable=False),
    Column("started_us", BigInteger),
    Column("ended_us", BigInteger),
    Column("progress", JSON, nullable=False),
    Column("result", JSON(none_as_null=True)),
    Column("failure", JSON(none_as_null=True)),
    Column("warnings", JSON, nullable=False),
    Column("warning_count", BigInteger, nullable=False),
    Column("part", String, nullable=False, server_default=text("''")),
    Column("priority", Integer, nullable=False, server_default=text("5")),
    Column("parent", String, nullable=False, server_default=text("''")),
    Index(None, "created_us", "id"),
    Index(None, "kind", "created_us", "id"),
    Index(None, "parent"),
    Index(None, "state", "created_us", "id"),
    Index(None, "subject", "created_us", "id"),
)

job_log = Table(
    "job_log",
    METADATA,
    Column("job", String, ForeignKey("jobs.id", ondelete="CASCADE"), primary_key=True),
    Column("number", BigInteger, primary_key=True),
    Column("time_us", BigInteger, nullable=False),
    Column("text", String, nullable=False),
)

events = Table(
    "events",
    METADATA,
    Column("id", String, primary_key=True),
    Column("time_us", BigInteger, nullable=False),
    Column("severity", String, nullable=False),
    Column("code", String, nullable=False),
    Column("message", String, nullable=False),
    Column("subject", String, nullable=False),
    Column("alert", Boolean, nullable=False),
    Column("dismissed", Boolean, nullable=False),
    Column("open_key", String, unique=True),
    Column("times", BigInteger, nullable=False),
    Index(None, "severity", "time_us", "id"),
    Index(None, "time_us", "id"),
)

keys = Table(
    "keys",
    METADATA,
    Column("id", String, primary_key=True),
    Column("name", String, nullable=False),
    Column("name_key", String, unique=True, nullable=False),
    Column("description", String, nullable=False),
    Column("type", String, nullable=False),
    Column("wrapped", LargeBinary, nullable=False),
    Column("created_us", BigInteger, nullable=False),
    Column("changed_us", BigInteger, nullable=False),
    Column("unlocked", Boolean, nullable=False),
    Column("until_us", BigInteger),
    Column("origin", String, nullable=False),
    Column("tested_us", BigInteger),
    Column("test_passed", Boolean, nullable=False),
)
