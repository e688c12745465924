"""Sizes and spans as people write and read them."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from console.domain.schedules import parse_interval
from console.domain.sizes import format_duration, format_interval, format_rate, format_size, parse_size


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("0", 0),
        ("4096", 4096),
        ("4096B", 4096),
        ("512M", 512 << 20),
        ("512m", 512 << 20),
        ("700 MiB", 700 << 20),
        ("4G", 4 << 30),
        ("4GB", 4_000_000_000),
        ("1.5 GB", 1_500_000_000),
        ("2T", 2 << 40),
    ],
)
def test_sizes_are_read_as_dd_reads_them(text: str, size: int) -> None:
    assert parse_size(text) == size


@pytest.mark.parametrize("text", ["", "M", "-1", "1 X", "iB", "5iB", "1e9", "1.G", "4 G B"])
def test_what_is_no_size_is_none(text: str) -> None:
    assert parse_size(text) is None


@pytest.mark.parametrize(
    ("size", "text"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1000, "1.0 kB"),
        (9_940, "9.9 kB"),
        (9_960, "10 kB"),
        (48_000_000, "48 MB"),
        (999_600, "1.0 MB"),
        (1_200_000_000, "1.2 GB"),
        (3_400_000_000_000, "3.4 TB"),
    ],
)
def test_sizes_for_people(size: int, text: str) -> None:
    assert format_size(size) == text


@given(st.integers(0, 10**20))
@settings(deadline=None, max_examples=50)
def test_a_shown_size_is_short_and_near(size: int) -> None:
    number, unit = format_size(size).split(" ")
    assert len(number) <= 4 or unit == "EB"
    factor = 1000 ** ["B", "kB", "MB", "GB", "TB", "PB", "EB"].index(unit)
    assert abs(float(number) * factor - size) <= max(0.06 * size, 0.5)


def test_rates_are_sizes_per_second() -> None:
    assert format_rate(48_000_000.0) == "48 MB/s"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.04, "0.0 s"),
        (3.25, "3.2 s"),
        (12.4, "12 s"),
        (59.9, "1 min"),
        (200, "3 min 20 s"),
        (3600, "1 h"),
        (7500, "2 h 5 min"),
        (273_600, "3 d 4 h"),
    ],
)
def test_spans_for_people(seconds: float, text: str) -> None:
    assert format_duration(seconds) == text


@given(st.integers(0, 10**7))
@settings(deadline=None, max_examples=50)
def test_an_interval_reads_back(seconds: int) -> None:
    assert parse_interval(format_interval(seconds)) == seconds
