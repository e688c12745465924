"""Bits flipped and ends cut in the index and the marker, anywhere: noticed, built again or refused, never believed."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from console.domain.errors import Failed
from console.domain.objects import Kind
from console.domain.progress import Silent
from console.repository import Repository
from tests.repository.builders import content, flip, packs, store
from tests.repository.conftest import CREATED

SETTINGS = settings(deadline=None, max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture
def shut(place: Path) -> dict[bytes, bytes]:
    """A repository that was closed in order; what is in it."""
    with Repository.create(place, id="a1b2", created=CREATED) as repository:
        plain = [content(number, 700) for number in range(120)]
        ids = store(repository, plain[:100]) + store(repository, plain[100:], Kind.TREE)
    return dict(zip(ids, plain, strict=True))


def damage(path: Path, data: st.DataObject) -> None:
    """What is drawn does not depend on how large the file is: one that was built again may be larger."""
    size = path.stat().st_size

    def somewhere() -> int:
        return data.draw(st.integers(0, (1 << 30) - 1)) * size >> 30

    if data.draw(st.integers(0, 4)) == 0:
        os.truncate(path, somewhere())
        return
    for _ in range(data.draw(st.integers(1, 8))):
        flip(path, somewhere(), 1 << data.draw(st.integers(0, 7)))


@SETTINGS
@given(st.data())
def test_a_damaged_index_costs_nothing(place: Path, shut: dict[bytes, bytes], data: st.DataObject) -> None:
    index = place / "own" / "index.sqlite"
    damage(index, data)
    with Repository.open(place) as repository:
        assert not repository.check(read_data=True, reporter=Silent()).damaged
        # What a check has not put right already, it finds nothing wrong with: it is as the packs say.
        assert repository.check(read_data=True, reporter=Silent()).notes == ()
        assert dict(repository.read_many(list(shut))) == shut
        assert repository.missing(list(shut)) == []
        again = store(repository, [content(5, 700), content(999)])
        assert repository.read(again[0]) == content(5, 700)
        assert repository.read(again[1]) == content(999)


@SETTINGS
@given(st.data())
def test_reading_by_a_damaged_index_gives_the_object_or_a_known_failure(
    place: Path, shut: dict[bytes, bytes], data: st.DataObject
) -> None:
    damage(place / "own" / "index.sqlite", data)
    with Repository.open(place) as repository:
        for oid, plain in shut.items():
            try:
                assert repository.read(oid) == plain
            except Failed as known:
                if known.failure.code not in ("object-missing", "object-damaged"):
                    raise


@SETTINGS
@given(st.data())
def test_a_damaged_marker_is_refused_or_says_the_same_repository(
    place: Path, shut: dict[bytes, bytes], data: st.DataObject
) -> None:
    marker = place / "replicore-repository.json"
    whole = marker.read_bytes()
    damage(marker, data)
    try:
        with Repository.open(place) as repository:
            # Whoever opens it by its id compares that one; what lies in it is proven by itself.
            assert dict(repository.read_many(list(shut))) == shut
            assert 0 <= repository.parities.percent <= 100
    except Failed as known:
        if known.failure.code not in ("repository-damaged-marker", "repository-newer"):
            raise
    finally:
        marker.write_bytes(whole)
        assert packs(place)
