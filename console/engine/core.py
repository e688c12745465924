"""A Core: holds the parts and has no work of its own."""

from __future__ import annotations

import logging
import socket
from collections.abc import Callable
from functools import partial
from pathlib import Path

from console import __version__
from console.catalog import Catalog
from console.domain.clock import Clock, iso
from console.domain.events import Changed
from console.domain.jobs import Trigger
from console.domain.pairing import CoreIdentity
from console.engine.calendar import Calendar
from console.engine.check import Check
from console.engine.feed import Feed
from console.engine.foresee.foresee import Foresee
from console.engine.inside.browse import Browse
from console.engine.jobs import Jobs
from console.engine.journal import Journal
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
from console.engine.repositories import Repositories
from console.engine.restore.restore import Restore
from console.engine.restore.volumes import RestoreVolumes
from console.engine.retain import Retain
from console.engine.rollup import Rollup
from console.engine.seed.consume import Consume
from console.engine.seed.drives import SeedDrives
from console.engine.simulate import Simulate
from console.engine.users import Users
from console.host.clock import SystemClock
from console.vault import Vault, open_vault
from console.wire.conversation import PROTOCOL
from console.wire.dialer import Dialers
from console.wire.identity import Identity

log = logging.getLogger(__name__)

CATALOG_FILE = "catalog.sqlite"
IDENTITY_DIRECTORY = "identity"
VAULT = "vault"
SET_UP = "core.set-up"
"""Setting that says when this Core was set up; without it a default repository is made. Removing that one is meant."""


