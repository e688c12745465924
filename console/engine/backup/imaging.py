"""One volume into one tree of objects: the walk that decides what is read, and the directories that close behind it."""

from __future__ import annotations

import os
import stat
from collections.abc import Collection, Iterator, Sequence
from itertools import chain

from msgspec.structs import replace

from console.domain import paths
from console.domain.clock import Clock
from console.domain.errors import Failed
from console.domain.machines import MachineOptions
from console.domain.progress import Reporter
from console.domain.trees import Entry, EntryFlag, FileType, VolumeRoot
from console.engine.backup.content import too_fresh
from console.engine.backup.folders import Ahead, Folder, is_long
from console.engine.backup.gathering import Gathering, Settled, Twins, Wanted
from console.engine.backup.imaged import Imaged
from console.engine.backup.intake import Intake
from console.engine.backup.leaving import Leaving
from console.engine.backup.nodes import Nodes
from console.engine.backup.parent_tree import ParentTree
from console.engine.backup.shelves import SHELF
from console.engine.backup.tally import Tally
from console.engine.backup.unchanged import Unchanged, lacking
from console.engine.backup.volumes import tree_gone, tree_unreadable
from console.engine.backup.workers import Workers
from console.engine.restore.outcome import is_damage
from console.repository import Repository, TreeWriter, WriteSession
from console.repository.chunker import MINIMUM
from console.sources.attributes import Owners, Xattrs
from console.sources.reading import HostFiles, entry_of, same_node, unchanged

BATCH_FILES = 256
BATCH_BYTES = SHELF - MINIMUM
"""Files are handed to the threads in batches: so many, or so many bytes."""
WAITING = 4
"""Batches that may wait for a thread."""
SETTLED = 512
"""What the walk itself decides is entered in groups of this size."""


