"""What every place for packs must do."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from console.repository.storage import LocalStorage, MemoryStorage, PackStorage, local
from tests.support.faulty_storage import Faults, FaultyStorage

NAME = "0123456789abcdef" * 2
OTHER = "fedcba9876543210" * 2


@pytest.fixture(params=["local", "memory", "faulty"])
def storage(request: pytest.FixtureRequest, tmp_path: Path) -> PackStorage:
    if request.param == "memory":
        return MemoryStorage()
    local = LocalStorage(tmp_path / "own")
    return FaultyStorage(local, Faults()) if request.param == "faulty" else local


def put(storage: PackStorage, name: str, content: bytes) -> None:
    sink = storage.begin()
    sink.write(0, [content])
    sink.finish(name)


def content(storage: PackStorage, name: str) -> bytes:
    with storage.open(name) as pack:
        return pack.read(0, pack.size)


def test_a_finished_pack_is_there_as_it_was_written(storage: PackStorage) -> None:
    put(storage, NAME, b"frames")
    assert list(storage.names()) == [NAME]
    assert storage.size(NAME) == 6
    assert content(storage, NAME) == b"frames"


def test_pieces_land_where_they_belong_in_any_order(storage: PackStorage) -> None:
    sink = storage.begin()
    sink.write(6, [b"two", memoryview(b"three")])
    sink.write(0, [b"0", b"1", b"2345"])
    sink.finish(NAME)
    assert content(storage, NAME) == b"012345twothree"


def test_thousands_of_pieces_at_once(storage: PackStorage) -> None:
    pieces = [b"%05d" % number for number in range(5000)]
    sink = storage.begin()
    sink.write(0, pieces)
    sink.write(25000, [])
    sink.finish(NAME)
    assert content(storage, NAME) == b"".join(pieces)


def test_reads_a_part_and_less_at_the_end(storage: PackStorage) -> None:
    put(storage, NAME, b"0123456789")
    with storage.open(NAME) as pack:
        assert pack.size == 10
        assert pack.read(3, 4) == b"3456"
        assert pack.read(8, 10) == b"89"
        assert pack.read(10, 1) == b""


def test_an_unfinished_pack_is_seen_by_nobody(storage: PackStorage) -> None:
    sink = storage.begin()
    sink.write(0, [b"half"])
    assert list(storage.names()) == []
    sink.abandon()
    assert list(storage.names()) == []
    assert storage.clear() == 0


def test_clear_drops_what_was_never_finished(storage: PackStorage) -> None:
    for _ in range(3):
        storage.begin().write(0, [b"half"])
    put(storage, NAME, b"whole")
    assert storage.clear() == 3
    assert storage.clear() == 0
    assert content(storage, NAME) == b"whole"


def test_abandoning_a_finished_pack_does_nothing(storage: PackStorage) -> None:
    sink = storage.begin()
    sink.write(0, [b"whole"])
    sink.finish(NAME)
    sink.abandon()
    assert content(storage, NAME) == b"whole"


def test_delete(storage: PackStorage) -> None:
    put(storage, NAME, b"one")
    put(storage, OTHER, b"two")
    storage.delete(NAME)
    assert list(storage.names()) == [OTHER]


def test_what_is_not_there(storage: PackStorage) -> None:
    for ask in (storage.size, storage.delete, lambda name: content(storage, name)):
        with pytest.raises(FileNotFoundError):
            ask(NAME)


def test_the_same_pack_twice(storage: PackStorage) -> None:
    put(storage, NAME, b"same")
    put(storage, NAME, b"same")
    assert list(storage.names()) == [NAME]
    assert content(storage, NAME) == b"same"


def test_a_finished_pack_replaces_the_one_of_its_name_and_who_reads_the_old_one_goes_on(storage: PackStorage) -> None:
    put(storage, NAME, b"damaged")
    with storage.open(NAME) as before:
        put(storage, NAME, b"mended!!")
        assert before.read(0, 7) == b"damaged"
    assert content(storage, NAME) == b"mended!!"


def put_parity(storage: PackStorage, name: str, content: bytes) -> None:
    sink = storage.begin()
    sink.write(0, [content])
    sink.finish(name, parity=True)


def test_parity_lies_beside_its_pack_and_is_no_pack(storage: PackStorage) -> None:
    put(storage, NAME, b"frames")
    assert list(storage.parities()) == []
    put_parity(storage, NAME, b"parity of it")
    assert (list(storage.names()), list(storage.parities())) == ([NAME], [NAME])
    assert content(storage, NAME) == b"frames"
    with storage.open(NAME, parity=True) as parity:
        assert (parity.size, parity.read(0, 100)) == (12, b"parity of it")
    assert (storage.size(NAME), storage.size(NAME, parity=True)) == (6, 12)


def test_parity_goes_with_its_pack_or_by_itself(storage: PackStorage) -> None:
    for name in (NAME, OTHER):
        put(storage, name, b"frames")
        put_parity(storage, name, b"parity")
    storage.delete(NAME)
    storage.delete_parity(OTHER)
    assert (list(storage.names()), list(storage.parities())) == ([OTHER], [])
    for ask in (storage.delete_parity, lambda name: storage.size(name, parity=True)):
        with pytest.raises(FileNotFoundError):
            ask(OTHER)


def test_parity_may_outlive_a_pack_that_was_lost(storage: PackStorage) -> None:
    put_parity(storage, NAME, b"parity")
    assert (list(storage.names()), list(storage.parities())) == ([], [NAME])


def test_parity_that_was_never_finished_is_dropped(storage: PackStorage) -> None:
    storage.begin().write(0, [b"half"])
    assert storage.clear() == 1
    assert list(storage.parities()) == []


def test_says_how_much_is_free(storage: PackStorage) -> None:
    assert storage.free() > 0
    assert storage.place


def test_strange_files_beside_packs_are_passed_over(tmp_path: Path) -> None:
    storage = LocalStorage(tmp_path / "own")
    put(storage, NAME, b"pack")
    packs = tmp_path / "own" / "packs"
    (packs / "README").write_text("?")
    (packs / "01" / "notes.txt").write_text("?")
    (packs / "01" / "01.pack").write_text("?")
    (packs / "01" / f"{OTHER}.pack").write_text("in the wrong directory")
    assert list(storage.names()) == [NAME]


def test_local_packs_are_synced_before_they_are_renamed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    steps: list[str] = []
    for owner, step in ((local, "_sync"), (os, "replace"), (os, "fsync")):
        real = getattr(owner, step)

        def seen(*args: object, step: str = step, real: Callable[..., None] = real) -> None:
            steps.append(step)
            real(*args)

        monkeypatch.setattr(owner, step, seen)
    storage = LocalStorage(tmp_path / "own")
    put(storage, NAME, b"first of its directory")
    steps.clear()
    put(storage, "01" + OTHER[2:], b"second")
    assert steps == ["_sync", "replace", "fsync"]
