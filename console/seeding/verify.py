"""Reads every byte of a seed and says what is good, what is not, and which images that costs."""

from __future__ import annotations

import os
from collections import defaultdict, deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from enum import StrEnum

from blake3 import blake3

from console.domain.errors import OBJECT_DAMAGE, Failed
from console.domain.objects import FRAME_SIZE
from console.domain.progress import Reporter
from console.domain.recovery_points import VolumeImage
from console.domain.seeds import Segment
from console.repository import ObjectReader
from console.repository.pack import Gap, PackEntry, whole_frames
from console.repository.sealed_walk import ClearReader
from console.seeding.archive import Archive
from console.seeding.reader import SeedDamage, SeedReader
from console.seeding.segment import HEADER, SegmentFile

_THREADS = max(1, min(4, os.cpu_count() or 1))
_AHEAD = 2 * _THREADS
_STRUCTURE = ("segment-damaged", "segment-of-another-seed", "segment-missing", "segment-unreadable")


class SegmentState(StrEnum):
    OK = "ok"
    DAMAGED = "damaged"
    MISSING = "missing"


@dataclass(frozen=True, slots=True)
class SegmentReport:
    segment: Segment
    state: SegmentState
    why: str = ""


@dataclass(frozen=True, slots=True)
class HurtBy:
    """Something damaged, and the ids of the images it costs."""

    damage: SeedDamage
    images: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class VerifyReport:
    """`images_hurt`: ids of those that cannot be brought in from what is there. `objects`, `bytes` looked at."""

    segments: tuple[SegmentReport, ...]
    damaged: tuple[HurtBy, ...]
    images_whole: int
    images_hurt: tuple[str, ...]
    objects: int
    bytes: int


def verify(archive: Archive, elsewhere: ObjectReader | None, reporter: Reporter) -> VerifyReport:
    """Every segment's digest, every frame's digest and id, and that each image has all its objects.

    `elsewhere`: where nodes of parents that are not on the drive may be found. Raises Failed `medium-gone`.
    """
    total = sum(segment.bytes for segment in archive.manifest.segments if segment.number in archive.paths)
    reporter.phase("Reading the drive", bytes_total=total, items_total=len(archive.manifest.segments))
    found: list[SeedDamage] = []
    segments: list[SegmentReport] = []
    objects = size = 0
    with ThreadPoolExecutor(_THREADS, thread_name_prefix="seed-verify") as pool:
        for segment in archive.manifest.segments:
            if segment.number not in archive.paths:
                segments.append(SegmentReport(segment, SegmentState.MISSING, "it is on none of the given directories"))
                continue
            look = _Look(archive, segment, pool, reporter)
            look.read()
            objects += look.objects
            size += look.bytes
            found += look.damaged
            state = SegmentState.DAMAGED if look.damaged else SegmentState.OK
            segments.append(SegmentReport(segment, state, look.damaged[0].why if look.damaged else ""))
            reporter.advance(items=1)
    hurt = _hurt_images(archive, elsewhere, found, reporter)
    lost = tuple(dict.fromkeys(image for images in hurt.values() for image in images))
    return VerifyReport(
        tuple(segments),
        tuple(HurtBy(damage, _images_of(damage, hurt)) for damage in found),
        len(archive.manifest.images()) - len(lost),
        lost,
        objects,
        size,
    )


