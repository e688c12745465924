"""The plan of a replication: what is sent, in which order, and a named reason for everything that is not."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from console.domain.replication import (
    Holding,
    Reservation,
    SourceImage,
    WithheldReason,
    plan_replication,
)
from console.domain.seeds import SeedState


def images(text: str) -> list[SourceImage]:
    """`"a b<a c<b"`: images named a, b with parent a, c with parent b, in that order of time."""
    made = []
    for number, word in enumerate(text.split()):
        name, _, parent = word.partition("<")
        made.append(SourceImage(f"p{name}", name, parent or None, number))
    return made


def held(names: str, *, whole: bool = True) -> dict[str, Holding]:
    return {name: Holding(name, here=True, whole=whole, names=True) for name in names}


def steps(plan: object) -> str:
    return " ".join(step.image + ("*" if step.names else "") for step in plan.steps)  # type: ignore[attr-defined]


def test_everything_goes_oldest_first_to_an_empty_target() -> None:
    assert steps(plan_replication(images("a b<a c<b"), {}, {})) == "a b c"


def test_what_the_target_has_is_not_sent_again() -> None:
    plan = plan_replication(images("a b<a c<b"), held("ab"), {})
    assert steps(plan) == "c"
    assert [w.reason for w in plan.withheld] == [WithheldReason.AT_TARGET] * 2


def test_with_a_seed_outstanding_only_newer_images_travel_and_bring_their_names() -> None:
    reserved = {name: Reservation("s", SeedState.OUTSTANDING) for name in "ab"}
    plan = plan_replication(images("a b<a c<b d<c"), {}, reserved)
    assert steps(plan) == "c* d"
    assert {(w.image, w.reason, w.detail) for w in plan.withheld} == {
        ("a", WithheldReason.ON_SEED, "s"),
        ("b", WithheldReason.ON_SEED, "s"),
    }


def test_an_abandoned_seed_holds_nothing_back() -> None:
    reserved = {name: Reservation("s", SeedState.ABANDONED) for name in "ab"}
    assert steps(plan_replication(images("a b<a c<b"), held("c"), reserved)) == "a b"


def test_a_parent_goes_before_its_child_whatever_the_clocks_said() -> None:
    late_parent = [SourceImage("p2", "b", "a", 1), SourceImage("p1", "a", None, 2)]
    assert steps(plan_replication(late_parent, {}, {})) == "a b"


def test_what_is_damaged_here_is_not_sent() -> None:
    source = [SourceImage("p", "a", None, 0, here=False), SourceImage("q", "b", "a", 1)]
    plan = plan_replication(source, {}, {})
    assert steps(plan) == "b*"
    assert plan.withheld[0].reason is WithheldReason.NOT_WHOLE_HERE


def test_a_pause_withholds_everything_that_is_not_there() -> None:
    plan = plan_replication(images("a b<a"), held("a"), {}, paused=True)
    assert plan.steps == ()
    assert [w.reason for w in plan.withheld] == [WithheldReason.AT_TARGET, WithheldReason.PAUSED]


NAMES = "abcdefghijklmnop"


@st.composite
def situations(
    draw: st.DrawFn,
) -> tuple[list[SourceImage], dict[str, Holding], dict[str, Reservation]]:
    count = draw(st.integers(1, len(NAMES)))
    source = []
    for number in range(count):
        parent = draw(st.one_of(st.none(), st.sampled_from(NAMES[:number]) if number else st.none()))
        source.append(SourceImage(f"p{number}", NAMES[number], parent, draw(st.integers(0, 5))))
    have = draw(st.sets(st.sampled_from(NAMES[:count])))
    away = draw(st.sets(st.sampled_from(NAMES[:count])))
    state = draw(st.sampled_from(SeedState))
    return source, held("".join(have)), {name: Reservation("s", state) for name in away}


@settings(max_examples=50, deadline=None)
@given(situations())
def test_every_image_is_sent_once_or_withheld_with_a_reason(
    situation: tuple[list[SourceImage], dict[str, Holding], dict[str, Reservation]],
) -> None:
    source, there, reserved = situation
    plan = plan_replication(source, there, reserved)
    sent = [step.image for step in plan.steps]
    kept = [w.image for w in plan.withheld]
    assert sorted(sent + kept) == sorted(image.image for image in source)
    parents = {image.image: image.parent for image in source}
    have = set(there)
    for step in plan.steps:
        parent = parents[step.image]
        assert step.image not in there
        assert not (step.image in reserved and reserved[step.image].state.reserves)
        if parent in sent:
            assert parent in have, "a parent that is sent goes before its child"
        assert step.names == (parent is not None and parent not in have)
        have.add(step.image)


GONE = {"b": Holding("b", here=True, whole=True, names=False, gone=True)}


def test_what_the_target_rolled_up_is_not_sent_again_and_its_child_builds_on_what_is_left() -> None:
    plan = plan_replication(images("a b<a c<b"), held("a") | GONE, {})
    assert [w.reason for w in plan.withheld] == [WithheldReason.AT_TARGET, WithheldReason.GONE_THERE]
    assert [(s.image, s.moved, s.parent, s.names) for s in plan.steps] == [("c", True, "a", False)]


def test_with_nothing_left_to_build_on_it_goes_as_a_base() -> None:
    gone = GONE | {"a": Holding("a", here=True, whole=True, names=False, gone=True)}
    plan = plan_replication(images("a b<a c<b d<c"), gone, {})
    assert [(s.image, s.moved, s.parent, s.names) for s in plan.steps] == [
        ("c", True, None, False),
        ("d", False, None, False),
    ]


def test_an_orphan_whose_parent_was_rolled_up_here_is_offered_again_when_that_heals_it() -> None:
    orphan = {"c": Holding("c", here=True, whole=False, names=True, parent="b")}
    assert steps(plan_replication(images("a c<a"), held("a") | orphan, {})) == "c"
    assert steps(plan_replication(images("a c<a"), orphan, {})) == "a c"
    assert steps(plan_replication(images("c"), orphan, {})) == "c"
    # It waits for what is on its way, builds on what is there, or is offered in vain: then it is left.
    assert steps(plan_replication(images("a b<a c<b"), held("a") | orphan, {})) == "b"
    torn = {"b": Holding("b", here=True, whole=False, names=True, parent="x")}
    reserved = {"a": Reservation("s", SeedState.OUTSTANDING)}
    assert steps(plan_replication(images("a c<a"), orphan | torn, reserved)) == ""
    assert steps(plan_replication(images("a c<a"), orphan, reserved)) == "c*"
    assert steps(plan_replication(images("a c<a"), held("a") | held("c"), {})) == ""
