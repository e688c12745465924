from __future__ import annotations

import os
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from console.domain.checks import CheckReport
from console.domain.errors import Cancelled
from console.domain.objects import FRAME_SIZE, Kind
from console.domain.progress import Silent
from console.repository import Repository
from tests.repository.builders import content, flip, packs, store

Reopen = Callable[[], Repository]


class Counting(Silent):
    def __init__(self) -> None:
        super().__init__()
        self.bytes = 0
        self.items = 0
        self.phases: list[tuple[str, int | None, int | None]] = []
        self._lock = threading.Lock()

    def phase(self, name: str, *, bytes_total: int | None = None, items_total: int | None = None) -> None:
        self.phases.append((name, bytes_total, items_total))

    def advance(self, *, bytes: int = 0, items: int = 0, text: str | None = None) -> None:
        with self._lock:
            self.bytes += bytes
            self.items += items


def check(repository: Repository, read_data: bool = True) -> CheckReport:
    return repository.check(read_data=read_data, reporter=Silent())


def test_a_sound_repository(repository: Repository) -> None:
    ids = store(repository, map(content, range(30))) + store(repository, map(content, range(30, 50)), Kind.TREE)
    for read_data in (False, True):
        reporter = Counting()
        report = repository.check(read_data=read_data, reporter=reporter)
        assert report == CheckReport(50, repository.stored_size(ids))
        assert reporter.items == 2
        assert reporter.bytes == (repository.stored_size(ids) if read_data else 0)
        [(_, total, items)] = reporter.phases
        assert items == 2
        assert total == (repository.usage().stored_bytes if read_data else None)


def test_an_empty_repository(repository: Repository) -> None:
    assert check(repository) == CheckReport(0, 0)


@settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_a_flipped_bit_anywhere_is_found(place: Path, repository: Repository, data: st.DataObject) -> None:
    if not packs(place):
        store(repository, (content(n, 400) for n in range(6)))
    [pack] = packs(place)
    entries = {entry.offset: entry for entry in repository._index.within(1)}
    offset = data.draw(st.integers(0, pack.stat().st_size - 1))
    mask = 1 << data.draw(st.integers(0, 7))
    flip(pack, offset, mask)
    try:
        report = check(repository)
        hit = [entry for entry in entries.values() if entry.offset <= offset < entry.end]
        assert [(d.object, d.pack) for d in report.damaged] == [(hit[0].id.hex() if hit else "", pack.stem)]
        assert all(d.why and not d.images for d in report.damaged)
        assert report.objects == 6
        structure = check(repository, read_data=False)
        assert bool(structure.damaged) == (not hit)
    finally:
        flip(pack, offset, mask)
    assert not check(repository).damaged


def test_damage_to_index_and_frame_at_once(place: Path, repository: Repository) -> None:
    ids = store(repository, map(content, range(1, 8)))
    [pack] = packs(place)
    spot = repository._index.find(ids[3])
    assert spot is not None
    flip(pack, spot.offset + 1)
    flip(pack, pack.stat().st_size - 60)
    report = check(repository)
    assert [d.object for d in report.damaged] == [ids[3].hex(), ""]
    assert report.objects == 7
    assert "6 object(s) in it are whole, 1 lost" in report.damaged[1].why


def test_a_cut_off_pack(place: Path, repository: Repository) -> None:
    ids = store(repository, map(content, range(1, 8)))
    [pack] = packs(place)
    spot = repository._index.find(ids[4])
    assert spot is not None
    os.truncate(pack, spot.offset + FRAME_SIZE + 5)
    for read_data in (True, False):
        report = check(repository, read_data)
        assert {d.object for d in report.damaged} == {"", *(oid.hex() for oid in ids[4:])}


@pytest.mark.parametrize("index", ["kept", "lost"])
def test_a_pack_of_random_bytes(place: Path, reopen: Reopen, index: str) -> None:
    ids = store(reopen(), map(content, range(1, 8)))
    whole = store(reopen(), [content(99)])
    reopen().close()
    pack = max(packs(place), key=lambda path: path.stat().st_size)
    pack.write_bytes(os.urandom(20_000))
    if index == "lost":
        (place / "own" / "index.sqlite").unlink()
    repository = reopen()
    report = check(repository)
    assert {d.pack for d in report.damaged} == {pack.stem}
    assert {d.object for d in report.damaged} - {""} == ({oid.hex() for oid in ids} if index == "kept" else set())
    assert repository.missing(ids) == ([] if index == "kept" else ids)
    assert repository.read(whole[0]) == content(99)


