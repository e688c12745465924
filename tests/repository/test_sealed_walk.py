from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from console.domain.errors import Failed, damage
from console.domain.objects import FRAME_SIZE, Kind
from console.repository import TreeReader, sealed_walk
from console.repository.codec import decode, encode, node_of, read_header
from console.repository.sealing import OF_DIRECTORY, Edge, Node
from console.repository.session import Put
from tests.repository.shelf import Shelf, plant, reach
from tests.repository.test_walk import NODES, TREES, changed, chunk, chunks, found, increment
from tests.support.sealing import Ring, sealing_key

KEY = sealing_key()


class SealedShelf(Shelf):
    """As a shelf, sealed: `objects` are plain for the naive walker, `raw` is what a Core has."""

    def __init__(self) -> None:
        super().__init__()
        self.raw: dict[bytes, bytes] = {}
        self.locked = True

    def put(self, kind: Kind, plain: bytes | memoryview, leaf: Kind = Kind.CHUNK) -> Put:
        oid = KEY.object_id(kind, plain)
        frame = encode(kind, plain, oid, KEY, leaf)
        new = oid not in self.raw
        self.objects[oid] = (kind, bytes(plain))
        self.raw[oid] = b"".join(frame.pieces)
        return Put(oid, new, frame.size)

    def read(self, id: bytes) -> bytes:
        self.reads += 1
        if id not in self.raw:
            raise damage("object-missing", "It is not here.")
        raw = self.raw[id]
        return decode(read_header(raw), raw[FRAME_SIZE:], Ring() if self.locked else Ring(KEY))

    def nodes(self, ids: Sequence[bytes]) -> Iterator[Node]:
        for oid in dict.fromkeys(ids):
            self.reads += 1
            if oid not in self.raw:
                raise damage("object-missing", "It is not here.")
            yield node_of(read_header(self.raw[oid]), self.raw[oid][FRAME_SIZE:])

    def without(self, ids: Iterable[bytes]) -> SealedShelf:
        gone = set(ids)
        other = SealedShelf()
        other.objects = {oid: held for oid, held in self.objects.items() if oid not in gone}
        other.raw = {oid: raw for oid, raw in self.raw.items() if oid not in gone}
        return other


class Told:
    """Frames that say what somebody wants them to say."""

    def __init__(self, nodes: Iterable[Node]) -> None:
        self._nodes = {node.id: node for node in nodes}
        self.reads = 0

    def read(self, id: bytes) -> bytes:
        raise AssertionError("nobody has the key")

    def nodes(self, ids: Sequence[bytes]) -> Iterator[Node]:
        for oid in ids:
            self.reads += 1
            if oid not in self._nodes:
                raise damage("object-missing", "It is not here.")
            yield self._nodes[oid]


@settings(deadline=None, max_examples=50)
@given(st.data())
def test_the_rule_holds_without_a_key_as_with_it(data: st.DataObject) -> None:
    shelf = SealedShelf()
    before = data.draw(TREES)
    after = changed(data, before)
    parent, root = plant(shelf, before), plant(shelf, after)
    everything, old = reach(shelf, root), reach(shelf, parent)
    assert increment(shelf, root, None) == everything
    new = increment(shelf, root, parent)
    assert new.items() <= everything.items()
    assert everything.keys() - old.keys() <= new.keys()
    with_names = increment(shelf, root, parent, names=True)
    assert with_names == new | {oid: kind for oid, kind in (everything | old).items() if kind in NODES}
    assert increment(shelf, root, root) == {}
    shelf.locked = False
    assert increment(shelf, root, parent) == new
    assert increment(shelf, root, parent, names=True) == with_names


@settings(deadline=None, max_examples=50)
@given(st.data())
def test_nodes_of_the_parent_that_lack_only_make_it_more(data: st.DataObject) -> None:
    shelf = SealedShelf()
    before = data.draw(TREES)
    root, parent = plant(shelf, changed(data, before)), plant(shelf, before)
    old, everything = reach(shelf, parent), reach(shelf, root)
    only_old = [oid for oid in old if oid not in everything]
    lost = set(data.draw(st.lists(st.sampled_from(only_old), max_size=3))) if only_old else set()
    left = shelf.without(lost)
    new = increment(left, root, parent)
    assert increment(shelf, root, parent).items() <= new.items() <= everything.items()
    with_names = increment(left, root, parent, names=True)
    assert not with_names.keys() & lost
    assert {o for o, k in reach(left, parent).items() if k in NODES and o not in lost} <= with_names.keys()


@settings(deadline=None, max_examples=50)
@given(st.data())
def test_what_is_absent(data: st.DataObject) -> None:
    shelf = SealedShelf()
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
    assert all(length for ref, length in gone if ref.kind is Kind.CHUNK)


def test_one_change_in_a_large_directory_costs_little() -> None:
    shelf = SealedShelf()
    names = {b"%06d" % n: chunks(n + 1, 1) for n in range(20_000)}
    parent = plant(shelf, names)
    root = plant(shelf, names | {b"015000x": chunks(99_999, 1)})
    shelf.reads = 0
    new = increment(shelf, root, parent)
    assert shelf.reads < 20
    assert set(reach(shelf, root)) - set(reach(shelf, parent)) <= set(new)
    assert len(new) < 300


