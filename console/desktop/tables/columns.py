"""What a table shows of a row, as values."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from console.desktop.theme.tokens import Tone
from console.domain.sizes import format_rate, format_size
from console.flows.amounts import NOTHING, ago, local

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Cell:
    """`icon`: a name of `theme.icons`. `tip`: shown on hover; `tone` colours icon and text, and always has an icon."""

    text: str
    tone: Tone | None = None
    icon: str = ""
    tip: str = ""


@dataclass(frozen=True, slots=True)
class Column:
    """`key`: stable, for remembered widths. `sort`: what the Core calls this order, empty: cannot be sorted by it.
    `order`: the value a small, local table is sorted by; the text when it is not given. `width` in characters."""

    key: str
    title: str
    cell: Callable[[Row, datetime], Cell]
    sort: str = ""
    order: Callable[[Row], Any] | None = None
    right: bool = False
    width: int = 14
    hidden: bool = False


def text_column(key: str, title: str, *, width: int = 18, sort: str = "", hidden: bool = False) -> Column:
    """The value of `key` as it is."""

    def cell(row: Row, _: datetime) -> Cell:
        text = str(row[key] or "")
        return Cell(text, tip=text)

    return Column(key, title, cell, sort=sort, width=width, hidden=hidden)


def size_column(key: str, title: str, *, sort: str = "", hidden: bool = False) -> Column:
    """Bytes, to the right."""

    def cell(row: Row, _: datetime) -> Cell:
        value = row[key]
        return Cell(NOTHING) if value is None else Cell(format_size(value), tip=f"{value:,} B")

    return Column(key, title, cell, sort=sort, order=_number(key), right=True, width=10, hidden=hidden)


def rate_column(key: str, title: str) -> Column:
    """Bytes per second, to the right."""
    return Column(
        key,
        title,
        lambda row, _: Cell(NOTHING if row[key] is None else format_rate(row[key])),
        order=_number(key),
        right=True,
        width=10,
    )


def number_column(key: str, title: str, *, sort: str = "", width: int = 8, hidden: bool = False) -> Column:
    """A count, to the right."""
    return Column(
        key,
        title,
        lambda row, _: Cell(NOTHING if row[key] is None else f"{row[key]:,}"),
        sort=sort,
        order=_number(key),
        right=True,
        width=width,
        hidden=hidden,
    )


def time_column(key: str, title: str, *, sort: str = "", exact: bool = False, hidden: bool = False) -> Column:
    """A moment, relative with the exact one on hover, or the other way round."""

    def cell(row: Row, now: datetime) -> Cell:
        moment = row[key]
        near, far = ago(moment, now), local(moment)
        return Cell(far, tip=near) if exact else Cell(near, tip=far)

    return Column(
        key, title, cell, sort=sort, order=lambda row: row[key] or "", width=19 if exact else 16, hidden=hidden
    )


def minute_column(key: str, title: str, *, sort: str, width: int) -> Column:
    """A moment to the minute; to the second, and how long ago, on hover."""

    def cell(row: Row, now: datetime) -> Cell:
        return Cell(local(row[key])[:-3], tip=f"{local(row[key])}\n{ago(row[key], now)}")

    return Column(key, title, cell, sort=sort, order=lambda row: row[key] or "", width=width)


def _number(key: str) -> Callable[[Row], Any]:
    return lambda row: -1 if row[key] is None else row[key]
