"""What screens show of many points at once, on a target whose points arrive one image at a time."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from console.catalog.windows import PointFilter, PointSort
from console.domain.chains import ChainState
from console.domain.errors import Failed
from console.domain.pairing import Direction
from console.domain.recovery_points import RecoveryPoint
from console.domain.seeds import Seed, SeedState
from console.engine.inside.browse import Browse
from console.engine.overview.chain_map import Chains
from console.engine.overview.files import FindFiles
from console.engine.overview.orphan import Explain
from console.engine.overview.point_list import PointList
from console.engine.overview.standings import Standings
from tests.support.targets import Target, target_core

RNG = random.Random(11)
FIRST = {f"docs/{n}": RNG.randbytes(3_000) for n in range(20)} | {"big": RNG.randbytes(300_000)}
SECOND = {**FIRST, "docs/3": RNG.randbytes(3_500), "new": RNG.randbytes(80_000)}


@pytest.fixture
def target(tmp_path: Path) -> Iterator[Target]:
    with target_core(tmp_path) as target:
        yield target


def orphaned(target: Target) -> tuple[RecoveryPoint, RecoveryPoint]:
    """A base that is not here, and what builds on it, which is."""
    base = target.source.point(FIRST)
    child = target.source.point(SECOND, base)
    target.receive(child, names=True)
    return base, child


def on_a_drive(target: Target, *points: RecoveryPoint, state: SeedState = SeedState.OUTSTANDING) -> Seed:
    now = target.source.clock.now()
    images = tuple(point.images[0].id for point in points)
    seed = Seed("5eed" * 8, target.pairing.id, Direction.INCOMING, state, now, images, "Blue 1", written=now)
    target.catalog.seeds.add(seed)
    return seed


def explained(target: Target, point: RecoveryPoint) -> tuple[str, list[tuple[str, bool]]]:
    (image,) = Explain(target.catalog, target.points).point(point.id)["images"]
    return image["cause"], [(repair["kind"], repair["possible"]) for repair in image["repairs"]]


def test_a_whole_point_is_explained_in_a_sentence(target: Target) -> None:
    base = target.source.point(FIRST)
    target.receive(base)
    said = Explain(target.catalog, target.points).point(base.id)
    assert (said["images"], said["restorability"]) == ([], "volume")
    assert said["summary"] == "It is whole: everything can be restored."


def test_an_orphan_that_a_transfer_heals(target: Target) -> None:
    base, child = orphaned(target)
    said = Explain(target.catalog, target.points).point(child.id)
    (image,) = said["images"]
    assert (image["cause"], image["files_restorable"], image["files_total"]) == ("transfer", 2, 22)
    assert [missing["image"] for missing in image["missing"]] == [base.images[0].id]
    assert image["missing"][0]["point"] is None, "nothing was ever told of it"
    assert "north" in image["wait_text"]
    assert said["summary"].startswith("2 of 22 files can be restored now. It builds on")
    (repair,) = image["repairs"]
    assert (repair["kind"], repair["pairing"], repair["possible"]) == ("transfer", target.pairing.id, True)
    target.catalog.pairings.update(replace(target.pairing, paused_there=True))
    (image,) = Explain(target.catalog, target.points).point(child.id)["images"]
    assert (image["repairs"][0]["possible"], "north" in image["repairs"][0]["why_not"]) == (False, True)


def test_an_orphan_that_a_seed_drive_heals(target: Target) -> None:
    base, child = orphaned(target)
    seed = on_a_drive(target, base)
    (image,) = Explain(target.catalog, target.points).point(child.id)["images"]
    assert image["cause"] == "seed"
    assert image["repairs"][0]["seed"] == seed.id
    assert all("Blue 1" in text for text in (image["why"], image["wait_text"], image["repairs"][0]["text"]))
    assert explained(target, child)[1] == [("consume", True), ("transfer", True)]
    target.catalog.seeds.update(replace(seed, state=SeedState.DEFINED))
    assert explained(target, child) == ("seed", [("consume", False), ("transfer", True)])


def test_damage_and_what_nobody_will_bring(target: Target) -> None:
    base, child = orphaned(target)
    target.receive(base)
    target.catalog.points.set_damaged([base.images[0].id], True)
    assert explained(target, child) == ("damaged", [("transfer", True), ("check", True)])
    (image,) = Explain(target.catalog, target.points).point(child.id)["images"]
    assert (image["missing"][0]["point"], image["missing"][0]["kind"]) == (base.id, "base")
    target.catalog.points.set_damaged([base.images[0].id], False)
    target.catalog.members.remove(target.pairing.id, target.source.machine.id)
    target.catalog.points.remove([base.id])
    assert explained(target, child) == ("parent-gone", [])
    assert "Nothing is known" in Explain(target.catalog, target.points).point(child.id)["summary"]


def test_lists_learn_of_drives_and_transfers(target: Target) -> None:
    standings = Standings(target.catalog, target.points)
    points = PointList(target.catalog, target.points, standings)
    base, child = orphaned(target)

    def states(state: str | None = None) -> list[tuple[str, ChainState]]:
        views, total = points.window(PointFilter(), state, PointSort.TIME, descending=False, offset=0, limit=10)
        assert total == len(views)
        return [(view.point.id, view.state) for view in views]

    assert states() == states("orphaned") == [(child.id, ChainState.AWAITING_TRANSFER)]
    seed = on_a_drive(target, base)
    assert states("awaiting-seed") == [(child.id, ChainState.AWAITING_SEED)]
    target.receive(base)
    assert states("whole") == [(base.id, ChainState.WHOLE), (child.id, ChainState.WHOLE)]
    target.catalog.points.remove([base.id])
    target.catalog.seeds.update(replace(seed, state=SeedState.ABANDONED))
    target.catalog.members.remove(target.pairing.id, target.source.machine.id)
    assert states("broken") == [(child.id, ChainState.BROKEN)]


def test_a_chain_map(target: Target) -> None:
    points = [target.source.point(FIRST)]
    for _ in range(5):
        points.append(target.source.point(SECOND, points[-1]))
    for point in [points[0], *points[2:]]:
        target.receive(point, names=True)
    chains = Chains(target.catalog, target.points, Standings(target.catalog, target.points))
    machine = target.source.machine
    answer = chains.map(machine.name, None, 100, None)
    (volume,) = answer["volumes"]
    assert (answer["machine_id"], volume["label"], volume["earlier"]) == (machine.id, "tree", 0)
    there = [points[0], *points[2:]]
    assert [image["point"] for image in volume["images"]] == [point.id for point in there]
    assert [image["chain"] for image in volume["images"]] == ["whole"] + ["awaiting-transfer"] * 4
    assert [image["parent"] for image in volume["images"]] == [point.images[0].parent for point in there]
    assert {image["missing"] for image in volume["images"][1:]} == {points[1].images[0].id}

    def shown(limit: int, until: RecoveryPoint | None = None, point: RecoveryPoint | None = None) -> list[str]:
        found = chains.map(machine.id, until.time if until else None, limit, point.id if point else None)
        (volume,) = found["volumes"]
        assert volume["earlier"] + len(volume["images"]) <= len(there)
        return [image["point"] for image in volume["images"]]

    ids = [point.id for point in there]
    assert shown(2) == ids[3:]
    assert shown(2, until=there[2]) == ids[1:3]
    assert shown(3, point=there[2]) == ids[1:4]
    assert shown(4, point=there[4]) == ids[1:]


def test_days(target: Target) -> None:
    points = [target.source.point({"x": b"%d" % n}) for n in range(30)]
    child = target.source.point(SECOND, target.source.point(FIRST))
    for point in [*points, child]:
        target.receive(point, names=True)
    days = Chains(target.catalog, target.points, Standings(target.catalog, target.points)).days("web")["days"]
    everything = [*points, child]
    assert [day["day"] for day in days] == sorted({f"{point.time:%Y-%m-%d}" for point in everything})
    assert sum(day["points"] for day in days) == len(everything)
    assert (days[-1]["newest"], days[-1]["orphaned"], days[-1]["worst"]) == (child.id, 1, "awaiting-transfer")
    assert {(day["orphaned"], day["worst"]) for day in days[:-1]} == {(0, "whole")}


def test_files_are_found_in_order_and_page_by_page(target: Target) -> None:
    files = {f"docs/{n:02}": b"x" for n in range(7)} | {"docs-old": b"y", "a": b"z", "Zoo/Docs": b"z"}
    point = target.source.point(files)
    target.receive(point)
    find = FindFiles(target.catalog, Browse(target.catalog, target.repositories), target.source.clock)

    def every(text: str = "", limit: int = 200) -> list[str]:
        found: list[str] = []
        cursor: str | None = None
        while True:
            page = find.page(point.id, text, None, limit, cursor)
            assert (page.point, page.complete) == (point.id, True)
            found += [view.path for view in page.files]
            cursor = page.next
            if cursor is None:
                return found

    in_order = ["Zoo/Docs", "a", *(f"docs/{n:02}" for n in range(7)), "docs-old"]
    assert every() == sorted(in_order, key=lambda path: path.encode().split(b"/"))
    assert every(limit=1) == every(limit=3) == every()
    assert every("DOCS") == [path for path in every() if "docs" in path.lower()]
    with pytest.raises(Failed) as caught:
        find.page(point.id, "", None, 10, "%%%")
    assert caught.value.failure.code == "bad-cursor"


def test_files_that_are_here_and_names_that_are_not(target: Target) -> None:
    _, child = orphaned(target)
    find = FindFiles(target.catalog, Browse(target.catalog, target.repositories), target.source.clock)
    here = find.page(child.id, "", True, 100, None)
    assert ([view.path for view in here.files], here.complete) == (["docs/3", "new"], True)
    assert len(find.page(child.id, "", False, 100, None).files) == 20
    unknown = target.source.point({"far": b"x"})
    target.catalog.points.add(unknown, target.repositories.list()[0].id)
    lacking = find.page(unknown.id, "", None, 100, None)
    assert (lacking.files, lacking.next, lacking.complete) == ((), None, False)
