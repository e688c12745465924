"""What a drive says about itself, from its manifest alone: nothing else is read."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from console.domain.errors import Failure
from console.domain.machines import Machine
from console.domain.seeds import Segment
from console.seeding.archive import Archive
from console.seeding.manifest import Manifest, SeedPoint


@dataclass(frozen=True, slots=True)
class MachineOnSeed:
    """One machine of a drive. `points`, `images`: how many of each; times of the oldest and newest point."""

    machine: Machine
    points: int
    images: int
    oldest: datetime
    newest: datetime


@dataclass(frozen=True, slots=True)
class KeyOnSeed:
    """A key that is needed to open what is on the drive: its id, its name as the drive tells it (empty: it does not);
    how many points and images need it; whether it is on the drive, under its passphrase."""

    id: str
    name: str
    points: int
    images: int
    wrapped: bool


@dataclass(frozen=True, slots=True)
class SegmentOnSeed:
    """`path` is None when the segment is on none of the given directories; `length_right`: of the file there."""

    segment: Segment
    path: Path | None
    length_right: bool


@dataclass(frozen=True, slots=True)
class SeedInspection:
    """A drive before anything is done with it. Sizes in bytes.

    `signature`: `good`, or `unknown` where this Core has no certificate of the Core that wrote the seed.
    `consumable`: whether this Core may consume it; if not, `why_not` says what is in the way. `state` is what this
    Core knows of the seed, empty when nothing.
    """

    manifest: Manifest
    directories: tuple[Path, ...]
    machines: tuple[MachineOnSeed, ...]
    segments: tuple[SegmentOnSeed, ...]
    signature: str
    consumable: bool
    why_not: Failure | None
    state: str
    problems: tuple[Failure, ...]

    @property
    def segments_missing(self) -> tuple[Segment, ...]:
        return tuple(found.segment for found in self.segments if found.path is None)


def machines_on(manifest: Manifest) -> tuple[MachineOnSeed, ...]:
    """The machines of a drive, in the order of the manifest; those without a point on it are left out."""
    points: dict[str, list[SeedPoint]] = defaultdict(list)
    for entry in manifest.points:
        points[entry.point.machine].append(entry)
    found = []
    for machine in manifest.machines:
        if entries := points.get(machine.id):
            times = [entry.point.time for entry in entries]
            images = sum(len(entry.images) for entry in entries)
            found.append(MachineOnSeed(machine, len(entries), images, min(times), max(times)))
    return tuple(found)


def keys_on(manifest: Manifest) -> tuple[KeyOnSeed, ...]:
    """The keys that are needed to open what is on a drive, in the order in which they are met."""
    told = {key.id: key for key in manifest.keys}
    points: dict[str, set[str]] = defaultdict(set)
    images: dict[str, int] = defaultdict(int)
    for entry in manifest.points:
        for image in entry.volume_images():
            if image.key:
                points[image.key].add(entry.point.id)
                images[image.key] += 1
    return tuple(
        KeyOnSeed(key, told[key].name if key in told else "", len(points[key]), images[key], key in told)
        for key in images
    )


def segments_on(archive: Archive) -> tuple[SegmentOnSeed, ...]:
    """Every segment the manifest tells of, and whether a file of its length is there."""
    found = []
    for segment in archive.manifest.segments:
        path = archive.paths.get(segment.number)
        found.append(SegmentOnSeed(segment, path, path is not None and _length(path) == segment.bytes))
    return tuple(found)


def _length(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return -1
