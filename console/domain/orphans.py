"""An orphan in words: why an image is not whole, what is known to bring the rest, and what can be done. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from console.domain.chains import ChainState
from console.domain.recovery_points import Restorability


class Cause(StrEnum):
    SEED = "seed"
    TRANSFER = "transfer"
    DAMAGED = "damaged"
    PARENT_GONE = "parent-gone"


class RepairKind(StrEnum):
    CONSUME = "consume"
    TRANSFER = "transfer"
    CHECK = "check"


@dataclass(frozen=True, slots=True)
class SeedFact:
    """The seed drive that is to bring it; with an empty `id` it is not written yet. `title` as people call it."""

    id: str
    title: str
    written: datetime | None = None


@dataclass(frozen=True, slots=True)
class SourceFact:
    """The incoming pairing of the machine. `paused_by`: who paused it, empty when nobody did."""

    pairing: str
    peer: str
    active: bool
    paused_by: str
    last_contact: datetime | None


@dataclass(frozen=True, slots=True)
class OrphanFacts:
    """`state` of the image; `damaged`: the hole it waits for is damage found here. `itself`: that hole is the image."""

    state: ChainState
    damaged: bool
    itself: bool
    hole: str
    repository: str
    seed: SeedFact | None
    source: SourceFact | None


@dataclass(frozen=True, slots=True)
class Repair:
    """`why_not`: a sentence when it is not possible now, else empty."""

    kind: RepairKind
    text: str
    seed: str | None = None
    pairing: str | None = None
    repository: str | None = None
    why_not: str = ""


def cause(facts: OrphanFacts) -> Cause:
    if facts.damaged:
        return Cause.DAMAGED
    if facts.state is ChainState.AWAITING_SEED:
        return Cause.SEED
    return Cause.TRANSFER if facts.state is ChainState.AWAITING_TRANSFER else Cause.PARENT_GONE


def why(facts: OrphanFacts) -> str:
    """One sentence."""
    hole = f"image {facts.hole[:12]}" if facts.hole else "an image"
    match cause(facts):
        case Cause.DAMAGED:
            what = "Its own bytes" if facts.itself else f"The bytes of {hole}, which it builds on,"
            return f"{what} are damaged or missing in repository “{facts.repository}”."
        case Cause.SEED:
            drive = facts.seed.title if facts.seed and facts.seed.id else "a seed drive that is not written yet"
            where = f"seed drive {drive}" if facts.seed and facts.seed.id else drive
            if facts.itself:
                return f"Its bytes travel on {where}."
            return f"It builds on {hole}, whose bytes travel on {where}."
        case Cause.TRANSFER:
            source = f"Core “{facts.source.peer}”" if facts.source else "its source Core"
            if facts.itself:
                return f"Its bytes are still to be transferred from {source}."
            return f"It builds on {hole}, which is still to be transferred from {source}."
        case _:
            what = "Its bytes are" if facts.itself else f"It builds on {hole}, which is"
            return f"{what} not on this Core, and no seed drive or transfer is known that brings them."


def waits(facts: OrphanFacts) -> str:
    """What is known of what will bring it; empty when nothing will."""
    kind = cause(facts)
    if kind is Cause.SEED and facts.seed is not None:
        if not facts.seed.id:
            return "The seed drive is not written yet."
        when = f", written {facts.seed.written:%Y-%m-%d}" if facts.seed.written else ""
        return f"Seed drive {facts.seed.title}{when}, not yet consumed here."
    if kind is Cause.TRANSFER and facts.source is not None:
        return _source(facts.source)
    return ""


def repairs(facts: OrphanFacts) -> list[Repair]:
    """What makes it whole, the likeliest first. Empty: nothing that is known here does."""
    found: list[Repair] = []
    kind = cause(facts)
    if kind is Cause.SEED and facts.seed is not None:
        if facts.seed.id:
            found.append(
                Repair(RepairKind.CONSUME, f"Connect seed drive {facts.seed.title} and consume it.", facts.seed.id)
            )
        else:
            wait = "It is not written yet. Write it at the source Core."
            found.append(Repair(RepairKind.CONSUME, "Consume the seed drive.", why_not=wait))
    if facts.source is not None:
        text = f"Have Core “{facts.source.peer}” send it over the wire."
        found.append(Repair(RepairKind.TRANSFER, text, pairing=facts.source.pairing, why_not=_why_not(facts.source)))
    if kind is Cause.DAMAGED:
        text = f"Check repository “{facts.repository}” to find out what can be read again."
        found.append(Repair(RepairKind.CHECK, text, repository=facts.repository))
    return found


def summary(
    restorability: Restorability,
    restorable: int,
    total: int,
    whys: Sequence[str],
    *,
    helped: bool,
    locked: bool = False,
) -> str:
    """What can be had of a point now, and what it lacks. `locked`: its names cannot be read, its key is locked."""
    match restorability:
        case Restorability.ALL_FILES if locked:
            now = f"All {total} files are here; its key is locked."
        case Restorability.SOME_FILES if locked:
            now = f"Its key is locked: which of its {total} files are here can be told when it is unlocked."
        case Restorability.ALL_FILES:
            now = f"All {total} files can be restored now, though the recovery point is not whole."
        case Restorability.SOME_FILES:
            now = f"{restorable} of {total} files can be restored now."
        case _:
            now = "Nothing of it can be restored now."
    more = "" if helped else "Nothing is known here that would make it whole; the points after a new base are not hurt."
    return " ".join(filter(None, [now, *dict.fromkeys(whys), more]))


def _source(source: SourceFact) -> str:
    told = f"last contact {source.last_contact:%Y-%m-%d %H:%M} UTC" if source.last_contact else "never heard of"
    blocked = _why_not(source)
    return f"Core “{source.peer}”, {told}." + (f" {blocked}" if blocked else "")


def _why_not(source: SourceFact) -> str:
    if not source.active:
        return "The pairing has ended."
    return f"The pairing is paused by {source.paused_by}." if source.paused_by else ""
