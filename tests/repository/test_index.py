from __future__ import annotations

import contextlib
import os
import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from console.domain.objects import Kind
from console.repository.index import Index
from console.repository.pack import PackEntry
from console.repository.places import NewPack, Totals, in_lists


def oid(number: int) -> bytes:
    return number.to_bytes(4, "big") * 8


def a_pack(name: str, numbers: range, kind: Kind = Kind.CHUNK) -> NewPack:
    return name, 1000, [PackEntry(oid(n), 8 + n * 100, 40, 50, kind, 0, 0) for n in numbers]


ALL = [a_pack("one", range(1, 2001)), a_pack("two", range(2001, 2011), Kind.RECORD)]


@pytest.fixture
def index(tmp_path: Path) -> Iterator[Index]:
    index = Index(tmp_path / "index.sqlite", lambda: ALL)
    yield index
    index.close()


def test_finds_what_was_added(index: Index) -> None:
    assert index.add(ALL) == []
    place = index.find(oid(5))
    assert place is not None
    assert (index.name(place.pack), place.offset, place.stored, place.plain, place.kind) == ("one", 508, 40, 50, 1)
    assert index.has(oid(2005))
    assert index.find(oid(9999)) is None
    assert not index.has(oid(9999))
    assert index.totals() == Totals(2010, 2000, 2010 * 50, 2)


@pytest.mark.parametrize("count", [0, 1, 2, 3, 31, 512, 513, 1500])
def test_asks_for_many_at_once(index: Index, count: int) -> None:
    index.add(ALL)
    here = [oid(n) for n in range(1, count + 1)]
    gone = [oid(n + 100_000) for n in range(count)]
    assert index.known(here + gone) == set(here)
    assert {place.id for place in index.find_many(here + here + gone)} == set(here)
    assert len(index.find_many(here + here)) == count


def test_lists_have_few_lengths() -> None:
    lengths = set()
    for count in range(1, 1200):
        ids = [oid(n) for n in range(count)]
        parts = list(in_lists(ids))
        assert list(dict.fromkeys(x for part in parts for x in part)) == ids
        lengths |= {len(part) for part in parts}
    assert lengths == {1 << n for n in range(10)}


def test_ids_by_kind(index: Index) -> None:
    index.add(ALL)
    assert list(index.ids_of(Kind.RECORD)) == [oid(n) for n in range(2001, 2011)]
    assert len(list(index.ids_of(Kind.CHUNK))) == 2000
    assert list(index.ids_of(Kind.ROOT)) == []
    assert [o for o, _ in index.sweep()] == [oid(n) for n in range(1, 2011)]


def test_records_are_found_without_looking_at_every_object(index: Index) -> None:
    index.add(ALL)
    plan = index._all(
        "EXPLAIN QUERY PLAN SELECT id FROM objects WHERE kind = 5 AND kind >= 4 AND id > ? ORDER BY id", (b"",)
    )
    assert "rare_kinds" in str(plan)


def test_the_second_copy_is_refused_and_told(index: Index) -> None:
    index.add([a_pack("one", range(1, 4))])
    [refused] = index.add([a_pack("two", range(3, 6))])
    assert (refused.id, index.name(refused.pack)) == (oid(3), "two")
    assert index.totals() == Totals(5, 2000, 250, 2)
    assert {name: pack.objects for name, pack in index.packs().items()} == {"one": 3, "two": 2}
    index.repoint([refused])
    place = index.find(oid(3))
    assert place is not None
    assert index.name(place.pack) == "two"
    assert {name: pack.objects for name, pack in index.packs().items()} == {"one": 2, "two": 3}


def test_adding_again_changes_nothing(index: Index) -> None:
    index.add(ALL)
    before = index.totals()
    assert index.add(ALL) == []
    assert index.totals() == before


def test_strikes_packs(index: Index) -> None:
    index.add(ALL)
    index.strike(["one", "never heard of"])
    assert not index.has(oid(5))
    assert index.has(oid(2005))
    assert index.totals() == Totals(10, 1000, 500, 1)


def test_condemned_objects_are_missing_and_may_come_again(index: Index) -> None:
    index.add([a_pack("one", range(1, 4))])
    index.condemn([oid(2), oid(77)])
    assert not index.has(oid(2))
    assert index.totals().objects == 2
    [(condemned, _)] = index.condemned()
    assert condemned == oid(2)
    index.add([a_pack("two", range(2, 3))])
    assert index.has(oid(2))


def test_is_there_again_after_opening(tmp_path: Path) -> None:
    index = Index(tmp_path / "index.sqlite", list)
    index.add(ALL)
    totals = index.totals()
    index.close()
    assert sorted(os.listdir(tmp_path)) == ["index.sqlite"]
    index = Index(tmp_path / "index.sqlite", list)
    assert index.totals() == totals
    assert index.has(oid(7))
    index.close()


@pytest.mark.parametrize("spoilt", [b"", b"random bytes" * 1000, None])
def test_begins_anew_when_it_is_not_sound(tmp_path: Path, spoilt: bytes | None) -> None:
    path = tmp_path / "index.sqlite"
    index = Index(path, list)
    index.add(ALL)
    index.close()
    path.unlink()
    if spoilt is not None:
        path.write_bytes(spoilt)
    path.with_name("index.sqlite-wal").write_bytes(b"old log")
    index = Index(path, list)
    assert index.totals() == Totals()
    index.add(ALL)
    assert index.has(oid(1))
    index.close()


