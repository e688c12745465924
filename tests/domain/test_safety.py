"""The verdict over a machine, and its reason."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from console.domain.chains import ChainState
from console.domain.machines import MachineKind
from console.domain.safety import RANK, SafetyFacts, Verdict, judge

NOW = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
FACTS = SafetyFacts(
    kind=MachineKind.PROTECTED,
    interval_s=3600,
    next_due=NOW + HOUR / 2,
    last_point=NOW - HOUR / 2,
    state=ChainState.WHOLE,
    why="",
    orphaned=0,
    paused_by="",
    source="",
)
THERE: dict[str, Any] = {"kind": MachineKind.REPLICATED, "next_due": None, "source": "north"}
TORN: dict[str, Any] = {"state": ChainState.BROKEN, "why": "It builds on image 12."}


@pytest.mark.parametrize(
    ("change", "verdict", "said"),
    [
        ({}, Verdict.SAFE, "whole"),
        ({"orphaned": 1}, Verdict.SAFE, "1 older recovery point is not whole"),
        ({"orphaned": 3}, Verdict.SAFE, "3 older recovery points are not whole"),
        ({"next_due": NOW - HOUR / 4}, Verdict.SAFE, "whole"),
        ({"next_due": NOW - HOUR}, Verdict.LATE, "was due 2026-05-04 11:00 UTC"),
        ({"next_due": NOW - timedelta(minutes=9), "interval_s": 60}, Verdict.SAFE, "whole"),
        ({"next_due": NOW - timedelta(minutes=11), "interval_s": 60}, Verdict.LATE, "due"),
        ({"next_due": None, "interval_s": 0, "last_point": NOW - 9999 * HOUR}, Verdict.SAFE, "whole"),
        ({"paused_by": "Ada", "next_due": None}, Verdict.PAUSED, "Backups are paused by Ada"),
        (TORN, Verdict.BROKEN, "It builds on image 12."),
        ({**TORN, "paused_by": "Ada"}, Verdict.BROKEN, "not whole"),
        ({"state": ChainState.AWAITING_SEED}, Verdict.WAITING, "not whole yet"),
        ({"state": ChainState.AWAITING_TRANSFER, "next_due": NOW - 9 * HOUR}, Verdict.WAITING, "not whole yet"),
        ({"last_point": None, "state": None}, Verdict.EMPTY, "no recovery point yet."),
        ({"last_point": None, "state": None, "next_due": NOW - 2 * HOUR}, Verdict.EMPTY, "was due"),
        ({"last_point": None, "state": None, "paused_by": "Ada"}, Verdict.EMPTY, "paused by Ada"),
        ({**THERE, "last_point": None, "state": None}, Verdict.EMPTY, "“north” has sent none"),
        ({**THERE, "last_point": NOW - 2 * HOUR}, Verdict.SAFE, "whole"),
        ({**THERE, "last_point": NOW - 3 * HOUR}, Verdict.LATE, "Nothing has come from “north”"),
        ({**THERE, "paused_by": "“north”", "last_point": NOW - 9 * HOUR}, Verdict.PAUSED, "Replication is paused"),
        ({"kind": MachineKind.RECOVERY_POINTS_ONLY, "last_point": NOW - 999 * HOUR}, Verdict.SAFE, "kept"),
    ],
)
def test_verdicts(change: dict[str, Any], verdict: Verdict, said: str) -> None:
    found, why = judge(replace(FACTS, **change), NOW)
    assert found is verdict
    assert said in why
    assert why.endswith(".")


def test_the_worst_stand_first() -> None:
    assert min(Verdict, key=RANK.__getitem__) is Verdict.BROKEN
    assert max(Verdict, key=RANK.__getitem__) is Verdict.SAFE
