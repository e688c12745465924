"""Repositories for the tests of the object store."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from console.repository import Repository
from console.repository.storage import LocalStorage
from tests.support.faulty_storage import Faults, FaultyStorage

CREATED = datetime(2026, 5, 4, 12, tzinfo=UTC)


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return tmp_path / "repository"


@pytest.fixture
def reopen(place: Path) -> Iterator[Callable[[], Repository]]:
    """Opens the repository at `place` (made at the first call), closing the one opened before."""
    opened: list[Repository] = []

    def again() -> Repository:
        while opened:
            opened.pop().close()
        exists = (place / "replicore-repository.json").exists()
        opened.append(Repository.open(place) if exists else Repository.create(place, id="a1b2", created=CREATED))
        return opened[-1]

    yield again
    while opened:
        opened.pop().close()


@pytest.fixture
def repository(reopen: Callable[[], Repository]) -> Repository:
    return reopen()


@pytest.fixture
def faults() -> Faults:
    return Faults()


@pytest.fixture
def faulty(place: Path, faults: Faults) -> Iterator[Repository]:
    """A repository whose storage fails as `faults` says."""
    repository = Repository.create(
        place, id="a1b2", created=CREATED, storage=lambda path: FaultyStorage(LocalStorage(path), faults)
    )
    yield repository
    faults.error = faults.before = faults.capacity = None
    repository.close()
