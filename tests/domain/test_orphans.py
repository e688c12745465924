"""Orphans in words: the cause, what is known to bring the rest, what can be done."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from console.domain.chains import ChainState
from console.domain.orphans import (
    Cause,
    OrphanFacts,
    RepairKind,
    SeedFact,
    SourceFact,
    cause,
    repairs,
    summary,
    waits,
    why,
)
from console.domain.recovery_points import Restorability

DAY = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)
SOURCE = SourceFact("pairing-1", "north", active=True, paused_by="", last_contact=DAY)
SEED = SeedFact("5eed", "“Blue” (5eed)", DAY)
UNWRITTEN = SeedFact("", "")
FACTS = OrphanFacts(
    ChainState.BROKEN, damaged=False, itself=False, hole="0123456789abcdef", repository="main", seed=None, source=None
)
ON_SEED: dict[str, Any] = {"state": ChainState.AWAITING_SEED, "seed": SEED}
BY_WIRE: dict[str, Any] = {"state": ChainState.AWAITING_TRANSFER, "source": SOURCE}


@pytest.mark.parametrize(
    ("change", "found", "said", "waiting", "helps"),
    [
        ({}, Cause.PARENT_GONE, "image 0123456789ab", "", []),
        ({"itself": True}, Cause.PARENT_GONE, "Its bytes are not on this Core", "", []),
        (ON_SEED, Cause.SEED, "travel on seed drive “Blue” (5eed)", "written 2026-05-04", [("consume", True)]),
        ({**ON_SEED, "itself": True}, Cause.SEED, "Its bytes travel on", "Blue", [("consume", True)]),
        ({**ON_SEED, "seed": UNWRITTEN}, Cause.SEED, "not written yet", "not written yet", [("consume", False)]),
        (
            {**ON_SEED, "source": SOURCE},
            Cause.SEED,
            "travel on",
            "not yet consumed",
            [("consume", True), ("transfer", True)],
        ),
        (BY_WIRE, Cause.TRANSFER, "from Core “north”", "last contact 2026-05-04 12:00 UTC", [("transfer", True)]),
        (
            {**BY_WIRE, "source": replace(SOURCE, paused_by="north")},
            Cause.TRANSFER,
            "transferred",
            "paused by north",
            [("transfer", False)],
        ),
        (
            {**BY_WIRE, "source": replace(SOURCE, active=False, last_contact=None)},
            Cause.TRANSFER,
            "transferred",
            "has ended",
            [("transfer", False)],
        ),
        ({"damaged": True}, Cause.DAMAGED, "damaged or missing in repository “main”", "", [("check", True)]),
        (
            {**BY_WIRE, "damaged": True, "itself": True},
            Cause.DAMAGED,
            "Its own bytes are damaged",
            "",
            [("transfer", True), ("check", True)],
        ),
    ],
)
def test_one_image(
    change: dict[str, Any], found: Cause, said: str, waiting: str, helps: list[tuple[str, bool]]
) -> None:
    facts = replace(FACTS, **change)
    assert cause(facts) is found
    assert said in why(facts)
    assert why(facts).endswith(".")
    assert waiting in waits(facts)
    assert bool(waits(facts)) == bool(waiting)
    assert [(repair.kind.value, not repair.why_not) for repair in repairs(facts)] == helps


def test_a_repair_says_what_it_is_done_with() -> None:
    consume, transfer = repairs(replace(FACTS, **ON_SEED, source=SOURCE))
    assert (consume.kind, consume.seed, transfer.pairing) == (RepairKind.CONSUME, "5eed", "pairing-1")
    *_, check = repairs(replace(FACTS, damaged=True))
    assert (check.kind, check.repository) == (RepairKind.CHECK, "main")


def test_a_point_in_words() -> None:
    whys = ["It lacks A.", "It lacks A.", "It lacks B."]
    some = summary(Restorability.SOME_FILES, 2, 9, whys, helped=True)
    assert some == "2 of 9 files can be restored now. It lacks A. It lacks B."
    assert summary(Restorability.ALL_FILES, 9, 9, [], helped=True).startswith("All 9 files")
    nothing = summary(Restorability.NONE, 0, 9, [], helped=False)
    assert nothing.startswith("Nothing of it")
    assert "new base" in nothing
