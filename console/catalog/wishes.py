"""Images that this Core asks its source Cores to send by wire."""

from __future__ import annotations

import builtins
from collections.abc import Collection
from datetime import datetime

from sqlalchemy import delete, insert, select

from console.catalog import replication_rows
from console.catalog.batches import batches
from console.catalog.database import Database
from console.catalog.moments import to_us
from console.domain.errors import not_found
from console.domain.events import Changed

_t = replication_rows.wishes.c


class Wishes:
    """Every method takes ids, no names. A wish ends with its pairing."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, pairing: str, images: Collection[str], asked: datetime) -> None:
        """Those that are wished for already keep the time at which they were. Raises Failed `no-such-pairing`."""
        with self._database.transaction() as connection:
            if (
                connection.scalar(
                    select(replication_rows.pairings.c.id).where(replication_rows.pairings.c.id == pairing)
                )
                is None
            ):
                raise not_found("pairing", pairing)
            known = set(connection.scalars(select(_t.image).where(_t.pairing == pairing)))
            new = [
                {"pairing": pairing, "image": image, "asked_us": to_us(asked)}
                for image in dict.fromkeys(images)
                if image not in known
            ]
            if new:
                connection.execute(insert(replication_rows.wishes), new)
                self._database.touch(Changed.PAIRINGS)

    def list(self, pairing: str) -> builtins.list[str]:
        """Images that are wished for of a pairing, in the order in which they were."""
        statement = select(_t.image).where(_t.pairing == pairing).order_by(_t.asked_us, _t.image)
        with self._database.read() as connection:
            return builtins.list(connection.scalars(statement))

    def remove(self, pairing: str, images: Collection[str]) -> None:
        """Those that are not wished for are passed over."""
        with self._database.transaction() as connection:
            for part in batches(images):
                if connection.execute(
                    delete(replication_rows.wishes).where(_t.pairing == pairing, _t.image.in_(part))
                ).rowcount:
                    self._database.touch(Changed.PAIRINGS)
