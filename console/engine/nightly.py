"""The nightly jobs: rollup of every machine, reclaim of every repository, checks of newest points, and a journal that
does not grow for ever. Which of them run is set."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from console.catalog import Catalog
from console.domain.clock import Clock, from_iso, iso
from console.domain.jobs import Job, JobKind, JobState, Trigger
from console.domain.point_checks import PointCheck
from console.domain.repositories import RepositoryInfo
from console.domain.settings import (
    CLEAR,
    KEEP_EVENTS,
    KEEP_JOBS,
    NIGHTLY_AT,
    NIGHTLY_CHECKS,
    NIGHTLY_JOBS,
    RECLAIM,
    ROLLUP,
    parse_checks,
    parse_days,
    parse_nightly,
    parse_wall,
    setting,
)
from console.engine.jobs import JobReporter, Jobs
from console.engine.rollup import Rollup
from console.engine.zones import zone_of

LAST = "nightly.last"
UNFINISHED = "nightly.unfinished"
WAIT_S = 2.0
REMOVED_KEPT = timedelta(days=400)
"""A machine that is paired again within this time is not sent again what was removed here."""

Reclaiming = Callable[[RepositoryInfo, JobReporter], dict[str, Any]]
Checking = Callable[[str, Sequence[PointCheck]], Job]
"""Starts these checks of the newest point of a machine (id), which has one."""


class Nightly:
    """Once a night, at the set time of the Core's zone. A night that was missed is caught up, once."""

    def __init__(
        self, catalog: Catalog, jobs: Jobs, clock: Clock, rollup: Rollup, reclaim: Reclaiming, check: Checking
    ) -> None:
        self._catalog = catalog
        self._jobs = jobs
        self._clock = clock
        self._rollup = rollup
        self._reclaim = reclaim
        self._check = check
        self._cut_off = catalog.settings.get(UNFINISHED) is not None
        """A Core has ended while they ran: that night is still to be done."""

    def keep(self) -> Job | None:
        """Starts them when they are due. A duty of the calendar."""
        due = self.due(self._clock.now())
        if due is None:
            return None
        last = self._catalog.settings.get(LAST)
        if last is None and not self._cut_off:
            # The nights before a Core was set up were not missed.
            self._catalog.settings.set(LAST, iso(due))
            return None
        if last is not None and from_iso(last) >= due and not self._cut_off:
            return None
        self._cut_off = False
        self._catalog.settings.set(LAST, iso(due))
        return self.start(trigger=Trigger.SCHEDULE, reason="scheduled")

    def due(self, now: datetime) -> datetime | None:
        """When they were due last, as of a moment; None when they never are."""
        wall = parse_wall(self._setting(NIGHTLY_AT))
        if wall is None:
            return None
        zone = zone_of(self._catalog)
        today = now.astimezone(zone).replace(hour=wall[0], minute=wall[1], second=0, microsecond=0, fold=0)
        latest = today if today.astimezone(UTC) <= now else today - timedelta(days=1)
        return latest.astimezone(UTC)

    def start(self, *, trigger: Trigger = Trigger.PERSON, user: str = "", reason: str = "asked for") -> Job:
        """A job; while one is queued or runs, that one is meant. Result: {"machines", "points_removed", "repositories",
        "bytes_freed", "points_checked", "points_bad", "jobs_removed", "events_removed", "failed": [job ids]}."""
        running = self._jobs.pending(JobKind.NIGHTLY, "") or self._jobs.running(JobKind.NIGHTLY, "")
        if running is not None:
            return running
        self._catalog.settings.set(UNFINISHED, iso(self._clock.now()))
        return self._jobs.submit(
            JobKind.NIGHTLY, "", self._run, trigger=trigger, user=user, reason=reason, lanes=["nightly"]
        )

    def _run(self, reporter: JobReporter) -> dict[str, Any]:
        failed: list[str] = []
        wanted, checks = parse_nightly(self._setting(NIGHTLY_JOBS)), parse_checks(self._setting(NIGHTLY_CHECKS))
        rolled: list[dict[str, Any]] = []
        swept: list[dict[str, Any]] = []
        checked: list[dict[str, Any]] = []
        jobs = events = 0
        if ROLLUP in wanted:
            reporter.phase("Rolling up aged points")
            rolled = [self._ended(job, reporter, failed) for job in self._rollups()]
        if RECLAIM in wanted:
            reporter.phase("Giving back what nobody needs")
            swept = [self._ended(self._sweep(info), reporter, failed) for info in self._catalog.repositories.list()]
        if checks:
            reporter.phase("Checking the newest points")
            # One after the other: they read disks that the day's first backups will want.
            checked = [self._ended(self._check(machine, checks), reporter, failed) for machine in self._checkable()]
        if CLEAR in wanted:
            reporter.phase("Clearing the journal")
            jobs, events = self._clear()
        # Of images that were removed, and of which no source asks any more, nothing is to be remembered.
        self._catalog.retention.forget_unasked(self._clock.now() - REMOVED_KEPT)
        self._catalog.settings.set(UNFINISHED, None)
        return {
            "machines": len(rolled),
            "points_removed": sum(result.get("points_removed", 0) for result in rolled),
            "repositories": len(swept),
            "bytes_freed": sum(result.get("done", {}).get("bytes_won", 0) for result in swept),
            "points_checked": sum(len(result.get("points", ())) for result in checked),
            "points_bad": sum(len({one["point"] for one in result.get("damaged", ())}) for result in checked),
            "jobs_removed": jobs,
            "events_removed": events,
            "failed": failed,
        }

    def _rollups(self) -> list[Job]:
        """One for each machine of which something is to go."""
        return [
            self._rollup.start(machine.id, trigger=Trigger.SCHEDULE, reason="nightly jobs")
            for machine in self._catalog.machines.list()
            if self._rollup.plan(machine.id, ask=False).gone
        ]

    def _checkable(self) -> list[str]:
        machines = [machine.id for machine in self._catalog.machines.list()]
        return [machine for machine in machines if self._catalog.points.latest(machine) is not None]

    def _sweep(self, info: RepositoryInfo) -> Job:
        return self._jobs.submit(
            JobKind.RECLAIM,
            info.id,
            lambda reporter: self._reclaim(info, reporter),
            trigger=Trigger.SCHEDULE,
            reason="nightly jobs",
            lanes=[f"check:{info.id}"],
        )

    def _ended(self, job: Job, reporter: JobReporter, failed: list[str]) -> dict[str, Any]:
        """Waits for a job; its result, empty when it has none. It fails by itself, and tells so itself."""
        version = -1
        while not job.state.ended:
            reporter.check()
            job, version = self._jobs.wait(job.id, version, WAIT_S)
        if job.state is not JobState.SUCCEEDED:
            failed.append(job.id)
            reporter.warn("part-failed", f"A {job.kind} job did not succeed: {job.id[:12]}.")
        return job.result or {}

    def _clear(self) -> tuple[int, int]:
        """How many jobs and events were forgotten."""
        now = self._clock.now()
        jobs, events = parse_days(self._setting(KEEP_JOBS)), parse_days(self._setting(KEEP_EVENTS))
        return (
            0 if jobs is None else self._catalog.jobs.forget(now - timedelta(days=jobs)),
            0 if events is None else self._catalog.events.forget(now - timedelta(days=events)),
        )

    def _setting(self, key: str) -> str:
        return self._catalog.settings.get(key) or setting(key).default
