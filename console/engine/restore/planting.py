"""A tree out of a repository, into a directory: the walk that makes directories and what closes behind it."""

from __future__ import annotations

import errno
import os
import stat
import threading
from collections.abc import Iterator
from enum import StrEnum
from functools import partial
from itertools import islice

from console.domain.errors import Failed
from console.domain.progress import Reporter
from console.domain.trees import Entry, EntryFlag, FileType, check_name
from console.engine.backup.foresight import Foresight
from console.engine.backup.workers import Workers
from console.engine.restore.growing import SMALL, Growing
from console.engine.restore.outcome import Outcome, is_damage
from console.engine.restore.selection import Wish
from console.engine.restore.shared import WHOLE
from console.engine.restore.spots import Spot, Sprout, Twins
from console.repository import Repository, TreeReader
from console.repository.tree_reader import Single
from console.sources import creating, leftovers
from console.sources.creating import Place, Places

BATCH_FILES = 256
BATCH_BYTES = 8 << 20
"""Small files are made in batches: so many, or so many bytes."""


class Overwrite(StrEnum):
    """What happens to a file that is there already. `older`: it is replaced when the restored one is newer."""

    NEVER = "never"
    OLDER = "older"
    ALWAYS = "always"


def why_kept(overwrite: Overwrite, status: os.stat_result, entry: Entry) -> str:
    """Why what stands under an entry's name already is not replaced by it; empty when it is."""
    if overwrite is Overwrite.NEVER:
        return "it exists already"
    if overwrite is Overwrite.OLDER and status.st_mtime_ns >= entry.mtime_ns:
        return "what exists is not older"
    return ""


