from __future__ import annotations

import io
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from console.repository.chunker import MAXIMUM, MINIMUM, Chunker

NOISE = random.Random(1).randbytes(12 << 20)


def lengths(stretch: bytes) -> list[int]:
    return [len(chunk) for chunk in Chunker().cut(stretch)]


def test_chunks_are_the_stretch() -> None:
    assert b"".join(Chunker().cut(NOISE)) == NOISE
    sizes = lengths(NOISE)
    assert all(MINIMUM <= size <= MAXIMUM for size in sizes[:-1])
    assert 150 << 10 < len(NOISE) / len(sizes) < 400 << 10


@pytest.mark.parametrize("size", [0, 1, MINIMUM, MINIMUM + 1, MAXIMUM, MAXIMUM + 1])
def test_small_stretches(size: int) -> None:
    assert b"".join(Chunker().cut(NOISE[:size])) == NOISE[:size]
    assert (lengths(NOISE[:size]) == []) == (size == 0)
    if size <= MINIMUM:
        assert len(lengths(NOISE[:size])) <= 1


@settings(deadline=None, max_examples=12)
@given(st.integers(0, len(NOISE)), st.integers(5000, 5 << 20), st.booleans())
def test_a_stream_is_cut_like_the_whole(size: int, step: int, zeros: bool) -> None:
    stretch = bytes(size) if zeros else NOISE[:size]
    source = io.BytesIO(stretch)
    chunks = list(Chunker().cut_stream(lambda wanted: source.read(min(step, wanted))))
    assert b"".join(chunks) == stretch
    assert list(map(len, chunks)) == lengths(stretch)


def test_a_stream_that_comes_in_drops() -> None:
    source = io.BytesIO(NOISE[: 6 << 20])
    chunks = list(Chunker().cut_stream(lambda wanted: source.read(min(100, wanted))))
    assert list(map(len, chunks)) == lengths(NOISE[: 6 << 20])


def test_a_change_moves_few_cuts() -> None:
    changed = NOISE[: 4 << 20] + b"inserted" + NOISE[4 << 20 :]
    before = {bytes(chunk) for chunk in Chunker().cut(NOISE)}
    after = [bytes(chunk) for chunk in Chunker().cut(changed)]
    assert sum(chunk not in before for chunk in after) <= 3
