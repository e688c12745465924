"""Giving back the room of what nobody needs: what would go, and the job that does it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from console.catalog import Catalog
from console.domain.clock import Clock
from console.domain.errors import Failed, FailureKind, failed
from console.domain.events import Severity
from console.domain.jobs import Job, JobKind
from console.domain.objects import Kind, id_of_hex
from console.domain.pairing import Direction, PairingState
from console.domain.progress import Reporter
from console.domain.repositories import RepositoryInfo
from console.domain.seeds import SeedState
from console.domain.sizes import format_size
from console.engine.jobs import JobReporter, Jobs
from console.engine.journal import Journal
from console.engine.needed import mark_all, survey
from console.engine.repositories import Repositories
from console.repository import Repository
from console.repository.reclaim import ReclaimPlan
from console.repository.records import decode_record, decode_tombstone
from console.repository.sweep import Reclaim as Work
from console.repository.sweep import Swept

TOMBSTONES_KEPT = timedelta(days=400)
UNFINISHED_KEPT = timedelta(days=30)


class Reclaim:
    """Marks, plans and sweeps, one repository at a time, beside everything else. Started again it goes on."""

    def __init__(
        self, catalog: Catalog, repositories: Repositories, jobs: Jobs, journal: Journal, clock: Clock
    ) -> None:
        self._catalog = catalog
        self._repositories = repositories
        self._jobs = jobs
        self._journal = journal
        self._clock = clock

    def start(self, name: str | None, *, dry_run: bool, user: str = "") -> Job:
        """A job. Its result is the plan: {"repository", "objects", "unreferenced_objects", "unreferenced_bytes",
        "packs", "packs_delete", "packs_rewrite", "packs_kept", "bytes_freed", "bytes_written", "bytes_won"}; without
        `dry_run` also what was done: {"done": {"packs_deleted", "packs_rewritten", "packs_written", "objects_removed",
        "bytes_freed", "bytes_written", "bytes_won"}, "left": [{"pack", "why"}]}.
        """
        info = self._repositories.choose(name)
        self._repositories.open(info.id)

        def work(reporter: JobReporter) -> dict[str, Any]:
            return self.run(info, dry_run=dry_run, reporter=reporter)

        kind = JobKind.RECLAIM_PLAN if dry_run else JobKind.RECLAIM
        return self._jobs.submit(kind, info.id, work, user=user, lanes=[f"check:{info.id}"], reason="asked for")

    def run(self, info: RepositoryInfo, *, dry_run: bool, reporter: Reporter) -> dict[str, Any]:
        """The work itself. Raises Failed `repository-damaged` while it cannot be known what is needed."""
        with self.marked(info, reporter) as work:
            plan = work.plan()
            result = self._said(info, plan)
            left = plan.unreferenced_bytes
            if not dry_run:
                swept = work.run(plan, reporter)
                result |= self._done(info, swept, reporter)
                left -= swept.bytes_removed
        self._note(info, max(0, left))
        return result

    @contextmanager
    def marked(self, info: RepositoryInfo, reporter: Reporter) -> Iterator[Work]:
        """A reclaim in which everything that is needed has been marked."""
        repository = self._repositories.open(info.id)
        with repository.reclaim() as work:
            # From here on the order counts: the reclaim has begun, then the catalog, then what sessions hold.
            images = self._catalog.points.images_in(info.id)
            reporter.phase("Finding what is needed", items_total=len(images))
            found = survey(repository, images, work.marks, reporter, prove=False)
            if found.blind:
                raise failed(
                    "repository-damaged",
                    f"Of {len(found.blind)} volume image(s) in “{info.name}” not all folders can be read, so it is not "
                    "known what they need. Nothing was reclaimed.",
                    f"Find the damage (replicore repository check {info.name}) and mend it, or delete those points.",
                    FailureKind.DAMAGE,
                )
            for root in work.held():
                mark_all(repository, root.hex(), work.marks)
            self._mark_records(info, repository, work, {stored.image.root for stored in images}, reporter)
            yield work

    def _mark_records(
        self, info: RepositoryInfo, repository: Repository, work: Work, roots: set[str], reporter: Reporter
    ) -> None:
        """Records of points, tombstones, and what was cut off on its way here."""
        live = {id_of_hex(record) for record in self._catalog.reclaims.records(info.id)}
        work.marks.add(live)
        recorded: set[str] = set()
        for oid in repository.records(Kind.RECORD):
            reporter.check()
            try:
                point = decode_record(repository.read(oid)).point
            except Failed:
                continue
            recorded.add(point.id)
            if oid not in live:
                roots |= {image.root for image in point.images}
        now = self._clock.now()
        for oid in repository.records(Kind.TOMBSTONE):
            try:
                tombstone = decode_tombstone(repository.read(oid))
            except Failed:
                work.marks.add([oid])
                continue
            if recorded.intersection(tombstone.points) or now - tombstone.time < TOMBSTONES_KEPT:
                work.marks.add([oid])
        strays = [oid.hex() for oid in repository.records(Kind.ROOT) if oid.hex() not in roots]
        since = self._catalog.reclaims.unfinished(info.id, strays, now)
        if self._expects(info):
            for root in strays:
                if _recent(since[root], now):
                    mark_all(repository, root, work.marks)

    def _expects(self, info: RepositoryInfo) -> bool:
        """Whether images are still on their way to a repository: by a pairing, or on a seed drive."""
        incoming = {p.id for p in self._catalog.pairings.list(Direction.INCOMING) if p.state is PairingState.ACTIVE}
        for pairing in incoming:
            if any(member.repository == info.id for member in self._catalog.members.list(pairing)):
                return True
        states = [SeedState.DEFINED, SeedState.OUTSTANDING, SeedState.CONSUMING]
        return bool(self._catalog.seeds.list(direction=Direction.INCOMING, states=states))

    def _done(self, info: RepositoryInfo, swept: Swept, reporter: Reporter) -> dict[str, Any]:
        for pack, why in swept.left.items():
            reporter.log(f"Pack {pack} was left as it is: {why}.")
        won = swept.freed - swept.written
        self._journal.note(
            Severity.INFO,
            "repository-reclaimed",
            f"Repository “{info.name}”: {format_size(max(0, won))} were given back, {swept.packs_deleted} pack(s) "
            f"deleted, {swept.packs_rewritten} written anew.",
            info.id,
        )
        return {
            "done": {
                "packs_deleted": swept.packs_deleted,
                "packs_rewritten": swept.packs_rewritten,
                "packs_written": swept.packs_written,
                "objects_removed": swept.objects_removed,
                "bytes_freed": swept.freed,
                "bytes_written": swept.written,
                "bytes_won": won,
            },
            "left": [{"pack": pack, "why": why} for pack, why in swept.left.items()],
        }

    def _said(self, info: RepositoryInfo, plan: ReclaimPlan) -> dict[str, Any]:
        return {
            "repository": info.name,
            "objects": plan.objects,
            "unreferenced_objects": plan.unreferenced_objects,
            "unreferenced_bytes": plan.unreferenced_bytes,
            "packs": plan.packs,
            "packs_delete": len(plan.delete),
            "packs_rewrite": len(plan.rewrite),
            "packs_kept": len(plan.kept),
            "bytes_freed": plan.freed,
            "bytes_written": plan.written,
            "bytes_won": plan.freed - plan.written,
        }

    def _note(self, info: RepositoryInfo, unreferenced: int) -> None:
        current = self._catalog.repositories.find(info.id)
        if current is not None:
            self._catalog.repositories.update(replace(current, unreferenced=unreferenced, looked=self._clock.now()))


def _recent(since: datetime, now: datetime) -> bool:
    return now - since < UNFINISHED_KEPT
