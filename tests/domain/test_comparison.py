"""Two Cores side by side: every point once, what differs is named with why and what helps."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from console.domain.comparison import ComparedPoint, Difference, Fix, KeptImage, Why, compare
from console.domain.replication import Withheld, WithheldReason

TIME = datetime(2026, 5, 4, tzinfo=UTC)


def image(name: str, *, here: bool = True, whole: bool = True, damaged: bool = False) -> KeptImage:
    return KeptImage(name, "p", TIME, here, whole, damaged, bytes=10)


def gone(name: str) -> KeptImage:
    return KeptImage(name, gone=True)


def one(found: list[ComparedPoint]) -> tuple[Difference, Why, Fix]:
    (point,) = found
    return point.difference, point.why, point.fix


def held(name: str, reason: WithheldReason, detail: str = "") -> dict[str, Withheld]:
    return {name: Withheld("p", name, reason, detail)}


def test_what_both_have_is_the_same_and_needs_nothing() -> None:
    assert one(compare([image("i")], [image("i")], (), {})) == (Difference.SAME, Why.NONE, Fix.NONE)


def test_only_here_says_why_it_is_not_there_and_what_helps() -> None:
    here = [image("i")]
    assert one(compare(here, [], {"i"}, {})) == (Difference.ONLY_HERE, Why.WAITS, Fix.SEND)
    for reason, why, fix in (
        (WithheldReason.ON_SEED, Why.ON_SEED, Fix.CONSUME),
        (WithheldReason.PAUSED, Why.PAUSED, Fix.RESUME),
        (WithheldReason.NOT_WHOLE_HERE, Why.BUILDS_ON, Fix.NONE),
    ):
        assert one(compare(here, [], (), held("i", reason))) == (Difference.ONLY_HERE, why, fix)
    rolled_up = compare(here, [gone("i")], (), held("i", WithheldReason.GONE_THERE))
    assert one(rolled_up) == (Difference.ONLY_HERE, Why.GONE_THERE, Fix.NONE)
    (on_drive,) = compare(here, [], (), held("i", WithheldReason.ON_SEED, "a drive"))
    assert on_drive.detail == "a drive"


def test_only_there_was_let_go_of_here_or_was_never_known() -> None:
    assert one(compare([gone("i")], [image("i")], (), {})) == (Difference.ONLY_THERE, Why.GONE_HERE, Fix.NONE)
    assert one(compare([], [image("i")], (), {})) == (Difference.ONLY_THERE, Why.UNKNOWN_HERE, Fix.NONE)


def test_damage_goes_first_and_a_run_heals_the_target() -> None:
    bad = image("i", here=False, whole=False, damaged=True)
    assert one(compare([image("i")], [bad], {"i"}, {})) == (Difference.DAMAGED_THERE, Why.DAMAGED, Fix.SEND)
    assert one(compare([bad], [image("i")], (), {})) == (Difference.DAMAGED_HERE, Why.DAMAGED, Fix.REPAIR_HERE)
    assert one(compare([bad], [bad], (), {})) == (Difference.DAMAGED_BOTH, Why.DAMAGED, Fix.REPAIR_HERE)
    assert one(compare([bad], [], (), {}))[0] is Difference.DAMAGED_HERE


def test_a_point_of_two_volumes_is_there_only_with_both() -> None:
    here = [image("i"), image("j")]
    found = compare(here, [image("i")], {"j"}, {})
    assert one(found) == (Difference.INCOMPLETE_THERE, Why.WAITS, Fix.SEND)
    assert found[0].bytes == 20


def test_what_builds_on_something_missing_is_incomplete() -> None:
    orphan = image("i", whole=False)
    at_target = held("i", WithheldReason.AT_TARGET)
    assert one(compare([image("i")], [orphan], (), at_target)) == (
        Difference.INCOMPLETE_THERE,
        Why.BUILDS_ON,
        Fix.NONE,
    )
    assert one(compare([orphan], [image("i")], (), {}))[0] is Difference.INCOMPLETE_HERE


_MIRROR = {
    "only-here": "only-there",
    "damaged-here": "damaged-there",
    "incomplete-here": "incomplete-there",
}
MIRROR = {**_MIRROR, **{other: one for one, other in _MIRROR.items()}}


@st.composite
def sides(draw: st.DrawFn) -> tuple[list[KeptImage], list[KeptImage]]:
    both: tuple[list[KeptImage], list[KeptImage]] = ([], [])
    for number in range(draw(st.integers(0, 8))):
        point = f"p{draw(st.integers(0, 3))}"
        time = TIME + timedelta(hours=int(point[1:]))
        for side in both:
            state = draw(st.sampled_from(["none", "whole", "orphan", "damaged", "gone", "awaited"]))
            if state == "gone":
                side.append(gone(f"i{number}"))
            elif state != "none":
                here = state in ("whole", "orphan")
                side.append(KeptImage(f"i{number}", point, time, here, state == "whole", state == "damaged"))
    return both


@given(sides())
def test_each_point_once_in_order_and_mirrored_from_the_other_side(
    both: tuple[list[KeptImage], list[KeptImage]],
) -> None:
    here, there = both
    found = compare(here, there, (), {})
    shown = [point.point for point in found]
    present = {k.point for k in (*here, *there) if k.here or k.damaged}
    assert len(shown) == len(set(shown))
    assert set(shown) == present
    assert [p.time for p in found] == sorted(p.time for p in found)
    other = {point.point: point.difference.value for point in compare(there, here, (), {})}
    for point in found:
        mirrored = MIRROR.get(point.difference.value, point.difference.value)
        assert other[point.point] == mirrored


@given(sides(), st.sets(st.integers(0, 8)))
def test_only_what_differs_is_to_be_mended_and_sending_only_what_a_run_would_send(
    both: tuple[list[KeptImage], list[KeptImage]], numbers: set[int]
) -> None:
    sending = {f"i{number}" for number in numbers}
    points = {kept.image: kept.point for side in both for kept in side if kept.point}
    for found in compare(*both, sending, {}):
        if found.difference is Difference.SAME:
            assert (found.why, found.fix) == (Why.NONE, Fix.NONE)
        else:
            assert found.why is not Why.NONE
        if found.fix is Fix.SEND:
            assert any(points.get(image) == found.point for image in sending)


@given(sides())
def test_a_core_beside_itself_differs_in_nothing_that_is_on_one_side(
    both: tuple[list[KeptImage], list[KeptImage]],
) -> None:
    kinds = {found.difference for found in compare(both[0], both[0], (), {})}
    assert kinds <= {Difference.SAME, Difference.DAMAGED_BOTH, Difference.INCOMPLETE_BOTH}
