"""A seed's life in the catalog: set aside, acknowledged in parts, abandoned, and what is refused on the way."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from console.domain.recovery_points import RecoveryPoint
from console.domain.seeds import SeedState
from tests.support.seeds import Pair, make_pair, refused


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[Pair]:
    pair = make_pair(tmp_path)
    pair.reachable()
    yield pair
    pair.close()


@pytest.fixture
def points(pair: Pair) -> list[RecoveryPoint]:
    base = pair.source.point({"a": b"1" * 3000})
    child = pair.source.point({"a": b"1" * 3000, "b": b"2" * 3000}, base)
    return [base, child]


def images(points: list[RecoveryPoint]) -> list[str]:
    return [point.images[0].id for point in points]


def test_what_is_set_aside_goes_to_the_one_drive_that_waits(pair: Pair, points: list[RecoveryPoint]) -> None:
    seeds = pair.source.seeds
    first = seeds.reserve(pair.pairing, images(points)[:1])
    second = seeds.reserve(pair.pairing, images(points))
    assert (first.id, second.images) == (second.id, tuple(images(points)))
    assert seeds.get(first.id[:8]).state is SeedState.DEFINED
    assert [seed.id for seed in seeds.list(pair.pairing.name)] == [first.id]
    reserved = pair.source.catalog.seeds.reservations(pair.source.machine.id, pair.pairing.id)
    assert set(reserved) == set(images(points))


def test_parts_that_arrive_are_said_once_and_the_whole_once(
    pair: Pair, points: list[RecoveryPoint], tmp_path: Path
) -> None:
    source = pair.source
    seed = pair.write(tmp_path / "usb")["seed"]
    source.seeds.acknowledge(seed, [])
    source.seeds.acknowledge(seed, ["of another seed"])
    source.seeds.acknowledge("unknown", images(points))
    assert source.events() == ["seed-written"]
    for _ in range(3):
        source.seeds.acknowledge(seed, images(points)[:1])
    assert source.seeds.get(seed).state is SeedState.OUTSTANDING
    assert source.events().count("seed-partly-consumed") == 1
    reserved = source.catalog.seeds.reservations(source.machine.id)
    assert set(reserved) == {images(points)[1]}, "what arrived waits for nothing"
    for _ in range(3):
        source.seeds.acknowledge(seed, images(points))
    assert source.seeds.get(seed).state is SeedState.CONSUMED
    assert source.events().count("seed-consumed") == 1


def test_a_drive_that_was_never_written_is_not_needed_when_all_arrived(pair: Pair, points: list[RecoveryPoint]) -> None:
    seed = pair.source.seeds.reserve(pair.pairing, images(points))
    pair.source.seeds.acknowledge(seed.id, images(points))
    assert pair.source.seeds.get(seed.id).state is SeedState.ABANDONED
    assert pair.source.events() == ["seed-not-needed"]


def test_what_cannot_be_abandoned(pair: Pair, points: list[RecoveryPoint], tmp_path: Path) -> None:
    source, target = pair.source, pair.target
    with refused("no-such-seed-drive"):
        source.seeds.abandon("feed" * 8)
    seed = pair.write(tmp_path / "usb")["seed"]
    pair.bring(tmp_path / "usb")
    with refused("seed-not-ours"):
        target.seeds.abandon(seed)
    source.catalog.seeds.update(replace(source.seeds.get(seed), state=SeedState.COPYING))
    with refused("seed-busy"):
        source.seeds.preview_abandon(seed)
    source.catalog.seeds.update(replace(source.seeds.get(seed), state=SeedState.OUTSTANDING))
    pair.contact()
    with refused("seed-ended"):
        source.seeds.abandon(seed)


def test_a_preview_counts_what_has_not_arrived(pair: Pair, points: list[RecoveryPoint], tmp_path: Path) -> None:
    seed = pair.write(tmp_path / "usb")["seed"]
    assert pair.source.seeds.preview_abandon(seed).images == 2
    pair.source.seeds.acknowledge(seed, images(points)[:1])
    preview = pair.source.seeds.preview_abandon(seed)
    assert (preview.images, preview.points, preview.bytes) == (1, 1, points[1].images[0].bytes_stored)


def test_two_wishes_at_once_write_it_once(pair: Pair, points: list[RecoveryPoint], tmp_path: Path) -> None:
    pair.source.seeds.reserve(pair.pairing, images(points))
    wishes = [pair.source.seeds.start_create(pair.pairing.id, [str(tmp_path / name)]) for name in ("one", "two")]
    first = pair.source.result(wishes[0])
    assert pair.source.failure(wishes[1]) == "nothing-to-seed"
    assert first["images"] == 2
    assert [seed.state for seed in pair.source.seeds.list()] == [SeedState.OUTSTANDING]
    assert not (tmp_path / "two").exists()


def test_what_arrived_while_it_was_written_is_not_waited_for(
    pair: Pair, points: list[RecoveryPoint], tmp_path: Path
) -> None:
    seed = pair.source.seeds.reserve(pair.pairing, images(points))
    pair.source.catalog.seeds.arrived(seed.id, images(points))
    pair.source.seeds.holdings = None
    assert pair.write(tmp_path / "usb")["seed"] == seed.id
    assert pair.source.seeds.get(seed.id).state is SeedState.CONSUMED


def test_points_deleted_meanwhile_are_not_waited_for(pair: Pair, points: list[RecoveryPoint], tmp_path: Path) -> None:
    pair.source.seeds.reserve(pair.pairing, images(points))
    pair.source.catalog.points.remove([points[1].id])
    seed = pair.write(tmp_path / "usb")["seed"]
    assert pair.source.seeds.get(seed).images == tuple(images(points)[:1])
    assert [s.state for s in pair.source.seeds.list()] == [SeedState.OUTSTANDING]
