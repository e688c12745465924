"""Whether a machine is safe, and if not, why: a verdict over frozen facts. Time is an argument."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from console.domain.chains import ChainState
from console.domain.machines import MachineKind


class Verdict(StrEnum):
    """The worst first."""

    BROKEN = "broken"
    LATE = "late"
    WAITING = "waiting"
    EMPTY = "empty"
    PAUSED = "paused"
    SAFE = "safe"


RANK = {verdict: number for number, verdict in enumerate(Verdict)}
LEAST_GRACE = timedelta(minutes=10)
"""A backup that is due takes a while until it is a recovery point."""


@dataclass(frozen=True, slots=True)
class SafetyFacts:
    """`last_point`, `state`, `why`: of the newest point; None and empty while there is none. `orphaned`: how many of
    all points are not whole. `paused_by`: who paused its backups, or what brings its points; empty when nobody did.
    `source`: name of the Core it comes from; empty for our own."""

    kind: MachineKind
    interval_s: int
    next_due: datetime | None
    last_point: datetime | None
    state: ChainState | None
    why: str
    orphaned: int
    paused_by: str
    source: str


def judge(facts: SafetyFacts, now: datetime) -> tuple[Verdict, str]:
    """The verdict, and a sentence that says why; one for a safe machine too."""
    if facts.last_point is None or facts.state is None:
        return Verdict.EMPTY, _empty(facts, now)
    if facts.state is ChainState.BROKEN:
        return Verdict.BROKEN, f"The newest recovery point is not whole. {facts.why}".strip()
    if facts.state is not ChainState.WHOLE:
        return Verdict.WAITING, f"The newest recovery point is not whole yet. {facts.why}".strip()
    if facts.paused_by:
        what = "Backups are" if facts.kind is MachineKind.PROTECTED else "Replication is"
        return Verdict.PAUSED, f"{what} paused by {facts.paused_by}."
    late = _late(facts, now)
    if late:
        return Verdict.LATE, late
    if facts.kind is MachineKind.RECOVERY_POINTS_ONLY:
        return Verdict.SAFE, "Its recovery points are kept; no new ones are made."
    older = "" if not facts.orphaned else f" {facts.orphaned} older {_points(facts.orphaned)} not whole."
    return Verdict.SAFE, f"The newest recovery point is whole.{older}"


def _empty(facts: SafetyFacts, now: datetime) -> str:
    if facts.paused_by:
        return f"There is no recovery point yet, and it is paused by {facts.paused_by}."
    if facts.source:
        return f"There is no recovery point yet; “{facts.source}” has sent none."
    if facts.next_due is not None and facts.next_due + _grace(facts) < now:
        return f"There is no recovery point yet, though a backup was due {_said(facts.next_due)}."
    return "There is no recovery point yet."


def _late(facts: SafetyFacts, now: datetime) -> str:
    """A sentence when a backup is overdue; what comes from elsewhere may be one backup behind."""
    if facts.interval_s <= 0 or facts.last_point is None:
        return ""
    match facts.kind:
        case MachineKind.PROTECTED:
            if facts.next_due is not None and facts.next_due + _grace(facts) < now:
                return f"A backup was due {_said(facts.next_due)}."
        case MachineKind.REPLICATED:
            expected = facts.last_point + 2 * timedelta(seconds=facts.interval_s) + _grace(facts)
            if expected < now:
                return f"Nothing has come from “{facts.source}” since the point of {_said(facts.last_point)}."
    return ""


def _grace(facts: SafetyFacts) -> timedelta:
    return max(LEAST_GRACE, timedelta(seconds=facts.interval_s) / 2)


def _said(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"


def _points(count: int) -> str:
    return "recovery point is" if count == 1 else "recovery points are"
