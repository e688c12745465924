from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from console.domain.objects import Kind
from console.repository.codec import FrameError, encode, object_id
from console.repository.frames import Arrived, FrameSplitter, Provers, prove
from tests.repository.builders import content


def frame(number: int, size: int) -> bytes:
    plain = content(number, size)
    return b"".join(encode(Kind.CHUNK, plain, object_id(plain)).pieces)


@settings(deadline=None, max_examples=50)
@given(st.data())
def test_any_cut_gives_the_same_frames(data: st.DataObject) -> None:
    frames = [frame(n, size) for n, size in enumerate(data.draw(st.lists(st.integers(0, 2000), max_size=12)))]
    stream = b"".join(frames)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=30)))
    splitter = FrameSplitter()
    got: list[bytes] = []
    for start, end in zip([0, *cuts], [*cuts, len(stream)], strict=True):
        piece = stream[start:end]
        as_type = data.draw(st.sampled_from([bytes, bytearray, memoryview]))
        got += [bytes(raw) for _, raw in splitter.feed(as_type(piece))]
    assert got == frames
    assert not splitter.unfinished


def test_tells_what_is_unfinished() -> None:
    splitter = FrameSplitter()
    stream = frame(1, 100)
    assert list(splitter.feed(stream[:50])) == []
    assert splitter.unfinished == 50
    assert [bytes(raw) for _, raw in splitter.feed(stream[50:] + stream[:10])] == [stream]
    assert splitter.unfinished == 10


def test_frames_before_a_bad_header_are_given_first() -> None:
    frames = FrameSplitter().feed(frame(1, 100) + b"\xff" * 60)
    assert bytes(next(frames)[1]) == frame(1, 100)
    with pytest.raises(FrameError):
        next(frames)


def test_a_buffer_that_is_used_again_is_copied() -> None:
    buffer = bytearray(frame(1, 100))
    [(_, raw)] = FrameSplitter().feed(memoryview(buffer))
    buffer[:] = bytes(len(buffer))
    assert bytes(raw) == frame(1, 100)


def arrived(stream: bytes) -> list[Arrived]:
    return list(FrameSplitter().feed(stream))


def test_proves_up_to_the_first_that_is_not_true() -> None:
    stream = bytearray(frame(1, 100) + frame(2, 100) + frame(3, 100))
    stream[2 * len(frame(2, 100)) - 1] ^= 1
    good, error = prove(arrived(bytes(stream)))
    assert len(good) == 1
    assert error is not None
    assert error.id == object_id(content(2, 100))


def test_a_full_house_proves_by_itself() -> None:
    provers = Provers(threads=1, ahead=1)
    batch = arrived(frame(1, 100))
    answers = [provers.start(batch) for _ in range(3)]
    assert [len(answer()[0]) for answer in answers] == [1, 1, 1]
    provers.close()
