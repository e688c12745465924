"""Which recovery points of a machine are kept, by which rule, and which go. Pure.

A policy is a row of consecutive building blocks, counted back from the newest point and not from today: a machine that
is not backed up any more does not lose its last points. The calendar is that of the Core's zone.
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from datetime import UTC, datetime, timedelta, tzinfo
from enum import StrEnum
from typing import NamedTuple

from console.domain.errors import Failed, usage

MOST = 999
"""The longest span, in its unit."""


class Unit(StrEnum):
    DAYS = "d"
    WEEKS = "w"
    MONTHS = "m"
    YEARS = "y"


class Rule(StrEnum):
    """The building blocks in their order. In `all` every point is kept, in each other one per unit: its newest."""

    ALL = "all"
    HOURLY = "hourly"
    DAILY = "daily"
    WEEKLY = "weekly"
    MONTHLY = "monthly"
    YEARLY = "yearly"


class Keep(StrEnum):
    """What keeps a point beside the rules. The first ones stand in the catalog, the others follow from what is."""

    EVERYTHING = "everything"
    NEWEST = "newest"
    NEWEST_WHOLE = "newest-whole"
    HELD = "held"
    NOT_WHOLE = "not-whole"
    CARRIES_ORPHAN = "carries-orphan"
    ON_SEED = "on-seed"
    SEED_EXPECTED = "seed-expected"
    LAST_COMMON = "last-common"
    AWAITED = "awaited"
    IN_USE = "in-use"


class Go(StrEnum):
    """`superseded`: a newer point stands for the same hour, day, …; `aged`: older than all that the policy keeps."""

    SUPERSEDED = "superseded"
    AGED = "aged"


@dataclass(frozen=True, slots=True)
class Span:
    """`count` units; a month is a month of the calendar."""

    count: int
    unit: Unit

    def before(self, wall: datetime) -> datetime:
        """This much before a wall-clock time (naive). Days that a month has not got become its last."""
        if self.unit in (Unit.DAYS, Unit.WEEKS):
            return wall - timedelta(days=self.count * (7 if self.unit is Unit.WEEKS else 1))
        months = wall.year * 12 + wall.month - 1 - self.count * (12 if self.unit is Unit.YEARS else 1)
        year, month = max(1, months // 12), months % 12 + 1
        return wall.replace(year=year, month=month, day=min(wall.day, calendar.monthrange(year, month)[1]))

    def __str__(self) -> str:
        return f"{self.count}{self.unit}"

    @property
    def text(self) -> str:
        """In words."""
        name = {Unit.DAYS: "day", Unit.WEEKS: "week", Unit.MONTHS: "month", Unit.YEARS: "year"}[self.unit]
        return f"{self.count} {name}{'' if self.count == 1 else 's'}"


@dataclass(frozen=True, slots=True)
class Policy:
    """None: no such block. `everything`: nothing ever goes, whatever the blocks say."""

    all: Span = Span(3, Unit.DAYS)
    hourly: Span | None = Span(2, Unit.DAYS)
    daily: Span | None = Span(4, Unit.DAYS)
    weekly: Span | None = Span(3, Unit.WEEKS)
    monthly: Span | None = Span(2, Unit.MONTHS)
    yearly: Span | None = None
    everything: bool = False

    def blocks(self) -> list[tuple[Rule, Span]]:
        """In their order, from the newest point back."""
        spans = ((rule, getattr(self, rule.value)) for rule in Rule)
        return [(rule, span) for rule, span in spans if span is not None]

    def __str__(self) -> str:
        """As `parse_policy` reads it."""
        if self.everything:
            return EVERYTHING
        return " ".join(f"{rule.value} {span}" for rule, span in self.blocks())

    @property
    def text(self) -> str:
        """A sentence."""
        if self.everything:
            return "Every point is kept."
        words = {
            Rule.HOURLY: "one an hour",
            Rule.DAILY: "one a day",
            Rule.WEEKLY: "one a week",
            Rule.MONTHLY: "one a month",
            Rule.YEARLY: "one a year",
        }
        rest = [f"then {words[rule]} for {span.text}" for rule, span in self.blocks()[1:]]
        return ", ".join([f"All points of {self.all.text}", *rest]) + ", back from the newest."


EVERYTHING = "everything"
DEFAULT = Policy()
KEEP_EVERYTHING = Policy(everything=True)


def parse_span(text: str) -> Span | None:
    """`3d`, `2w`, `6m`, `1y`; `off` or `0`: None. Raises Failed `bad-retention`."""
    text = text.strip().lower()
    if text in ("off", "0"):
        return None
    match = re.fullmatch(r"(\d{1,9})\s*([dwmy])", text)
    if match is None or not 1 <= int(match.group(1)) <= MOST:
        raise _bad(f"“{text}” is not a span of days, weeks, months or years.", "Write 3d, 2w, 6m, 1y or off.")
    return Span(int(match.group(1)), Unit(match.group(2)))


def parse_policy(text: str) -> Policy:
    """`all 3d hourly 2d daily 4d weekly 3w monthly 2m yearly off` (what is not named is off; commas are welcome) or
    `everything`. Raises Failed `bad-retention`."""
    words = text.replace(",", " ").split()
    if words == [EVERYTHING]:
        return KEEP_EVERYTHING
    hint = f"As in: {DEFAULT}, or {EVERYTHING}."
    spans: dict[str, Span | None] = {}
    if len(words) % 2:
        raise _bad(f"“{text}” is not a retention policy.", hint)
    for name, span in zip(words[::2], words[1::2], strict=True):
        if name not in list(Rule) or name in spans:
            raise _bad(f"“{name}” does not belong there in a retention policy.", hint)
        spans[name] = parse_span(span)
    return build(spans)


def build(spans: dict[str, Span | None]) -> Policy:
    """Of named blocks (`Rule`); what is not named is off. Raises Failed `bad-retention`."""
    everything = spans.get(Rule.ALL)
    if everything is None:
        raise _bad("A policy keeps all points for some time first.", "Begin with all 3d, or longer.")
    hourly, daily, weekly, monthly, yearly = (spans.get(rule) for rule in Rule if rule is not Rule.ALL)
    return Policy(everything, hourly, daily, weekly, monthly, yearly)


def changed(policy: Policy, spans: dict[str, Span | None]) -> Policy:
    """A policy with some of its blocks replaced. Raises Failed `bad-retention`."""
    kept = {field.name: getattr(policy, field.name) for field in fields(policy) if field.name != EVERYTHING}
    return build(kept | spans)


def _bad(message: str, hint: str) -> Failed:
    return usage("bad-retention", message, hint)


@dataclass(frozen=True, slots=True)
class Why:
    """One reason. `code`: a `Rule`, `Keep` or `Go`; `text`: a sentence."""

    code: str
    text: str


@dataclass(frozen=True, slots=True)
class DatedPoint:
    """`time` aware. `whole`: all its images are whole here. `held`: why somebody holds it, None when nobody does.
    `locks`: what else keeps it."""

    id: str
    time: datetime
    whole: bool = True
    held: str | None = None
    locks: tuple[Why, ...] = ()


@dataclass(frozen=True, slots=True)
class Fate:
    """What becomes of a point: what it is `kept` by, or why it `goes`; one of them."""

    point: str
    time: datetime
    kept: tuple[Why, ...]
    goes: Why | None


class Stamp(NamedTuple):
    """A moment (aware, UTC) and the hour, day, week, month and year of the Core's zone that it is in."""

    moment: datetime
    hourly: int
    daily: int
    weekly: int
    monthly: int
    yearly: int


