"""Many small objects stored in three steps are what they would have been one by one."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from console.domain.objects import Kind
from console.repository import Repository
from console.repository.codec import encode, object_id
from console.repository.sealing import SealingKey
from tests.repository.builders import content

SMALL = [content(number, 700 + 97 * number) for number in range(40)]
SORTS = [b"", b"x", b"a" * 63, b"a" * 64, b"b" * 5000, os.urandom(3000), os.urandom(64 << 10), *SMALL]


def test_frames_are_those_of_single_objects(repository: Repository) -> None:
    with repository.session() as session:
        prepared = session.prepare(Kind.CHUNK, SORTS)
        prepared.compress()
        puts = session.put_prepared(prepared)
        session.flush()
    for plain, put in zip(SORTS, puts, strict=True):
        alone = encode(Kind.CHUNK, plain, object_id(plain))
        assert (put.id, put.new, put.stored) == (alone.id, True, alone.size)
        assert b"".join(repository.frames([put.id])) == b"".join(alone.pieces)
        assert repository.read(put.id) == plain


def test_what_comes_twice_or_meanwhile_is_stored_once(repository: Repository) -> None:
    with repository.session() as session, repository.session() as other:
        session.put(Kind.CHUNK, SMALL[0])
        prepared = session.prepare(Kind.CHUNK, [SMALL[0], SMALL[1], SMALL[1], SMALL[2], SMALL[3]])
        prepared.compress()
        other.put(Kind.CHUNK, SMALL[2])
        other.flush()
        puts = session.put_prepared(prepared)
        session.flush()
    assert [put.new for put in puts] == [False, True, False, False, True]
    assert [put.id for put in puts] == [object_id(SMALL[n]) for n in (0, 1, 1, 2, 3)]
    assert repository.usage().objects == 4


def test_what_a_reclaim_took_meanwhile_is_stored_again(repository: Repository) -> None:
    with repository.session() as session:
        session.put(Kind.CHUNK, SMALL[0])
        session.flush()
    with repository.session() as session:
        prepared = session.prepare(Kind.CHUNK, SMALL[:2])
        assert len(prepared.asked[2]) == 1
        with repository._sweeps.gate():
            pass  # a sweep took place: what was found before it is asked about again
        prepared.compress()
        assert [put.new for put in session.put_prepared(prepared)] == [False, True]


def test_sealed_ones_open_with_the_key(repository: Repository) -> None:
    key = SealingKey(os.urandom(32))
    with repository.session(seal=key) as session:
        prepared = session.prepare(Kind.CHUNK, SMALL)
        prepared.compress()
        puts = session.put_prepared(prepared)
        assert [session.put(Kind.CHUNK, plain) for plain in SMALL] == [(put.id, False, 0) for put in puts]
        session.flush()
    for plain, put in zip(SMALL, puts, strict=True):
        assert put.id == key.object_id(Kind.CHUNK, plain)


def test_a_closed_session_takes_nothing(repository: Repository, place: Path) -> None:
    session = repository.session()
    prepared = session.prepare(Kind.CHUNK, SMALL)
    session.close()
    with pytest.raises(RuntimeError):
        session.put_prepared(prepared)
