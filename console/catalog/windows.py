"""Windows of long lists of points: any order, any filter, any offset, and how many there are in all.

SQLite skips the rows before a window in an index that has everything the filter asks for, from whichever end is nearer;
whole rows are read for the window alone. How many rows match is counted once and kept until points change, machine by
machine where it can be.
"""

from __future__ import annotations

import threading
from bisect import bisect_left, bisect_right
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Column, ColumnElement, Connection, Select, case, func, select, tuple_

from console.catalog import rows
from console.catalog.batches import batches
from console.catalog.database import Database
from console.catalog.moments import to_us
from console.domain.recovery_points import ImageKind

_t = rows.points.c
_FEW = 30_000
"""So many rows are rather sorted than looked for in an index of another order."""


class PointSort(StrEnum):
    TIME = "time"
    MACHINE = "machine"
    SIZE = "size"
    NEW = "new"


@dataclass(frozen=True, slots=True)
class PointFilter:
    """`machine`: id. `since`, `until`: not older, not newer. None: whatever it is."""

    machine: str | None = None
    kind: ImageKind | None = None
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class PointPlace:
    """What tells where a point stands in every order, and whether a filter takes it."""

    id: str
    machine: str
    time_us: int
    kind: ImageKind
    size: int
    bytes_new: int


_PLACE = (_t.id, _t.machine, _t.time_us, _t.kind, _t.size, _t.bytes_new)
_KINDS = {kind.value: kind for kind in ImageKind}
_ORDER: dict[PointSort, Column[Any]] = {
    PointSort.TIME: _t.time_us,
    PointSort.SIZE: _t.size,
    PointSort.NEW: _t.bytes_new,
}


def chosen(places: Collection[PointPlace], wanted: PointFilter) -> list[PointPlace]:
    """Those that a filter takes."""
    since = to_us(wanted.since) if wanted.since else None
    until = to_us(wanted.until) if wanted.until else None
    return [
        place
        for place in places
        if (wanted.machine is None or place.machine == wanted.machine)
        and (wanted.kind is None or place.kind is wanted.kind)
        and (since is None or place.time_us >= since)
        and (until is None or place.time_us <= until)
    ]


def key_of(place: PointPlace, sort: PointSort) -> tuple[int, str]:
    """Where a point stands among those of one machine, or (but for the order by machine) among all."""
    match sort:
        case PointSort.SIZE:
            return place.size, place.id
        case PointSort.NEW:
            return place.bytes_new, place.id
        case _:
            return place.time_us, place.id


