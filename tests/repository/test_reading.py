from __future__ import annotations

import os
import random
from collections.abc import Callable
from pathlib import Path

import pytest

from console.domain.errors import Failed, FailureKind
from console.domain.objects import FRAME_SIZE, Kind
from console.repository import Repository
from console.repository.frames import FrameSplitter
from tests.repository.builders import content, flip, packs, store

Reopen = Callable[[], Repository]


def failure_of(act: Callable[[], object]) -> Failed:
    with pytest.raises(Failed) as raised:
        act()
    assert raised.value.failure.kind is FailureKind.DAMAGE
    return raised.value


def place_of(repository: Repository, oid: bytes) -> tuple[int, int]:
    """Offset of the object's frame, and its end."""
    place = repository._index.find(oid)
    assert place is not None
    return place.offset, place.end


def test_many_are_read_in_pack_order_each_once(repository: Repository) -> None:
    ids = store(repository, map(content, range(50)))
    more = store(repository, map(content, range(50, 80)), Kind.TREE)
    wanted = (ids + more) * 2
    random.Random(5).shuffle(wanted)
    got = list(repository.read_many(wanted))
    assert [oid for oid, _ in got] == ids + more
    assert all(plain == content(n) for n, (_, plain) in enumerate(got))
    assert list(repository.read_many([])) == []


def test_frames_come_whole_each_once_and_in_few_pieces(repository: Repository) -> None:
    ids = store(repository, (content(n * 3 + 1, 40_000) for n in range(100)))
    pieces = list(repository.frames(ids + ids[:7]))
    assert len(pieces) == 4
    assert max(map(len, pieces)) <= 1 << 20
    for piece in pieces:
        splitter = FrameSplitter()
        assert list(splitter.feed(piece))
        assert not splitter.unfinished
    splitter = FrameSplitter()
    assert [header[6] for piece in pieces for header, _ in splitter.feed(piece)] == ids
    assert sum(map(len, pieces)) == repository.stored_size(ids) == repository.stored_size(ids * 2 + [b"?" * 32])


def test_frames_that_are_not_wanted_are_left_out(repository: Repository) -> None:
    ids = store(repository, (content(n * 3 + 1, 3000) for n in range(60)))
    wanted = [oid for n, oid in enumerate(ids) if n % 4 in (1, 2) or n > 50]
    splitter = FrameSplitter()
    got = [header[6] for piece in repository.frames(wanted) for header, _ in splitter.feed(piece)]
    assert got == wanted


def test_one_big_frame_is_one_piece(repository: Repository) -> None:
    big = os.urandom(3 << 20)
    ids = store(repository, [content(1), big, content(2)])
    assert [len(piece) for piece in repository.frames(ids)] == [
        repository.stored_size(ids[:1]),
        FRAME_SIZE + len(big),
        repository.stored_size(ids[2:]),
    ]


def test_missing_objects_are_named(repository: Repository) -> None:
    [here] = store(repository, [content(1)])
    gone = b"\7" * 32
    for act in (
        lambda: repository.read(gone),
        lambda: list(repository.read_many([here, gone])),
        lambda: list(repository.frames([here, gone])),
    ):
        known = failure_of(act)
        assert known.failure.code == "object-missing"
        assert gone.hex() in known.failure.message


def test_a_damaged_digest_of_true_bytes_hurts_only_who_cannot_prove_them(place: Path, repository: Repository) -> None:
    ids = store(repository, map(content, range(1, 4)))
    [pack] = packs(place)
    flip(pack, place_of(repository, ids[1])[0] + 50)
    assert repository.read(ids[1]) == content(2)
    assert dict(repository.read_many(ids)) == {oid: content(n) for n, oid in enumerate(ids, 1)}
    known = failure_of(lambda: list(repository.frames(ids)))
    assert known.failure.code == "object-damaged"
    assert ids[1].hex() in known.failure.message


