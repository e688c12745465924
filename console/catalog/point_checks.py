"""Results of checks of recovery points: the latest of each check."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sqlalchemy import delete, insert, select

from console.catalog import rows
from console.catalog.batches import batches
from console.catalog.database import Database
from console.catalog.moments import from_us, to_us
from console.domain.events import Changed
from console.domain.point_checks import CheckResult, PointCheck, Verdict

_t = rows.point_checks.c


class PointChecks:
    """Takes ids of points. Results go with their points."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def put(self, results: Sequence[CheckResult]) -> None:
        """What was known of the same check of the same point is replaced; points that are gone are passed over."""
        with self._database.transaction() as connection:
            wanted = {result.point for result in results}
            there = set(connection.scalars(select(rows.points.c.id).where(rows.points.c.id.in_(wanted))))
            for result in results:
                if result.point not in there:
                    continue
                connection.execute(delete(rows.point_checks).where(_t.point == result.point, _t.name == result.check))
                connection.execute(
                    insert(rows.point_checks),
                    {
                        "point": result.point,
                        "name": result.check.value,
                        "verdict": result.verdict.value,
                        "message": result.message,
                        "time_us": to_us(result.time),
                        "job": result.job,
                    },
                )
                self._database.touch(Changed.POINTS)

    def of(self, points: Collection[str]) -> dict[str, list[CheckResult]]:
        """By point, in the order of checks; points that were never checked are left out."""
        found: dict[str, list[CheckResult]] = {}
        columns = select(_t.point, _t.name, _t.verdict, _t.message, _t.time_us, _t.job).order_by(_t.point, _t.name)
        with self._database.read() as connection:
            for part in batches(points):
                for point, name, verdict, message, time_us, job in connection.execute(
                    columns.where(_t.point.in_(part))
                ):
                    result = CheckResult(point, PointCheck(name), Verdict(verdict), message, from_us(time_us), job)
                    found.setdefault(point, []).append(result)
        return found
