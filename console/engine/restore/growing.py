"""Files out of objects: what a restore's threads do. A file gets its name when all of it was verified and written."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import partial
from itertools import groupby
from typing import Protocol

from console.domain.errors import Failed, damage
from console.domain.objects import ZERO_ID
from console.domain.progress import Reporter
from console.domain.trees import Entry
from console.engine.backup.workers import Parts, Workers
from console.engine.restore.outcome import Outcome, is_damage
from console.repository import Repository, TreeReader
from console.sources import creating
from console.sources.creating import Owner, Place, Places

WHOLE = 4 << 20
"""Files up to this size are made from memory; larger ones are written in windows of that size (bytes)."""
ROOM = 16 << 20
ASKED = 4096
"""Objects are looked up in batches of this size."""

Refs = list[tuple[bytes, int]]


class Spot:
    """A directory of the destination that is being filled. It is dressed when the last thing in it is done."""

    __slots__ = ("above", "dressed_as", "fresh", "left", "owner", "place", "text")

    def __init__(
        self,
        above: Spot | None,
        place: Place,
        text: bytes,
        dressed_as: Entry | None,
        *,
        fresh: bool,
        owner: Owner | None,
    ) -> None:
        """`text`: its path below the volume. `dressed_as` None: it keeps what it has. `fresh`: nothing was in it.

        `owner`: as `creating.new_owner` says of it.
        """
        self.above = above
        self.place = place
        self.text = text
        self.dressed_as = dressed_as
        self.fresh = fresh
        self.owner = owner
        self.left = 1

    def path(self, name: bytes) -> bytes:
        return self.text + b"/" + name if self.text else name


@dataclass(slots=True)
class Sprout:
    """A file to be made. `twins`: the other names of the same file; `free`: nothing had its name."""

    spot: Spot
    entry: Entry
    twins: Twins | None = None
    free: bool = True

    @property
    def path(self) -> bytes:
        return self.spot.path(self.entry.name)


@dataclass(slots=True)
class Twins:
    """One file with several names: the first is made, the others become links to it. Guarded by the planting's lock."""

    made: tuple[Place, bytes] | None = None
    making: bool = False
    waiting: list[Sprout] = field(default_factory=list)


class Done(Protocol):
    def __call__(self, sprout: Sprout, place: Place | None, *, hopeless: bool = False) -> None:
        """A name stands, in `place`; or it could not be made (None). `hopeless`: nor can its other names."""


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
    ) -> None:
        self._repository = repository
        self._reader = TreeReader(repository)
        self._places = places
        self._workers = workers
        self._reporter = reporter
        self._outcome = outcome
        self._done = done
        self.careful = False
        """Nothing is replaced that was not there when the walk looked."""
        self._naming = threading.Lock()

    def single(self, sprout: Sprout) -> None:
        self.small([sprout])

    def small(self, sprouts: list[Sprout]) -> None:
        """Files whose content is read into memory first, in the order in which it lies in the packs."""
        wanted: list[tuple[Sprout, Refs]] = []
        for sprout in sprouts:
            try:
                wanted.append((sprout, list(self._reader.extents(sprout.entry))))
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
            run = list(group)
            with self._places.use(run[0][0].spot.place) as there:
                for sprout, refs in run:
                    self._make(there, sprout, refs, plain, hurt)

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
    ) -> None:
        entry = sprout.entry
        for oid, length in refs:
            if oid in hurt:
                self._lost(sprout, hurt[oid])
                return
            if oid != ZERO_ID and len(plain[oid]) != length:
                self._lost(sprout, _wrong_length(oid))
                return
        if not _adds_up(entry, refs):
            self._lost(sprout, _wrong_size(entry))
            return
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
            return
        if not published:
            return
        if refused:
            self._outcome.refused(sprout.path, refused)
        self._outcome.file(entry, told=0)
        self._done(sprout, sprout.spot.place)

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
            raise _wrong_size(entry)
        lacking = self._repository.missing(batch)
        return lacking[0] if lacking else None

    def _stream(self, there: int, sprout: Sprout) -> None:
        entry = sprout.entry
        descriptor, aside = creating.begin_file(there)
        file = _Shared(descriptor)
        try:
            creating.prepare(descriptor, entry)
            creating.set_size(descriptor, entry.size)
            parts = Parts(self._workers, room=ROOM)
            stored = 0
            for window, size in _windows(self._reader.extents(entry)):
                stored += size
                if file.problem is not None:
                    break
                parts.add(partial(self._window, file, window), size)
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

    def _window(self, file: _Shared, window: list[tuple[int, bytes, int]]) -> None:
        """Reads the chunks of one window and writes each where it belongs."""
        if not file.enter():
            return
        try:
            where: dict[bytes, list[tuple[int, int]]] = {}
            for at, oid, length in window:
                where.setdefault(oid, []).append((at, length))
            for oid, plain in self._repository.read_many(list(where)):
                for at, length in where[oid]:
                    if len(plain) != length:
                        raise _wrong_length(oid)
                    creating.write(file.descriptor, plain, at)
            self._reporter.advance(bytes=sum(length for _, _, length in window))
        except (OSError, Failed) as problem:
            file.spoil(problem)
        finally:
            file.leave()

    def _lost(self, sprout: Sprout, known: Failed) -> None:
        if not is_damage(known):
            raise known
        self._outcome.lost(sprout.path, known)
        self._done(sprout, None, hopeless=True)


class _Shared:
    """A descriptor that several threads write to: closed when the last of them is out, never under one of them."""

    def __init__(self, descriptor: int) -> None:
        self.descriptor = descriptor
        self.problem: OSError | Failed | None = None
        self._inside = 0
        self._closing = False
        self._changed = threading.Condition()

    def enter(self) -> bool:
        with self._changed:
            if self._closing or self.problem is not None:
                return False
            self._inside += 1
            return True

    def leave(self) -> None:
        with self._changed:
            self._inside -= 1
            self._changed.notify_all()

    def spoil(self, problem: OSError | Failed) -> None:
        """The first problem ends the writing."""
        with self._changed:
            self.problem = self.problem or problem

    def close(self) -> None:
        with self._changed:
            self._closing = True
            self._changed.wait_for(lambda: not self._inside)
        os.close(self.descriptor)


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


def _windows(extents: Iterable[tuple[bytes, int]]) -> Iterable[tuple[list[tuple[int, bytes, int]], int]]:
    """Runs of (offset, id, length) of at most about `WHOLE` bytes, without holes; and their bytes."""
    window: list[tuple[int, bytes, int]] = []
    at = size = 0
    for oid, length in extents:
        if oid != ZERO_ID:
            if window and size + length > WHOLE:
                yield window, size
                window, size = [], 0
            window.append((at, oid, length))
            size += length
        at += length
    if window:
        yield window, size


def _adds_up(entry: Entry, refs: Refs) -> bool:
    return (len(entry.inline) or sum(length for _, length in refs)) == entry.size


def _wrong_length(oid: bytes) -> Failed:
    return damage("object-damaged", f"Object {oid.hex()} has another length than its file says.")


def _wrong_size(entry: Entry) -> Failed:
    return damage("object-damaged", f"The content is not as long as its size says ({entry.size} bytes).")
