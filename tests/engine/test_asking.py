"""A target asks its source for what it lacks: two whole Cores over real TLS, and the wishes in between."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import get_type_hints

import msgspec
import pytest

from console.domain.chains import ChainState
from console.domain.jobs import JobKind
from console.domain.plan_answers import Wished
from console.domain.seeds import Seed, SeedState
from console.wire.messages import StatusAnswer, decode, encode
from tests.engine.test_core import House
from tests.support.seeds import refused


class Orphanage(House):
    """The base was set aside for a drive; the incremental after it went by wire and is an orphan at the target."""

    def __init__(self, place: Path) -> None:
        super().__init__(place)
        self.usb = place / "usb"
        self.usb.mkdir()
        self.protect()
        self.base = self.back_up()
        pairing = self.pair()
        self.source.arrange.add(pairing, ["web"], seed_drive=True)
        self.settle()
        (self.tree / "b").write_bytes(b"b" * 50_000)
        self.child = self.back_up()

    @property
    def seed(self) -> Seed:
        return self.source.catalog.seeds.list()[0]

    def contact(self) -> None:
        """The source calls, as it does every minute, and sends what it then decides to send."""
        self.clock.forward(60)
        self.source.contact.touch(self.source.catalog.pairings.list()[0])
        self.settle()

    def write(self) -> None:
        self.source.seed.start_create("target", [str(self.usb)])
        self.settle()
        assert self.seed.state is SeedState.OUTSTANDING
        self.contact()

    def state(self, point: str) -> ChainState:
        return self.target.points.view(point).state

    def runs(self) -> int:
        return len(self.source.catalog.jobs.page(kind=JobKind.REPLICATE, limit=200)[0])

    def events(self, core: str) -> list[str]:
        return [event.code for event in getattr(self, core).catalog.events.page(limit=500)[0]]


@pytest.fixture
def house(tmp_path: Path) -> Iterator[Orphanage]:
    house = Orphanage(tmp_path)
    yield house
    house.close()


def test_an_orphan_whose_drive_was_lost_becomes_whole_over_the_wire(house: Orphanage) -> None:
    house.write()
    assert house.state(house.child) is ChainState.AWAITING_SEED
    house.contact()
    assert house.at_target() == [house.child]

    wished = house.target.asking.ask(house.child)
    assert set(wished) == set(get_type_hints(Wished))
    assert (wished["peer"], wished["points"]) == ("source", 1)
    assert "asked for 1 image at its next call" in wished["text"]
    assert house.state(house.child) is ChainState.AWAITING_SEED
    house.contact()
    assert house.state(house.child) is ChainState.WHOLE
    assert sorted(house.at_target()) == sorted([house.base, house.child])
    assert house.seed.state is SeedState.ABANDONED
    assert "source-asked" in house.events("target")
    assert "seed-released" in house.events("source")

    # The wish is fulfilled, nothing more is sent, and the drive is waited for nowhere.
    runs = house.runs()
    house.contact()
    house.contact()
    assert house.runs() == runs
    pairing = house.target.catalog.pairings.list()[0]
    assert house.target.catalog.wishes.list(pairing.id) == []
    assert house.target.catalog.seeds.list()[0].state is SeedState.ABANDONED
    with refused("point-whole"):
        house.target.asking.ask(house.child)
    # A drive that turns up again is consumed, and brings nothing.
    job = house.target.consume.start([str(house.usb)])
    assert house.target.jobs.drain(30)
    result = house.target.catalog.jobs.get(job.id).result
    assert result is not None
    assert (result["images_imported"], result["points_skipped"]) == (0, 1)


def test_what_is_set_aside_for_a_drive_that_is_not_written_goes_by_wire(house: Orphanage) -> None:
    assert house.seed.state is SeedState.DEFINED
    house.target.asking.ask(house.child)
    house.contact()
    assert house.state(house.child) is ChainState.WHOLE
    assert house.seed.state is SeedState.ABANDONED


def test_other_images_still_come_with_the_drive(house: Orphanage) -> None:
    pairing = house.source.catalog.pairings.list()[0]
    house.source.replicate.start(pairing.id)
    house.source.arrange.pause("target")
    (house.tree / "c").write_bytes(b"c" * 10_000)
    third = house.back_up()
    image = house.source.catalog.points.get(third).images[0].id
    house.source.seed.reserve(pairing, [image])
    house.source.arrange.resume("target")
    house.settle()
    house.write()
    assert len(house.seed.images) == 2
    house.target.asking.ask(house.child)
    house.contact()
    assert house.state(house.child) is ChainState.WHOLE
    assert (house.seed.state, house.seed.images) == (SeedState.OUTSTANDING, (image,))
    assert third not in house.at_target()
    house.target.consume.start([str(house.usb)])
    assert house.target.jobs.drain(30)
    house.contact()
    assert house.seed.state is SeedState.CONSUMED
    assert house.state(third) is ChainState.WHOLE


def test_a_damaged_image_is_sent_again(house: Orphanage) -> None:
    house.target.asking.ask(house.child)
    house.contact()
    image = house.target.catalog.points.get(house.child).images[0].id
    house.target.catalog.points.set_damaged([image], True)
    assert house.state(house.child) is not ChainState.WHOLE
    house.contact()
    assert house.state(house.child) is not ChainState.WHOLE, "nobody has asked"
    house.target.asking.ask(house.child)
    house.contact()
    assert house.state(house.child) is ChainState.WHOLE


def test_asking_twice_is_asking_once(house: Orphanage) -> None:
    first = house.target.asking.ask(house.child)
    assert house.target.asking.ask(house.child) == first
    assert house.events("target").count("source-asked") == 1


def test_a_wish_waits_for_a_source_that_does_not_call_or_is_paused(house: Orphanage) -> None:
    house.clock.forward(3600)
    assert "has not called since" in house.target.asking.ask(house.child)["text"]
    house.source.arrange.pause("target")
    house.contact()
    assert house.state(house.child) is not ChainState.WHOLE
    assert "paused by “source”" in house.target.asking.ask(house.child)["text"]
    house.source.arrange.resume("target")
    house.settle()
    house.contact()
    assert house.state(house.child) is ChainState.WHOLE


def test_what_the_source_cannot_send_is_not_tried_again_and_again(house: Orphanage) -> None:
    image = house.source.catalog.points.get(house.base).images[0].id
    house.source.catalog.points.set_damaged([image], True)
    house.target.asking.ask(house.child)
    runs = house.runs()
    for _ in range(3):
        house.contact()
    assert house.runs() == runs
    assert house.state(house.child) is not ChainState.WHOLE
    house.source.catalog.points.set_damaged([image], False)
    house.contact()
    assert house.state(house.child) is ChainState.WHOLE


def test_nobody_is_asked_where_nobody_sends(house: Orphanage) -> None:
    with refused("no-such-recovery-point"):
        house.target.asking.ask("f" * 32)
    house.source.arrange.ending.end("target")
    with refused("no-source"):
        house.target.asking.ask(house.child)
    assert house.target.catalog.wishes.list("") == []


def test_wishes_end_with_what_needs_them(house: Orphanage) -> None:
    house.target.asking.ask(house.child)
    pairing = house.target.catalog.pairings.list()[0]
    house.target.retain.delete([house.child], chain=False)
    runs = house.runs()
    house.source.arrange.pause("target")
    house.contact()
    assert house.target.catalog.wishes.list(pairing.id) == []
    assert house.runs() == runs


def test_a_source_that_knows_no_wishes_reads_the_answer_as_before(house: Orphanage) -> None:
    answer = StatusAnswer(house.target.me, house.clock.now(), wanted=["a" * 32])
    said = msgspec.msgpack.decode(encode(answer))
    assert said["wanted"] == ["a" * 32]
    del said["wanted"]
    assert decode(msgspec.msgpack.encode(said), StatusAnswer) == StatusAnswer(house.target.me, house.clock.now())
