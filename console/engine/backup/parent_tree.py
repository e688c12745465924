"""Directories of the parent image read some at a time, ahead of the walk that compares them: it comes to all of them
in an order that is known."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain, islice

from console.domain.errors import Failed
from console.domain.objects import REF
from console.domain.trees import Entry, FileType
from console.engine.restore.outcome import is_damage
from console.repository import Repository, TreeReader

AT_ONCE = 4096
"""About so many names are read ahead."""
HELD = 3 * AT_ONCE
"""More are not kept: the walk never came to their directories."""
TOGETHER = 128
"""So many nodes are asked for together."""
WARY = 256
"""After something could not be read so many directories are read alone."""


class ParentTree:
    """What the parent image knows. For one thread."""

    def __init__(self, repository: Repository) -> None:
        self._near = repository.near()
        self._held: dict[bytes, list[Entry]] = {}
        self._names = self._wary = 0
        self.tree = TreeReader(repository)
        """For what is not read ahead: directories of very many names, and what cannot be read well."""

    def listing(self, directory: Entry, coming: Iterable[Entry | None]) -> list[Entry] | None:
        """What is in a directory, sorted by name; the list is the caller's. None where it has to be read with `tree`.

        `coming`: where the walk goes then, in that order (None: to something else).
        """
        if not directory.content:
            return []
        refs = _nodes(directory)
        if not refs:
            return None
        if refs[0][0] not in self._held:
            self._read_ahead(chain((directory,), coming))
        found: list[Entry] = []
        for oid, _ in refs:
            entries = self._held.pop(oid, None)
            if entries is None or (found and entries[0].name <= found[-1].name):
                return None
            self._names -= len(entries)
            found = found + entries if found else entries
        return found

    def _read_ahead(self, directories: Iterable[Entry | None]) -> None:
        """These and what is below them, in about the order in which the walk comes to them, as many as may be."""
        if self._names > HELD - AT_ONCE:
            self._held.clear()
            self._names = 0
        if self._wary:
            self._wary -= 1
        room, alone = AT_ONCE, bool(self._wary)
        following: list[Iterator[Entry | None]] = [islice(directories, 1 if alone else AT_ONCE)]
        while room > 0 and following:
            batch: list[bytes] = []
            wanted: list[bytes] = []
            while following and room > 0 and len(batch) < TOGETHER:
                for directory in following[-1]:
                    for oid, length in _nodes(directory):
                        batch.append(oid)
                        room -= 1
                        if oid not in self._held:
                            wanted.append(oid)
                            room -= length
                    break
                else:
                    following.pop()
            if not batch:
                return
            try:
                found = dict(self._near.trees(wanted))
            except Failed as known:
                # Whoever comes to the node that cannot be read meets that then.
                if not is_damage(known):
                    raise
                self._wary = WARY
                return
            self._held |= found
            self._names += sum(map(len, found.values()))
            if alone:
                return
            lists = [self._held.get(oid, ()) for oid in batch]
            following.append(
                iter([one for entries in lists for one in entries if one.type is FileType.DIRECTORY and one.content])
            )


def _nodes(directory: Entry | None) -> list[tuple[bytes, int]]:
    """The nodes that hold the names of a directory, and how many each; none where they are too many to hold."""
    if directory is None or directory.depth:
        return []
    refs: list[tuple[bytes, int]] = list(REF.iter_unpack(directory.content))
    return refs if len(refs) < 2 or sum([length for _, length in refs]) <= AT_ONCE else []
