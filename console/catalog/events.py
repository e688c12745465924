"""The journal."""

from __future__ import annotations

import heapq
from datetime import datetime
from typing import Any

from sqlalchemy import Row, Select, insert, select, update

from console.catalog import cursors, rows
from console.catalog.database import Database
from console.catalog.moments import from_us, to_us
from console.catalog.names import find_row
from console.domain.errors import not_found
from console.domain.events import Changed, Event, Severity

_t = rows.events.c
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
                    "message": event.message,
                }
                if connection.execute(again.values(values)).rowcount:
                    return
            connection.execute(
                insert(rows.events).values(
                    id=event.id,
                    time_us=to_us(event.time),
                    severity=event.severity.value,
                    code=event.code,
                    message=event.message,
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
        statement = select(rows.events)
        if since is not None:
            statement = statement.where(_t.time_us >= to_us(since))
        if alerts_only:
            statement = statement.where(_t.open_key.is_not(None))
        statements: list[Select[Any]] = [statement]
        if severity is not None and severity is not Severity.INFO:
            worse = _RISING[_RISING.index(severity) :]
            # One statement each, because an index serves each of them in order, but not both together.
            statements = [statement.where(_t.severity == each.value) for each in worse]
        limit = max(1, limit)
        with self._database.read() as connection:
            parts = [
                connection.execute(
                    cursors.page_of(each, _t.time_us, _t.id, limit=limit, after=after, newest_first=True)
                ).all()
                for each in statements
            ]
        found = list(heapq.merge(*parts, key=lambda row: (row.time_us, row.id), reverse=True))
        return [_from_row(row) for row in found[:limit]], cursors.next_of(found, limit, "time_us")

    def dismiss(self, id: str | None = None) -> int:
        """One alert (id or its beginning), or (None) all. Returns how many were open. Raises Failed `no-such-event`,
        `ambiguous-id`."""
        statement = update(rows.events).where(_t.open_key.is_not(None)).values(dismissed=True, open_key=None)
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


def _open_key(event: Event) -> str | None:
    return f"{event.code} {event.subject}" if event.alert and not event.dismissed else None


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
