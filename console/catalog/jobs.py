"""Jobs and their logs."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Row, delete, func, insert, select, update

from console.catalog import cursors, rows
from console.catalog.batches import batches
from console.catalog.database import Database
from console.catalog.moments import from_us, to_us
from console.catalog.names import beginning, find_row
from console.catalog.soundness import sound
from console.catalog.texts import storable
from console.domain.errors import Failure, not_found
from console.domain.events import Changed
from console.domain.jobs import Job, JobKind, JobState, JobWarning, LogLine, Trigger
from console.domain.progress import Progress

_t = rows.jobs.c
_log = rows.job_log.c
_NOUN = "job"
_UNENDED = [state.value for state in JobState if not state.ended]


class Jobs:
    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, job: Job) -> None:
        with self._database.write(Changed.JOBS) as connection:
            connection.execute(insert(rows.jobs).values(_to_row(job)))

    def update(self, job: Job) -> None:
        """The job with this id becomes this. Raises Failed `no-such-job`."""
        with self._database.write(Changed.JOBS) as connection:
            if not connection.execute(update(rows.jobs).where(_t.id == job.id).values(_to_row(job))).rowcount:
                raise not_found(_NOUN, job.id)

    def get(self, id: str) -> Job:
        """By id or beginning of an id. Raises Failed `no-such-job`, `ambiguous-id`."""
        with self._database.read() as connection:
            row = find_row(connection, select(rows.jobs), rows.jobs, id, _NOUN, named=False, prefix=True)
        if row is None:
            raise not_found(_NOUN, id)
        return _from_row(row)

    def page(
        self,
        state: JobState | None = None,
        kind: JobKind | None = None,
        subject: str | None = None,
        limit: int = 100,
        after: str | None = None,
    ) -> tuple[list[Job], str | None]:
        """The newest first. Returns the cursor of the next page, None behind the last. Raises Failed `bad-cursor`."""
        statement = select(rows.jobs)
        if state is not None:
            statement = statement.where(_t.state == state.value)
        if kind is not None:
            statement = statement.where(_t.kind == kind.value)
        if subject is not None:
            statement = statement.where(_t.subject == subject)
        statement = cursors.page_of(statement, _t.created_us, _t.id, limit=limit, after=after, newest_first=True)
        with self._database.read() as connection:
            found = connection.execute(statement).all()
        return [_from_row(row) for row in found[: max(1, limit)]], cursors.next_of(found, limit, "created_us")

    def window(
        self,
        states: Collection[JobState] | None = None,
        kind: JobKind | None = None,
        subject: str | None = None,
        *,
        descending: bool = True,
        offset: int = 0,
        limit: int = 100,
    ) -> tuple[list[Job], int]:
        """Jobs in one of some states (None: any) in order of their time, from `offset` on, and how many there are."""
        wanted: list[ColumnElement[bool]] = []
        if states is not None:
            chosen = {state.value for state in states}
            # Few are not ended: what is asked for is left to them, and the rest is read in order.
            rare = chosen <= set(_UNENDED)
            others = [state.value for state in JobState if state.value not in chosen]
            wanted.append(_t.state.in_(chosen) if rare or len(chosen) == 1 else _t.state.not_in(others))
        if kind is not None:
            wanted.append(_t.kind == kind.value)
        if subject is not None:
            wanted.append(_t.subject == subject)
        order = (_t.created_us.desc(), _t.id.desc()) if descending else (_t.created_us, _t.id)
        ids = select(_t.id).where(*wanted).order_by(*order).offset(offset).limit(limit)
        with self._database.read() as connection:
            total = int(connection.scalar(select(func.count()).select_from(rows.jobs).where(*wanted)) or 0)
            chosen_ids = list(connection.scalars(ids))
            found = self.several(chosen_ids)
        return [found[id] for id in chosen_ids if id in found], total

    def outcomes(self, since: datetime) -> dict[JobState, int]:
        """How many jobs ended since a moment, by what they ended as."""
        statement = select(_t.state, func.count()).where(_t.ended_us >= to_us(since)).group_by(_t.state)
        with self._database.read() as connection:
            return {sound(JobState)(state): int(count) for state, count in connection.execute(statement)}

    def succeeded(self, since: datetime, kinds: Collection[JobKind]) -> list[tuple[str, datetime]]:
        """Jobs (ids) of some kinds that ended well at a moment or later, with the time they ended, oldest first."""
        statement = select(_t.id, _t.ended_us).where(
            _t.ended_us >= to_us(since),
            _t.state == JobState.SUCCEEDED.value,
            _t.kind.in_([kind.value for kind in kinds]),
        )
        with self._database.read() as connection:
            found = connection.execute(statement.order_by(_t.ended_us, _t.id))
            return [(id, from_us(ended_us)) for id, ended_us in found]

    def several(self, ids: Collection[str]) -> dict[str, Job]:
        """Those of these jobs (ids) that are known, by id."""
        found: dict[str, Job] = {}
        with self._database.read() as connection:
            for part in batches(ids):
                read = connection.execute(select(rows.jobs).where(_t.id.in_(part)))
                found.update((row.id, _from_row(row)) for row in read)
        return found

    def beginning(self, prefix: str, limit: int) -> list[Job]:
        """Jobs whose ids begin like this, at most `limit`."""
        statement = select(rows.jobs).where(beginning(_t.id, prefix)).order_by(_t.id).limit(limit)
        with self._database.read() as connection:
            return [_from_row(row) for row in connection.execute(statement)]

    def append_log(self, job: str, lines: Sequence[LogLine]) -> None:
        """Lines behind those that a job (id) has. Raises Failed `no-such-job`."""
        if not lines:
            return
        with self._database.write(Changed.JOBS) as connection:
            if connection.scalar(select(_t.id).where(_t.id == job)) is None:
                raise not_found(_NOUN, job)
            last = connection.scalar(select(func.max(_log.number)).where(_log.job == job)) or 0
            connection.execute(
                insert(rows.job_log),
                [
                    {"job": job, "number": number, "time_us": to_us(line.time), "text": storable(line.text)}
                    for number, line in enumerate(lines, last + 1)
                ],
            )

    def log(self, job: str) -> list[LogLine]:
        """What a job (id) has written, in order."""
        statement = select(_log.time_us, _log.text).where(_log.job == job).order_by(_log.number)
        with self._database.read() as connection:
            return [LogLine(from_us(time_us), text) for time_us, text in connection.execute(statement)]

    def forget(self, before: datetime) -> int:
        """Jobs that ended before a moment go, with their logs. Returns how many they were."""
        ended = (_t.ended_us < to_us(before)) & _t.state.not_in(_UNENDED)
        with self._database.transaction() as connection:
            gone = connection.execute(delete(rows.jobs).where(ended)).rowcount
            if gone:
                self._database.touch(Changed.JOBS)
            return gone

    def unended(self) -> list[Job]:
        """Jobs that are queued, running or being cancelled, oldest first."""
        statement = select(rows.jobs).where(_t.state.in_(_UNENDED)).order_by(_t.created_us, _t.id)
        with self._database.read() as connection:
            return [_from_row(row) for row in connection.execute(statement)]


def _to_row(job: Job) -> dict[str, Any]:
    return {
        "id": job.id,
        "kind": job.kind.value,
        "subject": job.subject,
        "state": job.state.value,
        "started_by": job.trigger.value,
        "created_us": to_us(job.created),
        "reason": storable(job.reason),
        "user_name": job.user,
        "started_us": to_us(job.started),
        "ended_us": to_us(job.ended),
        "progress": msgspec.to_builtins(job.progress),
        "result": msgspec.to_builtins(job.result),
        "failure": msgspec.to_builtins(job.failure),
        "warnings": [[warning.code, warning.message] for warning in job.warnings],
        "warning_count": job.warning_count,
        "part": job.part,
        "priority": job.priority,
        "parent": job.parent,
    }


@sound
def _from_row(row: Row[Any]) -> Job:
    return Job(
        id=row.id,
        kind=JobKind(row.kind),
        subject=row.subject,
        state=JobState(row.state),
        trigger=Trigger(row.started_by),
        created=from_us(row.created_us),
        reason=row.reason,
        user=row.user_name,
        started=from_us(row.started_us),
        ended=from_us(row.ended_us),
        progress=Progress(**row.progress),
        result=row.result,
        failure=None if row.failure is None else Failure.from_dict(row.failure),
        warnings=tuple(JobWarning(code, message) for code, message in row.warnings),
        warning_count=row.warning_count,
        part=row.part,
        priority=row.priority,
        parent=row.parent,
    )
