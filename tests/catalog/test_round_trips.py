"""What goes in comes out: points of any shape, times to the microsecond, cursors, names."""

from __future__ import annotations

import string
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from console.catalog import Catalog, cursors
from console.catalog.moments import from_us, to_us
from console.catalog.names import is_prefix, name_key
from console.domain.errors import Failed
from console.domain.recovery_points import BaseReason, ImageKind, RecoveryPoint, VolumeImage
from tests.support import values
from tests.support.clock import FixedClock

moments = st.datetimes(datetime(1970, 1, 1), datetime(2300, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
texts = st.text(max_size=30)
ids = st.text("0123456789abcdef", min_size=1, max_size=64)
sizes = st.integers(0, 2**63 - 1)


@st.composite
def points(draw: st.DrawFn) -> RecoveryPoint:
    point = draw(ids)
    images = [
        VolumeImage(
            image,
            point,
            draw(ids),
            draw(texts),
            draw(st.sampled_from(ImageKind)),
            draw(st.none() | st.sampled_from(BaseReason)),
            draw(st.none() | ids.map(lambda parent: f"above {parent}")),
            draw(ids),
            *draw(st.tuples(*[sizes] * 7)),
            parent_root=draw(st.none() | ids),
        )
        for image in draw(st.lists(ids, unique=True, max_size=4))
    ]
    return RecoveryPoint(
        point,
        "machine-1",
        draw(moments),
        draw(texts),
        tuple(images),
        draw(texts),
        draw(st.floats(0, 1e12)),
        draw(st.integers(0, 2**31)),
    )


@settings(deadline=None, max_examples=50)
@given(points(), st.data())
def test_points(point: RecoveryPoint, data: st.DataObject) -> None:
    every = [image.id for image in point.images]
    here = data.draw(st.sets(st.sampled_from(every))) if every else set()
    names = data.draw(st.sets(st.sampled_from(every))) if every else set()
    with Catalog.in_memory(FixedClock()) as catalog:
        catalog.machines.add(values.machine("machine-1"))
        for _ in range(2):
            catalog.points.add(point, "repo-1", here, names)
            assert catalog.points.get(point.id) == point
            assert catalog.points.all_of("machine-1") == catalog.points.page()[0] == [point]
            for image in point.images:
                stored = catalog.points.image(image.id)
                assert (stored.image, stored.machine, stored.repository) == (image, "machine-1", "repo-1")
                assert (stored.here, stored.names) == (image.id in here, image.id in names)


@given(moments)
def test_times_are_exact(moment: datetime) -> None:
    assert from_us(to_us(moment)) == moment
    assert from_us(to_us(moment)).tzinfo is UTC


def test_times_of_any_zone_but_never_of_none() -> None:
    kathmandu = timezone(timedelta(hours=5, minutes=45))
    assert from_us(to_us(datetime(2026, 1, 1, tzinfo=kathmandu))) == datetime(2025, 12, 31, 18, 15, tzinfo=UTC)
    with pytest.raises(TypeError):
        to_us(datetime(2026, 1, 1))  # noqa: DTZ001
    assert to_us(None) is None
    assert from_us(None) is None


@given(st.integers(-(2**63), 2**63 - 1), texts)
def test_cursors(time_us: int, id: str) -> None:
    cursor = cursors.encode(time_us, id)
    assert cursors.decode(cursor) == (time_us, id)
    assert set(cursor) <= set(string.ascii_letters + string.digits + "-_"), "fit for an address"


@given(st.text(max_size=20).filter(lambda word: not word.isascii() or "." in word or len(word) < 2))
def test_any_other_word_is_no_cursor(word: str) -> None:
    with pytest.raises(Failed) as caught:
        cursors.decode(word)
    assert caught.value.failure.code == "bad-cursor"


@given(texts)
def test_names_are_the_same_in_either_case(name: str) -> None:
    assert name_key(name.casefold()) == name_key(name)
    assert name_key(name_key(name)) == name_key(name)


def test_beginnings_of_ids() -> None:
    assert [word for word in ("abc", "abcd", "ABCD", "abcg", "12ef9", "") if is_prefix(word)] == [
        "abcd",
        "ABCD",
        "12ef9",
    ]
