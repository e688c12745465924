"""Somebody stores sealed frames under ids that belong to what others do not seal. Without his key nobody can tell that
they are lies; they must cost nobody but him (FORMAT.md, "What is sealed proves no id")."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from console.domain.objects import Kind, Seal
from console.domain.progress import Silent
from console.repository import Repository
from console.repository.codec import encode, object_id, read_header
from tests.repository.builders import content, flip, packs
from tests.support.sealing import Ring, sealing_key

Reopen = Callable[[], Repository]
EVIL = sealing_key(66)
TRUE = [content(number) for number in range(12)]
IDS = [object_id(plain) for plain in TRUE]


def lies(ids: Iterable[bytes] = IDS) -> list[bytes]:
    """A sealed frame under each id, well formed, with something else in it."""
    return [b"".join(encode(Kind.CHUNK, b"a lie " * 50, oid, EVIL).pieces) for oid in ids]


def poison(repository: Repository, *, flush: bool = True) -> None:
    with repository.session() as session:
        assert session.put_frames(lies()).objects == len(IDS)
        if flush:
            session.flush()


def put(repository: Repository) -> list[bool]:
    with repository.session() as session:
        new = [session.put(Kind.CHUNK, plain).new for plain in TRUE]
        session.flush()
    return new


def send(repository: Repository) -> list[bool]:
    frames = [b"".join(encode(Kind.CHUNK, plain, oid).pieces) for plain, oid in zip(TRUE, IDS, strict=True)]
    with repository.session() as session:
        missing = session.missing(IDS)
        session.put_frames(frames)
        session.flush()
    return [oid in missing for oid in IDS]


def prepare(repository: Repository) -> list[bool]:
    with repository.session() as session:
        prepared = session.prepare(Kind.CHUNK, TRUE)
        prepared.compress()
        new = [one.new for one in session.put_prepared(prepared)]
        session.flush()
    return new


def all_true(repository: Repository) -> None:
    assert repository.missing(IDS, sealed=False) == []
    assert dict(repository.read_many(IDS)) == dict(zip(IDS, TRUE, strict=True))
    assert {read_header(raw)[4] for oid in IDS for raw in repository.frames([oid])} == {Seal.NONE}


@pytest.mark.parametrize("way", [put, send, prepare])
@pytest.mark.parametrize("flushed", [True, False], ids=["stored before", "on its way"])
def test_who_comes_after_a_lie_stores_the_truth(
    reopen: Reopen, way: Callable[[Repository], list[bool]], flushed: bool
) -> None:
    repository = reopen()
    poison(repository, flush=flushed)
    assert repository.missing(IDS, sealed=False) == IDS
    assert way(repository) == [True] * len(IDS)
    all_true(repository)
    assert way(repository) == [False] * len(IDS), "the truth is stored once"
    all_true(reopen())


def test_a_lie_that_comes_after_the_truth_is_not_taken(repository: Repository, place: Path) -> None:
    put(repository)
    before = packs(place)
    poison(repository)
    assert packs(place) == before
    all_true(repository)


def test_the_truth_outlives_a_lost_index_and_a_reclaim(reopen: Reopen, place: Path) -> None:
    repository = reopen()
    poison(repository)
    put(repository)
    repository.rebuild_index(Silent())
    all_true(repository)
    with repository.reclaim() as work:
        work.marks.add(IDS)
        work.run(work.plan(live_share=1.0, small=1 << 30), Silent())
    all_true(repository)
    reopen().close()
    for side in place.rglob("index.sqlite*"):
        side.unlink()
    repository = reopen()
    all_true(repository)
    assert repository.check(read_data=True, reporter=Silent(), ids=True).damaged == ()


def test_a_lie_does_not_pass_for_a_copy_of_what_is_damaged(repository: Repository, place: Path) -> None:
    poison(repository)
    [lying] = packs(place)
    put(repository)
    [pack] = set(packs(place)) - {lying}
    flip(pack, 8 + 60 + 5)
    [hurt] = [
        bytes.fromhex(one.object) for one in repository.check(read_data=True, reporter=Silent(), ids=True).damaged
    ]
    repository.condemn([hurt])
    assert repository.mending.copies([hurt], Silent()) == set()
    assert repository.missing(IDS, sealed=False) == [hurt]
    assert put(repository).count(True) == 1
    all_true(repository)


def test_what_is_sealed_is_still_stored_once(reopen: Reopen) -> None:
    key = sealing_key(1)
    repository = reopen()
    repository.keys = Ring(key)
    for expected in (True, False):
        with repository.session(seal=key) as session:
            done = [session.put(Kind.CHUNK, plain) for plain in TRUE]
            session.flush()
        assert {one.new for one in done} == {expected}
    ids = [one.id for one in done]
    with repository.session() as session:
        assert session.missing(ids, sealed=True) == []
        assert session.missing(ids) == ids
    assert [repository.read(oid) for oid in ids] == TRUE