def test_another_revision_is_thrown_away(tmp_path: Path) -> None:
    path = tmp_path / "index.sqlite"
    index = Index(path, list)
    index.add(ALL)
    index.close()
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    index = Index(path, list)
    assert index.totals() == Totals()
    index.close()


@pytest.mark.parametrize(("was", "now"), [("offset INTEGER", "offreT INTEGER"), ("kind >= 4", "kind >= 5")])
def test_other_tables_than_its_own_are_thrown_away(tmp_path: Path, was: str, now: str) -> None:
    path = tmp_path / "index.sqlite"
    index = Index(path, list)
    index.add(ALL)
    index.close()
    content = path.read_bytes()
    assert content.count(was.encode()) == 1
    path.write_bytes(content.replace(was.encode(), now.encode()))
    index = Index(path, list)
    assert index.totals() == Totals()
    index.close()


def spoil(path: Path, share: float) -> None:
    """The last `share` of the file."""
    size = path.stat().st_size
    with path.open("r+b") as file:
        file.seek(int(size * (1 - share)))
        file.write(os.urandom(int(size * share)))


@pytest.mark.parametrize("share", [0.99, 0.5, 0.2])
@pytest.mark.parametrize("ask", ["find", "known", "sweep", "add"])
def test_damage_is_healed_from_the_packs(tmp_path: Path, ask: str, share: float) -> None:
    path = tmp_path / "index.sqlite"
    index = Index(path, lambda: ALL)
    index.add(ALL)
    index.close()
    spoil(path, share)
    index = Index(path, lambda: ALL)
    if share > 0.9:  # met at opening already
        assert index.totals() == Totals()
        index.add(ALL)
    answers = {
        "find": lambda: all(index.has(oid(n)) for n in range(1, 2011)),
        "known": lambda: len(index.known([oid(n) for n in range(1, 2011)])) == 2010,
        "sweep": lambda: len(list(index.sweep())) == 2010,
        "add": lambda: index.add([a_pack(f"p{n}", range(n * 50, n * 50 + 50)) for n in range(100)]) is not None,
    }
    assert answers[ask]()
    assert index.has(oid(1))
    index.close()


def test_a_name_that_is_no_text_is_damage(tmp_path: Path) -> None:
    path = tmp_path / "index.sqlite"
    index = Index(path, lambda: ALL)
    index.add(ALL)
    index._writer.execute("UPDATE packs SET name = CAST(x'ff80' AS TEXT) WHERE number = 1")
    assert len(index.packs()) == 2, "built again from the packs"
    index._writer.execute("UPDATE packs SET name = CAST(x'ff80' AS TEXT) WHERE number = 1")
    index.close()
    index = Index(path, lambda: ALL)
    assert index.totals() == Totals()
    index.close()


def test_a_change_that_fails_leaves_nothing(index: Index) -> None:
    class Broken(list[PackEntry]):
        def __iter__(self) -> Iterator[PackEntry]:
            raise RuntimeError("no")

    with pytest.raises(RuntimeError):
        index.add([("one", 10, Broken([ALL[0][2][0]]))])
    assert index.packs() == {}
    index.add(ALL)
    assert index.totals().packs == 2


def test_many_threads_ask_while_one_adds(index: Index) -> None:
    failures: list[BaseException] = []
    done = threading.Event()

    def ask() -> None:
        try:
            met: set[bytes] = set()
            while not done.is_set():
                known = index.known([oid(n) for n in range(1, 400)])
                assert known >= met
                met = known
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=ask) for _ in range(3)]
    for thread in threads:
        thread.start()
    for start in range(0, 2000, 100):
        index.add([a_pack(f"pack {start}", range(max(start, 1), start + 100))])
    done.set()
    for thread in threads:
        thread.join()
    assert not failures
    assert len(index.known([oid(n) for n in range(1, 400)])) == 399


@pytest.mark.parametrize("how", ["strike", "condemn", "exchange", "rebuild", "begun anew"])
def test_trees_are_whole_until_something_goes(index: Index, tmp_path: Path, how: str) -> None:
    index.add(ALL)
    index.note_whole([oid(2001), oid(2002)], index.losses)
    index.add([a_pack("three", range(3000, 3010))])
    assert index.is_whole(oid(2001))
    assert not index.is_whole(oid(2003))
    before = index.losses
    if how == "strike":
        index.strike(["two"])
    elif how == "condemn":
        index.condemn([oid(5)])
    elif how == "exchange":
        index.exchange({"two": [oid(n) for n in range(2001, 2011)]}, [])
    elif how == "rebuild":
        index.rebuild(ALL)
    else:
        (tmp_path / "other.sqlite").touch()
        with contextlib.closing(Index(tmp_path / "other.sqlite", lambda: ALL)) as other:
            assert not other.is_whole(oid(2001))
        return
    assert not index.is_whole(oid(2001))
    index.note_whole([oid(2001)], before)  # by one who began before that
    assert not index.is_whole(oid(2001))
    index.note_whole([oid(2001)], index.losses)
    assert index.is_whole(oid(2001))


def test_whole_trees_are_known_after_opening_again(tmp_path: Path) -> None:
    with contextlib.closing(Index(tmp_path / "index.sqlite", lambda: ALL)) as index:
        index.add(ALL)
        index.note_whole([oid(2001)], index.losses)
    with contextlib.closing(Index(tmp_path / "index.sqlite", lambda: ALL)) as index:
        assert index.is_whole(oid(2001))