def test_what_is_missing_is_named_before_the_walk_fails() -> None:
    shelf = SealedShelf()
    root = plant(shelf, {b"a": {b"b": chunks(1, 3)}, b"c": chunks(9, 1)})
    tree = next(oid for oid, kind in reach(shelf, root).items() if kind is Kind.TREE)
    batches = TreeReader(shelf.without([tree])).increment(root, None, names=False)
    met = [ref.id for ref in next(batches)]
    with pytest.raises(Failed) as known:
        next(batches)
    assert known.value.failure.code == "object-missing"
    assert root in met


def test_a_key_is_needed_for_names_and_for_nothing_else() -> None:
    shelf = SealedShelf()
    root = plant(shelf, {b"a": chunks(1, 3)})
    with pytest.raises(Failed) as known:
        TreeReader(shelf).root(root)
    assert known.value.failure.code == "key-locked"
    shelf.locked = False
    assert [e.name for e in TreeReader(shelf).entries(TreeReader(shelf).root(root).entry)] == [b"a"]


ROOT = b"R" * 32


def nothing(ids: Sequence[bytes]) -> list[bytes]:
    """Is missing."""
    del ids
    return []


def told(*nodes: Node) -> Told:
    return Told([Node(ROOT, Kind.ROOT, KEY.tag, (Edge(b"A" * 32, Kind.TREE, 0, 0),)), *nodes])


def test_nodes_that_name_each_other_end() -> None:
    """Only who has the key can prove an id: a hostile writer may store any frame under any."""
    a, b = b"A" * 32, b"B" * 32
    ring = told(
        Node(a, Kind.TREE, KEY.tag, (Edge(b, Kind.TREE, 0, 0), Edge(a, Kind.TREE, 0, 0))),
        Node(b, Kind.TREE, KEY.tag, (Edge(a, Kind.TREE, 0, 0), Edge(b"C" * 32, Kind.CHUNK, 0, 5))),
    )
    refs = [ref.id for batch in TreeReader(ring).increment(ROOT, None, names=False) for ref in batch]
    assert sorted(refs) == sorted([ROOT, a, b, b"C" * 32])
    gone = list(TreeReader(ring).absent(ROOT, lambda ids: [oid for oid in ids if oid == b"C" * 32]))
    assert [(ref.id, length) for ref, length in gone] == [(b"C" * 32, 5)]
    assert ring.reads < 20


@pytest.mark.parametrize(
    "node",
    [
        Node(b"A" * 32, Kind.CHUNK, KEY.tag, ()),
        Node(b"A" * 32, Kind.LIST, KEY.tag, ()),
        Node(b"A" * 32, Kind.TREE, b"", ()),
        Node(b"A" * 32, Kind.TREE, sealing_key(2).tag, ()),
    ],
)
def test_a_node_that_is_not_what_it_was_named_as_is_no_proof(node: Node) -> None:
    with pytest.raises(Failed) as known:
        list(TreeReader(told(node)).increment(ROOT, None, names=False))
    assert known.value.failure.code == "object-damaged"
    assert [ref.id for ref, _ in TreeReader(told(node)).absent(ROOT, nothing)] == [b"A" * 32]


@pytest.mark.parametrize(
    ("depth", "below", "good"),
    [
        (0, Edge(b"C" * 32, Kind.CHUNK, 0, 1), True),
        (0, Edge(b"C" * 32, Kind.TREE, 0, 0), False),
        (OF_DIRECTORY, Edge(b"C" * 32, Kind.CHUNK, 0, 1), False),
        (OF_DIRECTORY, Edge(b"C" * 32, Kind.TREE, 0, 0), True),
        (2, Edge(b"C" * 32, Kind.LIST, 1, 0), True),
        (2, Edge(b"C" * 32, Kind.LIST, 1 | OF_DIRECTORY, 0), False),
        (2, Edge(b"C" * 32, Kind.LIST, 2, 0), False),
        (2, Edge(b"C" * 32, Kind.CHUNK, 0, 0), False),
    ],
)
def test_a_list_is_of_what_it_was_named_for(depth: int, below: Edge, good: bool) -> None:
    """A list of a directory that says it names chunks would hide the folders below it from who has no key."""
    tree = Node(b"A" * 32, Kind.TREE, KEY.tag, (Edge(b"L" * 32, Kind.LIST, depth, 0),))
    reader = told(tree, Node(b"L" * 32, Kind.LIST, KEY.tag, (below,)))
    gone = [ref.id for ref, _ in TreeReader(reader).absent(ROOT, nothing)]
    assert (b"L" * 32 in gone) is not good


def test_wide_trees_come_in_batches() -> None:
    shelf = SealedShelf()
    root = plant(shelf, {b"%03d" % n: {b"%03d" % m: chunks(n * 1000 + m + 1, 2) for m in range(80)} for n in range(60)})
    refs = found(shelf, root, None)
    assert len(refs) > sealed_walk.BATCH
    assert {ref.id for ref in refs} == reach(shelf, root).keys()


def test_a_sealed_child_of_what_is_not_sealed_builds_on_nothing() -> None:
    plain, shelf = Shelf(), SealedShelf()
    parent = plant(plain, {b"a": [(chunk(1), 5)]})
    root = plant(shelf, {b"a": [(chunk(1), 5)]})
    held = Told([*shelf.nodes([oid for oid in shelf.raw]), Node(parent, Kind.ROOT, b"", ())])
    new = {ref.id for batch in TreeReader(held).increment(root, parent, names=False) for ref in batch}
    assert new == reach(shelf, root).keys()
