"""The packs being written, shared by all sessions of a repository, and what a session relies on.

An object is *pending* from when its frame has a place in an open pack until that pack is synced and in the index.
Helper threads write frames in batches and sync full packs; producers wait when those fall behind, so memory stays
flat.
"""

from __future__ import annotations

import logging
import sqlite3
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

from console.domain.errors import Failed
from console.domain.objects import Kind
from console.repository.codec import Bytes, Frame
from console.repository.failures import write_failed
from console.repository.index import Index
from console.repository.pack import ENTRY_SIZE, FOOTER_SIZE, PACK, PACK_BYTES, PACK_OBJECTS, PackWriter
from console.repository.room import Room
from console.repository.storage import ALIGNED, PackSink, PackStorage

log = logging.getLogger(__name__)

_BATCH = 1 << 20
"""Bytes of frames that are handed to the storage together."""
_HELPERS = 2
MARGIN = 4 * (PACK.head + FOOTER_SIZE)
"""Bytes of what begins and ends the packs that may be open."""
Lane = tuple[bool, bool]
"""Whether a pack is for chunks, and whether for what is sealed."""
_FLYING = 4
"""So many batches may be on their way to the storage; producers wait above that."""
_SETTLING = 3
"""So many packs may be on their way to the medium; producers wait for room above that."""


class Stake:
    """What one session has in the packs: as soon as one that it relies on fails, it fails. `reserve`: it may use the
    room that is kept."""

    def __init__(self, *, reserve: bool = False) -> None:
        self.failure: BaseException | None = None
        self.reserve = reserve

    def check(self) -> None:
        """Raises what went wrong with a pack relied on."""
        if isinstance(self.failure, Failed):
            raise Failed(self.failure.failure) from self.failure
        if self.failure is not None:
            raise RuntimeError("a pack that this session relies on could not be written") from self.failure


class _OpenPack:
    """`pieces` wait to be written from `base` bytes on; `writers`: threads that are writing some right now. `written`:
    bytes that the storage has taken, those on their way not among them."""

    def __init__(self, sink: PackSink, *, sealed: bool) -> None:
        self.sink = sink
        self.sealed = sealed
        self.books = PackWriter(PACK)
        self.pieces: list[Bytes] = [PACK.magic]
        self.base = 0
        self.written = 0
        self.writers = 0
        self.settled = False
        self.failure: BaseException | None = None
        self.stakes: set[Stake] = set()

    def take_batch(self) -> tuple[int, list[Bytes]]:
        """Where it begins, and what waits to be written there; it ends where direct writes may end."""
        over = self.books.end % ALIGNED
        batch, rest = self.pieces, list[Bytes]()
        begin, self.base = self.base, self.books.end - over
        while over:
            last = memoryview(batch.pop())
            cut = max(0, len(last) - over)
            rest.append(last[cut:])
            if cut:
                batch.append(last[:cut])
            over -= len(last) - cut
        self.pieces = rest[::-1]
        return begin, batch


