"""The wizards about repositories and whole volumes with clicks and keys: to their effect, and broken at every step."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.desktop.test_wizards import _close, finish, make
from tests.support.bench import Bench
from tests.support.repository_cases import ROOM, MendRepository, NewRepository, RestoreMachine
from tests.support.wizard_cases import Case

__all__ = ["_close", "make"]

Make = Callable[[type[Case]], Case]
every_wizard = pytest.mark.parametrize("kind", ROOM, ids=lambda kind: kind.__name__)


@every_wizard
def test_clicked_through_to_its_effect_with_a_name_on_every_control(kind: type[Case], make: Make) -> None:
    case = make(kind)
    hand = case.open()
    for key in case.steps:
        assert hand.step == key
        case.fill(hand)
        assert hand.nameless() == [], f"in the step {key}"
        if not hand.flow.last:
            hand.go_on()
    finish(case, hand)
    assert hand.nameless() == []


@every_wizard
def test_a_core_that_dies_is_told_and_tried_again(kind: type[Case], make: Make) -> None:
    case = make(kind)
    hand = case.open()
    *_, before, last = case.steps
    case.walk(hand, before)
    for key in (before, last):
        case.fill(hand)
        case.process.kill()
        case.bench.wait(lambda: not case.desk.link.connected, "the death of the Core is not noticed")
        hand.next()
        assert (hand.failure, hand.step) == ("core-unreachable", key)
        case.restart()
        hand.try_again()
    outcome = hand.window.outcome
    assert outcome is not None, hand.failure
    case.bench.wait(lambda: all(job.ended for job in outcome.jobs), "a job does not end", 60_000)
    case.bench.run(case.effect(case.desk.client))


@every_wizard
def test_cancel_before_the_end_leaves_nothing_behind_and_back_keeps_the_answers(kind: type[Case], make: Make) -> None:
    case = make(kind)
    before = case.bench.run(case.state())
    hand = case.open()
    case.walk(hand, "summary")
    said = hand.flow.answers
    for _ in range(len(case.steps) - 1):
        hand.back()
    while hand.step != "summary":
        hand.go_on()
    assert hand.flow.answers == said
    hand.discard()
    assert case.bench.run(case.state()) == before


def test_the_keyboard_alone_restores_a_machine(make: Make) -> None:
    case = make(RestoreMachine)
    hand = case.open(keys_only=True, size=(720, 520))
    case.walk(hand, "summary")
    finish(case, hand)


def test_what_is_lost_wants_its_exact_name(make: Make) -> None:
    case = make(RestoreMachine)
    hand = case.open()
    case.walk(hand, "overwrite")
    hand.type("agree:system", "system")
    hand.next()
    assert hand.step == "overwrite"
    assert "system.img" in hand.problem("agree:system")
    hand.keys(".img")
    assert hand.problem("agree:system") == ""
    hand.go_on()
    assert "which is replaced" in hand.said


def test_a_place_that_is_refused_is_told_at_its_step(make: Make) -> None:
    case = make(RestoreMachine)
    hand = case.open()
    case.walk(hand, "targets")
    hand.type("to:system", str(case.running.primary.data))
    hand.type("to:home", str(case.beside / "home"))
    hand.next()
    assert (hand.step, hand.failure) == ("targets", "destination-in-repository")
    case.fill(hand)
    hand.go_on()


def test_other_answers_after_going_back_lead_another_way(make: Make) -> None:
    case = make(RestoreMachine)
    hand = case.open()
    case.walk(hand, "overwrite")
    hand.back()
    hand.type("name:system", "new.img")
    hand.go_on()
    assert hand.step == "summary", "nothing would be lost, so nothing is asked"
    while hand.step != "what":
        hand.back()
    hand.choose("what", "volumes")
    hand.go_on()
    assert hand.step == "volumes"
    hand.pick("volumes", "home")
    hand.go_on()
    hand.go_on()
    assert "system" not in hand.flow.step.plan.command


def test_a_seed_drive_that_is_none_is_told(make: Make) -> None:
    case = make(MendRepository)
    hand = case.open()
    case.walk(hand, "sources")
    hand.add("places", str(case.beside))
    hand.next()
    assert (hand.step, hand.failure) == ("sources", "not-a-seed")


def test_what_stays_damaged_is_said_at_the_end(make: Make) -> None:
    case = make(MendRepository)
    hand = case.open()
    case.walk(hand, "summary")
    hand.next()
    outcome = hand.window.outcome
    assert outcome is not None
    case.bench.wait(lambda: outcome.jobs[0].ended, "the job does not end")
    assert "stay damaged" in outcome.jobs[0].said.explain.text()


def test_a_name_that_is_taken_is_told_as_it_is_typed(make: Make, bench: Bench) -> None:
    case = make(NewRepository)
    hand = case.open()
    hand.type("name", "Default")
    assert "already" in hand.problem("name")
