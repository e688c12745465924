from __future__ import annotations

import os
from pathlib import Path

from console.repository.filter import Filter
from console.repository.index import Index
from tests.repository.test_index import ALL, a_pack, oid


def test_excludes_nothing_before_it_is_ready() -> None:
    some = Filter()
    assert not some.excludes(os.urandom(32))
    assert some.begin(10)
    assert not some.begin(10)
    assert not some.excludes(os.urandom(32))
    assert some.passes([b"x" * 32]) == [b"x" * 32]


def test_excludes_most_that_are_new_and_none_that_are_there() -> None:
    some = Filter()
    here = [os.urandom(32) for _ in range(50_000)]
    some.begin(50_000)
    some.add(here[:100])
    some.fill(here[100:49_000])
    some.add(here[49_000:])
    assert not any(some.excludes(one) for one in here)
    assert list(some.passes(here)) == here
    new = [os.urandom(32) for _ in range(20_000)]
    assert sum(not some.excludes(one) for one in new) < 1000
    assert len(some.passes(new)) < 1000


def test_an_index_makes_one_when_it_pays(tmp_path: Path) -> None:
    index = Index(tmp_path / "index.sqlite", lambda: ALL)
    index.add(ALL)
    for number in range(1800):
        assert not index.has(os.urandom(32))
        assert index.has(oid(1 + number))
    assert index._filter.ready
    assert index.known([oid(5), os.urandom(32)]) == {oid(5)}
    index.add([a_pack("three", range(50_000, 50_100))])
    assert len(index.known([oid(n) for n in range(49_900, 50_100)])) == 100
    assert index.has(oid(50_000))
    index.rebuild(ALL)
    assert index.has(oid(2000))
    index.close()
