"""Reading objects back: found in the index, read in as few pieces as their places allow, every one proven."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, suppress
from itertools import groupby
from operator import itemgetter

from console.domain.objects import FRAME_SIZE, Kind
from console.domain.trees import Entry
from console.repository.codec import NO_KEYS, FrameError, Header, check_digest, decode, node_of, read_header, verify
from console.repository.failures import object_damaged, object_missing
from console.repository.index import Index
from console.repository.listing import Lister
from console.repository.pack import PackDamaged, PackReader
from console.repository.places import Place
from console.repository.sealing import Keys, Node
from console.repository.shelf import Shelf
from console.repository.storage import PackFile, PackStorage

log = logging.getLogger(__name__)

_PIECE = 1 << 20
"""Bytes that are read at once, unless one frame is longer."""
_SKIP = 16 << 10
"""So many unwanted bytes between two wanted frames are read along: cheaper than a further read."""
_CHUNK = int(Kind.CHUNK)


class Readers:
    """Reads what finished packs hold. `settle(ids)` makes those of them durable that are pending still."""

    def __init__(self, storage: PackStorage, index: Index, settle: Callable[[Iterable[bytes]], None]) -> None:
        self._storage = storage
        self._index = index
        self._settle = settle
        self.rescue: Callable[[str, int, int], bytes | None] = lambda *_: None
        """What should lie in a stretch of a damaged pack, by its parity; still to be proven."""
        self.wounded: Callable[[str, bytes], object] = lambda *_: None
        """Told what was found damaged in which pack, whether it could be read another way or not."""
        self.keys: Keys = NO_KEYS
        """Asked for the keys of what is sealed."""

    def near(self) -> NearReader:
        """See `Repository.near`."""
        return NearReader(self, Shelf(self._storage))

    def read(self, oid: bytes, shelf: Shelf | None = None) -> bytes:
        """See `Repository.read`. Nodes are looked for on the `shelf` first."""
        place = self._index.find(oid)
        if place is None:
            self._settle([oid])
            place = self._index.find(oid)
            if place is None:
                raise object_missing(oid)
        if shelf is not None and place.kind != _CHUNK:
            plain = self._from_shelf(place, shelf)
            if plain is not None:
                return plain
        try:
            with self._storage.open(self._index.name(place.pack)) as pack:
                raw = pack.read(place.offset, place.end - place.offset)
            return decode(*_undigested(place, raw, 0), self.keys)
        except (FrameError, OSError) as error:
            raw, header = self._second_try(place, error)
            return self._decoded(place, header, memoryview(raw)[FRAME_SIZE:])

    def read_many(self, ids: Sequence[bytes]) -> Iterator[tuple[bytes, bytes]]:
        """See `Repository.read_many`."""
        for run, raw in self._runs(self._places(ids)):
            view = memoryview(raw)
            for place in run:
                at = place.offset - run[0].offset
                try:
                    plain = decode(*_undigested(place, view, at), self.keys)
                except FrameError as error:
                    again, header = self._second_try(place, error)
                    plain = self._decoded(place, header, memoryview(again)[FRAME_SIZE:])
                yield place.id, plain

    def nodes(self, ids: Sequence[bytes]) -> Iterator[Node]:
        """See `Repository.nodes`."""
        for run, raw in self._runs(self._places(ids)):
            view = memoryview(raw)
            for place in run:
                try:
                    node = node_of(*_frame(place, view, place.offset - run[0].offset))
                except FrameError as error:
                    again, header = self._second_try(place, error)
                    try:
                        node = node_of(header, memoryview(again)[FRAME_SIZE:])
                    except FrameError as second:
                        raise object_damaged(place.id, self._index.name(place.pack), str(second)) from second
                yield node

    def trees(self, ids: Sequence[bytes], lister: Lister) -> Iterator[tuple[bytes, list[Entry]]]:
        """See `NearReader.trees`."""
        for run, raw in self._runs(self._places(ids)):
            view = memoryview(raw)
            for place in run:
                with suppress(FrameError):
                    entries = lister.entries(*_undigested(place, view, place.offset - run[0].offset), self.keys)
                    if entries is not None:
                        yield place.id, entries

    def frames(self, ids: Sequence[bytes]) -> Iterator[bytes]:
        """See `Repository.frames`."""
        for run, raw in self._runs(self._places(ids)):
            base = run[0].offset
            start = 0
            end = 0
            for place in run:
                at = place.offset - base
                try:
                    _frame(place, raw, at)
                except FrameError as error:
                    if end > start:
                        yield raw[start:end]
                    again, _ = self._second_try(place, error)
                    yield again
                    start = end = place.end - base
                    continue
                if at != end:
                    if end > start:
                        yield raw[start:end]
                    start = at
                end = place.end - base
            if end > start:
                yield raw if (start, end) == (0, len(raw)) else raw[start:end]

    def is_true(self, place: Place) -> bool:
        """Whether the object lies there, whole."""
        try:
            with self._storage.open(self._index.name(place.pack)) as pack:
                raw = pack.read(place.offset, place.end - place.offset)
            verify(_header(place, raw, 0), raw, keys=self.keys)
        except (FrameError, OSError):
            return False
        return True

    def _from_shelf(self, place: Place, shelf: Shelf) -> bytes | None:
        """None: it has to be read from its pack, where what is wrong with it is found out."""
        with suppress(OSError):
            name = self._index.name(place.pack)
            try:
                raw = shelf.read(name, place.offset, place.end - place.offset)
                return decode(*_undigested(place, raw, 0), self.keys)
            except FrameError:  # the pack may have been mended since
                shelf.drop(name)
        return None

    def _places(self, ids: Sequence[bytes]) -> list[Place]:
        """In pack order, each once. Raises Failed `object-missing` before anything is read."""
        wanted = dict.fromkeys(ids)
        places = self._index.find_many(wanted)
        if len(places) < len(wanted):
            self._settle(wanted)
            places = self._index.find_many(wanted)
            found = {place.id for place in places}
            for oid in wanted:
                if oid not in found:
                    raise object_missing(oid)
        places.sort(key=_by_place)
        return places

    def _runs(self, places: list[Place]) -> Iterator[tuple[list[Place], bytes]]:
        """Neighbours that are read together, and the bytes from the first one's frame to the last one's end; fewer
        where the pack is cut off or cannot be read."""
        for number, group in groupby(places, key=itemgetter(1)):
            mine = list(group)
            pack: PackFile | None = None
            done = 0
            with ExitStack() as opened:
                for run in _neighbours(mine):
                    try:
                        pack = pack or opened.enter_context(self._storage.open(self._index.name(number)))
                        raw = _read(pack, run)
                    except FileNotFoundError as error:
                        moved = self._elsewhere(mine[done:], error)
                        break
                    except OSError as error:
                        log.warning("Pack %s cannot be read: %s", self._index.name(number), error)
                        raw = b""  # each object of the run gets its second try
                    yield run, raw
                    done += len(run)
                else:
                    moved = []
            yield from self._runs(moved)

    def _elsewhere(self, places: list[Place], error: FileNotFoundError) -> list[Place]:
        """Where these lie now that their pack is gone: a reclaim may have brought them to another one. Raises Failed
        `object-missing` when one of them is nowhere else."""
        current = {place.id: place for place in self._index.find_many([place.id for place in places])}
        for place in places:
            if current.get(place.id) in (None, place):
                raise object_missing(place.id) from error
        return sorted(current.values(), key=_by_place)

    def _second_try(self, place: Place, error: FrameError | OSError) -> tuple[bytes, Header]:
        """The index is only a cache: asks the pack itself where the object lies. The frame, digest proven, and header.

        Raises Failed when there is no true frame of it.
        """
        current = self._index.find(place.id)
        if current is not None and current != place:  # a reclaim has brought it to another pack meanwhile
            try:
                with self._storage.open(self._index.name(current.pack)) as pack:
                    raw = pack.read(current.offset, current.end - current.offset)
                header, _ = _frame(current, raw, 0)
                return raw, header
            except (FrameError, OSError) as again:
                place, error = current, again
        try:
            name = self._index.name(place.pack)
            with self._storage.open(name) as pack:
                entries = PackReader(pack.read, pack.size).entries()
                for entry in entries:
                    if entry.id == place.id and (entry.offset, entry.stored) != (place.offset, place.stored):
                        other = Place(entry.id, place.pack, entry.offset, entry.stored, entry.plain, entry.kind)
                        raw = pack.read(other.offset, other.end - other.offset)
                        header, _ = _frame(other, raw, 0)
                        log.warning("The index was wrong about object %s in pack %s.", place.id.hex(), name)
                        self._index.repoint([other])
                        return raw, header
        except FileNotFoundError as gone:
            raise object_missing(place.id) from gone
        except (PackDamaged, FrameError, OSError) as second:
            log.warning("Pack %s: %s", name, second)
            if isinstance(second, OSError):
                error = second
        self.wounded(name, place.id)
        made = self.rescue(name, place.offset, place.end - place.offset)
        if made is not None:
            with suppress(FrameError):
                header, _ = _frame(place, made, 0)
                log.warning("Object %s in pack %s is damaged; its parity gave it back.", place.id.hex(), name)
                return made, header
        why = f"its pack cannot be read ({error})" if isinstance(error, OSError) else str(error)
        raise object_damaged(place.id, name, why) from error

    def _decoded(self, place: Place, header: Header, stored: memoryview) -> bytes:
        try:
            return decode(header, stored, self.keys)
        except FrameError as error:
            raise object_damaged(place.id, self._index.name(place.pack), str(error)) from error


class NearReader:
    """An `ObjectReader` for one walk."""

    def __init__(self, readers: Readers, shelf: Shelf) -> None:
        self._readers = readers
        self._shelf = shelf
        self._lister = Lister()

    def read(self, id: bytes) -> bytes:
        return self._readers.read(id, self._shelf)

    def trees(self, ids: Sequence[bytes]) -> Iterator[tuple[bytes, list[Entry]]]:
        """(id, entries) of each distinct directory node, in pack order, neighbours read together. One that is not true,
        or no such node, is passed over: `read` says what is the matter with it. Raises Failed `object-missing`,
        `key-locked`."""
        return self._readers.trees(ids, self._lister)


def _frame(place: Place, raw: bytes | memoryview, at: int) -> tuple[Header, memoryview]:
    """Header and stored bytes of the frame at `at`, proven by its digest and against the index. Raises FrameError."""
    header = _header(place, raw, at)
    return header, check_digest(header, raw, at)


def _undigested(place: Place, raw: bytes | memoryview, at: int) -> tuple[Header, memoryview]:
    """As `_frame`, but for the digest: for `decode`, which proves the plain bytes, and so the stored ones."""
    header = _header(place, raw, at)
    start = at + FRAME_SIZE
    return header, memoryview(raw)[start : start + header[0]]


def _header(place: Place, raw: bytes | memoryview, at: int) -> Header:
    if at + FRAME_SIZE > len(raw):
        raise FrameError("its pack is cut off before it", place.id)
    header = read_header(raw, at)
    if header[6] != place.id or header[0] != place.stored:
        raise FrameError("another object lies in its place", place.id)
    return header


_by_place = itemgetter(1, 2)
"""Pack and offset."""


def _neighbours(places: list[Place]) -> Iterator[list[Place]]:
    run: list[Place] = []
    start = end = 0
    for place in places:
        offset = place.offset
        after = offset + FRAME_SIZE + place.stored
        if run and (offset - end > _SKIP or after - start > _PIECE):
            yield run
            run = []
        if not run:
            start = offset
        run.append(place)
        end = after
    if run:
        yield run


def _read(pack: PackFile, run: list[Place]) -> bytes:
    start = run[0].offset
    return pack.read(start, run[-1].end - start)
