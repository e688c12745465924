"""Reads a seed: a source end as any other. What is damaged is found, named and left out; the rest is given."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

from console.domain.errors import OBJECT_DAMAGE, Failed, damage
from console.domain.objects import FRAME_SIZE, Kind, ObjectRef
from console.domain.recovery_points import VolumeImage
from console.domain.seeds import Segment
from console.repository import ObjectReader, TreeReader
from console.repository.codec import FrameError, Header, check_digest, decode, node_of, read_header, verify
from console.repository.failures import object_missing
from console.repository.pack import Gap
from console.repository.sealed_walk import ClearReader
from console.repository.sealing import Node
from console.seeding.archive import Archive
from console.seeding.places import Place, Places
from console.seeding.segment import RUN, SegmentFile

T = TypeVar("T")

_OPEN_FILES = 32
_AT_ONCE = 10_000


@dataclass(frozen=True, slots=True)
class SeedDamage:
    """Something on a drive that is not as it was written. `object`: its id in hex, empty when it is the file's own
    structure; `code` says what sort of damage, `why` is a clause for people."""

    file: str
    object: str
    code: str
    why: str


class SeedReader:
    """A seed drive as source end. What it adds to: objects that are not on the drive (the nodes of a parent that the
    target had already) are asked of `elsewhere`."""

    def __init__(
        self, archive: Archive, elsewhere: ObjectReader | None = None, check: Callable[[], None] = lambda: None
    ) -> None:
        """Reads the index of every segment that is there. `check` is called between reads, and may raise.

        Raises Failed `medium-gone`.
        """
        self._archive = archive
        self._elsewhere = elsewhere
        self._check = check
        self._records = {image: entry.point.record for entry in archive.manifest.points for image in entry.images}
        self._lock = threading.Lock()
        self._files: OrderedDict[int, SegmentFile] = OrderedDict()
        self._places = Places()
        self._bad: dict[bytes, SeedDamage] = {}
        self.damaged: list[SeedDamage] = []
        """What was found so far, in the order in which it was found."""
        self.refused = b""
        """The object that `read` could not give last."""
        try:
            for segment in archive.manifest.segments:
                if segment.number in archive.paths:
                    self._learn(segment)
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> SeedReader:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        with self._lock:
            files, self._files = list(self._files.values()), OrderedDict()
        for file in files:
            file.close()
        self._places.close()

    def increment(self, image: VolumeImage, *, names: bool) -> Iterator[list[ObjectRef]]:
        """See `domain.replication.SourceEnd`."""
        parent = bytes.fromhex(image.parent_root) if image.parent_root else None
        yield from TreeReader(self).increment(bytes.fromhex(image.root), parent, names=names)
        if record := self._records.get(image.id):
            yield [ObjectRef(bytes.fromhex(record), Kind.RECORD)]

    def frames(self, ids: Sequence[bytes]) -> Iterator[bytes | memoryview]:
        """See `domain.replication.SourceEnd`. Gives all that is good before it raises for what is not."""
        places = [place for place in self._places.find(ids) if place.id not in self._bad]
        good = 0
        for run in _neighbours(places):
            raw = memoryview(self._file(run[0].segment).read(run[0].offset, run[-1].end - run[0].offset))
            start = at = 0
            for place in run:
                at = place.offset - run[0].offset
                problem = _problem(place, raw, at)
                if problem is None:
                    good += 1
                    continue
                self._condemn(place, problem)
                if at > start:
                    yield raw[start:at]
                start = place.end - run[0].offset
            if run[-1].end - run[0].offset > start:
                yield raw[start : run[-1].end - run[0].offset]
        if good < len(set(ids)):
            raise self._lacking(ids)

    def stored_size(self, ids: Sequence[bytes]) -> int:
        """See `domain.replication.SourceEnd`."""
        return sum(FRAME_SIZE + place.stored for place in self._places.find(ids))

    def read(self, id: bytes) -> bytes:
        """Plain bytes of an object, proven; from elsewhere when the drive has it not, or not as it was.

        Raises Failed `object-missing`, `object-damaged`.
        """
        found = self._given(id, decode)
        return self._ask(id, lambda elsewhere: elsewhere.read(id)) if found is None else found

    def nodes(self, ids: Sequence[bytes]) -> Iterator[Node]:
        """What these objects say in clear; as `read`, without a key."""
        for oid in ids:
            found = self._given(oid, node_of)
            yield self._ask(oid, partial(_node_of, oid)) if found is None else found

    def _given(self, oid: bytes, take: Callable[[Header, memoryview], T]) -> T | None:
        """What `take` makes of the object as the drive has it; None when it has it not, or not as it was."""
        if oid in self._bad:
            return None
        for place in self._places.find([oid]):
            raw = memoryview(self._file(place.segment).read(place.offset, place.end - place.offset))
            try:
                problem = _problem(place, raw, 0)
                if problem is None:
                    return take(read_header(raw), raw[FRAME_SIZE:])
            except FrameError as error:
                problem = str(error)
            self._condemn(place, problem)
        return None

    def _ask(self, oid: bytes, ask: Callable[[ObjectReader], T]) -> T:
        if self._elsewhere is not None:
            try:
                return ask(self._elsewhere)
            except Failed as known:
                if known.failure.code not in OBJECT_DAMAGE:
                    raise
        self.refused = oid
        raise self._lacking([oid])

    def has(self, ids: Sequence[bytes]) -> set[bytes]:
        """Those of `ids` that are on the drive, as far as is known undamaged."""
        return {oid for oid in self._places.known(ids) if oid not in self._bad}

    def prove(self, ids: Sequence[bytes]) -> list[SeedDamage]:
        """Decodes every one of these objects that the drive has; those whose content is not what their id says."""
        found = []
        for place in self._places.find(ids):
            raw = memoryview(self._file(place.segment).read(place.offset, place.end - place.offset))
            problem = _problem(place, raw, 0)
            if problem is None:
                try:
                    verify(read_header(raw), raw)
                    continue
                except FrameError as error:
                    problem = str(error)
            found.append(self._condemn(place, problem))
        return found

    def damage_of(self, ids: Iterable[bytes]) -> list[SeedDamage]:
        """What is known to be wrong with these objects."""
        return [self._bad[oid] for oid in ids if oid in self._bad]

    def condemn(self, found: SeedDamage) -> None:
        """An object that somebody else found damaged is not given any more."""
        self._bad.setdefault(bytes.fromhex(found.object), found)

    def _learn(self, segment: Segment) -> None:
        """What is in a segment: from its index, or where that is not true from the frames themselves."""
        try:
            file = self._file(segment.number)
            file.check_header(self._archive.manifest.seed, segment.number)
            entries = file.entries()
        except Failed as known:
            code = known.failure.code
            if code not in ("segment-damaged", "segment-of-another-seed", "segment-missing", "segment-unreadable"):
                raise
            self.damaged.append(SeedDamage(segment.file, "", code, known.failure.message))
            if code == "segment-damaged":
                self._salvage(segment)
            return
        self._places.add(Place(segment.number, e.offset, e.stored, e.id) for e in entries)

    def _salvage(self, segment: Segment) -> None:
        found: list[Place] = []
        for entry in self._file(segment.number).frames.salvage():
            if not isinstance(entry, Gap):
                found.append(Place(segment.number, entry.offset, entry.stored, entry.id))
            if len(found) >= _AT_ONCE:
                self._places.add(found)
                found = []
        self._places.add(found)

    def _file(self, number: int) -> SegmentFile:
        with self._lock:
            file = self._files.pop(number, None)
            if file is None:
                file = SegmentFile(self._archive.paths[number], self._check)
            self._files[number] = file
            while len(self._files) > _OPEN_FILES:
                self._files.popitem(last=False)[1].close()
            return file

    def _condemn(self, place: Place, why: str) -> SeedDamage:
        file = self._archive.paths[place.segment].name
        found = SeedDamage(file, place.id.hex(), "object-damaged", why)
        if place.id not in self._bad:
            self._bad[place.id] = found
            self.damaged.append(found)
        return found

    def _lacking(self, ids: Sequence[bytes]) -> Failed:
        for found in self.damage_of(ids):
            return damage("object-damaged", f"Object {found.object} in {found.file} is damaged: {found.why}.", _HINT)
        there = self._places.known(ids)
        lacking = next((oid for oid in ids if oid not in there), b"")
        return damage("object-missing", f"Object {lacking.hex()} is not on the seed drive.", _HINT)


def _node_of(oid: bytes, elsewhere: ObjectReader) -> Node:
    if isinstance(elsewhere, ClearReader):
        for node in elsewhere.nodes([oid]):
            return node
    raise object_missing(oid)


_HINT = "Try another copy of the drive, or write a new seed at its source."


def _neighbours(places: Iterable[Place]) -> Iterator[list[Place]]:
    """Places that lie back to back, in groups of up to `RUN` bytes (or one object)."""
    run: list[Place] = []
    for place in places:
        if run and (place.segment != run[-1].segment or place.offset != run[-1].end or place.end - run[0].offset > RUN):
            yield run
            run = []
        run.append(place)
    if run:
        yield run


def _problem(place: Place, raw: memoryview, at: int) -> str | None:
    """Why the frame at `at` is not the one that should lie there; None when it is, its digest proven."""
    if at + FRAME_SIZE > len(raw):
        return "the file is cut off before it"
    try:
        header = read_header(raw, at)
        if header[6] != place.id or header[0] != place.stored:
            return "another object lies in its place"
        check_digest(header, raw, at)
    except FrameError as error:
        return str(error)
    return None
