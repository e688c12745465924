"""The tables, as SQLModel classes. What each column means stands in SCHEMA.md.

Those of what Cores arrange with each other are in `replication_row_classes.py`. The classes say what the tables are.
Programs read `rows.py` and `replication_rows.py`, which say the same without them and are written from them
(`python -m tests.catalog.keep_rows`): classes cost every command a fifth of a second before it begins.
"""

from __future__ import annotations

from typing import Any, cast

from sqlalchemy import JSON, BigInteger, Index, MetaData, text
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}
"""Every constraint has a name, so that a migration can speak of it."""

METADATA = MetaData(naming_convention=NAMING)

# What columns say of rows that were there before them.
EMPTY = {"server_default": text("''")}
MIDDLE = {"server_default": text("5")}
NO = {"server_default": text("false")}
NOTHING = {"server_default": "[]"}
NONE_SAID = {"server_default": "{}"}


class Row(SQLModel, registry=registry(metadata=METADATA)):
    """Every table of the catalog. Never leaves this room."""

    # Rows are never validated (architecture: a table class does not validate), so no validators are built.
    model_config = {"defer_build": True}


class SettingRow(Row, table=True):
    __tablename__ = "settings"

    key: str = Field(primary_key=True)
    value: str


class UserRow(Row, table=True):
    __tablename__ = "users"

    id: str = Field(primary_key=True)
    name: str
    name_key: str = Field(unique=True)
    role: str
    password_hash: str
    created_us: int = Field(sa_type=BigInteger)


class RepositoryRow(Row, table=True):
    __tablename__ = "repositories"

    id: str = Field(primary_key=True)
    name: str
    name_key: str = Field(unique=True)
    path: str
    created_us: int = Field(sa_type=BigInteger)
    is_default: bool
    limit_bytes: int | None = Field(sa_type=BigInteger)
    unreferenced_bytes: int | None = Field(sa_type=BigInteger)
    looked_us: int | None = Field(sa_type=BigInteger)
    owner: str = Field(sa_column_kwargs=EMPTY)
    parent: str = Field(sa_column_kwargs=EMPTY)


class PointCheckRow(Row, table=True):
    __tablename__ = "point_checks"

    point: str = Field(primary_key=True, foreign_key="points.id", ondelete="CASCADE")
    name: str = Field(primary_key=True)
    verdict: str
    message: str
    time_us: int = Field(sa_type=BigInteger)
    job: str


class UnfinishedRow(Row, table=True):
    __tablename__ = "unfinished_roots"

    repository: str = Field(primary_key=True, foreign_key="repositories.id", ondelete="CASCADE")
    root: str = Field(primary_key=True)
    since_us: int = Field(sa_type=BigInteger)


class DamagedObjectRow(Row, table=True):
    __tablename__ = "damaged_objects"

    repository: str = Field(primary_key=True, foreign_key="repositories.id", ondelete="CASCADE")
    object: str = Field(primary_key=True)
    pack: str
    found_us: int = Field(sa_type=BigInteger)
    why: str


class MachineRow(Row, table=True):
    __tablename__ = "machines"
    __table_args__ = (Index(None, "next_due_us"),)

    id: str = Field(primary_key=True)
    name: str
    name_key: str = Field(unique=True)
    kind: str
    origin_core: str
    origin_name: str
    repository: str
    volumes: list[Any] = Field(sa_type=JSON)
    created_us: int = Field(sa_type=BigInteger)
    interval_s: int = Field(sa_type=BigInteger)
    excludes: list[Any] = Field(sa_type=JSON)
    paused: bool
    next_due_us: int | None = Field(sa_type=BigInteger)
    key: str = Field(sa_column_kwargs=EMPTY)
    options: dict[str, Any] = Field(sa_type=JSON, sa_column_kwargs={"server_default": '{"one_file_system": false}'})
    via: list[Any] = Field(sa_type=JSON, sa_column_kwargs=NOTHING)


class PointRow(Row, table=True):
    __tablename__ = "points"
    __table_args__ = (
        Index(None, "machine", "time_us", "id", "kind", "size", "bytes_new"),
        Index(None, "time_us", "id", "kind", "size", "bytes_new"),
        Index(None, "size", "id", "time_us", "kind", "machine"),
        Index(None, "bytes_new", "id", "time_us", "kind", "machine"),
    )

    id: str = Field(primary_key=True)
    machine: str = Field(foreign_key="machines.id")
    time_us: int = Field(sa_type=BigInteger)
    origin_core: str
    record: str
    duration_s: float
    warnings: int = Field(sa_type=BigInteger)
    kind: str
    size: int = Field(sa_type=BigInteger)
    bytes_new: int = Field(sa_type=BigInteger)


class ImageRow(Row, table=True):
    __tablename__ = "images"
    __table_args__ = (Index(None, "machine", "time_us", "id"), Index(None, "point"), Index(None, "parent"))

    id: str = Field(primary_key=True)
    point: str = Field(foreign_key="points.id", ondelete="CASCADE")
    position: int
    machine: str
    time_us: int = Field(sa_type=BigInteger)
    volume: str
    volume_label: str
    kind: str
    base_reason: str | None
    parent: str | None
    root: str
    size: int = Field(sa_type=BigInteger)
    bytes_read: int = Field(sa_type=BigInteger)
    bytes_new: int = Field(sa_type=BigInteger)
    bytes_stored: int = Field(sa_type=BigInteger)
    files: int = Field(sa_type=BigInteger)
    directories: int = Field(sa_type=BigInteger)
    files_unreadable: int = Field(sa_type=BigInteger)
    parent_root: str | None
    repository: str
    here: bool
    names: bool
    damaged: bool
    key: str = Field(sa_column_kwargs=EMPTY)


