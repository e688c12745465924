"""The journal."""

from __future__ import annotations

import heapq
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, delete, func, insert, select, update

from console.catalog import cursors, rows
from console.catalog.batches import batches
from console.catalog.database import Database
from console.catalog.moments import from_us, to_us
from console.catalog.names import find_row
from console.catalog.soundness import sound
from console.catalog.texts import storable
from console.domain.errors import not_found
from console.domain.events import Changed, Event, Severity

_t = rows.events.c
_OPEN = _t.open_key > ""
"""A range, which an index serves; `IS NOT NULL` may be taken for most of the table."""
_NOUN = "event"
_RISING = (Severity.INFO, Severity.WARNING, Severity.ERROR)


class Events:
    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, event: Event) -> None:
        """An alert that is open already, by its code and subject, is counted once more and takes the new time, severity
        and message instead."""
        key = _open_key(event)
        with self._database.write(Changed.EVENTS) as connection:
            if key is not None:
                again = update(rows.events).where(_t.open_key == key)
                values = {
                    "times": _t.times + event.count,
                    "time_us": to_us(event.time),
                    "severity": event.severity.value,
                    "message": storable(event.message),
                }
                if connection.execute(again.values(values)).rowcount:
                    return
            connection.execute(
                insert(rows.events).values(
                    id=event.id,
                    time_us=to_us(event.time),
                    severity=event.severity.value,
                    code=event.code,
                    message=storable(event.message),
                    subject=event.subject,
                    alert=event.alert,
                    dismissed=event.dismissed,
                    open_key=key,
                    times=event.count,
                )
            )

    def page(
        self,
        since: datetime | None = None,
        severity: Severity | None = None,
        alerts_only: bool = False,
        limit: int = 100,
        after: str | None = None,
    ) -> tuple[list[Event], str | None]:
        """The newest first. `since`: not older. `severity`: this or worse. `alerts_only`: what wants a person now, that
        is alerts not dismissed. Returns the cursor of the next page, None behind the last. Raises Failed `bad-cursor`.
        """
        limit = max(1, limit)
        severities = _RISING[_RISING.index(severity or Severity.INFO) :]
        with self._database.read() as connection:
            if alerts_only:
                found = _open_alerts(connection, since, severities, after)
            else:
                found = _newest(connection, since, severities, limit, after)
        return [_from_row(row) for row in found[:limit]], cursors.next_of(found, limit, "time_us")

    def window(
        self,
        since: datetime | None = None,
        severity: Severity | None = None,
        alerts_only: bool = False,
        subjects: Collection[str] | None = None,
        text: str | None = None,
        *,
        descending: bool = True,
        offset: int = 0,
        limit: int = 100,
    ) -> tuple[list[Event], int]:
        """As `page`, from `offset` on, with how many there are in all. `subjects`: about one of these. `text`: part of
        the message."""
        wanted: list[ColumnElement[bool]] = []
        if since is not None:
            wanted.append(_t.time_us >= to_us(since))
        if severity is not None and severity is not Severity.INFO:
            wanted.append(_t.severity.in_([each.value for each in _RISING[_RISING.index(severity) :]]))
        if alerts_only:
            wanted.append(_OPEN)
        if subjects is not None:
            wanted.append(_t.subject.in_(subjects))
        if text:
            wanted.append(_t.message.icontains(text, autoescape=True))
        order = (_t.time_us.desc(), _t.id.desc()) if descending else (_t.time_us, _t.id)
        ids = select(_t.id).where(*wanted).order_by(*order).offset(offset).limit(limit)
        with self._database.read() as connection:
            total = int(connection.scalar(select(func.count()).select_from(rows.events).where(*wanted)) or 0)
            chosen = list(connection.scalars(ids))
            found: dict[str, Event] = {}
            for part in batches(chosen):
                read = connection.execute(select(rows.events).where(_t.id.in_(part)))
                found.update((row.id, _from_row(row)) for row in read)
        return [found[id] for id in chosen if id in found], total

    def open_alerts(self) -> list[Event]:
        """Alerts that were not dismissed, the newest first."""
        with self._database.read() as connection:
            return [_from_row(row) for row in _open_alerts(connection, None, _RISING, None)]

    def forget(self, before: datetime) -> int:
        """Events of before a moment go, but for open alerts. Returns how many they were."""
        with self._database.transaction() as connection:
            old = (_t.time_us < to_us(before)) & _t.open_key.is_(None)
            gone = connection.execute(delete(rows.events).where(old)).rowcount
            if gone:
                self._database.touch(Changed.EVENTS)
            return gone

    def settle(self, code: str, subject: str) -> bool:
        """Dismisses the open alert of this code about this subject; whether there was one."""
        with self._database.transaction() as connection:
            this = update(rows.events).where(_t.open_key == _key(code, subject))
            settled = bool(connection.execute(this.values(dismissed=True, open_key=None)).rowcount)
            if settled:
                self._database.touch(Changed.EVENTS)
            return settled

    def dismiss(self, id: str | None = None) -> int:
        """One alert (id or its beginning), or (None) all. Returns how many were open. Raises Failed `no-such-event`,
        `ambiguous-id`."""
        statement = update(rows.events).where(_OPEN).values(dismissed=True, open_key=None)
        with self._database.transaction() as connection:
            if id is not None:
                row = find_row(connection, select(rows.events), rows.events, id, _NOUN, named=False, prefix=True)
                if row is None:
                    raise not_found(_NOUN, id)
                statement = statement.where(_t.id == row.id)
            dismissed = connection.execute(statement).rowcount
            if dismissed:
                self._database.touch(Changed.EVENTS)
            return dismissed


def _newest(
    connection: Connection, since: datetime | None, severities: Sequence[Severity], limit: int, after: str | None
) -> list[Row[Any]]:
    statement = select(rows.events)
    if since is not None:
        statement = statement.where(_t.time_us >= to_us(since))
    # One statement each, because an index serves each severity in order of time, but not two together.
    parts = [statement.where(_t.severity == each.value) for each in severities]
    found = [
        connection.execute(cursors.page_of(part, _t.time_us, _t.id, limit=limit, after=after, newest_first=True)).all()
        for part in (parts if len(parts) < len(_RISING) else [statement])
    ]
    return list(heapq.merge(*found, key=_place, reverse=True))


def _open_alerts(
    connection: Connection, since: datetime | None, severities: Sequence[Severity], after: str | None
) -> list[Row[Any]]:
    """Open alerts are few among many events: all of them are read, and chosen from here."""
    found = sorted(connection.execute(select(rows.events).where(_OPEN)), key=_place, reverse=True)
    end = cursors.decode(after) if after is not None else None
    wanted = {severity.value for severity in severities}
    return [
        row
        for row in found
        if row.severity in wanted
        and (since is None or row.time_us >= to_us(since))
        and (end is None or _place(row) < end)
    ]


def _place(row: Row[Any]) -> tuple[int, str]:
    return row.time_us, row.id


def _open_key(event: Event) -> str | None:
    return _key(event.code, event.subject) if event.alert and not event.dismissed else None


def _key(code: str, subject: str) -> str:
    return f"{code} {subject}"


@sound
def _from_row(row: Row[Any]) -> Event:
    return Event(
        id=row.id,
        time=from_us(row.time_us),
        severity=Severity(row.severity),
        code=row.code,
        message=row.message,
        subject=row.subject,
        alert=row.alert,
        dismissed=row.dismissed,
        count=row.times,
    )
