"""Roots whose top is one file: disk images and streams."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from console.domain.objects import ZERO_ID, Kind, ObjectRef
from console.domain.trees import DiskLayout, Entry, FileType, Partition, VolumeRoot
from console.repository import TreeReader, TreeWriter
from console.repository.nodes import NodeError, decode_root, encode_root
from tests.repository.shelf import Refs, Shelf, plant, reach
from tests.repository.test_walk import chunk, chunks

BLOCK = 256 << 10
LAYOUT = DiskLayout(512, BLOCK, "gpt", (Partition(1, 1 << 20, 8 << 20, "linux", "root", "ext4"),))


def disk(shelf: Shelf, refs: Refs, source: str = "image") -> bytes:
    writer = TreeWriter(shelf)
    content, depth = writer.content(refs, disk=source == "image")
    size = sum(length for _, length in refs)
    top = Entry(b"", FileType.FILE, size=size, content=content, depth=depth)
    return writer.root(VolumeRoot(source, top, 1, 0, 0, size, disk=LAYOUT if source == "image" else None))


def increment(shelf: Shelf, root: bytes, parent: bytes | None, *, names: bool = False) -> list[ObjectRef]:
    return [ref for batch in TreeReader(shelf).increment(root, parent, names=names) for ref in batch]


REFS = st.lists(st.integers(0, 40), max_size=60).map(lambda ns: [(chunk(n), BLOCK) for n in ns])


@settings(deadline=None, max_examples=60)
@given(REFS, REFS, st.integers(0, 3000), st.integers(0, 3000), st.booleans())
def test_increment_and_parent_are_the_whole(head: Refs, other: Refs, before: int, after: int, names: bool) -> None:
    shelf = Shelf()
    parent = disk(shelf, [*head, *chunks(100, before)])
    root = disk(shelf, [*other, *chunks(100, after)])
    found = {ref.id: ref.kind for ref in increment(shelf, root, parent, names=names)}
    whole, old = reach(shelf, root), reach(shelf, parent)
    assert found.items() <= (whole | old).items()
    assert found.keys() | old.keys() >= whole.keys()
    chunks_found = {oid for oid, kind in found.items() if kind is Kind.CHUNK}
    fresh = {oid for oid, kind in whole.items() if kind is Kind.CHUNK} - old.keys()
    assert chunks_found >= fresh
    # What both have in one stretch of 16 GiB is not named again (all of these lie in one); but a block that stands in
    # several places may be, when one of them is in a list that both have and that is not opened therefore.
    if all(len({oid for oid, _ in refs}) == len(refs) for refs in (head, other)):
        assert chunks_found == fresh


def test_a_few_changed_blocks_of_a_large_disk_cost_little() -> None:
    shelf = Shelf()
    before = chunks(1, 40_000)
    parent = disk(shelf, before)
    after = list(before)
    for number in (3, 20_000, 39_999):
        after[number] = (chunk(50_000 + number), after[number][1])
    root = disk(shelf, after)
    shelf.reads = 0
    found = increment(shelf, root, parent)
    assert sum(ref.kind is Kind.CHUNK for ref in found) == 3
    assert len(found) < 20
    assert shelf.reads < 60


def test_tops_of_different_types_are_compared_with_nothing() -> None:
    shelf = Shelf()
    refs = chunks(1, 50)
    tree, image = plant(shelf, {b"f": refs}), disk(shelf, refs)
    for root, parent in ((tree, image), (image, tree)):
        assert {ref.id for ref in increment(shelf, root, parent)} == reach(shelf, root).keys()


def test_the_same_content_under_another_root_adds_the_root_alone() -> None:
    shelf = Shelf()
    refs = chunks(1, 5000)
    parent, root = disk(shelf, refs), disk(shelf, refs, "stream")
    assert increment(shelf, root, parent) == [ObjectRef(root, Kind.ROOT)]


def test_what_is_absent_is_told_with_its_bytes() -> None:
    shelf = Shelf()
    root = disk(shelf, [*chunks(1, 3000), (ZERO_ID, 1 << 40)])
    lists = [oid for oid, kind in reach(shelf, root).items() if kind is Kind.LIST]
    torn = shelf.without(lists[:1])
    lost = dict(TreeReader(torn).absent(root, lambda ids: [oid for oid in ids if oid in lists[:1]]))
    assert lost.keys() == {ObjectRef(lists[0], Kind.LIST)}
    assert all(lost.values())


def test_holes_end_no_list_of_a_disk() -> None:
    shelf = Shelf()
    refs = [pair for number in range(1, 3000) for pair in ((chunk(number), BLOCK), (ZERO_ID, BLOCK))]
    lists = [kind for kind in reach(shelf, disk(shelf, refs)).values() if kind is Kind.LIST]
    assert len(lists) < 60


@pytest.mark.parametrize(("source", "name"), [("image", b"vm.img"), ("stream", b"vm")])
def test_shown_as_one_file(source: str, name: bytes) -> None:
    shelf = Shelf()
    reader = TreeReader(shelf)
    root = reader.root(disk(shelf, chunks(1, 40), source))
    top = reader.top(root, "vm")
    [file] = reader.entries(top)
    assert (file.name, file.size) == (name, root.entry.size)
    assert reader.find(top, name) == file
    assert reader.find(top, b"other") is None
    assert reader.find(top, name + b"/x") is None
    assert list(reader.extents(file)) == chunks(1, 40)


def test_what_no_root_says() -> None:
    good = VolumeRoot("image", Entry(b"", FileType.FILE), 1, 0, 0, 0, disk=LAYOUT)
    assert decode_root(encode_root(good)) == good
    stream = VolumeRoot("stream", Entry(b"", FileType.FILE, size=1, inline=b"x"), 1, 0, 0, 1)
    assert decode_root(encode_root(stream)) == stream
    for bad in (
        replace(good, entry=Entry(b"", FileType.DIRECTORY)),
        replace(good, entry=Entry(b"name", FileType.FILE)),
        replace(good, entry=Entry(b"", FileType.FILE, inline=b"x")),
        replace(good, disk=None),
        replace(good, disk=replace(LAYOUT, block=0)),
        replace(good, disk=replace(LAYOUT, block=9 << 20)),
        replace(stream, entry=Entry(b"", FileType.DIRECTORY)),
        replace(stream, source="tree"),
    ):
        with pytest.raises(NodeError):
            decode_root(encode_root(bad))
