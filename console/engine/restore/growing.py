"""Files out of objects: what a restore's threads do. A file gets its name when all of it was verified and written."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable
from functools import partial
from itertools import groupby

from console.domain.errors import Failed
from console.domain.objects import ZERO_ID, iter_refs
from console.domain.progress import Reporter
from console.domain.trees import Entry
from console.engine.backup.workers import Parts, Workers
from console.engine.restore.line import Line
from console.engine.restore.outcome import Outcome, is_damage
from console.engine.restore.shared import Shared, windows
from console.engine.restore.spots import Done, Refs, Spot, Sprout, wrong_length, wrong_size
from console.repository import Repository, TreeReader
from console.sources import creating
from console.sources.creating import Places
from console.sources.direct import DirectFile, Memory

SMALL = 64 << 10
"""Above this, what is done with a file takes long enough to be done beside others (bytes)."""
ROOM = 16 << 20
ASKED = 4096
"""Objects are looked up in batches of this size."""


class Growing:
    """Makes files. Every method is a task for the threads."""

    def __init__(
        self,
        repository: Repository,
        places: Places,
        workers: Workers,
        reporter: Reporter,
        outcome: Outcome,
        done: Done,
        several: Callable[[Spot, int], object],
    ) -> None:
        """`several` is told of so many files that stand, of which there is nothing else to be done."""
        self._repository = repository
        self._reader = TreeReader(repository)
        self._places = places
        self._workers = workers
        self._reporter = reporter
        self._outcome = outcome
        self._done = done
        self._several = several
        self.careful = False
        """Nothing is replaced that was not there when the walk looked."""
        self._memory = Memory()
        self._naming = threading.Lock()
        self._line = Line(self._in_memory)
        """Small files are made by one thread at a time: with many small calls in several threads, handing the
        interpreter to one another would cost more than the calls."""

    def single(self, sprout: Sprout) -> None:
        (self.small if sprout.entry.size <= SMALL else self.middle)([sprout])

    def small(self, sprouts: list[Sprout]) -> None:
        """Files of at most `SMALL` bytes; by this thread, or the one that is at such files already."""
        self._line.add(sprouts)

    def middle(self, sprouts: list[Sprout]) -> None:
        """Files of at most `WHOLE` bytes."""
        self._in_memory(sprouts)

    def _in_memory(self, sprouts: list[Sprout]) -> None:
        """Files whose content is read into memory first, in the order in which it lies in the packs."""
        wanted: list[tuple[Sprout, Refs]] = []
        for sprout in sprouts:
            try:
                entry = sprout.entry
                refs = self._reader.extents(entry) if entry.depth else iter_refs(entry.content)
                wanted.append((sprout, list(refs)))
            except Failed as known:
                self._lost(sprout, known)
        hurt: dict[bytes, Failed] = {}
        plain = self._read(_ids(wanted))
        if plain is None:
            lacking = set(self._repository.missing(list(_ids(wanted))))
            wanted = [(sprout, refs) for sprout, refs in wanted if self._complete(sprout, refs, lacking)]
            plain = self._read(_ids(wanted))
            if plain is None:
                plain, hurt = self._read_each(_ids(wanted))
        for _, group in groupby(wanted, key=lambda item: id(item[0].spot)):
            self._reporter.check()
            self._make_all(list(group), plain, hurt)

    def _make_all(
        self, wanted: list[tuple[Sprout, Refs]], plain: dict[bytes, bytes], hurt: dict[bytes, Failed]
    ) -> None:
        """Files of one directory."""
        spot = wanted[0][0].spot
        count = size = 0
        with self._places.use(spot.place) as there:
            try:
                for sprout, refs in wanted:
                    if self._make(there, sprout, refs, plain, hurt):
                        count += 1
                        size += sprout.entry.size
            finally:
                if count:
                    self._outcome.several(count, size)
        if count:
            self._several(spot, count)

    def _complete(self, sprout: Sprout, refs: Refs, lacking: set[bytes]) -> bool:
        absent = next((oid for oid, _ in refs if oid in lacking), None)
        if absent is None:
            return True
        self._outcome.absent(sprout.path, absent)
        self._done(sprout, None, hopeless=True)
        return False

    def _read(self, ids: set[bytes]) -> dict[bytes, bytes] | None:
        """The plain bytes of objects; None: not all of them can be read true."""
        try:
            return dict(self._repository.read_many(list(ids)))
        except Failed as known:
            if not is_damage(known):
                raise
            return None

    def _read_each(self, ids: set[bytes]) -> tuple[dict[bytes, bytes], dict[bytes, Failed]]:
        """The plain bytes of objects; of those that cannot be read true, why."""
        plain: dict[bytes, bytes] = {}
        hurt: dict[bytes, Failed] = {}
        for oid in ids:
            try:
                plain[oid] = self._repository.read(oid)
            except Failed as known:
                if not is_damage(known):
                    raise
                hurt[oid] = known
        return plain, hurt

    def _make(
        self, there: int, sprout: Sprout, refs: Refs, plain: dict[bytes, bytes], hurt: dict[bytes, Failed]
    ) -> bool:
        """True: the file stands, and there is nothing else to be done but to count it."""
        entry = sprout.entry
        for oid, length in refs:
            if oid in hurt:
                self._lost(sprout, hurt[oid])
                return False
            if oid != ZERO_ID and len(plain[oid]) != length:
                self._lost(sprout, wrong_length(oid))
                return False
        if not _adds_up(entry, refs):
            self._lost(sprout, wrong_size(entry))
            return False
        try:
            file, aside = creating.begin_file(there)
            try:
                try:
                    creating.prepare(file, entry)
                    at = _write(file, entry, refs, plain)
                    if at < entry.size:
                        creating.set_size(file, entry.size)
                    refused = creating.dress(file, entry, owned=sprout.spot.owner)
                finally:
                    os.close(file)
                published = self._publish(there, aside, sprout)
            except BaseException:
                creating.discard(there, aside)
                raise
        except OSError as problem:
            self._outcome.failed(sprout.path, problem)
            self._done(sprout, None)
            return False
        if not published:
            return False
        if refused:
            self._outcome.refused(sprout.path, refused)
        if sprout.twins is None and not entry.file_flags:
            return True
        self._outcome.file(entry, told=0)
        self._done(sprout, sprout.spot.place)
        return False

    def large(self, sprout: Sprout) -> None:
        """A file written in windows, by whichever threads are free."""
        try:
            absent = self._absent(sprout.entry)
        except Failed as known:
            if not is_damage(known):
                raise
            self._lost(sprout, known)
            return
        if absent is not None:
            self._outcome.absent(sprout.path, absent)
            self._done(sprout, None, hopeless=True)
            return
        try:
            with self._places.use(sprout.spot.place) as there:
                self._stream(there, sprout)
        except OSError as problem:
            self._outcome.failed(sprout.path, problem)
            self._done(sprout, None)

    def _absent(self, entry: Entry) -> bytes | None:
        """The first object of a file that is not here; and that its lengths add up."""
        batch: list[bytes] = []
        size = 0
        for oid, length in self._reader.extents(entry):
            size += length
            if oid != ZERO_ID:
                batch.append(oid)
            if len(batch) >= ASKED:
                if lacking := self._repository.missing(batch):
                    return lacking[0]
                batch = []
        if size != entry.size:
            raise wrong_size(entry)
        lacking = self._repository.missing(batch)
        return lacking[0] if lacking else None

    def _stream(self, there: int, sprout: Sprout) -> None:
        entry = sprout.entry
        descriptor, aside = creating.begin_file(there)
        file = Shared(descriptor, DirectFile(descriptor, there, aside), self._memory)
        try:
            creating.prepare(descriptor, entry)
            creating.set_size(descriptor, entry.size)
            parts = Parts(self._workers, room=ROOM)
            stored = 0
            for window, size in windows(self._reader.extents(entry)):
                stored += size
                if file.problem is not None:
                    break
                parts.add(partial(file.write, self._repository, window, self._reporter), size)
            parts.finish()
            self._reporter.advance(bytes=entry.size - stored)
            if file.problem is not None:
                raise file.problem
            refused = creating.dress(descriptor, entry, owned=sprout.spot.owner)
        except BaseException as problem:
            file.close()
            creating.discard(there, aside)
            if isinstance(problem, Failed) and is_damage(problem):
                self._lost(sprout, problem)
                return
            raise
        file.close()
        try:
            if not self._publish(there, aside, sprout):
                return
        except BaseException:
            creating.discard(there, aside)
            raise
        self._outcome.refused(sprout.path, refused)
        self._outcome.file(entry, told=entry.size)
        self._done(sprout, sprout.spot.place)

    def _publish(self, there: int, aside: bytes, sprout: Sprout) -> bool:
        """Gives a whole file its name. False: another of ours has it, which is the same name to this file system."""
        if not (self.careful and sprout.free):
            creating.publish(there, aside, sprout.entry.name)
            return True
        with self._naming:  # two names that are one here must not both be found free
            if creating.look(there, sprout.entry.name) is None:
                creating.publish(there, aside, sprout.entry.name)
                return True
        creating.discard(there, aside)
        self._outcome.kept(sprout.path, "another file's name is the same on this file system")
        self._done(sprout, None)
        return False

    def _lost(self, sprout: Sprout, known: Failed) -> None:
        if not is_damage(known):
            raise known
        self._outcome.lost(sprout.path, known)
        self._done(sprout, None, hopeless=True)


def _ids(wanted: Iterable[tuple[Sprout, Refs]]) -> set[bytes]:
    return {oid for _, refs in wanted for oid, _ in refs if oid != ZERO_ID}


def _write(file: int, entry: Entry, refs: Refs, plain: dict[bytes, bytes]) -> int:
    """Returns where the last written byte ends."""
    if entry.inline:
        creating.write(file, entry.inline, 0)
        return len(entry.inline)
    at = end = 0
    for oid, length in refs:
        if oid != ZERO_ID:
            creating.write(file, plain[oid], at)
            end = at + length
        at += length
    return end


def _adds_up(entry: Entry, refs: Refs) -> bool:
    return (len(entry.inline) or sum(length for _, length in refs)) == entry.size
