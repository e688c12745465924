"""Finding one thing by what people type: its id, its name, or a unique beginning of its id."""

from __future__ import annotations

import unicodedata
from typing import Any

from sqlalchemy import Column, ColumnElement, Connection, Row, Select, Table, and_, select

from console.domain.errors import refused, usage

LEAST_PREFIX = 4
_HEX = frozenset("0123456789abcdef")


def name_key(name: str) -> str:
    """What two names that differ only in case (or in how an accent is encoded) have in common."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())


def find_row(
    connection: Connection, statement: Select[Any], table: Table, text: str, noun: str, *, named: bool, prefix: bool
) -> Row[Any] | None:
    """The one row of `statement` (a select over `table`) that `text` means: by id, then by name, then by the beginning
    of an id (hex, at least four letters).

    Raises Failed `ambiguous-id` when more than one id begins like that. `noun` as people call it.
    """
    row = connection.execute(statement.where(table.c.id == text)).first()
    if row is None and named:
        row = connection.execute(statement.where(table.c.name_key == name_key(text))).first()
    if row is None and prefix and is_prefix(text):
        rows = connection.execute(statement.where(beginning(table.c.id, text)).limit(2)).all()
        if len(rows) > 1:
            raise usage(
                "ambiguous-id", f"More than one {noun} has an id that begins with “{text}”.", "Type more of the id."
            )
        row = rows[0] if rows else None
    return row


def beginning(id: Column[Any], text: str) -> ColumnElement[bool]:
    """Ids that begin with a text."""
    start = text.lower()
    # "g" comes after every hex letter: a range that the index of the ids serves.
    return and_(id >= start, id < start + "g")


def is_prefix(text: str) -> bool:
    """Whether `text` may be the beginning of an id."""
    return len(text) >= LEAST_PREFIX and _HEX.issuperset(text.lower())


def require_free(connection: Connection, table: Table, name: str, noun: str, *, but: str) -> None:
    """Raises Failed `name-taken` when another row than `but` (an id) has this name. For use while writing."""
    other = connection.scalar(select(table.c.id).where(table.c.name_key == name_key(name), table.c.id != but))
    if other is not None:
        raise refused("name-taken", f"There is a {noun} “{name}” already.", "Choose another name.")
