"""The object store as a whole: a directory of packs, found through an index, written by sessions."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import NamedTuple

from filelock import FileLock

from console.domain.checks import CheckReport
from console.domain.objects import FRAME_SIZE, Kind
from console.domain.progress import Reporter
from console.repository import marker, moving
from console.repository.agreement import judge, rebuild, reconcile, told
from console.repository.codec import QUICK
from console.repository.failures import is_full, no_room, write_failed
from console.repository.frames import Provers
from console.repository.index import Index
from console.repository.mending import Mending
from console.repository.moving import Shelter
from console.repository.parities import Parities
from console.repository.reading import NearReader, Readers
from console.repository.reclaim import Marks
from console.repository.reliance import Sweeps
from console.repository.room import Room, give_up_reserve, lend_for_opening
from console.repository.sealing import Keys, Node, SealingKey
from console.repository.session import WriteSession
from console.repository.storage import LocalStorage, PackStorage
from console.repository.sweep import Reclaim
from console.repository.verify import Verifier
from console.repository.wounds import Wounds
from console.repository.writing import OpenPacks, Stake

log = logging.getLogger(__name__)

NAMESPACE = "own"
INDEX = "index.sqlite"


class Usage(NamedTuple):
    """`stored_bytes`: of all pack files; `plain_bytes`: of the objects; `free_bytes`: that may still be written,
    by the disk and the `limit` (of packs and parity)."""

    objects: int
    stored_bytes: int
    plain_bytes: int
    packs: int
    free_bytes: int
    limit: int | None = None


class Repository:
    """Thread-safe. One process at a time has it open (an OS file lock). Use `create` or `open`."""

    def __init__(self, path: Path, id: str, lock: FileLock, storage: PackStorage) -> None:
        self.path = path
        self.id = id
        self._lock = lock
        self._storage = storage = Shelter(storage)
        left = storage.clear()
        if left:
            log.info("Repository %s: %d pack(s) that were never finished are gone.", path, left)
        self._index = Index(path / NAMESPACE / INDEX, lambda: told(storage))
        self.parities = parities = Parities(storage, marker.read_parity(path))

        def used() -> int:
            return self._index.totals().stored + storage.parity_bytes() + parities.due()

        self._room = Room(storage, path / NAMESPACE, used, parities.leave)
        parities.allows = self._room.allows
        self.wounds = Wounds()
        """What readers found damaged; whoever mends takes it away."""
        self._packs = OpenPacks(storage, self._index, self._room, self.parities.later)
        self._sweeps = Sweeps()
        self._provers = Provers()
        self._readers = Readers(storage, self._index, self._settle)
        self._readers.rescue, self._readers.wounded = self.parities.rescue, self.wounds.add
        self.mending = Mending(storage, self._index, self._readers, self.parities, self._sweeps.gate, self._found_again)
        self.missing_packs: tuple[str, ...] = ()
        """Packs the index knew that were gone when the repository was opened, or checked."""
        try:
            self.missing_packs = reconcile(storage, self._index, self._readers)
            self._room.keep()
        except BaseException:
            self._index.close()
            raise

    @classmethod
    def create(
        cls,
        path: Path,
        *,
        id: str,
        created: datetime,
        storage: Callable[[Path], PackStorage] = LocalStorage,
        parity: int = 0,
    ) -> Repository:
        """Makes a repository in a new or empty directory and opens it. `parity`: percent that its packs get.

        Raises Failed: `repository-exists`, `directory-not-empty`, and as `open`.
        """
        marker.prepare(path)

        def identify() -> str:
            marker.prepare(path)  # once more, under the lock: another Core may have been quicker
            return marker.write(path, id, created, parity)

        return cls._enter(path, storage, identify)

    @classmethod
    def open(cls, path: Path, *, storage: Callable[[Path], PackStorage] = LocalStorage) -> Repository:
        """Opens a repository; whatever is damaged in its index is built again from the packs.

        Raises Failed: `repository-gone`, `repository-in-use`, `repository-newer`, `repository-damaged-marker`,
        `repository-unwritable`, `repository-full`.
        """
        marker.read(path)
        return cls._enter(path, storage, lambda: marker.read(path))

    @classmethod
    def _enter(cls, path: Path, storage: Callable[[Path], PackStorage], identify: Callable[[], str]) -> Repository:
        lock = marker.lock(path)
        try:
            # What lies inside comes first: a directory with a marker is a whole repository.
            (path / NAMESPACE).mkdir(exist_ok=True)
            packs = storage(path / NAMESPACE)
            id = identify()
            lend_for_opening(path / NAMESPACE, packs)
            try:
                return cls(path, id, lock, packs)
            except (OSError, sqlite3.OperationalError) as error:
                # Packs that the index does not know yet need a little room there.
                if not (is_full(error) and give_up_reserve(path / NAMESPACE, packs)):
                    raise
                return cls(path, id, lock, packs)
        except BaseException as error:
            lock.release()
            if isinstance(error, OSError | sqlite3.OperationalError):
                raise write_failed(error, str(path)) from error
            raise

    def __enter__(self) -> Repository:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Keeps what was put, gives the lock back. Doing it again does nothing."""
        if self._lock.is_locked:
            try:
                self._packs.close()
                self._provers.close()
                self.parities.close()
                self._index.close()
            finally:
                self._lock.release()

    # -------------------------------------------------------------------------------------------- asking

    def missing(self, ids: Sequence[bytes], *, sealed: bool = True) -> list[bytes]:
        """Those of `ids`, in the order given, that are neither durable nor pending. Not `sealed`: of something that is
        not sealed; what lies here sealed under such an id is not it."""
        rest = [oid for oid in ids if not self._packs.pending(oid, plain=not sealed)]
        known = self._index.known(rest, plain=not sealed)
        return [oid for oid in rest if oid not in known]

    def has(self, id: bytes) -> bool:
        """Whether an object is durable or pending."""
        return self._packs.pending(id) or self._index.has(id)

    def records(self, kind: Kind = Kind.RECORD) -> Iterator[bytes]:
        """Ids of all durable objects of a kind, in no order that means anything."""
        return self._index.ids_of(kind)

    def stored_size(self, ids: Sequence[bytes]) -> int:
        """Bytes the frames of these objects take, headers included; what is not here counts as nothing."""
        return sum(FRAME_SIZE + place.stored for place in self._index.find_many(ids))

    def sweep(self) -> Iterator[tuple[bytes, int]]:
        """(id, stored bytes without the header) of every durable object, in the order of ids."""
        return self._index.sweep()

    def usage(self) -> Usage:
        """What it holds, and the room there is. Cheap."""
        totals = self._index.totals()
        return Usage(totals.objects, totals.stored, totals.plain, totals.packs, self._room.left(), self._room.limit)

    def set_limit(self, size: int | None) -> None:
        """Packs and parity may have so many bytes from now on; None: what the disk takes. More than that stays."""
        self._room.limit = size
        self._packs.ask_for_room()

    def set_parity(self, percent: int) -> None:
        """What share of parity packs get from now on (0: none). Those that are there keep what they have.

        Raises Failed `repository-unwritable`, `repository-full`, `repository-gone`.
        """
        try:
            marker.write_parity(self.path, percent)
        except OSError as error:
            raise write_failed(error, str(self.path)) from error
        self.parities.percent = percent
        self._packs.ask_for_room()

    # ------------------------------------------------------------------------------------------- reading

    @property
    def keys(self) -> Keys:
        """Whom readers ask for the keys of what is sealed; at first nobody, and nothing sealed can be read."""
        return self._readers.keys

    @keys.setter
    def keys(self, keys: Keys) -> None:
        self._readers.keys = keys

    def read(self, id: bytes) -> bytes:
        """The plain bytes of an object, its digest and id proven; one that is pending is made durable first.

        Raises Failed of kind DAMAGE: `object-missing`, `object-damaged` (both name the object, the latter the pack);
        `key-locked` for what is sealed with a key that `keys` has not got.
        """
        return self._readers.read(id)

    def near(self) -> NearReader:
        """Reads as `read` does, for one walk through many nodes: those that lie beside nodes it has read lately cost no
        further reading."""
        return self._readers.near()

    def read_many(self, ids: Sequence[bytes]) -> Iterator[tuple[bytes, bytes]]:
        """(id, plain bytes) of each distinct id, in pack order, neighbours read together. Raises as `read`."""
        return self._readers.read_many(ids)

    def nodes(self, ids: Sequence[bytes]) -> Iterator[Node]:
        """What each distinct id says in clear, in pack order, digests proven: of sealed nodes what they name. Needs no
        key. Raises as `read`, but for `key-locked`."""
        return self._readers.nodes(ids)

    def frames(self, ids: Sequence[bytes]) -> Iterator[bytes]:
        """The frames of each distinct id as they lie in the packs, in pack order, digests proven; a piece is a run of
        whole frames of at most about 1 MiB, or one frame. Raises as `read`."""
        return self._readers.frames(ids)

    # ------------------------------------------------------------------------------------------- writing

    def session(self, *, seal: SealingKey | None = None, level: int = QUICK, reserve: bool = False) -> WriteSession:
        """To put objects, sealed where `seal` is given. Many at once are fine; see there. `level`: of compression, 1 to
        19. `reserve`: for what gives room back; it may use the room that is kept for that."""
        if reserve:
            self._room.give_up_reserve()
        return WriteSession(
            self._packs, self._index, self._provers, self._sweeps, seal=seal, level=level, reserve=reserve
        )

    # ------------------------------------------------------------------------------------------- reclaiming

    def marks(self) -> Marks:
        """Of all durable objects there are now, none marked yet."""
        return Marks(self._index)

    @contextmanager
    def reclaim(self) -> Iterator[Reclaim]:
        """To give back what nobody needs. Within it, ask for what is needed *after* it was entered. One at a time."""
        with self._sweeps.reclaiming(), Marks(self._index) as marks:
            yield Reclaim(
                self._storage,
                self._index,
                self._sweeps,
                marks,
                self._readers.is_true,
                self._room,
                self.parities.later,
            )

    def move(
        self,
        path: Path,
        reporter: Reporter,
        switch: Callable[[], object],
        *,
        storage: Callable[[Path], PackStorage] = LocalStorage,
    ) -> None:
        """Brings everything to another directory, new or empty, or one in which the same move was begun. Reading and
        writing go on meanwhile. `switch` is called when all is there: it makes it known that the new directory is the
        repository; until then the old one is. The old files stay: see `moving.remove`. Neither check nor reclaim may
        run meanwhile.

        Raises Failed: `directory-not-empty`, `repository-exists`, `pack-damaged`, `repository-full`,
        `repository-unwritable`; Cancelled; what `switch` raises.
        """
        moving.prepare(path, self.id, self.path)
        lock = marker.lock(path)
        try:
            self._bring(path, reporter, switch, storage)
        except BaseException as error:
            lock.release()
            if isinstance(error, OSError | sqlite3.Error):
                raise write_failed(error, str(path)) from error
            raise
        lock, self._lock = self._lock, lock
        lock.release()

    def _bring(
        self,
        path: Path,
        reporter: Reporter,
        switch: Callable[[], object],
        storage: Callable[[Path], PackStorage],
    ) -> None:
        inside = path / NAMESPACE
        inside.mkdir(exist_ok=True)
        target = storage(inside)
        target.clear()
        totals = self._index.totals()
        there = list(target.names())
        coming = totals.stored - sum(target.size(name) for name in there)
        coming_parity = self.parities.used()[1] - sum(target.size(name, parity=True) for name in target.parities())
        if Room(target, inside, lambda: totals.stored).left() < coming + max(0, coming_parity):
            raise no_room(str(path), None)
        reporter.phase("Copying packs", bytes_total=coming, items_total=totals.packs - len(there))
        moving.copy(self._storage, target, reporter)
        with self._packs.still():
            moving.copy(self._storage, target, reporter)
            self._index.copy(inside / INDEX)
            moving.take_marker(self.path, path)
            try:
                switch()
            except BaseException:
                (path / marker.NAME).unlink()
                raise
            self._storage.move(target)
            self._room.directory, self.path = inside, path
            self._index.use(inside / INDEX)
        self._packs.ask_for_room()
        self._room.keep()

    # ------------------------------------------------------------------------------------------- proving

    def check(self, *, read_data: bool, reporter: Reporter, ids: bool = False) -> CheckReport:
        """Structure of every pack and its agreement with the index; with `read_data` every byte: each frame's digest.
        What is not sealed is also decompressed and its id proven, of nodes and records all, of chunks every sixteenth,
        another one in every check; with `ids` all. Of what is sealed with a key that is not here the edges are proven.
        The `images` of each damage are left empty. A wrong index is built again.
        """
        verifier = Verifier(self._storage, self._index, read_data=read_data, ids=ids, reporter=reporter, keys=self.keys)
        report = verifier.run()
        notes = list(report.notes)
        if verifier.unknown:
            with self._changing():
                judge(self._index.add(told(self._storage, verifier.unknown)), self._index, self._readers)
        if verifier.stray:
            self.rebuild_index(reporter)
            notes.append("The index did not agree with the packs and was built again from them.")
        if verifier.whole:
            with self._changing():
                self._index.repoint(verifier.whole)
            notes.append(f"{len(verifier.whole)} object(s) that were struck out as damaged are whole again.")
        known = self._index.packs()
        lost = [known[name] for name in report.missing_packs if name in known]
        for pack in lost:  # what was in it is not here, whatever the index says
            self.condemn([place.id for place in self._index.within(pack.number)])
        gone = self.missing_packs = tuple(sorted({*(pack.name for pack in lost), *self.missing_packs}))
        return CheckReport(report.objects, report.bytes, report.damaged, gone, 0, tuple(notes))

    def rebuild_index(self, reporter: Reporter) -> None:
        """Reads a new index from the packs, in place of the one there is. Raises Failed `repository-full`,
        `repository-unwritable`, and as `reporter`: nothing has changed then."""
        with self._changing():
            rebuild(self._storage, self._index, self._readers, reporter)

    def condemn(self, ids: Sequence[bytes]) -> None:
        """Strikes out objects whose stored bytes are damaged: they count as missing, and may be stored again."""
        if ids:
            with self._changing():
                self._index.condemn(ids)

    # ------------------------------------------------------------------------------------------- inside

    @contextmanager
    def _changing(self) -> Iterator[None]:
        """Around changes of the index: what the disk refuses is a known failure."""
        try:
            yield
        except (OSError, sqlite3.OperationalError) as error:
            raise write_failed(error, str(self.path)) from error

    def _found_again(self, packs: Collection[str]) -> None:
        self.missing_packs = tuple(name for name in self.missing_packs if name not in packs)

    def _settle(self, ids: Iterable[bytes]) -> None:
        if any(self._packs.pending(oid) for oid in ids):
            self._packs.flush(Stake())
