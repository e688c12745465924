"""What is written at once is the same as what is written one by one."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import inspect, select
from sqlalchemy.exc import IntegrityError

from console.catalog import Catalog, rows
from console.domain.machines import Machine
from console.domain.recovery_points import RecoveryPoint
from console.worlds.filling import fill, history
from tests.support.clock import FixedClock
from tests.support.values import machine, repository

NOW = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)


def catalog_with(made: Machine) -> Catalog:
    catalog = Catalog.in_memory(FixedClock())
    catalog.repositories.add(repository())
    catalog.machines.add(made)
    return catalog


def written(catalog: Catalog) -> list[list[tuple[object, ...]]]:
    with catalog._database.read() as connection:
        return [
            sorted((tuple(row) for row in connection.execute(select(table))), key=repr)
            for table in (rows.points, rows.images, rows.flaws)
        ]


def test_the_same_rows_as_one_by_one() -> None:
    made = machine()
    points = [*history(made, 100, NOW, 3600)]
    kept = [point for number, point in enumerate(points) if number not in (10, 48)]
    absent = [kept[5].images[1].id, kept[90].images[0].id]
    bulk, single = catalog_with(made), catalog_with(made)
    assert bulk.bulk.add_points(iter(kept), "repo-1", absent) == 98
    for point in kept:
        have = [image.id for image in point.images if image.id not in absent]
        single.points.add(point, "repo-1", have, have)
    assert written(bulk) == written(single)
    assert len(written(bulk)[2]) > 3, "absent images, and those whose parents are not there"
    bulk.close()
    single.close()


def test_what_is_there_already_is_refused_as_a_whole() -> None:
    made = machine()
    catalog = catalog_with(made)
    points: list[RecoveryPoint] = [*history(made, 3, NOW, 3600)]
    catalog.points.add(points[2], "repo-1")
    with pytest.raises(IntegrityError):
        catalog.bulk.add_points(points, "repo-1")
    assert catalog.points.count() == 1
    catalog.close()


def test_filling_makes_as_many_as_asked_for_and_always_the_same() -> None:
    found = []
    for _ in range(2):
        catalog = Catalog.in_memory(FixedClock())
        catalog.repositories.add(repository())
        machines = fill(catalog, 1_003, NOW, machines=10)
        assert (len(machines), catalog.points.count()) == (10, 1_003)
        newest = catalog.points.latest(machines[0].id)
        assert newest is not None
        assert NOW - newest.time < timedelta(hours=1)
        latest = catalog.points.newest()
        assert {machine: point.id for machine, point in latest.items()} == {
            one.id: catalog.points.all_of(one.id)[-1].id for one in machines
        }
        assert all(not catalog.points.orphan_facts(one.id) for one in machines)
        with catalog._database.read() as connection:
            seen = inspect(connection)
            names = {index["name"] for table in ("points", "images") for index in seen.get_indexes(table)}
        assert names == {index.name for table in (rows.points, rows.images) for index in table.indexes}
        found.append(written(catalog))
        catalog.close()
    assert found[0] == found[1]
