"""What targets hear by themselves, and when."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from console.domain.pairing import Pairing
from console.domain.seeds import SeedState
from console.engine.replicate.contact import TOUCH_S
from tests.engine.test_core import PASSWORD, WAIT, House


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    house = House(tmp_path)
    house.protect()
    house.back_up()
    yield house
    house.close()


def tick(house: House) -> int:
    """One round of the calendar's duty; how many targets were called."""
    threads = house.source.contact.keep()
    for thread in threads:
        thread.join(WAIT)
    house.settle()
    return len(threads)


def test_a_target_hears_of_a_seed_drive_at_the_next_tick(house: House, tmp_path: Path) -> None:
    pairing = house.pair()
    house.source.arrange.add(pairing, ["web"], seed_drive=True)
    house.settle()
    tick(house)
    assert tick(house) == 0, "nothing is new"

    house.source.seed.start_create("target", [str(tmp_path)], comment="Red 1")
    house.settle()
    assert tick(house) == 1, "no minute has passed, but there is something to tell"
    (expected,) = house.target.catalog.seeds.list()
    assert (expected.comment, expected.state) == ("Red 1", SeedState.OUTSTANDING)
    assert tick(house) == 0

    house.source.seed.abandon(expected.id)
    assert tick(house) == 1
    assert house.target.catalog.seeds.list()[0].state is SeedState.ABANDONED


def test_a_target_is_called_every_minute_and_not_more_often(house: House) -> None:
    house.pair()
    assert tick(house) == 1
    house.clock.forward(TOUCH_S - 1)
    assert tick(house) == 0
    house.clock.forward(1)
    assert tick(house) == 1


def test_a_target_that_hangs_holds_up_no_other(house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = tmp_path / "other"
    place.mkdir()
    other = House(place)
    house.pair()
    port, fingerprint = other.server.server.port, other.target.identity.fingerprint
    house.source.pair.pair("127.0.0.1", port, "admin", PASSWORD, fingerprint, "other")
    peers = house.source.contact._peers
    exchange, go_on = peers.exchange, threading.Event()

    def slow(pairing: Pairing) -> object:
        if pairing.name == "target":
            assert go_on.wait(WAIT)
        return exchange(pairing)

    monkeypatch.setattr(peers, "exchange", slow)
    started = []
    try:
        for _ in range(2):
            house.clock.forward(TOUCH_S)
            threads = {thread.name: thread for thread in house.source.contact.keep()}
            started += threads.values()
            threads["touch other"].join(WAIT)
            assert house.source.catalog.pairings.get("other").last_contact == house.clock.now()
        assert house.source.catalog.pairings.get("target").last_contact != house.clock.now()
    finally:
        go_on.set()
        for thread in started:
            thread.join(WAIT)
        other.close()
