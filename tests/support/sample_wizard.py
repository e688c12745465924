"""The wizard of `sample_flow` on a Core: fixtures for tests/desktop/conftest.py, and the way to each step."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import pytest

from console.client import connect
from console.client.client import Client
from console.client.local import LocalCore, read_token
from console.desktop.desk import Desk
from console.domain.errors import refused
from tests.support.bench import Bench
from tests.support.cores import CoreProcess
from tests.support.sample_flow import SampleFlow
from tests.support.wizard_hand import Hand

Open = Callable[..., Hand]
WRONG = refused("wrong-credentials", "“Vault” does not know this user or password.", "Check both.")


def dial_to(core: CoreProcess) -> Callable[[], Awaitable[Client]]:
    """Connects to a Core where it listens now."""

    async def dial() -> Client:
        return connect.local(LocalCore("127.0.0.1", core.port, 0, core.fingerprint), read_token(core.data))

    return dial


@pytest.fixture(scope="module")
def sample_core(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CoreProcess]:
    made = CoreProcess(tmp_path_factory.mktemp("core") / "core").start()
    yield made
    made.kill()  # asked politely it would wait for its caller, whose event loop has ended


@pytest.fixture
def own_core(tmp_path: Path) -> Iterator[CoreProcess]:
    """One that a test may kill."""
    made = CoreProcess(tmp_path / "own").start()
    yield made
    made.kill()  # asked politely it would wait for its caller, whose event loop has ended


@pytest.fixture
def sample_desk(bench: Bench, sample_core: CoreProcess) -> Desk:
    return bench.desk_on(dial_to(sample_core))


@pytest.fixture
def open_wizard(bench: Bench, sample_desk: Desk) -> Iterator[Open]:
    hands: list[Hand] = []

    def begin(flow: SampleFlow | None = None, **options: object) -> Hand:
        hands.append(Hand.at(bench, sample_desk, flow or SampleFlow(sample_desk.client), **options))  # type: ignore[arg-type]
        return hands[-1]

    yield begin
    for hand in hands:
        hand.leave()


def to_chosen(hand: Hand, *, more: bool = False) -> Hand:
    """From the first step of the sample flow to the second one; and so on below."""
    hand.type("name", "web-01")
    if more:
        hand.tick("more")
    hand.go_on()
    return hand


def to_shown(hand: Hand) -> Hand:
    to_chosen(hand)
    hand.choose("store", "default")
    hand.pick("machines", "machine 0")
    hand.go_on()
    return hand


def to_summary(hand: Hand) -> Hand:
    to_shown(hand)
    hand.tick("same")
    hand.go_on()
    return hand
