"""Target ends for the contract suite, each with a way to see what it holds."""

from __future__ import annotations

import uuid
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from pathlib import Path

import zstandard
from fastapi import FastAPI

from console.catalog import Catalog
from console.domain.machines import MachineKind
from console.domain.objects import FRAME_SIZE, Codec, FrameHeader
from console.domain.pairing import CoreIdentity, Direction, Pairing
from console.domain.progress import Silent
from console.domain.replication import TargetEnd
from console.domain.repositories import RepositoryInfo
from console.domain.roles import Role
from console.engine.ends import LocalSource, LocalTarget
from console.engine.journal import Journal
from console.engine.points import Points
from console.engine.replicate.receive import Receive
from console.engine.repositories import Repositories
from console.engine.retain import Retain
from console.engine.users import Users
from console.repository import Repository, TreeReader
from console.seeding.drive import Drive
from console.seeding.writer import SeedWriter
from console.wire.dialer import Dialers
from console.wire.identity import Identity
from console.wire.listener import router
from console.wire.messages import PairRequest
from console.wire.server import ServerThread, TlsServer
from tests.support.points import Source
from tests.support.proxy import CuttingProxy


class TargetBed(ABC):
    """One target end under test."""

    target: TargetEnd

    @abstractmethod
    def held(self) -> dict[str, bytes]:
        """Committed image id → the contents of its files, joined in order of their paths (b"" where parts lack)."""

    @abstractmethod
    def renew(self) -> None:
        """A new end over the same place, as after a failure."""

    @abstractmethod
    def close(self) -> None: ...


def contents(repository: Repository | _Segments, root: str) -> bytes:
    """All files of an image joined in order of their paths; b"" when something is not there."""
    reader = TreeReader(repository)
    top = reader.root(bytes.fromhex(root)).entry
    files: dict[bytes, bytes] = {}
    stack = [(b"", top)]
    while stack:
        prefix, entry = stack.pop()
        for child in reader.entries(entry):
            path = prefix + child.name
            if child.type == 1:
                stack.append((path + b"/", child))
            else:
                ids = [oid for oid, _ in reader.extents(child)]
                if repository.missing(ids):
                    return b""
                files[path] = child.inline or b"".join(repository.read(oid) for oid in ids)
    return b"".join(files[path] for path in sorted(files))


class LocalBed(TargetBed):
    def __init__(self, place: Path, source: Source) -> None:
        self.catalog = Catalog.in_memory(source.clock)
        self.repository = Repository.create(place, id=uuid.uuid4().hex, created=source.clock.now())
        home = RepositoryInfo(self.repository.id, "default", str(place), source.clock.now(), default=True)
        self.catalog.repositories.add(home)
        machine = source.machine
        self.machine = type(machine)(
            machine.id, machine.name, MachineKind.REPLICATED, "core-a", self.repository.id, machine.volumes,
            machine.created, 0,
        )  # fmt: skip
        self.catalog.machines.add(self.machine)
        self._end = LocalTarget(self.catalog, self.repository)
        self.target = self._end

    def held(self) -> dict[str, bytes]:
        stored = self.catalog.points.images_of(self.machine.id)
        return {s.image.id: contents(self.repository, s.image.root) for s in stored if s.here}

    def renew(self) -> None:
        self._end.close()
        self._end = LocalTarget(self.catalog, self.repository)
        self.target = self._end

    def close(self) -> None:
        self._end.close()
        self.repository.close()
        self.catalog.close()


