"""Checks of recovery points as jobs: what they show is kept with the point, and what is bad becomes an alert."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from console.catalog import Catalog
from console.domain.chains import WHOLE, ChainState
from console.domain.clock import Clock
from console.domain.errors import OBJECT_DAMAGE, Failed, not_found, usage
from console.domain.events import Severity
from console.domain.jobs import Job, JobKind, Trigger
from console.domain.machines import VolumeSource
from console.domain.objects import Kind, id_of_hex
from console.domain.point_checks import CheckResult, Finding, PointCheck, Verdict, summed_up
from console.domain.progress import Reporter
from console.domain.recovery_points import RecoveryPoint, VolumeImage
from console.domain.repositories import DamagedObject
from console.engine.inside.browse import Browse
from console.engine.jobs import JobReporter, Jobs
from console.engine.journal import Journal
from console.engine.point_check.databases import databases
from console.engine.point_check.file_systems import file_systems
from console.engine.point_check.programs import workshop
from console.engine.points import Points
from console.engine.repositories import Repositories
from console.repository import ContentReader, Repository, TreeReader

WORKSHOP = "checking"
"""Directory below the data directory for temporary copies."""


class CheckPoints:
    """Checks points. Changes nothing of them but what is known of them."""

    def __init__(
        self,
        catalog: Catalog,
        repositories: Repositories,
        jobs: Jobs,
        journal: Journal,
        clock: Clock,
        points: Points,
        browse: Browse,
        data: Path,
    ) -> None:
        self._catalog = catalog
        self._repositories = repositories
        self._jobs = jobs
        self._journal = journal
        self._clock = clock
        self._points = points
        self._browse = browse
        self._place = data / WORKSHOP

    def start(
        self,
        points: Sequence[str],
        *,
        machine: str | None = None,
        every: bool = False,
        only: Sequence[PointCheck] = (),
        user: str = "",
        trigger: Trigger = Trigger.PERSON,
    ) -> Job:
        """A job that checks these points, or the newest point of a machine (with `every` all of its points).

        Its result has a list `points` and, of what is bad, a list `damaged`: damage does not fail it. Raises Failed
        `no-such-recovery-point`, `no-such-machine`, `nothing-to-check`.
        """
        chosen = [self._catalog.points.get(point) for point in points]
        if machine is not None:
            chosen += self._of(machine, every=every)
        if not chosen:
            raise usage("nothing-to-check", "No recovery point is named.", "Name points, or a machine.")
        wanted = tuple(dict.fromkeys(only)) or tuple(PointCheck)
        found = list({point.id: point for point in chosen}.values())

        def work(reporter: JobReporter) -> dict[str, Any]:
            return self.run(found, wanted, reporter, reporter.job_id)

        return self._jobs.submit(
            JobKind.POINT_CHECK,
            found[0].id,
            work,
            user=user,
            trigger=trigger,
            lanes=[f"point-check:{point.machine}" for point in found],
            reason=", ".join(wanted),
        )

    def run(
        self, points: Sequence[RecoveryPoint], wanted: Sequence[PointCheck], reporter: Reporter, job: str = ""
    ) -> dict[str, Any]:
        """The work itself."""
        told = []
        damaged = []
        for point in points:
            if len(points) > 1:
                reporter.log(f"The point {point.id[:12]} of {point.time:%Y-%m-%d %H:%M:%S} UTC")
            results = [self._one(point, check, reporter, job) for check in PointCheck if check in wanted]
            self._catalog.point_checks.put(results)
            told.append(
                {
                    "point": point.id,
                    "checks": {result.check.value: result.verdict.value for result in results},
                    "results": [result.told() for result in results],
                }
            )
            for result in results:
                if result.verdict is Verdict.BAD:
                    damaged.append({"point": point.id, "check": result.check.value, "why": result.message})
                    self._alert(point, result)
        return {"points": told, "damaged": damaged}

    def _of(self, machine: str, *, every: bool) -> list[RecoveryPoint]:
        found = self._catalog.machines.get(machine)
        latest = self._catalog.points.latest(found.id)
        if latest is None:
            raise not_found("recovery point", f"of {found.name}", "Make one: replicore backup MACHINE")
        if not every:
            return [latest]
        points: list[RecoveryPoint] = []
        after: str | None = None
        while True:
            some, after = self._catalog.points.page(found.id, limit=1000, after=after)
            points += some
            if after is None:
                return points

    def _one(self, point: RecoveryPoint, check: PointCheck, reporter: Reporter, job: str) -> CheckResult:
        look: dict[PointCheck, Callable[[RecoveryPoint, Reporter], Finding]] = {
            PointCheck.CHECKSUM: self._checksum,
            PointCheck.INTEGRITY: self._integrity,
            PointCheck.MOUNTABILITY: self._mountability,
            PointCheck.ATTACHABILITY: self._attachability,
        }
        try:
            finding = look[check](point, reporter)
        except Failed as known:
            if known.failure.code in OBJECT_DAMAGE:
                finding = Finding(Verdict.BAD, known.failure.message)
            elif known.failure.code == "cancelled":
                raise
            else:
                finding = Finding(Verdict.NOT_CHECKED, known.failure.message)
        reporter.log(f"{check}: {finding.verdict}: {finding.message}")
        return CheckResult(point.id, check, finding.verdict, finding.message, self._clock.now(), job)

    # --- the checks

    def _integrity(self, point: RecoveryPoint, reporter: Reporter) -> Finding:
        """Whether each image's chain is whole here, and every object of it in the repository."""
        reporter.phase("Checking the chain")
        verdicts = self._points.verdicts(point.machine)
        findings = []
        for image in point.images:
            reporter.check()
            verdict = verdicts.get(image.id, WHOLE)
            why = self._points.why(verdict)
            repository = self._repository(image)
            missing = partial(repository.missing, sealed=bool(image.key))
            absent = sum(1 for _ in TreeReader(repository).absent(id_of_hex(image.root), missing))
            if verdict.state in (ChainState.AWAITING_SEED, ChainState.AWAITING_TRANSFER):
                findings.append(Finding(Verdict.NOT_CHECKED, why))
            elif verdict.state is not ChainState.WHOLE:
                findings.append(Finding(Verdict.BAD, why))
            elif absent:
                findings.append(
                    Finding(Verdict.BAD, f"{absent} object(s) of “{image.volume_label}” are not in the repository.")
                )
            else:
                findings.append(Finding(Verdict.GOOD, f"The chain of “{image.volume_label}” is whole."))
        return summed_up(findings, "The point has no volumes.")

    def _checksum(self, point: RecoveryPoint, reporter: Reporter) -> Finding:
        """Every object of every image, read and proven."""
        findings = [self._read_all(image, reporter) for image in point.images]
        return summed_up(findings, "The point has no volumes.")

    def _read_all(self, image: VolumeImage, reporter: Reporter) -> Finding:
        waiting = self._waiting(image)
        if waiting:
            return Finding(Verdict.NOT_CHECKED, waiting)
        reporter.phase(f"Reading “{image.volume_label}”", bytes_total=image.size)
        repository = self._repository(image)
        objects = 0
        hurt: dict[bytes, Failed] = {}
        locked = _is_locked(repository, image)
        try:
            for batch in TreeReader(repository).increment(id_of_hex(image.root), None, names=True):
                ids = list({ref.id: ref.kind for ref in batch})
                objects += len(ids)
                reporter.check()
                hurt |= self._prove(repository, ids, reporter, locked=locked)
                chunks = sum(1 for ref in batch if ref.kind is Kind.CHUNK)
                reporter.advance(items=chunks)
        except Failed as known:
            if known.failure.code not in OBJECT_DAMAGE:
                raise
            hurt[b""] = known
        if not hurt and locked:
            told = f"All {objects} objects of “{image.volume_label}” are as they were stored; their key is locked here."
            return Finding(Verdict.GOOD, told)
        if not hurt:
            return Finding(Verdict.GOOD, f"All {objects} objects of “{image.volume_label}” were read and are true.")
        now = self._clock.now()
        found = [
            DamagedObject(repository.id, oid.hex(), "", now, known.failure.message)
            for oid, known in hurt.items()
            if oid and known.failure.code == "object-damaged"
        ]
        if found:
            self._repositories.mark_damaged(found)
        first = next(iter(hurt.values())).failure.message
        return Finding(Verdict.BAD, f"{len(hurt)} object(s) of “{image.volume_label}” are not true: {first}")

    def _prove(
        self, repository: Repository, ids: list[bytes], reporter: Reporter, *, locked: bool
    ) -> dict[bytes, Failed]:
        """Those of the objects that cannot be read true, and why. `locked`: they are proven as they are stored."""

        def read(some: list[bytes]) -> None:
            pieces = repository.frames(some) if locked else (plain for _, plain in repository.read_many(some))
            for piece in pieces:
                reporter.advance(bytes=len(piece))

        try:
            read(ids)
        except Failed as known:
            if known.failure.code not in OBJECT_DAMAGE:
                raise
        else:
            return {}
        hurt: dict[bytes, Failed] = {}
        for oid in ids:
            reporter.check()
            try:
                read([oid])
            except Failed as known:
                if known.failure.code not in OBJECT_DAMAGE:
                    raise
                hurt[oid] = known
        return hurt

    def _mountability(self, point: RecoveryPoint, reporter: Reporter) -> Finding:
        reporter.phase("Opening file systems")

        def look(image: VolumeImage, place: Path) -> Iterator[Finding]:
            opened = self._browse.open(image)
            if opened.root.source == VolumeSource.IMAGE:
                content = ContentReader(opened.repository, opened.root.entry)
                yield from file_systems(opened, content, place, reporter)

        return summed_up(self._each(point, look), "It has no disk image.")

    def _attachability(self, point: RecoveryPoint, reporter: Reporter) -> Finding:
        reporter.phase("Opening databases")

        def look(image: VolumeImage, place: Path) -> Iterator[Finding]:
            yield from databases(self._browse.open(image), place, reporter)

        return summed_up(self._each(point, look), "No database that is known here is in it.")

    def _each(self, point: RecoveryPoint, look: Callable[[VolumeImage, Path], Iterator[Finding]]) -> list[Finding]:
        findings: list[Finding] = []
        for image in point.images:
            waiting = self._waiting(image)
            if waiting:
                findings.append(Finding(Verdict.NOT_CHECKED, waiting))
                continue
            with workshop(self._place) as place:
                findings += look(image, place)
        return findings

    # --- inside

    def _waiting(self, image: VolumeImage) -> str:
        """Why an image cannot be checked yet; empty when it can."""
        stored = self._catalog.points.image(image.id)
        machine = self._catalog.points.get(image.point).machine
        verdict = self._points.verdicts(machine).get(image.id, WHOLE)
        if verdict.state in (ChainState.AWAITING_SEED, ChainState.AWAITING_TRANSFER) or not stored.here:
            return f"“{image.volume_label}” is not whole on this Core yet. {self._points.why(verdict)}".strip()
        return ""

    def _repository(self, image: VolumeImage) -> Repository:
        return self._repositories.open(self._catalog.points.image(image.id).repository)

    def _alert(self, point: RecoveryPoint, result: CheckResult) -> None:
        machine = self._catalog.machines.get(point.machine)
        self._journal.note(
            Severity.ERROR,
            "point-check-bad",
            f"{machine.name}, {point.time:%Y-%m-%d %H:%M} UTC: the check of {result.check} is bad. {result.message}",
            point.machine,
            alert=True,
        )


def _is_locked(repository: Repository, image: VolumeImage) -> bool:
    """Whether an image is sealed with a key that this Core has not got now."""
    try:
        repository.read(id_of_hex(image.root))
    except Failed as known:
        return known.failure.code == "key-locked"
    return False
