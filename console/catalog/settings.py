"""Settings of the Core: words under keys."""

from __future__ import annotations

from sqlalchemy import delete, insert, select, update

from console.catalog import rows
from console.catalog.database import Database
from console.domain.events import Changed

_t = rows.settings.c


class Settings:
    def __init__(self, database: Database) -> None:
        self._database = database

    def get(self, key: str, default: str | None = None) -> str | None:
        with self._database.read() as connection:
            found = connection.scalar(select(_t.value).where(_t.key == key))
        return default if found is None else str(found)

    def set(self, key: str, value: str | None) -> None:
        """None: back to the default, by forgetting it."""
        with self._database.write(Changed.SETTINGS) as connection:
            if value is None:
                connection.execute(delete(rows.settings).where(_t.key == key))
            elif not connection.execute(update(rows.settings).where(_t.key == key).values(value=value)).rowcount:
                connection.execute(insert(rows.settings).values(key=key, value=value))

    def all(self) -> dict[str, str]:
        """What is set, by key."""
        with self._database.read() as connection:
            return {key: value for key, value in connection.execute(select(_t.key, _t.value).order_by(_t.key))}
