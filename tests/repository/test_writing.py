from __future__ import annotations

import errno
import os
import sqlite3
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from console.domain.errors import Failed
from console.domain.objects import FRAME_SIZE, Kind
from console.domain.progress import Silent
from console.repository import Repository, WriteSession
from console.repository.codec import object_id
from console.repository.pack import PACK_BYTES
from tests.repository.builders import content, packs, store
from tests.repository.conftest import CREATED
from tests.support.faulty_storage import Faults

Reopen = Callable[[], Repository]


def code_of(act: Callable[[], object]) -> str:
    with pytest.raises(Failed) as raised:
        act()
    return raised.value.failure.code


def test_put_tells_what_became_of_it(repository: Repository) -> None:
    plain = os.urandom(1000)
    with repository.session() as session:
        first = session.put(Kind.CHUNK, plain)
        assert (first.id, first.new, first.stored) == (object_id(plain), True, 1000 + FRAME_SIZE)
        assert session.put(Kind.CHUNK, memoryview(plain))[1:] == (False, 0)
        session.flush()
        assert session.put(Kind.CHUNK, plain)[1:] == (False, 0)
        assert session.put(Kind.CHUNK, b"a" * 5000).stored < 200
        assert session.put(Kind.CHUNK, b"").new


def test_chunks_and_names_lie_in_packs_of_their_own(place: Path, repository: Repository) -> None:
    with repository.session() as session:
        for number in range(10):
            session.put(Kind.CHUNK, content(number))
            session.put(Kind.TREE, content(100 + number))
        session.flush()
    assert len(packs(place)) == 2
    with repository.session() as session:
        session.flush()
    assert len(packs(place)) == 2


def test_full_packs_are_closed_without_a_flush(place: Path, repository: Repository) -> None:
    with repository.session() as session:
        ids = [session.put(Kind.CHUNK, os.urandom(4 << 20)).id for _ in range(18)]
        session.flush()
    sizes = sorted(path.stat().st_size for path in packs(place))
    assert len(sizes) == 3
    assert all(PACK_BYTES <= size <= PACK_BYTES + (5 << 20) for size in sizes[1:])
    assert repository.missing(ids) == []
    assert not list((place / "own" / "incoming").iterdir())


