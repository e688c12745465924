"""Readers and writers of one file, in many threads."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from console.catalog import Catalog
from tests.support import values
from tests.support.clock import FixedClock


@pytest.fixture
def catalog(tmp_path: Path) -> Iterator[Catalog]:
    with Catalog.open(tmp_path / "catalog.sqlite", FixedClock()) as made:
        yield made


def in_thread(work: object, *arguments: object) -> list[object]:
    """What another thread gets, waiting for it."""
    assert callable(work)
    got: list[object] = []
    thread = threading.Thread(target=lambda: got.append(work(*arguments)))
    thread.start()
    thread.join(120)
    assert not thread.is_alive(), "it waits for this thread"
    return got


def test_readers_do_not_wait_for_a_writer_and_see_only_what_is_committed(catalog: Catalog) -> None:
    catalog.settings.set("a", "old")
    with catalog.transaction():
        catalog.settings.set("a", "new")
        assert catalog.settings.get("a") == "new"
        assert in_thread(catalog.settings.get, "a") == ["old"]
    assert in_thread(catalog.settings.get, "a") == ["new"]


def test_more_readers_at_once_than_connections_are_kept(catalog: Catalog) -> None:
    catalog.machines.add(values.machine())
    count = 60
    meet, seen = threading.Barrier(count), []

    def read() -> None:
        # Each holds a connection until all of them have one.
        with catalog._database.read() as connection:
            connection.exec_driver_sql("SELECT * FROM machines").all()
            meet.wait(120)
            seen.append(True)

    threads = [threading.Thread(target=read) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(seen) == count


def test_a_transaction_belongs_to_its_thread(catalog: Catalog) -> None:
    """What another thread writes meanwhile waits, and is not undone with what this thread undoes."""
    wrote = threading.Event()

    def write() -> None:
        catalog.settings.set("theirs", "1")
        wrote.set()

    other = threading.Thread(target=write)

    def fail() -> None:
        with catalog.transaction():
            catalog.settings.set("ours", "1")
            other.start()
            assert not wrote.wait(0.1)
            raise LookupError("enough")

    with pytest.raises(LookupError):
        fail()
    other.join(120)
    assert catalog.settings.all() == {"theirs": "1"}


def test_closing_waits_for_whoever_writes(catalog: Catalog) -> None:
    inside, closed = threading.Event(), threading.Event()

    def close() -> None:
        inside.wait(120)
        catalog.close()
        closed.set()

    closer = threading.Thread(target=close)
    closer.start()
    with catalog.transaction():
        catalog.settings.set("a", "1")
        inside.set()
        assert not closed.wait(0.1)
        catalog.settings.set("b", "2")
    closer.join(120)
    assert closed.is_set()
