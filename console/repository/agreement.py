"""The index made to agree with the packs: what they say of themselves, and which of two copies is true."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Iterable, Iterator

from console.domain.progress import Reporter
from console.repository.failures import is_full
from console.repository.index import Index
from console.repository.pack import Gap, PackDamaged, PackReader
from console.repository.places import NewPack, Place
from console.repository.reading import Readers
from console.repository.storage import PackStorage

log = logging.getLogger(__name__)


def told(storage: PackStorage, names: Iterable[str] | None = None) -> Iterator[NewPack]:
    """What packs say of themselves; all of them by default. Raises OSError."""
    for name in storage.names() if names is None else names:
        try:
            with storage.open(name) as pack:
                reader = PackReader(pack.read, pack.size)
                try:
                    entries = reader.entries()
                except PackDamaged as error:
                    log.warning("Pack %s is damaged (%s); it is read frame by frame.", name, error)
                    entries = [part for part in reader.salvage() if not isinstance(part, Gap)]
                one = name, pack.size, entries
        except FileNotFoundError:  # reclaimed meanwhile
            continue
        yield one


def judge(refused: list[Place], index: Index, readers: Readers) -> None:
    """Of objects that lie in two packs: if the copy in use is damaged and the other is not, takes the other."""
    better = []
    for place in refused:
        current = index.find(place.id)
        if current is not None and not readers.is_true(current) and readers.is_true(place):
            better.append(place)
    if better:
        index.repoint(better)


def reconcile(storage: PackStorage, index: Index, readers: Readers) -> tuple[str, ...]:
    """Makes the index agree with the packs there are; names of those it knew that are gone. Raises OSError."""
    gone, refused = _catch_up(storage, index)
    if gone:
        log.warning("%s: %d pack(s) are missing: %s", storage.place, len(gone), ", ".join(gone[:10]))
    judge(refused, index, readers)
    return gone


def rebuild(storage: PackStorage, index: Index, readers: Readers, reporter: Reporter) -> None:
    """Fills a new index from the packs, which then takes the place of the one in use: while it is filled all goes on
    with the old one, and who cancels it has changed nothing. Copies that were struck out as damaged stay so.

    Raises OSError, sqlite3.Error, Failed as `reporter`.
    """
    reporter.phase("Reading the packs' indexes", items_total=sum(1 for _ in storage.names()))
    names = {pack.number: name for name, pack in index.packs().items()}
    struck = [(oid, names.get(number, "")) for oid, number in index.condemned()]

    def all_of_them() -> Iterator[NewPack]:
        for pack in told(storage):
            reporter.check()
            reporter.advance(items=1)
            yield pack

    fresh: Index | None = None
    try:
        fresh = index.beside()
        refused = fresh.add(all_of_them())
    except BaseException as error:
        if fresh is not None:
            fresh.discard()
        if not (isinstance(error, OSError | sqlite3.Error) and is_full(error)):
            raise
        # No room for two of them: in the place of the old one. That cannot be taken back.
        refused = index.rebuild(told(storage))
    else:
        with index.taking_over(fresh):
            index.changes += 1
            index.losses += 1
            refused += _catch_up(storage, index)[1]
    judge(refused, index, readers)
    names = {pack.number: name for name, pack in index.packs().items()}
    places = {place.id: names.get(place.pack) for place in index.find_many([oid for oid, _ in struck])}
    again = [oid for oid, name in struck if places.get(oid) == name]
    if again:
        index.condemn(again)


def _catch_up(storage: PackStorage, index: Index) -> tuple[tuple[str, ...], list[Place]]:
    """Forgets packs that are gone (their names), and learns those that came, with what `Index.add` returns."""
    known = index.packs().keys()
    there = set(storage.names())
    gone = tuple(sorted(known - there))
    if gone:
        index.strike(gone)
    return gone, index.add(told(storage, sorted(there - known)))