def stamp(moment: datetime, zone: tzinfo) -> Stamp:
    """An hour that comes twice when clocks are put back is two hours."""
    wall = moment.astimezone(zone)
    day = wall.toordinal()
    hour = (day * 24 + wall.hour) * 2 + wall.fold
    return Stamp(moment.astimezone(UTC), hour, day, (day - 1) // 7, wall.year * 12 + wall.month, wall.year)


def cuts(policy: Policy, newest: datetime, zone: tzinfo) -> list[tuple[Rule, datetime]]:
    """Where each block ends, as a moment (UTC) that still belongs to it."""
    wall = newest.astimezone(zone).replace(tzinfo=None, fold=0)
    ends = []
    for rule, span in policy.blocks():
        wall = span.before(wall)
        ends.append((rule, wall.replace(tzinfo=zone).astimezone(UTC)))
    return ends


def select(stamps: Sequence[Stamp], ends: Sequence[tuple[Rule, datetime]]) -> list[tuple[Rule | None, bool]]:
    """For each of `stamps` (the newest first) the block it is in (None: older than all), and whether it is kept."""
    found: list[tuple[Rule | None, bool]] = []
    blocks = iter(ends)
    block = next(blocks, None)
    last: int | None = None
    for one in stamps:
        while block is not None and one.moment < block[1]:
            block, last = next(blocks, None), None
        if block is None:
            found.append((None, False))
        elif block[0] is Rule.ALL:
            found.append((Rule.ALL, True))
        else:
            unit: int = getattr(one, block[0].value)
            found.append((block[0], unit != last))
            last = unit
    return found


def fates(points: Iterable[DatedPoint], policy: Policy, zone: tzinfo) -> list[Fate]:
    """What becomes of each point of a machine, the newest first.

    What is not whole stands for no hour or day, and never goes. Rolling up what is left changes nothing more.
    """
    ordered = sorted(points, key=lambda point: (point.time, point.id), reverse=True)
    if not ordered:
        return []
    whole = [point for point in ordered if point.whole]
    ends = cuts(policy, ordered[0].time, zone)
    chosen = dict(zip((p.id for p in whole), select([stamp(p.time, zone) for p in whole], ends), strict=True))
    newest_whole = whole[0].id if whole else ""
    return [
        _fate(point, chosen.get(point.id), policy, newest=point is ordered[0], newest_whole=point.id == newest_whole)
        for point in ordered
    ]


def _fate(
    point: DatedPoint, chosen: tuple[Rule | None, bool] | None, policy: Policy, *, newest: bool, newest_whole: bool
) -> Fate:
    kept: list[Why] = []
    if newest:
        kept.append(Why(Keep.NEWEST, "It is the newest point of its machine."))
    elif newest_whole:
        kept.append(Why(Keep.NEWEST_WHOLE, "It is the newest point of its machine that is whole here."))
    if point.held is not None:
        kept.append(Why(Keep.HELD, f"It is held ({point.held})." if point.held else "It is held."))
    if policy.everything:
        kept.append(Why(Keep.EVERYTHING, "The retention policy keeps every point."))
    elif chosen is not None and chosen[0] is not None and chosen[1]:
        kept.append(Why(chosen[0], _RULES[chosen[0]]))
    if not point.whole:
        kept.append(Why(Keep.NOT_WHOLE, "It is not whole here; what is to come may need it."))
    kept += point.locks
    if kept:
        return Fate(point.id, point.time, tuple(kept), None)
    rule = chosen[0] if chosen else None
    if rule is None:
        return Fate(point.id, point.time, (), Why(Go.AGED, "It is older than all that the retention policy keeps."))
    return Fate(point.id, point.time, (), Why(Go.SUPERSEDED, f"A newer point is kept for the same {_UNITS[rule]}."))


_UNITS = {
    Rule.HOURLY: "hour",
    Rule.DAILY: "day",
    Rule.WEEKLY: "week",
    Rule.MONTHLY: "month",
    Rule.YEARLY: "year",
}
_RULES = {Rule.ALL: "All points of its time are kept."} | {
    rule: f"It is the newest of its {unit}." for rule, unit in _UNITS.items()
}
