"""The places a seed is written to, one device after the other, and what is kept of an earlier, interrupted writing."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from blake3 import blake3

from console.domain.errors import Failed
from console.domain.progress import Reporter
from console.domain.seeds import Segment
from console.repository.codec import FrameError, check_digest, read_header
from console.repository.pack import PackEntry
from console.seeding.manifest import MANIFEST_FILE, MAX_SEGMENT, segment_name
from console.seeding.media import MediumFiles, describe, named
from console.seeding.segment import FIRST, HEADER, SUFFIX, SegmentFile

PARTIAL = ".partial"
README_FILE = "README.txt"
RESERVE_FILE = "reserved" + PARTIAL
"""Holds room on each medium for the manifest, which is written when the medium is full."""
_SEGMENT_NAME = re.compile(r"segment-[0-9]{5}\.rps")
_SLACK = 64 << 10
"""Of what a medium says is free, so much is left to its file system."""


def directory_name(seed: str) -> str:
    """What the directory of a seed is called on every medium."""
    return f"replicore-seed-{seed[:8]}"


@dataclass
class Device:
    """One medium of the seed that is being written. `number` from 1; `used`: bytes of segments on it."""

    number: int
    place: Path
    directory: Path
    title: str
    used: int = 0


@dataclass(frozen=True, slots=True)
class Kept:
    """A segment of an earlier writing that proved to be whole."""

    segment: Segment
    digest: bytes
    entries: list[PackEntry]


class Drive:
    """The directories of one seed, in the order in which they are filled. Raises Failed as `media.named` says."""

    def __init__(
        self,
        seed: str,
        places: Sequence[Path],
        *,
        medium_size: int | None = None,
        reserve: int = 256 << 10,
        files: MediumFiles | None = None,
    ) -> None:
        """`medium_size`: the most bytes used of a medium; `reserve`: bytes kept free for the manifest on each."""
        self.seed = seed
        self.files = files or MediumFiles()
        self.devices = [
            Device(number, place, place / directory_name(seed), _title(place))
            for number, place in enumerate(places, start=1)
        ]
        self._medium_size = medium_size
        self._reserve = reserve

    def prepare(self, readme: str) -> None:
        """Makes the directories, clears what an interrupted writing left half done, and reserves room for the
        manifest."""
        for device in self.devices:
            with named(device.title, device.used):
                made = not device.directory.is_dir()
                self.files.make_directory(device.directory)
                for name in self.files.names(device.directory):
                    if name.endswith(PARTIAL) or name == MANIFEST_FILE:
                        self.files.remove(device.directory / name)
                self._put(device, README_FILE, readme.encode("utf-8"))
                # Not zeros: a medium that compresses would give them no room.
                self._write(device.directory / RESERVE_FILE, os.urandom(self._reserve))
                if made:
                    self.files.sync_directory(device.place)

    def take_stock(self, settled: Callable[[Kept], None], reporter: Reporter) -> None:
        """Hands over every segment of an earlier writing that is whole, from the first on; removes all others."""
        there = {
            (name, device.number): device.directory / name
            for device in self.devices
            for name in self._names(device)
            if _SEGMENT_NAME.fullmatch(name)
        }
        if there:
            reporter.phase("Checking what is on the drive already", items_total=len(there))
        number, previous = 1, FIRST
        while (kept := self._whole(number, previous, there, reporter)) is not None:
            settled(kept)
            number, previous = number + 1, kept.digest
        for (name, medium), path in there.items():
            device = self.devices[medium - 1]
            with named(device.title, device.used):
                self.files.remove(path)
                reporter.log(f"{name} of an interrupted writing was not whole and is written again.")

    def room(self, device: Device) -> int:
        """Bytes a segment may still take on a medium."""
        with named(device.title, device.used):
            free = self.files.free(device.directory)
        if self._medium_size is None:
            return free - _SLACK
        return min(free - _SLACK, self._medium_size - self._reserve - device.used)

    def publish(self, manifest: bytes) -> None:
        """The manifest, onto every medium that has segments; the others are left as they were found."""
        for device in self.devices:
            with named(device.title, device.used):
                self.files.remove(device.directory / RESERVE_FILE)
                if device.used:
                    self._put(device, MANIFEST_FILE, manifest)
                else:
                    self.files.remove_tree(device.directory)

    def clear_partials(self) -> None:
        """Gives back the room of what is half done. Media that are away keep it until the next writing."""
        for device in self.devices:
            try:
                for name in self.files.names(device.directory):
                    if name.endswith(PARTIAL):
                        self.files.remove(device.directory / name)
            except OSError:
                continue

    def _names(self, device: Device) -> list[str]:
        with named(device.title, device.used):
            return self.files.names(device.directory)

    def _put(self, device: Device, name: str, content: bytes) -> None:
        """A whole file, or none."""
        aside = device.directory / (name + PARTIAL)
        self._write(aside, content)
        self.files.rename(aside, device.directory / name)
        self.files.sync_directory(device.directory)

    def _write(self, path: Path, content: bytes) -> None:
        with self.files.create(path) as file:
            self.files.write(file, 0, [content])
            self.files.sync(file)

    def _whole(
        self, number: int, previous: bytes, there: dict[tuple[str, int], Path], reporter: Reporter
    ) -> Kept | None:
        for device in self.devices:
            path = there.get((segment_name(number), device.number))
            if path is None:
                continue
            found = read_whole(path, self.seed, number, previous, reporter)
            if found is None:
                continue
            del there[path.name, device.number]
            digest, size, entries = found
            device.used += size
            reporter.advance(items=1)
            return Kept(Segment(number, path.name, device.number, size, digest.hex()), digest, entries)
        return None


def read_whole(
    path: Path, seed: str, number: int, previous: bytes, reporter: Reporter
) -> tuple[bytes, int, list[PackEntry]] | None:
    """Digest, size and objects of a segment when every byte of it is right, None when not.

    Raises Failed `medium-gone`.
    """
    try:
        with SegmentFile(path) as file:
            if file.check_header(seed, number) != previous or file.size > MAX_SEGMENT:
                return None
            entries = file.entries()
            hasher = blake3(file.read(0, HEADER.size))
            for run, raw in file.frames.runs(entries):
                reporter.check()
                view = memoryview(raw)
                for entry in run:
                    at = entry.offset - run[0].offset
                    header = read_header(view, at)
                    check_digest(header, view, at)
                    if header[6] != entry.id:
                        return None
                hasher.update(raw)
            end = entries[-1].end if entries else HEADER.size
            hasher.update(file.read(end, file.size - end))
            return hasher.digest(), file.size, entries
    except FrameError:
        return None
    except Failed as known:
        if known.failure.code not in ("segment-damaged", "segment-of-another-seed", "segment-unreadable"):
            raise
        return None


def is_segment_name(name: str) -> bool:
    return name.endswith(SUFFIX) and bool(_SEGMENT_NAME.fullmatch(name))


def is_of_a_seed(name: str) -> bool:
    """Whether a file in the directory of a seed is one that a writer puts there."""
    return is_segment_name(name) or name in (MANIFEST_FILE, README_FILE) or name.endswith(PARTIAL)


def _title(place: Path) -> str:
    try:
        return describe(place).title
    except OSError:
        return str(place)
