"""Jobs: a queue, lanes, threads, progress, and every way a job can end."""

from __future__ import annotations

import logging
import threading
import traceback
import uuid
from collections.abc import Callable, Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Any

from console.catalog import Catalog
from console.domain.clock import Clock
from console.domain.errors import Cancelled, Failed, Failure, refused
from console.domain.events import Severity
from console.domain.jobs import Job, JobKind, JobState, LogLine, Trigger
from console.domain.queueing import MIDDLE, Limits, Pool, Queued, pool_of, starting
from console.engine.job_reporter import JobReporter as JobReporter
from console.engine.journal import Journal

log = logging.getLogger(__name__)

Work = Callable[["JobReporter"], dict[str, Any]]

NO_ROOM = "catalog-full"
AT_ONCE = 4
SENDING = 4
OVERSEEING = 4
READING = frozenset({JobKind.RESTORE})
"""Kinds of jobs that are done even if the catalog has no room to write them down."""


@dataclass
class _Entry:
    """One job that has not ended. Guarded by `Jobs._lock`, except `cancel`."""

    job: Job
    work: Work
    lanes: frozenset[str]
    group: str = ""
    at_once: int = 1
    since: float = 0.0
    version: int = 1
    cancel: threading.Event = field(default_factory=threading.Event)
    reporter: JobReporter | None = None
    writing: threading.Lock = field(default_factory=threading.Lock)
    ended: bool = False

    def queued(self, now: float) -> Queued:
        """As the rule of the queue sees it."""
        job = self.job
        return Queued(job.id, job.kind, now - self.since, job.priority, self.lanes, self.group, self.at_once)


