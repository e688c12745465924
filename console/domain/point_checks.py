"""Checks of recovery points: what was looked at, and what came of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from console.domain.clock import iso


class PointCheck(StrEnum):
    """`checksum`: every object read and verified. `integrity`: the chain is whole. `mountability`: the file systems of
    disk images open, and their own checkers find nothing. `attachability`: the databases in it open and answer."""

    CHECKSUM = "checksum"
    INTEGRITY = "integrity"
    MOUNTABILITY = "mountability"
    ATTACHABILITY = "attachability"


class Verdict(StrEnum):
    GOOD = "good"
    BAD = "bad"
    NOT_CHECKED = "not-checked"


@dataclass(frozen=True, slots=True)
class Finding:
    """What one look at one thing showed; `message` a sentence."""

    verdict: Verdict
    message: str


@dataclass(frozen=True, slots=True)
class CheckResult:
    """The latest result of one check of one point (id). `job`: whose log has the details."""

    point: str
    check: PointCheck
    verdict: Verdict
    message: str
    time: datetime
    job: str = ""

    def told(self) -> dict[str, Any]:
        """As screens and documents show it."""
        return {
            "check": self.check.value,
            "verdict": self.verdict.value,
            "message": self.message,
            "time": iso(self.time),
            "job": self.job,
        }


def summed_up(findings: Sequence[Finding], nothing: str) -> Finding:
    """One finding for many: bad when one is, good when none is bad and at least one is good. `nothing`: the sentence
    where there was nothing to look at."""
    bad = [finding for finding in findings if finding.verdict is Verdict.BAD]
    good = [finding for finding in findings if finding.verdict is Verdict.GOOD]
    left = [finding for finding in findings if finding.verdict is Verdict.NOT_CHECKED]
    if bad:
        more = f" ({len(bad) - 1} more are bad.)" if len(bad) > 1 else ""
        return Finding(Verdict.BAD, bad[0].message + more)
    if good:
        told = good[0].message if len(good) == 1 else f"{len(good)} looked at, all good."
        more = f" Not checked: {left[0].message}" if left else ""
        return Finding(Verdict.GOOD, told + more)
    return Finding(Verdict.NOT_CHECKED, left[0].message if left else nothing)
