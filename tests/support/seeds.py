"""Two Cores' parts in one process, paired, with seed drives between them; and media that fail when they are told to."""

from __future__ import annotations

import errno
import os
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, BinaryIO

from console.catalog import Catalog
from console.domain.chains import ChainState, judge
from console.domain.errors import Failed
from console.domain.jobs import Job, JobState
from console.domain.machines import Machine, MachineKind
from console.domain.pairing import CoreIdentity, Direction, Member, Pairing
from console.domain.progress import Silent
from console.domain.recovery_points import RecoveryPoint
from console.domain.replication import Holding, ImageOffer
from console.engine.ends import LocalSource, LocalTarget
from console.engine.jobs import Jobs
from console.engine.journal import Journal
from console.engine.repositories import Repositories
from console.engine.seed.consume import Consume
from console.engine.seed.drives import SeedDrives
from console.engine.transfer import transfer
from console.repository import TreeReader
from console.seeding.media import MediumFiles
from console.wire.identity import Identity
from tests.support.clock import FixedClock
from tests.support.points import Source, new_machine

JOB_S = 60


@dataclass
class Party(Source):
    """One Core's parts for seeds, over the directory `place`. `machine` is the one that `point` makes points of."""

    name: str = "A"
    files: MediumFiles | None = None
    catalog: Catalog = field(init=False)

    def __post_init__(self) -> None:
        self.place.mkdir(parents=True, exist_ok=True)
        self.catalog = Catalog.in_memory(self.clock)
        self.identity = Identity.create(self.place / "identity", self.name, self.clock)
        self.me = CoreIdentity(self.identity.core_id, self.name, "1.0.0", self.identity.fingerprint)
        self.start(new=True)
        self.machine = self.protect("web")

    def start(self, *, new: bool = False) -> None:
        """The parts, as after the start of a Core: also used to start again over the same catalog."""
        self.repositories = Repositories(self.catalog, self.clock, self.place)
        if new:
            self.repositories.set_up()
        self.repository = self.repositories.open("default")
        self.journal = Journal(self.catalog, self.clock)
        self.jobs = Jobs(self.catalog, self.clock, self.journal)
        self.seeds = SeedDrives(
            self.catalog, self.repositories, self.jobs, self.journal, self.clock, self.identity, self.me, self.files
        )
        self.consume = Consume(
            self.catalog, self.repositories, self.jobs, self.journal, self.clock, self.identity.core_id
        )
        self.seeds.interrupted()
        self.consume.interrupted()

    def stop(self) -> None:
        self.jobs.stop()
        self.repositories.close()

    def close(self) -> None:
        self.stop()
        self.catalog.close()

    def protect(self, name: str) -> Machine:
        machine = new_machine(self.clock, self.repository.id, name=name, core=self.me.id)
        self.catalog.machines.add(machine)
        return machine

    def point_of(
        self, machine: Machine, files: Mapping[str, bytes], parent: RecoveryPoint | None = None
    ) -> RecoveryPoint:
        before, self.machine = self.machine, machine
        try:
            return self.point(files, parent)
        finally:
            self.machine = before

    def done(self, job: Job) -> Job:
        """The job, when it has ended."""
        assert self.jobs.drain(JOB_S)
        return self.catalog.jobs.get(job.id)

    def result(self, job: Job) -> dict[str, Any]:
        """The result of a job that must succeed."""
        ended = self.done(job)
        log = [line.text for line in self.catalog.jobs.log(job.id)]
        assert ended.state is JobState.SUCCEEDED, f"{ended.state}: {ended.failure} {log}"
        assert ended.result is not None
        return ended.result

    def failure(self, job: Job) -> str:
        """The code of a job that must fail."""
        ended = self.done(job)
        log = [line.text for line in self.catalog.jobs.log(job.id)]
        assert ended.state in (JobState.FAILED, JobState.CANCELLED), f"{ended.state}: {ended.result} {log}"
        assert ended.failure is not None
        assert len(ended.failure.message) > 10
        return ended.failure.code

    def states(self) -> dict[str, ChainState]:
        """Of every image that is here: image id → what its chain is."""
        found = {}
        for machine in self.catalog.machines.list():
            facts = self.catalog.points.facts(machine.id)
            verdicts = judge(facts, self.catalog.seeds.expected([fact.id for fact in facts]))
            found.update({fact.id: verdicts[fact.id].state for fact in facts if fact.here})
        return found

    def read(self, point: RecoveryPoint) -> dict[str, bytes]:
        """The files of a point's first image, read out of this Core's repository."""
        repository = self.repositories.open(self.catalog.points.image(point.images[0].id).repository)
        reader = TreeReader(repository)
        stack = [("", reader.root(bytes.fromhex(point.images[0].root)).entry)]
        files = {}
        while stack:
            prefix, entry = stack.pop()
            for child in reader.entries(entry):
                name = prefix + child.name.decode()
                if child.type == 1:
                    stack.append((name + "/", child))
                else:
                    files[name] = b"".join(repository.read(oid) for oid, _ in reader.extents(child))
        return files

    def events(self) -> list[str]:
        return [event.code for event in self.catalog.events.page(limit=500)[0]]


