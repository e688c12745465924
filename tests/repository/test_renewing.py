"""The index read from the packs again, while all goes on with the one there is."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest

from console.domain.errors import Cancelled
from console.domain.progress import Silent
from console.repository import Repository
from console.repository.index import Index
from tests.repository.builders import content, flip, packs, store


class Impatient(Silent):
    """Wants an end after so many packs."""

    def __init__(self, most: int) -> None:
        self.most = most

    def check(self) -> None:
        self.most -= 1
        if self.most < 0:
            raise Cancelled


def test_what_a_lying_index_hides_is_found_again(repository: Repository) -> None:
    ids = store(repository, map(content, range(5)))
    with repository._index._writing:
        repository._index._writer.execute("DELETE FROM objects")
        repository._index._load()
    assert repository.missing(ids) == ids
    repository.rebuild_index(Silent())
    assert repository.missing(ids) == []
    assert len(dict(repository.read_many(ids))) == 5


def test_cancelled_it_has_changed_nothing(repository: Repository, place: Path) -> None:
    ids = store(repository, map(content, range(5))) + store(repository, map(content, range(5, 9)))
    with pytest.raises(Cancelled):
        repository.rebuild_index(Impatient(1))
    assert repository.missing(ids) == []
    assert [path.name for path in place.rglob("*.new*")] == []


def test_what_comes_and_goes_meanwhile_is_minded(repository: Repository, place: Path) -> None:
    first = store(repository, map(content, range(5)))
    late: list[bytes] = []

    class Busy(Silent):
        def advance(self, *, bytes: int = 0, items: int = 0, text: str | None = None) -> None:
            if not late:
                late.extend(store(repository, map(content, range(5, 9))))

    repository.rebuild_index(Busy())
    assert repository.missing(first + late) == []
    assert len(dict(repository.read_many(first + late))) == 9
    assert repository.check(read_data=False, reporter=Silent()).notes == ()


def test_what_was_struck_out_as_damaged_stays_so(repository: Repository, place: Path) -> None:
    ids = store(repository, map(content, range(1, 5)))
    spot = repository._index.find(ids[2])
    assert spot is not None
    [pack] = packs(place)
    flip(pack, spot.offset + 70)
    repository.condemn([ids[2]])
    repository.rebuild_index(Silent())
    assert repository.missing(ids) == [ids[2]]


def test_without_room_for_two_it_is_built_in_place(repository: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    ids = store(repository, map(content, range(5)))

    def full(index: Index) -> Index:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Index, "beside", full)
    repository.rebuild_index(Silent())
    assert repository.missing(ids) == []


def test_what_a_dead_process_left_is_thrown_away(repository: Repository, place: Path) -> None:
    ids = store(repository, map(content, range(5)))
    left = place / "own" / "index.sqlite.new"
    repository.close()
    left.write_bytes(b"half")
    with Repository.open(place) as again:
        assert not left.exists()
        assert again.missing(ids) == []
