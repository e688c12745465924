"""What of a repository is still needed: marks on objects, and what is left unmarked."""

from __future__ import annotations

from array import array
from collections.abc import Iterable
from types import TracebackType

from console.domain.objects import FRAME_SIZE
from console.repository.repository import Repository

_KEY = 16
_FENCE_BITS = 16


class Marks:
    """The objects of a repository as they were when this was made, each marked or not. About 22 bytes an object.

    Ids are told apart by their first 16 bytes: they are hashes.
    """

    def __init__(self, repository: Repository) -> None:
        keys = bytearray()
        self._stored = array("I")
        for oid, stored in repository.sweep():
            keys += oid[:_KEY]
            self._stored.append(stored + FRAME_SIZE)
        self._keys = bytes(keys)
        self._marked = bytearray(len(self._stored))
        self._fences = self._fence()

    def __enter__(self) -> Marks:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        del self._keys, self._marked

    def add(self, ids: Iterable[bytes]) -> None:
        """These are needed. Ids that the repository has not got are passed over."""
        keys, fences, marked = self._keys, self._fences, self._marked
        for oid in ids:
            fence = oid[0] << 8 | oid[1]
            key = oid[:_KEY]
            at = keys.find(key, fences[fence], fences[fence + 1])
            while at >= 0 and at % _KEY:
                at = keys.find(key, at + 1, fences[fence + 1])
            if at >= 0:
                marked[at // _KEY] = 1

    def unreferenced_bytes(self) -> int:
        """Stored bytes, headers included, of everything that was not marked."""
        return sum(size for size, mark in zip(self._stored, self._marked, strict=True) if not mark)

    def _fence(self) -> array[int]:
        """Where in the sorted keys each value of the first two bytes begins."""
        fences = array("Q", bytes(8 * ((1 << _FENCE_BITS) + 1)))
        keys = self._keys
        number = 0
        for at in range(0, len(keys), _KEY):
            value = keys[at] << 8 | keys[at + 1]
            while number <= value:
                fences[number] = at
                number += 1
        for rest in range(number, len(fences)):
            fences[rest] = len(keys)
        return fences
