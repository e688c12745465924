"""People who may sign in from elsewhere."""

from __future__ import annotations

import builtins
from typing import Any

from sqlalchemy import Row, delete, insert, select, update

from console.catalog import rows
from console.catalog.database import Database
from console.catalog.moments import from_us, to_us
from console.catalog.names import find_row, name_key, require_free
from console.catalog.soundness import sound
from console.domain.errors import not_found
from console.domain.events import Changed
from console.domain.roles import Role, User

_t = rows.users.c
_NOUN = "user"


class Users:
    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, user: User) -> None:
        """Raises Failed `name-taken`."""
        with self._database.write(Changed.USERS) as connection:
            require_free(connection, rows.users, user.name, _NOUN, but=user.id)
            connection.execute(insert(rows.users).values(_to_row(user)))

    def get(self, name: str) -> User:
        """By name. Raises Failed `no-such-user`."""
        found = self.find(name)
        if found is None:
            raise not_found(_NOUN, name)
        return found

    def find(self, name: str) -> User | None:
        with self._database.read() as connection:
            row = find_row(connection, select(rows.users), rows.users, name, _NOUN, named=True, prefix=False)
        return None if row is None else _from_row(row)

    def list(self) -> builtins.list[User]:
        """By name."""
        with self._database.read() as connection:
            return [_from_row(row) for row in connection.execute(select(rows.users).order_by(_t.name_key))]

    def update(self, user: User) -> None:
        """The user with this id becomes this. Raises Failed `no-such-user`, `name-taken`."""
        with self._database.write(Changed.USERS) as connection:
            require_free(connection, rows.users, user.name, _NOUN, but=user.id)
            if not connection.execute(update(rows.users).where(_t.id == user.id).values(_to_row(user))).rowcount:
                raise not_found(_NOUN, user.name)

    def remove(self, name: str) -> None:
        """By name. Raises Failed `no-such-user`."""
        with self._database.write(Changed.USERS) as connection:
            connection.execute(delete(rows.users).where(_t.id == self.get(name).id))


def _to_row(user: User) -> dict[str, Any]:
    return {
        "id": user.id,
        "name": user.name,
        "name_key": name_key(user.name),
        "role": user.role.value,
        "password_hash": user.password_hash,
        "created_us": to_us(user.created),
    }


@sound
def _from_row(row: Row[Any]) -> User:
    return User(row.id, row.name, Role(row.role), row.password_hash, from_us(row.created_us))
