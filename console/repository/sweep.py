"""Carries out the plan of a reclaim: packs go, or are written anew without what nobody needs. Paper: `FORMAT.md`.

Order of writes, for each few packs: what is still needed of them stands synced in new packs; the index, synced, knows
the new ones instead of the old ones; the old files go. A crash anywhere leaves copies at most.
"""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from console.domain.objects import FRAME_SIZE, Kind
from console.domain.progress import Reporter
from console.repository.codec import Bytes, Frame
from console.repository.failures import is_full, write_failed
from console.repository.index import Index
from console.repository.pack import PACK, PACK_BYTES, PackDamaged, PackEntry, PackReader, PackWriter, whole_frames
from console.repository.places import NewPack, Place
from console.repository.reclaim import LIVE_SHARE, SMALL, Marks, ReclaimPlan, plan_reclaim
from console.repository.reliance import Sweeps
from console.repository.room import Room
from console.repository.storage import PackSink, PackStorage
from console.repository.writing import Lane

log = logging.getLogger(__name__)

_TOGETHER = 16
"""So many packs with nothing in them that is needed go at once."""
_WINDOW = 4 << 20
_SKIP = 64 << 10


@dataclass(slots=True)
class Swept:
    """What a reclaim did. `bytes_removed`: of the objects nobody needed, headers included; `freed`: of the files that
    went; `written`: of those written instead. `left`: name of a pack → a clause that says why it was left as it is."""

    packs_deleted: int = 0
    packs_rewritten: int = 0
    packs_written: int = 0
    objects_removed: int = 0
    bytes_removed: int = 0
    freed: int = 0
    written: int = 0
    left: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class _Pack:
    """A pack that is to go: all its entries, and of those that are looked for in it which are needed, and the ids of
    the others. `changes`: of the index, when this was found."""

    name: str
    size: int
    changes: int
    entries: list[PackEntry]
    needed: list[PackEntry] = field(default_factory=list)
    dead: list[bytes] = field(default_factory=list)
    dead_bytes: int = 0


class _LeftError(Exception):
    """A pack has to be left as it is. The text is a clause that says why."""


class _NewPack:
    """A pack that takes over what is needed of others."""

    def __init__(self, storage: PackStorage) -> None:
        self._sink: PackSink = storage.begin()
        self._books = PackWriter(PACK)
        self._sink.write(0, [PACK.magic])

    def take(self, frames: Sequence[tuple[PackEntry, Bytes]]) -> None:
        start = self._books.end
        for entry, raw in frames:
            oid, _, stored, plain, kind, codec, seal = entry
            self._books.add(Frame(oid, Kind(kind), codec, seal, plain, stored, (raw,)))
        self._sink.write(start, [raw for _, raw in frames])

    def finish(self, but: Sequence[str]) -> NewPack:
        """Synced and in its place. Raises OSError; _LeftError when it would take the place of one of `but`."""
        tail, name = self._books.finish()
        if name in but:
            raise _LeftError("nothing in it would change")
        self._sink.write(self._books.end, [tail])
        self._sink.finish(name)
        return name, self._books.size, self._books.entries

    def abandon(self) -> None:
        self._sink.abandon()


class Reclaim:
    """One reclaim of a repository: mark all that is needed, then plan, then run. See `Repository.reclaim`."""

    def __init__(
        self,
        storage: PackStorage,
        index: Index,
        sweeps: Sweeps,
        marks: Marks,
        is_true: Callable[[Place], bool],
        room: Room,
        finished: Callable[[str], object] = lambda _: None,
    ) -> None:
        """`finished` is told the name of each pack that was written."""
        self._finished = finished
        self._storage = storage
        self._index = index
        self._sweeps = sweeps
        self._is_true = is_true
        self._room = room
        self.marks = marks

    def held(self) -> set[bytes]:
        """Roots of trees that sessions hold as a whole. Ask after the catalog was asked."""
        return self._sweeps.roots()

    def plan(self, *, live_share: float = LIVE_SHARE, small: int = SMALL) -> ReclaimPlan:
        """What would be swept now, with what was marked."""
        return plan_reclaim(self.marks, self._sweeps, self._index.condemned(), live_share=live_share, small=small)

    def run(self, plan: ReclaimPlan, reporter: Reporter) -> Swept:
        """See `Sweep.run`. Raises Failed instead of the errors of storage and index."""
        self._room.give_up_reserve()
        sweep = Sweep(self._storage, self._index, self._sweeps, self.marks, self._is_true, reporter, self._finished)
        try:
            return sweep.run(plan)
        except (OSError, sqlite3.OperationalError) as error:
            raise write_failed(error, self._storage.place) from error
        finally:
            self._room.keep()