def test_a_pack_of_very_small_objects_is_closed_early(
    place: Path, repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is known of objects on their way takes more memory than they do."""
    monkeypatch.setattr("console.repository.writing.PACK_OBJECTS", 100)
    with repository.session() as session:
        ids = [session.put(Kind.CHUNK, str(number).encode()).id for number in range(250)]
        session.flush()
    assert len(packs(place)) == 3
    assert [repository.read(oid) for oid in ids] == [str(number).encode() for number in range(250)]


def test_many_threads_one_session(repository: Repository) -> None:
    contents = [content(number, 20_000) for number in range(300)]
    news: list[bool] = []

    def put(session: WriteSession, start: int) -> None:
        for number in range(300):
            news.append(session.put(Kind.CHUNK, contents[(start + number) % 300]).new)

    with repository.session() as session:
        threads = [threading.Thread(target=put, args=(session, start)) for start in (0, 0, 100, 200)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        session.flush()
    assert sum(news) == 300
    assert repository.usage().objects == 300
    assert dict(repository.read_many([object_id(plain) for plain in contents])) == {object_id(p): p for p in contents}
    assert not repository.check(read_data=True, reporter=Silent()).damaged


def test_many_sessions_that_flush_at_any_time(repository: Repository) -> None:
    failures: list[BaseException] = []

    def work(start: int) -> None:
        try:
            for turn in range(6):
                with repository.session() as session:
                    numbers = range(start + turn * 10, start + turn * 10 + 25)
                    ids = [session.put(Kind(1 + number % 3), content(number, 700)).id for number in numbers]
                    session.flush()
                    assert repository.missing(ids) == []
                    assert not any(repository._packs.pending(oid) for oid in ids)
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=work, args=(start,)) for start in (0, 7, 14, 50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
    assert repository.usage().objects == 50 + 75
    report = repository.check(read_data=True, reporter=Silent())
    assert (report.objects, report.damaged, report.notes) == (125, (), ())


def test_a_session_makes_durable_what_it_relies_on(place: Path, repository: Repository) -> None:
    other = repository.session()
    oid = other.put(Kind.CHUNK, content(1)).id
    with repository.session() as session:
        assert not session.put(Kind.CHUNK, content(1)).new
        session.flush()
    assert len(packs(place)) == 1
    asked = other.put(Kind.CHUNK, content(2)).id
    with repository.session() as session:
        assert session.missing([oid, asked, b"?" * 32]) == [b"?" * 32]
        session.flush()
    assert repository.missing([oid, asked]) == []
    assert len(packs(place)) == 2


def test_a_closed_session_is_closed(repository: Repository) -> None:
    with repository.session() as session:
        session.put(Kind.CHUNK, b"x")
    for act in (session.flush, lambda: session.put(Kind.CHUNK, b"y"), lambda: session.put_frames([])):
        with pytest.raises(RuntimeError, match="closed"):
            act()


def test_an_object_above_the_limit_is_a_mistake(repository: Repository) -> None:
    with repository.session() as session, pytest.raises(ValueError, match="at most"):
        session.put(Kind.CHUNK, bytes((8 << 20) + 1))


# ------------------------------------------------------------------------------------------------- failing disks


@pytest.mark.parametrize(
    ("number", "code"),
    [
        (errno.ENOSPC, "repository-full"),
        (errno.EDQUOT, "repository-full"),
        (errno.EROFS, "repository-unwritable"),
        (errno.EIO, "repository-unwritable"),
        (errno.EACCES, "repository-unwritable"),
        (errno.ENOENT, "repository-gone"),
    ],
)
@pytest.mark.parametrize("call", ["begin", "write", "finish"])
def test_a_failed_write_fails_the_session_and_nothing_else(
    place: Path, faulty: Repository, faults: Faults, number: int, code: str, call: str
) -> None:
    kept = store(faulty, [content(1)])
    faults.error, faults.only = number, frozenset({call})
    session = faulty.session()

    def put_and_flush() -> None:
        session.put(Kind.CHUNK, content(2))
        session.flush()

    assert code_of(put_and_flush) == code
    assert code_of(session.flush) == code
    assert code_of(lambda: session.put(Kind.CHUNK, content(3))) == code
    assert faulty.missing([object_id(content(2))]) == [object_id(content(2))]
    assert not list((place / "own" / "incoming").iterdir())
    faults.error = None
    assert code_of(session.flush) == code
    again = store(faulty, [content(2), content(3)])
    assert dict(faulty.read_many(kept + again)) == {object_id(content(n)): content(n) for n in (1, 2, 3)}


def test_who_relied_on_it_fails_too_and_only_those(faulty: Repository, faults: Faults) -> None:
    sessions = [faulty.session() for _ in range(4)]
    sessions[0].put(Kind.CHUNK, content(1))
    sessions[1].put(Kind.CHUNK, content(1))
    assert sessions[2].missing([object_id(content(1))]) == []
    sessions[3].put(Kind.TREE, content(2))
    faults.error, faults.only, faults.sink = errno.ENOSPC, frozenset({"finish"}), 1
    sessions[3].flush()
    for session in sessions[:3]:
        assert code_of(session.flush) == "repository-full"
    assert faulty.read(object_id(content(2))) == content(2)


def test_a_disk_that_fills_up_while_packs_are_written(place: Path, faulty: Repository, faults: Faults) -> None:
    faults.capacity = 70 << 20
    session = faulty.session()
    put: list[bytes] = []

    def fill() -> None:
        for _ in range(100):
            put.append(session.put(Kind.CHUNK, os.urandom(1 << 20)).id)
        session.flush()

    assert code_of(fill) == "repository-full"
    lost = faulty.missing(put)
    kept = [oid for oid in put if oid not in set(lost)]
    assert 32 <= len(kept) <= 70
    faults.capacity = None
    assert len(dict(faulty.read_many(kept))) == len(kept)
    again = store(faulty, [os.urandom(1 << 20) for _ in range(3)])
    assert faulty.missing(again) == []
    faulty.close()
    with Repository.open(place) as opened:
        report = opened.check(read_data=True, reporter=Silent())
        assert (report.damaged, report.notes) == ((), ())
        assert report.objects == len(kept) + 3


def test_an_index_that_cannot_be_written(place: Path, repository: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    """The pack is whole then; it is learnt at the next check or opening."""

    def full(packs: object) -> None:
        error = sqlite3.OperationalError("database or disk is full")
        error.sqlite_errorcode = sqlite3.SQLITE_FULL
        raise error

    with monkeypatch.context() as patch:
        patch.setattr(repository._index, "add", full)
        session = repository.session()
        oid = session.put(Kind.CHUNK, content(1)).id
        assert code_of(session.flush) == "repository-full"
    assert repository.missing([oid]) == [oid]
    assert len(packs(place)) == 1
    assert repository.check(read_data=True, reporter=Silent()).damaged == ()
    assert repository.read(oid) == content(1)


def test_a_mistake_while_writing_is_not_swallowed(repository: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(repository._index, "add", lambda _: 1 / 0)
        session = repository.session()
        session.put(Kind.CHUNK, content(1))
        with pytest.raises(RuntimeError) as raised:
            session.flush()
    assert isinstance(raised.value.__cause__, ZeroDivisionError)
    store(repository, [content(1)])


def test_producers_go_on_while_packs_are_synced_but_not_without_end(
    place: Path, faulty: Repository, faults: Faults
) -> None:
    faults.gate = threading.Event()
    count = 0
    stuck = threading.Event()

    def produce() -> None:
        nonlocal count
        with faulty.session() as session:
            for _ in range(60):
                session.put(Kind.CHUNK, os.urandom(4 << 20))
                count += 1
            session.flush()
        stuck.set()

    thread = threading.Thread(target=produce)
    thread.start()
    try:
        while faulty._packs._settling < 3:
            assert not stuck.wait(0.01)
        assert not stuck.wait(0.1)
        # Three packs are on their way to the medium, and nothing more is taken in.
        assert 16 <= count <= 27
    finally:
        faults.gate.set()
        thread.join()
    assert count == 60
    assert faulty.usage().objects == 60


# ------------------------------------------------------------------------------------------------------- frames


@pytest.fixture
def elsewhere(tmp_path: Path) -> Iterator[Repository]:
    with Repository.create(tmp_path / "elsewhere", id="e", created=CREATED) as repository:
        yield repository


def cut(stream: bytes, size: int) -> Iterator[bytes]:
    return (stream[at : at + size] for at in range(0, len(stream), size))


@pytest.mark.parametrize("size", [17, 4096, 65536, 1 << 24])
def test_frames_are_taken_over_as_they_are(repository: Repository, elsewhere: Repository, size: int) -> None:
    count = 40 if size == 17 else 400
    ids = store(elsewhere, (content(number, 9000) for number in range(count)))
    stream = b"".join(elsewhere.frames(ids))
    with repository.session() as session:
        accepted = session.put_frames(cut(stream, size))
        assert (accepted.objects, accepted.bytes) == (count, len(stream))
        assert session.put_frames(cut(stream, size)) == accepted
        session.flush()
    assert repository.usage().objects == count
    assert b"".join(repository.frames(ids)) == stream


def test_no_frames(repository: Repository) -> None:
    with repository.session() as session:
        accepted = session.put_frames([])
    assert (accepted.objects, accepted.bytes) == (0, 0)


@pytest.mark.parametrize("where", ["header", "stored", "digest", "id", "end"])
def test_a_damaged_frame_ends_it_and_what_came_before_stays(
    repository: Repository, elsewhere: Repository, where: str
) -> None:
    ids = store(elsewhere, (content(number * 3 + 1, 30_000) for number in range(100)))
    stream = bytearray(b"".join(elsewhere.frames(ids)))
    start = 70 * (30_000 + FRAME_SIZE)
    if where == "end":
        del stream[start + 500 :]
    else:
        stream[start + {"header": 3, "stored": 2000, "digest": 45, "id": 15}[where]] ^= 0x80
    with repository.session() as session:
        assert code_of(lambda: session.put_frames(cut(bytes(stream), 50_000))) == "frame-damaged"
        assert session.missing(ids) == ids[70:]
        session.flush()
    assert repository.missing(ids) == ids[70:]
    assert dict(repository.read_many(ids[:70])) == dict(elsewhere.read_many(ids[:70]))


def test_a_cut_connection_keeps_what_came_whole(repository: Repository, elsewhere: Repository) -> None:
    ids = store(elsewhere, (content(number * 3 + 1, 30_000) for number in range(20)))
    stream = b"".join(elsewhere.frames(ids))

    def until_cut() -> Iterator[bytes]:
        yield from cut(stream[: 12 * 30_060 + 99], 10_000)
        raise ConnectionResetError("cut")

    with repository.session() as session:
        with pytest.raises(ConnectionResetError):
            session.put_frames(until_cut())
        session.flush()
    assert repository.missing(ids) == ids[12:]


def test_frames_meet_a_full_disk(faulty: Repository, faults: Faults, elsewhere: Repository) -> None:
    ids = store(elsewhere, (content(number * 3 + 1, 100_000) for number in range(60)))
    stream = b"".join(elsewhere.frames(ids))
    faults.error, faults.only = errno.ENOSPC, frozenset({"write"})
    with faulty.session() as session:
        assert code_of(lambda: session.put_frames(cut(stream, 65536))) == "repository-full"
        assert code_of(session.flush) == "repository-full"
    faults.error = None
    with faulty.session() as session:
        session.put_frames(cut(stream, 65536))
        session.flush()
    assert faulty.missing(ids) == []


def test_several_streams_at_once(repository: Repository, elsewhere: Repository) -> None:
    ids = store(elsewhere, (content(number, 9000) for number in range(200)))
    failures: list[BaseException] = []

    def take(start: int) -> None:
        try:
            with repository.session() as session:
                session.put_frames(elsewhere.frames(ids[start : start + 120]))
                session.flush()
                assert repository.missing(ids[start : start + 120]) == []
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=take, args=(start,)) for start in (0, 40, 80, 80)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
    assert repository.usage().objects == 200
