from __future__ import annotations

import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from console.domain.objects import FRAME_SIZE, FrameHeader, Kind
from console.repository.codec import encode, object_id
from console.repository.pack import (
    FOOTER_SIZE,
    PACK,
    Gap,
    Layout,
    PackDamaged,
    PackEntry,
    PackReader,
    PackWriter,
    whole_frames,
)
from tests.repository.builders import content

SEGMENT = Layout(b"RPLSEED1", 64, b"RPLSEND1")


def pack(sizes: list[int], layout: Layout = PACK) -> tuple[bytes, list[PackEntry]]:
    books = PackWriter(layout)
    parts = [layout.magic.ljust(layout.head, b"\7")]
    for number, size in enumerate(sizes):
        plain = content(number, size)
        frame = encode(Kind.CHUNK, plain, object_id(plain))
        assert books.add(frame) == sum(map(len, parts))
        parts += frame.pieces
    raw = b"".join(parts) + books.tail()
    assert len(raw) == books.size
    return raw, books.entries


def reader(raw: bytes, layout: Layout = PACK) -> PackReader:
    file = io.BytesIO(raw)

    def read(offset: int, length: int) -> bytes:
        file.seek(offset)
        return file.read(length)

    return PackReader(read, len(raw), layout)


@pytest.mark.parametrize("layout", [PACK, SEGMENT])
@settings(deadline=None, max_examples=25)
@given(sizes=st.lists(st.integers(0, 3000), max_size=20))
def test_reads_back_what_the_books_say(layout: Layout, sizes: list[int]) -> None:
    raw, entries = pack(sizes, layout)
    found = reader(raw, layout)
    assert found.entries() == entries
    for run, part in found.runs(entries, limit=5000):
        assert all(not why for _, why in whole_frames(run, part))
        assert len(part) <= 5000 or len(run) == 1
    assert [entry for entry in found.salvage() if isinstance(entry, PackEntry)] == entries


def test_headers_may_be_added_as_well_as_frames() -> None:
    plain = content(1)
    frame = encode(Kind.TREE, plain, object_id(plain))
    by_frame, by_header = PackWriter(), PackWriter()
    by_frame.add(frame)
    by_header.add(FrameHeader.unpack(b"".join(frame.pieces)))
    assert by_frame.tail() == by_header.tail()
    assert by_frame.name() == by_header.name()


def test_a_pack_is_named_by_its_index() -> None:
    raw, _ = pack([10, 20])
    found = reader(raw)
    found.entries()
    other, _ = pack([10, 21])
    again = reader(other)
    again.entries()
    assert len(found.name) == 32
    assert found.name != again.name


@settings(deadline=None, max_examples=50)
@given(st.data())
def test_every_flipped_bit_is_found(data: st.DataObject) -> None:
    raw, entries = pack([100, 300, 50, 900])
    bit = data.draw(st.integers(0, len(raw) * 8 - 1))
    bad = bytearray(raw)
    bad[bit // 8] ^= 1 << bit % 8
    found = reader(bytes(bad))
    first, after = entries[0].offset, entries[-1].end
    if first <= bit // 8 < after:
        [hit] = [e for e in entries if e.offset <= bit // 8 < e.end]
        whys = {e.id: why for run, part in found.runs(found.entries()) for e, why in whole_frames(run, part)}
        assert [oid for oid, why in whys.items() if why] == [hit.id]
        # Without the index every other frame is found again.
        assert [e for e in found.salvage() if isinstance(e, PackEntry)] == [e for e in entries if e is not hit]
    else:
        with pytest.raises(PackDamaged):
            found.entries()
        assert [e for e in found.salvage() if isinstance(e, PackEntry)] == entries


@pytest.mark.parametrize("size", [0, 5, 8, 59, 60, 300])
def test_a_cut_off_pack(size: int) -> None:
    raw, entries = pack([100, 100, 100])
    found = reader(raw[:size])
    with pytest.raises(PackDamaged):
        found.entries()
    whole = [e for e in found.salvage() if isinstance(e, PackEntry)]
    assert whole == [e for e in entries if e.end <= size]


def test_cut_off_frames_are_told() -> None:
    raw, entries = pack([100, 100, 100])
    found = reader(raw[: entries[1].offset + 70])
    whys = {e.id: why for run, part in found.runs(entries) for e, why in whole_frames(run, part)}
    assert [bool(why) for why in whys.values()] == [False, True, True]


def test_salvage_tells_of_the_gaps() -> None:
    raw, entries = pack([100, 5000, 100])
    bad = bytearray(raw)
    bad[entries[1].offset] ^= 0xFF
    assert list(reader(bytes(bad)).salvage()) == [
        entries[0],
        Gap(entries[1].offset, FRAME_SIZE + entries[1].stored),
        entries[2],
        Gap(entries[2].end, len(raw) - entries[2].end),
    ]


def test_salvage_of_noise() -> None:
    noise = content(1, 200_000)
    assert list(reader(noise).salvage()) == [Gap(8, len(noise) - 8)]
    assert list(reader(b"").salvage()) == []


def test_something_appended_is_found() -> None:
    raw, _ = pack([100])
    with pytest.raises(PackDamaged):
        reader(raw + b"x").entries()
    with pytest.raises(PackDamaged):
        reader(raw + raw[-FOOTER_SIZE:]).entries()
