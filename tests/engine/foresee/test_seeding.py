"""What writing a seed drive would do, held against what writing it then does."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_type_hints

import pytest

from console.domain.clock import iso
from console.domain.pairing import Direction
from console.domain.plan_answers import MediumPlan, SeedPlan
from console.domain.seeds import SeedState
from console.engine.foresee import seeding
from console.engine.foresee.seeding import Seeding
from console.host.disks import free_space
from tests.support.seeds import Pair, make_pair, refused

RNG = random.Random(33)
FIRST = {f"docs/{n}": RNG.randbytes(2_000) for n in range(10)} | {"big": RNG.randbytes(900_000)}
SECOND = {**FIRST, "new": RNG.randbytes(300_000)}


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


def plan(pair: Pair, *places: Path | str, **options: Any) -> SeedPlan:
    source = pair.source
    found = Seeding(source.catalog, source.repositories, source.seeds).plan(
        pair.pairing.name, [*map(str, places)], **options
    )
    assert set(found) == set(get_type_hints(SeedPlan))
    assert all(set(medium) == set(get_type_hints(MediumPlan)) for medium in found["media"])
    return found


def problems(found: SeedPlan) -> list[str]:
    return [problem["code"] for problem in found["problems"]]


def test_it_is_what_is_written_then(pair: Pair, usb: Path) -> None:
    base = pair.source.point(FIRST)
    child = pair.source.point(SECOND, base)
    found = plan(pair, usb)
    assert (found["points"], found["images"], found["machines"]) == (2, 2, ["web"])
    assert (found["oldest"], found["newest"]) == (iso(base.time), iso(child.time))
    assert (found["warnings"], found["problems"], found["becomes"]) == ([], [], "A new seed drive for “B”.")
    [medium] = found["media"]
    assert (medium["path"], medium["segments"], medium["lost"], medium["problem"]) == (str(usb), 1, [], None)
    assert list(usb.iterdir()) == []
    assert pair.source.catalog.seeds.list() == []
    made = pair.write(usb)
    assert (made["points"], made["images"]) == (2, 2)
    assert made["bytes"] <= found["bytes"] <= made["bytes"] + 200_000
    assert medium["bytes"] == found["bytes"]


def test_what_the_target_has_is_not_in_it(pair: Pair, usb: Path) -> None:
    base = pair.source.point(FIRST)
    pair.source.point(SECOND, base)
    pair.send(base)
    found = plan(pair)
    assert (found["images"], found["media"], problems(found), found["warnings"]) == (1, [], [], [])
    pair.source.seeds.holdings = None
    found = plan(pair)
    assert found["images"] == 2
    assert "could not be asked" in found["warnings"][0]


def test_nothing_to_write_is_a_problem_and_no_failure(pair: Pair, usb: Path) -> None:
    pair.send(pair.source.point(FIRST))
    found = plan(pair, usb)
    assert (problems(found), found["images"], found["bytes"]) == (["nothing-to-seed"], 0, 0)
    with refused("no-such-pairing"):
        Seeding(pair.source.catalog, pair.source.repositories, pair.source.seeds).plan("C", [])


def test_what_would_be_erased_is_named(pair: Pair, usb: Path) -> None:
    pair.source.point(FIRST)
    pair.write(usb, comment="Blue 1")
    pair.source.point({"other": b"x" * 5000})
    [medium] = plan(pair, usb)["media"]
    assert medium["problem"] is not None
    assert (medium["problem"]["code"], medium["lost"]) == ("location-not-empty", [])
    found = plan(pair, usb, reuse="this-core")
    [medium] = found["media"]
    assert (medium["problem"], len(medium["lost"])) == (None, 1)
    assert "Blue 1" in medium["lost"][0]
    # Erasing the drive means that what is on it has to travel again.
    assert found["images"] == 2
    assert pair.source.catalog.seeds.list()[0].state is SeedState.OUTSTANDING


def test_each_place_says_what_is_wrong_with_it(pair: Pair, usb: Path) -> None:
    pair.source.point(FIRST)
    (usb / "file").touch()
    found = plan(pair, usb / "file", pair.source.place / "repository", usb)
    codes = [medium["problem"] and medium["problem"]["code"] for medium in found["media"]]
    assert codes == ["location-not-a-directory", "location-in-repository", None]
    assert found["media"][2]["bytes"] == found["bytes"]


def test_media_that_are_too_small_are_told_before(
    pair: Pair, usb: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pair.source.point(FIRST)
    (tmp_path / "second").mkdir()
    found = plan(pair, usb, segment_size=1 << 20, medium_size=1 << 20)
    assert problems(found) == []
    pair.source.point({"large": RNG.randbytes(1_500_000)})
    found = plan(pair, usb, segment_size=1 << 20, medium_size=1 << 20)
    assert problems(found) == ["medium-full"]
    assert found["media"][0]["bytes"] == 1 << 20
    found = plan(pair, usb, tmp_path / "second", tmp_path / "third", segment_size=1 << 20, medium_size=1 << 20)
    assert problems(found) == []
    assert [medium["segments"] for medium in found["media"]] == [1, 1, 1]
    assert sum(medium["bytes"] for medium in found["media"]) == found["bytes"]
    assert found["media"][0]["free"] <= free_space(tmp_path) + (1 << 30)
    # Counting that takes too long ends in an estimate, which stops nobody.
    monkeypatch.setattr(seeding, "MEASURE_S", -1.0)
    found = plan(pair, usb, segment_size=1 << 20, medium_size=1 << 20)
    assert (problems(found), len(found["warnings"])) == ([], 2)
    assert "estimate" in found["warnings"][0]


def test_what_was_set_aside_is_written_as_that_drive(pair: Pair, usb: Path) -> None:
    base = pair.source.point(FIRST)
    seed = pair.source.seeds.reserve(pair.pairing, [base.images[0].id])
    assert seed.direction is Direction.OUTGOING
    found = plan(pair, usb)
    assert seed.title in found["becomes"]
    assert "set aside" in found["becomes"]
    assert found["images"] == 1