@dataclass
class Pair:
    """A source and a target that are paired. No wire is needed: `send` copies between their repositories."""

    source: Party
    target: Party
    pairing: Pairing

    def close(self) -> None:
        self.source.close()
        self.target.close()

    def add(self, *machines: Machine) -> None:
        """Machines join the pairing, on both sides."""
        for machine in machines:
            repository = self.target.repository.id
            self.source.catalog.members.put(Member(self.pairing.id, machine.id, repository, "default"))
            if self.target.catalog.machines.find(machine.id) is None:
                self.target.catalog.machines.add(
                    replace(machine, kind=MachineKind.REPLICATED, repository=repository, interval_s=0)
                )
            self.target.catalog.members.put(Member(self.pairing.id, machine.id, repository, "default"))

    def send(self, point: RecoveryPoint, *, names: bool = False, images: int | None = None) -> None:
        """By wire, so to speak. `images`: only so many of its first ones."""
        source = LocalSource(self.source.catalog, self.source.repository)
        machine = self.source.catalog.machines.get(point.machine)
        with LocalTarget(self.target.catalog, self.target.repository) as target:
            for image in point.images[:images]:
                transfer(source, target, ImageOffer(machine, point, image, names), Silent())

    def reachable(self) -> None:
        """From now on the source can ask the target what it has."""
        self.source.seeds.holdings = self.holdings

    def holdings(self, pairing: Pairing, machine: str) -> dict[str, Holding]:
        assert pairing.id == self.pairing.id
        states = self.target.states()
        return {
            s.image.id: Holding(s.image.id, s.here, states.get(s.image.id) is ChainState.WHOLE, s.names)
            for s in self.target.catalog.points.images_of(machine)
        }

    def write(self, *places: Path, **options: Any) -> dict[str, Any]:
        """A seed, written to the end."""
        return self.source.result(self.source.seeds.start_create(self.pairing.id, [*map(str, places)], **options))

    def bring(self, *places: Path, **options: Any) -> dict[str, Any]:
        """A seed, consumed."""
        return self.target.result(self.target.consume.start([*map(str, places)], **options))

    def contact(self) -> None:
        """What the source learns at its next contact with the target."""
        for seed in self.source.catalog.seeds.list(self.pairing.id):
            stored = {image: self.target.catalog.points.find_image(image) for image in seed.images}
            here = [image for image, found in stored.items() if found is not None and found.here]
            self.source.seeds.acknowledge(seed.id, here)


def make_pair(directory: Path, clock: FixedClock | None = None, files: MediumFiles | None = None) -> Pair:
    """Two Cores, paired; the source has the machine `web` in the pairing."""
    clock = clock or FixedClock()
    source = Party(directory / "source", clock, "A", files)
    target = Party(directory / "target", clock, "B")
    target.catalog.machines.remove(target.machine.id)
    id = uuid.uuid4().hex
    pairing = Pairing(id, Direction.OUTGOING, "B", target.me, target.identity.certificate, clock.now(), "b", 8006)
    source.catalog.pairings.add(pairing)
    target.catalog.pairings.add(
        Pairing(id, Direction.INCOMING, "A", source.me, source.identity.certificate, clock.now())
    )
    pair = Pair(source, target, pairing)
    pair.add(source.machine)
    return pair


class Killed(BaseException):
    """The process is no more."""


@dataclass
class FaultyFiles(MediumFiles):
    """A medium that dies, fills up or lies. `kill_at`: the number of the change at which the process is killed.

    `capacity`: bytes that each place takes in all. Nothing is really synced: what a killed process wrote is there.
    """

    kill_at: int | None = None
    capacity: dict[Path, int] = field(default_factory=dict)
    before: Callable[[str, Path | None], None] | None = None
    lie: bool = False
    steps: int = 0
    dead: bool = False

    def __post_init__(self) -> None:
        self._paths: dict[int, Path] = {}

    def _step(self, what: str, path: Path | None = None) -> None:
        if self.dead:
            raise Killed
        self.steps += 1
        if self.before is not None:
            self.before(what, path)
        if self.steps == self.kill_at:
            self.dead = True
            raise Killed

    def _used(self, place: Path) -> int:
        return sum(path.stat().st_size for path in place.rglob("*") if path.is_file())

    def _place(self, path: Path) -> Path | None:
        return next((place for place in self.capacity if place == path or place in path.parents), None)

    def make_directory(self, path: Path) -> None:
        self._step("make_directory", path)
        super().make_directory(path)

    def create(self, path: Path) -> BinaryIO:
        self._step("create", path)
        file = super().create(path)
        self._paths[id(file)] = path
        return file

    def write(self, file: BinaryIO, offset: int, pieces: Sequence[bytes | memoryview]) -> None:
        path = self._paths.get(id(file))
        self._step("write", path)
        place = self._place(path) if path else None
        if place is not None and path is not None:
            size = offset + sum(map(len, pieces))
            if self._used(place) - path.stat().st_size + size > self.capacity[place]:
                super().write(file, offset, [bytes(piece)[: len(piece) // 2] for piece in pieces[:1]])
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        super().write(file, offset, pieces)

    def sync(self, file: BinaryIO) -> None:
        self._step("sync", self._paths.get(id(file)))

    def rename(self, source: Path, destination: Path) -> None:
        self._step("rename", destination)
        super().rename(source, destination)

    def sync_directory(self, path: Path) -> None:
        self._step("sync_directory", path)

    def remove(self, path: Path) -> None:
        self._step("remove", path)
        super().remove(path)

    def read_back(self, path: Path, begin: int, end: int) -> Iterator[memoryview]:
        for view in super().read_back(path, begin, end):
            changed = bytearray(view)
            changed[len(changed) // 2] ^= self.lie
            yield memoryview(changed)


def refused(code: str) -> Any:
    """`with refused("medium-full"):`"""
    import pytest

    return pytest.raises(Failed, match=rf"\[{code}\]$")