class Core:
    """Everything one Core is made of, over one data directory. The directory's lock is the caller's business."""

    def __init__(
        self,
        data: Path,
        *,
        clock: Clock | None = None,
        name: str | None = None,
        vault: Callable[[], Vault] | None = None,
    ) -> None:
        """Opens, or sets up, the Core of `data`. `vault`: opens what keeps its secrets, when the first one is needed.

        Raises Failed: `identity-damaged`, `catalog-newer`, `catalog-damaged`, and what opening a repository refuses.
        """
        self.data = data
        self.version = __version__
        self.clock: Clock = clock or SystemClock()
        data.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.identity = self._identify(data / IDENTITY_DIRECTORY, name or socket.gethostname())
        self.feed = Feed()
        self.catalog = Catalog.open(data / CATALOG_FILE, self.clock)
        self.journal = Journal(self.catalog, self.clock)
        self.repositories = Repositories(self.catalog, self.clock, data)
        keyring = Keyring(self.catalog, self.clock, vault or partial(open_vault, data / VAULT, self.identity.core_id))
        self.repositories.keys = keyring
        self.keys = Keys(self.catalog, self.repositories, self.journal, self.clock, keyring)
        if self.catalog.settings.get(SET_UP) is None:
            self.repositories.set_up()
            self.catalog.settings.set(SET_UP, iso(self.clock.now()))
        self.jobs = Jobs(self.catalog, self.clock, self.journal)
        self.users = Users(self.catalog, self.clock)
        self.retain = Retain(self.catalog, self.repositories, self.journal, self.clock)
        self.retain.bury()
        self.browse = Browse(self.catalog, self.repositories)
        self.points = Points(self.catalog, self.repositories, self.browse)
        self.points.counting.told = lambda: self.feed.publish({Changed.POINTS})
        standings = Standings(self.catalog, self.points)
        self.points.standing = standings.standing
        self.point_list = PointList(self.catalog, self.points, standings)
        self.chains = Chains(self.catalog, self.points, standings)
        self.explain = Explain(self.catalog, self.points)
        self.safety = Safety(self.catalog, self.point_list, standings, self.clock, self.name)
        self.overview = Overview(self.catalog, self.repositories, self.jobs, standings, self.safety, self.clock)
        self.topology = Map(self.catalog, self.jobs, standings, self.safety, self.me)
        self.search = Search(self.catalog, standings)
        self.throughput = Amounts(self.catalog, self.clock)
        self.growing = Growing(self.catalog, self.repositories, self.clock)
        self.find_files = FindFiles(self.catalog, self.browse, self.clock)
        self.fates = Fates(self.catalog, lambda machine: self.rollup.plan(machine, ask=False, read=False).fates)
        # After all that keeps answers: who hears of a change asks at once, and must not get an answer of before.
        self.catalog.on_change(self.feed.publish)
        self.protect = Protect(
            self.catalog,
            self.repositories,
            self.jobs,
            self.journal,
            self.clock,
            self.identity.core_id,
            self.name,
            keyring=keyring,
        )
        self.protect.tidy()
        self.restore = Restore(self.catalog, self.repositories, self.jobs, self.clock, self.browse)
        self.restore_volumes = RestoreVolumes(self.catalog, self.repositories, self.jobs, self.restore)
        self.check_points = CheckPoints(
            self.catalog,
            self.repositories,
            self.jobs,
            self.journal,
            self.clock,
            self.points,
            self.browse,
            data,
        )
        self.check = Check(self.catalog, self.repositories, self.jobs, self.journal, self.clock)
        self.reclaim = Reclaim(self.catalog, self.repositories, self.jobs, self.journal, self.clock)
        self.move = Move(self.catalog, self.repositories, self.jobs, self.journal, self.clock)
        self.rebuild = Rebuild(
            self.catalog, self.repositories, self.jobs, self.journal, self.clock, self.identity.core_id
        )
        self.dialers = Dialers(self.identity)
        self.pair = Pair(self.catalog, self.journal, self.clock, self.me, self.identity, self.dialers)
        self.seed = SeedDrives(
            self.catalog, self.repositories, self.jobs, self.journal, self.clock, self.identity, self.me
        )
        peers = Peers(self.catalog, self.journal, self.clock, self.me, self.dialers, self.seed)
        self.seed.holdings = peers.holdings
        self.rollup = Rollup(
            self.catalog, self.repositories, self.jobs, self.journal, self.clock, self.retain, peers.holdings
        )
        self.replicate = Replicate(self.catalog, self.repositories, self.jobs, self.clock, peers)
        self.contact = Contact(self.catalog, self.jobs, self.clock, peers, self.replicate)
        self.arrange = Arrange(self.catalog, self.journal, peers, self.replicate, self.seed)
        self.asking = AskSource(self.catalog, self.journal, self.clock)
        self.check.found = self.asking.ask_again
        self.repair = Repair(
            self.catalog,
            self.repositories,
            self.jobs,
            self.journal,
            self.clock,
            self.points,
            self.dialers,
            self.asking,
        )
        self.repair_foresight = RepairForesight(self.catalog, self.repositories, self.points, self.clock)
        self.parity = Parity(self.catalog, self.repositories, self.jobs)
        self.receive = Receive(
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
        self.throughput.received = self.receive.received.since
        self.receive.kept_by = lambda machine: str(self.rollup.policy(self.catalog.machines.get(machine)).policy)
        self.consume = Consume(
            self.catalog, self.repositories, self.jobs, self.journal, self.clock, self.identity.core_id
        )
        self.foresee = Foresee(
            self.catalog,
            self.repositories,
            self.clock,
            self.identity,
            self.me,
            self.seed,
            self.consume,
            self.protect,
            self.restore,
            self.restore_volumes,
        )
        self.simulate = Simulate(self.catalog, self.clock, self.rollup)
        self.nightly = Nightly(
            self.catalog,
            self.jobs,
            self.clock,
            self.rollup,
            lambda info, reporter: self.reclaim.run(info, dry_run=False, reporter=reporter),
            lambda machine, checks: self.check_points.start((), machine=machine, only=checks, trigger=Trigger.SCHEDULE),
        )
        duties: list[Callable[[], object]] = [
            lambda: self.protect.due_backups(self.clock.now()),
            self.contact.keep,
            lambda: self.keys.relock(self.clock.now()),
            self.jobs.catch_up,
            self.nightly.keep,
            self.repair.due,
            self.move.tidy,
        ]
        self.calendar = Calendar(self.clock, duties)

    @property
    def name(self) -> str:
        return self.identity.name

    @property
    def me(self) -> CoreIdentity:
        """This Core as others see it."""
        return CoreIdentity(self.identity.core_id, self.name, self.version, self.identity.fingerprint, PROTOCOL)

    def stop(self) -> None:
        """Ends what runs, in an order in which nothing needs what is already closed."""
        self.calendar.stop()
        self.jobs.stop()
        self.dialers.close()
        self.receive.close()
        self.feed.close()
        self.points.counting.close()
        self.browse.close()
        self.repositories.close()
        self.catalog.close()

    def _identify(self, directory: Path, name: str) -> Identity:
        if directory.exists():
            return Identity.load(directory)
        return Identity.create(directory, name, self.clock)
