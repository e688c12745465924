"""After which jobs replication runs by itself. A backup's own commands (truncating logs, say) are part of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from console.domain.jobs import Job, JobKind, JobState, Trigger


@dataclass(frozen=True, slots=True)
class Following:
    """Why a run starts: what it says as its trigger and, in words, as its reason."""

    trigger: Trigger
    reason: str


FOLLOWED: Mapping[JobKind, Following] = {
    JobKind.POINT_CHECK: Following(Trigger.FOLLOWS_CHECK, "recovery points were checked"),
    JobKind.REPOSITORY_CHECK: Following(Trigger.FOLLOWS_CHECK, "their repository was checked"),
    JobKind.NIGHTLY: Following(Trigger.FOLLOWS_NIGHTLY, "the nightly jobs have ended"),
}
"""Besides backups, which name the machine that has a new point."""
ARRIVED = Following(Trigger.FOLLOWS_ARRIVAL, "a point has come from another Core")


def followed_by(job: Job) -> Following | None:
    """What follows a job that has ended; None: nothing. What fails is followed by nothing, and checks that are part of
    the nightly jobs are followed once, when all of them are over."""
    if job.state is not JobState.SUCCEEDED:
        return None
    if job.kind is JobKind.POINT_CHECK and job.trigger is Trigger.SCHEDULE:
        return None
    return FOLLOWED.get(job.kind)
