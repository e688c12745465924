"""A lost catalog, rebuilt from what the repositories say of themselves."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from console.catalog import Catalog
from console.domain.clock import Clock
from console.domain.errors import Failed
from console.domain.events import Severity
from console.domain.jobs import Job, JobKind
from console.domain.machines import Machine, MachineKind
from console.domain.objects import Kind
from console.domain.progress import Reporter
from console.domain.recovery_points import RecoveryPoint, VolumeImage
from console.domain.repositories import RepositoryInfo
from console.engine.ends import own_damage
from console.engine.jobs import JobReporter, Jobs
from console.engine.journal import Journal
from console.engine.repositories import Repositories
from console.repository import Repository, TreeReader
from console.repository.records import decode_record, decode_tombstone


class Rebuild:
    """Reads every record and tombstone, and registers what is not registered. Changes nothing that is."""

    def __init__(
        self, catalog: Catalog, repositories: Repositories, jobs: Jobs, journal: Journal, clock: Clock, core_id: str
    ) -> None:
        self._catalog = catalog
        self._repositories = repositories
        self._jobs = jobs
        self._journal = journal
        self._clock = clock
        self._core_id = core_id

    def start(self, *, user: str = "") -> Job:
        """A job over all repositories. Result: {"machines", "points", "points_known", "points_deleted"}."""
        lanes = [f"check:{info.id}" for info in self._repositories.list()]
        return self._jobs.submit(JobKind.REBUILD_CATALOG, "catalog", self.run, user=user, lanes=lanes)

    def run(self, reporter: JobReporter | Reporter) -> dict[str, Any]:
        counts = {"machines": 0, "points": 0, "points_known": 0, "points_deleted": 0}
        for info in self._repositories.list():
            reporter.phase(f"Reading the records of “{info.name}”")
            self._repository(info, reporter, counts)
        self._journal.note(
            Severity.WARNING,
            "catalog-rebuilt",
            f"The catalog was rebuilt from the repositories: {counts['points']} point(s) were registered again.",
            alert=True,
        )
        return dict(counts)

    def _repository(self, info: RepositoryInfo, reporter: Reporter, counts: dict[str, int]) -> None:
        repository = self._repositories.open(info.id)
        deleted: set[str] = set()
        for oid in repository.records(Kind.TOMBSTONE):
            deleted |= set(decode_tombstone(repository.read(oid)).points)
        found: list[tuple[datetime, str, Machine, RecoveryPoint]] = []
        for oid in repository.records(Kind.RECORD):
            reporter.check()
            try:
                body = decode_record(repository.read(oid))
            except Failed as known:
                reporter.warn(known.failure.code, f"A record cannot be read: {known.failure.message}")
                continue
            if body.point.id in deleted:
                counts["points_deleted"] += 1
            else:
                machine = replace(body.machine, origin_core=body.core, origin_name=body.core_name)
                found.append((body.point.time, body.point.id, machine, replace(body.point, record=oid.hex())))
        for _, _, machine, point in sorted(found, key=lambda item: item[:2]):
            reporter.advance(items=1)
            if self._catalog.points.find(point.id) is not None:
                counts["points_known"] += 1
            elif self._register(info, repository, machine, point):
                counts["points"] += 1
                counts["machines"] = len(self._catalog.machines.list())

    def _register(self, info: RepositoryInfo, repository: Repository, machine: Machine, point: RecoveryPoint) -> bool:
        here = {image.id for image in point.images if own_damage(repository, image) == (set(), True)}
        if not here:
            return False
        known = self._catalog.machines.find(machine.id)
        ours = machine.origin_core == self._core_id
        kind = MachineKind.PROTECTED if ours else MachineKind.RECOVERY_POINTS_ONLY
        rebuilt = replace(machine, kind=kind, repository=info.id, next_due=None)
        with self._catalog.transaction():
            if known is None:
                self._catalog.machines.add(rebuilt)
            elif known.kind is not MachineKind.REPLICATED:
                # Records run oldest first: the newest one knows the machine's latest name and volumes.
                self._catalog.machines.update(rebuilt)
            names = {image.id for image in point.images if image.id in here and self._names(repository, image)}
            self._catalog.points.add(point, info.id, here=here, names=names)
        return True

    def _names(self, repository: Repository, image: VolumeImage) -> bool:
        """Whether every node of its tree is here, so that all its files can be named."""
        try:
            for _ in TreeReader(repository).increment(bytes.fromhex(image.root), None, names=True):
                pass
        except Failed:
            return False
        return True


def set_aside(catalog: Path, stamp: datetime) -> list[Path]:
    """Moves a damaged catalog (and its side files) out of the way, keeping it. Returns where the files are now."""
    moved = []
    for path in (catalog, *(catalog.with_name(catalog.name + side) for side in ("-wal", "-shm"))):
        if path.exists():
            aside = path.with_name(f"{path.name}.damaged-{stamp:%Y%m%dT%H%M%SZ}")
            path.rename(aside)
            moved.append(aside)
    return moved
