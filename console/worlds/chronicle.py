"""Months of jobs, events and seed drives, as rows of a catalog."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from console.catalog import Catalog
from console.domain.clock import iso
from console.domain.errors import Failure, FailureKind
from console.domain.events import Event, Severity
from console.domain.jobs import Job, JobKind, JobState, JobWarning, LogLine, Trigger
from console.domain.machines import Machine
from console.domain.pairing import Direction, Pairing
from console.domain.recovery_points import RecoveryPoint, VolumeImage
from console.domain.seeds import Seed, SeedState, Segment
from console.worlds.filling import hex_id
from console.worlds.story import HOUR

JOBS_EACH = 14
"""Backups of each machine that are told of."""
UNREADABLE = JobWarning("file-unreadable", "/srv/system/var/spool/postfix/private: Permission denied")
GONE = Failure("volume-gone", "“/srv/data” is not there, or is no directory any more.", "Mount it, then try again.")
UNREACHABLE = Failure(
    "target-unreachable",
    "The Core at cold-site.invalid:8006 cannot be reached: it did not answer in time.",
    "Is it running, and is the address right?",
    FailureKind.UNREACHABLE,
)


@dataclass
class Chronicle:
    """Writes into a catalog what happened until `now`; drawn from one lot."""

    catalog: Catalog
    chosen: random.Random
    now: datetime

    def backups(self, machines: Sequence[Machine], points: dict[str, list[RecoveryPoint]]) -> None:
        """The last ones of each machine, with their points; one that failed lately every so often."""
        for number, machine in enumerate(machines):
            for point in points[machine.id][-JOBS_EACH:]:
                self._job(self._backup(machine, point))
            if number % 9 == 4:
                self._failed_backup(machine)

    def replications(self, pairing: Pairing, reached: bool) -> None:
        """One every four hours of the last ten days; of one that is not reached the last two failed."""
        for back in range(60, 0, -1):
            moment = self.now - timedelta(hours=4 * back - 1)
            sent = 0 if self.chosen.random() < 0.15 else int(self.chosen.lognormvariate(19, 1.6))
            seconds = 3 + sent / 30e6
            job = Job(
                hex_id(self.chosen),
                JobKind.REPLICATE,
                pairing.id,
                JobState.SUCCEEDED,
                Trigger.FOLLOWS_BACKUP,
                moment,
                "a backup made a new point",
                started=moment,
                ended=moment + timedelta(seconds=seconds),
                result={
                    "pairing": pairing.id,
                    "points_sent": 0 if not sent else self.chosen.randrange(1, 9),
                    "objects_sent": sent // 60_000,
                    "bytes_sent": sent,
                    "bytes_skipped": sent // 3,
                    "images_withheld": 0,
                    "duration_s": round(seconds, 3),
                },
            )
            if not reached and back <= 2:
                job = replace(job, state=JobState.FAILED, result=None, failure=UNREACHABLE, trigger=Trigger.RETRY)
            self._job(job)
        if not reached:
            text = f"replicate: {UNREACHABLE.message}"
            self._event(timedelta(hours=3), Severity.ERROR, "replicate-failed", text, pairing.id, alert=True, count=2)

    def seeds(
        self, cold: Pairing, kyoto: Pairing, written: Sequence[RecoveryPoint], expected: Sequence[RecoveryPoint]
    ) -> None:
        """Drives in several states. `written`: points on the outstanding one to `cold`; `expected`: on `kyoto`'s."""
        self._seed(cold, Direction.OUTGOING, SeedState.OUTSTANDING, "Blue 7", 12, written, "/media/technician/BLUE7")
        self._seed(cold, Direction.OUTGOING, SeedState.CONSUMED, "Blue 5", 96, (), "/media/technician/BLUE5")
        self._seed(cold, Direction.OUTGOING, SeedState.ABANDONED, "Rot 2 (zerkratzt)", 61, (), "/media/technician/RED2")
        self._seed(kyoto, Direction.INCOMING, SeedState.OUTSTANDING, "京都 3", 6, expected, "")
        self._seed(kyoto, Direction.INCOMING, SeedState.CONSUMED, "京都 2", 83, (), "")

    def journal(self, machines: Sequence[Machine], theirs: Sequence[Machine], cold: Pairing, kyoto: Pairing) -> None:
        """Three months of events, and what wants a person now."""
        for _ in range(900):
            machine = self.chosen.choice(machines)
            severity, code, message = self.chosen.choice(
                (
                    (Severity.INFO, "points-deleted", f"4 recovery points of “{machine.name}” were deleted."),
                    (Severity.INFO, "replication-resumed", f"“{machine.name}” was resumed here."),
                    (Severity.WARNING, "files-unreadable", f"“{machine.name}”: 3 files could not be read."),
                    (Severity.WARNING, "backup-late", f"The backup of “{machine.name}” began an hour late."),
                    (Severity.ERROR, "backup-failed", f"backup: {GONE.message}"),
                )
            )
            back = timedelta(days=self.chosen.uniform(0.3, 90))
            self._event(back, severity, code, message, machine.id, dismissed=severity is Severity.ERROR)
        moved = f"“{cold.name}” is reached at cold-site.invalid:8006 from now on."
        self._event(timedelta(days=15), Severity.INFO, "pairing-moved", moved, cold.id)
        hurt = theirs[4]
        text = f"1 damaged object was found in what “{kyoto.name}” sent of “{hurt.name}”."
        self._event(timedelta(days=2), Severity.ERROR, "damage-found", text, hurt.id, alert=True)
        skew = f"The clock of “{kyoto.name}” is 4 minutes ahead of ours."
        self._event(timedelta(hours=9), Severity.WARNING, "clock-skew", skew, kyoto.id, alert=True, count=31)

    def _backup(self, machine: Machine, point: RecoveryPoint) -> Job:
        warned = point.warnings > 0
        return Job(
            hex_id(self.chosen),
            JobKind.BACKUP,
            machine.id,
            JobState.SUCCEEDED,
            Trigger.SCHEDULE,
            point.time,
            "scheduled",
            started=point.time,
            ended=point.time + timedelta(seconds=point.duration_s),
            result={
                "point": point.id,
                "machine": machine.name,
                "time": iso(point.time),
                "images": [_image(image) for image in point.images],
                "duration_s": point.duration_s,
                "warnings": [{"code": UNREADABLE.code, "message": UNREADABLE.message}] if warned else [],
                "warning_count": point.warnings,
            },
            warnings=(UNREADABLE,) if warned else (),
            warning_count=point.warnings,
        )

    def _failed_backup(self, machine: Machine) -> None:
        moment = self.now - timedelta(seconds=self.chosen.uniform(600, 8 * HOUR))
        job = Job(
            hex_id(self.chosen),
            JobKind.BACKUP,
            machine.id,
            JobState.FAILED,
            Trigger.SCHEDULE,
            moment,
            "scheduled",
            started=moment,
            ended=moment + timedelta(seconds=2),
            failure=GONE,
        )
        self._job(job)
        text = f"backup: {GONE.message}"
        self._event(self.now - moment, Severity.ERROR, "backup-failed", text, machine.id, alert=True, count=3)

    def _job(self, job: Job) -> None:
        self.catalog.jobs.add(job)
        lines = [
            LogLine(job.created, "Looking at the volumes"),
            *(LogLine(job.created, w.message) for w in job.warnings),
        ]
        if job.failure is not None:
            lines.append(LogLine(job.ended or job.created, job.failure.message))
        self.catalog.jobs.append_log(job.id, lines)

    def _event(
        self,
        back: timedelta,
        severity: Severity,
        code: str,
        message: str,
        subject: str,
        *,
        alert: bool = False,
        dismissed: bool = False,
        count: int = 1,
    ) -> None:
        moment = self.now - back
        alert = alert or dismissed
        self.catalog.events.add(
            Event(hex_id(self.chosen), moment, severity, code, message, subject, alert, dismissed, count)
        )

    def _seed(
        self,
        pairing: Pairing,
        direction: Direction,
        state: SeedState,
        comment: str,
        days: int,
        points: Sequence[RecoveryPoint],
        location: str,
    ) -> None:
        created = self.now - timedelta(days=days)
        size = sum(image.bytes_stored for point in points for image in point.images) or 700 << 30
        written = created + timedelta(hours=5)
        ours = direction is Direction.OUTGOING
        self.catalog.seeds.add(
            Seed(
                hex_id(self.chosen),
                pairing.id,
                direction,
                state,
                created,
                tuple(image.id for point in points for image in point.images),
                comment,
                "c-0815" if ours else "",
                location,
                written,
                written + timedelta(days=3) if state in (SeedState.CONSUMED, SeedState.ABANDONED) else None,
                tuple(self._segments(size)) if ours else (),
                len(points) or 212,
                size,
                points[0].time if points else created - timedelta(days=200),
                points[-1].time if points else created,
            )
        )

    def _segments(self, size: int) -> Iterator[Segment]:
        most = 200 << 30
        for number in range(1, size // most + 2):
            rest = min(most, size - (number - 1) * most)
            yield Segment(number, f"replicore-{number:04}.seed", 1, rest, hex_id(self.chosen, 64))


def _image(image: VolumeImage) -> dict[str, Any]:
    return {
        "volume": image.volume_label,
        "id": image.id,
        "kind": image.kind.value,
        "base_reason": image.base_reason.value if image.base_reason else None,
        "bytes_read": image.bytes_read,
        "bytes_new": image.bytes_new,
        "bytes_stored": image.bytes_stored,
        "size": image.size,
        "files": image.files,
        "directories": image.directories,
        "files_unreadable": image.files_unreadable,
    }