class Planting:
    """Fills one directory of the destination from one volume image. Used once."""

    def __init__(
        self,
        repository: Repository,
        places: Places,
        workers: Workers,
        reporter: Reporter,
        outcome: Outcome,
        overwrite: Overwrite,
    ) -> None:
        self._foresight = Foresight(repository)
        self._reader = TreeReader(self._foresight)
        self._places = places
        self._workers = workers
        self._reporter = reporter
        self._outcome = outcome
        self._overwrite = overwrite
        self._lock = threading.Lock()
        self._twins: dict[int, Twins] = {}
        self._growing = Growing(repository, places, workers, reporter, outcome, self.done, self.several)
        self._batch: list[Sprout] = []
        self._batch_bytes = 0
        self._uncounted = 0
        """Files of the directory that is being looked at that wait in the batch and are not counted there yet."""
        self._careful = False
        self._locks: dict[bytes, tuple[Place, Entry]] = {}

    def plant(self, top: Entry, wish: Wish, place: Place) -> None:
        """What is wished of the tree below `top` into the directory `place`, which has the top's part."""
        with self._places.use(place) as directory:
            leftovers.remove(directory)
            empty = creating.is_empty(directory)
            # Where two names of ours may be one, every name is looked at once more when its file is whole.
            self._careful = self._growing.careful = creating.folds_case(directory)
            owner = creating.new_owner(directory)
        stored = not isinstance(top, Single)
        dress = stored and wish.everything and (empty or self._overwrite is not Overwrite.NEVER)
        spot = Spot(None, place, b"", top if dress else None, fresh=empty and not self._careful, owner=owner)
        stack: list[tuple[Spot, Iterator[tuple[Entry, Wish]]]] = [(spot, self._fill(spot, top, wish))]
        while stack:
            above, inner = stack[-1]
            following = next(inner, None)
            if following is None:
                stack.pop()
                self.release(above)
                continue
            entry, wish = following
            self._reporter.check()
            below = self._directory(above, entry, wish)
            if below is not None:
                stack.append((below, self._fill(below, entry, wish)))
        self._hand_over()

    def lock(self) -> None:
        """When everything stands and the threads are done: flags that would have kept other things from being done."""
        for text, (place, entry) in self._locks.items():
            name = b"" if entry.type is FileType.DIRECTORY else os.path.basename(text)
            try:
                with self._places.use(place) as directory:
                    self._outcome.refused(text, creating.lock(directory, name, entry))
            except OSError as problem:
                self._outcome.undressed(text, problem)

    def _lock_later(self, text: bytes, place: Place, entry: Entry) -> None:
        if creating.locks(entry):
            with self._lock:
                self._locks[text] = place, entry

    def _fill(self, spot: Spot, directory: Entry, wish: Wish) -> Iterator[tuple[Entry, Wish]]:
        """Decides about everything wanted in one directory; yields its subdirectories afterwards."""
        inner: list[tuple[Entry, Wish]] = []
        with self._places.use(spot.place) as there:
            for entry in self._entries(spot, directory):
                wanted = wish.below(entry.name)
                if wanted is None:
                    continue
                if entry.flags and entry.flags & EntryFlag.UNREADABLE:
                    self._outcome.unreadable(spot.path(entry.name), entry)
                elif entry.type is FileType.DIRECTORY:
                    inner.append((entry, wanted))
                elif self._may_stand(there, spot, entry):
                    self._want(there, Sprout(spot, entry, free=spot.fresh or not self._stands(there, entry)))
        self._count(spot)
        prepared = 0
        for number, (entry, wanted) in enumerate(inner):
            if number >= prepared:
                prepared = number + self._foresight.foresee(one for one, _ in islice(inner, number, None))
            yield entry, wanted

    def _entries(self, spot: Spot, directory: Entry) -> Iterator[Entry]:
        """The names of a directory; when they cannot be read (on), it is skipped from there."""
        try:
            for entry in self._reader.entries(directory):
                if isinstance(directory, Single):  # of others the reader has seen to it
                    check_name(entry.name)
                yield entry
        except Failed as known:
            if not is_damage(known):
                raise
            self._outcome.lost(spot.text, known, what="its list of names")

    def _directory(self, above: Spot, entry: Entry, wish: Wish) -> Spot | None:
        try:
            with self._places.use(above.place) as there:
                return self._make_directory(above, there, entry, wish)
        except OSError as problem:
            self._outcome.failed(above.path(entry.name), problem)
            return None

    def _make_directory(self, above: Spot, there: int, entry: Entry, wish: Wish) -> Spot | None:
        fresh = made = True
        owner = above.owner
        dress: Entry | None = entry
        try:
            place = self._places.make(above.place, there, entry.name)
        except FileExistsError:
            status = creating.look(there, entry.name)
            if status is not None and stat.S_ISDIR(status.st_mode):
                fresh = made = False
                place = creating.existing_directory(above.place, there, entry.name)
                with self._places.use(place) as found:
                    leftovers.remove(found)
                dress = entry if wish.everything and self._may_dress(place) else None
                with self._places.use(place) as found:
                    owner = creating.new_owner(found)
            elif self._may_stand(there, above, entry):
                creating.clear(there, entry.name)
                place = self._places.make(above.place, there, entry.name)
            else:
                return None
        with self._lock:
            above.left += 1
        self._outcome.directory()
        fresh = fresh and not self._careful
        return Spot(above, place, above.path(entry.name), dress, fresh=fresh, owner=owner, made=made)

    def _may_dress(self, place: Place) -> bool:
        """Whether a directory that was there already takes on the attributes of ours."""
        if self._overwrite is not Overwrite.NEVER:
            return True
        with self._places.use(place) as directory:
            return creating.is_empty(directory)

    def _may_stand(self, there: int, spot: Spot, entry: Entry) -> bool:
        """Whether the name is free, or what has it may be replaced (an empty directory is taken away for it)."""
        if spot.fresh:
            return True
        try:
            status = creating.look(there, entry.name)
            if status is None:
                return True
            kept = why_kept(self._overwrite, status, entry)
            if kept:
                self._outcome.kept(spot.path(entry.name), kept)
                return False
            if stat.S_ISDIR(status.st_mode) and entry.type is not FileType.DIRECTORY:
                creating.clear(there, entry.name)
        except OSError as problem:
            if problem.errno not in (errno.ENOTEMPTY, errno.EEXIST):
                self._outcome.failed(spot.path(entry.name), problem)
                return False
            self._outcome.kept(spot.path(entry.name), "a directory that is not empty has this name")
            return False
        return True

    def _stands(self, there: int, entry: Entry) -> bool:
        return self._careful and creating.look(there, entry.name) is not None

    def _want(self, there: int, sprout: Sprout) -> None:
        spot, entry = sprout.spot, sprout.entry
        if entry.type is FileType.FILE and not entry.links:
            self._uncounted += 1
            self._wait(sprout)
            return
        with self._lock:
            spot.left += 1
            if entry.links:
                twins = sprout.twins = self._twins.setdefault(entry.links, Twins())
                if twins.making and twins.made is None:
                    twins.waiting.append(sprout)
                    return
                twins.making = True
        if sprout.twins is not None and sprout.twins.made is not None:
            self._link(sprout, sprout.twins.made)
        elif entry.type is FileType.FILE:
            self._wait(sprout)
        else:
            self._other(there, sprout)

    def _wait(self, sprout: Sprout) -> None:
        self._batch.append(sprout)
        self._batch_bytes += sprout.entry.size
        if len(self._batch) >= BATCH_FILES or self._batch_bytes >= BATCH_BYTES or sprout.entry.size > WHOLE:
            self._count(sprout.spot)
            self._hand_over()

    def _count(self, spot: Spot) -> None:
        """All at once: the threads hold the lock for every file that is done."""
        if self._uncounted:
            with self._lock:
                spot.left += self._uncounted
            self._uncounted = 0

    def _hand_over(self) -> None:
        small = [sprout for sprout in self._batch if sprout.entry.size <= SMALL]
        middle = [sprout for sprout in self._batch if SMALL < sprout.entry.size <= WHOLE]
        large = [sprout for sprout in self._batch if sprout.entry.size > WHOLE]
        self._batch, self._batch_bytes = [], 0
        if small:
            self._workers.give(partial(self._growing.small, small))
        if middle:
            self._workers.give(partial(self._growing.middle, middle))
        for sprout in large:
            self._workers.give(partial(self._growing.large, sprout))

    def _other(self, there: int, sprout: Sprout) -> None:
        entry = sprout.entry
        try:
            aside, refused = creating.make_other(there, entry)
            try:
                creating.publish(there, aside, entry.name)
            except BaseException:
                creating.discard(there, aside)
                raise
        except OSError as problem:
            self._outcome.failed(sprout.path, problem)
            self.done(sprout, None)
            return
        self._outcome.refused(sprout.path, refused)
        self._outcome.other()
        self.done(sprout, sprout.spot.place)

    def done(self, sprout: Sprout, place: Place | None, *, hopeless: bool = False) -> None:
        """A name stands, in `place`; or it could not be made (None). `hopeless`: nor can its other names."""
        following: Sprout | None = None
        waiting: list[Sprout] = []
        made = (place, sprout.entry.name) if place is not None else None
        if sprout.twins is not None:
            with self._lock:
                twins = sprout.twins
                waiting, twins.waiting = twins.waiting, []
                twins.made = made
                if made is None and not hopeless:
                    twins.making = bool(waiting)
                    if waiting:
                        following, *twins.waiting = waiting
                        waiting = []
                elif made is None:
                    twins.making = False
        if place is not None and sprout.entry.file_flags:
            self._lock_later(sprout.path, place, sprout.entry)
        self.release(sprout.spot)
        for other in waiting:
            if made is not None:
                self._link(other, made)
            else:
                self._outcome.like_its_twin(other.path, sprout.path)
                self.release(other.spot)
        if following is not None:
            work = self._growing.large if following.entry.size > WHOLE else self._growing.single
            self._workers.add(partial(work, following))

    def _link(self, sprout: Sprout, made: tuple[Place, bytes]) -> None:
        """One more name for a file that stands. Where the file system allows no more, a file of its own is made."""
        place, name = made
        try:
            with self._places.use(place) as old, self._places.use(sprout.spot.place) as there:
                if not _same(old, name, there, sprout.entry.name):
                    aside = creating.make_link(old, name, there)
                    try:
                        creating.publish(there, aside, sprout.entry.name)
                    except BaseException:
                        creating.discard(there, aside)
                        raise
        except OSError as problem:
            if problem.errno in (errno.EMLINK, errno.EPERM, errno.EXDEV, errno.ENOTSUP):
                sprout.twins = None
                if sprout.entry.type is FileType.FILE:
                    work = self._growing.large if sprout.entry.size > WHOLE else self._growing.single
                    self._workers.add(partial(work, sprout))
                    return
            self._outcome.failed(sprout.path, problem)
        else:
            self._outcome.link(sprout.entry)
        self.release(sprout.spot)

    def several(self, spot: Spot, count: int) -> None:
        """So many files stand in a directory, of which there is nothing else to be done."""
        with self._lock:
            spot.left -= count - 1
        self.release(spot)

    def release(self, spot: Spot | None) -> None:
        """One thing less to be done in a directory; the last one dresses it, and is one less in the one above."""
        while spot is not None:
            with self._lock:
                spot.left -= 1
                if spot.left:
                    return
            if spot.dressed_as is not None:
                try:
                    with self._places.use(spot.place) as directory:
                        owned = spot.owner if spot.made else None
                        self._outcome.refused(spot.text, creating.dress(directory, spot.dressed_as, owned=owned))
                    self._lock_later(spot.text, spot.place, spot.dressed_as)
                except OSError as problem:
                    self._outcome.undressed(spot.text, problem)
            spot = spot.above


def _same(old: int, name: bytes, there: int, other: bytes) -> bool:
    """Whether both names are one file already (renaming one over the other would do nothing)."""
    status = creating.look(there, other)
    if status is None:
        return False
    first = os.stat(name, dir_fd=old, follow_symlinks=False)
    return (first.st_dev, first.st_ino) == (status.st_dev, status.st_ino)
