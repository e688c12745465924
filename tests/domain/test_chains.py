"""Chain states: whole only when everything above is, and the oldest hole decides what an orphan waits for."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from console.domain.chains import ChainState, Expected, ImageFact, WaitingKind, judge, worst

SEED = Expected(WaitingKind.SEED, "s1", "seed drive “Blue 1”")
WIRE = Expected(WaitingKind.TRANSFER, "p1", "Core “north”")


def test_a_base_and_its_incrementals_are_whole() -> None:
    verdicts = judge([ImageFact("a", None), ImageFact("b", "a"), ImageFact("c", "b")], {})
    assert {v.state for v in verdicts.values()} == {ChainState.WHOLE}


def test_an_incremental_without_its_base_waits_for_the_seed_that_has_it() -> None:
    verdict = judge([ImageFact("b", "a")], {"a": SEED})["b"]
    assert (verdict.state, verdict.missing, verdict.expected) == (ChainState.AWAITING_SEED, "a", SEED)


def test_without_anything_coming_it_is_broken() -> None:
    assert judge([ImageFact("b", "a")], {})["b"].state is ChainState.BROKEN


def test_the_oldest_hole_decides() -> None:
    facts = [ImageFact("b", "a"), ImageFact("c", "b", here=False), ImageFact("d", "c")]
    verdicts = judge(facts, {"a": SEED, "c": WIRE})
    assert verdicts["d"].state is ChainState.AWAITING_SEED
    assert verdicts["d"].missing == "a"


def test_damage_breaks_the_image_and_all_below_it_but_nothing_above() -> None:
    verdicts = judge([ImageFact("a", None), ImageFact("b", "a", damaged=True), ImageFact("c", "b")], {})
    assert [verdicts[i].state for i in "abc"] == [ChainState.WHOLE, ChainState.BROKEN, ChainState.BROKEN]
    assert verdicts["c"].missing == "b"


def test_a_circle_of_parents_is_broken_and_ends() -> None:
    verdicts = judge([ImageFact("a", "b"), ImageFact("b", "a")], {})
    assert {v.state for v in verdicts.values()} == {ChainState.BROKEN}


@pytest.mark.parametrize(
    ("states", "expected"),
    [
        ([], ChainState.WHOLE),
        ([ChainState.WHOLE, ChainState.AWAITING_SEED], ChainState.AWAITING_SEED),
        ([ChainState.AWAITING_SEED, ChainState.BROKEN], ChainState.BROKEN),
    ],
)
def test_a_point_is_as_good_as_its_worst_image(states: list[ChainState], expected: ChainState) -> None:
    assert worst(states) is expected


@st.composite
def forests(draw: st.DrawFn) -> list[ImageFact]:
    count = draw(st.integers(1, 25))
    facts = []
    for number in range(count):
        parent = draw(st.one_of(st.none(), st.integers(0, number - 1) if number else st.none()))
        present = draw(st.integers(0, 4)) > 0
        facts.append(ImageFact(str(number), None if parent is None else str(parent), here=present))
    return draw(st.permutations(facts))


@settings(max_examples=50, deadline=None)
@given(forests(), st.integers(0, 3))
def test_whole_means_every_ancestor_is_here(facts: list[ImageFact], dropped: int) -> None:
    given_facts = facts[dropped:]
    present = {f.id: f for f in given_facts}
    verdicts = judge(given_facts, {})
    for fact in given_facts:
        whole, cursor = True, fact
        while True:
            whole = whole and cursor.here
            if cursor.parent is None:
                break
            if cursor.parent not in present:
                whole = False
                break
            cursor = present[cursor.parent]
        assert (verdicts[fact.id].state is ChainState.WHOLE) == whole
