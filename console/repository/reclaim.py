"""What of a repository is still needed: marks on objects, and the plan of what is to be swept. Paper: `FORMAT.md`."""

from __future__ import annotations

from array import array
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from types import TracebackType
from typing import NamedTuple

from console.domain.objects import FRAME_SIZE, Kind
from console.repository.index import Index
from console.repository.pack import ENTRY_SIZE, FOOTER_SIZE, PACK, PACK_BYTES
from console.repository.places import IndexedPack
from console.repository.reliance import Sweeps

_KEY = 16
_FENCE_BITS = 16
LIVE_SHARE = 0.7
"""A pack of whose bytes less than this share is needed is written anew."""
SMALL = PACK_BYTES // 4
MERGED_FROM = 4
"""Packs smaller than `SMALL` are brought together when there are so many of them."""


class Marks:
    """The objects of an index as they were when this was made, each marked or not. About 17 bytes an object.

    Ids are told apart by their first 16 bytes: they are hashes.
    """

    def __init__(self, index: Index) -> None:
        self._index = index
        self.packs: dict[str, IndexedPack] = index.packs()
        """Those known before the first mark: only they are swept."""
        self.sealed = bool(index.sealed)
        """Whether anything here is sealed: then what is marked may be no object of an image that is not."""
        self._struck = {oid[:_KEY] for oid, _ in index.condemned()}
        self.wanted: set[bytes] = set()
        """Of objects that are marked and not here: the keys of those of which a struck out copy lies here."""
        keys = bytearray()
        for oid, _ in index.sweep():
            keys += oid[:_KEY]
        self._keys = keys
        self._marked = bytearray(len(self._keys) // _KEY)
        self._fences = self._fence()

    def __enter__(self) -> Marks:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        del self._keys, self._marked

    def add(self, ids: Iterable[bytes]) -> list[bytes]:
        """These are needed. Returns those that were not here when this was made; they are passed over."""
        marked = self._marked
        strange = []
        for oid in ids:
            at = self._at(oid)
            if at >= 0:
                marked[at] = 1
                continue
            strange.append(oid)
            if oid[:_KEY] in self._struck:
                self.wanted.add(oid[:_KEY])
        return strange

    def marked(self, oid: bytes) -> bool:
        """Whether an object was here and was marked."""
        at = self._at(oid)
        return at >= 0 and bool(self._marked[at])

    def needed(self, oid: bytes) -> bool:
        """Whether an object was marked, or came after these marks were made."""
        at = self._at(oid)
        return at < 0 or bool(self._marked[at])

    def unreferenced_bytes(self) -> int:
        """Stored bytes, headers included, of everything that was not marked."""
        if b"\0" not in self._marked:
            return 0
        return sum(FRAME_SIZE + row.stored for row in self.placed() if not row.needed)

    def placed(self) -> Iterator[Marked]:
        """Every object of the index as it is now, and whether it is needed, in the order of ids."""
        keys, marked, at, end = self._keys, self._marked, 0, len(self._marked)
        for oid, pack, stored, kind in self._index.placed():
            key = oid[:_KEY]
            while at < end and keys[at * _KEY : at * _KEY + _KEY] < key:
                at += 1
            known = at < end and keys.startswith(key, at * _KEY)
            yield Marked(oid, pack, stored, kind, not known or bool(marked[at]))

    def _at(self, oid: bytes) -> int:
        """The number of an object; -1 when it was not here."""
        fence = oid[0] << 8 | oid[1]
        key = oid[:_KEY]
        end = self._fences[fence + 1]
        at = self._keys.find(key, self._fences[fence], end)
        while at >= 0 and at % _KEY:
            at = self._keys.find(key, at + 1, end)
        return at // _KEY if at >= 0 else -1

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


class Marked(NamedTuple):
    """An object, the number of its pack, its stored bytes without the header, and whether anybody needs it."""

    id: bytes
    pack: int
    stored: int
    kind: int
    needed: bool


@dataclass(slots=True)
class _Use:
    """Of one pack: frames and bytes (headers included) that are needed."""

    needed: int = 0
    needed_bytes: int = 0
    chunks: bool = False

    @property
    def size(self) -> int:
        """Bytes of a pack with nothing else in it."""
        return self.needed_bytes + self.needed * ENTRY_SIZE + PACK.head + FOOTER_SIZE


@dataclass(frozen=True, slots=True)
class ReclaimPlan:
    """What a reclaim would do. Bytes: `unreferenced`, of objects nobody needs, headers included; `freed`, of the files
    that go; `written`, of those that are written instead. Names of packs; `kept`: those with a struck out copy of an
    object that is needed and lies nowhere else: they are left alone until it is mended."""

    objects: int
    unreferenced_objects: int
    unreferenced_bytes: int
    packs: int
    delete: tuple[str, ...]
    rewrite: tuple[str, ...]
    freed: int
    written: int
    kept: tuple[str, ...] = ()


def plan_reclaim(
    marks: Marks,
    sweeps: Sweeps,
    struck: Collection[tuple[bytes, int]] = (),
    *,
    live_share: float = LIVE_SHARE,
    small: int = SMALL,
) -> ReclaimPlan:
    """What is to be swept by these marks and what sessions rely on now. `struck`: as `Index.condemned`."""
    uses: dict[int, _Use] = {}
    objects = unreferenced = unreferenced_bytes = 0
    for oid, number, stored, kind, needed in marks.placed():
        objects += 1
        size = FRAME_SIZE + stored
        if not needed and not sweeps.relied(oid):
            unreferenced += 1
            unreferenced_bytes += size
            continue
        use = uses.get(number)
        if use is None:
            use = uses[number] = _Use()
        use.needed += 1
        use.needed_bytes += size
        use.chunks |= kind == Kind.CHUNK
    keeping = {number for oid, number in struck if oid[:_KEY] in marks.wanted}
    delete: list[IndexedPack] = []
    rewrite: list[IndexedPack] = []
    crumbs: dict[bool, list[IndexedPack]] = {False: [], True: []}
    for pack in marks.packs.values():
        use = uses.get(pack.number, _Use())
        if pack.number in keeping:
            continue
        if not use.needed:
            delete.append(pack)
        elif use.size < live_share * pack.bytes:
            rewrite.append(pack)
        elif pack.bytes < small:
            crumbs[use.chunks].append(pack)
    rewrite += [pack for some in crumbs.values() if len(some) >= MERGED_FROM for pack in some]
    rewrite.sort(key=lambda pack: (uses[pack.number].chunks, pack.number))
    return ReclaimPlan(
        objects,
        unreferenced,
        unreferenced_bytes,
        len(marks.packs),
        tuple(pack.name for pack in delete),
        tuple(pack.name for pack in rewrite),
        sum(pack.bytes for pack in (*delete, *rewrite)),
        sum(uses[pack.number].size for pack in rewrite),
        tuple(pack.name for pack in marks.packs.values() if pack.number in keeping),
    )
