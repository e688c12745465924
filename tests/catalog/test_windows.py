"""Windows of points answer what sorting and filtering all of them would."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from console.catalog import Catalog, windows
from console.catalog.windows import PointFilter, PointSort
from console.domain.recovery_points import ImageKind, RecoveryPoint
from tests.support import values
from tests.support.clock import FixedClock
from tests.support.values import hex_id, later

NAMES = {"machine-1": "Zoe", "machine-2": "ada", "machine-3": "Mail"}


@pytest.fixture(params=[True, False], ids=["sorted", "by index"])
def catalog(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Catalog]:
    """Both ways in which a window is found."""
    monkeypatch.setattr(windows, "_FEW", 1000 if request.param else 3)
    with Catalog.open(tmp_path / "catalog.sqlite", FixedClock()) as catalog:
        catalog.repositories.add(values.repository("repo-1"))
        for id, name in NAMES.items():
            catalog.machines.add(values.machine(id, name=name))
        yield catalog


def some_points(catalog: Catalog, count: int = 60) -> list[RecoveryPoint]:
    """With many equal times and sizes, so that the order of equal ones matters too."""
    chance = random.Random(7)
    points = []
    for number in range(count):
        of = chance.choice(list(NAMES))
        point = values.point(hex_id(number + 1), None, "far", time=later(hours=chance.randrange(12)), of=of)
        if chance.random() < 0.7:
            point = replace(point, images=point.images[1:])
        size, new = chance.randrange(5), chance.randrange(3)
        point = replace(point, images=tuple(replace(i, size=size, bytes_new=new) for i in point.images))
        catalog.points.add(point, "repo-1")
        points.append(point)
    return points


def brute(points: list[RecoveryPoint], wanted: PointFilter, sort: PointSort, descending: bool) -> list[str]:
    taken = [
        p
        for p in points
        if wanted.machine in (None, p.machine)
        and wanted.kind in (None, p.kind)
        and (wanted.since is None or p.time >= wanted.since)
        and (wanted.until is None or p.time <= wanted.until)
    ]
    keys = {
        PointSort.TIME: lambda p: (p.time, p.id),
        PointSort.SIZE: lambda p: (p.size, p.id),
        PointSort.NEW: lambda p: (p.bytes_new, p.id),
        PointSort.MACHINE: lambda p: (NAMES[p.machine].lower(), p.time, p.id),
    }
    return [p.id for p in sorted(taken, key=keys[sort], reverse=descending)]


FILTERS = [
    PointFilter(),
    PointFilter(machine="machine-2"),
    PointFilter(kind=ImageKind.BASE),
    PointFilter(since=later(hours=3), until=later(hours=8)),
    PointFilter(machine="machine-1", kind=ImageKind.INCREMENTAL, since=later(hours=2)),
    PointFilter(machine="nobody"),
]


@pytest.mark.parametrize("sort", PointSort)
@pytest.mark.parametrize("descending", [False, True])
def test_every_window_in_every_order(catalog: Catalog, sort: PointSort, descending: bool) -> None:
    points = some_points(catalog)
    absent = [place for place in catalog.point_windows.places([p.id for p in points[::4]]) if place.kind]
    for wanted in FILTERS:
        expected = brute(points, wanted, sort, descending)
        assert catalog.point_windows.total(wanted) == len(expected)
        gone = {place.id for place in absent}
        left = [id for id in expected if id not in gone]
        for offset in (0, 1, 7, len(expected) // 2, len(expected) - 1, len(expected), 500):
            for limit in (1, 5, 100):
                start = max(0, offset)
                window = partial(
                    catalog.point_windows.window, wanted, sort, descending=descending, offset=start, limit=limit
                )
                assert window() == expected[start : start + limit]
                assert window(without=absent) == left[start : start + limit]


def test_totals_follow_what_comes_and_goes(catalog: Catalog) -> None:
    points = some_points(catalog, 10)
    wanted = PointFilter(machine=points[0].machine)
    before = catalog.point_windows.total(wanted)
    catalog.points.remove([points[0].id])
    assert catalog.point_windows.total(wanted) == before - 1
    catalog.points.add(points[0], "repo-1")
    assert catalog.point_windows.total(wanted) == before
    with suppress(LookupError), catalog.transaction():
        catalog.points.remove([point.id for point in points])
        raise LookupError
    assert catalog.point_windows.totals() == {of: sum(p.machine == of for p in points) for of in NAMES}
    bases = PointFilter(kind=ImageKind.BASE)
    assert catalog.point_windows.total(bases) == sum(point.kind is ImageKind.BASE for point in points)


def test_whose_points_changed_is_told_where_it_is_known(catalog: Catalog) -> None:
    told: list[frozenset[str] | None] = []
    catalog.on_points(told.append)
    catalog.points.add(values.point("a"), "repo-1", here={"a.0"})
    catalog.points.add(values.point("b", "a.0", of="machine-2"), "repo-1")
    with catalog.transaction():
        catalog.points.add(values.point("c"), "repo-1")
        catalog.points.add(values.point("d", of="machine-3"), "repo-1")
    catalog.settings.set("a", "1")
    catalog.points.remove(["a"])
    catalog.points.set_damaged(["c.0"], True)
    one, two, three = (frozenset({machine}) for machine in NAMES)
    assert told == [one, two, one | three, one | two, None]


def test_what_a_point_is_sorted_by_follows_its_images(catalog: Catalog) -> None:
    whole = values.point("p1", "far", None)
    catalog.points.add(replace(whole, images=whole.images[:1]), "repo-1")
    (place,) = catalog.point_windows.places(["p1", "gone"])
    assert (place.kind, place.size, place.bytes_new) == (ImageKind.INCREMENTAL, 1 << 40, 4)
    catalog.points.add(whole, "repo-1")
    (place,) = catalog.point_windows.places(["p1"])
    assert (place.kind, place.size, place.bytes_new) == (ImageKind.BASE, 2 << 40, 8)


def test_points_by_their_ids_in_the_order_given(catalog: Catalog) -> None:
    points = some_points(catalog, 5)
    wanted = [points[3], points[0], points[4]]
    assert catalog.points.several([points[3].id, "gone", points[0].id, points[4].id]) == wanted


def test_facts_of_all_machines_are_those_of_each(catalog: Catalog) -> None:
    whole, torn = values.point("a", time=later(hours=1)), values.point("b", "a.0", time=later(hours=2))
    catalog.points.add(whole, "repo-1", here={"a.0"})
    catalog.points.add(torn, "repo-1")
    catalog.points.add(values.point("c", "b.0", time=later(hours=3)), "repo-1", here={"c.0"})
    catalog.points.add(values.point("d", "far", of="machine-2"), "repo-1", here={"d.0"})
    found = catalog.points.all_orphan_facts()
    for machine in ("machine-1", "machine-2"):
        assert [one.fact for one in found if one.machine == machine] == catalog.points.orphan_facts(machine)
    assert {one.fact.id: one.point for one in found} == {"a.0": "", "b.0": "b", "c.0": "c", "d.0": "d"}


def test_what_a_repository_grew_by(catalog: Catalog) -> None:
    """Also where images claim more than there is."""
    for number in range(3):
        point = values.point(f"p{number}", time=later(hours=number))
        point = replace(point, images=tuple(replace(image, bytes_stored=2**62) for image in point.images))
        catalog.points.add(point, "repo-1", here={f"p{number}.0"})
    catalog.points.add(values.point("p9", time=later(hours=9)), "repo-1")
    assert catalog.points.growth(later(hours=1)) == {"repo-1": (2**63, later(hours=1))}
    assert catalog.points.growth(later(hours=10)) == {}


def test_the_newest_point_of_each_machine(catalog: Catalog) -> None:
    points = some_points(catalog)
    newest = {of: max((p.time, p.id) for p in points if p.machine == of)[1] for of in NAMES}
    assert {of: point.id for of, point in catalog.points.newest().items()} == newest
