"""Parity: what is damaged in a pack, wherever and whatever, is made true again or honestly not."""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from console.domain.errors import Cancelled, Failed
from console.domain.objects import Kind
from console.domain.progress import Silent
from console.repository import Repository
from console.repository.pack import PackReader, proven
from console.repository.parity import Mend, ParityDamaged, plan, read_sheet, write
from console.repository.storage import MemoryStorage
from tests.repository.builders import content, flip, packs, store
from tests.repository.conftest import CREATED
from tests.support.faulty_storage import Faults

Reopen = Callable[[], Repository]
NAME = "0123456789abcdef" * 2
ANYTIME = settings(deadline=None, max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])


def put(storage: MemoryStorage, raw: bytes, *, parity: bool = False) -> None:
    sink = storage.begin()
    sink.write(0, [raw])
    sink.finish(NAME, parity=parity)


def made(size: int, percent: int) -> MemoryStorage:
    storage = MemoryStorage()
    put(storage, random.Random(size).randbytes(size))
    with storage.open(NAME) as pack:
        sink = storage.begin()
        write(plan(NAME, size, percent), pack, sink)
        sink.finish(NAME, parity=True)
    return storage


def mended(storage: MemoryStorage) -> bytes | None:
    with storage.open(NAME) as pack, storage.open(NAME, parity=True) as parity:
        mend = Mend(read_sheet(parity, NAME), pack, parity)
        if not mend.can:
            return None
        out = bytearray(mend.sheet.size)
        for offset, piece in mend.pieces():
            out[offset : offset + len(piece)] = piece
        return bytes(out)


@pytest.mark.parametrize("size", [1, 511, 512, 513, 25_600, 25_601, 300_000, 4_000_000])
@pytest.mark.parametrize("percent", [1, 10, 100])
def test_any_shards_up_to_as_many_as_there_is_parity_are_given_back(size: int, percent: int) -> None:
    storage = made(size, percent)
    whole = storage.finished[NAME]
    sheet = plan(NAME, size, percent)
    assert len(storage.parity[NAME]) == sheet.file_size
    assert 1 <= sheet.data <= 50
    assert sheet.parity * 100 >= sheet.data * percent
    rng = random.Random(percent)
    hurt = bytearray(whole)
    for number in rng.sample(range(sheet.data), min(sheet.parity, sheet.data)):
        hurt[min(number * sheet.shard + rng.randrange(sheet.shard), size - 1)] ^= 1 << rng.randrange(8)
    put(storage, bytes(hurt))
    assert mended(storage) == whole


def test_one_shard_too_many_is_not_made_up() -> None:
    storage = made(300_000, 10)
    sheet = plan(NAME, 300_000, 10)
    hurt = bytearray(storage.finished[NAME])
    for number in range(sheet.parity + 1):
        hurt[number * sheet.shard] ^= 1
    put(storage, bytes(hurt))
    assert mended(storage) is None


@ANYTIME
@given(st.data())
def test_flips_and_cuts_anywhere_in_both_files_give_the_pack_or_nothing(data: st.DataObject) -> None:
    size = data.draw(st.integers(1, 60_000))
    storage = made(size, data.draw(st.integers(1, 40)))
    whole = storage.finished[NAME]
    for files in (storage.finished, storage.parity):
        raw = bytearray(files[NAME])
        for _ in range(data.draw(st.integers(0, 3))):
            raw[data.draw(st.integers(0, len(raw) - 1))] ^= 1 << data.draw(st.integers(0, 7))
        if data.draw(st.booleans()):
            raw = raw[: data.draw(st.integers(0, len(raw)))]
        files[NAME] = bytes(raw) + b"x" * data.draw(st.integers(0, 2))
    try:
        found = mended(storage)
    except ParityDamaged:
        return
    assert found in (whole, None)


