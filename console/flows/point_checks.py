"""Checks of recovery points as people see them: their names, what each looks at, and one word for all of them."""

from __future__ import annotations

from collections.abc import Mapping

from console.domain.point_checks import PointCheck, Verdict
from console.flows.wording import say


def check_word(check: str) -> str:
    """Of a check (`domain.point_checks.PointCheck`); one of a newer Core as it calls it."""
    known = {
        "checksum": say("Checksums"),
        "integrity": say("Chain"),
        "mountability": say("File systems"),
        "attachability": say("Databases"),
    }
    return known.get(check) or check.replace("-", " ").capitalize()


def check_explained(check: PointCheck) -> str:
    return {
        PointCheck.CHECKSUM: say("Reads and proves every byte of the point; takes about as long as restoring it."),
        PointCheck.INTEGRITY: say("Looks whether every image it builds on, and every object of it, is here. Quick."),
        PointCheck.MOUNTABILITY: say("Opens the file systems of disk images and lets their own checkers look."),
        PointCheck.ATTACHABILITY: say("Opens the databases in it (SQLite, PostgreSQL) and asks them."),
    }[check]


def verdict_word(verdict: str) -> str:
    known = {"good": say("good"), "bad": say("bad"), "not-checked": say("not checked")}
    return known.get(verdict) or verdict


def worst(checks: Mapping[str, str]) -> str | None:
    """One verdict for all checks of a point: bad when one is, good when one is and none is bad; None: never checked."""
    found = set(checks.values())
    if not found:
        return None
    for verdict in (Verdict.BAD, Verdict.GOOD):
        if verdict.value in found:
            return verdict.value
    return Verdict.NOT_CHECKED.value


def checks_text(checks: Mapping[str, str]) -> str:
    """Check by check, in their settled order."""
    order = [check.value for check in PointCheck]
    names = sorted(checks, key=lambda name: (order.index(name) if name in order else len(order), name))
    return "\n".join(
        say("{check}: {result}", check=check_word(name), result=verdict_word(checks[name])) for name in names
    )
