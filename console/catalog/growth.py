"""How repositories grew: what the images of each day took in one, and what all of them protect."""

from __future__ import annotations

from datetime import date, timedelta

from sqlalchemy import Float, cast, func, select

from console.catalog import rows
from console.catalog.database import Database

_t = rows.images.c
_DAY_US = 86_400_000_000
_FIRST = date(1970, 1, 1)


class Growth:
    def __init__(self, database: Database) -> None:
        self._database = database

    def of(self, repository: str) -> tuple[dict[date, int], int]:
        """Of a repository (id): bytes that the images here took in it, by the day (UTC) of their points, and the bytes
        of all those images as if each were kept on its own. Reads through all of its images."""
        day = _t.time_us - _t.time_us % _DAY_US
        # Summed as floats: what is said of images may be more than an integer takes.
        stored, size = func.sum(cast(_t.bytes_stored, Float)), func.sum(cast(_t.size, Float))
        statement = select(day, stored, size).where(_t.repository == repository, _t.here).group_by(day).order_by(day)
        days: dict[date, int] = {}
        protected = 0.0
        with self._database.read() as connection:
            for began, took, whole in connection.execute(statement):
                days[_FIRST + timedelta(days=began // _DAY_US)] = int(took)
                protected += whole
        return days, int(protected)
