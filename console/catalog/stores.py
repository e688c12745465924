"""Tables whose rows are one domain value each, field by column, and what every such table can do."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields
from datetime import datetime
from enum import StrEnum
from types import UnionType
from typing import Any, Generic, TypeVar, Union, get_args, get_origin, get_type_hints

from sqlalchemy import ColumnElement, Row, Table, delete, insert, select, update

from console.catalog import replication_rows
from console.catalog.database import Database
from console.catalog.moments import from_us, to_us
from console.catalog.soundness import listed, mapping, sound
from console.domain.errors import not_found
from console.domain.events import Changed
from console.domain.pairing import CoreIdentity

T = TypeVar("T")
Where = ColumnElement[bool]
_PEER = ("id", "name", "version", "fingerprint", "protocol")


class Shape(Generic[T]):
    """How a value becomes a row and back. Moments are in columns that end in `_us`, words are kept as text, tuples as
    lists, a Core's identity in columns that begin with its field's name. A field without a column is not kept.

    `names`: columns that are called otherwise than their fields.
    """

    def __init__(self, table: Table, made: type[T], **names: str) -> None:
        self.table = table
        self._made = made
        self._parts: dict[str, tuple[str, Callable[[Any], Any], Callable[[Any], Any]]] = {}
        self._peers: list[str] = []
        hints = get_type_hints(made)
        for field in fields(made):  # type: ignore[arg-type]
            kind = _kind(hints[field.name])
            if kind is CoreIdentity:
                self._peers.append(field.name)
                continue
            column, write, read = _part(names.get(field.name, field.name), kind)
            if column in table.c:
                self._parts[field.name] = column, write, read

    def row(self, value: T) -> dict[str, Any]:
        """Column by column."""
        found = self.some({name: getattr(value, name) for name in self._parts})
        for name in self._peers:
            peer = getattr(value, name)
            found.update((f"{name}_{part}", getattr(peer, part)) for part in _PEER)
        return found

    def some(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """The columns of some fields. A name that is no field is a bug: KeyError."""
        return {
            self._parts[name][0]: None if value is None else self._parts[name][1](value)
            for name, value in values.items()
        }

    def value(self, row: Row[Any]) -> T:
        """Raises Failed `catalog-damaged` for a row that is none."""
        return sound(self._value)(row._mapping)

    def _value(self, row: Mapping[Any, Any]) -> T:
        found = {
            name: None if row[column] is None else read(row[column]) for name, (column, _, read) in self._parts.items()
        }
        for name in self._peers:
            found[name] = CoreIdentity(*(row[f"{name}_{part}"] for part in _PEER))
        return self._made(**found)


class Store(Generic[T]):
    """The rows of one table. `kinds`: what the change feed is told when some change."""

    def __init__(self, database: Database, shape: Shape[T], *kinds: Changed) -> None:
        self._database = database
        self._shape = shape
        self._table = shape.table
        self._kinds = kinds
        self._of_pairing = any(key.column.table.name == "pairings" for key in self._table.foreign_keys)

    def put(self, value: T) -> None:
        """Adds it, or replaces the row of the same key. Raises Failed `no-such-pairing` where it needs one."""
        row = self._shape.row(value)
        with self._database.write(*self._kinds) as connection:
            this = [column == row[column.name] for column in self._table.primary_key]
            if connection.execute(update(self._table).where(*this).values(row)).rowcount:
                return
            if self._of_pairing:
                pairings = replication_rows.pairings
                if connection.scalar(select(pairings.c.id).where(pairings.c.id == row["pairing"])) is None:
                    raise not_found("pairing", row["pairing"])
            connection.execute(insert(self._table).values(row))

    def first(self, *where: Where) -> T | None:
        with self._database.read() as connection:
            row = connection.execute(select(self._table).where(*where).limit(1)).first()
        return None if row is None else self._shape.value(row)

    def all(self, *where: Where, order: tuple[Any, ...] = (), limit: int | None = None) -> list[T]:
        """In this order, or that of the key."""
        statement = select(self._table).where(*where).order_by(*(order or tuple(self._table.primary_key))).limit(limit)
        with self._database.read() as connection:
            return [self._shape.value(row) for row in connection.execute(statement)]

    def change(self, *where: Where, **values: Any) -> int:
        """Fields of the rows that are meant become these, the others stay. Returns how many rows that were."""
        with self._database.transaction() as connection:
            changed = connection.execute(update(self._table).where(*where).values(self._shape.some(values))).rowcount
            if changed:
                self._database.touch(*self._kinds)
            return changed

    def remove(self, *where: Where) -> int:
        """Returns how many rows went."""
        with self._database.transaction() as connection:
            gone = connection.execute(delete(self._table).where(*where)).rowcount
            if gone:
                self._database.touch(*self._kinds)
            return gone


def _kind(hint: Any) -> Any:
    """The type without *or None*."""
    if get_origin(hint) in (Union, UnionType):
        return next(one for one in get_args(hint) if one is not type(None))
    return hint


def _part(name: str, kind: Any) -> tuple[str, Callable[[Any], Any], Callable[[Any], Any]]:
    if kind is datetime:
        return f"{name}_us", to_us, from_us
    if isinstance(kind, type) and issubclass(kind, StrEnum):
        return name, lambda word: word.value, kind
    if get_origin(kind) is tuple:
        return name, list, listed
    if _is_mapping(kind):
        return name, dict, mapping
    return name, _same, _same


def _is_mapping(kind: Any) -> bool:
    origin = get_origin(kind)
    return isinstance(origin, type) and issubclass(origin, Mapping)


def _same(value: Any) -> Any:
    return value
