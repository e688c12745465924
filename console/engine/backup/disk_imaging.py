"""One disk into one list of blocks: an image file or a block device, read by a few threads."""

from __future__ import annotations

import os
import stat
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from console.domain import paths
from console.domain.clock import Clock
from console.domain.errors import Failed, failed
from console.domain.machines import Volume, VolumeSource
from console.domain.objects import ZERO_ID, Kind
from console.domain.progress import Reporter
from console.domain.sizes import format_size
from console.domain.trees import Entry, EntryFlag, FileType, VolumeRoot
from console.engine.backup.content import too_fresh
from console.engine.backup.imaged import Imaged
from console.engine.backup.in_order import in_order
from console.engine.backup.kept_blocks import KeptBlocks, Refs
from console.engine.backup.tally import Tally
from console.engine.backup.volumes import gone
from console.host.block_devices import in_use
from console.repository import Repository, TreeReader, TreeWriter, WriteSession
from console.sources.attributes import Owners
from console.sources.disks import BLOCK, ChangedBlocks, Disk, Disks, NothingKnown, Stretch
from console.sources.reading import same_content, unchanged

THREADS = 2
WINDOW = 16 * BLOCK
"""So much is read at once, by one thread (bytes)."""
AHEAD = 2 * THREADS
_ZEROS = bytes(BLOCK)

Step = Callable[[], Refs]


class _Buffers(threading.local):
    def __init__(self) -> None:
        self.buffer = bytearray(WINDOW)


class DiskImager:
    """Makes one image of one disk. Used once. Memory stays flat, whatever the size of the disk."""

    def __init__(
        self,
        volume: Volume,
        repository: Repository,
        session: WriteSession,
        reporter: Reporter,
        clock: Clock,
        *,
        disks: Disks | None = None,
        hints: ChangedBlocks | None = None,
    ) -> None:
        self._volume = volume
        self._session = session
        self._reporter = reporter
        self._clock = clock
        self._disks = disks or Disks()
        self._hints = hints or NothingKnown()
        self._tally = Tally(session)
        self._writer = TreeWriter(self._tally)
        self._reader = TreeReader(repository)
        self._buffers = _Buffers()
        self._read = 0

    def image(self, before: VolumeRoot | None) -> Imaged:
        """Reads the disk; what `before` (the parent image's root) has already is kept once. An image file that did not
        change since is not read.

        Raises Failed `volume-gone`, `volume-unreadable`, `volume-truncated`, and what the repository raises; Cancelled.
        """
        try:
            disk = self._disks.open(paths.from_text(self._volume.path))
        except FileNotFoundError as problem:
            raise gone(self._volume) from problem
        except OSError as problem:
            raise self._unreadable(problem) from problem
        try:
            return self._image(disk, before if before and before.source == VolumeSource.IMAGE else None)
        finally:
            disk.close()

    def _image(self, disk: Disk, before: VolumeRoot | None) -> Imaged:
        if before is not None and self._is_unchanged(disk, before):
            self._reporter.advance(bytes=disk.size, items=1)
            return self._imaged(before)
        self._tell(disk, before)
        moment = self._clock.now()
        layout = self._disks.layout(disk)
        try:
            content, depth = self._content(disk, before)
            after = os.fstat(disk.file)
        except OSError as problem:
            raise self._unreadable(problem) from problem
        changed = not disk.is_device and not same_content(disk.status, after)
        if changed:
            self._reporter.warn(
                "volume-changed",
                f"“{self._volume.path}” changed while it was read; what this recovery point has of it may be of no "
                "single moment. Stop what writes to it, or image a snapshot.",
            )
        status = disk.status
        settled = not (disk.is_device or changed or too_fresh(status, moment.timestamp()))
        owners = Owners()
        owners.meet(status.st_uid, status.st_gid)
        entry = Entry(
            b"",
            FileType.FILE,
            stat.S_IMODE(status.st_mode),
            status.st_uid,
            status.st_gid,
            int(moment.timestamp()) * 1_000_000_000 if disk.is_device else status.st_mtime_ns,
            status.st_ctime_ns if settled else 0,
            status.st_ino,
            status.st_dev,
            disk.size,
            depth,
            content,
            flags=int(EntryFlag.CHANGED) if changed else 0,
        )
        self._reporter.advance(items=1)
        return self._imaged(
            VolumeRoot(
                VolumeSource.IMAGE.value,
                entry,
                1,
                0,
                0,
                disk.size,
                users=owners.users,
                groups=owners.groups,
                disk=layout,
            )
        )

    def _imaged(self, root: VolumeRoot) -> Imaged:
        oid = self._writer.root(root)
        return Imaged(oid.hex(), root, self._read, self._tally.new, self._tally.stored)

    def _is_unchanged(self, disk: Disk, before: VolumeRoot) -> bool:
        if disk.is_device or before.disk is None or before.disk.block != BLOCK:
            return False
        if not unchanged(before.entry, disk.status):
            return False
        return KeptBlocks(self._reader, self._session, before.entry).all_here()

    def _tell(self, disk: Disk, before: VolumeRoot | None) -> None:
        users = in_use(disk.path)
        if users:
            self._reporter.warn(
                "volume-in-use",
                f"“{self._volume.path}” is in use ({', '.join(users)}): what is written to it while it is read may be "
                "in this recovery point in part.",
            )
        if before is not None and before.entry.size != disk.size:
            self._reporter.warn(
                "volume-resized",
                f"“{self._volume.path}” has {format_size(disk.size)} ({disk.size} bytes) now; at the last backup it "
                f"had {before.entry.size} bytes.",
            )

    def _content(self, disk: Disk, before: VolumeRoot | None) -> tuple[bytes, int]:
        with ThreadPoolExecutor(THREADS, thread_name_prefix="disk") as threads:
            refs = self._told(in_order(threads, self._steps(disk, before), ahead=AHEAD))
            return self._writer.content(_joined(refs), disk=True)

    def _told(self, done: Iterator[Refs]) -> Iterator[tuple[bytes, int]]:
        for refs in done:
            self._reporter.check()
            self._reporter.advance(bytes=sum(length for _, length in refs))
            yield from refs

    def _steps(self, disk: Disk, before: VolumeRoot | None) -> Iterator[Step]:
        """The disk from front to back: what to do about each part of it."""
        data = _Ahead(_blocks(disk.stretches(), disk.size))
        hint = None
        if before is not None and before.disk is not None and before.disk.block == BLOCK:
            hint = self._hints.since(disk, before.entry)
        if before is None or hint is None:
            yield from self._reading(disk, data, 0, disk.size)
            return
        kept = KeptBlocks(self._reader, self._session, before.entry)
        at = 0
        for begin, end in [*_blocks(hint, disk.size), (disk.size, disk.size)]:
            if begin > at:
                refs = kept.take(at, begin)
                if refs is None:
                    yield from self._reading(disk, data, at, begin)
                else:
                    yield partial(list, refs)
            yield from self._reading(disk, data, begin, end)
            at = end

    def _reading(self, disk: Disk, data: _Ahead, begin: int, end: int) -> Iterator[Step]:
        at = begin
        for first, last in data.between(begin, end):
            if first > at:
                yield partial(_hole, first - at)
            for start in range(first, last, WINDOW):
                yield partial(self._window, disk, start, min(start + WINDOW, last))
            at = last
        if at < end:
            yield partial(_hole, end - at)

    def _window(self, disk: Disk, begin: int, end: int) -> Refs:
        """Reads and stores some blocks; a task for the threads."""
        buffer = self._buffers.buffer
        view = memoryview(buffer)[: end - begin]
        got = disk.read_into(view, begin)
        if got < len(view):
            raise failed(
                "volume-truncated",
                f"“{self._volume.path}” became shorter while it was read.",
                "Back it up again when nobody changes it. No recovery point was made.",
            )
        refs: Refs = []
        for at in range(0, got, BLOCK):
            length = min(BLOCK, got - at)
            if buffer.startswith(_ZEROS if length == BLOCK else _ZEROS[:length], at, at + length):
                refs.append((ZERO_ID, length))
            else:
                refs.append((self._tally.put(Kind.CHUNK, view[at : at + length]).id, length))
        with self._tally.lock:
            self._read += got
        return refs

    def _unreadable(self, problem: OSError) -> Failed:
        why = problem.strerror or str(problem)
        return failed(
            "volume-unreadable",
            f"“{self._volume.path}” could not be read: {why}.",
            "Run the Core as a user who may read it, and see whether the disk is sound. No recovery point was made.",
        )


