"""The calling side: a source and its targets. Every method is synchronous for its caller, and bounded in time."""

from __future__ import annotations

import concurrent.futures
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TypeVar

from console.domain.errors import Cancelled, Failed
from console.domain.machines import Machine
from console.domain.pairing import Pairing
from console.domain.replication import Accepted, Holding, ImageOffer
from console.domain.ways import Way
from console.wire import messages
from console.wire.conversation import SEALED, Call, batches, decode_missing, encode_ids
from console.wire.identity import Identity, fingerprint_of
from console.wire.limits import Limits
from console.wire.loops import LoopThread
from console.wire.messages import (
    AddMachines,
    Commit,
    Done,
    Hello,
    Holdings,
    HoldingsRequest,
    Inventory,
    InventoryRequest,
    LookAnswer,
    MachinePlacement,
    ObjectsRequest,
    PairAnswer,
    PairRequest,
    Removed,
    RemoveMachines,
    StatusAnswer,
    StatusRequest,
)
from console.wire.pump import FromThread
from console.wire.tls import address_of, check_pin, fetch_certificate

__all__ = ["Dialer", "Dialers", "Limits", "WireTarget"]

T = TypeVar("T")


class Dialers:
    """The connections of one Core to all its targets. Thread-safe. `close` ends what is under way with Cancelled."""

    def __init__(self, identity: Identity, limits: Limits | None = None) -> None:
        self._identity = identity
        self._limits = limits or Limits()
        self._thread = LoopThread("dialer", self._hang_up)
        self._lock = threading.Lock()
        self._dialers: dict[str, Dialer] = {}

    def probe(self, host: str, port: int) -> tuple[Hello, str]:
        """Who listens there, without credentials: what it says of itself, and the certificate (PEM) it proved to have.

        Raises Failed `target-unreachable`; `wrong-fingerprint` when it says it has another certificate than it shows.
        """
        certificate = self._thread.run(fetch_certificate(host, port, timeout=self._limits.connect))
        with self._stranger(host, port, fingerprint_of(certificate)) as dialer:
            hello = dialer.hello()
        check_pin(address_of(host, port), hello.core.fingerprint, certificate)
        return hello, certificate

    def look(self, host: str, port: int, fingerprint: str, request: PairRequest) -> LookAnswer:
        """What `pair` would find; leaves nothing behind. Raises Failed as `pair`."""
        with self._stranger(host, port, fingerprint) as dialer:
            return dialer.look(request)

    def pair(self, host: str, port: int, fingerprint: str, request: PairRequest) -> PairAnswer:
        """Signs in at a target whose fingerprint the person confirmed. Raises Failed: the refusals of PROTOCOL.md."""
        with self._stranger(host, port, fingerprint) as dialer:
            return dialer.pair(request)

    def to(self, pairing: Pairing) -> Dialer:
        """The dialer to the target of an outgoing pairing: one for each, until its address or certificate changes."""
        fingerprint = fingerprint_of(pairing.certificate)
        with self._lock:
            known = self._dialers.get(pairing.id)
            if known is not None and known.is_for(pairing.host, pairing.port, fingerprint):
                return known
            fresh = Dialer(pairing.host, pairing.port, fingerprint, self._identity, self._thread, self._limits)
            self._dialers[pairing.id] = fresh
        if known is not None:
            known.close()
        return fresh

    def drop(self, pairing: Pairing) -> None:
        """The pairing is gone; its connections are closed."""
        with self._lock:
            known = self._dialers.pop(pairing.id, None)
        if known is not None:
            known.close()

    def close(self) -> None:
        """Cuts everything; calls under way raise Cancelled. May be called twice."""
        self._thread.close()

    async def _hang_up(self) -> None:
        with self._lock:
            dialers, self._dialers = list(self._dialers.values()), {}
        for dialer in dialers:
            await dialer.channel.close()

    def _stranger(self, host: str, port: int, fingerprint: str) -> Dialer:
        return Dialer(host, port, fingerprint, None, self._thread, self._limits)