class Imager:
    """Makes one image of one volume. Used once."""

    def __init__(
        self,
        volume: bytes,
        repository: Repository,
        session: WriteSession,
        reporter: Reporter,
        clock: Clock,
        *,
        excludes: Collection[str] = (),
        private: Collection[bytes] = (),
        options: MachineOptions | None = None,
        files: HostFiles | None = None,
    ) -> None:
        """`volume`: absolute path. `private`: directories that are always left out (repositories, data directories)."""
        self._volume = volume
        self._session = session
        self._reporter = reporter
        self._clock = clock
        self._files = files or HostFiles()
        self._leaving = Leaving(
            volume, reporter, excludes=excludes, private=private, options=options or MachineOptions()
        )
        self._owners = Owners()
        self._unchanged = Unchanged(self._files, self._owners, self._leaving, reporter)
        self._tally = Tally(session)
        self._nodes = Nodes(self._tally)
        self._writer = TreeWriter(self._nodes)
        self._parent = ParentTree(repository)
        self._twins: dict[tuple[int, int], Twins] = {}
        self._settled: list[Settled] = []
        self._kept: list[tuple[Folder, int, Entry, bool]] = []
        self._batch: list[Wanted] = []
        self._batch_bytes = 0
        self._base = True
        self._stack: list[Ahead] = []

    def image(self, before: VolumeRoot | None, *, whole: bool = False) -> Imaged:
        """Walks the volume; what `before` (the parent image's root) has unchanged is taken over without being opened.
        `whole`: every object of that image is known to be here.

        Raises Failed `volume-gone`, `volume-unreadable`, and what the repository raises; Cancelled.
        """
        path = os.path.realpath(self._volume)
        self._base = before is None
        self._unchanged.whole = whole
        with Workers("backup", waiting=WAITING) as workers:
            self._workers = workers
            intake = Intake(self._files, self._tally, self._writer, workers, self._reporter)
            self._gathering = Gathering(intake, self._writer, workers, self._reporter, self._clock)
            self._turn = intake.turn
            with self._turn:
                self._walk(path, before.entry if before else None)
                self._flush()
            workers.finish()
        self._nodes.finish()
        root = self._unchanged.counted(self._gathering.root(self._owners))
        if before is not None and before.files and not root.files:
            self._reporter.warn(
                "volume-empty",
                f"“{paths.to_text(self._volume)}” holds no files now; at the last backup it held {before.files}. "
                "Is everything mounted that should be?",
            )
        oid = self._writer.root(root)
        return Imaged(oid.hex(), root, intake.bytes_read, self._tally.new, self._tally.stored, self._leaving.left)

    def _walk(self, path: bytes, before: Entry | None) -> None:
        stack = self._stack
        stack.append(self._open_top(path, before))
        while stack:
            following = stack[-1].take()
            if following is None:
                stack.pop()
                continue
            ahead = self._enter(stack[-1].folder, *following)
            if ahead is not None:
                stack.append(ahead)

    def _open_top(self, path: bytes, before: Entry | None) -> Ahead:
        try:
            directory = self._files.open_directory(path)
        except (FileNotFoundError, NotADirectoryError) as problem:
            raise tree_gone(self._volume) from problem
        except OSError as problem:
            raise tree_unreadable(self._volume, problem) from problem
        try:
            status = self._files.status_open(directory)
            folder = self._look(None, 0, path, b"", directory, status, before)
            return self._list(folder, self._files.names(directory), directory)
        except OSError as problem:
            raise tree_unreadable(self._volume, problem) from problem
        finally:
            self._files.close(directory)

    def _enter(self, above: Folder, slot: int, name: bytes, before: Entry | None) -> Ahead | None:
        """Lists one subdirectory. None: nothing is to be walked below it."""
        self._reporter.check()
        path = above.prefix + name
        try:
            directory = self._files.open_directory(path)
        except OSError as problem:
            self._missed(above, slot, name, path, problem)
            return None
        try:
            status = self._files.status_open(directory)
            leaving = self._leaving
            if leaving.private(path, name, status):
                self._leave_out(above, slot)
                return None
            if leaving.mounted(path, status, above.entry.device, before, base=self._base):
                return self._list(self._look(above, slot, path, name, directory, status, before), [], directory)
            names = self._files.names(directory)
            if leaving.by_mark and leaving.marked(path, names, directory):
                self._leave_out(above, slot)
                return None
            return self._list(self._look(above, slot, path, name, directory, status, before), names, directory)
        except OSError as problem:
            self._missed(above, slot, name, path, problem)
            return None
        finally:
            self._files.close(directory)

    def _missed(self, above: Folder, slot: int, name: bytes, path: bytes, problem: OSError) -> None:
        """A directory that cannot be listed is kept, and says so; one that is gone is left out. Both with a warning."""
        text = paths.to_text(path)
        try:
            status = self._files.status_of(path)
        except OSError:
            status = None
        if status is None or not stat.S_ISDIR(status.st_mode):
            self._reporter.warn("file-vanished", f"The directory “{text}” vanished before it could be listed.")
            self._leave_out(above, slot)
            return
        why = problem.strerror or str(problem)
        self._reporter.warn("directory-unreadable", f"The directory “{text}” could not be listed: {why}.")
        above.same = False
        entry = replace(entry_of(name, status), flags=int(EntryFlag.UNREADABLE), problem=why)
        self._settle_later(above, slot, entry)

    def _look(
        self,
        above: Folder | None,
        slot: int,
        path: bytes,
        name: bytes,
        directory: int,
        status: os.stat_result,
        before: Entry | None,
    ) -> Folder:
        """A directory that is about to be listed: its own entry, still without content."""
        self._owners.meet(status.st_uid, status.st_gid)
        if before is not None and (before.type is not FileType.DIRECTORY or before.flags):
            before = None
        if before is not None and same_node(before, status):
            return Folder(above, slot, path, before, before)
        xattrs: Xattrs = ()
        file_flags = 0
        try:
            xattrs = self._files.xattrs(directory)
            file_flags = self._files.flags(directory, status.st_dev)
        except OSError as problem:
            why = problem.strerror or str(problem)
            self._reporter.warn(
                "attributes-unreadable", f"The attributes of “{paths.to_text(path)}” could not be read: {why}."
            )
        entry = entry_of(name, status, xattrs=xattrs, file_flags=file_flags)
        if too_fresh(status, self._clock.now().timestamp()):
            entry = replace(entry, ctime_ns=0)
        return Folder(above, slot, path, entry, before)

    def _list(self, folder: Folder, names: list[bytes], directory: int) -> Ahead:
        """Decides about every name of one open directory; returns its subdirectories."""
        old: list[Entry] | None = []
        if folder.before is not None:
            old = self._parent.listing(folder.before, chain.from_iterable(map(Ahead.coming, reversed(self._stack))))
        if old is None or is_long(names):
            ahead = self._list_long(folder, names, directory)
        else:
            ahead = self._list_short(folder, names, old, directory)
        ahead.ready()
        self._settle_later(folder, folder.last, None)
        return ahead

    def _list_short(self, folder: Folder, names: list[bytes], old: list[Entry], directory: int) -> Ahead:
        """What is as it was stays in its place; only the rest is looked at one by one."""
        befores: Sequence[Entry | None] = old
        if [entry.name for entry in old] != names:
            folder.same = False
            known = {entry.name: entry for entry in old}
            befores = [known.get(name) for name in names]
        rest = self._unchanged.sift(folder.prefix, names, befores, directory)
        ahead = Ahead(folder)
        folder.begin(befores, len(rest))
        for slot, status in rest:
            self._meet(ahead, slot, names[slot], status, befores[slot])
        return ahead

    def _list_long(self, folder: Folder, names: list[bytes], directory: int) -> Ahead:
        """A directory of so many names that they are not all held at once, or whose names in the parent image cannot be
        read well."""
        ahead = Ahead(folder)
        # One more than there are names: the directory cannot close before all of them were looked at.
        folder.expect(len(names) + 1)
        old = self._entries_of(folder)
        candidate = next(old, None)
        status_of = self._files.status
        for slot, name in enumerate(names):
            while candidate is not None and candidate.name < name:
                folder.same = False
                candidate = next(old, None)
            before = None
            if candidate is not None and candidate.name == name:
                before = candidate
                candidate = next(old, None)
            status: os.stat_result | OSError
            try:
                status = status_of(name, directory)
            except OSError as problem:
                status = problem
            self._meet(ahead, slot, name, status, before)
        if candidate is not None:
            folder.same = False
        return ahead

    def _meet(
        self, ahead: Ahead, slot: int, name: bytes, status: os.stat_result | OSError, before: Entry | None
    ) -> None:
        """One name: left out, walked later, or decided about."""
        folder = ahead.folder
        if isinstance(status, OSError):
            self._unknown(folder, slot, name, status)
            return
        is_directory = stat.S_ISDIR(status.st_mode)
        if self._leaving.by_name and self._leaving.excluded(folder.prefix + name, directory=is_directory):
            self._leave_out(folder, slot)
        elif is_directory:
            ahead.add(slot, name, before)
        else:
            self._owners.meet(status.st_uid, status.st_gid)
            self._decide(folder, slot, name, status, before)

    def _unknown(self, folder: Folder, slot: int, name: bytes, problem: OSError) -> None:
        """A name that was listed and cannot be looked at."""
        text = paths.to_text(folder.prefix + name)
        if isinstance(problem, FileNotFoundError):
            self._reporter.warn("file-vanished", f"“{text}” vanished before it could be read.")
            self._leave_out(folder, slot)
            return
        why = problem.strerror or str(problem)
        self._reporter.warn("file-unreadable", f"“{text}” could not be looked at: {why}.")
        folder.same = False
        self._settle_later(folder, slot, Entry(name, FileType.FILE, flags=int(EntryFlag.UNREADABLE), problem=why))

    def _entries_of(self, folder: Folder) -> Iterator[Entry]:
        """The names the parent image has of this directory; from where they cannot be read on, none."""
        if folder.before is None:
            return
        try:
            yield from self._parent.tree.entries(folder.before)
        except Failed as known:
            if not is_damage(known):
                raise
            folder.same = False
            self._reporter.warn(
                "parent-damaged",
                f"What the last recovery point knew of “{paths.to_text(folder.path)}” could not be read "
                f"({known.failure.message}); its files are read again.",
            )

    def _decide(self, folder: Folder, slot: int, name: bytes, status: os.stat_result, before: Entry | None) -> None:
        """Takes over what is unchanged, hands the rest to the threads."""
        twins = None
        weight = stat.S_ISREG(status.st_mode)
        if status.st_nlink > 1 and weight:
            twins, weight = self._meet_twin(status)
        if before is not None and unchanged(before, status):
            if before.content and not self._unchanged.whole:
                self._kept.append((folder, slot, before, weight))
                if len(self._kept) >= SETTLED:
                    self._keep()
            else:
                self._settle_later(folder, slot, before, weight)
            return
        folder.same = False
        wanted = Wanted(folder, slot, name, status, twins, weight)
        if self._gathering.first(wanted):
            self._read(wanted)

    def _meet_twin(self, status: os.stat_result) -> tuple[Twins, bool]:
        """The names of a file with hard links that were met before, and whether this is the first of them."""
        key = (status.st_dev, status.st_ino)
        twins = self._twins.get(key)
        first = twins is None
        if twins is None:
            twins = self._twins[key] = Twins(status.st_nlink)
        twins.left -= 1
        if not twins.left:
            del self._twins[key]
        return twins, first

    def _read(self, wanted: Wanted) -> None:
        self._batch.append(wanted)
        self._batch_bytes += wanted.status.st_size if wanted.status else 0
        if len(self._batch) >= BATCH_FILES or self._batch_bytes >= BATCH_BYTES:
            self._hand_over()

    def _hand_over(self) -> None:
        if self._batch:
            task = self._gathering.prepare(self._batch)
            self._turn.end()
            try:
                self._workers.give(task)
            finally:
                self._turn.take()
            self._batch, self._batch_bytes = [], 0

    def _settle_later(self, folder: Folder, slot: int, entry: Entry | None, weight: bool = False) -> None:
        self._settled.append((folder, slot, entry, weight))
        if len(self._settled) >= SETTLED:
            self._settle_now()

    def _leave_out(self, folder: Folder, slot: int) -> None:
        folder.same = False
        self._settle_later(folder, slot, None)

    def _settle_now(self) -> None:
        settled, self._settled = self._settled, []
        self._gathering.settle(settled)
        self._unchanged.tell()

    def _keep(self) -> None:
        """Enters what is taken over, after a look whether all its chunks are here; what lacks one is read again."""
        kept, self._kept = self._kept, []
        lost = lacking([entry for _, _, entry, _ in kept], self._session, self._parent.tree)
        self._gathering.settle([settled for number, settled in enumerate(kept) if number not in lost])
        for number in sorted(lost):
            folder, slot, entry, weight = kept[number]
            folder.same = False
            self._read(Wanted(folder, slot, entry.name, None, None, weight))

    def _flush(self) -> None:
        self._keep()
        self._hand_over()
        self._settle_now()
