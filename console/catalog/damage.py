"""Objects that could not be read back true."""

from __future__ import annotations

import builtins
from collections.abc import Collection, Sequence

from sqlalchemy import delete, insert, select

from console.catalog import rows
from console.catalog.batches import batches
from console.catalog.database import Database
from console.catalog.moments import from_us, to_us
from console.domain.events import Changed
from console.domain.repositories import DamagedObject

_t = rows.damaged_objects.c


class Damage:
    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, damaged: Sequence[DamagedObject]) -> None:
        """What is known of an object already is replaced."""
        new = {(one.repository, one.object): one for one in damaged}
        if not new:
            return
        with self._database.write(Changed.REPOSITORIES) as connection:
            for repository in {one.repository for one in damaged}:
                self.clear(repository, [object for home, object in new if home == repository])
            connection.execute(
                insert(rows.damaged_objects),
                [
                    {
                        "repository": one.repository,
                        "object": one.object,
                        "pack": one.pack,
                        "found_us": to_us(one.found),
                        "why": one.why,
                    }
                    for one in new.values()
                ],
            )

    def list(self, repository: str | None = None) -> builtins.list[DamagedObject]:
        """Of one repository (id) or all; oldest finding first."""
        statement = select(_t.repository, _t.object, _t.pack, _t.found_us, _t.why).order_by(_t.found_us, _t.object)
        if repository is not None:
            statement = statement.where(_t.repository == repository)
        with self._database.read() as connection:
            return [
                DamagedObject(home, object, pack, from_us(found_us), why)
                for home, object, pack, found_us, why in connection.execute(statement)
            ]

    def clear(self, repository: str, objects: Collection[str] | None = None) -> int:
        """These objects of a repository (None: all) are well again. Returns how many were damaged."""
        statement = delete(rows.damaged_objects).where(_t.repository == repository)
        with self._database.transaction() as connection:
            if objects is None:
                cleared = connection.execute(statement).rowcount
            else:
                cleared = sum(
                    connection.execute(statement.where(_t.object.in_(part))).rowcount for part in batches(objects)
                )
            if cleared:
                self._database.touch(Changed.REPOSITORIES)
            return cleared
