"""The index made to agree with the packs: what they say of themselves, and which of two copies is true."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator

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
    known = index.packs().keys()
    there = set(storage.names())
    gone = tuple(sorted(known - there))
    if gone:
        log.warning("%s: %d pack(s) are missing: %s", storage.place, len(gone), ", ".join(gone[:10]))
        index.strike(gone)
    judge(index.add(told(storage, sorted(there - known))), index, readers)
    return gone