class Sweep:
    """Used once, while the marks are there and within `Sweeps.reclaiming`."""

    def __init__(
        self,
        storage: PackStorage,
        index: Index,
        sweeps: Sweeps,
        marks: Marks,
        is_true: Callable[[Place], bool],
        reporter: Reporter,
        finished: Callable[[str], object] = lambda _: None,
    ) -> None:
        """`finished` is told the name of each pack that was written, as soon as the index knows it."""
        self._finished = finished
        self._storage = storage
        self._index = index
        self._sweeps = sweeps
        self._marks = marks
        self._is_true = is_true
        self._reporter = reporter
        self.swept = Swept()

    def run(self, plan: ReclaimPlan) -> Swept:
        """Raises `Cancelled` between two steps when the reporter does, OSError and sqlite3.Error; what was done by then
        is done. A disk without room for rewriting ends the rewriting only."""
        sizes = self._marks.packs
        total = sum(sizes[name].bytes for name in (*plan.delete, *plan.rewrite))
        self._reporter.phase("Giving room back", bytes_total=total, items_total=len(plan.delete) + len(plan.rewrite))
        for start in range(0, len(plan.delete), _TOGETHER):
            self._reporter.check()
            self._delete(plan.delete[start : start + _TOGETHER])
        try:
            for group in self._groups(plan.rewrite):
                self._reporter.check()
                self._rewrite(group)
        except (OSError, sqlite3.OperationalError) as error:
            if not is_full(error):
                raise
            self._reporter.warn(
                "reclaim-without-room", "There is no room to write packs anew; those with nothing needed are gone."
            )
        return self.swept

    # --------------------------------------------------------------------------------------------- looking

    def _look(self, name: str) -> _Pack | None:
        """None: it is left as it is."""
        changes = self._index.changes
        try:
            with self._storage.open(name) as file:
                reader = PackReader(file.read, file.size)
                entries = reader.entries()
                if reader.name != name:
                    raise _LeftError("its name is not that of its index")
                return self._weigh(_Pack(name, file.size, changes, entries))
        except FileNotFoundError:
            self._leave(name, "it is gone")
        except (PackDamaged, OSError) as error:
            self._leave(name, f"it is damaged ({error}); check the repository")
        except _LeftError as why:
            self._leave(name, str(why))
        return None

    def _weigh(self, found: _Pack) -> _Pack:
        pack = self._index.packs_named([found.name]).get(found.name)
        if pack is None:
            raise _LeftError("it is gone")
        places = {place.id: place for place in self._index.find_many([entry.id for entry in found.entries])}
        better = []
        for entry in found.entries:
            place = places.get(entry.id)
            if place is None:
                if self._marks.marked(entry.id):
                    raise _LeftError("an object in it was found damaged meanwhile")
                continue
            needed = self._marks.needed(entry.id) or self._sweeps.relied(entry.id)
            if place.pack == pack.number and place.offset == entry.offset:
                if needed:
                    found.needed.append(entry)
                else:
                    found.dead.append(entry.id)
                    found.dead_bytes += entry.end - entry.offset
            elif needed and not self._is_true(place):
                better.append(Place(entry.id, pack.number, entry.offset, entry.stored, entry.plain, entry.kind))
        if better:
            self._index.repoint([place for place in better if self._is_true(place)])
            raise _LeftError("it has the only true copy of an object")
        if len(found.needed) + len(found.dead) != pack.objects:
            raise _LeftError("the index does not agree with it; check the repository")
        return found

    def _leave(self, name: str, why: str) -> None:
        log.info("Pack %s is left as it is: %s.", name, why)
        self.swept.left[name] = why

    def _fresh(self, packs: Sequence[_Pack]) -> list[_Pack]:
        """Within the gate: those of which no session has come to rely on anything that is to go."""
        fresh = []
        for pack in packs:
            if pack.changes != self._index.changes:
                self._leave(pack.name, "the index has changed meanwhile")
            elif any(self._sweeps.relied(oid) for oid in pack.dead):
                self._leave(pack.name, "something in it is wanted again")
            else:
                fresh.append(pack)
        return fresh

    # -------------------------------------------------------------------------------------------- deleting

    def _delete(self, names: Sequence[str]) -> None:
        packs = []
        for name in names:
            pack = self._look(name)
            if pack is not None and pack.needed:
                self._leave(name, "something in it is wanted again")
            elif pack is not None:
                packs.append(pack)
        with self._sweeps.gate():
            packs = self._fresh(packs)
            gone = {pack.name: {entry.id for entry in pack.entries} for pack in packs}
            try:
                self._index.exchange(gone, [])
            except sqlite3.OperationalError as error:
                if not is_full(error):
                    raise
                # Nobody needs what is in them: their files may go first, and make the room to write that down.
                for name in gone:
                    self._storage.delete(name)
                self._index.exchange(gone, [])
        self._remove(packs)
        self.swept.packs_deleted += len(packs)
        self.swept.objects_removed += sum(len(pack.dead) for pack in packs)
        self.swept.bytes_removed += sum(pack.dead_bytes for pack in packs)
        self._reporter.advance(items=len(names), bytes=sum(self._marks.packs[name].bytes for name in names))

    def _remove(self, packs: Sequence[_Pack]) -> None:
        for pack in packs:
            try:
                with suppress(FileNotFoundError):
                    self._storage.delete(pack.name)
            except OSError as error:
                self._reporter.warn("pack-not-deleted", f"Pack {pack.name} could not be deleted: {error}.")
                continue
            self.swept.freed += pack.size

    # ------------------------------------------------------------------------------------------- rewriting

    def _groups(self, names: Sequence[str]) -> Iterator[list[_Pack]]:
        """Packs whose needed frames fill one new pack, as they come."""
        group: list[_Pack] = []
        size = 0
        for name in names:
            self._reporter.check()
            pack = self._look(name)
            if pack is None:
                self._reporter.advance(items=1, bytes=self._marks.packs[name].bytes)
                continue
            needed = sum(entry.end - entry.offset for entry in pack.needed)
            if group and size + needed > PACK_BYTES:
                yield group
                group, size = [], 0
            group.append(pack)
            size += needed
        if group:
            yield group

    def _rewrite(self, group: list[_Pack]) -> None:
        taken: list[_Pack] = []
        writers: dict[Lane, _NewPack] = {}
        made: list[NewPack] = []
        try:
            for pack in group:
                frames = self._frames(pack)
                if frames is not None:
                    self._take(frames, writers)
                    taken.append(pack)
            for lane in list(writers):
                made.append(writers[lane].finish([pack.name for pack in taken]))
                del writers[lane]
            self._exchange(taken, made)
        except _LeftError as why:
            for pack in taken:
                self._leave(pack.name, str(why))
        finally:
            for writer in writers.values():
                writer.abandon()
        self._reporter.advance(items=len(group), bytes=sum(pack.size for pack in group))

    def _frames(self, pack: _Pack) -> list[tuple[PackEntry, Bytes]] | None:
        """The needed frames, each proven; None when one of them is not true: then the pack is left for a check."""
        frames: list[tuple[PackEntry, Bytes]] = []
        try:
            with self._storage.open(pack.name) as file:
                for run in _runs(pack.needed):
                    raw = memoryview(file.read(run[0].offset, run[-1].end - run[0].offset))
                    for entry, why in whole_frames(run, raw):
                        if why:
                            self._leave(pack.name, f"object {entry.id.hex()} in it is damaged; check the repository")
                            return None
                        at = entry.offset - run[0].offset
                        frames.append((entry, raw[at : at + FRAME_SIZE + entry.stored]))
        except OSError as error:
            self._leave(pack.name, f"it cannot be read ({error})")
            return None
        return frames

    def _take(self, frames: list[tuple[PackEntry, Bytes]], writers: dict[Lane, _NewPack]) -> None:
        lanes: dict[Lane, list[tuple[PackEntry, Bytes]]] = {}
        for frame in frames:
            lanes.setdefault((frame[0].kind == Kind.CHUNK, bool(frame[0].seal)), []).append(frame)
        for lane, mine in lanes.items():
            if lane not in writers:
                writers[lane] = _NewPack(self._storage)
            writers[lane].take(mine)

    def _exchange(self, taken: list[_Pack], made: list[NewPack]) -> None:
        """The index looks into the new packs from now on; the old files go."""
        with self._sweeps.gate():
            gone = self._fresh(taken)
            self._index.exchange({pack.name: {entry.id for entry in pack.entries} for pack in gone}, made)
        self._remove(gone)
        for name, _, _ in made:
            self._finished(name)
        swept = self.swept
        swept.packs_rewritten += len(gone)
        swept.packs_written += len(made)
        swept.written += sum(size for _, size, _ in made)
        swept.objects_removed += sum(len(pack.dead) for pack in gone)
        swept.bytes_removed += sum(pack.dead_bytes for pack in gone)


def _runs(entries: Sequence[PackEntry]) -> Iterator[list[PackEntry]]:
    """Entries that are read together."""
    run: list[PackEntry] = []
    for entry in entries:
        if run and (entry.offset - run[-1].end > _SKIP or entry.end - run[0].offset > _WINDOW):
            yield run
            run = []
        run.append(entry)
    if run:
        yield run
