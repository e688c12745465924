from __future__ import annotations

import random
import struct
from collections.abc import Mapping

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from console.domain.errors import Failed
from console.domain.objects import ZERO_ID, Kind, ObjectRef, iter_refs, pack_refs
from console.domain.trees import Entry, FileType, VolumeRoot
from console.repository import TreeReader, TreeWriter, walk
from console.repository.nodes import NodeReader, Ref, decode_tree, encode_list
from tests.repository.shelf import Refs, Shelf, Tree, plant, reach

NODES = (Kind.ROOT, Kind.TREE, Kind.LIST)


def chunk(number: int) -> bytes:
    return struct.pack("<QQQQ", number, 7, 7, number * 2_654_435_761 % 2**64) if number else ZERO_ID


def chunks(first: int, count: int) -> list[tuple[bytes, int]]:
    return [(chunk(number), 1000 + number % 7) for number in range(first, first + count)]


def found(shelf: Shelf, root: bytes, parent: bytes | None, *, names: bool = False) -> list[ObjectRef]:
    batches = list(TreeReader(shelf).increment(root, parent, names=names))
    assert all(0 < len(batch) <= walk.BATCH for batch in batches)
    assert all(len(batch) == walk.BATCH for batch in batches[:-1]) or names
    return [ref for batch in batches for ref in batch]


def increment(shelf: Shelf, root: bytes, parent: bytes | None, *, names: bool = False) -> dict[bytes, Kind]:
    return {ref.id: ref.kind for ref in found(shelf, root, parent, names=names)}


FILES = st.one_of(
    st.binary(max_size=4),
    st.lists(st.integers(0, 30), max_size=5).map(lambda ns: [(chunk(n), 100 + n) for n in ns]),
    st.builds(lambda first, count, drop: chunks(first, count)[:drop] + chunks(first, count)[drop + 1 :],
              st.integers(1, 3), st.integers(0, 900), st.integers(0, 900)),
)  # fmt: skip
NAMES = st.sampled_from([b"a", b"b", b"c", b"d", b"e"])
TREES = st.recursive(
    st.dictionaries(NAMES, FILES, max_size=4),
    lambda below: st.dictionaries(NAMES, st.one_of(FILES, below), max_size=4),
    max_leaves=12,
)