class Dialer:
    """Calls to one target, whose certificate is pinned. Any thread may call, several at once.

    Every method raises Failed: what the target refused, `wrong-fingerprint`, `authentication-failed`,
    `target-unreachable`, or `bad-message`; Cancelled when the dialers are closed. No call waits for ever (`Limits`).
    """

    def __init__(
        self,
        host: str,
        port: int,
        fingerprint: str,
        identity: Identity | None,
        thread: LoopThread,
        limits: Limits | None = None,
    ) -> None:
        """`identity` is shown to the target; None for the pairing calls."""
        # aiohttp costs a tenth of a second to import: only who dials pays it.
        from console.wire.channel import Channel

        self.channel = Channel(host, port, fingerprint, identity, limits or Limits())
        self._limits = self.channel.limits
        self._thread = thread

    @property
    def address(self) -> str:
        """`host:port`."""
        return self.channel.address

    def is_for(self, host: str, port: int, fingerprint: str) -> bool:
        """Whether it leads there."""
        return (self.channel.host, self.channel.port, self.channel.fingerprint) == (host, port, fingerprint)

    def hello(self) -> Hello:
        """Who the target is now; also a sign of life."""
        return self._ask(Call.HELLO, None, Hello)

    def look(self, request: PairRequest) -> LookAnswer:
        """What `pair` would find."""
        return self._ask(Call.LOOK, request, LookAnswer)

    def pair(self, request: PairRequest) -> PairAnswer:
        """See PROTOCOL.md. Asked again with the same certificate, it is answered the same again."""
        return self._ask(Call.PAIR, request, PairAnswer)

    def status(self, request: StatusRequest) -> StatusAnswer:
        """Tells the target how we are and learns how it is."""
        return self._ask(Call.STATUS, request, StatusAnswer)

    def add_machines(self, machines: Iterable[tuple[Machine, str]], ways: Mapping[str, Way] | None = None) -> None:
        """`machines`: each with the id of the target's repository that takes it. All are taken, or none. `ways`: by
        machine (id), the Cores it came here by."""
        came = ways or {}
        placed = [(machine, repository, came.get(machine.id, ())) for machine, repository in machines]
        request = AddMachines([MachinePlacement(m, home, [list(core) for core in way]) for m, home, way in placed])
        self._ask(Call.MACHINES, request, Done)

    def remove_machines(self, machines: Sequence[str], *, delete_points: bool = False) -> int:
        """How many recovery points were deleted at the target."""
        request = RemoveMachines(list(machines), delete_points)
        return self._ask(Call.REMOVE, request, Removed, within=self._limits.work).points

    def unpair(self) -> None:
        """Ends the pairing at the target; points there stay. One that has ended there already is ended."""
        try:
            self._ask(Call.UNPAIR, Done(), Done, within=self._limits.work)
        except Failed as known:
            if known.failure.code != "not-paired":
                raise

    def holdings(self, machine: str, forgotten: Sequence[str] = ()) -> list[Holding]:
        """What the target has of a machine (id), image by image. `forgotten`: images that are gone there, and here by
        now: the target need not name them any longer."""
        return self._ask(Call.HOLDINGS, HoldingsRequest(machine, list(forgotten)), Holdings).holdings

    def inventory(self, machine: str, after: str = "") -> Inventory:
        """Images of a machine (id) as the target keeps them, after one (id). Only of one that speaks `inventory`."""
        return self._ask(Call.INVENTORY, InventoryRequest(machine, after), Inventory)

    def offer(self, machine: str, ids: Sequence[bytes], *, sealed: bool = False) -> list[bytes]:
        """Those of at most 8192 object ids that the target has not got, in the order given. `sealed`: see
        `domain.replication.TargetEnd`."""
        rest = f"/{machine}/{SEALED}" if sealed else f"/{machine}"
        said = self.channel.call(Call.OFFER, encode_ids(ids), self._limits.read, rest=rest)
        return decode_missing(ids, self._thread.run(said))

    def send(self, machine: str, pieces: Iterator[bytes | memoryview]) -> Accepted:
        """Streams frames from an iterator that is drained here, in the caller's thread; each piece is a run of whole
        frames. What the iterator raises ends the call (the target keeps what is whole) and is raised.

        When the target refuses while there is more to send, its refusal is raised at once.
        """
        total = Accepted(0, 0)
        piece = next(pieces, None)
        while piece is not None:
            accepted, piece = self._stream(machine, piece, pieces)
            total = Accepted(total.objects + accepted.objects, total.bytes + accepted.bytes)
        return total

    def commit(self, request: Commit) -> None:
        """See PROTOCOL.md."""
        self._ask(Call.COMMIT, request, Done, within=self._limits.work)

    def objects(self, machine: str, image: str, ids: Sequence[bytes]) -> bytes:
        """Frames of those of at most 8192 objects of an image (id) that the target can give; not proven, and perhaps
        not all of them in one answer."""
        request = messages.encode(ObjectsRequest(machine, image, encode_ids(ids)))
        return self._thread.run(self.channel.call(Call.OBJECTS, request, self._limits.work))

    def target(self, machine: str) -> WireTarget:
        """The target as the end that images of one machine (id) are sent to."""
        return WireTarget(self, machine)

    def close(self) -> None:
        """Cuts the connections, for good; calls under way raise Cancelled. May be called twice."""
        try:
            self._thread.run(self.channel.close())
        except Cancelled:
            return  # the loop is closed, and the connections with it

    def __enter__(self) -> Dialer:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _ask(self, call: Call, request: messages.Body | None, kind: type[T], *, within: float | None = None) -> T:
        body = None if request is None else messages.encode(request)
        return messages.decode(self._thread.run(self.channel.call(call, body, within or self._limits.read)), kind)

    def _stream(
        self, machine: str, piece: bytes | memoryview, rest: Iterator[bytes | memoryview]
    ) -> tuple[Accepted, bytes | memoryview | None]:
        """One call of frames: its answer, and the piece that came too late for it, if any (see `Limits.idle`)."""
        pump = FromThread(self._thread.loop)
        answer = self._thread.submit(self.channel.stream(machine, pump))
        following: bytes | memoryview | None = piece
        try:
            while following is not None and pump.put(following):
                following = next(rest, None)
        except BaseException:
            answer.cancel()
            raise
        pump.end()
        try:
            return messages.decode(answer.result(), Accepted), following
        except concurrent.futures.CancelledError:
            raise Cancelled from None


class WireTarget:
    """A Core elsewhere as `domain.replication.TargetEnd`, for the images of one machine of one pairing."""

    def __init__(self, dialer: Dialer, machine: str) -> None:
        """`machine`: its id."""
        self._dialer = dialer
        self._machine = machine

    def __enter__(self) -> WireTarget:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Connections belong to the dialer: nothing to do."""

    def missing(self, ids: Sequence[bytes], *, sealed: bool = False) -> list[bytes]:
        """See `domain.replication.TargetEnd`. May be called while `store` runs; it uses another connection."""
        return [oid for batch in batches(ids) for oid in self._dialer.offer(self._machine, batch, sealed=sealed)]

    def store(self, frames: Iterable[bytes | memoryview]) -> Accepted:
        """See `domain.replication.TargetEnd`. Each piece is a run of whole frames."""
        return self._dialer.send(self._machine, iter(frames))

    def commit(self, offer: ImageOffer) -> None:
        """See `domain.replication.TargetEnd`."""
        self._dialer.commit(
            Commit(offer.machine, offer.point, offer.image.id, offer.names, list(offer.keys), offer.again)
        )
