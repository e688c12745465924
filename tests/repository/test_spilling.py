"""Ids by the million: in memory or in a file, they are the same; and memory stays what it is."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterator, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.domain.objects import Kind
from console.repository import sealed_walk, spilling
from console.repository.sealing import Edge, Node
from console.repository.spilling import Named, packed, unpacked
from tests.repository.shelf import plant
from tests.repository.test_sealed_walk import SealedShelf
from tests.repository.test_walk import chunks, found

NAMED = st.lists(st.tuples(st.binary(min_size=1, max_size=1).map(lambda one: one * 32), st.integers(0, 3)))


@given(NAMED, NAMED, st.integers(0, 9))
def test_a_file_gives_what_memory_gives(
    some: list[tuple[bytes, int]], more: list[tuple[bytes, int]], kept: int
) -> None:
    first: dict[bytes, int] = {}
    for oid, what in some + more:
        first.setdefault(oid, what)
    mine, other = Named(kept), Named(kept)
    mine.add(some)
    mine.add(more)
    other.add(more)
    assert list(mine) == list(first.items())
    assert mine.find([bytes((n,)) * 32 for n in range(256)]) == first
    theirs = dict(reversed(more))
    assert list(mine.without(other)) == [(oid, what) for oid, what in first.items() if theirs.get(oid) != what]


def test_edges_are_kept_but_for_their_length() -> None:
    edge = Edge(b"i" * 32, int(Kind.LIST), 0x83, 0)
    assert unpacked(*packed(edge)) == edge


def test_increments_are_the_same_with_and_without_a_file(monkeypatch: pytest.MonkeyPatch) -> None:
    shelf = SealedShelf()
    tree = {b"%03d" % n: {b"%03d" % m: chunks(n * 100 + m + 1, 2) for m in range(20)} for n in range(30)}
    parent = plant(shelf, tree)
    root = plant(shelf, tree | {b"%03d" % n: {b"x": chunks(n + 90_000, 3)} for n in range(0, 40, 3)})
    for names in (False, True):
        for other in (None, parent):
            expected = found(shelf, root, other, names=names)
            with monkeypatch.context() as patched:
                patched.setattr(spilling, "KEPT", 3)
                assert found(shelf, root, other, names=names) == expected


class Wide:
    """A root that names so many directories, each of which names as many, with one file in each. Nodes are made when
    they are asked for: the first byte of an id tells the tree, the second how far down it is."""

    def __init__(self, width: int) -> None:
        self._width = width

    def nodes(self, ids: Sequence[bytes]) -> Iterator[Node]:
        for oid in ids:
            number = int.from_bytes(oid[2:], "big")
            if oid[1] < 2:
                kind = Kind.TREE
                below = [number * self._width + n + 1 for n in range(self._width)]
            else:
                kind, below = Kind.CHUNK, [number]
            edges = tuple(Edge(_id(oid[0], oid[1] + 1, n), int(kind), 0, 0) for n in below)
            yield Node(oid, int(Kind.TREE if oid[1] else Kind.ROOT), b"the key!", edges)


def _id(tree: int, down: int, number: int) -> bytes:
    return bytes((tree, down)) + number.to_bytes(30, "big")


def test_a_wide_level_does_not_stand_in_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spilling, "KEPT", 500)
    monkeypatch.setattr(spilling, "_TOGETHER", 500)
    monkeypatch.setattr(sealed_walk, "_LATELY", 500)
    monkeypatch.setattr(sealed_walk, "_TOGETHER", 8)
    monkeypatch.setattr(sealed_walk, "BATCH", 500)
    peaks = []
    for width in (30, 110):
        walk = sealed_walk.increment(Wide(width), _id(1, 0, 0), _id(2, 0, 0), names=False)
        tracemalloc.start()
        count = sum(map(len, walk))
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        assert count == 1 + width + 2 * width**2
    # Thirteen times as wide. Not less than this: threads of tests before may take some memory meanwhile.
    assert peaks[1] < 5 * peaks[0]