def test_a_missing_pack(place: Path, reopen: Reopen) -> None:
    repository = reopen()
    store(repository, [content(1)])
    store(repository, [content(2)])
    gone = packs(place)[0]
    gone.unlink()
    assert check(repository).missing_packs == (gone.stem,)
    assert check(reopen()).missing_packs == (gone.stem,)


def test_a_pack_under_another_name(place: Path, repository: Repository) -> None:
    store(repository, [content(1)])
    [pack] = packs(place)
    other = pack.with_name(pack.stem[:-4] + "0000.pack")
    pack.rename(other)
    report = check(repository)
    assert report.missing_packs == (pack.stem,)
    assert [d.pack for d in report.damaged] == [other.stem]


@pytest.mark.parametrize(
    "lie",
    [
        "UPDATE objects SET stored = stored + 1 WHERE kind = 1",
        "UPDATE objects SET offset = offset + 1 WHERE kind = 2",
        "DELETE FROM objects WHERE kind = 1",
        "UPDATE packs SET objects = objects + 1",
        "INSERT INTO objects VALUES (x'0102', 1, 8, 1, 1, 1); UPDATE packs SET objects = objects + 1 WHERE number = 1",
    ],
)
def test_an_index_that_lies_is_built_again(repository: Repository, lie: str) -> None:
    ids = store(repository, map(content, range(5))) + store(repository, map(content, range(5, 9)), Kind.TREE)
    with repository._index._writing:
        repository._index._writer.executescript(lie)
    report = check(repository, read_data=False)
    assert report.damaged == ()
    assert "index" in report.notes[0]
    assert check(repository) == CheckReport(9, repository.stored_size(ids))
    assert len(dict(repository.read_many(ids))) == 9


def test_rebuilding_the_index(repository: Repository) -> None:
    ids = store(repository, map(content, range(5)))
    usage = repository.usage()
    reporter = Counting()
    repository.rebuild_index(reporter)
    assert reporter.items == 1
    assert repository.usage()[:4] == usage[:4]
    assert repository.missing(ids) == []
    more = store(repository, map(content, range(5, 9)))
    assert len(dict(repository.read_many(ids + more))) == 9


def test_condemned_copies_are_noted_not_damage(place: Path, repository: Repository) -> None:
    ids = store(repository, map(content, range(1, 5)))
    spot = repository._index.find(ids[2])
    assert spot is not None
    [pack] = packs(place)
    flip(pack, spot.offset + 70)
    assert [d.object for d in check(repository).damaged] == [ids[2].hex()]
    repository.condemn([ids[2]])
    report = check(repository)
    assert (report.damaged, len(report.notes)) == ((), 1)
    store(repository, [content(3)])
    report = check(repository)
    assert (report.damaged, len(report.notes)) == ((), 1)
    assert repository.read(ids[2]) == content(3)


def test_a_cancelled_check_ends(repository: Repository) -> None:
    for number in range(30):
        store(repository, [content(number)])

    class Ending(Counting):
        def check(self) -> None:
            if self.items > 5:
                raise Cancelled

    reporter = Ending()
    with pytest.raises(Cancelled):
        repository.check(read_data=True, reporter=reporter)
    assert reporter.items < 30


def test_checks_while_others_write(repository: Repository) -> None:
    stop = threading.Event()
    failures: list[BaseException] = []

    def write() -> None:
        number = 1000
        try:
            while not stop.is_set():
                store(repository, [content(number), content(number + 1)], Kind(1 + number % 2))
                number += 2
        except BaseException as error:
            failures.append(error)

    thread = threading.Thread(target=write)
    thread.start()
    try:
        for _ in range(10):
            report = check(repository)
            assert (report.damaged, report.notes, report.missing_packs) == ((), (), ())
    finally:
        stop.set()
        thread.join()
    assert not failures
