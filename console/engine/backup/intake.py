"""From files to objects: what a backup's threads do. A file is read until it held still for one reading."""

from __future__ import annotations

import errno
import os
import stat
import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial

from msgspec.structs import replace

from console.domain import paths
from console.domain.objects import REF, ZERO_ID, Kind
from console.domain.progress import Reporter
from console.domain.trees import INLINE_MAX, Entry, EntryFlag, FileType
from console.engine.backup.content import Content, Extras, finished, too_fresh
from console.engine.backup.shelves import Shelf, Shelves, Wish
from console.engine.backup.tally import Tally
from console.engine.backup.turn import Turn
from console.engine.backup.workers import Parts, Workers
from console.repository import TreeWriter
from console.repository.chunker import MAXIMUM, MINIMUM, Chunker
from console.sources.attributes import Xattrs
from console.sources.reading import TYPES, HostFiles, entry_of, link_number, may_be_sparse, same_content

TRIES = 3
"""So often a file that changes under the reading is read."""
WHOLE = 4 << 20
"""Files up to this size are read in one piece by one thread (bytes)."""
WINDOW = 4 << 20
"""Larger ones are cut in windows of this size, whose chunks all threads share."""
PART = 1 << 20
"""Chunks of one window are handed over in parts of about this size."""
ROOM = 6 << 20
"""So much of one large file may wait to be stored (bytes)."""

Refs = list[tuple[bytes, int]]


@dataclass(slots=True)
class _Window:
    """A piece of a large file in memory, until its last part is stored."""

    buffer: bytearray
    parts: int = 0


class _Reused(threading.local):
    """Buffers of one thread: fresh memory costs more than reading into it does."""

    def __init__(self) -> None:
        self.buffer = memoryview(bytearray(WHOLE))


