"""What two Cores have of one machine, side by side: where they differ, why, and what makes them alike again."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from console.domain.replication import Withheld, WithheldReason

NOT_DATED = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class KeptImage:
    """What one Core says of one image. `here`: all of its own increment is there, undamaged; `whole`: of all it builds
    on too. `damaged`: objects of it were found damaged or missing. `gone`: it was there, and was rolled up or deleted;
    nothing else is said of it then. `bytes`: stored bytes of its increment. `parent`: of what is here and not whole,
    the image that it builds on there; else empty."""

    image: str
    point: str = ""
    time: datetime | None = None
    here: bool = False
    whole: bool = False
    damaged: bool = False
    gone: bool = False
    bytes: int = 0
    parent: str = ""


class Difference(StrEnum):
    """Of one point. Damage goes before whatever else there is to say of it."""

    SAME = "same"
    ONLY_HERE = "only-here"
    ONLY_THERE = "only-there"
    DAMAGED_HERE = "damaged-here"
    DAMAGED_THERE = "damaged-there"
    DAMAGED_BOTH = "damaged-both"
    INCOMPLETE_HERE = "incomplete-here"
    INCOMPLETE_THERE = "incomplete-there"
    INCOMPLETE_BOTH = "incomplete-both"


class Why(StrEnum):
    """`waits`: the next run sends it. `builds-on`: what it builds on is not whole. `unknown-here`: it was never here,
    or the catalog here is older than it."""

    NONE = ""
    WAITS = "waits"
    PAUSED = "paused"
    ON_SEED = "on-seed"
    GONE_HERE = "gone-here"
    GONE_THERE = "gone-there"
    DAMAGED = "damaged"
    BUILDS_ON = "builds-on"
    UNKNOWN_HERE = "unknown-here"


class Fix(StrEnum):
    """What makes a point alike. `none`: nothing needs to be done, or nothing can be done from here."""

    NONE = ""
    SEND = "send"
    REPAIR_HERE = "repair-here"
    RESUME = "resume"
    CONSUME = "consume"


@dataclass(frozen=True, slots=True)
class ComparedPoint:
    """`detail`: the seed drive (id), where that is why. `bytes`: stored bytes of its images, as far as known."""

    point: str
    time: datetime
    difference: Difference
    why: Why
    fix: Fix
    detail: str
    bytes: int


class _State(StrEnum):
    ABSENT = "absent"
    WHOLE = "whole"
    INCOMPLETE = "incomplete"
    DAMAGED = "damaged"


def compare(
    here: Iterable[KeptImage],
    there: Iterable[KeptImage],
    sending: Collection[str],
    withheld: Mapping[str, Withheld],
) -> list[ComparedPoint]:
    """Each point that is on either side once, the oldest first. Pure.

    `here`, `there`: all images of one machine, as each Core says. `sending`, `withheld`: of the plan of the next run
    (images it would send; why not the others).
    """
    ours, theirs = {kept.image: kept for kept in here}, {kept.image: kept for kept in there}
    images: dict[str, set[str]] = {}
    times: dict[str, datetime] = {}
    for kept in (*ours.values(), *theirs.values()):
        if kept.point:
            images.setdefault(kept.point, set()).add(kept.image)
            if kept.time is not None:
                times.setdefault(kept.point, kept.time)
    found = []
    for point, mine in images.items():
        mine_here, mine_there = _state(mine, ours), _state(mine, theirs)
        if mine_here is _State.ABSENT and mine_there is _State.ABSENT:
            continue
        difference = _difference(mine_here, mine_there)
        why, fix, detail = _explain(difference, mine, ours, theirs, sending, withheld)
        size = sum(max(side[image].bytes for side in (ours, theirs) if image in side) for image in mine)
        found.append(ComparedPoint(point, times.get(point, NOT_DATED), difference, why, fix, detail, size))
    return sorted(found, key=lambda one: (one.time, one.point))


def _state(images: Collection[str], side: Mapping[str, KeptImage]) -> _State:
    known = [side[image] for image in images if image in side and not side[image].gone]
    if any(kept.damaged for kept in known):
        return _State.DAMAGED
    if not any(kept.here for kept in known):
        return _State.ABSENT
    whole = len(known) == len(images) and all(kept.here and kept.whole for kept in known)
    return _State.WHOLE if whole else _State.INCOMPLETE


def _difference(here: _State, there: _State) -> Difference:
    for state, both, one, other in (
        (_State.DAMAGED, Difference.DAMAGED_BOTH, Difference.DAMAGED_HERE, Difference.DAMAGED_THERE),
        (_State.ABSENT, Difference.SAME, Difference.ONLY_THERE, Difference.ONLY_HERE),
        (_State.INCOMPLETE, Difference.INCOMPLETE_BOTH, Difference.INCOMPLETE_HERE, Difference.INCOMPLETE_THERE),
    ):
        if here is state and there is state:
            return both
        if here is state:
            return one
        if there is state:
            return other
    return Difference.SAME


_WITHHELD = {
    WithheldReason.ON_SEED: (Why.ON_SEED, Fix.CONSUME),
    WithheldReason.PAUSED: (Why.PAUSED, Fix.RESUME),
    WithheldReason.GONE_THERE: (Why.GONE_THERE, Fix.NONE),
    WithheldReason.DAMAGED_HERE: (Why.DAMAGED, Fix.REPAIR_HERE),
    WithheldReason.NOT_WHOLE_HERE: (Why.BUILDS_ON, Fix.NONE),
}


def _explain(
    difference: Difference,
    images: Collection[str],
    ours: Mapping[str, KeptImage],
    theirs: Mapping[str, KeptImage],
    sending: Collection[str],
    withheld: Mapping[str, Withheld],
) -> tuple[Why, Fix, str]:
    if difference is Difference.SAME:
        return Why.NONE, Fix.NONE, ""
    if difference in (Difference.DAMAGED_HERE, Difference.DAMAGED_BOTH):
        return Why.DAMAGED, Fix.REPAIR_HERE, ""
    if difference is Difference.ONLY_THERE:
        gone = any(image in ours and ours[image].gone for image in images)
        return (Why.GONE_HERE if gone else Why.UNKNOWN_HERE), Fix.NONE, ""
    if difference in (Difference.INCOMPLETE_HERE, Difference.INCOMPLETE_BOTH):
        return Why.BUILDS_ON, Fix.NONE, ""
    damaged = difference is Difference.DAMAGED_THERE
    if any(image in sending for image in images):
        # What is damaged there counts as lacking there: the run sends it again.
        return (Why.DAMAGED if damaged else Why.WAITS), Fix.SEND, ""
    for image in sorted(images):
        reason = withheld.get(image)
        if reason is not None and reason.reason in _WITHHELD and not _is_there(theirs.get(image)):
            why, fix = _WITHHELD[reason.reason]
            return (Why.DAMAGED if damaged else why), fix, reason.detail
    # Its own images are all there.
    return (Why.DAMAGED if damaged else Why.BUILDS_ON), Fix.NONE, ""


def _is_there(kept: KeptImage | None) -> bool:
    return kept is not None and kept.here
