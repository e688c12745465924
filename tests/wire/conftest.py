"""Identities made once; a target behind a real port; sources that call it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from console.wire.dialer import Dialer, Dialers, Limits
from console.wire.identity import Identity
from console.wire.server import TlsServer
from tests.wire.peers import MemoryTarget, pairing_with, serving

QUICK = Limits(connect=60, read=60, work=60, stall=60, idle=5)


@dataclass(frozen=True)
class People:
    """`source` is paired in most tests, `strange` never is."""

    target: Identity
    source: Identity
    other: Identity
    strange: Identity


@pytest.fixture(scope="session")
def people(tmp_path_factory: pytest.TempPathFactory) -> People:
    place: Path = tmp_path_factory.mktemp("identities")
    return People(*(Identity.create(place / name, name) for name in ("office", "laptop", "desk", "strange")))


@pytest.fixture
def target(people: People) -> MemoryTarget:
    """A target that has the source's pairing, not served yet."""
    made = MemoryTarget(people.target)
    made.take(people.source)
    return made


@pytest.fixture
def served(target: MemoryTarget) -> Iterator[TlsServer]:
    with serving(target) as server:
        yield server


@pytest.fixture
def dialers(people: People) -> Iterator[Dialers]:
    made = Dialers(people.source, QUICK)
    yield made
    made.close()


@pytest.fixture
def dialer(dialers: Dialers, people: People, served: TlsServer) -> Dialer:
    return dialers.to(pairing_with(people.target, served.port))
