"""A paired source stores sealed lies at the target under all ids that another one is going to send."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from console.domain.chains import ChainState
from console.domain.objects import Kind
from console.domain.progress import Silent
from console.repository.codec import encode
from tests.engine.test_core import House
from tests.support.ends import contents
from tests.support.sealing import sealing_key

EVIL = sealing_key(66)


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    house = House(tmp_path)
    yield house
    house.close()


def lies(house: House) -> Iterator[bytes]:
    """Well formed, as whoever knows what the honest source has can make them; under each id another object's bytes."""
    repository = house.source.repositories.open("default")
    for kind in (Kind.CHUNK, Kind.TREE, Kind.ROOT):
        ids = sorted(repository.records(kind))
        for oid, other in zip(ids, [*ids[1:], ids[0]], strict=True):
            yield b"".join(encode(kind, repository.read(other), oid, EVIL).pieces)


@pytest.mark.parametrize("busy", [True, False], ids=["in the same moment", "long before"])
def test_sealed_lies_cost_an_honest_source_nothing(house: House, busy: bool) -> None:
    house.protect()
    (house.tree / "large").write_bytes(bytes(range(256)) * 3000)
    points = [house.back_up()]
    (house.tree / "another").write_bytes(b"another" * 9000)
    points.append(house.back_up())
    repository = house.target.repositories.open("default")
    evil = repository.session()
    assert evil.put_frames(lies(house)).objects >= 6
    if not busy:
        evil.flush()
        evil.close()
    house.source.arrange.add(house.pair(), ["web"])
    house.settle()
    if busy:
        evil.flush()
        evil.close()
    assert sorted(house.at_target()) == sorted(points)
    for point in points:
        assert house.target.points.view(point).state is ChainState.WHOLE
        for image in house.target.catalog.points.get(point).images:
            mine = contents(house.source.repositories.open("default"), image.root)
            assert contents(repository, image.root) == mine
    [info] = house.target.repositories.list()
    assert house.target.check.repository(info, read_data=True, reporter=Silent())["damaged"] == []
