"""Which of the jobs that wait may start: in which order, how many of a sort at once, and which never together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from console.domain.jobs import JobKind

MIDDLE = 5
"""The priority of what says nothing else: 1 is the least, 10 the most."""
AGE_S = 600.0
"""Whoever waits gains one step of priority in so many seconds: the least of all is ahead of the newest after an hour
and a half."""


class Pool(StrEnum):
    """Jobs of one pool share its threads; those of another do not wait for them."""

    WORK = "work"
    SENDING = "sending"
    OVERSEEING = "overseeing"


_POOLS = {
    JobKind.REPLICATE: Pool.SENDING,
    JobKind.REPLICATE_POINT: Pool.SENDING,
    JobKind.NIGHTLY: Pool.OVERSEEING,
}


def pool_of(kind: JobKind) -> Pool:
    """Replication may take days, and has a pool of its own; so has what only waits for other jobs."""
    return _POOLS.get(kind, Pool.WORK)


@dataclass(frozen=True, slots=True)
class Queued:
    """A job that waits or runs. `waited`: seconds. `lanes`: what only one job works on at a time. `group`: of the jobs
    of one group `at_once` run together at most; empty: no group."""

    id: str
    kind: JobKind
    waited: float = 0.0
    priority: int = MIDDLE
    lanes: frozenset[str] = frozenset()
    group: str = ""
    at_once: int = 1


@dataclass(frozen=True, slots=True)
class Limits:
    """How many run at once: in each pool, and of single kinds."""

    pools: Mapping[Pool, int]
    kinds: Mapping[JobKind, int] = field(default_factory=dict)


def ordered(waiting: Iterable[Queued]) -> list[Queued]:
    """As their turn is: by priority, which grows with waiting; of equal ones who came first."""
    return sorted(waiting, key=lambda job: -(job.priority + job.waited / AGE_S))


def starting(waiting: Iterable[Queued], running: Sequence[Queued], limits: Limits) -> list[str]:
    """The jobs (ids) that may start now, in this order. `waiting`: who came first is first.

    A job that cannot start holds up those behind it that need one of its lanes or are of its group, and no others.
    """
    pools = Counter(pool_of(job.kind) for job in running)
    kinds = Counter(job.kind for job in running)
    groups = Counter(job.group for job in running if job.group)
    taken = {lane for job in running for lane in job.lanes}
    found: list[str] = []
    for job in ordered(waiting):
        pool = pool_of(job.kind)
        free = not job.lanes & taken and (not job.group or groups[job.group] < job.at_once)
        room = pools[pool] < limits.pools[pool] and kinds[job.kind] < limits.kinds.get(job.kind, limits.pools[pool])
        taken |= job.lanes
        if not (free and room):
            # Whoever comes later must not overtake it in its own lanes or group.
            groups[job.group] += job.at_once
            continue
        pools[pool] += 1
        kinds[job.kind] += 1
        groups[job.group] += 1
        found.append(job.id)
    return found