class Jobs:
    """Runs jobs in threads: a few at once of each pool, one per lane (`domain.queueing`). Every job and its ending is
    in the catalog."""

    def __init__(self, catalog: Catalog, clock: Clock, journal: Journal, *, at_once: int = AT_ONCE) -> None:
        """`at_once`: jobs that work on what is here; what goes to other Cores, and what only waits for other jobs, has
        threads of its own."""
        self._catalog = catalog
        self._clock = clock
        self._journal = journal
        self._limits = Limits({Pool.WORK: at_once, Pool.SENDING: SENDING, Pool.OVERSEEING: OVERSEEING})
        self._pools = {
            pool: ThreadPoolExecutor(size, thread_name_prefix="job") for pool, size in self._limits.pools.items()
        }
        self._lock = threading.Condition()
        self._queue: list[_Entry] = []
        self._running: dict[str, _Entry] = {}
        self._followers: list[tuple[JobKind, Callable[[Job], None]]] = []
        self._stopping = False
        self._unwritten: dict[str, Job] = {}
        """As they are now: jobs that the catalog had no room for. Written as soon as it has."""
        for job in catalog.jobs.unended():
            ended = replace(
                job,
                state=JobState.INTERRUPTED,
                ended=clock.now(),
                failure=Failure("interrupted", "The Core ended while this job ran.", "Start it again; it goes on."),
            )
            if self._keep(ended):
                journal.note(Severity.WARNING, "job-interrupted", f"A {job.kind} job was interrupted.", job.id)

    def then(self, kind: JobKind, follower: Callable[[Job], None]) -> None:
        """`follower` is called with each job of this kind after it ended, in the job's thread."""
        self._followers.append((kind, follower))

    def submit(
        self,
        kind: JobKind,
        subject: str,
        work: Work,
        *,
        trigger: Trigger = Trigger.PERSON,
        reason: str = "",
        user: str = "",
        lanes: Collection[str] = (),
        priority: int = MIDDLE,
        group: str = "",
        at_once: int = 1,
        part: str = "",
        parent: str = "",
    ) -> Job:
        """Queues work; its return is the job's result. `lanes` name what only one job may work on at a time; of a
        `group` (empty: none) `at_once` jobs run together at most. `priority`: 1 to 10, growing while it waits."""
        job = Job(
            uuid.uuid4().hex,
            kind,
            subject,
            JobState.QUEUED,
            trigger,
            self._clock.now(),
            reason,
            user,
            part=part,
            priority=priority,
            parent=parent,
        )
        with self._lock:
            if self._stopping:
                raise refused("core-stopping", "This Core is stopping and takes no new jobs.", "Start it again first.")
        self.catch_up()
        if kind in READING:
            self._keep(job)
        else:
            self._catalog.jobs.add(job)
        with self._lock:
            since = self._clock.monotonic()
            self._queue.append(_Entry(job, work, frozenset(lanes), group, at_once, since))
        self._dispatch()
        return job

    def get(self, job: str) -> Job:
        """With the newest progress while it runs. Raises Failed `no-such-job`."""
        with self._lock:
            entry = self._find(job)
            if entry is not None:
                progress = entry.reporter.snapshot() if entry.reporter else entry.job.progress
                return replace(entry.job, progress=progress)
        self.catch_up()
        with self._lock:
            unwritten = self._unwritten.get(job)
        return unwritten or self._catalog.jobs.get(job)

    def wait(self, job: str, version: int, timeout: float) -> tuple[Job, int]:
        """The job and its version as soon as that is another than `version`, or after `timeout` seconds."""

        def moved() -> bool:
            entry = self._find(job)
            return entry is None or entry.version != version

        with self._lock:
            self._lock.wait_for(moved, timeout)
            entry = self._find(job)
            current = entry.version if entry is not None else -1
        return self.get(job), current

    def cancel(self, job: str) -> Job:
        """Asks a job to end. One that has ended stays as it is."""
        with self._lock:
            entry = self._find(job)
            if entry is None:
                return self._catalog.jobs.get(job)
            entry.cancel.set()
            if entry in self._queue:
                self._queue.remove(entry)
                queued = True
            else:
                queued = False
                entry.job = replace(entry.job, state=JobState.CANCELLING)
            entry.version += 1
            self._lock.notify_all()
        if queued:
            self._end(entry, JobState.CANCELLED, failure=Cancelled().failure)
        else:
            self._write(entry)
        return self.get(entry.job.id)

    def busy(self) -> int:
        """How many jobs are queued or running."""
        with self._lock:
            return len(self._queue) + len(self._running)

    def pending(self, kind: JobKind, subject: str) -> Job | None:
        """A queued (not yet running) job of this kind and subject, so that the same wish is not queued twice."""
        with self._lock:
            return next((e.job for e in self._queue if e.job.kind is kind and e.job.subject == subject), None)

    def running(self, kind: JobKind, subject: str) -> Job | None:
        """The running job of this kind and subject, with its progress, if there is one."""
        with self._lock:
            entries = [e for e in self._running.values() if e.job.kind is kind and e.job.subject == subject]
            if not entries:
                return None
            reporter = entries[0].reporter
            return replace(entries[0].job, progress=reporter.snapshot()) if reporter else entries[0].job

    def drain(self, timeout: float | None = None) -> bool:
        """Waits until no job is queued or running, also those that jobs started. False when `timeout` came first."""
        with self._lock:
            return self._lock.wait_for(lambda: not self._queue and not self._running, timeout)

    def stop(self, timeout: float = 20.0) -> None:
        """Takes no new jobs, cancels queued and running ones and waits for them."""
        with self._lock:
            self._stopping = True
            entries = [*self._queue, *self._running.values()]
        for entry in entries:
            self.cancel(entry.job.id)
        self.drain(timeout)
        self.catch_up()
        for pool in self._pools.values():
            pool.shutdown(wait=False, cancel_futures=True)

    def publish(self, reporter: JobReporter) -> None:
        """Called by a reporter a few times a second: wakes those who wait and writes what must survive."""
        lines = reporter.drain()
        with self._lock:
            entry = self._running.get(reporter.job_id)
            if entry is None:
                return
            entry.version += 1
            entry.job = replace(entry.job, progress=reporter.snapshot(), warning_count=reporter.warning_count)
            self._lock.notify_all()
        if lines:
            self._append_log(reporter.job_id, lines)

    def catch_up(self) -> None:
        """Writes down what there was no room for in the catalog, if there is room now."""
        with self._lock:
            waiting = list(self._unwritten.values())
        for job in waiting:
            if not self._keep(job):
                return

    def _find(self, job: str) -> _Entry | None:
        entry = self._running.get(job)
        if entry is not None:
            return entry
        entries = [*self._queue, *self._running.values()]
        found = [e for e in entries if e.job.id == job or (len(job) >= 4 and e.job.id.startswith(job))]
        return found[0] if len(found) == 1 else None

    def _write(self, entry: _Entry) -> None:
        """Records where a job stands; never after its ending. The catalog is not called under `_lock`."""
        with entry.writing:
            if not entry.ended:
                self._keep(entry.job)

    def _keep(self, job: Job) -> bool:
        """Writes a job down as it is; where the catalog has no room that is put off. Whether it is written."""
        with self._lock:
            new = job.id in self._unwritten or (not job.state.ended and job.started is None)
        try:
            try:
                self._catalog.jobs.update(job)
            except Failed as known:
                if known.failure.code != "no-such-job" or not new:
                    raise
                self._catalog.jobs.add(job)
        except Failed as known:
            if known.failure.code != NO_ROOM:
                raise
            log.warning("Job %s is written down later: %s", job.id, known.failure.message)
            with self._lock:
                self._unwritten[job.id] = job
            return False
        with self._lock:
            self._unwritten.pop(job.id, None)
        return True

    def _append_log(self, job: str, lines: Sequence[LogLine]) -> None:
        """Lines that the catalog has no room for are lost; the work goes on."""
        with self._lock:
            if job in self._unwritten:
                return
        try:
            self._catalog.jobs.append_log(job, lines)
        except Failed as known:
            if known.failure.code != NO_ROOM:
                raise

    def _dispatch(self) -> None:
        """Starts what may start now."""
        begun: list[_Entry] = []
        with self._lock:
            if not self._stopping:
                now = self._clock.monotonic()
                waiting = [entry.queued(now) for entry in self._queue]
                chosen = starting(waiting, [entry.queued(now) for entry in self._running.values()], self._limits)
                entries = {entry.job.id: entry for entry in self._queue}
                begun = [entries[id] for id in chosen]
            for entry in begun:
                self._queue.remove(entry)
                entry.reporter = JobReporter(entry.job.id, self._clock, entry.cancel, self.publish)
                entry.job = replace(entry.job, state=JobState.RUNNING, started=self._clock.now())
                entry.version += 1
                self._running[entry.job.id] = entry
            self._lock.notify_all()
        for entry in begun:
            self._write(entry)
            self._pools[pool_of(entry.job.kind)].submit(self._run, entry)

    def _run(self, entry: _Entry) -> None:
        assert entry.reporter is not None
        try:
            entry.reporter.check()
            result = entry.work(entry.reporter)
        except Cancelled as cancelled:
            self._end(entry, JobState.CANCELLED, failure=cancelled.failure)
        except Failed as known:
            self._end(entry, JobState.FAILED, failure=known.failure)
        except BaseException as bug:
            log.error("job %s (%s) crashed", entry.job.id, entry.job.kind, exc_info=bug)
            entry.reporter.log("".join(traceback.format_exception(bug)))
            sentence = f"The {entry.job.kind} job ended because of a bug in Replicore: {type(bug).__name__}."
            failure = Failure("crashed", sentence, "The job's log has the details; please report them.")
            self._end(entry, JobState.CRASHED, failure=failure)
        else:
            self._end(entry, JobState.SUCCEEDED, result=result)

    def _end(
        self,
        entry: _Entry,
        state: JobState,
        *,
        result: dict[str, Any] | None = None,
        failure: Failure | None = None,
    ) -> None:
        reporter = entry.reporter
        if failure is not None and reporter is not None:
            reporter.log(failure.message)
        ended = replace(
            entry.job,
            state=state,
            ended=self._clock.now(),
            result=result,
            failure=failure,
            progress=reporter.snapshot() if reporter else entry.job.progress,
            warnings=tuple(reporter.warnings) if reporter else (),
            warning_count=reporter.warning_count if reporter else 0,
        )
        # Whatever goes wrong while the ending is written down, nobody may wait for this job for ever.
        try:
            if reporter is not None:
                self._append_log(ended.id, reporter.drain())
            with entry.writing:
                entry.ended = True
                self._keep(ended)
            self._tell(ended)
            for kind, follower in self._followers:
                if kind is ended.kind and not self._stopping:
                    follower(ended)
        except Exception:
            log.exception("the ending of job %s could not be recorded", ended.id)
        finally:
            with self._lock:
                self._running.pop(ended.id, None)
                self._lock.notify_all()
            self._dispatch()

    def _tell(self, job: Job) -> None:
        if job.state in (JobState.FAILED, JobState.CRASHED) and job.failure is not None:
            self._journal.note(
                Severity.ERROR, f"{job.kind}-{job.state}", f"{job.kind}: {job.failure.message}", job.subject, alert=True
            )
