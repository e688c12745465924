"""A policy as it is typed, the simulator's wishes, and what both say."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, cast

import pytest

from console.domain.retention import DEFAULT, Keep, Policy, Rule, Span, Unit, parse_policy
from console.domain.retention_answers import RetentionAnswer, RollupAnswer, SimulationAnswer
from console.flows import simulating
from console.flows.retention import (
    Block,
    draft_of,
    policy_text,
    reach_text,
    reason_word,
    rollup_details,
    rollup_text,
    same,
)
from console.flows.simulating import Wish

NOW = datetime(2026, 5, 20, 12, tzinfo=UTC)


def answer(policy: str, *, own: bool = True) -> RetentionAnswer:
    return cast(RetentionAnswer, {"policy": policy, "own": own, "machine": "web", "machine_id": "1"})


def test_a_draft_means_what_the_core_has_until_something_is_typed() -> None:
    draft = draft_of(answer(str(DEFAULT)))
    assert draft.built() == DEFAULT
    assert draft.policy() == str(DEFAULT)
    assert not draft.blocks[Rule.YEARLY].on
    assert draft.blocks[Rule.YEARLY].number == "5", "what is off has something to begin with"
    longer = draft.with_block(Rule.DAILY, Block(True, " 30 ", Unit.DAYS))
    assert longer.built() == replace(DEFAULT, daily=Span(30, Unit.DAYS))
    assert not same(draft, longer)
    assert same(draft, draft_of(answer(str(DEFAULT))))


@pytest.mark.parametrize("typed", ["", "0", "three", "-1", "1000", "2.5"])
def test_a_number_that_cannot_be_is_told_where_it_stands(typed: str) -> None:
    draft = draft_of(answer(str(DEFAULT))).with_block(Rule.WEEKLY, Block(True, typed, Unit.WEEKS))
    assert set(draft.problems()) == {Rule.WEEKLY}
    assert draft.built() is None
    assert not same(draft, draft)


def test_what_is_off_or_follows_the_core_is_not_judged() -> None:
    draft = draft_of(answer(str(DEFAULT))).with_block(Rule.WEEKLY, Block(False, "nonsense", Unit.WEEKS))
    assert not draft.problems()
    assert draft.policy() == "all 3d hourly 2d daily 4d monthly 2m"
    wrong = draft.with_block(Rule.ALL, Block(False, "x", Unit.DAYS))
    assert set(wrong.problems()) == {Rule.ALL}, "all points are kept for some time, always"
    assert not replace(wrong, own=False).problems()
    assert replace(wrong, own=False).policy() is None
    assert replace(wrong, everything=True).policy() == "everything"


def test_a_block_too_short_to_keep_anything_is_said_and_can_be_saved() -> None:
    draft = draft_of(answer("all 3d weekly 5d monthly 1m yearly 1y"))
    assert set(draft.advice()) == {Rule.WEEKLY}
    assert draft.built() is not None


def test_everything_comes_back_with_blocks_to_begin_with() -> None:
    draft = draft_of(answer("everything"))
    assert draft.everything
    assert replace(draft, everything=False).built() == DEFAULT


def test_policies_are_said_in_words() -> None:
    assert policy_text(parse_policy("all 1w daily 30d yearly 1y")) == "All of 1 week, daily 30 days, yearly 1 year"
    assert policy_text(Policy(everything=True)) == "Every point is kept"
    assert "10 days old" in reach_text(parse_policy("all 3d daily 1w"), NOW)
    assert "until it is full" in reach_text(Policy(everything=True), NOW)


def test_every_reason_has_a_word() -> None:
    for code in (*Rule, *Keep, "aged", "superseded"):
        assert reason_word(code)[0].isupper()
    assert reason_word("some-thing-new") == "Some thing new"


def test_a_rollup_is_said_before_it_is_done() -> None:
    plan = cast(
        RollupAnswer,
        {"points_removed": 3, "points_kept": 9, "images_reparented": 2, "kept_by": {"held": 1, "newest": 1}},
    )
    assert rollup_text(plan) == "3 points would go now; 9 points stay."
    told = " ".join(rollup_details(plan))
    assert "2 images will build on the nearest" in told
    assert "1 held point stays" in told
    assert "cannot be brought back" in told
    assert rollup_text(cast(RollupAnswer, dict(plan) | {"points_removed": 0})) == "Nothing would go now; 9 points stay."


def test_what_is_to_be_played_is_judged_while_it_is_typed() -> None:
    assert Wish().habits() == {"days": 365, "interval_s": None, "change": None}
    assert Wish(30, "4h", "500 MB").habits() == {"days": 30, "interval_s": 14_400, "change": 500_000_000}
    assert set(Wish(30, "now and then", "much").problems()) == {"every", "change"}
    assert set(Wish(30, "off", "").problems()) == {"every"}, "without backups there is nothing to play"
    assert set(Wish(30, "5s", "").problems()) == {"every"}


def test_what_was_played_is_said_in_sentences() -> None:
    days = [{"date": f"2026-05-{day}", "points": day, "bytes": day * 1_000_000} for day in (20, 21, 22)]
    courses: list[dict[str, Any]] = [
        {"place": None, "policy": "all 3d", "known": True, "days": days},
        {"place": "Vault", "policy": "all 3d", "known": False, "days": days},
    ]
    found = cast(SimulationAnswer, {"interval_s": 3600, "size": 10**9, "change": 5 * 10**6, "courses": courses})
    assert simulating.day_text(found, 1) == "2026-05-21: Here 21 points, 21 MB · Vault 21 points, 21 MB"
    told = simulating.summary(found)
    assert "Here: 20 points on 2026-05-20, 22 points on 2026-05-22; at most 22 MB, on 2026-05-22." in told
    assert "How long “Vault” keeps points is not known" in told
    assert "every 60m, 5.0 MB new in each, 1.0 GB for a base" in simulating.habit_text(found)
