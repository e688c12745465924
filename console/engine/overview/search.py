"""One text, looked for in everything that has a name, a date or an id."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import zip_longest

from console.catalog import Catalog
from console.catalog.names import is_prefix
from console.catalog.windows import PointFilter, PointSort
from console.domain.jobs import Job
from console.domain.machines import Machine
from console.domain.overview_answers import HitAnswer, Hits
from console.domain.recovery_points import RecoveryPoint
from console.engine.overview.standings import Standings

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
NEWEST_JOBS = 3
"""Of each machine or pairing that was found."""


class Search:
    def __init__(self, catalog: Catalog, standings: Standings) -> None:
        self._catalog = catalog
        self._standings = standings

    def find(self, text: str, limit: int) -> Hits:
        """What has all words of a text in its name (or path, comment, message), or begins with it as an id; points
        also by their day, as in `web 2026-05-04`. Kind by kind; where they are too many, some of each."""
        text = text.strip()
        if not text:
            return {"hits": []}
        words = text.casefold().split()
        machines = [
            machine
            for machine in self._standings.machines().values()
            if _has(words, *_said(machine)) or _begins(machine.id, text)
        ]
        kinds = [
            [_machine(machine) for machine in machines[:limit]],
            self._pairings(words)[:limit],
            self._repositories(words)[:limit],
            self._seeds(text, words)[:limit],
            [self._point(point) for point in self._points(text, words, limit)],
            [self._job(job) for job in self._jobs(text, machines, limit)],
            self._events(text, limit),
        ]
        room = [0] * len(kinds)
        for turn in zip_longest(*(range(len(kind)) for kind in kinds)):
            for number, index in enumerate(turn):
                if index is not None and sum(room) < limit:
                    room[number] += 1
        return {"hits": [hit for kind, count in zip(kinds, room, strict=True) for hit in kind[:count]]}

    def _pairings(self, words: list[str]) -> list[HitAnswer]:
        return [
            _hit("pairing", one.id, one.name, f"{one.direction.value}, {one.peer.name}")
            for one in self._catalog.pairings.list()
            if _has(words, one.name, one.peer.name, one.host)
        ]

    def _repositories(self, words: list[str]) -> list[HitAnswer]:
        found = self._catalog.repositories.list()
        return [_hit("repository", one.id, one.name, one.path) for one in found if _has(words, one.name, one.path)]

    def _seeds(self, text: str, words: list[str]) -> list[HitAnswer]:
        return [
            _hit("seed drive", one.id, one.title, one.state.value)
            for one in self._catalog.seeds.list()
            if _has(words, one.comment, one.customer_id, one.location) or _begins(one.id, text)
        ]

    def _points(self, text: str, words: list[str], limit: int) -> list[RecoveryPoint]:
        if is_prefix(text):
            return self._catalog.points.beginning(text, limit)
        days = [word for word in words if _DAY.fullmatch(word)]
        if not days:
            return []
        try:
            day = datetime.fromisoformat(days[0]).replace(tzinfo=UTC)
        except ValueError:
            return []
        until = day + timedelta(days=1) - timedelta(microseconds=1)
        names = [word for word in words if word not in days]
        wanted = [PointFilter(None, None, day, until)]
        if names:
            machines = self._standings.machines().values()
            wanted = [PointFilter(one.id, None, day, until) for one in machines if _has(names, one.name)]
        found: list[str] = []
        for each in wanted:
            room = limit - len(found)
            if room <= 0:
                break
            window = self._catalog.point_windows.window
            found += window(each, PointSort.TIME, descending=True, offset=0, limit=room)
        return self._catalog.points.several(found)

    def _jobs(self, text: str, machines: list[Machine], limit: int) -> list[Job]:
        if is_prefix(text):
            return self._catalog.jobs.beginning(text, limit)
        found: list[Job] = []
        for machine in machines[:limit]:
            jobs, _ = self._catalog.jobs.window(subject=machine.id, limit=NEWEST_JOBS)
            found += jobs
            if len(found) >= limit:
                break
        return found[:limit]

    def _events(self, text: str, limit: int) -> list[HitAnswer]:
        found, _ = self._catalog.events.window(text=text, limit=limit)
        machines = self._standings.machines()
        return [
            _hit(
                "event",
                event.id,
                event.message,
                f"{event.severity.value}, {event.time:%Y-%m-%d %H:%M} UTC",
                event.subject if event.subject in machines else "",
            )
            for event in found
        ]

    def _point(self, point: RecoveryPoint) -> HitAnswer:
        machine = self._standings.machines().get(point.machine)
        title = f"{machine.name if machine else point.machine}, {point.time:%Y-%m-%d %H:%M} UTC"
        orphan = self._standings.orphans().points.get(point.id)
        state = orphan.state.value if orphan else "whole"
        return _hit("recovery point", point.id, title, f"{point.kind.value}, {state}", point.machine)

    def _job(self, job: Job) -> HitAnswer:
        machine = self._standings.machines().get(job.subject)
        title = f"{job.kind.value} {machine.name if machine else job.id[:8]}"
        when = f"{job.state.value}, {job.created:%Y-%m-%d %H:%M} UTC"
        return _hit("job", job.id, title, when, machine.id if machine else "")


def _machine(machine: Machine) -> HitAnswer:
    return _hit("machine", machine.id, machine.name, machine.origin_name or machine.kind.value, machine.id)


def _hit(kind: str, id: str, title: str, detail: str, machine: str = "") -> HitAnswer:
    return {"kind": kind, "id": id, "title": title, "detail": detail, "machine": machine}


def _said(machine: Machine) -> Iterator[str]:
    yield machine.name
    yield machine.origin_name
    for volume in machine.volumes:
        yield volume.label
        yield volume.path


def _has(words: list[str], *texts: str) -> bool:
    whole = "\n".join(texts).casefold()
    return all(word in whole for word in words)


def _begins(id: str, text: str) -> bool:
    return is_prefix(text) and id.startswith(text.lower())