class _Look:
    """One segment, read once from its first byte to its last."""

    def __init__(self, archive: Archive, segment: Segment, pool: ThreadPoolExecutor, reporter: Reporter) -> None:
        self._archive = archive
        self._segment = segment
        self._pool = pool
        self._reporter = reporter
        self.damaged: list[SeedDamage] = []
        self.objects = 0
        self.bytes = 0

    def read(self) -> None:
        try:
            with SegmentFile(self._archive.paths[self._segment.number], self._reporter.check) as file:
                self._read(file)
        except Failed as known:
            if known.failure.code not in _STRUCTURE:
                raise
            self._note(known.failure.code, known.failure.message)

    def _read(self, file: SegmentFile) -> None:
        self.bytes = file.size
        try:
            file.check_header(self._archive.manifest.seed, self._segment.number)
            entries = file.entries()
        except Failed as known:
            if known.failure.code != "segment-damaged":
                raise
            self._note("segment-damaged", known.failure.message)
            self._salvage(file)
            return
        hasher = blake3(file.read(0, HEADER.size))
        for run, raw in self._proven(file, entries):
            hasher.update(raw)
            self.objects += len(run)
            self._reporter.advance(bytes=len(raw))
        end = entries[-1].end if entries else HEADER.size
        hasher.update(file.read(end, file.size - end))
        if hasher.hexdigest() != self._segment.digest and not self.damaged:
            self._note("segment-damaged", "it is not the file that was written: its digest is another one")

    def _proven(self, file: SegmentFile, entries: list[PackEntry]) -> Iterator[tuple[list[PackEntry], bytes]]:
        """Runs of the file, each given once its frames were looked at in another thread."""
        waiting: deque[tuple[list[PackEntry], bytes, Future[list[tuple[PackEntry, str]]]]] = deque()
        for run, raw in file.frames.runs(entries):
            waiting.append((run, raw, self._pool.submit(_bad, run, raw)))
            if len(waiting) > _AHEAD:
                yield self._settled(*waiting.popleft())
        while waiting:
            yield self._settled(*waiting.popleft())

    def _settled(
        self, run: list[PackEntry], raw: bytes, looked: Future[list[tuple[PackEntry, str]]]
    ) -> tuple[list[PackEntry], bytes]:
        for entry, why in looked.result():
            self._note("object-damaged", why, entry.id.hex())
        return run, raw

    def _salvage(self, file: SegmentFile) -> None:
        """Without an index the frames speak for themselves; what does not is a gap."""
        for found in file.frames.salvage():
            if not isinstance(found, Gap):
                self.objects += 1
                self._reporter.advance(bytes=found.stored + FRAME_SIZE)

    def _note(self, code: str, why: str, object: str = "") -> None:
        self.damaged.append(SeedDamage(self._segment.file, object, code, why))


def _bad(run: list[PackEntry], raw: bytes) -> list[tuple[PackEntry, str]]:
    return [(entry, why) for entry, why in whole_frames(run, raw) if why]


LOST = ""
"""Stands for whatever was in a segment that is missing or whose structure is damaged."""


def _hurt_images(
    archive: Archive, elsewhere: ObjectReader | None, found: list[SeedDamage], reporter: Reporter
) -> dict[str, list[str]]:
    """Object (hex), or `LOST` → ids of the images that need it and do not have it."""
    images = archive.manifest.images()
    reporter.phase("Looking what each image needs", items_total=len(images))
    hurt: dict[str, list[str]] = defaultdict(list)
    with SeedReader(archive, elsewhere, reporter.check) as reader:
        for damage in found:
            if damage.object:
                reader.condemn(damage)
        for entry in archive.manifest.points:
            for image in entry.volume_images():
                reporter.check()
                for oid in absent_objects(reader, elsewhere, image, names=image.id in entry.names):
                    hurt[oid].append(image.id)
                reporter.advance(items=1)
    return hurt


def absent_objects(reader: SeedReader, elsewhere: ObjectReader | None, image: VolumeImage, *, names: bool) -> list[str]:
    """Objects (hex, or `LOST`) that an image adds to its parent and that the drive has not, or not as they were."""
    exact = image.parent_root is None or _has_root(reader, elsewhere, bytes.fromhex(image.parent_root))
    absent: dict[str, None] = {}
    try:
        for batch in reader.increment(image, names=names):
            ids = [ref.id for ref in batch]
            there = reader.has(ids)
            for oid in ids:
                if oid in there:
                    continue
                if reader.damage_of([oid]):
                    absent[oid.hex()] = None
                elif exact:
                    absent[LOST] = None
    except Failed as known:
        if known.failure.code not in OBJECT_DAMAGE:
            raise
        absent[reader.refused.hex() if reader.damage_of([reader.refused]) else LOST] = None
    return list(absent)


def _has_root(reader: SeedReader, elsewhere: ObjectReader | None, root: bytes) -> bool:
    """Whether the parent's tree can be read; where it cannot, it is not known what the child adds to it."""
    if reader.has([root]):
        return True
    if elsewhere is None:
        return False
    try:
        if isinstance(elsewhere, ClearReader):
            return any(elsewhere.nodes([root]))
        elsewhere.read(root)
    except Failed:
        return False
    return True


def _images_of(damage: SeedDamage, hurt: dict[str, list[str]]) -> tuple[str, ...]:
    return tuple(hurt.get(damage.object or LOST, ()))