class PointWindows:
    def __init__(self, database: Database) -> None:
        self._database = database
        self._noting = threading.Lock()
        self._kept = _Kept()
        database.listen_points(self._changed)

    def places(self, points: Collection[str]) -> list[PointPlace]:
        """Of those of these points (ids) that are known."""
        found: list[PointPlace] = []
        with self._database.read() as connection:
            for part in batches(points):
                statement = select(*_PLACE).where(_t.id.in_(part))
                found += [_place(row) for row in connection.execute(statement)]
        return found

    def total(self, wanted: PointFilter) -> int:
        """How many points a filter takes."""
        with self._database.read() as connection:
            return self._total(connection, wanted)

    def totals(self) -> dict[str, int]:
        """How many points each machine (id) has that has any."""
        with self._database.read() as connection:
            return dict(self._totals_of_machines(connection, PointFilter()))

    def window(
        self,
        wanted: PointFilter,
        sort: PointSort,
        *,
        descending: bool,
        offset: int,
        limit: int,
        without: Sequence[PointPlace] = (),
    ) -> list[str]:
        """The points (ids) from `offset` on in this order; `without` are passed over, as if they were not there.

        By machine: by the names of the machines, those of one machine by time. Equal ones stand by id.
        """
        absent = chosen(without, wanted)
        with self._database.read() as connection:
            if sort is not PointSort.MACHINE or wanted.machine is not None:
                order = PointSort.TIME if sort is PointSort.MACHINE else sort
                total, read = (self._total(connection, each) for each in (wanted, replace(wanted, kind=None)))
                stretch = _Stretch(connection, wanted, order, descending, total, few=read <= _FEW)
                return stretch.read(offset, limit, absent)
            found: list[str] = []
            totals = self._totals_of_machines(connection, wanted)
            for machine in _machines(connection, descending):
                total = totals.get(machine, 0)
                mine = [place for place in absent if place.machine == machine]
                if offset >= total - len(mine):
                    offset -= total - len(mine)
                    continue
                of_machine = replace(wanted, machine=machine)
                stretch = _Stretch(connection, of_machine, PointSort.TIME, descending, total, few=True)
                found += stretch.read(offset, limit - len(found), mine)
                offset = 0
                if len(found) >= limit:
                    break
            return found

    def _total(self, connection: Connection, wanted: PointFilter) -> int:
        if wanted.since is None and wanted.until is None:
            counts = self._counts(connection)
            mine = counts.values() if wanted.machine is None else [counts.get(wanted.machine, {})]
            return sum(_of_kind(each, wanted.kind) for each in mine)
        kept = self._kept
        if wanted not in kept.totals:
            statement: Select[Any] = select(func.count()).select_from(rows.points)
            kept.totals[wanted] = int(connection.scalar(statement.where(*conditions(wanted))) or 0)
        return kept.totals[wanted]

    def _totals_of_machines(self, connection: Connection, wanted: PointFilter) -> dict[str, int]:
        if wanted.since is None and wanted.until is None:
            return {machine: _of_kind(each, wanted.kind) for machine, each in self._counts(connection).items()}
        kept = self._kept
        if wanted not in kept.of_machines:
            statement = select(_t.machine, func.count()).where(*conditions(wanted, by_filter=False))
            counted = connection.execute(statement.group_by(_t.machine))
            kept.of_machines[wanted] = {machine: int(count) for machine, count in counted}
        return kept.of_machines[wanted]

    def _counts(self, connection: Connection) -> dict[str, dict[ImageKind, int]]:
        """How many points of each kind each machine (id) has; counted anew for those only whose points changed."""
        kept = self._kept
        with self._noting:
            counts, stale = kept.counts, kept.stale
        if counts is not None and not stale:
            return counts
        # Grouped by machine alone, the rows come in order from an index.
        bases = func.sum(case((_t.kind == ImageKind.BASE.value, 1), else_=0))
        statement = select(_t.machine, func.count(), bases).group_by(_t.machine)
        found = dict(counts or {})
        parts: list[list[str] | None] = [None] if counts is None else list(batches(stale))
        for machine in stale:
            found.pop(machine, None)
        for part in parts:
            counted = statement if part is None else statement.where(_t.machine.in_(part))
            for machine, count, base in connection.execute(counted):
                found[machine] = {ImageKind.BASE: int(base), ImageKind.INCREMENTAL: int(count) - int(base)}
        with self._noting:
            kept.counts, kept.stale = found, frozenset()
        return found

    def _changed(self, machines: frozenset[str] | None) -> None:
        # Who counts at this moment writes what it finds into what was kept before, which nobody asks any more.
        with self._noting:
            before = self._kept
            self._kept = _Kept() if machines is None else _Kept(before.counts, before.stale | machines)


def _of_kind(counts: dict[ImageKind, int], kind: ImageKind | None) -> int:
    return sum(counts.values()) if kind is None else counts.get(kind, 0)


