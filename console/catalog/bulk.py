"""Filling a catalog with much at once, for sample worlds and benchmarks."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from itertools import islice
from typing import Any

from sqlalchemy import insert

from console.catalog import flaws, rows
from console.catalog.database import Database
from console.catalog.images import image_rows
from console.catalog.moments import to_us
from console.domain.events import Changed
from console.domain.recovery_points import RecoveryPoint

_AT_ONCE = 20_000
"""Points of one transaction."""


class Bulk:
    """Writes what is new as a whole. Nothing is compared with what is there: what is known already, or of a machine
    that is not, ends the call with an error of the database; chains that loop are not noticed."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @contextmanager
    def unindexed(self) -> Iterator[None]:
        """Points and images have their indexes again when the block ends; for filling a catalog by the million. One
        whose program dies meanwhile lacks them for ever, and is to be made anew."""
        indexes = [index for table in (rows.points, rows.images) for index in table.indexes]
        with self._database.transaction() as connection:
            for index in indexes:
                index.drop(connection)
        try:
            yield
        finally:
            with self._database.transaction() as connection:
                for index in indexes:
                    index.create(connection)

    def add_points(self, points: Iterable[RecoveryPoint], repository: str, absent: Collection[str] = ()) -> int:
        """Points whose images are all here with all names, in a repository (id), but for `absent` ones (ids). An image
        comes after its parent. Returns how many points they were."""
        lacking = set(absent)
        known: set[str] = set()
        count = 0
        for part in _parts(points):
            count += len(part)
            images: list[dict[str, Any]] = []
            doubtful: list[str] = []
            for point in part:
                here = {image.id for image in point.images if image.id not in lacking}
                images += image_rows(point, point.images, repository, here, here, to_us(point.time))
                for image in point.images:
                    if image.id not in here or (image.parent is not None and image.parent not in known):
                        doubtful.append(image.id)
                    known.add(image.id)
            with self._database.write(Changed.POINTS) as connection:
                connection.execute(insert(rows.points), [_point_row(point) for point in part])
                connection.execute(insert(rows.images), images)
                flaws.keep(connection, doubtful)
        return count


def _point_row(point: RecoveryPoint) -> dict[str, Any]:
    return {
        "id": point.id,
        "machine": point.machine,
        "time_us": to_us(point.time),
        "origin_core": point.origin_core,
        "record": point.record,
        "duration_s": point.duration_s,
        "warnings": point.warnings,
        "kind": point.kind.value,
        "size": point.size,
        "bytes_new": point.bytes_new,
    }


def _parts(points: Iterable[RecoveryPoint]) -> Iterator[list[RecoveryPoint]]:
    rest = iter(points)
    while part := list(islice(rest, _AT_ONCE)):
        yield part
