"""What a reclaim asks of the catalog."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import datetime

from sqlalchemy import delete, insert, select

from console.catalog import rows
from console.catalog.database import Database
from console.catalog.moments import from_us, to_us

_images = rows.images.c
_points = rows.points.c
_unfinished = rows.unfinished_roots.c
_PAGE = 5000


class Reclaims:
    """Every method takes the id of a repository."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def records(self, repository: str) -> Iterator[str]:
        """Records (ids in hex) of all points with an image there. Nothing is held open between two of them."""
        there = select(_images.point).where(_images.repository == repository)
        statement = select(_points.id, _points.record).where(_points.id.in_(there)).order_by(_points.id).limit(_PAGE)
        after = ""
        while True:
            with self._database.read() as connection:
                found = connection.execute(statement.where(_points.id > after)).all()
            if not found:
                return
            yield from (record for _, record in found if record)
            after = found[-1][0]

    def unfinished(self, repository: str, roots: Collection[str], now: datetime) -> dict[str, datetime]:
        """Roots (ids in hex) that no image has: since when each is known to be so. Others are forgotten."""
        with self._database.transaction() as connection:
            mine = _unfinished.repository == repository
            known = {
                root: since
                for root, since in connection.execute(select(_unfinished.root, _unfinished.since_us).where(mine))
            }
            for root in known.keys() - set(roots):
                connection.execute(delete(rows.unfinished_roots).where(mine, _unfinished.root == root))
            new = [
                {"repository": repository, "root": root, "since_us": to_us(now)} for root in set(roots) - known.keys()
            ]
            if new:
                connection.execute(insert(rows.unfinished_roots), new)
        return {root: from_us(known[root]) if root in known else now for root in roots}
