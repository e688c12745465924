"""Why a point is not at a target, what one is called, and what of a plan brings it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.domain.copies import Standing, check_wish, steps_for, why_not_there
from console.domain.errors import EXIT_CODES, Failed, Failure, FailureKind
from console.domain.pairing import Link
from console.domain.replicas import Replica, ReplicaState
from console.domain.replication import Holding, plan_replication
from tests.domain.test_replication import held, images

PLAIN = Standing("office", "Vault", "web")
BROKEN = Failure("disk-full", "The disk of “Vault” is full.", "Make room.")


def standing(state: ReplicaState, **more: object) -> Standing:
    replica = Replica("p", "x", "m", datetime(2026, 1, 1, tzinfo=UTC), state, code="line-cut", message="It was cut.")
    return replace(PLAIN, replica=replica, **more)  # type: ignore[arg-type]


def test_a_point_that_is_there_needs_no_excuse_whatever_else_is_wrong() -> None:
    assert why_not_there(standing(ReplicaState.THERE, paused_here=True, run=BROKEN, link=Link.UNREACHABLE)) is None


@pytest.mark.parametrize(
    ("why", "code", "exit"),
    [
        (PLAIN, "copy-waits", 1),
        (standing(ReplicaState.WAITING), "copy-waits", 1),
        (standing(ReplicaState.DELETED), "copy-deleted", 5),
        (standing(ReplicaState.FAILED), "line-cut", 1),
        (replace(PLAIN, paused_here=True), "replication-paused", 5),
        (replace(PLAIN, machine_paused=True), "machine-paused", 5),
        (replace(PLAIN, paused_there=True), "paused-by-target", 5),
        (replace(PLAIN, machine_paused_there=True), "paused-by-target", 5),
        (replace(PLAIN, link=Link.UNREACHABLE, link_text="No route."), "target-unreachable", 10),
        (replace(PLAIN, link=Link.AUTHENTICATION_ERROR), "target-authentication-error", 5),
        (replace(PLAIN, link=Link.INCOMPATIBLE), "target-incompatible", 5),
        (replace(PLAIN, damaged=True), "point-damaged-here", 6),
        (replace(PLAIN, seed="0123456789ab"), "point-on-seed", 5),
        (replace(PLAIN, run=BROKEN, link=Link.UNREACHABLE), "disk-full", 1),
    ],
)
def test_every_way_not_to_have_it_has_a_code_a_sentence_and_an_exit_status(why: Standing, code: str, exit: int) -> None:
    failure = why_not_there(why)
    assert failure is not None
    assert (failure.code, EXIT_CODES[failure.kind]) == (code, exit)
    assert failure.message.endswith(".")
    assert failure.hint


@given(
    st.builds(
        Standing,
        st.just("office"),
        st.just("Vault"),
        st.just("web"),
        replica=st.sampled_from([None, *(standing(state).replica for state in ReplicaState)]),
        paused_here=st.booleans(),
        paused_there=st.booleans(),
        machine_paused=st.booleans(),
        machine_paused_there=st.booleans(),
        link=st.sampled_from(list(Link)),
        seed=st.sampled_from(["", "s" * 32]),
        damaged=st.booleans(),
        run=st.sampled_from([None, BROKEN]),
    )
)
def test_it_is_there_or_there_is_a_reason_that_fails_the_command(why: Standing) -> None:
    failure = why_not_there(why)
    there = why.replica is not None and why.replica.state is ReplicaState.THERE
    assert (failure is None) == there
    if failure is not None:
        assert EXIT_CODES[failure.kind] != 0
        assert failure.kind is not FailureKind.CANCELLED


@pytest.mark.parametrize("name", ["", "a", "before-upgrade_2", "x" * 64])
def test_names_that_may_be(name: str) -> None:
    check_wish(name, "d" * 255)


@pytest.mark.parametrize("name", ["x" * 65, "two words", "ä", "a/b", "a\n"])
def test_names_that_may_not_be(name: str) -> None:
    with pytest.raises(Failed) as refused:
        check_wish(name, "")
    assert refused.value.failure.code == "bad-replica-name"


def test_a_description_has_its_length() -> None:
    with pytest.raises(Failed) as refused:
        check_wish("", "d" * 256)
    assert refused.value.failure.code == "bad-description"


def test_one_point_brings_what_it_builds_on_and_nothing_else() -> None:
    known = images("a b<a c<b d<c x y<x")
    plan = plan_replication(known, {}, {})
    assert [step.image for step in steps_for(plan.steps, known, {"c"})] == ["a", "b", "c"]
    plan = plan_replication(known, held("ab"), {})
    assert [step.image for step in steps_for(plan.steps, known, {"c"})] == ["c"]
    assert steps_for(plan.steps, known, {"b"}) == ()


def test_what_the_target_has_let_go_of_is_stepped_over() -> None:
    known = images("a b<a c<b")
    gone = {"b": Holding("b", True, True, False, gone=True)}
    plan = plan_replication(known, gone, {})
    (first, second) = steps_for(plan.steps, known, {"c"})
    assert (first.image, second.image, second.moved, second.parent) == ("a", "c", True, "a")
