"""The parts of a Core that are made when they are first asked for: who lists points pays for no seed drives."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from console.catalog import Catalog
from console.domain.clock import Clock
from console.domain.events import Changed
from console.domain.jobs import Trigger
from console.domain.pairing import CoreIdentity
from console.engine.feed import Feed
from console.engine.jobs import Jobs
from console.engine.journal import Journal
from console.engine.made import Made, part
from console.engine.repositories import Repositories

if TYPE_CHECKING:
    from console.engine.check import Check
    from console.engine.inside.browse import Browse
    from console.engine.keys.keyring import Keyring
    from console.engine.keys.keys import Keys
    from console.engine.move import Move
    from console.engine.nightly import Nightly
    from console.engine.overview.chain_map import Chains
    from console.engine.overview.fates import Fates
    from console.engine.overview.files import FindFiles
    from console.engine.overview.growing import Growing
    from console.engine.overview.home import Overview
    from console.engine.overview.orphan import Explain
    from console.engine.overview.point_list import PointList
    from console.engine.overview.safety import Safety
    from console.engine.overview.search import Search
    from console.engine.overview.standings import Standings
    from console.engine.overview.throughput import Amounts
    from console.engine.overview.topology import Map
    from console.engine.point_check.point_check import CheckPoints
    from console.engine.points import Points
    from console.engine.protect import Protect
    from console.engine.rebuild import Rebuild
    from console.engine.reclaim import Reclaim
    from console.engine.repair.foresight import RepairForesight
    from console.engine.repair.parity import Parity
    from console.engine.repair.repair import Repair
    from console.engine.replicate.arrange import Arrange
    from console.engine.replicate.asking import AskSource
    from console.engine.replicate.contact import Contact
    from console.engine.replicate.pair import Pair
    from console.engine.replicate.peers import Peers
    from console.engine.replicate.receive import Receive
    from console.engine.replicate.runs import Replicate
    from console.engine.restore.restore import Restore
    from console.engine.restore.volumes import RestoreVolumes
    from console.engine.retain import Retain
    from console.engine.rollup import Rollup
    from console.engine.seed.consume import Consume
    from console.engine.seed.drives import SeedDrives
    from console.engine.simulate import Simulate
    from console.engine.users import Users
    from console.wire.dialer import Dialers
    from console.wire.identity import Identity


class Parts(Made):
    """Making a part never writes into the catalog: who holds that may wait for a part."""

    data: Path
    name: str
    version: str
    clock: Clock
    identity: Identity
    feed: Feed
    catalog: Catalog
    journal: Journal
    repositories: Repositories
    keyring: Keyring
    jobs: Jobs

    @part
    def users(self) -> Users:
        from console.engine.users import Users

        return Users(self.catalog, self.clock)

    @part
    def keys(self) -> Keys:
        from console.engine.keys.keys import Keys

        return Keys(self.catalog, self.repositories, self.journal, self.clock, self.keyring)

    # --- points, and what is known of them

    @part
    def browse(self) -> Browse:
        from console.engine.inside.browse import Browse

        return Browse(self.catalog, self.repositories)

    @part
    def points(self) -> Points:
        from console.engine.points import Points

        made = Points(self.catalog, self.repositories, self.browse)
        made.counting.told = lambda: self.feed.publish({Changed.POINTS})
        made.standing = lambda: self.standings.standing()
        return made

    @part
    def standings(self) -> Standings:
        from console.engine.overview.standings import Standings

        return Standings(self.catalog, self.points)

    @part
    def point_list(self) -> PointList:
        from console.engine.overview.point_list import PointList

        return PointList(self.catalog, self.points, self.standings)

    @part
    def chains(self) -> Chains:
        from console.engine.overview.chain_map import Chains

        return Chains(self.catalog, self.points, self.standings)

    @part
    def explain(self) -> Explain:
        from console.engine.overview.orphan import Explain

        return Explain(self.catalog, self.points)

    @part
    def safety(self) -> Safety:
        from console.engine.overview.safety import Safety

        return Safety(self.catalog, self.point_list, self.standings, self.clock, self.name)

    @part
    def overview(self) -> Overview:
        from console.engine.overview.home import Overview

        return Overview(self.catalog, self.repositories, self.jobs, self.standings, self.safety, self.clock)

    @part
    def topology(self) -> Map:
        from console.engine.overview.topology import Map

        return Map(self.catalog, self.jobs, self.standings, self.safety, self.me)

    @part
    def search(self) -> Search:
        from console.engine.overview.search import Search

        return Search(self.catalog, self.standings)

    @part
    def throughput(self) -> Amounts:
        from console.engine.overview.throughput import Amounts

        made = Amounts(self.catalog, self.clock)
        made.received = self.receive.received.since
        return made

    @part
    def growing(self) -> Growing:
        from console.engine.overview.growing import Growing

        return Growing(self.catalog, self.repositories, self.clock)

    @part
    def find_files(self) -> FindFiles:
        from console.engine.overview.files import FindFiles

        return FindFiles(self.catalog, self.browse, self.clock)

    @part
    def fates(self) -> Fates:
        from console.engine.overview.fates import Fates

        return Fates(self.catalog, lambda machine: self.rollup.plan(machine, ask=False, read=False).fates)

    # --- what is done on this Core

    @part
    def protect(self) -> Protect:
        from console.engine.protect import Protect

        made = Protect(
            self.catalog,
            self.repositories,
            self.jobs,
            self.journal,
            self.clock,
            self.identity.core_id,
            self.name,
            keyring=self.keyring,
        )
        made.tidy()
        return made

    @part
    def restore(self) -> Restore:
        from console.engine.restore.restore import Restore

        return Restore(self.catalog, self.repositories, self.jobs, self.clock, self.browse)

    @part
    def restore_volumes(self) -> RestoreVolumes:
        from console.engine.restore.volumes import RestoreVolumes

        return RestoreVolumes(self.catalog, self.repositories, self.jobs, self.restore)

    @part
    def check_points(self) -> CheckPoints:
        from console.engine.point_check.point_check import CheckPoints

        return CheckPoints(
            self.catalog, self.repositories, self.jobs, self.journal, self.clock, self.points, self.browse, self.data
        )

    @part
    def check(self) -> Check:
        from console.engine.check import Check

        made = Check(self.catalog, self.repositories, self.jobs, self.journal, self.clock)
        made.found = lambda images: self.asking.ask_again(images)
        return made

    @part
    def reclaim(self) -> Reclaim:
        from console.engine.reclaim import Reclaim

        return Reclaim(self.catalog, self.repositories, self.jobs, self.journal, self.clock)

    @part
    def move(self) -> Move:
        from console.engine.move import Move

        return Move(self.catalog, self.repositories, self.jobs, self.journal, self.clock)

    @part
    def rebuild(self) -> Rebuild:
        from console.engine.rebuild import Rebuild

        return Rebuild(self.catalog, self.repositories, self.jobs, self.journal, self.clock, self.identity.core_id)

    @part
    def repair(self) -> Repair:
        from console.engine.repair.repair import Repair

        return Repair(
            self.catalog, self.repositories, self.jobs, self.journal, self.clock, self.points, self.dialers, self.asking
        )

    @part
    def repair_foresight(self) -> RepairForesight:
        from console.engine.repair.foresight import RepairForesight

        return RepairForesight(self.catalog, self.repositories, self.points, self.clock)

    @part
    def parity(self) -> Parity:
        from console.engine.repair.parity import Parity

        return Parity(self.catalog, self.repositories, self.jobs)

    @part
    def retain(self) -> Retain:
        from console.engine.retain import Retain

        return Retain(self.catalog, self.repositories, self.journal, self.clock)

    @part
    def rollup(self) -> Rollup:
        from console.engine.rollup import Rollup

        return Rollup(
            self.catalog, self.repositories, self.jobs, self.journal, self.clock, self.retain, self.peers.holdings
        )

    @part
    def simulate(self) -> Simulate:
        from console.engine.simulate import Simulate

        return Simulate(self.catalog, self.clock, self.rollup)

    @part
    def nightly(self) -> Nightly:
        from console.engine.nightly import Nightly

        return Nightly(
            self.catalog,
            self.jobs,
            self.clock,
            self.rollup,
            lambda info, reporter: self.reclaim.run(info, dry_run=False, reporter=reporter),
            lambda machine, checks: self.check_points.start((), machine=machine, only=checks, trigger=Trigger.SCHEDULE),
        )

    # --- other Cores, by wire and by seed drive

    @part
    def me(self) -> CoreIdentity:
        """This Core as others see it."""
        from console.wire.conversation import PROTOCOL

        return CoreIdentity(self.identity.core_id, self.name, self.version, self.identity.fingerprint, PROTOCOL)

    @part
    def dialers(self) -> Dialers:
        from console.wire.dialer import Dialers

        return Dialers(self.identity)

    @part
    def pair(self) -> Pair:
        from console.engine.replicate.pair import Pair

        return Pair(self.catalog, self.journal, self.clock, self.me, self.identity, self.dialers, lambda: self.peers)

    @part
    def peers(self) -> Peers:
        from console.engine.replicate.peers import Peers

        return Peers(self.catalog, self.journal, self.clock, self.me, self.dialers, self.seed)

    @part
    def replicate(self) -> Replicate:
        from console.engine.replicate.runs import Replicate

        return Replicate(self.catalog, self.repositories, self.jobs, self.clock, self.peers)

    @part
    def contact(self) -> Contact:
        from console.engine.replicate.contact import Contact

        return Contact(self.catalog, self.jobs, self.clock, self.peers, self.replicate)

    @part
    def arrange(self) -> Arrange:
        from console.engine.replicate.arrange import Arrange

        return Arrange(self.catalog, self.journal, self.clock, self.peers, self.replicate, self.seed)

    @part
    def asking(self) -> AskSource:
        from console.engine.replicate.asking import AskSource

        return AskSource(self.catalog, self.journal, self.clock)

    @part
    def receive(self) -> Receive:
        from console.engine.replicate.receive import Receive

        made = Receive(
            self.catalog,
            self.repositories,
            self.points,
            self.journal,
            self.clock,
            self.me,
            self.identity,
            self.users,
            self.retain,
        )
        made.kept_by = lambda machine: str(self.rollup.policy(self.catalog.machines.get(machine)).policy)
        made.arrived = self.arrived
        return made

    def arrived(self, machine: str) -> None:
        """A point of a machine (id) has come from another Core, with every image."""

    @part
    def seed(self) -> SeedDrives:
        from console.engine.seed.drives import SeedDrives

        made = SeedDrives(self.catalog, self.repositories, self.jobs, self.journal, self.clock, self.identity, self.me)
        made.holdings = lambda pairing, machine: self.peers.holdings(pairing, machine)
        return made

    @part
    def consume(self) -> Consume:
        from console.engine.seed.consume import Consume

        return Consume(self.catalog, self.repositories, self.jobs, self.journal, self.clock, self.identity.core_id)
