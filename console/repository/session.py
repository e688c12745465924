"""A session of writing: objects put, frames taken over, and the promise that `flush` makes."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Sequence
from types import TracebackType
from typing import NamedTuple

from console.domain.objects import FRAME_SIZE, Kind
from console.domain.replication import Accepted
from console.repository.codec import QUICK, Bytes, Frame, FrameError, compress_many, encode, object_ids
from console.repository.failures import frame_damaged
from console.repository.frames import Arrived, FrameSplitter, Proof, Provers
from console.repository.index import Index
from console.repository.reliance import Sweeps
from console.repository.sealing import SEALABLE, SealingKey
from console.repository.writing import OpenPacks, Stake

_BATCH_BYTES = 512 << 10
_BATCH_FRAMES = 256
_AHEAD = 4
"""Batches of one stream that may be with the provers."""


class Put(NamedTuple):
    """What became of an object. `stored`: bytes it takes in a pack, header included; 0 when it was there already."""

    id: bytes
    new: bool
    stored: int


class Prepared:
    """Objects on their way into a session: named, and some of them not there yet."""

    def __init__(
        self,
        kind: Kind,
        plains: Sequence[Bytes],
        ids: list[bytes],
        places: dict[bytes, int],
        asked: tuple[int, int, list[bytes]],
        level: int,
    ) -> None:
        self.kind = kind
        self.plains = plains
        self.ids = ids
        self.places = places
        """Where each id stands first."""
        self.asked = asked
        self.level = level
        self.shorter: dict[bytes, Bytes | None] = {}

    def compress(self) -> None:
        """In any thread. Gives the interpreter away while it works."""
        fresh = self.asked[2]
        made = compress_many([self.plains[self.places[oid]] for oid in fresh], self.level)
        self.shorter = dict(zip(fresh, made, strict=True))


class WriteSession:
    """Many may be open at once, and each may be used by many threads; all share the repository's open packs.

    What was put is promised only by `flush`. A session one of whose packs could not be written stays failed; make a new
    one when the cause is gone.
    """

    def __init__(
        self,
        packs: OpenPacks,
        index: Index,
        provers: Provers,
        sweeps: Sweeps,
        *,
        seal: SealingKey | None = None,
        level: int = QUICK,
        reserve: bool = False,
    ) -> None:
        """`seal`: seals what is put, but for records and tombstones. `level`: of compression, 1 to 19. `reserve`: may
        also use the room that is kept for giving room back."""
        self._seal = seal
        self._level = level
        self._packs = packs
        self._index = index
        self._provers = provers
        self._sweeps = sweeps
        self._reliance = sweeps.enter()
        self._losses = index.losses
        self._stake = Stake(reserve=reserve)
        self._closed = False

    def __enter__(self) -> WriteSession:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def put(self, kind: Kind, plain: Bytes, leaf: Kind = Kind.CHUNK) -> Put:
        """Stores an object unless it is there. At most `MAX_PLAIN` bytes; the buffer may be used again afterwards.
        `leaf`: what the references below a list name in the end: chunks, or tree nodes.

        Raises Failed: `repository-full`, `repository-unwritable`, `repository-gone`.
        """
        self._check()
        seal = self._sealing(kind)
        (oid,) = object_ids(kind, (plain,), seal)
        self._reliance.add((oid,))
        frame: Frame | None = None
        while True:
            sweeps, generation = self._sweeps.count, self._packs.generation
            bare = seal is None
            if self._packs.rely(self._stake, (oid,), plain=bare) and not self._index.has(oid, plain=bare):
                frame = frame or encode(kind, plain, oid, seal, leaf, level=self._level)
                if self._packs.add(self._stake, (frame,), generation)[0]:
                    return Put(oid, True, frame.size)
            if self._sweeps.settled(sweeps):
                return Put(oid, False, 0)

    def name(self, kind: Kind, plain: Bytes) -> bytes:
        """The id that an object has when this session puts it."""
        return object_ids(kind, (plain,), self._sealing(kind))[0]

    def prepare(self, kind: Kind, plains: Sequence[Bytes]) -> Prepared:
        """Begins to store many small objects, which takes three steps and much less than a `put` for each: this, which
        names them; `Prepared.compress`; `put_prepared`. Raises what `put` raises."""
        self._check()
        ids = object_ids(kind, plains, self._sealing(kind))
        self._reliance.add(ids)
        places = dict(zip(reversed(ids), range(len(ids) - 1, -1, -1), strict=True))
        return Prepared(kind, plains, ids, places, self._ask(kind, list(places)), self._level)

    def put_prepared(self, prepared: Prepared, leaf: Kind = Kind.CHUNK) -> list[Put]:
        """Stores what is not there of it; what became of each. The buffers may be used again afterwards."""
        self._check()
        kind, plains, left = prepared.kind, prepared.plains, dict(prepared.places)
        seal = self._sealing(kind)
        puts = [Put(oid, False, 0) for oid in prepared.ids]
        frames: dict[bytes, Frame] = {}
        sweeps, generation, fresh = prepared.asked
        while True:
            for oid in fresh:
                if oid not in frames:
                    frames[oid] = encode(
                        kind, plains[left[oid]], oid, seal, leaf, prepared.shorter.get(oid), self._level
                    )
            added = self._packs.add(self._stake, [frames[oid] for oid in fresh], generation)
            for oid, new in zip(fresh, added, strict=True):
                if new:
                    puts[left.pop(oid)] = Put(oid, True, frames[oid].size)
            if not left or self._sweeps.settled(sweeps):
                return puts
            sweeps, generation, fresh = self._ask(kind, list(left))

    def _ask(self, kind: Kind, ids: list[bytes]) -> tuple[int, int, list[bytes]]:
        """How many sweeps there had been, what the generation of the packs was, and which were not there then."""
        sweeps, generation = self._sweeps.count, self._packs.generation
        plain = self._sealing(kind) is None
        rest = self._packs.rely(self._stake, ids, plain=plain)
        known = self._index.known(rest, plain=plain)
        return sweeps, generation, [oid for oid in rest if oid not in known]

    def put_frames(self, pieces: Iterable[bytes | bytearray | memoryview]) -> Accepted:
        """Takes over frames from a stream that may be cut anywhere; each is proven before it is stored, as it is.

        When the stream fails midway, what came whole before is kept. Counts every frame that arrived, also those that
        were there already. Raises Failed: `frame-damaged` (nothing from that frame on is kept), and as `put`.
        """
        self._check()
        intake = _Intake(self)
        try:
            for piece in pieces:
                intake.take(piece)
        except FrameError as error:
            intake.settle()
            raise frame_damaged(str(error), error.id) from error
        except BaseException:
            intake.settle()
            raise
        intake.settle()
        if intake.unfinished:
            raise frame_damaged("it ends within a frame")
        return Accepted(intake.objects, intake.bytes)

    def missing(self, ids: Sequence[bytes], *, sealed: bool = False) -> list[bytes]:
        """As `Repository.missing`; what is not missing is relied on: `flush` makes it durable or fails, and no reclaim
        takes it before the session ends. In a session that seals, `sealed` goes without saying."""
        self._check()
        self._reliance.add(ids)
        plain = not sealed and self._seal is None
        while True:
            sweeps = self._sweeps.count
            rest = self._packs.rely(self._stake, ids, plain=plain)
            known = self._index.known(rest, plain=plain)
            if self._sweeps.settled(sweeps):
                return [oid for oid in rest if oid not in known]

    def is_whole(self, root: bytes) -> bool:
        """Whether every object of a tree that it holds is known to be here, so that `missing` need not be asked."""
        self._check()
        return self._index.is_whole(root)

    def note_whole(self, roots: Sequence[bytes]) -> None:
        """Of these trees, which the catalog names now, every object was put, found not to be missing, or is of a tree
        that was whole."""
        self._index.note_whole(roots, self._losses)

    def hold(self, root: bytes) -> None:
        """No reclaim that looks at the catalog from now on takes anything of this tree before the session ends, whoever
        deletes it."""
        self._check()
        self._reliance.roots.add(root)

    def let_go(self) -> None:
        """What was put and relied on so far is named by the catalog now, or given up: the session lets go of it."""
        before, self._reliance = self._reliance, self._sweeps.enter()
        self._sweeps.leave(before)

    def flush(self) -> None:
        """Everything this session put or relied on is durable and in the index afterwards.

        Raises Failed when a pack it relied on could not be written; the session stays failed then.
        """
        self._check()
        self._packs.flush(self._stake)

    @property
    def waiting(self) -> bool:
        """Whether anything it put or relied on is not durable yet."""
        return self._packs.waits(self._stake)

    def close(self) -> None:
        """Ends the session. What was not flushed may or may not be kept."""
        self._closed = True
        self._sweeps.leave(self._reliance)

    def __del__(self) -> None:
        self._sweeps.leave(self._reliance)

    def _sealing(self, kind: Kind) -> SealingKey | None:
        return self._seal if kind in SEALABLE else None

    def _check(self) -> None:
        if self._closed:
            raise RuntimeError("the session is closed")
        self._stake.check()

    def _store(self, frames: list[Frame]) -> None:
        ids = [frame.id for frame in frames]
        self._reliance.add(ids)
        while True:
            sweeps, generation = self._sweeps.count, self._packs.generation
            fresh = set[bytes]()
            for plain in (False, True):
                some = [frame.id for frame in frames if plain is not bool(frame.seal)]
                if some:
                    rest = self._packs.rely(self._stake, some, plain=plain)
                    fresh |= set(rest) - self._index.known(rest, plain=plain)
            self._packs.add(self._stake, [frame for frame in frames if frame.id in fresh], generation)
            if self._sweeps.settled(sweeps):
                return


class _Intake:
    """Frames on their way in: split, proven in helper threads, stored in the order they came."""

    def __init__(self, session: WriteSession) -> None:
        self._session = session
        self._splitter = FrameSplitter()
        self._batch: list[Arrived] = []
        self._batch_bytes = 0
        self._waiting: deque[Callable[[], Proof]] = deque()
        self.objects = 0
        self.bytes = 0

    @property
    def unfinished(self) -> int:
        return self._splitter.unfinished

    def take(self, piece: bytes | bytearray | memoryview) -> None:
        for arrived in self._splitter.feed(piece):
            self._batch.append(arrived)
            self._batch_bytes += len(arrived[1])
            if self._batch_bytes >= _BATCH_BYTES or len(self._batch) >= _BATCH_FRAMES:
                self._prove()
                while len(self._waiting) > _AHEAD:
                    self._store()

    def settle(self) -> None:
        """Stores all that came whole."""
        if self._batch:
            self._prove()
        while self._waiting:
            self._store()

    def _prove(self) -> None:
        self._waiting.append(self._session._provers.start(self._batch))
        self._batch, self._batch_bytes = [], 0

    def _store(self) -> None:
        frames, error = self._waiting.popleft()()
        try:
            self._session._store(frames)
        except BaseException:
            self._drop()
            raise
        self.objects += len(frames)
        self.bytes += sum(FRAME_SIZE + frame.stored for frame in frames)
        if error is not None:
            # What comes after a frame that is not true is not believed.
            self._drop()
            raise frame_damaged(str(error), error.id) from error

    def _drop(self) -> None:
        self._batch = []
        while self._waiting:
            self._waiting.popleft()()
