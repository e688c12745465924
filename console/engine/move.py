"""Moving a repository to another directory, while it is in use."""

from __future__ import annotations

import logging
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from console.catalog import Catalog
from console.domain.clock import Clock
from console.domain.errors import Failed, refused
from console.domain.events import Severity
from console.domain.jobs import Job, JobKind, Trigger
from console.domain.progress import Reporter
from console.domain.repositories import RepositoryInfo
from console.engine.jobs import JobReporter, Jobs
from console.engine.journal import Journal
from console.engine.repositories import Repositories
from console.repository import moving
from console.repository.repository import NAMESPACE

log = logging.getLogger(__name__)


class Move:
    """Started again after an interruption it goes on."""

    def __init__(
        self, catalog: Catalog, repositories: Repositories, jobs: Jobs, journal: Journal, clock: Clock
    ) -> None:
        self._catalog = catalog
        self._repositories = repositories
        self._jobs = jobs
        self._journal = journal
        self._clock = clock
        self._looked = False

    def start(self, name: str, to: Path, *, user: str = "") -> Job:
        """A job. Result: {"repository", "from", "to", "bytes", "packs", "old_removed", "duration_s"}.

        Raises Failed `repository-inside-repository`, `already-there`, and what opening refuses.
        """
        info = self._repositories.info(name)
        to = to.absolute()
        self._repositories.open(info.id)
        self._refuse(info, to)

        def work(reporter: JobReporter) -> dict[str, Any]:
            return self.run(info, to, reporter)

        lanes = [f"check:{info.id}", f"move:{to}"]
        return self._jobs.submit(
            JobKind.REPOSITORY_MOVE, info.id, work, user=user, lanes=lanes, reason=f"from {info.path} to {to}"
        )

    def tidy(self) -> None:
        """Finishes moves that were cut off after the new directory had become the repository: a job each that takes the
        old files away. A duty of the calendar; looks once."""
        if self._looked:
            return
        self._looked = True
        for info in self._repositories.list():
            to = Path(info.path)
            old = moving.begun(to)
            if old is None or self._jobs.pending(JobKind.REPOSITORY_MOVE, info.id) is not None:
                continue
            try:
                self._repositories.open(info.id)
            except Failed as known:
                log.info("What a move has left in %s stays for now: %s", old, known.failure.message)
                continue
            self._jobs.submit(
                JobKind.REPOSITORY_MOVE,
                info.id,
                partial(self.run, info, to),
                trigger=Trigger.RETRY,
                lanes=[f"check:{info.id}", f"move:{to}"],
                reason=f"what the move from {old} left there",
            )

    def run(self, info: RepositoryInfo, to: Path, reporter: Reporter) -> dict[str, Any]:
        """The work itself. Raises Failed as `Repository.move`."""
        began = self._clock.monotonic()
        repository = self._repositories.open(info.id)
        old = Path(self._repositories.info(info.id).path)
        if old != to:
            self._refuse(info, to)
            repository.move(to, reporter, lambda: self._switch(info, to))
        old = moving.begun(to) or old
        removed = True
        if old != to:
            reporter.phase("Removing the old files")
            try:
                removed = moving.remove(old, repository.id, NAMESPACE)
            except OSError as error:
                removed = False
                reporter.log(f"{old}: {error}")
            if not removed:
                reporter.warn("old-files-left", f"Something is left in {old}; what was ours in it is not needed.")
            moving.finished(to)
        usage = repository.usage()
        self._journal.note(
            Severity.INFO, "repository-moved", f"Repository “{info.name}” was moved from {old} to {to}.", info.id
        )
        return {
            "repository": info.name,
            "from": str(old),
            "to": str(to),
            "bytes": usage.stored_bytes,
            "packs": usage.packs,
            "old_removed": removed,
            "duration_s": round(self._clock.monotonic() - began, 3),
        }

    def _switch(self, info: RepositoryInfo, to: Path) -> None:
        current = self._repositories.info(info.id)
        self._catalog.repositories.update(replace(current, path=str(to)))

    def _refuse(self, info: RepositoryInfo, to: Path) -> None:
        if Path(info.path) == to:
            if moving.begun(to) is None:
                raise refused("already-there", f"“{info.name}” is at {to} already.", "Choose another directory.")
            return
        self._repositories.refuse_inside(to)
