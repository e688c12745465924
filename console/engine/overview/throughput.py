"""How many bytes were moved when, from what jobs say they moved."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from console.catalog import Catalog
from console.domain.clock import Clock, iso
from console.domain.jobs import Job, JobKind
from console.domain.overview_answers import BucketAnswer, Throughput

SPANS = {"24h": (86_400, 1_800), "7d": (7 * 86_400, 3 * 3_600), "30d": (30 * 86_400, 12 * 3_600)}
"""What a span covers, and how long one bucket of it is, in seconds."""
_KINDS = (JobKind.BACKUP, JobKind.REPLICATE, JobKind.REPLICATE_POINT, JobKind.RESTORE, JobKind.SEED_CONSUME)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Moved:
    """What one job moved, in bytes. `machine`: id, empty where it was several or none."""

    machine: str
    started: datetime
    ended: datetime
    read: int = 0
    stored: int = 0
    sent: int = 0
    received: int = 0
    restored: int = 0


class Amounts:
    """Remembers what each job moved: its result never changes, and may be long."""

    def __init__(self, catalog: Catalog, clock: Clock) -> None:
        self._catalog = catalog
        self._clock = clock
        self._known: dict[str, Moved] = {}
        self.received: Callable[[datetime], Sequence[tuple[datetime, datetime, int]]] = lambda _: ()
        """Set by the Core: what came from sources since a moment: from when to when, and how many bytes."""

    def over(self, span: str, machine: str | None) -> Throughput:
        """Buckets up to now. `span`: a key of SPANS. Of one machine: what its backups and restores moved; a run of a
        pairing moves those of several. What a job moved is spread evenly over its time.

        Raises Failed `no-such-machine`.
        """
        wanted = self._catalog.machines.get(machine).id if machine else None
        covered, step = SPANS[span]
        now = self._clock.now()
        last = int((now - _EPOCH).total_seconds()) // step
        first = last - covered // step + 1
        start = _EPOCH + timedelta(seconds=first * step)
        moved = [one for one in self._moved(start) if wanted is None or one.machine == wanted]
        if wanted is None:
            moved += [Moved("", begin, min(end, now), received=size) for begin, end, size in self.received(start)]
        return {"span_s": step, "buckets": _spread(moved, start, step, last - first + 1)}

    def _moved(self, since: datetime) -> list[Moved]:
        ids = [id for id, _ in self._catalog.jobs.succeeded(since, _KINDS)]
        known = self._known
        unknown = [id for id in ids if id not in known]
        if unknown:
            jobs = self._catalog.jobs.several(unknown)
            fresh = {id: moved for id, job in jobs.items() if (moved := self._of(job)) is not None}
            # What has left the longest span is forgotten with it.
            oldest = self._clock.now() - timedelta(seconds=max(covered for covered, _ in SPANS.values()) + 86_400)
            known = {id: one for id, one in known.items() if one.ended >= oldest} | fresh
            self._known = known
        return [known[id] for id in ids if id in known]

    def _of(self, job: Job) -> Moved | None:
        if job.ended is None or job.result is None:
            return None
        result, started = job.result, job.started or job.created
        match job.kind:
            case JobKind.BACKUP:
                images = [image for image in result.get("images", ()) if isinstance(image, dict)]
                read = sum(_bytes(image, "bytes_read") for image in images)
                stored = sum(_bytes(image, "bytes_stored") for image in images)
                return Moved(job.subject, started, job.ended, read=read, stored=stored)
            case JobKind.REPLICATE | JobKind.REPLICATE_POINT:
                return Moved("", started, job.ended, sent=_bytes(result, "bytes_sent"))
            case JobKind.RESTORE:
                point = self._catalog.points.find(job.subject)
                machine = point.machine if point else ""
                return Moved(machine, started, job.ended, restored=_bytes(result, "bytes"))
            case _:
                return Moved("", started, job.ended, received=_bytes(result, "bytes"))


def _spread(moved: list[Moved], start: datetime, step: int, count: int) -> list[BucketAnswer]:
    keys = ("read", "stored", "sent", "received", "restored")
    buckets: list[dict[str, float]] = [dict.fromkeys(keys, 0.0) for _ in range(count)]
    for one in moved:
        begin, end = (one.started - start).total_seconds(), (one.ended - start).total_seconds()
        length = end - begin
        for number in range(max(0, int(begin // step)), min(count - 1, int(end // step)) + 1):
            # A job that took no time at all lies in one bucket.
            share = 1.0
            if length > 0:
                share = (min(end, (number + 1) * step) - max(begin, number * step)) / length
            for key in keys:
                buckets[number][key] += getattr(one, key) * share
    return [
        {
            "time": iso(start + timedelta(seconds=number * step)),
            "read": round(bucket["read"]),
            "stored": round(bucket["stored"]),
            "sent": round(bucket["sent"]),
            "received": round(bucket["received"]),
            "restored": round(bucket["restored"]),
        }
        for number, bucket in enumerate(buckets)
    ]


def _bytes(result: Mapping[str, Any], key: str) -> int:
    found = result.get(key, 0)
    return found if isinstance(found, int) else 0