@pytest.mark.parametrize("where", ["header", "id", "stored"])
def test_damage_is_named_by_object_and_pack(place: Path, repository: Repository, where: str) -> None:
    ids = store(repository, map(content, range(1, 6)))
    [pack] = packs(place)
    start, end = place_of(repository, ids[2])
    flip(pack, {"header": start, "id": start + 20, "stored": (start + 60 + end) // 2}[where])
    for act in (
        lambda: repository.read(ids[2]),
        lambda: list(repository.read_many(ids)),
        lambda: list(repository.frames(ids)),
    ):
        known = failure_of(act)
        assert known.failure.code == "object-damaged"
        assert ids[2].hex() in known.failure.message
        assert pack.stem in known.failure.message
    assert [repository.read(ids[n]) for n in (0, 1, 3, 4)] == [content(n) for n in (1, 2, 4, 5)]


def test_what_comes_before_damage_is_given(place: Path, repository: Repository) -> None:
    ids = store(repository, map(content, range(1, 6)))
    start, _ = place_of(repository, ids[3])
    flip(packs(place)[0], start + 70)
    several = repository.read_many(ids)
    assert [next(several)[0] for _ in range(3)] == ids[:3]
    failure_of(lambda: next(several))
    pieces = repository.frames(ids)
    splitter = FrameSplitter()
    assert [header[6] for header, _ in splitter.feed(next(pieces))] == ids[:3]
    failure_of(lambda: next(pieces))


def test_a_cut_off_pack(place: Path, repository: Repository) -> None:
    ids = store(repository, map(content, range(1, 6)))
    [pack] = packs(place)
    start, _ = place_of(repository, ids[3])
    os.truncate(pack, start + 10)
    assert repository.read(ids[2]) == content(3)
    for oid in ids[3:]:
        assert failure_of(lambda oid=oid: repository.read(oid)).failure.code == "object-damaged"


def test_a_pack_that_vanishes(place: Path, repository: Repository) -> None:
    ids = store(repository, [content(1)])
    packs(place)[0].unlink()
    for act in (lambda: repository.read(ids[0]), lambda: list(repository.frames(ids))):
        known = failure_of(act)
        assert known.failure.code == "object-missing"
        assert ids[0].hex() in known.failure.message


def test_the_index_may_be_wrong_about_a_place(repository: Repository) -> None:
    ids = store(repository, map(content, range(10)))
    with repository._index._writing:
        repository._index._writer.execute("UPDATE objects SET offset = offset + 3")
    assert repository.read(ids[3]) == content(3)
    assert dict(repository.read_many(ids)) == {oid: content(n) for n, oid in enumerate(ids)}
    with repository._index._writing:
        repository._index._writer.execute("UPDATE objects SET offset = offset + 3")
    splitter = FrameSplitter()
    assert {header[6] for piece in repository.frames(ids) for header, _ in splitter.feed(piece)} == set(ids)


def test_pending_objects_are_made_durable_when_read(place: Path, repository: Repository) -> None:
    with repository.session() as session:
        one, two = (session.put(Kind.TREE, content(n)).id for n in (1, 2))
        assert packs(place) == []
        assert repository.has(one)
        assert repository.missing([one, two]) == []
        assert repository.read(one) == content(1)
        assert len(packs(place)) == 1
        three = session.put(Kind.TREE, content(3)).id
        assert dict(repository.read_many([two, three])) == {two: content(2), three: content(3)}


def test_records_by_kind(repository: Repository) -> None:
    store(repository, map(content, range(5)))
    records = store(repository, map(content, range(5, 8)), Kind.RECORD)
    [tombstone] = store(repository, [content(9)], Kind.TOMBSTONE)
    assert sorted(repository.records()) == sorted(records)
    assert list(repository.records(Kind.TOMBSTONE)) == [tombstone]


def test_missing_keeps_the_order_given(repository: Repository) -> None:
    ids = store(repository, map(content, range(5)))
    absent = [bytes((n,)) * 32 for n in (9, 3, 7)]
    asked = [absent[0], ids[0], absent[1], ids[4], absent[2], absent[0]]
    assert repository.missing(asked) == [absent[0], absent[1], absent[2], absent[0]]
