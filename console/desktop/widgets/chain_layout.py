"""Where things lie on a chain map: arithmetic on values, without Qt. Times are seconds since 1970, places pixels."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial

from console.domain.clock import from_iso
from console.domain.overview_answers import ChainMap, LinkAnswer, VolumeChain

MARK = 24
"""Room for a mark. Images whose marks would lie on each other share one."""
MARGIN = 38
"""Left of the first image (where a missing parent is drawn) and right of the last one."""
CLOSEST_S = 1.0 / 4
"""Seconds of a pixel at the closest."""
WIDEST = 1 << 28
WORST_FIRST = ("broken", "awaiting-transfer", "awaiting-seed", "whole")
NO_PARENT, ABSENT = -1, -2


@dataclass(frozen=True, slots=True)
class Node:
    """One image. `parent`: its place in the lane, `NO_PARENT` for a base, `ABSENT` when that image is not known here,
    or so old that it was left out."""

    at: float
    base: bool
    chain: str
    parent: int
    link: LinkAnswer

    @property
    def point(self) -> str:
        return self.link["point"]


@dataclass(frozen=True, slots=True)
class Lane:
    """One volume, oldest image first. `earlier`: older images that were left out."""

    volume: str
    label: str
    nodes: tuple[Node, ...]
    earlier: int

    def number_of(self, point: str) -> int | None:
        return next((number for number, node in enumerate(self.nodes) if node.point == point), None)

    def nearest(self, at: float) -> int | None:
        """The image closest in time; None in an empty lane."""
        if not self.nodes:
            return None
        return min(range(len(self.nodes)), key=lambda number: abs(self.nodes[number].at - at))


@dataclass(frozen=True, slots=True)
class Scale:
    """`start` lies at `MARGIN`; `s_per_px` seconds are one pixel."""

    start: float
    end: float
    s_per_px: float

    def x(self, at: float) -> float:
        return MARGIN + (at - self.start) / self.s_per_px

    def at(self, x: float) -> float:
        return self.start + (x - MARGIN) * self.s_per_px

    @property
    def width(self) -> int:
        """Of everything, in pixels."""
        return int(self.x(self.end)) + MARGIN


@dataclass(frozen=True, slots=True)
class Mark:
    """One or more neighbouring images of a lane: `first` to `last`. `x` is its middle, `chain` the worst among them."""

    x: float
    first: int
    last: int
    base: bool
    chain: str

    @property
    def many(self) -> int:
        return self.last - self.first + 1


@dataclass(frozen=True, slots=True)
class Tie:
    """A line from the mark of a parent to that of the image that builds on it. `whole`: both ends are here and whole;
    `start` None: the parent is not known here."""

    start: float | None
    end: float
    whole: bool
    chain: str


@dataclass(frozen=True, slots=True)
class Tick:
    """A line in time. `day`: it lies on midnight, and its label is a date."""

    x: float
    moment: datetime
    day: bool


def lanes(answer: ChainMap) -> tuple[Lane, ...]:
    """The volumes of a machine as lanes, in the order in which the Core told them."""
    return tuple(_lane(volume) for volume in answer["volumes"])


def _lane(volume: VolumeChain) -> Lane:
    places = {link["image"]: number for number, link in enumerate(volume["images"])}
    nodes = []
    for link in volume["images"]:
        parent = NO_PARENT if link["parent"] is None else places.get(link["parent"], ABSENT)
        nodes.append(Node(from_iso(link["time"]).timestamp(), link["kind"] == "base", link["chain"], parent, link))
    return Lane(volume["volume"], volume["label"], tuple(nodes), volume["earlier"])


def fitted(shown: Sequence[Lane], width: int) -> Scale:
    """All images in `width` pixels."""
    times = [node.at for lane in shown for node in (lane.nodes[:1] + lane.nodes[-1:])]
    start, end = (min(times), max(times)) if times else (0.0, 0.0)
    room = max(1, width - 2 * MARGIN - 1)
    if end <= start:
        return Scale(start, end, 60.0)
    return Scale(start, end, max(CLOSEST_S, (end - start) / room))


def zoomed(scale: Scale, factor: float, widest: Scale) -> Scale:
    """`factor` above 1 looks closer; never closer than `CLOSEST_S`, never wider than `widest`."""
    closest = max(CLOSEST_S, (scale.end - scale.start) / WIDEST)
    wanted = min(widest.s_per_px, max(closest, scale.s_per_px / factor))
    return Scale(scale.start, scale.end, wanted)


def apart(lane: Lane, scale: Scale, number: int) -> Scale:
    """Close enough that an image has a mark of its own, if its neighbours were made at another moment."""
    here = lane.nodes[number].at
    near = [abs(lane.nodes[n].at - here) for n in (number - 1, number + 1) if 0 <= n < len(lane.nodes)]
    gaps = [gap for gap in near if gap > 0]
    if not gaps:
        return scale
    wanted = max(CLOSEST_S, min(gaps) / (2 * MARK))
    return Scale(scale.start, scale.end, min(scale.s_per_px, wanted))


def marks(lane: Lane, scale: Scale) -> list[Mark]:
    """What is drawn of a lane, oldest first."""
    found: list[Mark] = []
    first = 0
    while first < len(lane.nodes):
        begin = scale.x(lane.nodes[first].at)
        last = first
        while last + 1 < len(lane.nodes) and scale.x(lane.nodes[last + 1].at) - begin < MARK:
            last += 1
        members = lane.nodes[first : last + 1]
        middle = (begin + scale.x(members[-1].at)) / 2
        found.append(Mark(middle, first, last, any(n.base for n in members), worst(n.chain for n in members)))
        first = last + 1
    return found


def ties(lane: Lane, drawn: Sequence[Mark]) -> list[Tie]:
    """The lines between marks; what happens within one mark is not drawn."""
    lasts = [mark.last for mark in drawn]
    found: list[Tie] = []
    for mark in drawn:
        for node in lane.nodes[mark.first : mark.last + 1]:
            if node.parent == ABSENT:
                found.append(Tie(None, mark.x, False, node.chain))
            elif node.parent != NO_PARENT and node.parent < mark.first:
                origin = drawn[bisect_left(lasts, node.parent)]
                found.append(Tie(origin.x, mark.x, node.chain == "whole", node.chain))
    return found


def seen(drawn: Sequence[Mark], left: float, right: float) -> Sequence[Mark]:
    """Those that lie between two places."""
    places = [mark.x for mark in drawn]
    return drawn[bisect_left(places, left - MARK) : bisect_right(places, right + MARK)]


def hit(drawn: Sequence[Mark], x: float) -> Mark | None:
    """The mark at a place."""
    near = min(drawn, key=lambda mark: abs(mark.x - x), default=None)
    return near if near is not None and abs(near.x - x) <= MARK / 2 + 2 else None


def mark_of(drawn: Sequence[Mark], number: int) -> Mark | None:
    """The mark that an image is part of."""
    place = bisect_left([mark.last for mark in drawn], number)
    return drawn[place] if place < len(drawn) and drawn[place].first <= number else None


def worst(states: Iterable[str]) -> str:
    """The worst of chain states; a word that is not known counts as worse than whole."""
    found = Counter(states)
    known = next((state for state in WORST_FIRST[:-1] if found[state]), None)
    return known or next((state for state in found if state != "whole"), "whole")


_STEPS_S = (60, 300, 900, 3600, 3 * 3600, 6 * 3600, 12 * 3600)
_STEPS_DAYS = (1, 2, 7, 14)
_STEPS_MONTHS = (1, 3, 6, 12, 60)


def ticks(scale: Scale, left: float, right: float, apart_px: float) -> list[Tick]:
    """Round local times between two places, at least `apart_px` from each other."""
    least = scale.s_per_px * apart_px
    begin = datetime.fromtimestamp(max(scale.at(left), 0.0), UTC).astimezone()
    end = scale.at(right)
    midnight = begin.replace(hour=0, minute=0, second=0, microsecond=0)
    found: list[Tick] = []
    moment, step = _first(midnight, least)
    while moment.timestamp() <= end and len(found) < 500:
        if moment.timestamp() >= begin.timestamp():
            found.append(Tick(scale.x(moment.timestamp()), moment, not (moment.hour or moment.minute)))
        moment = step(moment)
    return found


def _first(midnight: datetime, least: float) -> tuple[datetime, Callable[[datetime], datetime]]:
    """(the tick at or before a midnight, what makes the next one of it) for ticks at least `least` seconds apart."""
    for seconds in _STEPS_S:
        if seconds >= least:
            return midnight, partial(_after, seconds)
    for days in _STEPS_DAYS:
        if days * 86400 >= least:
            back = midnight.toordinal() % days
            return _later(-back, midnight), partial(_later, days)
    months = next((number for number in _STEPS_MONTHS if number * 30 * 86400 >= least), _STEPS_MONTHS[-1])
    first = midnight.year * 12 + midnight.month - 1
    return _month(first - first % months), lambda moment: _month(moment.year * 12 + moment.month - 1 + months)


def _after(seconds: int, moment: datetime) -> datetime:
    return (moment + timedelta(seconds=seconds)).astimezone()


def _later(days: int, moment: datetime) -> datetime:
    """Midnight again, also over a change of the clocks."""
    return (moment.replace(tzinfo=None) + timedelta(days=days)).astimezone()


def _month(number: int) -> datetime:
    return datetime(number // 12, number % 12 + 1, 1, tzinfo=UTC).replace(tzinfo=None).astimezone()