class OpenPacks:
    """One open pack for chunks and one for everything else, so that names are read without skipping over contents; and
    others for what is sealed: of a pack as a whole it is known whether what lies there has proven its ids."""

    def __init__(
        self, storage: PackStorage, index: Index, room: Room, finished: Callable[[str], object] = lambda _: None
    ) -> None:
        """`finished` is told the name of each pack that became durable, in a helper thread."""
        self._storage = storage
        self._index = index
        self._finished = finished
        self._room = room
        self._granted = 0
        self._stopped = 0
        self._changed = threading.Condition(threading.Lock())
        self._pending: dict[bytes, _OpenPack] = {}
        self._lanes: dict[Lane, _OpenPack] = {}
        self._unsettled: set[_OpenPack] = set()
        self._settling = 0
        self._closed = False
        self._flying = 0
        self._writers = ThreadPoolExecutor(_HELPERS, thread_name_prefix="pack-writing")
        self._helpers = ThreadPoolExecutor(_HELPERS, thread_name_prefix="pack")
        self.generation = 0
        """Grows with each pack that becomes durable: an answer of the index is stale when it has changed since."""

    def pending(self, oid: bytes, *, plain: bool = False) -> bool:
        """Whether an object is on its way to the medium. `plain`: as for `Index.known`."""
        pack = self._pending.get(oid)
        return pack is not None and not (plain and pack.sealed)

    def rely(self, stake: Stake, ids: Sequence[bytes], *, plain: bool = False) -> list[bytes]:
        """Those of `ids` that are not pending; of the others `stake` has a share from now on. `plain`: as for
        `Index.known`."""
        if not self._pending:
            return list(ids)
        with self._changed:
            rest = []
            for oid in ids:
                pack = self._pending.get(oid)
                if pack is None or (plain and pack.sealed):
                    rest.append(oid)
                else:
                    pack.stakes.add(stake)
            return rest

    def add(self, stake: Stake, frames: Sequence[Frame], generation: int) -> list[bool]:
        """Takes frames; of each False when its object is pending or durable already. `generation` is from before the
        index was asked for them. Raises Failed (`repository-full`, …) when a pack that the stake relies on could not be
        written.
        """
        with self._changed:
            while self._settling >= _SETTLING or self._flying >= _FLYING or self._stopped:
                self._changed.wait()
            stake.check()
            return [self._add(stake, frame, generation) for frame in frames]

    def _add(self, stake: Stake, frame: Frame, generation: int) -> bool:
        """Under the lock."""
        holder = self._pending.get(frame.id)
        if holder is not None and (frame.seal or not holder.sealed):
            holder.stakes.add(stake)
            return False
        if generation != self.generation and self._index.has(frame.id, plain=not frame.seal):
            return False
        self._make_room(stake, frame.size + ENTRY_SIZE)
        lane = frame.kind == Kind.CHUNK, bool(frame.seal)
        pack = self._lanes.get(lane) or self._begin(lane, stake)
        pack.books.add(frame)
        pack.pieces += frame.pieces
        pack.stakes.add(stake)
        self._pending[frame.id] = pack
        if pack.books.end >= PACK.head + PACK_BYTES or len(pack.books.entries) >= PACK_OBJECTS:
            self._retire(lane)
        elif pack.books.end - pack.base >= _BATCH:
            pack.writers += 1
            self._flying += 1
            self._writers.submit(self._write, pack, *pack.take_batch())
        return True

    def flush(self, stake: Stake) -> None:
        """Everything pending at this moment, whoever put it, is durable (or gone with its pack) afterwards.

        Raises Failed when a pack that the stake relies on could not be written.
        """
        with self._changed:
            stake.check()
            for lane in list(self._lanes):
                self._retire(lane)
            waiting = list(self._unsettled)
            while not all(pack.settled for pack in waiting):
                self._changed.wait()
            stake.check()

    @contextmanager
    def still(self) -> Iterator[None]:
        """Everything that was put is durable or gone, and nothing comes before the end of it: writers wait."""
        with self._changed:
            self._stopped += 1
            for lane in list(self._lanes):
                self._retire(lane)
            while self._unsettled:
                self._changed.wait()
        try:
            yield
        finally:
            with self._changed:
                self._stopped -= 1
                self._changed.notify_all()

    def waits(self, stake: Stake) -> bool:
        """Whether something that a stake has a share of is on its way to the medium."""
        with self._changed:
            return any(stake in pack.stakes for pack in self._unsettled)

    def close(self) -> None:
        """Keeps what was put, as far as it can be written; nothing can be added afterwards."""
        with self._changed:
            self._closed = True
        self.flush(Stake())
        self._writers.shutdown(wait=True)
        self._helpers.shutdown(wait=True)

    def ask_for_room(self) -> None:
        """What was granted counts no more: there may be less room now."""
        with self._changed:
            self._granted = 0

    def _make_room(self, stake: Stake, size: int) -> None:
        """Raises Failed `repository-full` before anything is full."""
        if size <= self._granted or stake.reserve:
            self._granted = max(0, self._granted - size)
            return
        try:
            coming = sum(pack.books.size for pack in self._unsettled)
            unwritten = coming - sum(pack.written for pack in self._unsettled)
            self._granted = self._room.grant(size + MARGIN, coming, unwritten) - size
        except OSError as error:
            stake.failure = write_failed(error, self._storage.place)
            raise stake.failure from error
        except Failed as full:
            stake.failure = full
            raise

    def _begin(self, lane: Lane, stake: Stake) -> _OpenPack:
        if self._closed:
            raise RuntimeError("the repository is closed")
        try:
            sink = self._storage.begin()
        except OSError as error:
            stake.failure = write_failed(error, self._storage.place)
            raise stake.failure from error
        self._granted = 0  # a pack takes more than its objects: what is left is asked with it
        pack = self._lanes[lane] = _OpenPack(sink, sealed=lane[1])
        self._unsettled.add(pack)
        return pack

    def _retire(self, lane: Lane) -> None:
        """Nothing more comes into this lane's pack: a helper brings it to the medium."""
        self._settling += 1
        self._helpers.submit(self._settle, self._lanes.pop(lane))

    def _write(self, pack: _OpenPack, base: int, pieces: list[Bytes]) -> None:
        failure: BaseException | None = None
        try:
            pack.sink.write(base, pieces)
        except OSError as error:
            failure = write_failed(error, self._storage.place)
        except BaseException as error:
            log.exception("A pack could not be written.")
            failure = error
        finally:
            with self._changed:
                self._flying -= 1
                pack.writers -= 1
                if failure is not None:
                    self._fail(pack, failure)
                else:
                    pack.written += sum(map(len, pieces))
                self._changed.notify_all()

    def _settle(self, pack: _OpenPack) -> None:
        """Runs once for every pack, in a helper thread: to the medium, into the index, and out of `pending`."""
        failure: BaseException | None = None
        try:
            with self._changed:
                while pack.writers:
                    self._changed.wait()
                failure = pack.failure
            if failure is None:
                self._finish(pack)
        except (OSError, sqlite3.OperationalError) as error:
            failure = write_failed(error, self._storage.place)
        except BaseException as error:
            log.exception("A pack could not be written.")
            failure = error
        try:
            if failure is not None:
                log.warning("A pack with %d objects is given up: %s", len(pack.books.entries), failure)
                pack.sink.abandon()
        finally:
            with self._changed:
                if failure is not None:
                    self._fail(pack, failure)
                else:
                    self._forget(pack)
                    self.generation += 1
                pack.settled = True
                self._unsettled.discard(pack)
                self._settling -= 1
                self._changed.notify_all()

    def _finish(self, pack: _OpenPack) -> None:
        books = pack.books
        base, pieces = pack.take_batch()
        tail, name = books.finish()
        pack.sink.write(base, [*pieces, *pack.pieces, tail])
        pack.sink.finish(name)
        self._index.add([(name, books.size, books.entries)])
        self._finished(name)

    def _fail(self, pack: _OpenPack, failure: BaseException) -> None:
        """Tells all who relied on it; if it was open still, it is retired."""
        if pack.failure is None:
            pack.failure = failure
        for stake in pack.stakes:
            stake.failure = stake.failure or pack.failure
        self._forget(pack)
        for lane, current in list(self._lanes.items()):
            if current is pack:
                self._retire(lane)

    def _forget(self, pack: _OpenPack) -> None:
        for entry in pack.books.entries:
            if self._pending.get(entry.id) is pack:
                del self._pending[entry.id]
        pack.stakes = set()
