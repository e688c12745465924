"""Jobs: what runs, what ran, how it ended."""

from __future__ import annotations

import asyncio
from typing import Annotated

from fastapi import Query, Request

from console.domain.answers import JobAnswer, JobLog, JobPage
from console.domain.clock import iso
from console.domain.jobs import JobKind, JobState
from console.service import present
from console.service.access import JobKeeper, Reader
from console.service.routing import After, Limit, noun

router = noun("jobs")

WAIT_MAX_S = 30.0


@router.get("/jobs")
def jobs(
    by: Reader,
    state: JobState | None = None,
    kind: JobKind | None = None,
    subject: str | None = None,
    limit: Limit = 100,
    after: After = None,
) -> JobPage:
    """Newest first."""
    found, more = by.core.catalog.jobs.page(state=state, kind=kind, subject=subject, limit=limit, after=after)
    # What runs is further on than what was last written down.
    current = [by.core.jobs.get(job.id) if not job.state.ended else job for job in found]
    return {"jobs": [present.job(by.core, job, 0) for job in current], "next": more}


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


@router.get("/jobs/{job}/log")
def job_log(job: str, by: Reader) -> JobLog:
    found = by.core.jobs.get(job)
    lines = by.core.catalog.jobs.log(found.id)
    return {"job": found.id, "lines": [{"time": iso(line.time), "text": line.text} for line in lines]}
