"""What share of parity the packs of a repository get, and the job that brings all packs to it."""

from __future__ import annotations

from typing import Any

from console.catalog import Catalog
from console.domain.errors import usage
from console.domain.jobs import Job, JobKind
from console.domain.progress import Reporter
from console.engine.jobs import Jobs
from console.engine.repositories import Repositories
from console.repository.parity import require

MOST = 100


def parity_percent(percent: int) -> int:
    """The percent itself. Raises Failed `bad-parity`, and `parity-not-available` where none can be made."""
    if not 0 <= percent <= MOST:
        raise usage(
            "bad-parity",
            f"Parity of {percent} % is not possible.",
            f"Give 0 (none) to {MOST} %; with 10 % a pack survives the loss of any tenth of it.",
        )
    if percent:
        require()
    return percent


class Parity:
    """Parity is a property of the repository (in its marker file), so that it moves with it."""

    def __init__(self, catalog: Catalog, repositories: Repositories, jobs: Jobs) -> None:
        self._catalog = catalog
        self._repositories = repositories
        self._jobs = jobs

    def set(self, name: str, percent: int) -> None:
        """For packs from now on; those there are get it by `start`, or by a check. Raises Failed `bad-parity`,
        `parity-not-available`, `no-such-repository`, …"""
        self._repositories.open(name).set_parity(parity_percent(percent))

    def start(self, name: str | None, *, user: str = "") -> Job:
        """A job that makes what is missing and makes again what is damaged; in a repository without parity it takes
        away what is there. Result: {"repository", "percent", "made", "made_again", "dropped", "packs", "bytes"}."""
        info = self._repositories.choose(name)
        self._repositories.open(info.id)

        def work(reporter: Reporter) -> dict[str, Any]:
            repository = self._repositories.open(info.id)
            if repository.parities.percent:
                hurt = {damaged.pack for damaged in self._catalog.damage.list(info.id) if damaged.pack}
                made, again, dropped = repository.mending.look_after_parity(reporter, read_data=True, damaged=hurt)
            else:
                made, again, dropped = 0, 0, repository.parities.drop()
            packs, size = repository.parities.used()
            return {
                "repository": info.name,
                "percent": repository.parities.percent,
                "made": made,
                "made_again": again,
                "dropped": dropped,
                "packs": packs,
                "bytes": size,
            }

        lanes = [f"check:{info.id}"]
        return self._jobs.submit(JobKind.REPOSITORY_PARITY, info.id, work, user=user, lanes=lanes, reason="asked for")