class WireBed(TargetBed):
    """A target behind real TLS on loopback and a line that can be cut: listener, receiving side, dialer."""

    def __init__(self, place: Path, source: Source) -> None:
        place.mkdir()
        self.catalog = Catalog.in_memory(source.clock)
        self.journal = Journal(self.catalog, source.clock)
        self.repositories = Repositories(self.catalog, source.clock, place)
        self.repositories.set_up()
        ours, theirs = Identity.create(place / "target", "target"), Identity.create(place / "source", "source")
        me = CoreIdentity(ours.core_id, "target", "1.0.0", ours.fingerprint)
        points = Points(self.catalog, self.repositories)
        retain = Retain(self.catalog, self.repositories, self.journal, source.clock)
        users = Users(self.catalog, source.clock)
        users.add("admin", Role.ADMINISTRATOR, "a long password")
        self.receive = Receive(
            self.catalog, self.repositories, points, self.journal, source.clock, me, ours, users, retain
        )
        app = FastAPI()
        app.include_router(router(self.receive))
        self.server = ServerThread(TlsServer(app, ours, port=0))
        self.receive.trust = self.server.server.trust
        self.server.start()
        self.proxy = CuttingProxy(self.server.server.port)
        port = self.proxy.port
        self.dialers = Dialers(theirs)
        source_core = CoreIdentity(theirs.core_id, "source", "1.0.0", theirs.fingerprint)
        request = PairRequest("admin", "a long password", source_core, theirs.certificate, "source")
        answer = self.dialers.pair("127.0.0.1", port, ours.fingerprint, request)
        pairing = Pairing(
            answer.pairing, Direction.OUTGOING, "target", answer.target, ours.certificate, source.clock.now(),
            "127.0.0.1", port,
        )  # fmt: skip
        self.dialer = self.dialers.to(pairing)
        self.machine = source.machine
        self.dialer.add_machines([(source.machine, answer.repositories[0].id)])
        self.target = self.dialer.target(source.machine.id)

    def held(self) -> dict[str, bytes]:
        stored = self.catalog.points.images_of(self.machine.id)
        repository = self.repositories.open(self.repositories.list()[0].id)
        return {s.image.id: contents(repository, s.image.root) for s in stored if s.here}

    def renew(self) -> None:
        self.target = self.dialer.target(self.machine.id)

    def close(self) -> None:
        self.dialers.close()
        self.proxy.close()
        self.server.stop()
        self.receive.close()
        self.repositories.close()
        self.catalog.close()


class _Segments:
    """The objects of whole segments, read frame by frame without the product's reader."""

    def __init__(self, files: list[Path]) -> None:
        self._objects: dict[bytes, bytes] = {}
        for file in files:
            raw, at = file.read_bytes(), 64
            end = int.from_bytes(raw[-52:-44], "little")
            while at < end:
                header = FrameHeader.unpack(raw, at)
                stored = raw[at + FRAME_SIZE : at + FRAME_SIZE + header.stored]
                packed = header.codec is Codec.ZSTD
                self._objects[header.id] = zstandard.decompress(stored) if packed else stored
                at += FRAME_SIZE + header.stored

    def read(self, id: bytes) -> bytes:
        return self._objects[id]

    def missing(self, ids: Iterable[bytes]) -> list[bytes]:
        return [oid for oid in ids if oid not in self._objects]


class SeedBed(TargetBed):
    """A seed drive while it is written."""

    def __init__(self, place: Path, source: Source) -> None:
        place.mkdir()
        end = LocalSource(source.catalog, source.repository)
        self.writer = SeedWriter(
            Drive(uuid.uuid4().hex, [place]),
            lambda image, names: end.increment(image, names=names),
            segment_size=1 << 20,
        )
        self.writer.begin("a drive of the tests", Silent())
        self.place = place
        self.target = self.writer

    def held(self) -> dict[str, bytes]:
        self.writer.seal()
        segments = _Segments(sorted(self.place.rglob("*.rps")))
        return {
            image.id: contents(segments, image.root)
            for point in self.writer.points()
            for image in point.volume_images()
        }

    def renew(self) -> None:
        """The writer goes on after a frame that was refused."""

    def close(self) -> None:
        self.writer.close()


TARGETS: dict[str, Callable[[Path, Source], TargetBed]] = {
    "repository": LocalBed,
    "wire": WireBed,
    "seed drive": SeedBed,
}