def changed(data: st.DataObject, tree: Tree) -> Tree:
    """The tree with some things changed, added, taken away."""
    after: dict[bytes, Tree | Refs | bytes] = {}
    for name, what in tree.items():
        match data.draw(st.sampled_from(["keep", "keep", "keep", "change", "drop", "deep"])):
            case "keep":
                after[name] = what
            case "change":
                after[name] = data.draw(st.one_of(FILES, TREES))
            case "deep" if isinstance(what, Mapping):
                after[name] = changed(data, what)
            case "deep" if not isinstance(what, bytes):
                refs = list(what)
                refs[len(refs) // 2 : len(refs) // 2 + 1] = chunks(5000, data.draw(st.integers(0, 40)))
                after[name] = refs
    if data.draw(st.booleans()):
        after[data.draw(NAMES)] = data.draw(FILES)
    return after


@settings(deadline=None, max_examples=50)
@given(st.data())
def test_increment_and_parent_are_the_whole(data: st.DataObject) -> None:
    shelf = Shelf()
    before = data.draw(TREES)
    after = changed(data, before)
    parent, root = plant(shelf, before), plant(shelf, after)
    everything, old = reach(shelf, root), reach(shelf, parent)
    assert increment(shelf, root, None) == everything
    new = increment(shelf, root, parent)
    assert new.items() <= everything.items()
    assert everything.keys() - old.keys() <= new.keys()
    with_names = increment(shelf, root, parent, names=True)
    assert with_names.items() >= new.items()
    assert with_names == new | {oid: kind for oid, kind in (everything | old).items() if kind in NODES}
    assert increment(shelf, root, root) == {}


@settings(deadline=None, max_examples=50)
@given(st.data())
def test_nodes_come_before_what_they_name(data: st.DataObject) -> None:
    shelf = Shelf()
    root = plant(shelf, data.draw(TREES))
    met: set[bytes] = set()
    named = {root}
    for ref in found(shelf, root, None):
        assert ref.id in named
        met.add(ref.id)
        if ref.kind in NODES:
            named |= reach(shelf, ref.id).keys() if ref.kind is Kind.ROOT else _named(shelf, ref)
    assert met == reach(shelf, root).keys()


def _named(shelf: Shelf, ref: ObjectRef) -> set[bytes]:
    plain = shelf.objects[ref.id][1]
    if ref.kind is Kind.LIST:
        return {oid for oid, _ in iter_refs(plain[2:])}
    return {oid for entry in decode_tree(plain) for oid, _ in iter_refs(entry.content)}


@settings(deadline=None, max_examples=50)
@given(st.data())
def test_nodes_of_the_parent_that_lack_only_make_it_more(data: st.DataObject) -> None:
    shelf = Shelf()
    before = data.draw(TREES)
    root, parent = plant(shelf, changed(data, before)), plant(shelf, before)
    old = reach(shelf, parent)
    everything = reach(shelf, root)
    only_old = [oid for oid in old if oid not in everything]
    lost = set(data.draw(st.lists(st.sampled_from(only_old), max_size=3))) if only_old else set()
    left = shelf.without(lost)
    new = increment(left, root, parent)
    assert increment(shelf, root, parent).items() <= new.items() <= everything.items()
    with_names = increment(left, root, parent, names=True)
    assert not with_names.keys() & lost
    assert with_names.items() >= new.items()
    assert {o for o, k in reach(left, parent).items() if k in NODES and o not in lost} <= with_names.keys()


@settings(deadline=None, max_examples=50)
@given(st.data())
def test_what_is_absent(data: st.DataObject) -> None:
    shelf = Shelf()
    root = plant(shelf, data.draw(TREES))
    everything = reach(shelf, root)
    for oid, kind in everything.items():
        if kind is Kind.CHUNK:
            shelf.objects[oid] = (kind, b"")
    assert list(TreeReader(shelf).absent(root, shelf.missing)) == []
    lost = set(data.draw(st.lists(st.sampled_from(sorted(everything)), max_size=6)))
    left = shelf.without(lost)
    still = reach(left, root)
    gone = list(TreeReader(left).absent(root, left.missing))
    assert {ref.id: ref.kind for ref, _ in gone} == {oid: kind for oid, kind in still.items() if oid in lost}
    for ref, length in gone:
        assert (length > 0) == (ref.kind is Kind.CHUNK or (ref.kind is Kind.LIST and length > 0))


def test_equal_subtrees_are_not_opened() -> None:
    shelf = Shelf()
    big = {b"%05d" % n: {b"file": chunks(n, 2)} for n in range(3000)}
    parent = plant(shelf, {b"big": big, b"other": {b"x": chunks(1, 1)}})
    root = plant(shelf, {b"big": big, b"other": {b"x": chunks(2, 1)}})
    shelf.reads = 0
    new = increment(shelf, root, parent)
    assert shelf.reads == 6
    assert sorted(new.values()) == [Kind.CHUNK, Kind.TREE, Kind.TREE, Kind.ROOT]


def test_one_change_in_a_large_directory_costs_little() -> None:
    shelf = Shelf()
    names = {b"%06d" % n: chunks(n + 1, 1) for n in range(30_000)}
    parent = plant(shelf, names)
    root = plant(shelf, names | {b"015000x": chunks(99_999, 1)})
    shelf.reads = 0
    new = increment(shelf, root, parent)
    assert shelf.reads < 12
    assert set(reach(shelf, root)) - set(reach(shelf, parent)) == set(new)


def test_one_change_in_a_large_file_costs_little() -> None:
    shelf = Shelf()
    refs = chunks(1, 100_000)
    parent = plant(shelf, {b"disk": refs})
    root = plant(shelf, {b"disk": [*refs[:50_000], (chunk(777_777), 5), *refs[50_003:]]})
    shelf.reads = 0
    new = increment(shelf, root, parent)
    assert shelf.reads < 12
    assert set(reach(shelf, root)) - set(reach(shelf, parent)) == set(new)


@pytest.mark.parametrize(("before", "after"), [(10, 5000), (5000, 10), (300, 100_000), (0, 17), (17, 0)])
def test_files_that_grow_and_shrink_by_levels(before: int, after: int) -> None:
    shelf = Shelf()
    parent = plant(shelf, {b"f": chunks(1, before)})
    root = plant(shelf, {b"f": chunks(1, after)})
    new = increment(shelf, root, parent)
    assert set(new) == set(reach(shelf, root)) - set(reach(shelf, parent))


def test_chunks_are_compared_stretch_by_stretch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(walk, "WINDOW", 4000)
    shelf = Shelf()
    refs = [(chunk(n), 1000) for n in range(1, 601)]
    parent = plant(shelf, {b"f": refs})
    # Every chunk is another stretch further on: found again by none of them, but never left out.
    moved = plant(shelf, {b"f": [(chunk(9999), 5000), *refs]})
    assert len([k for k in increment(shelf, moved, parent).values() if k is Kind.CHUNK]) <= 601
    within = plant(shelf, {b"f": [*refs[:300], (chunk(9999), 1000), *refs[301:]]})
    assert set(increment(shelf, within, parent)) == set(reach(shelf, within)) - set(reach(shelf, parent))
    assert increment(shelf, moved, None).keys() == reach(shelf, moved).keys()


def test_what_was_a_directory_and_is_a_file() -> None:
    shelf = Shelf()
    parent = plant(shelf, {b"x": {b"a": chunks(1, 3)}, b"y": chunks(4, 3)})
    root = plant(shelf, {b"x": chunks(1, 3), b"y": {b"a": chunks(4, 3)}})
    assert reach(shelf, root).items() - {} == increment(shelf, root, parent).items()


def test_holes_and_repeats_are_no_objects_of_their_own() -> None:
    shelf = Shelf()
    root = plant(shelf, {b"f": [(ZERO_ID, 9), *chunks(5, 1) * 5000, (ZERO_ID, 9)], b"g": chunks(5, 1)})
    refs = found(shelf, root, None)
    assert [ref.id for ref in refs if ref.kind is Kind.CHUNK] == [chunk(5)]


def test_what_was_found_before_a_failure_is_told() -> None:
    shelf = Shelf()
    root = plant(shelf, {b"a": chunks(1, 5), b"d": {b"x": chunks(9, 1)}})
    everything = reach(shelf, root)
    inner = next(oid for oid, kind in everything.items() if kind is Kind.TREE and len(reach_below(shelf, oid)) == 1)
    left = shelf.without([inner])
    told: list[bytes] = []
    batches = TreeReader(left).increment(root, None, names=False)
    with pytest.raises(Failed) as raised:
        told.extend(ref.id for batch in batches for ref in batch)
    assert raised.value.failure.code == "object-missing"
    told = []
    batches = TreeReader(left).increment(root, None, names=False)
    told += [ref.id for ref in next(batches)]
    assert set(told) == everything.keys() - {chunk(9)}


def reach_below(shelf: Shelf, oid: bytes) -> list[bytes]:
    return [entry.name for entry in NodeReader(shelf).tree(oid)]


def test_a_parent_that_is_gone_altogether() -> None:
    shelf = Shelf()
    root = plant(shelf, {b"a": chunks(1, 5)})
    assert increment(shelf, root, b"p" * 32).keys() == reach(shelf, root).keys()
    assert increment(shelf, root, b"p" * 32, names=True).keys() == reach(shelf, root).keys()


def test_folders_in_folders_that_are_the_same_again_and_again() -> None:
    """Few objects that stand for 2^60 files: the walk costs what is stored."""
    shelf = Shelf()
    roots = []
    for seed in (1, 2):
        content, depth = TreeWriter(shelf).directory([])
        for _ in range(60):
            folders = [Entry(name, FileType.DIRECTORY, content=content, depth=depth) for name in (b"a", b"b")]
            content, depth = TreeWriter(shelf).directory([*folders, Entry(b"c", FileType.FILE, content=_content(seed))])
        top = Entry(b"", FileType.DIRECTORY, content=content, depth=depth)
        roots.append(TreeWriter(shelf).root(VolumeRoot("tree", top, 0, 0, 0, 0)))
    assert len(found(shelf, roots[0], None)) == 62
    assert len(found(shelf, roots[0], roots[1])) == 62
    assert len(found(shelf, roots[0], roots[1], names=True)) >= 122
    assert len(list(TreeReader(shelf).absent(roots[0], shelf.missing))) == 1


def _content(seed: int) -> bytes:
    return pack_refs(chunks(seed, 1))


def test_lists_of_lists_that_are_the_same_again_and_again() -> None:
    shelf = Shelf()
    oid, length = chunk(5), 7
    for depth in range(12):
        oid = shelf.put(Kind.LIST, encode_list(depth, [Ref(oid, length)] * 1000)).id
    for other in (None, chunks(10, 1000)):
        entry = Entry(b"bomb", FileType.FILE, size=length, depth=12, content=pack_refs([(oid, length)] * 16))
        content, depth = TreeWriter(shelf).directory([entry])
        top = Entry(b"", FileType.DIRECTORY, content=content, depth=depth)
        root = TreeWriter(shelf).root(VolumeRoot("tree", top, 0, 0, 0, 0))
        parent = plant(shelf, {b"bomb": other}) if other else None
        assert sorted(increment(shelf, root, parent).values()) == [Kind.CHUNK, Kind.TREE, *[Kind.LIST] * 12, Kind.ROOT]
        assert len(list(TreeReader(shelf).absent(root, shelf.missing))) == 1


def test_deep_trees() -> None:
    shelf = Shelf()
    tree: Tree = {b"file": chunks(1, 1)}
    writer = TreeWriter(shelf)
    content, depth = writer.content(chunks(1, 1))
    entry = Entry(b"file", FileType.FILE, content=content, depth=depth)
    for _ in range(3000):
        content, depth = writer.directory([entry])
        entry = Entry(b"d", FileType.DIRECTORY, content=content, depth=depth)
    top = Entry(b"", FileType.DIRECTORY, content=content, depth=depth)
    root = writer.root(VolumeRoot("tree", top, 1, 3000, 0, 1))
    assert len(found(shelf, root, None)) == 3002
    assert len(found(shelf, root, plant(shelf, tree), names=True)) >= 3002


def test_many_batches_in_a_wide_tree() -> None:
    shelf = Shelf()
    rng = random.Random(3)
    tree = {b"%03d" % n: {b"%04d" % m: chunks(rng.randrange(10**9), 2) for m in range(100)} for n in range(100)}
    root = plant(shelf, tree)
    refs = found(shelf, root, None)
    assert len(refs) > 4 * walk.BATCH
    assert {ref.id for ref in refs} == reach(shelf, root).keys()
    assert len(refs) == len({ref.id for ref in refs})
