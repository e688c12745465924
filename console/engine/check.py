"""Checks of what is stored: every pack, every byte, and that every image has its objects. Rebuilding a lost catalog."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import replace
from typing import Any

from console.catalog import Catalog, StoredImage
from console.domain.checks import CheckReport, Damage
from console.domain.clock import Clock
from console.domain.errors import Cancelled, Failed
from console.domain.events import Severity
from console.domain.jobs import Job, JobKind
from console.domain.objects import Kind, id_of_hex
from console.domain.progress import Reporter
from console.domain.repositories import DamagedObject, RepositoryInfo
from console.engine.jobs import JobReporter, Jobs
from console.engine.journal import Journal
from console.engine.needed import survey
from console.engine.repositories import Repositories
from console.repository import Repository

_AT_ONCE = 1000
"""Images whose points are asked for together."""


class Check:
    """Finds damage and says whom it hurts. What is found damaged is marked, so that chains show it."""

    def __init__(
        self, catalog: Catalog, repositories: Repositories, jobs: Jobs, journal: Journal, clock: Clock
    ) -> None:
        self._catalog = catalog
        self._repositories = repositories
        self._jobs = jobs
        self._journal = journal
        self._clock = clock
        self.found: Callable[[Collection[str]], object] = lambda _: None
        """Told the images that were found damaged: who replicates them here is asked to send them again."""

    def start_repository(self, name: str | None, *, read_data: bool, ids: bool = False, user: str = "") -> Job:
        """A job whose result is that of `repository check` (shared contract of commands): damage does not fail it.
        `ids`: see `Repository.check`."""
        info = self._repositories.choose(name)
        self._repositories.open(info.id)

        def work(reporter: JobReporter) -> dict[str, Any]:
            return self.repository(info, read_data=read_data, ids=ids, reporter=reporter)

        return self._jobs.submit(
            JobKind.REPOSITORY_CHECK, info.id, work, user=user, lanes=[f"check:{info.id}"], reason="asked for"
        )

    def repository(
        self, info: RepositoryInfo, *, read_data: bool, reporter: Reporter, ids: bool = False
    ) -> dict[str, Any]:
        """Structure, then (with `read_data`) every byte, then every image's objects; marks what it finds. Packs that
        are to have parity and lack it get it."""
        repository = self._repositories.open(info.id)
        report = repository.check(read_data=read_data, ids=ids, reporter=reporter)
        # What is not true any more must not pass for present: the next backup or replication stores it again.
        repository.condemn([id_of_hex(d.object) for d in report.damaged if d.object])
        images = self._catalog.points.images_in(info.id)
        reporter.phase("Checking chains", items_total=len(images))
        hurt, unreferenced = self._survey(repository, images, report, reporter)
        damaged = [replace(d, images=tuple(sorted(hurt[d.object]))) for d in report.damaged]
        known = {d.object for d in damaged}
        damaged += [
            Damage(oid, "", "it is in no pack of this repository", tuple(sorted(whom)))
            for oid, whom in hurt.items()
            if oid not in known
        ]
        self._mark(info, images, damaged)
        parity = self._parity(repository, report, read_data=read_data, reporter=reporter)
        if damaged:
            self.found({image for d in damaged for image in d.images})
            self._journal.note(
                Severity.ERROR,
                "damage-found",
                f"Repository “{info.name}”: {len(damaged)} damaged or missing object(s).",
                info.id,
                alert=True,
            )
        elif self._journal.settle("damage-found", info.id):
            text = f"Repository “{info.name}”: the damage that was found there is gone."
            self._journal.note(Severity.INFO, "damage-gone", text, info.id)
        return {
            "repository": info.name,
            "objects": report.objects,
            "bytes": report.bytes,
            "damaged": [{"object": d.object, "pack": d.pack, "why": d.why, "images": list(d.images)} for d in damaged],
            "missing_packs": list(report.missing_packs),
            "unreferenced_bytes": unreferenced,
            "read_data": read_data,
            "parity_made": parity,
        }

    def _parity(self, repository: Repository, report: CheckReport, *, read_data: bool, reporter: Reporter) -> int:
        """Of how many packs parity was made; a check that could not make any has checked all the same."""
        if not repository.parities.percent:
            return 0
        hurt = {d.pack for d in report.damaged if d.pack} | set(report.missing_packs)
        try:
            made, again, _ = repository.mending.look_after_parity(reporter, read_data=read_data, damaged=hurt)
        except Cancelled:
            raise
        except Failed as known:
            reporter.warn(known.failure.code, f"Parity is not complete: {known.failure.message}")
            return 0
        return made + again

    def _survey(
        self, repository: Repository, images: list[StoredImage], report: CheckReport, reporter: Reporter
    ) -> tuple[dict[str, set[str]], int]:
        """Object (hex) → ids of the images whose own increment needs it, of damaged and of missing objects; and the
        stored bytes nobody needs (0 where a tree cannot be read: then nobody knows what it needs)."""
        bad = frozenset(id_of_hex(d.object) for d in report.damaged if d.object)
        with repository.marks() as marks:
            for kind in (Kind.RECORD, Kind.TOMBSTONE):
                marks.add(repository.records(kind))
            found = survey(repository, images, marks, reporter, bad=bad)
            unreferenced = 0 if found.unreadable else marks.unreferenced_bytes()
        for oid, whom in self._records(repository, images).items():
            found.hurt[oid] |= whom
        # A node that cannot be read ends the walk below it: what nobody could be named for hurts those images.
        suspects = found.unreadable & {stored.image.id for stored in images if stored.here}
        for name in (d.object for d in report.damaged):
            if name not in found.hurt:
                found.hurt[name] |= suspects
        return found.hurt, unreferenced

    def _records(self, repository: Repository, images: list[StoredImage]) -> dict[str, set[str]]:
        """Records (hex) of points that are not here, and the images of those points."""
        lost: dict[str, set[str]] = {}
        for start in range(0, len(images), _AT_ONCE):
            some = images[start : start + _AT_ONCE]
            points = self._catalog.points.several(list({stored.image.point for stored in some}))
            records = {point.record: point.id for point in points if point.record}
            for oid in repository.missing([id_of_hex(record) for record in records]):
                point = records[oid.hex()]
                lost.setdefault(oid.hex(), set()).update(s.image.id for s in some if s.image.point == point)
        return lost

    def _mark(self, info: RepositoryInfo, images: list[StoredImage], damaged: list[Damage]) -> None:
        now = self._clock.now()
        hurt = {image for d in damaged for image in d.images}
        healed = {stored.image.id for stored in images if stored.damaged} - hurt
        with self._catalog.transaction():
            self._catalog.damage.clear(info.id, None)
            if damaged:
                self._catalog.damage.add([DamagedObject(info.id, d.object, d.pack, now, d.why) for d in damaged])
            self._catalog.points.set_damaged(sorted(hurt), True)
            self._catalog.points.set_damaged(sorted(healed), False)