@ANYTIME
@given(st.data())
def test_one_damage_to_a_parity_file_never_costs_its_sheet(data: st.DataObject) -> None:
    storage = made(30_000, 10)
    raw = bytearray(storage.parity[NAME])
    where = data.draw(st.integers(0, len(raw) - 1))
    if data.draw(st.booleans()):
        raw[where] ^= 1 << data.draw(st.integers(0, 7))
    else:
        raw = raw[: max(where, plan(NAME, 30_000, 10).length)]
    storage.parity[NAME] = bytes(raw)
    assert mended(storage) == storage.finished[NAME]


# ------------------------------------------------------------------------------------------ in a repository


@pytest.fixture
def guarded(place: Path) -> Repository:
    """A repository with two packs and their parity, open; closed by `reopen` of the test that needs it."""
    with Repository.create(place, id="a1b2", created=CREATED, parity=10) as repository:
        store(repository, map(content, range(1, 40)))
        store(repository, map(content, range(40, 60)), Kind.TREE)
    return repository


def parities(place: Path) -> list[Path]:
    return sorted((place / "own" / "packs").rglob("*.parity"))


def everything(repository: Repository) -> dict[bytes, bytes]:
    ids = [*repository.records(Kind.CHUNK), *repository.records(Kind.TREE)]
    return dict(repository.read_many(ids))


def test_each_pack_gets_parity_when_the_repository_wants_it(guarded: Repository, place: Path) -> None:
    assert guarded.parities.percent == 10
    assert [path.stem for path in parities(place)] == [path.stem for path in packs(place)]
    with Repository.open(place) as again:
        assert again.parities.percent == 10
        assert again.parities.used() == (2, sum(path.stat().st_size for path in parities(place)))
        assert again.mending.look_after_parity(Silent(), read_data=True) == (0, 0, 0)


def test_none_does_unless_it_is_wanted_and_old_packs_get_it_later(place: Path, reopen: Reopen) -> None:
    store(reopen(), map(content, range(9)))
    repository = reopen()
    assert parities(place) == []
    assert repository.mending.look_after_parity(Silent()) == (0, 0, 0)
    repository.set_parity(20)
    assert repository.mending.look_after_parity(Silent()) == (1, 0, 0)
    assert reopen().parities.percent == 20
    reopen().set_parity(0)
    assert reopen().parities.percent == 0
    assert reopen().parities.drop() == 1
    assert parities(place) == []


