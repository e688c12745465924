"""The line is cut at every step of a transfer: the next try goes on, next to nothing is sent twice, nothing is lost."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from console.domain.errors import Failed
from console.domain.progress import Silent
from console.domain.replication import ImageOffer
from console.engine.ends import LocalSource
from console.engine.transfer import transfer
from tests.support.ends import WireBed
from tests.support.points import Source

RNG = random.Random(3)
FILES = {f"docs/{n}": RNG.randbytes(4_000) for n in range(40)} | {"big": RNG.randbytes(2_500_000)}
SIZE = 2_700_000
LARGEST_FRAME = 70_000


@pytest.fixture
def source(tmp_path: Path) -> Iterator[Source]:
    source = Source(tmp_path / "source")
    yield source
    source.close()


@pytest.fixture
def wire(tmp_path: Path, source: Source) -> Iterator[WireBed]:
    bed = WireBed(tmp_path / "target", source)
    yield bed
    bed.close()


def _sent(end: LocalSource, wire: WireBed, offer: ImageOffer) -> bool:
    """Whether one try brought it to its end; a cut line is the only thing that may keep it from that."""
    try:
        transfer(end, wire.target, offer, Silent())
    except Failed as known:
        if known.failure.code != "target-unreachable":
            raise
        return False
    return True


def test_a_line_that_is_cut_again_and_again_brings_everything_once(source: Source, wire: WireBed) -> None:
    point = source.point(FILES)
    offer = ImageOffer(source.machine, point, point.images[0], names=False)
    end = LocalSource(source.catalog, source.repository)
    rng = random.Random(8)
    carried_before = wire.proxy.carried
    wire.proxy.cut_after(0, 300, 1_500, 4_000, *(rng.randrange(5_000, 300_000) for _ in range(12)))
    tries = 1
    while not _sent(end, wire, offer):
        tries += 1
        assert wire.held() == {}, "an image is committed whole or not at all"
    assert tries > 3
    assert wire.proxy.cuts >= 10
    assert wire.held() == {point.images[0].id: b"".join(FILES[name] for name in sorted(FILES))}
    carried = wire.proxy.carried - carried_before
    # What is lost by a cut is what was on its way: a frame and the buffers of the line.
    assert carried < SIZE * 1.05 + wire.proxy.cuts * (2 * LARGEST_FRAME + 20_000), "what arrived is not sent again"


@pytest.mark.parametrize("at", [1, 2_000, 120_000, 2_600_000])
def test_a_cut_at_one_place_costs_one_try(source: Source, wire: WireBed, at: int) -> None:
    point = source.point(FILES)
    offer = ImageOffer(source.machine, point, point.images[0], names=False)
    end = LocalSource(source.catalog, source.repository)
    wire.proxy.cut_after(at)
    assert _sent(end, wire, offer) or _sent(end, wire, offer)
    assert wire.proxy.cuts == 1
    assert len(wire.held()) == 1


def test_an_answer_that_is_lost_does_not_commit_twice(source: Source, wire: WireBed) -> None:
    point = source.point(FILES)
    offer = ImageOffer(source.machine, point, point.images[0], names=False)
    end = LocalSource(source.catalog, source.repository)
    transfer(end, wire.target, offer, Silent())
    wire.target.commit(offer)
    again = transfer(end, wire.target, offer, Silent())
    assert (again.objects, again.bytes) == (0, 0)
    assert wire.catalog.points.count() == 1
