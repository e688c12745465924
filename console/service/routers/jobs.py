"""Jobs: what runs, what ran, how it ended."""

from __future__ import annotations

import asyncio
from typing import Annotated, Literal

from fastapi import Query, Request

from console.domain.answers import Fed, JobAnswer, JobLog, JobPage
from console.domain.clock import iso
from console.domain.errors import refused, usage
from console.domain.jobs import Job, JobKind, JobState
from console.engine.core import Core
from console.service import present
from console.service.access import BacksUp, JobKeeper, Reader
from console.service.routing import After, Limit, Offset, not_both, noun

router = noun("jobs")

FEED_S = 20.0
"""A call that feeds waits so long for room (seconds)."""

WAIT_MAX_S = 30.0
State = Literal[
    "queued", "running", "cancelling", "succeeded", "failed", "crashed", "cancelled", "interrupted", "active", "ended"
]
assert set(State.__args__) == {"active", "ended", *JobState}  # type: ignore[attr-defined]


@router.get("/jobs")
def jobs(
    by: Reader,
    state: State | None = None,
    kind: JobKind | None = None,
    subject: str | None = None,
    descending: bool = True,
    offset: Offset = None,
    limit: Limit = 100,
    after: After = None,
) -> JobPage:
    """Newest first. `state`: one of the states, `active` or `ended`. With `offset` a window, which has the total; only
    windows run the other way, or over several states."""
    catalog = by.core.catalog.jobs
    states = _states(state)
    if offset is not None:
        not_both(offset, after)
        found, total = catalog.window(states, kind, subject, descending=descending, offset=offset, limit=limit)
        return {"jobs": _current(by.core, found), "next": None, "total": total}
    if not descending or (states is not None and len(states) > 1):
        raise usage("order-needs-offset", "Pages by cursor are newest first, of one state.", "Give an offset.")
    one = next(iter(states), None) if states else None
    found, more = catalog.page(state=one, kind=kind, subject=subject, limit=limit, after=after)
    return {"jobs": _current(by.core, found), "next": more}


@router.get("/jobs/{job}")
async def job(
    request: Request,
    job: str,
    by: Reader,
    wait: Annotated[float, Query(ge=0, le=WAIT_MAX_S, description="Seconds to wait for another version.")] = 0.0,
    version: Annotated[int, Query(description="The version that is known already.")] = 0,
) -> JobAnswer:
    """With `wait` and `version`: as soon as it is in another version, or after so many seconds."""

    def look() -> JobAnswer:
        found, current = by.core.jobs.wait(job, version, wait)
        return present.job(by.core, found, current)

    # Those who wait have threads of their own, so that they do not keep others from being answered.
    return await asyncio.get_running_loop().run_in_executor(request.app.state.waiters, look)


@router.post("/jobs/{job}/cancel")
def cancel_job(job: str, by: JobKeeper) -> JobAnswer:
    """Asks it to end; one that has ended stays as it is."""
    by.core.jobs.cancel(job)
    found, version = by.core.jobs.wait(job, 0, 0.0)
    return present.job(by.core, found, version)


@router.put("/jobs/{job}/feed")
async def feed(
    job: str,
    request: Request,
    by: BacksUp,
    offset: Annotated[int, Query(ge=0, description="How many bytes were given before.")] = 0,
    last: Annotated[bool, Query(description="There is no more.")] = False,
) -> Fed:
    """A piece of what a stream volume is fed with, as the body of this call; of any size a call may have. The backup
    waits for the next one for a minute: an empty piece says that more comes still. What was not taken is to be given
    again."""
    stream = by.core.protect.feeds.get(by.core.jobs.get(job).id)
    piece = await request.body()
    until = by.core.clock.monotonic() + FEED_S
    while not await asyncio.to_thread(stream.put, piece, offset, 1.0):
        if stream.closed or by.core.jobs.get(job).state.ended:
            raise refused("stream-not-wanted", "The backup takes no more.", "See how it ended: replicore job show")
        if by.core.clock.monotonic() > until:
            return {"taken": False, "bytes": offset}
    if last:
        stream.finish()
    return {"taken": True, "bytes": stream.taken}


def _states(wanted: str | None) -> list[JobState] | None:
    if wanted is None:
        return None
    if wanted in ("active", "ended"):
        return [state for state in JobState if state.ended == (wanted == "ended")]
    return [JobState(wanted)]


def _current(core: Core, found: list[Job]) -> list[JobAnswer]:
    # What runs is further on than what was last written down.
    current = [core.jobs.get(job.id) if not job.state.ended else job for job in found]
    return [present.job(core, job, 0) for job in current]


@router.get("/jobs/{job}/log")
def job_log(job: str, by: Reader) -> JobLog:
    found = by.core.jobs.get(job)
    lines = by.core.catalog.jobs.log(found.id)
    return {"job": found.id, "lines": [{"time": iso(line.time), "text": line.text} for line in lines]}