class FlawRow(Row, table=True):
    __tablename__ = "flaws"
    __table_args__ = (Index(None, "machine"),)

    image: str = Field(primary_key=True, foreign_key="images.id", ondelete="CASCADE")
    machine: str


class SeedRow(Row, table=True):
    __tablename__ = "seeds"
    __table_args__ = (Index(None, "created_us", "id"),)

    id: str = Field(primary_key=True)
    pairing: str
    direction: str
    state: str
    created_us: int = Field(sa_type=BigInteger)
    comment: str
    customer_id: str
    location: str
    written_us: int | None = Field(sa_type=BigInteger)
    ended_us: int | None = Field(sa_type=BigInteger)
    segments: list[Any] = Field(sa_type=JSON)
    points: int = Field(sa_type=BigInteger)
    bytes: int = Field(sa_type=BigInteger)
    oldest_us: int | None = Field(sa_type=BigInteger)
    newest_us: int | None = Field(sa_type=BigInteger)


class SeedImageRow(Row, table=True):
    __tablename__ = "seed_images"
    __table_args__ = (Index(None, "image"),)

    seed: str = Field(primary_key=True, foreign_key="seeds.id", ondelete="CASCADE")
    image: str = Field(primary_key=True)
    position: int
    arrived: bool


class HoldRow(Row, table=True):
    __tablename__ = "holds"

    point: str = Field(primary_key=True, foreign_key="points.id", ondelete="CASCADE")
    since_us: int = Field(sa_type=BigInteger)
    reason: str
    user_name: str


class RetentionRow(Row, table=True):
    __tablename__ = "retention"

    machine: str = Field(primary_key=True, foreign_key="machines.id", ondelete="CASCADE")
    policy: str


class RemovedImageRow(Row, table=True):
    __tablename__ = "removed_images"
    __table_args__ = (Index(None, "machine"),)

    image: str = Field(primary_key=True)
    machine: str = Field(foreign_key="machines.id", ondelete="CASCADE")
    removed_us: int = Field(sa_type=BigInteger)


class BurialRow(Row, table=True):
    __tablename__ = "burials"

    point: str = Field(primary_key=True)
    repository: str = Field(primary_key=True)
    removed_us: int = Field(sa_type=BigInteger)


class JobRow(Row, table=True):
    __tablename__ = "jobs"
    __table_args__ = (
        Index(None, "created_us", "id"),
        Index(None, "state", "created_us", "id"),
        Index(None, "kind", "created_us", "id"),
        Index(None, "subject", "created_us", "id"),
        Index(None, "parent"),
    )

    id: str = Field(primary_key=True)
    kind: str
    subject: str
    state: str
    started_by: str
    created_us: int = Field(sa_type=BigInteger)
    reason: str
    user_name: str
    started_us: int | None = Field(sa_type=BigInteger)
    ended_us: int | None = Field(sa_type=BigInteger)
    progress: dict[str, Any] = Field(sa_type=JSON)
    result: dict[str, Any] | None = Field(sa_type=cast(Any, JSON(none_as_null=True)))
    failure: dict[str, Any] | None = Field(sa_type=cast(Any, JSON(none_as_null=True)))
    warnings: list[Any] = Field(sa_type=JSON)
    warning_count: int = Field(sa_type=BigInteger)
    part: str = Field(sa_column_kwargs=EMPTY)
    priority: int = Field(sa_column_kwargs=MIDDLE)
    parent: str = Field(sa_column_kwargs=EMPTY)


class LogLineRow(Row, table=True):
    __tablename__ = "job_log"

    job: str = Field(primary_key=True, foreign_key="jobs.id", ondelete="CASCADE")
    number: int = Field(primary_key=True, sa_type=BigInteger)
    time_us: int = Field(sa_type=BigInteger)
    text: str


class EventRow(Row, table=True):
    __tablename__ = "events"
    __table_args__ = (Index(None, "time_us", "id"), Index(None, "severity", "time_us", "id"))

    id: str = Field(primary_key=True)
    time_us: int = Field(sa_type=BigInteger)
    severity: str
    code: str
    message: str
    subject: str
    alert: bool
    dismissed: bool
    open_key: str | None = Field(unique=True)
    times: int = Field(sa_type=BigInteger)


class KeyRow(Row, table=True):
    __tablename__ = "keys"

    id: str = Field(primary_key=True)
    name: str
    name_key: str = Field(unique=True)
    description: str
    type: str
    wrapped: bytes
    created_us: int = Field(sa_type=BigInteger)
    changed_us: int = Field(sa_type=BigInteger)
    unlocked: bool
    until_us: int | None = Field(sa_type=BigInteger)
    origin: str
    tested_us: int | None = Field(sa_type=BigInteger)
    test_passed: bool
