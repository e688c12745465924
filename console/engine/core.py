"""A Core: holds the parts and has no work of its own."""

from __future__ import annotations

import logging
import socket
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from console import __version__
from console.catalog import Catalog
from console.domain.clock import Clock, iso
from console.domain.jobs import Job, JobKind
from console.domain.pairing import Direction
from console.domain.seeds import SeedState
from console.domain.triggers import FOLLOWED
from console.engine.between_parts import BetweenParts
from console.engine.calendar import Calendar
from console.engine.feed import Feed
from console.engine.jobs import Jobs
from console.engine.journal import Journal
from console.engine.keys.keyring import Keyring
from console.engine.repositories import Repositories
from console.host.clock import SystemClock
from console.wire.identity import Identity

if TYPE_CHECKING:
    from console.vault import Vault

log = logging.getLogger(__name__)

CATALOG_FILE = "catalog.sqlite"
IDENTITY_DIRECTORY = "identity"
VAULT = "vault"
SET_UP = "core.set-up"
"""Setting that says when this Core was set up; without it a default repository is made. Removing that one is meant."""


class Core(BetweenParts):
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
        super().__init__()
        self.data = data
        self.version = __version__
        self.clock: Clock = clock or SystemClock()
        data.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.identity = self._identify(data / IDENTITY_DIRECTORY, name or socket.gethostname())
        self.name = self.identity.name
        self.feed = Feed()
        self.catalog = Catalog.open(data / CATALOG_FILE, self.clock)
        self.journal = Journal(self.catalog, self.clock)
        self.repositories = Repositories(self.catalog, self.clock, data)
        self.keyring = Keyring(self.catalog, self.clock, vault or self._own_vault)
        self.repositories.keys = self.keyring
        if self.catalog.settings.get(SET_UP) is None:
            self.repositories.set_up()
            self.catalog.settings.set(SET_UP, iso(self.clock.now()))
        self.jobs = Jobs(self.catalog, self.clock, self.journal)
        self.jobs.then(JobKind.BACKUP, self._after_backup)
        for kind in FOLLOWED:
            self.jobs.then(kind, self._after_check)
        self.jobs.then(JobKind.REPLICATE, lambda job: self.copies.after_run(job))
        self.catalog.on_change(self.feed.publish, last=True)
        self._put_right()
        duties: list[Callable[[], object]] = [
            lambda: self.protect.due_backups(self.clock.now()),
            lambda: self.contact.keep(),
            lambda: self.keys.relock(self.clock.now()),
            self.jobs.catch_up,
            lambda: self.nightly.keep(),
            lambda: self.repair.due(),
            lambda: self.move.tidy(),
        ]
        self.calendar = Calendar(self.clock, duties)

    def stop(self) -> None:
        """Ends what runs, in an order in which nothing needs what is already closed."""
        self.calendar.stop()
        self.jobs.stop()
        with self.making:
            if self.made("dialers"):
                self.dialers.close()
            if self.made("receive"):
                self.receive.close()
            self.feed.close()
            if self.made("points"):
                self.points.counting.close()
            if self.made("browse"):
                self.browse.close()
        self.repositories.close()
        self.catalog.close()

    def _identify(self, directory: Path, name: str) -> Identity:
        if directory.exists():
            return Identity.load(directory)
        return Identity.create(directory, name, self.clock)

    def _own_vault(self) -> Vault:
        from console.vault import open_vault

        return open_vault(self.data / VAULT, self.identity.core_id)

    def _put_right(self) -> None:
        """What the Core before this one has left: whoever works on it is made only where there is something."""
        burials = self.catalog.retention.burials()
        if burials:
            self.retain.bury(burials)
        if self.catalog.seeds.list(states=[SeedState.COPYING]):
            self.seed.interrupted()
        if self.catalog.seeds.list(states=[SeedState.CONSUMING]):
            self.consume.interrupted()

    def _after_check(self, job: Job) -> None:
        if self.catalog.pairings.list(Direction.OUTGOING):
            self.triggers.after(job)

    def _after_backup(self, job: Job) -> None:
        if self.catalog.members.of_machine(job.subject):
            self.replicate.after_backup(job)
