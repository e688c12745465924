"""Cursors of paged lists: where the last page ended, as (time, id), in an opaque word.

Because a cursor is a place and not a count, what is added or removed meanwhile neither repeats nor hides a row.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Column, ColumnElement, Row, Select, tuple_

from console.domain.errors import usage


def encode(time_us: int, id: str) -> str:
    return base64.urlsafe_b64encode(f"{time_us}.{id}".encode()).decode().rstrip("=")


def decode(cursor: str) -> tuple[int, str]:
    """Raises Failed `bad-cursor` for anything `encode` did not make."""
    try:
        raw = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True).decode()
        time_us, dot, id = raw.partition(".")
        if not dot:
            raise ValueError(raw)
        return int(time_us), id
    except (ValueError, binascii.Error) as wrong:
        raise usage(
            "bad-cursor",
            f"“{cursor[:80]}” is not a cursor of this list.",
            "Use what the page before gave as “next”, or begin again without one.",
        ) from wrong


def page_of(
    statement: Select[Any], time: Column[Any], id: Column[Any], *, limit: int, after: str | None, newest_first: bool
) -> Select[Any]:
    """`statement`, ordered and cut to one page and one row more (which tells that there is a next page)."""
    place: ColumnElement[Any] = tuple_(time, id)
    if after is not None:
        here = tuple_(*decode(after))
        statement = statement.where(place < here if newest_first else place > here)
    if newest_first:
        time_order, id_order = time.desc(), id.desc()
    else:
        time_order, id_order = time.asc(), id.asc()
    return statement.order_by(time_order, id_order).limit(max(1, limit) + 1)


def next_of(rows: Sequence[Row[Any]], limit: int, time: str) -> str | None:
    """The cursor behind the page that `rows` begin with (`time`: name of the time column); None: it is the last one."""
    limit = max(1, limit)
    if len(rows) <= limit:
        return None
    last = rows[limit - 1]
    return encode(getattr(last, time), last.id)