class _Ahead:
    """Stretches in order, given out by parts of the disk."""

    def __init__(self, stretches: Iterator[Stretch]) -> None:
        self._stretches = stretches
        self._next = next(stretches, None)

    def between(self, begin: int, end: int) -> Iterator[Stretch]:
        """What of them lies between two offsets; to be asked from front to back."""
        while self._next is not None and self._next[0] < end:
            first, last = self._next
            if last > begin:
                yield max(first, begin), min(last, end)
            if last > end:
                return
            self._next = next(self._stretches, None)


def _blocks(stretches: Iterable[Stretch], size: int) -> Iterator[Stretch]:
    """The same stretches widened to whole blocks; those that touch then are one."""
    begin = end = 0
    for first, last in stretches:
        first, last = first // BLOCK * BLOCK, min(-(-last // BLOCK) * BLOCK, size)
        if first <= end:
            end = max(end, last)
            continue
        if end > begin:
            yield begin, end
        begin, end = first, last
    if end > begin:
        yield begin, end


def _hole(length: int) -> Refs:
    return [(ZERO_ID, length)]


def _joined(refs: Iterator[tuple[bytes, int]]) -> Iterator[tuple[bytes, int]]:
    """Holes that follow each other are one."""
    hole = 0
    for oid, length in refs:
        if oid == ZERO_ID:
            hole += length
            continue
        if hole:
            yield ZERO_ID, hole
            hole = 0
        yield oid, length
    if hole:
        yield ZERO_ID, hole