@dataclass(slots=True)
class _Kept:
    """What was counted since points changed last; `stale`: machines whose counts are those of before."""

    counts: dict[str, dict[ImageKind, int]] | None = None
    stale: frozenset[str] = frozenset()
    totals: dict[PointFilter, int] = field(default_factory=dict)
    of_machines: dict[PointFilter, dict[str, int]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Stretch:
    """The points that a filter takes, in one order. `total`: how many they are; `few`: an index finds few by machine
    and time (there is none by kind)."""

    connection: Connection
    wanted: PointFilter
    sort: PointSort
    descending: bool
    total: int
    few: bool

    def read(self, offset: int, limit: int, without: Sequence[PointPlace]) -> list[str]:
        """Ids from `offset` on, with some passed over."""
        if not without:
            return [id for _, id in self._slice(offset, limit)]
        first = self._slice(offset, 1)
        keys = sorted(key_of(place, self.sort) for place in without)
        passed = 0
        # Where the window begins is known when as many places were gone forward as there are passed-over ones before.
        while first and (before := self._before(keys, first[0])) > passed:
            first = self._following(first[0], before - passed, 1)
            passed = before
        if not first:
            return []
        left_out = {id for _, id in keys}
        found: list[str] = []
        start, skip = first[0], 0
        while len(found) < limit:
            # Between the rows of a window there may be some passed over; each costs one row more.
            count = limit - len(found) + min(len(keys), limit)
            following = self._following(start, skip, count)
            found += [id for _, id in following if id not in left_out]
            if len(following) < count:
                break
            start, skip = following[-1], 1
        return found[:limit]

    def _before(self, keys: list[tuple[int, str]], key: tuple[int, str]) -> int:
        """How many of `keys` come before a key."""
        return len(keys) - bisect_right(keys, key) if self.descending else bisect_left(keys, key)

    def _slice(self, offset: int, limit: int) -> list[tuple[int, str]]:
        limit = min(limit, self.total - offset)
        if limit <= 0:
            return []
        turned = offset + limit // 2 > self.total // 2
        statement = self._statement(backwards=self.descending != turned)
        found = self._run(statement.offset(self.total - offset - limit if turned else offset).limit(limit))
        return found[::-1] if turned else found

    def _following(self, key: tuple[int, str], offset: int, limit: int) -> list[tuple[int, str]]:
        """From a key on, which itself is the first."""
        place, start = tuple_(_ORDER[self.sort], _t.id), tuple_(*key)
        statement = self._statement(backwards=self.descending)
        statement = statement.where(place <= start if self.descending else place >= start)
        return self._run(statement.offset(offset).limit(limit))

    def _statement(self, *, backwards: bool) -> Select[Any]:
        column = _ORDER[self.sort]
        # Few rows are found by the filter and sorted; many come in order from an index, and are filtered.
        by_filter = self.few or self.sort is PointSort.TIME
        order: ColumnElement[Any] = column + 0 if self.few and self.sort is not PointSort.TIME else column
        statement = select(column, _t.id).where(*conditions(self.wanted, by_filter=by_filter))
        return statement.order_by(*([order.desc(), _t.id.desc()] if backwards else [order, _t.id]))

    def _run(self, statement: Select[Any]) -> list[tuple[int, str]]:
        return [(int(key), str(id)) for key, id in self.connection.execute(statement)]


def _machines(connection: Connection, descending: bool) -> list[str]:
    name = rows.machines.c.name_key
    statement = select(rows.machines.c.id).order_by(name.desc() if descending else name)
    return list(connection.scalars(statement))


def conditions(wanted: PointFilter, *, by_filter: bool = True) -> list[ColumnElement[bool]]:
    """Of a filter; `by_filter`: an index by machine or time may serve them. Else they are written as expressions
    that no index serves, so that rows are read in the order wanted, and these are looked at in passing."""
    machine: ColumnElement[str] = _t.machine if by_filter else _t.machine.concat("")
    time: ColumnElement[int] = _t.time_us if by_filter else _t.time_us + 0
    found: list[ColumnElement[bool]] = []
    if wanted.machine is not None:
        found.append(machine == wanted.machine)
    if wanted.kind is not None:
        found.append(_t.kind == wanted.kind.value)
    if wanted.since is not None:
        found.append(time >= to_us(wanted.since))
    if wanted.until is not None:
        found.append(time <= to_us(wanted.until))
    return found


def _place(row: Sequence[Any]) -> PointPlace:
    id, machine, time_us, kind, size, bytes_new = row
    return PointPlace(id, machine, time_us, _KINDS[kind], size, bytes_new)
