"""Directory nodes read some at a time, ahead of a walk that will need them: one question instead of hundreds."""

from __future__ import annotations

from collections.abc import Iterable

from console.domain.errors import Failed
from console.domain.objects import iter_refs
from console.domain.trees import Entry
from console.engine.restore.outcome import is_damage
from console.repository import Repository

AT_ONCE = 8192
"""About so many names are read ahead."""


class Foresight:
    """An `ObjectReader` over a repository. For one thread."""

    def __init__(self, repository: Repository) -> None:
        self._repository = repository
        self._held: dict[bytes, bytes] = {}

    def foresee(self, directories: Iterable[Entry | None]) -> int:
        """The walk will come to these directories, in this order (None: to something else).

        Returns for how many of them it is prepared now, at least one where there is one.
        """
        if len(self._held) > AT_ONCE:  # directories that the walk never came to
            self._held.clear()
        wanted: list[bytes] = []
        names = prepared = 0
        for directory in directories:
            if names >= AT_ONCE:
                break
            prepared += 1
            if directory is not None and directory.content and not directory.depth:
                for oid, length in iter_refs(directory.content):
                    names += length
                    if oid not in self._held:
                        wanted.append(oid)
        if len(wanted) > 1:
            try:
                self._held.update(self._repository.read_many(wanted))
            except Failed as known:
                # Whoever comes to the node that cannot be read meets that then.
                if not is_damage(known):
                    raise
        return prepared

    def read(self, id: bytes) -> bytes:
        """See `ObjectReader.read`."""
        held = self._held.pop(id, None)
        return self._repository.read(id) if held is None else held
