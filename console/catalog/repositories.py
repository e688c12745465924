"""The repositories of this Core."""

from __future__ import annotations

import builtins
from typing import Any

from sqlalchemy import Connection, Row, delete, exists, insert, select, update

from console.catalog import rows
from console.catalog.database import Database
from console.catalog.moments import from_us, to_us
from console.catalog.names import find_row, name_key, require_free
from console.catalog.soundness import sound
from console.domain.errors import not_found, refused
from console.domain.events import Changed
from console.domain.repositories import RepositoryInfo

_t = rows.repositories.c
_NOUN = "repository"


class Repositories:
    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, repository: RepositoryInfo) -> None:
        """A default one takes that from the one before. Raises Failed `name-taken`."""
        with self._database.write(Changed.REPOSITORIES) as connection:
            require_free(connection, rows.repositories, repository.name, _NOUN, but=repository.id)
            _one_default(connection, repository)
            connection.execute(insert(rows.repositories).values(_to_row(repository)))

    def get(self, name: str) -> RepositoryInfo:
        """By id or name. Raises Failed `no-such-repository`."""
        found = self.find(name)
        if found is None:
            raise not_found(_NOUN, name)
        return found

    def find(self, name: str) -> RepositoryInfo | None:
        table = rows.repositories
        with self._database.read() as connection:
            row = find_row(connection, select(table), table, name, _NOUN, named=True, prefix=False)
        return None if row is None else _from_row(row)

    def list(self) -> builtins.list[RepositoryInfo]:
        """By name."""
        with self._database.read() as connection:
            return [_from_row(row) for row in connection.execute(select(rows.repositories).order_by(_t.name_key))]

    def default(self) -> RepositoryInfo | None:
        with self._database.read() as connection:
            row = connection.execute(select(rows.repositories).where(_t.is_default)).first()
        return None if row is None else _from_row(row)

    def update(self, repository: RepositoryInfo) -> None:
        """The repository with this id becomes this. Raises Failed `no-such-repository`, `name-taken`."""
        with self._database.write(Changed.REPOSITORIES) as connection:
            require_free(connection, rows.repositories, repository.name, _NOUN, but=repository.id)
            _one_default(connection, repository)
            statement = update(rows.repositories).where(_t.id == repository.id).values(_to_row(repository))
            if not connection.execute(statement).rowcount:
                raise not_found(_NOUN, repository.name)

    def remove(self, id: str) -> None:
        """Forgets it and its damage. Raises Failed `no-such-repository`, and `repository-in-service` while machines or
        images name it."""
        with self._database.write(Changed.REPOSITORIES) as connection:
            found = self.get(id)
            machine = connection.scalar(select(exists().where(rows.machines.c.repository == found.id)))
            image = connection.scalar(select(exists().where(rows.images.c.repository == found.id)))
            if machine or image:
                raise refused(
                    "repository-in-service",
                    f"“{found.name}” still holds recovery points or takes those of a machine.",
                    "Remove those machines with their points first.",
                )
            connection.execute(delete(rows.repositories).where(_t.id == found.id))


def _one_default(connection: Connection, repository: RepositoryInfo) -> None:
    if repository.default:
        others = update(rows.repositories).where(_t.is_default, _t.id != repository.id)
        connection.execute(others.values(is_default=False))


def _to_row(repository: RepositoryInfo) -> dict[str, Any]:
    return {
        "id": repository.id,
        "name": repository.name,
        "name_key": name_key(repository.name),
        "path": repository.path,
        "created_us": to_us(repository.created),
        "is_default": repository.default,
        "limit_bytes": repository.limit,
        "unreferenced_bytes": repository.unreferenced,
        "looked_us": None if repository.looked is None else to_us(repository.looked),
    }


@sound
def _from_row(row: Row[Any]) -> RepositoryInfo:
    return RepositoryInfo(
        row.id,
        row.name,
        row.path,
        from_us(row.created_us),
        row.is_default,
        row.limit_bytes,
        row.unreferenced_bytes,
        None if row.looked_us is None else from_us(row.looked_us),
    )