@settings(deadline=None, max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_a_flip_or_cut_anywhere_in_a_pack_is_read_past_and_mended(
    guarded: Repository, place: Path, data: st.DataObject
) -> None:
    pack = data.draw(st.sampled_from(packs(place)))
    whole = pack.read_bytes()
    with Repository.open(place) as repository:
        before = everything(repository)
    where = data.draw(st.integers(0, len(whole) - 1))
    if data.draw(st.booleans()):
        flip(pack, where, 1 << data.draw(st.integers(0, 7)))
    else:
        os.truncate(pack, max(where, len(whole) - len(whole) // 13))
    try:
        with Repository.open(place) as repository:
            assert everything(repository) == before, "read past it, as if nothing had happened"
            report = repository.check(read_data=True, reporter=Silent())
            hurt = {damage.pack for damage in report.damaged}
            assert hurt in ({pack.stem}, set())
            assert hurt or pack.read_bytes() == whole
            repository.condemn([bytes.fromhex(damage.object) for damage in report.damaged if damage.object])
            assert repository.mending.mend(hurt, Silent()) == sorted(hurt)
            assert pack.read_bytes() == whole
            assert repository.check(read_data=True, reporter=Silent()).damaged == ()
            assert repository.mending.condemned() == set()
            assert everything(repository) == before
    finally:
        pack.write_bytes(whole)


def test_what_is_read_past_is_remembered_as_a_wound(guarded: Repository, place: Path) -> None:
    with Repository.open(place) as repository:
        oid = next(repository.records(Kind.CHUNK))
        spot = repository._index.find(oid)
        assert spot is not None
        pack = place / "own" / "packs" / (name := repository._index.name(spot.pack))[:2] / f"{name}.pack"
        assert not repository.wounds
        flip(pack, spot.offset + 70)
        repository.read(oid)
        list(repository.frames([oid]))
        assert repository.wounds.take() == {name: {oid}}
        assert not repository.wounds
        assert repository.mending.mend([name], Silent()) == [name]
        repository.read(oid)
        assert not repository.wounds


def test_beyond_parity_nothing_wrong_is_ever_read(guarded: Repository, place: Path) -> None:
    pack = max(packs(place), key=lambda path: path.stat().st_size)
    raw = bytearray(pack.read_bytes())
    for at in range(100, len(raw) - 5000, 1000):
        raw[at] ^= 1
    pack.write_bytes(raw)
    with Repository.open(place) as repository:
        assert repository.mending.mend([pack.stem], Silent()) == []
        assert pack.read_bytes() == raw
        damaged = 0
        for number in range(1, 40):
            oid = next((oid for oid in repository.records(Kind.CHUNK) if oid[0] % 39 == number - 1), None)
            if oid is not None:
                try:
                    repository.read(oid)
                except Failed as known:
                    damaged += known.failure.code == "object-damaged"
        assert damaged


def test_a_pack_that_is_gone_comes_back_where_there_is_as_much_parity(place: Path) -> None:
    with Repository.create(place, id="a1b2", created=CREATED, parity=100) as repository:
        ids = store(repository, map(content, range(9)))
    [pack] = packs(place)
    whole = pack.read_bytes()
    pack.unlink()
    with Repository.open(place) as repository:
        assert repository.missing_packs == (pack.stem,)
        assert repository.missing(ids) == ids
        assert repository.mending.mend([pack.stem], Silent()) == [pack.stem]
        assert repository.missing(ids) == []
        assert repository.missing_packs == ()
    assert pack.read_bytes() == whole


def test_damaged_parity_is_made_again_and_left_over_parity_goes(guarded: Repository, place: Path) -> None:
    first, second = parities(place)
    whole = first.read_bytes()
    flip(first, len(whole) // 2)
    flip(second, 3)
    with Repository.open(place) as repository:
        assert repository.mending.look_after_parity(Silent()) == (0, 0, 0), "the sheet at the other end is true"
        assert repository.mending.look_after_parity(Silent(), read_data=True) == (0, 2, 0)
        assert first.read_bytes() == whole
        packs(place)[0].unlink()
        assert repository.mending.look_after_parity(Silent()) == (0, 0, 1)
    assert parities(place) == [second]


def test_deleting_a_pack_deletes_its_parity(guarded: Repository, place: Path) -> None:
    guarded._storage.delete(packs(place)[0].stem)
    assert len(packs(place)) == len(parities(place)) == 1


def test_a_damaged_pack_gets_no_parity_that_would_keep_the_damage(place: Path, reopen: Reopen) -> None:
    repository = reopen()
    store(repository, map(content, range(9)))
    [pack] = packs(place)
    flip(pack, 200)
    repository.set_parity(10)
    assert repository.mending.look_after_parity(Silent()) == (0, 0, 0)
    assert parities(place) == []


def test_a_disk_without_room_for_parity_costs_no_backup(faulty: Repository, faults: Faults, place: Path) -> None:
    faulty.set_parity(10)
    faults.sink, faults.error = 2, 28
    ids = store(faulty, map(content, range(9)))
    faulty.parities.close()
    assert parities(place) == []
    assert faulty.missing(ids) == []


def test_mending_cut_at_any_step_leaves_the_damaged_or_the_whole_pack(
    faulty: Repository, faults: Faults, place: Path
) -> None:
    faulty.set_parity(10)
    store(faulty, map(content, range(30)))
    faulty.parities.close()
    [pack] = packs(place)
    whole = pack.read_bytes()
    flip(pack, 900)
    hurt = pack.read_bytes()
    for call in ("begin", "write", "finish"):
        faults.error, faults.only = 5, frozenset({call})
        with pytest.raises(Failed) as raised:
            faulty.mending.mend([pack.stem], Silent())
        assert raised.value.failure.code == "repository-unwritable"
        assert pack.read_bytes() == hurt
    # After the rename, before anybody heard of it.
    faults.error, faults.only = 5, frozenset({"finished"})
    with pytest.raises(Failed):
        faulty.mending.mend([pack.stem], Silent())
    faults.error = None
    assert pack.read_bytes() == whole
    assert faulty.mending.mend([pack.stem], Silent()) == [pack.stem]
    with faulty._storage.open(pack.stem) as file:
        assert len(proven(PackReader(file.read, file.size), pack.stem)) == 30


def test_another_copy_in_the_same_repository_is_found(place: Path, repository: Repository) -> None:
    [oid] = store(repository, [content(1)])
    [pack] = packs(place)
    flip(pack, 80)
    repository.condemn([oid])
    store(repository, [content(1), content(2)])
    flip(pack, 80)
    second = next(path for path in packs(place) if path != pack)
    flip(second, 80)
    assert not repository.mending.is_true(oid)
    assert repository.mending.copies([oid], Silent()) == {oid}
    assert repository.mending.is_true(oid)
    assert repository.read(oid) == content(1)


# ------------------------------------------------------------------------------------------ and the limit


def taken(place: Path) -> int:
    return sum(path.stat().st_size for path in [*packs(place), *parities(place)])


@pytest.mark.parametrize("each", [1, 40], ids=["many small packs", "few packs"])
def test_packs_and_their_parity_stay_within_the_limit(place: Path, each: int) -> None:
    limit = 2_000_000
    with Repository.create(place, id="a1b2", created=CREATED, parity=50) as repository:
        repository.set_limit(limit)

        def fill() -> None:
            for number in range(0, 4000, each):
                store(repository, [random.Random(k).randbytes(20_000) for k in range(number, number + each)])

        with pytest.raises(Failed, match="limit") as full:
            fill()
        assert full.value.failure.code == "repository-full"
    assert len(parities(place)) == len(packs(place))
    assert limit * 0.8 < taken(place) <= limit
    with Repository.open(place) as repository:
        repository.set_limit(limit)
        assert repository.usage().free_bytes < 100_000
        for name in [path.stem for path in packs(place)]:
            repository._storage.delete(name)
        repository.rebuild_index(Silent())
        assert repository.usage().free_bytes > 1_000_000, "the room of parity came back with its packs"


def test_parity_that_comes_later_stays_within_the_limit_and_says_so(place: Path) -> None:
    with Repository.create(place, id="a1b2", created=CREATED) as repository:
        for number in range(10):
            store(repository, [random.Random(number).randbytes(100_000)])
        repository.set_parity(20)
        repository.set_limit(taken(place) + 60_000)
        with pytest.raises(Failed, match="no parity: the limit") as full:
            repository.mending.look_after_parity(Silent())
        assert full.value.failure.code == "repository-full"
        assert 0 < len(parities(place)) < 10
        assert taken(place) <= 1_060_000 + 10_000
        repository.set_limit(None)
        made, again, dropped = repository.mending.look_after_parity(Silent())
        assert (again, dropped) == (0, 0)
        assert made > 0
    assert len(parities(place)) == 10


def test_packs_that_a_reclaim_writes_get_parity_even_when_it_is_cut_short(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("console.repository.sweep.PACK_BYTES", 50_000)  # a new pack for each old one
    with Repository.create(place, id="a1b2", created=CREATED, parity=10) as repository:
        batches = [store(repository, (content(n * 100 + k, 20_000) for k in range(10))) for n in range(3)]
        before = {path.stem for path in packs(place)}

        class Once(Silent):
            def check(self) -> None:
                if {path.stem for path in packs(place)} - before:
                    raise Cancelled

        with repository.reclaim() as work:
            work.marks.add([oid for some in batches for oid in some[:3]])
            plan = work.plan(small=0)
            with pytest.raises(Cancelled):
                work.run(plan, Once())
    new = {path.stem for path in packs(place)} - before
    assert len(new) == 1
    assert {path.stem for path in parities(place)} >= new
