"""Everything of this room, as a Core holds it."""

from __future__ import annotations

from console.catalog import Catalog
from console.domain.clock import Clock
from console.domain.pairing import CoreIdentity
from console.engine.foresee.consuming import Consuming
from console.engine.foresee.host import Host
from console.engine.foresee.media import MediaHere
from console.engine.foresee.protecting import Protecting
from console.engine.foresee.restoring import Restoring
from console.engine.foresee.restoring_volumes import RestoringVolumes
from console.engine.foresee.seeding import Seeding
from console.engine.protect import Protect
from console.engine.repositories import Repositories
from console.engine.restore.restore import Restore
from console.engine.restore.volumes import RestoreVolumes
from console.engine.seed.consume import Consume
from console.engine.seed.drives import SeedDrives
from console.wire.identity import Identity


class Foresee:
    """Answers what is there, and what a job would do."""

    def __init__(
        self,
        catalog: Catalog,
        repositories: Repositories,
        clock: Clock,
        identity: Identity,
        me: CoreIdentity,
        seed: SeedDrives,
        consume: Consume,
        protect: Protect,
        restore: Restore,
        volumes: RestoreVolumes,
    ) -> None:
        self.host = Host(repositories)
        self.media = MediaHere(catalog, identity, me, self.host)
        self.protecting = Protecting(repositories, clock, protect)
        self.seeding = Seeding(catalog, repositories, seed)
        self.consuming = Consuming(catalog, repositories, me.id, consume)
        self.restoring = Restoring(clock, restore)
        self.restoring_volumes = RestoringVolumes(restore, volumes, self.restoring)
