"""A lost catalog, rebuilt from what the repositories say of themselves; and an index, from the packs."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from console.catalog import Catalog
from console.domain.clock import Clock
from console.domain.errors import Failed
from console.domain.events import Severity
from console.domain.jobs import Job, JobKind
from console.domain.machines import Machine, MachineKind, VolumeSource
from console.domain.objects import Kind, id_of_hex
from console.domain.progress import Reporter
from console.domain.recovery_points import RecoveryPoint, VolumeImage
from console.domain.repositories import RepositoryInfo
from console.domain.retention import EVERYTHING
from console.domain.settings import RETENTION
from console.engine.ends import own_damage
from console.engine.jobs import JobReporter, Jobs
from console.engine.journal import Journal
from console.engine.keys.travel import Arrivals
from console.engine.repositories import Repositories
from console.repository import Repository, TreeReader
from console.repository.records import Record, decode_record, decode_tombstone

_NEVER = datetime.min.replace(tzinfo=UTC)


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
        self._arrivals = Arrivals(catalog, journal)

    def start(self, *, user: str = "") -> Job:
        """A job over all repositories. Result: {"machines", "points", "points_known", "points_deleted"}."""
        lanes = [f"check:{info.id}" for info in self._repositories.list()]
        return self._jobs.submit(JobKind.REBUILD_CATALOG, "catalog", self.run, user=user, lanes=lanes)

    def start_index(self, name: str | None, *, user: str = "") -> Job:
        """A job that reads from the packs of one repository which object lies where. An index that is found damaged is
        built again by itself; this is for one that looks sound and is not trusted. All goes on with the index there is
        until the new one is whole; cancelled, it has changed nothing. Result: {"repository", "packs", "objects",
        "objects_before"}."""
        info = self._repositories.choose(name)
        self._repositories.open(info.id)

        def work(reporter: JobReporter | Reporter) -> dict[str, Any]:
            repository = self._repositories.open(info.id)
            before = repository.usage().objects
            repository.rebuild_index(reporter)
            now = repository.usage()
            text = f"The index of repository “{info.name}” was read from its {now.packs} pack(s) again."
            self._journal.note(Severity.INFO, "index-rebuilt", text, info.id)
            return {"repository": info.name, "packs": now.packs, "objects": now.objects, "objects_before": before}

        lanes = [f"check:{info.id}"]
        return self._jobs.submit(JobKind.REBUILD_INDEX, info.id, work, user=user, lanes=lanes, reason="asked for")

    def run(self, reporter: JobReporter | Reporter) -> dict[str, Any]:
        counts = {"machines": 0, "points": 0, "points_known": 0, "points_deleted": 0}
        for info in self._repositories.list():
            reporter.phase(f"Reading the records of “{info.name}”")
            self._repository(info, reporter, counts)
        text = f"The catalog was rebuilt from the repositories: {counts['points']} point(s) were registered again."
        if counts["points"] and self._catalog.settings.get(RETENTION) is None:
            # Policies and holds were lost with the catalog: what they kept must not go by a default.
            self._catalog.settings.set(RETENTION, EVERYTHING)
            text += " Retention policies and holds could not be: no point is rolled up until a policy is set again."
        self._journal.note(Severity.WARNING, "catalog-rebuilt", text, alert=True)
        return dict(counts)

    def _repository(self, info: RepositoryInfo, reporter: Reporter, counts: dict[str, int]) -> None:
        repository = self._repositories.open(info.id)
        deleted: dict[str, datetime] = {}
        for oid in repository.records(Kind.TOMBSTONE):
            tombstone = decode_tombstone(repository.read(oid))
            for one in tombstone.points:
                deleted[one] = max(tombstone.time, deleted.get(one, tombstone.time))
        found: list[tuple[datetime, str, Machine, RecoveryPoint]] = []
        for id, body in self._current(repository, reporter).values():
            buried = deleted.get(body.point.id)
            if buried is not None and (body.written is None or body.written <= buried):
                counts["points_deleted"] += 1
            else:
                machine = replace(body.machine, origin_core=body.core, origin_name=body.core_name)
                found.append((body.point.time, body.point.id, machine, replace(body.point, record=id)))
        for _, _, machine, point in sorted(found, key=lambda item: item[:2]):
            reporter.advance(items=1)
            # Locked, our own too: what the vault had may be lost with the catalog.
            origin = "" if machine.origin_core == self._core_id else machine.origin_core
            self._arrivals.take_from_record(repository, point, origin)
            if self._catalog.points.find(point.id) is not None:
                counts["points_known"] += 1
            elif self._register(info, repository, machine, point):
                counts["points"] += 1
                counts["machines"] = len(self._catalog.machines.list())

    def _current(self, repository: Repository, reporter: Reporter) -> dict[str, tuple[str, Record]]:
        """The record (id in hex) that counts of each point (id)."""
        records: dict[str, Record] = {}
        for oid in repository.records(Kind.RECORD):
            reporter.check()
            try:
                records[oid.hex()] = decode_record(repository.read(oid))
            except Failed as known:
                reporter.warn(known.failure.code, f"A record cannot be read: {known.failure.message}")
        replaced = {id for record in records.values() for id in record.replaces}
        left = sorted((record.written or _NEVER, id) for id, record in records.items() if id not in replaced)
        return {records[id].point.id: (id, records[id]) for _, id in left}

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
                self._catalog.machines.update(_with_commands(rebuilt, known))
            names = {image.id for image in point.images if image.id in here and self._names(repository, image)}
            self._catalog.points.add(point, info.id, here=here, names=names)
        return True

    def _names(self, repository: Repository, image: VolumeImage) -> bool:
        """Whether every node of its tree is here, so that all its files can be named."""
        try:
            for _ in TreeReader(repository).increment(id_of_hex(image.root), None, names=True):
                pass
        except Failed:
            return False
        return True


def _with_commands(rebuilt: Machine, known: Machine) -> Machine:
    """A machine as a record tells it, with the commands that records never tell as they are known here."""
    commands = {volume.id: volume.path for volume in known.volumes if volume.source == VolumeSource.STREAM}
    volumes = tuple(replace(volume, path=commands.get(volume.id, volume.path)) for volume in rebuilt.volumes)
    options = replace(rebuilt.options, before=known.options.before, after=known.options.after)
    return replace(rebuilt, volumes=volumes, options=options)


def set_aside(catalog: Path, stamp: datetime) -> list[Path]:
    """Moves a damaged catalog (and its side files) out of the way, keeping it. Returns where the files are now."""
    moved = []
    for path in (catalog, *(catalog.with_name(catalog.name + side) for side in ("-wal", "-shm"))):
        if path.exists():
            aside = path.with_name(f"{path.name}.damaged-{stamp:%Y%m%dT%H%M%SZ}")
            path.rename(aside)
            moved.append(aside)
    return moved
