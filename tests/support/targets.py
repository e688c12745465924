"""A target Core's parts with a machine of another Core, whose points arrive one image at a time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from console.catalog import Catalog
from console.domain.machines import MachineKind
from console.domain.pairing import CoreIdentity, Direction, Member, Pairing
from console.domain.progress import Silent
from console.domain.recovery_points import RecoveryPoint
from console.domain.replication import ImageOffer
from console.engine.ends import LocalSource, LocalTarget
from console.engine.journal import Journal
from console.engine.points import Points
from console.engine.repositories import Repositories
from console.engine.retain import Retain
from console.engine.transfer import transfer
from tests.support.points import Source


@dataclass
class Target:
    """A target Core's parts, with a pairing and the machine of `source`."""

    source: Source
    catalog: Catalog
    repositories: Repositories
    points: Points
    retain: Retain
    pairing: Pairing

    def receive(self, point: RecoveryPoint, *, names: bool = False) -> None:
        repository = self.repositories.open("default")
        with LocalTarget(self.catalog, repository) as end:
            offer = ImageOffer(self.source.machine, point, point.images[0], names)
            transfer(LocalSource(self.source.catalog, self.source.repository), end, offer, Silent())


@contextmanager
def target_core(tmp_path: Path) -> Iterator[Target]:
    source = Source(tmp_path / "source")
    catalog = Catalog.in_memory(source.clock)
    repositories = Repositories(catalog, source.clock, tmp_path / "target")
    repositories.set_up()
    peer = CoreIdentity("core-a", "north", "1.0.0", "AA:BB")
    pairing = Pairing("pairing-1", Direction.INCOMING, "north", peer, "", source.clock.now())
    catalog.pairings.add(pairing)
    home = repositories.list()[0].id
    catalog.machines.add(replace(source.machine, kind=MachineKind.REPLICATED, repository=home))
    catalog.members.put(Member(pairing.id, source.machine.id, home))
    retain = Retain(catalog, repositories, Journal(catalog, source.clock), source.clock)
    points = Points(catalog, repositories)
    yield Target(source, catalog, repositories, points, retain, pairing)
    points.counting.close()
    repositories.close()
    catalog.close()
    source.close()