class Intake:
    """Makes entries of files. Every method may be called from many threads."""

    def __init__(self, files: HostFiles, store: Tally, trees: TreeWriter, workers: Workers, reporter: Reporter) -> None:
        self._files = files
        self._store = store
        self._trees = trees
        self._workers = workers
        self._reporter = reporter
        self._chunker = Chunker()
        self._reused = _Reused()
        self._windows: list[bytearray] = []
        self._lock = threading.Lock()
        self.turn = Turn()
        self.shelves = Shelves(files, store)
        self.bytes_read = 0

    def entries(self, batch: Sequence[Wish], moment: float, shelf: Shelf) -> list[Entry | None]:
        """What `entry` makes of each (path, name, status), but for those on the `shelf`: see `finish`."""
        made: list[Entry | None] = [None] * len(batch)
        if shelf.prepared is not None:
            shelf.prepared.compress()
        taken, tried = {read.slot for read in shelf.read}, shelf.tried
        for slot, (path, name, status) in enumerate(batch):
            if slot in tried:
                made[slot] = self.entry(path, name, None, moment, tried=1)
            elif slot not in taken:
                made[slot] = self.entry(path, name, status, moment)
        return made

    def finish(self, shelf: Shelf, made: list[Entry | None], moment: float) -> None:
        """Stores what is on the shelf and enters it. To be called in one's turn."""
        self._count(self.shelves.store(shelf, made, moment))

    def entry(
        self, path: bytes, name: bytes, status: os.stat_result | None, moment: float, *, tried: int = 0
    ) -> Entry | None:
        """Reads whatever stands at `path` now. `status`: what it was when its directory was listed, where known.
        `moment`: a time before the reading, in seconds since 1970. `tried`: how often it was read in vain.

        None, with a warning: nothing stands there any more. What cannot be read is an entry that says so (with one).
        """
        try:
            if status is None:
                status = self._files.status_of(path)
            if stat.S_ISREG(status.st_mode):
                return self._file(path, name, status, moment, tried)
            return self._other(path, name, status, moment)
        except FileNotFoundError:
            self._reporter.warn("file-vanished", f"“{paths.to_text(path)}” vanished before it could be read.")
            return None
        except OSError as problem:
            return self._unreadable(path, name, status, problem)

    def _file(self, path: bytes, name: bytes, status: os.stat_result, moment: float, tried: int) -> Entry:
        if status.st_size == 0:
            return finished(name, status, Content(), self._extras_of_empty(path, status), moment)
        for trial in range(1 + tried, TRIES + 1):
            try:
                entry = self._reading(path, name, status, moment, last=trial == TRIES)
            except OSError:
                status = self._files.status_of(path)
                if stat.S_ISREG(status.st_mode):
                    raise
            else:
                if entry is not None:
                    return entry
                status = self._files.status_of(path)
            if not stat.S_ISREG(status.st_mode):
                return self._other(path, name, status, moment)
        raise OSError(errno.EAGAIN, "it became something else while it was read")

    def _reading(self, path: bytes, name: bytes, status: os.stat_result, moment: float, *, last: bool) -> Entry | None:
        """One reading of a file; None when it did not hold still and this was not the `last` one."""
        file = self._files.open(path)
        try:
            if status.st_size > WHOLE:
                status = self._files.status_open(file)
            content = self._content(file, status)
            after = self._files.status_open(file)
            if not stat.S_ISREG(after.st_mode):
                return None
            if same_content(status, after) and content.size == status.st_size:
                return finished(name, status, content, self._extras(file, path, status), moment)
            return self._changed(path, name, after, content, self._extras(file, path, after)) if last else None
        finally:
            self._files.close(file)

    def _changed(self, path: bytes, name: bytes, status: os.stat_result, content: Content, extras: Extras) -> Entry:
        self._reporter.warn(
            "file-changed",
            f"“{paths.to_text(path)}” changed each of the {TRIES} times it was read; "
            "its content in this recovery point may be of no single moment.",
        )
        return finished(name, status, content, extras, 0.0, int(EntryFlag.CHANGED))

    def _unreadable(self, path: bytes, name: bytes, status: os.stat_result | None, problem: OSError) -> Entry:
        why = problem.strerror or str(problem)
        self._reporter.warn("file-unreadable", f"“{paths.to_text(path)}” could not be read: {why}.")
        if status is None:
            return Entry(name, FileType.FILE, flags=int(EntryFlag.UNREADABLE), problem=why)
        entry = entry_of(name, status, size=status.st_size if stat.S_ISREG(status.st_mode) else 0)
        return replace(entry, flags=int(EntryFlag.UNREADABLE), problem=why, links=link_number(status), ctime_ns=0)

    def _other(self, path: bytes, name: bytes, status: os.stat_result, moment: float) -> Entry:
        """Everything that has no content of its own."""
        kind = TYPES[stat.S_IFMT(status.st_mode)]
        if kind is FileType.DIRECTORY:
            # Its directory was listed when a file stood here; the next backup finds the directory.
            raise FileNotFoundError(errno.ENOENT, "replaced by a directory")
        xattrs = self._xattrs(path, path)
        target = self._files.link_target(path) if kind is FileType.SYMLINK else b""
        entry = entry_of(name, status, size=len(target), xattrs=xattrs)
        return replace(
            entry,
            target=target,
            rdev=status.st_rdev if kind in (FileType.CHARACTER_DEVICE, FileType.BLOCK_DEVICE) else 0,
            links=link_number(status),
            ctime_ns=0 if too_fresh(status, moment) else entry.ctime_ns,
        )

    def _extras(self, file: int, path: bytes, status: os.stat_result) -> Extras:
        xattrs = self._xattrs(file, path)
        try:
            return xattrs, self._files.flags(file, status.st_dev)
        except OSError as problem:
            self._attributes_unreadable(path, problem)
            return xattrs, 0

    def _extras_of_empty(self, path: bytes, status: os.stat_result) -> Extras:
        """Of a file without content, which is known without opening it: where it cannot be, it has no flags."""
        try:
            file = self._files.open(path)
        except FileNotFoundError:
            raise
        except OSError:
            return self._xattrs(path, path), 0
        try:
            return self._extras(file, path, status)
        finally:
            self._files.close(file)

    def _xattrs(self, where: int | bytes, path: bytes) -> Xattrs:
        try:
            return self._files.xattrs(where)
        except FileNotFoundError:
            raise
        except OSError as problem:
            self._attributes_unreadable(path, problem)
            return ()

    def _attributes_unreadable(self, path: bytes, problem: OSError) -> None:
        why = problem.strerror or str(problem)
        self._reporter.warn(
            "attributes-unreadable", f"The attributes of “{paths.to_text(path)}” could not be read: {why}."
        )

    def _content(self, file: int, status: os.stat_result) -> Content:
        """The first `st_size` bytes of an open file, as objects (of one that grows meanwhile: what it was)."""
        size = status.st_size
        if size <= INLINE_MAX:
            data = self._files.read(file, size, 0)
            self._count(len(data))
            return Content(len(data), len(data), inline=data)
        sparse = may_be_sparse(status)
        if size <= MINIMUM and not sparse:
            view = self._reused.buffer[:size]
            view = view[: self._files.read_into(file, view, 0)]
            got = len(view)
            self._count(got)
            if got <= INLINE_MAX:  # it became shorter
                return Content(got, got, inline=bytes(view))
            return Content(got, got, content=REF.pack(self._store.put(Kind.CHUNK, view).id, got))
        stretches = self._files.stretches(file, size) if sparse else [(0, size)]
        if size <= WHOLE:
            return self._small(file, size, stretches)
        return self._large(file, size, stretches)

    def _small(self, file: int, size: int, stretches: Iterable[tuple[int, int]]) -> Content:
        refs: Refs = []
        at = read = 0
        put = self._store.put
        buffer = self._reused.buffer
        for begin, end in stretches:
            data = buffer[: self._files.read_into(file, buffer[: end - begin], begin)]
            if begin > at:
                refs.append((ZERO_ID, begin - at))
            refs += [(put(Kind.CHUNK, chunk).id, len(chunk)) for chunk in self._chunker.cut(data)]
            at = begin + len(data)
            read += len(data)
            if at < end:  # it became shorter
                size = at
                break
        self._count(read)
        if at < size:
            refs.append((ZERO_ID, size - at))
        content, depth = self._trees.content(refs)
        return Content(size, read, content=content, depth=depth)

    def _large(self, file: int, size: int, stretches: Iterable[tuple[int, int]]) -> Content:
        """In windows. Where a chunk ends is known only with a whole maximum ahead of it: there the next one begins."""
        runs: list[Refs] = []
        parts = Parts(self._workers, room=ROOM)
        at = read = 0
        for begin, end in stretches:
            if begin > at:
                runs.append([(ZERO_ID, begin - at)])
            at = begin
            while at < end:
                window = self._window()
                view = memoryview(window.buffer)[: min(WINDOW, end - at)]
                data = view[: self._files.read_into(file, view, at)]
                if not data:
                    break
                last = len(data) < WINDOW or at + len(data) == end
                cut = list(_parts(self._chunker.cut(data), len(data) if last else len(data) - MAXIMUM))
                window.parts = len(cut)
                done = 0
                for part in cut:
                    refs: Refs = []
                    runs.append(refs)
                    size_of_part = sum(map(len, part))
                    parts.add(partial(self._put_part, window, part, refs), size_of_part)
                    done += size_of_part
                at += done
                read += done
                self._count(done)
            if at < end:
                size = at
                break
        parts.finish()
        self._reporter.advance(bytes=size - read)
        if at < size:
            runs.append([(ZERO_ID, size - at)])
        content, depth = self._trees.content(ref for run in runs for ref in run)
        return Content(size, read, content=content, depth=depth)

    def _window(self) -> _Window:
        with self._lock:
            buffer = self._windows.pop() if self._windows else None
        return _Window(bytearray(WINDOW) if buffer is None else buffer)

    def _put_part(self, window: _Window, part: list[memoryview], refs: Refs) -> None:
        refs += [(self._store.put(Kind.CHUNK, chunk).id, len(chunk)) for chunk in part]
        with self._lock:
            window.parts -= 1
            if not window.parts:
                self._windows.append(window.buffer)
        self._reporter.advance(bytes=sum(map(len, part)))

    def _count(self, read: int) -> None:
        with self._lock:
            self.bytes_read += read


def _parts(chunks: Iterable[memoryview], begun_before: int) -> Iterable[list[memoryview]]:
    """Runs of about `PART` bytes of those chunks of a window that begin at or before this offset."""
    part: list[memoryview] = []
    at = size = 0
    for chunk in chunks:
        if at > begun_before:
            break
        part.append(chunk)
        at += len(chunk)
        size += len(chunk)
        if size >= PART:
            yield part
            part, size = [], 0
    if part:
        yield part
