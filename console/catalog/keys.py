"""Encryption keys: what is known of each, and their secrets only under their passphrases."""

from __future__ import annotations

import builtins
from typing import Any, NamedTuple

from sqlalchemy import Row, delete, distinct, func, insert, select, update

from console.catalog import rows
from console.catalog.database import Database
from console.catalog.moments import from_us, to_us
from console.catalog.names import find_row, name_key, require_free
from console.catalog.soundness import sound
from console.domain.errors import not_found
from console.domain.events import Changed
from console.domain.keys import EncryptionKey, KeyType

_t = rows.keys.c
_i = rows.images.c
_NOUN = "key"


class Sealed(NamedTuple):
    """What is sealed with a key here: images, their points, and the bytes of the files in them."""

    images: int
    points: int
    bytes: int


class Keys:
    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, key: EncryptionKey) -> None:
        """Raises Failed `name-taken`."""
        with self._database.write(Changed.KEYS) as connection:
            require_free(connection, rows.keys, key.name, _NOUN, but=key.id)
            connection.execute(insert(rows.keys).values(_to_row(key)))

    def get(self, key: str) -> EncryptionKey:
        """By id, name, or the beginning of an id. Raises Failed `no-such-key`."""
        found = self.find(key)
        if found is None:
            raise not_found(_NOUN, key, "The keys there are: replicore key list")
        return found

    def find(self, key: str) -> EncryptionKey | None:
        with self._database.read() as connection:
            row = find_row(connection, select(rows.keys), rows.keys, key, _NOUN, named=True, prefix=True)
        return None if row is None else _from_row(row)

    def list(self) -> builtins.list[EncryptionKey]:
        """By name."""
        with self._database.read() as connection:
            return [_from_row(row) for row in connection.execute(select(rows.keys).order_by(_t.name_key))]

    def update(self, key: EncryptionKey) -> None:
        """The key with this id becomes this. Raises Failed `no-such-key`, `name-taken`."""
        with self._database.write(Changed.KEYS) as connection:
            require_free(connection, rows.keys, key.name, _NOUN, but=key.id)
            if not connection.execute(update(rows.keys).where(_t.id == key.id).values(_to_row(key))).rowcount:
                raise not_found(_NOUN, key.name)

    def remove(self, key: str) -> None:
        """By id."""
        with self._database.write(Changed.KEYS) as connection:
            connection.execute(delete(rows.keys).where(_t.id == key))

    def sealed(self, key: str) -> Sealed:
        """What is sealed with the key (id) in this catalog."""
        asked = select(func.count(), func.count(distinct(_i.point)), func.coalesce(func.sum(_i.size), 0))
        with self._database.read() as connection:
            images, points, size = connection.execute(asked.where(_i.key == key)).one()
        return Sealed(images, points, int(size))

    def newest_roots(self, key: str, limit: int) -> builtins.list[tuple[str, str]]:
        """(repository, root) of the newest images that are sealed with the key (id) and here."""
        asked = select(_i.repository, _i.root).where(_i.key == key, _i.here, ~_i.damaged)
        with self._database.read() as connection:
            found = connection.execute(asked.order_by(_i.time_us.desc(), _i.id).limit(limit)).all()
        return [(row.repository, row.root) for row in found]


def _to_row(key: EncryptionKey) -> dict[str, Any]:
    return {
        "id": key.id,
        "name": key.name,
        "name_key": name_key(key.name),
        "description": key.description,
        "type": key.type.value,
        "wrapped": key.wrapped,
        "created_us": to_us(key.created),
        "changed_us": to_us(key.changed),
        "unlocked": key.unlocked,
        "until_us": to_us(key.until),
        "origin": key.origin,
        "tested_us": to_us(key.tested),
        "test_passed": key.test_passed,
    }


@sound
def _from_row(row: Row[Any]) -> EncryptionKey:
    return EncryptionKey(
        row.id,
        row.name,
        KeyType(row.type),
        bytes(row.wrapped),
        from_us(row.created_us),
        from_us(row.changed_us),
        row.description,
        row.unlocked,
        from_us(row.until_us),
        row.origin,
        from_us(row.tested_us),
        row.test_passed,
    )
