"""A target Core that keeps everything in memory, the TLS server in front of it, and sources that call it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from blake3 import blake3
from fastapi import FastAPI

from console.domain.comparison import KeptImage
from console.domain.errors import Failed, FailureKind, damage, failed
from console.domain.machines import Machine, MachineKind, Volume
from console.domain.objects import FRAME_SIZE, Codec, FrameHeader, Kind, Seal
from console.domain.pairing import CoreIdentity, Direction, Pairing, RepositoryOffer
from console.domain.recovery_points import BaseReason, ImageKind, RecoveryPoint, VolumeImage
from console.domain.replication import Accepted, Holding, ImageOffer
from console.domain.roles import Role
from console.wire.conversation import MINIMUM, judge_pairing
from console.wire.identity import Identity, fingerprint_of
from console.wire.listener import router
from console.wire.messages import (
    AddMachines,
    Commit,
    Hello,
    Inventory,
    InventoryRequest,
    LookAnswer,
    PairAnswer,
    PairRequest,
    RemoveMachines,
    StatusAnswer,
    StatusRequest,
)
from console.wire.server import ServerThread, TlsServer

NOW = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)
PASSWORD = "correct horse"


def core_of(identity: Identity, *, version: str = "1.0.0", protocol: int = 1) -> CoreIdentity:
    return CoreIdentity(identity.core_id, identity.name, version, identity.fingerprint, protocol)


def frame(plain: bytes, kind: Kind = Kind.CHUNK) -> bytes:
    """One object as it travels: raw, unsealed."""
    header = FrameHeader(len(plain), len(plain), kind, Codec.RAW, Seal.NONE, blake3(plain).digest(), bytes(16))
    digest = blake3(header.pack()[:44] + plain).digest(16)
    return replace(header, digest=digest).pack() + plain


def id_of(plain: bytes) -> bytes:
    return blake3(plain).digest()


def machine(name: str = "web", id: str = "a" * 32) -> Machine:
    volume = Volume("b" * 32, "root", "/srv/web")
    return Machine(id, name, MachineKind.PROTECTED, "c" * 32, "d" * 32, (volume,), NOW)


def point(id: str = "1" * 32) -> RecoveryPoint:
    image = VolumeImage(
        "2" * 32, id, "b" * 32, "root", ImageKind.BASE, BaseReason.FIRST, None, "3" * 64, 7, 7, 7, 5, files=1
    )
    return RecoveryPoint(id, "a" * 32, NOW, "c" * 32, (image,), "4" * 64, 1.5)


def offer_of(kept: Machine, of: RecoveryPoint) -> ImageOffer:
    return ImageOffer(kept, of, of.images[0], names=False)


def pairing_with(target: Identity, port: int, *, host: str = "127.0.0.1", id: str = "e" * 32) -> Pairing:
    """The outgoing pairing a source has."""
    return Pairing(id, Direction.OUTGOING, "office", core_of(target), target.certificate, NOW, host, port)


class MemoryTarget:
    """Implements `wire.listener.Listener`. `before` is called with the name of each method first, in its thread."""

    def __init__(self, identity: Identity) -> None:
        self.identity = identity
        self.core = core_of(identity)
        self.pairings: dict[str, Pairing] = {}
        self.objects: dict[bytes, bytes] = {}
        self.commits: list[Commit] = []
        self.statuses: list[StatusRequest] = []
        self.machines: dict[str, str] = {}
        self.calls: list[str] = []
        self.cuts: list[Failed] = []
        self.addresses: list[str] = []
        self.removed = False
        self.trust: Callable[[str], None] = lambda _: None
        self.before: Callable[[str], None] = lambda _: None
        self.cut = threading.Event()
        """Set when a stream of frames was cut and what was whole has been kept."""
        self._lock = threading.Lock()

    def _note(self, call: str) -> None:
        with self._lock:
            self.calls.append(call)
        self.before(call)

    def give(self, pairing: Pairing, machine: str, image: str, ids: Sequence[bytes]) -> bytes:
        self._note("give")
        if image != "2" * 32:
            raise failed("no-such-volume-image", "There is no such image.", "", FailureKind.NOT_FOUND)
        return b"".join(self.objects[oid] for oid in ids if oid in self.objects)

    def hello(self) -> Hello:
        self._note("hello")
        return Hello(self.core, MINIMUM, NOW)

    def look(self, request: PairRequest) -> LookAnswer:
        self._note("look")
        self._judge(request)
        return LookAnswer(self.core, [RepositoryOffer("d" * 32, "main", True, 9)])

    def _judge(self, request: PairRequest) -> Pairing | None:
        if request.password != PASSWORD:
            raise failed("wrong-credentials", "The name or the password is wrong.", "", FailureKind.FORBIDDEN)
        fingerprint = fingerprint_of(request.certificate)
        role = Role.ADMINISTRATOR if request.user == "admin" else Role.TECHNICIAN
        return judge_pairing(self.core, request, fingerprint, role, self.pairings.values())

    def pair(self, request: PairRequest, address: str) -> PairAnswer:
        self._note("pair")
        self.addresses.append(address)
        known = self._judge(request)
        fingerprint = fingerprint_of(request.certificate)
        if known is None:
            source = replace(request.source, fingerprint=fingerprint)
            known = Pairing(
                f"{len(self.pairings):032}", Direction.INCOMING, request.name, source, request.certificate, NOW
            )
            self.pairings[fingerprint] = known
        self.trust(request.certificate)
        return PairAnswer(known.id, self.core, self.identity.certificate, [RepositoryOffer("d" * 32, "main", True, 9)])

    def pairing_of(self, certificate: bytes) -> Pairing:
        found = self.pairings.get(fingerprint_of(certificate))
        if found is None:
            raise failed("not-paired", "This Core is not paired.", "Pair first.", FailureKind.FORBIDDEN)
        return found

    def status(self, pairing: Pairing, request: StatusRequest) -> StatusAnswer:
        self._note("status")
        self.statuses.append(request)
        return StatusAnswer(self.core, NOW, removed=self.removed)

    def add_machines(self, pairing: Pairing, request: AddMachines) -> None:
        self._note("add")
        self.machines.update({p.machine.id: p.repository for p in request.machines})

    def remove_machines(self, pairing: Pairing, request: RemoveMachines) -> int:
        self._note("remove")
        for gone in request.machines:
            self.machines.pop(gone, None)
        return 3 if request.delete_points else 0

    def unpair(self, pairing: Pairing) -> None:
        self._note("unpair")
        self.pairings = {f: p for f, p in self.pairings.items() if p.id != pairing.id}

    def holdings(self, pairing: Pairing, machine: str, forgotten: Sequence[str]) -> list[Holding]:
        self._note("holdings")
        return [Holding(c.image, True, True, True) for c in self.commits if c.machine.id == machine]

    def inventory(self, pairing: Pairing, request: InventoryRequest) -> Inventory:
        self._note("inventory")
        kept = sorted(c.image for c in self.commits if c.machine.id == request.machine and c.image > request.after)
        return Inventory([KeptImage(image, here=True, whole=True) for image in kept[:1]], len(kept) > 1, "all 1d")

    def missing(self, pairing: Pairing, machine: str, ids: Sequence[bytes], *, sealed: bool = False) -> list[bytes]:
        self._note("missing")
        return [oid for oid in ids if oid not in self.objects]

    def store(self, pairing: Pairing, machine: str, pieces: Iterable[bytes]) -> Accepted:
        self._note("store")
        objects = size = 0
        rest = bytearray()
        try:
            for piece in pieces:
                self.before("piece")
                rest += piece
                while len(rest) >= FRAME_SIZE:
                    header = FrameHeader.unpack(rest)
                    length = FRAME_SIZE + header.stored
                    if len(rest) < length:
                        break
                    whole = bytes(rest[:length])
                    del rest[:length]
                    if blake3(whole[:44] + whole[FRAME_SIZE:]).digest(16) != header.digest:
                        raise damage("frame-damaged", "An object did not arrive as it was sent.")
                    self.objects[header.id] = whole
                    objects, size = objects + 1, size + length
        except Failed as known:
            if known.failure.code == "transfer-cut":
                self.cuts.append(known)
                self.cut.set()
            raise
        if rest:
            raise damage("frame-damaged", "The stream ended inside a frame.")
        return Accepted(objects, size)

    def commit(self, pairing: Pairing, request: Commit) -> None:
        self._note("commit")
        if request not in self.commits:
            self.commits.append(request)

    def take(self, source: Identity) -> Pairing:
        """A source is paired, as if it had called `pair`."""
        pairing = Pairing(
            f"{len(self.pairings):032}", Direction.INCOMING, source.name, core_of(source), source.certificate, NOW
        )
        self.pairings[source.fingerprint] = pairing
        self.trust(source.certificate)
        return pairing


@contextmanager
def serving(target: MemoryTarget, *, port: int = 0, waiting_max: int = 1 << 20) -> Iterator[TlsServer]:
    """The target behind a real TLS port on loopback."""
    app = FastAPI(openapi_url=None)
    app.include_router(router(target, waiting_max=waiting_max))
    server = TlsServer(
        app, target.identity, port=port, trusted=[p.certificate for p in target.pairings.values()], stop_within=2
    )
    target.trust = server.trust
    with ServerThread(server):
        yield server


def identity(place: Path, name: str) -> Identity:
    return Identity.create(place / name, name)


def run(work: Any) -> Any:
    return asyncio.run(work)
