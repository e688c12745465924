"""Writes a seed: a target end that lays images down in segments, on one medium after the other."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

from blake3 import blake3

from console.domain.errors import Failed, damage, failed
from console.domain.objects import ObjectRef
from console.domain.progress import Reporter
from console.domain.recovery_points import VolumeImage
from console.domain.replication import Accepted, ImageOffer
from console.domain.seeds import Segment
from console.repository.codec import Bytes, Frame, FrameError, check_digest
from console.repository.frames import Arrived, FrameSplitter
from console.repository.pack import ENTRY_SIZE, PackWriter
from console.seeding.drive import PARTIAL, Device, Drive, Kept
from console.seeding.lookback import LookBack
from console.seeding.manifest import MAX_OBJECTS, MAX_SEGMENT, SeedMedium, SeedPoint, segment_name
from console.seeding.media import failure_of, is_full, medium_full, named
from console.seeding.places import Place, Places
from console.seeding.segment import FIRST, SEGMENT, segment_header

DEFAULT_SEGMENT = 1 << 30
MIN_SEGMENT = 1 << 20
SEGMENTS_MAX = 99_999
_COPY = 4 << 20
_SMALL = 32 << 10
"""Pieces that are smaller than this on average are joined before they are written."""

Increment = Callable[[VolumeImage, bool], Iterator[list[ObjectRef]]]
"""Which objects an image adds to its parent, as `SourceEnd.increment(image, names=…)`."""


@dataclass
class _OpenSegment:
    """The segment that is being written, on one medium. `written`: bytes that are in the file."""

    number: int
    device: Device
    path: Path
    file: BinaryIO
    limit: int
    look: LookBack
    books: PackWriter = field(default_factory=lambda: PackWriter(SEGMENT))
    pending: list[Bytes] = field(default_factory=list)
    hasher: Any = field(default_factory=blake3)
    written: int = 0


class SeedWriter:
    """A seed drive as target end. One thread stores and commits; any may ask what is missing.

    Interrupted anywhere, a new writer on the same drive keeps the segments that are whole and goes on after them.
    """

    def __init__(
        self,
        drive: Drive,
        increment: Increment,
        *,
        segment_size: int = DEFAULT_SEGMENT,
        elsewhere: Callable[[Sequence[bytes]], Collection[bytes]] | None = None,
    ) -> None:
        """`increment` is asked at each commit; `elsewhere`: those of given ids that the target is known to have."""
        self._drive = drive
        self._increment = increment
        self._segment_size = min(segment_size, MAX_SEGMENT)
        self._elsewhere = elsewhere
        self._places = Places()
        self._lock = threading.Lock()
        self._unsettled: dict[bytes, None] = {}
        self._open: _OpenSegment | None = None
        self._device = 0
        self._previous = FIRST
        self._helper = ThreadPoolExecutor(1, thread_name_prefix="seed-look-back")
        self._points: dict[str, _Point] = {}
        self.segments: list[Segment] = []
        self.objects = 0

    def __enter__(self) -> SeedWriter:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def drop(self) -> None:
        """Forgets what is not in a whole segment: it is missing again."""
        segment, self._open = self._open, None
        if segment is not None:
            segment.look.stop()
            segment.file.close()
        with self._lock:
            self._unsettled.clear()

    def close(self) -> None:
        """Keeps whole segments only, and gives back the room of what is half done."""
        self.drop()
        self._helper.shutdown(wait=True)
        self._drive.clear_partials()
        self._places.close()

    @property
    def written_bytes(self) -> int:
        """Of all whole segments."""
        return sum(segment.bytes for segment in self.segments)

    @property
    def device(self) -> Device:
        """The medium that is being filled."""
        return self._drive.devices[self._device]

    def begin(self, readme: str, reporter: Reporter) -> None:
        """Makes the drive ready, and goes on where an interrupted writing of the same seed stopped."""
        self._drive.prepare(readme)
        self._drive.take_stock(self._keep, reporter)
        self._device = max((segment.medium - 1 for segment in self.segments), default=0)

    def missing(self, ids: Sequence[bytes], *, sealed: bool = False) -> list[bytes]:
        """See `domain.replication.TargetEnd`: what is neither on the drive nor, as far as is known, at the target."""
        with self._lock:
            absent = [oid for oid in dict.fromkeys(ids) if oid not in self._unsettled]
        there = set(self._places.known(absent))
        if self._elsewhere is not None:
            there |= set(self._elsewhere(absent))
        return [oid for oid in absent if oid not in there]

    def store(self, frames: Iterable[bytes | memoryview]) -> Accepted:
        """See `domain.replication.TargetEnd`. Frames are proven by digest and laid down as they are.

        Raises Failed: `frame-damaged`, `medium-full`, `medium-read-only`, `medium-gone`, `medium-not-writable`,
        `medium-faulty`.
        """
        splitter = FrameSplitter()
        objects = size = 0
        for piece in frames:
            arrived: list[Arrived] = []
            problem: FrameError | None = None
            try:
                for one in splitter.feed(piece):
                    arrived.append(one)
            except FrameError as error:
                problem = error
            for header, raw in self._new(arrived):
                try:
                    check_digest(header, raw)
                except FrameError as error:
                    problem = error
                    break
                self._lay_down(Frame(header[6], header[2], header[3], header[4], header[1], header[0], (raw,)))
                objects += 1
                size += len(raw)
            self._flush()
            if problem is not None:
                raise _frame_damaged(problem)
        if splitter.unfinished:
            raise _frame_damaged(FrameError("the stream ended within it"))
        return Accepted(objects, size)

    def commit(self, offer: ImageOffer) -> None:
        """See `domain.replication.TargetEnd`. The image will stand in the manifest; what is synced, is so by `seal`."""
        image = offer.image
        absent = sum(len(self.missing([ref.id for ref in batch])) for batch in self._increment(image, offer.names))
        if absent:
            raise failed(
                "objects-missing",
                f"{absent} object(s) of image {image.id[:12]} are not on the drive.",
                "Write the seed again; it goes on where it stopped.",
            )
        point = self._points.setdefault(offer.point.id, _Point(offer))
        point.images[image.id] = offer.names

    def seal(self) -> None:
        """Ends the last segment: from here on everything committed is on the media."""
        self._end_segment()

    def points(self) -> tuple[SeedPoint, ...]:
        """What was committed, in that order."""
        return tuple(point.entry() for point in self._points.values())

    def media(self) -> tuple[SeedMedium, ...]:
        """The media that carry segments."""
        return tuple(SeedMedium(d.number, str(d.place), d.used) for d in self._drive.devices if d.used)

    def publish(self, manifest: bytes) -> None:
        """Puts the manifest on every medium; with it the seed is finished."""
        self._drive.publish(manifest)

    def _keep(self, kept: Kept) -> None:
        self._places.add(Place(kept.segment.number, e.offset, e.stored, e.id) for e in kept.entries)
        self.segments.append(kept.segment)
        self.objects += len(kept.entries)
        self._previous = kept.digest

    def _new(self, arrived: list[Arrived]) -> Iterator[Arrived]:
        """An object stands on a drive once, however often it arrives."""
        wanted = set(self.missing([header[6] for header, _ in arrived]))
        for header, raw in arrived:
            if header[6] in wanted:
                wanted.discard(header[6])
                yield header, raw

    def _lay_down(self, frame: Frame) -> None:
        segment = self._open
        if segment is not None and (
            segment.books.size + frame.size + ENTRY_SIZE > segment.limit or len(segment.books.entries) >= MAX_OBJECTS
        ):
            self._end_segment()
            segment = None
        if segment is None:
            segment = self._begin_segment(frame.size)
        segment.books.add(frame)
        segment.pending.extend(frame.pieces)
        with self._lock:
            self._unsettled[frame.id] = None

    def _begin_segment(self, first: int) -> _OpenSegment:
        number = len(self.segments) + 1
        if number > SEGMENTS_MAX:
            raise failed(
                "too-many-segments", f"A seed has at most {SEGMENTS_MAX} segments.", "Choose a larger segment size."
            )
        smallest = PackWriter(SEGMENT).size + first + ENTRY_SIZE
        segment = self._on_next_medium(number, smallest)
        segment.pending.append(segment_header(self._drive.seed, number, self._previous))
        self._open = segment
        return segment

    def _on_next_medium(self, number: int, smallest: int) -> _OpenSegment:
        """A new file on the first medium, from the present one on, that has room for `smallest` bytes."""
        devices = self._drive.devices
        while True:
            device = devices[self._device]
            room = self._drive.room(device)
            path = device.directory / (segment_name(number) + PARTIAL)
            try:
                if room >= smallest:
                    limit = max(smallest, min(self._segment_size, room))
                    file = self._drive.files.create(path)
                    look = LookBack(self._drive.files, path, file, self._helper)
                    return _OpenSegment(number, device, path, file, limit, look)
            except OSError as error:
                if not is_full(error):
                    raise self._failure(device, error) from error
            self._skip(device)

    def _skip(self, device: Device) -> None:
        if self._device + 1 >= len(self._drive.devices):
            raise medium_full(device.title, self.written_bytes)
        self._device += 1

    def _flush(self) -> None:
        """Writes what is pending; goes on on the next medium when this one is full."""
        segment = self._open
        if segment is None or not segment.pending:
            return
        pieces = segment.pending
        if sum(map(len, pieces)) < len(pieces) * _SMALL:
            pieces = [b"".join(pieces)]
        while True:
            try:
                self._write(segment, pieces)
                break
            except OSError as error:
                self._move(segment, error)
        for piece in pieces:
            segment.hasher.update(piece)
        segment.pending = []

    def _write(self, segment: _OpenSegment, pieces: Sequence[Bytes]) -> None:
        segment.look.follow(segment.written)
        self._drive.files.write(segment.file, segment.written, pieces)
        segment.written += sum(map(len, pieces))

    def _move(self, segment: _OpenSegment, error: OSError) -> None:
        """The medium is full before the segment is: writes it anew on the next one, from what was read back."""
        full = segment.device
        if not is_full(error):
            raise self._failure(full, error) from error
        segment.look.stop()
        frames_end = segment.written
        self._skip(full)
        while True:
            fresh = self._on_next_medium(segment.number, segment.books.size)
            try:
                self._copy(segment, fresh, frames_end)
                break
            except BaseException as problem:
                fresh.file.close()
                if not isinstance(problem, OSError):
                    raise
                if not is_full(problem):
                    raise self._failure(fresh.device, problem) from problem
                self._drive.files.remove(fresh.path)
                self._skip(fresh.device)
        old_file, old_path = segment.file, segment.path
        segment.device, segment.path, segment.file = fresh.device, fresh.path, fresh.file
        segment.limit, segment.look = fresh.limit, fresh.look
        old_file.close()
        with named(full.title, full.used):
            self._drive.files.remove(old_path)

    def _copy(self, segment: _OpenSegment, fresh: _OpenSegment, length: int) -> None:
        hasher = blake3()
        for offset in range(0, length, _COPY):
            with named(segment.device.title, segment.device.used):
                piece = self._drive.files.read(segment.file, offset, min(_COPY, length - offset))
            hasher.update(piece)
            self._drive.files.write(fresh.file, offset, [piece])
        if hasher.digest() != segment.hasher.digest():
            raise _faulty(segment.device)

    def _end_segment(self) -> None:
        """Index, footer, sync, a look back at what the medium has, and only then the name."""
        segment = self._open
        if segment is None:
            return
        self._flush()
        tail = segment.books.tail()
        size = segment.written + len(tail)
        while True:
            try:
                self._drive.files.write(segment.file, segment.written, [tail])
                found = segment.look.finish(size)
                break
            except OSError as error:
                self._move(segment, error)
        segment.hasher.update(tail)
        digest = segment.hasher.digest()
        device = segment.device
        if found != digest:
            raise _faulty(device)
        segment.file.close()
        name = segment_name(segment.number)
        with named(device.title, self.written_bytes):
            self._drive.files.rename(segment.path, device.directory / name)
            self._drive.files.sync_directory(device.directory)
        device.used += size
        self._open = None
        whole = Segment(segment.number, name, device.number, size, digest.hex())
        self._keep(Kept(whole, digest, segment.books.entries))
        with self._lock:
            self._unsettled.clear()

    def _failure(self, device: Device, error: OSError) -> Failed | OSError:
        return failure_of(error, device.title, self.written_bytes) or error


class _Point:
    def __init__(self, offer: ImageOffer) -> None:
        self.point = offer.point
        self.images: dict[str, bool] = {}

    def entry(self) -> SeedPoint:
        return SeedPoint(self.point, tuple(self.images), tuple(i for i, names in self.images.items() if names))


def _frame_damaged(error: FrameError) -> Failed:
    what = f"Object {error.id.hex()}" if error.id else "What was to go on the drive"
    return damage("frame-damaged", f"{what} is not what it should be: {error}.", "Check the repository it comes from.")


def _faulty(device: Device) -> Failed:
    return damage(
        "medium-faulty",
        f"What was written to {device.title} reads back different.",
        "Use another medium, cable or port. What is on other media of this seed stays good.",
    )
