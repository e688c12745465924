"""What consuming a seed drive would do, held against what consuming it then does."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_type_hints

import pytest

from console.domain.plan_answers import ConsumeMachine, ConsumePlan
from console.domain.recovery_points import RecoveryPoint
from console.engine.foresee.consuming import Consuming
from console.seeding.manifest import MANIFEST_FILE
from tests.support.seeds import Pair, Party, make_pair, refused

RNG = random.Random(35)
FIRST = {f"docs/{n}": RNG.randbytes(2_000) for n in range(10)} | {"big": RNG.randbytes(300_000)}
SECOND = {**FIRST, "new": RNG.randbytes(90_000)}
THIRD = {**SECOND, "newer": RNG.randbytes(40_000)}


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[Pair]:
    pair = make_pair(tmp_path)
    pair.reachable()
    yield pair
    pair.close()


@pytest.fixture
def usb(tmp_path: Path) -> Path:
    (tmp_path / "usb").mkdir()
    return tmp_path / "usb"


def orphan(pair: Pair) -> tuple[RecoveryPoint, RecoveryPoint]:
    """A base that was set aside, and an incremental that went by wire."""
    base = pair.source.point(FIRST)
    pair.source.seeds.reserve(pair.pairing, [base.images[0].id])
    child = pair.source.point(SECOND, base)
    pair.send(child, names=True)
    return base, child


def plan(party: Party, *places: Path, **options: Any) -> ConsumePlan:
    found = Consuming(party.catalog, party.repositories, party.me.id, party.consume).plan(
        [*map(str, places)], **options
    )
    assert set(found) == set(get_type_hints(ConsumePlan))
    assert all(set(machine) == set(get_type_hints(ConsumeMachine)) for machine in found["machines"])
    return found


def test_it_is_what_consuming_then_does(pair: Pair, usb: Path) -> None:
    orphan(pair)
    made = pair.write(usb, comment="Blue 1")
    found = plan(pair.target, usb)
    assert (found["seed"], found["source"], found["comment"]) == (made["seed"], "A", "Blue 1")
    assert (found["points"], found["images"], found["heals"], found["stays"]) == (1, 1, 1, [])
    assert (found["problems"], found["warnings"], found["segments_missing"]) == ([], [], [])
    assert 0 < found["bytes"] <= made["bytes"] < found["room"]
    [machine] = found["machines"]
    assert (machine["machine"], machine["known"], machine["repository"]) == ("web", True, "default")
    assert (machine["points"], machine["images"], machine["images_new"], machine["heals"]) == (1, 1, 1, 1)
    assert pair.target.catalog.seeds.list() == []

    result = pair.bring(usb)
    assert (result["points_imported"], result["orphans_repaired"], result["orphans_left"]) == (1, 1, 0)
    again = plan(pair.target, usb)
    assert (again["images"], again["heals"], again["bytes"]) == (0, 0, 0)
    assert "already" in again["warnings"][0]


def test_what_stays_an_orphan_is_said_with_the_reason(pair: Pair, usb: Path) -> None:
    base, child = orphan(pair)
    third = pair.source.point(THIRD, child)
    pair.source.seeds.reserve(pair.pairing, [third.images[0].id])
    pair.source.seeds.holdings = None
    pair.write(usb)
    found = plan(pair.target, usb)
    assert (found["images"], found["heals"], found["stays"]) == (2, 1, [])
    second = usb.parent / "second"
    lonely = make_lonely(pair, third, second)
    found = plan(pair.target, lonely)
    assert (found["images"], found["heals"]) == (1, 0)
    [sentence] = found["stays"]
    assert "2 points stay orphans" in sentence
    assert base.images[0].id[:12] in sentence
    result = pair.bring(lonely)
    assert (result["orphans_repaired"], result["orphans_left"]) == (0, 2)


def make_lonely(pair: Pair, point: RecoveryPoint, place: Path) -> Path:
    """A drive with one image whose chain is not on it."""
    for seed in pair.source.seeds.list():
        pair.source.seeds.abandon(seed.id)
    pair.source.seeds.reserve(pair.pairing, [point.images[0].id])
    place.mkdir()
    pair.write(place)
    return place


def test_what_keeps_it_from_being_consumed_is_a_problem(pair: Pair, usb: Path) -> None:
    orphan(pair)
    pair.write(usb)
    found = plan(pair.source, usb)
    assert [problem["code"] for problem in found["problems"]] == ["seed-for-another-core"]
    assert (found["machines"][0]["repository"], found["room"]) == ("", 0)
    found = plan(pair.target, usb, repositories={"web": "none"})
    assert [problem["code"] for problem in found["problems"]] == ["no-such-repository"]
    with refused("no-such-machine"):
        plan(pair.target, usb, machines=["mail"])
    with refused("not-a-seed"):
        plan(pair.target, usb.parent)
    [directory] = usb.iterdir()
    (directory / MANIFEST_FILE).unlink()
    with refused("seed-unfinished"):
        plan(pair.target, usb)


def test_media_that_are_not_attached_are_named(pair: Pair, usb: Path) -> None:
    orphan(pair)
    pair.write(usb)
    [directory] = usb.iterdir()
    segment = next(directory.glob("*.rps"))
    raw = segment.read_bytes()
    segment.write_bytes(raw[:1000])
    assert "Not as long" in plan(pair.target, usb)["warnings"][0]
    segment.unlink()
    found = plan(pair.target, usb)
    assert found["segments_missing"] == [segment.name]
    assert "none of the given media" in found["warnings"][0]
