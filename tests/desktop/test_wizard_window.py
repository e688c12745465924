"""The wizard window against a flow with every kind of field: steps, problems, failures, waiting, leaving, keyboard."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QMessageBox
from shiboken6 import isValid

from console.desktop.desk import Desk
from console.desktop.wizards.fields.mnemonics import letter_of
from tests.support.bench import Bench
from tests.support.cores import CoreProcess
from tests.support.sample_flow import SampleFlow
from tests.support.sample_wizard import WRONG, Open, dial_to, to_chosen, to_shown, to_summary
from tests.support.wizard_hand import Hand, Key

# --- the steps


def test_it_leads_through_the_steps_to_what_was_done(bench: Bench, open_wizard: Open) -> None:
    hand = open_wizard()
    assert hand.window.windowTitle() == "Make a sample – Test Core"
    assert [(line.title, line.place) for line in hand.window.steps.lines][:2] == [
        ("What is typed", 0),
        ("What is chosen", 1),
    ]
    to_summary(hand)
    assert [line.place for line in hand.window.steps.lines] == [-1, -1, -1, 0]
    assert "“web-01” is made." in hand.said
    assert hand.window.next.accessibleName() == "Make"
    hand.next()
    assert hand.window.outcome is not None
    assert "The sample was made." in hand.said
    assert [line.place for line in hand.window.steps.lines] == [-1, -1, -1, -1]
    hand.click(hand.window.next)
    bench.wait(lambda: not isValid(hand.window), "closing ends the window")


def test_an_answer_changes_the_steps_that_follow(open_wizard: Open) -> None:
    hand = open_wizard()
    titles = [line.title for line in hand.window.steps.lines]
    assert "Directories" not in titles
    hand.tick("more")
    assert [line.title for line in hand.window.steps.lines] == [*titles[:2], "Directories", *titles[2:]]
    hand.tick("more")
    assert [line.title for line in hand.window.steps.lines] == titles


def test_going_back_keeps_every_answer(open_wizard: Open) -> None:
    hand = to_chosen(open_wizard())
    hand.choose("colour", "green")
    hand.pick("machines", "machine 2")
    hand.back()
    assert hand.view("name").line.text() == "web-01"
    hand.type("name", "web-02")
    hand.go_on()
    assert hand.view("colour").radios["green"].isChecked()
    assert hand.view("machines").field.value == ("m2",)
    assert hand.flow.said("name") == "web-02"


def test_the_first_step_has_no_way_back(open_wizard: Open) -> None:
    hand = open_wizard()
    assert not hand.window.back.isVisible()
    hand.key(Key.Key_Left, Qt.KeyboardModifier.AltModifier)
    hand.settle()
    assert hand.step == "typed"


# --- problems


def test_problems_show_only_after_a_field_was_touched_or_next_was_pressed(open_wizard: Open) -> None:
    hand = open_wizard()
    assert hand.problems == {}
    hand.type("name", "a")
    assert hand.problems == {}
    hand.key(Key.Key_Backspace)
    assert hand.problems == {"name": "Give it a name."}
    hand.keys("b")
    assert hand.problems == {}


def test_next_shows_what_is_missing_and_goes_there(open_wizard: Open) -> None:
    hand = to_chosen(open_wizard())
    calls = list(hand.flow.calls)
    hand.next()
    assert hand.problems == {"store": "Choose a repository.", "machines": "Choose at least one machine."}
    assert hand.focused is hand.view("store").box
    assert "Choose a repository." in hand.view("store").box.accessibleDescription()
    assert hand.flow.calls == calls, "the Core is not asked about answers that cannot be"


def test_what_is_no_size_keeps_the_step_in_front(open_wizard: Open) -> None:
    hand = open_wizard()
    hand.type("name", "web-01")
    hand.type("segment", "12 apples")
    assert "12 apples" in hand.problem("segment")
    hand.next()
    assert hand.step == "typed"
    hand.type("segment", "4.7 GB")
    assert hand.problem("segment") == ""
    assert hand.flow.said("segment") == 4_700_000_000
    hand.type("segment", "")
    assert hand.flow.said("segment") is None
    hand.go_on()


# --- waiting, failing, leaving


@pytest.mark.parametrize("where", ["check typed", "enter chosen"])
def test_a_failure_is_told_in_place_and_tried_again(open_wizard: Open, where: str) -> None:
    hand = open_wizard()
    hand.flow.failures[where] = [WRONG]
    hand.type("name", "web-01")
    hand.next()
    assert hand.step == "typed"
    assert hand.failure == "wrong-credentials"
    assert "“Vault” does not know this user or password." in hand.said
    assert "Check both." in hand.said
    assert hand.view("name").line.text() == "web-01"
    hand.try_again()
    assert (hand.step, hand.failure) == ("chosen", "")


def test_a_failure_goes_away_with_another_answer(open_wizard: Open) -> None:
    hand = open_wizard()
    hand.flow.failures["check typed"] = [WRONG]
    hand.type("name", "web-01")
    hand.next()
    hand.type("password", "another")
    assert hand.failure == ""


def test_a_beginning_that_fails_is_tried_again(bench: Bench, sample_desk: Desk, open_wizard: Open) -> None:
    flow = SampleFlow(sample_desk.client)
    flow.failures["enter typed"] = [WRONG]
    hand = open_wizard(flow)
    assert hand.failure == "wrong-credentials"
    assert hand.window.form.views == {}
    hand.try_again()
    assert "name" in hand.window.form.views


def test_finishing_that_fails_can_be_finished_again(open_wizard: Open) -> None:
    hand = to_summary(open_wizard())
    hand.flow.failures["finish"] = [WRONG]
    hand.next()
    assert hand.failure == "wrong-credentials"
    assert hand.window.outcome is None
    hand.try_again()
    assert hand.window.outcome is not None
    assert hand.flow.calls.count("finish") == 2


def test_a_slow_core_shows_that_it_is_asked_and_can_be_left_alone(bench: Bench, open_wizard: Open) -> None:
    hand = open_wizard()
    hand.flow.gates["check typed"] = asyncio.Event()
    hand.type("name", "web-01")
    hand.click(hand.window.next)
    assert not hand.window.bar.isVisible(), "at once it would only flicker"
    bench.wait(hand.window.bar.isVisible, "no sign that the Core is asked")
    assert not hand.window.next.isEnabled()
    hand.keys("typed meanwhile")
    assert hand.flow.said("name") == "web-01"
    hand.click(hand.window.footer.stop)
    hand.settle()
    assert (hand.step, hand.failure) == ("typed", "")
    assert not hand.window.bar.isVisible()
    assert hand.window.next.isEnabled()
    hand.flow.gates.clear()
    hand.go_on()


def test_an_answer_in_time_shows_no_sign_of_waiting(open_wizard: Open) -> None:
    hand = open_wizard()
    seen: list[bool] = []
    hand.window.bar.show = lambda: seen.append(True)  # type: ignore[method-assign]
    hand.window._soon.setInterval(600_000)  # whatever comes, comes in time
    to_chosen(hand)
    assert seen == []


def test_a_core_that_dies_is_told_and_after_its_return_the_wizard_goes_on(bench: Bench, own_core: CoreProcess) -> None:
    sample_desk = bench.desk_on(dial_to(own_core))  # type: ignore[arg-type]
    hand = Hand.at(bench, sample_desk, SampleFlow(sample_desk.client))
    hand.type("name", "web-01")
    own_core.kill()
    hand.next()
    assert hand.step == "typed"
    assert hand.failure == "core-unreachable"
    own_core.start()
    hand.try_again()
    assert (hand.step, hand.failure) == ("chosen", "")
    assert hand.flow.said("name") == "web-01"
    hand.leave()
    bench.wait(lambda: not isValid(hand.window))


def test_cancel_without_answers_just_closes(bench: Bench, open_wizard: Open) -> None:
    hand = open_wizard()
    hand.cancel()
    bench.wait(lambda: not isValid(hand.window), "the window does not go away")


def test_escape_asks_when_something_was_typed(bench: Bench, open_wizard: Open) -> None:
    hand = open_wizard()
    hand.type("name", "web-01")
    hand.key(Key.Key_Escape)
    question = hand.window.question
    assert question is not None
    bench.wait(question.isVisible)
    assert "Your answers are lost." in question.informativeText()
    QTest.keyClick(question, Key.Key_Escape)
    bench.wait(lambda: not isValid(question) or not question.isVisible())
    assert hand.window.isVisible()
    assert hand.view("name").line.text() == "web-01"
    hand.cancel()
    asked: QMessageBox | None = hand.window.question
    assert asked is not None
    yes = next(one for one in asked.buttons() if "Discard" in one.text())
    bench.wait(yes.isVisible)
    QTest.mouseClick(yes, Qt.MouseButton.LeftButton)
    bench.wait(lambda: not isValid(hand.window), "the window does not go away")


def test_closing_ends_what_the_window_waits_for(bench: Bench, open_wizard: Open) -> None:
    hand = open_wizard()
    flow = hand.flow
    flow.gates["check typed"] = asyncio.Event()
    hand.type("name", "web-01")
    hand.click(hand.window.next)
    bench.wait(lambda: "check typed" in flow.calls)
    hand.leave()
    bench.wait(lambda: not isValid(hand.window), "the window does not go away")
    assert flow.number == 0


def test_closing_while_the_work_is_begun_says_that_it_is_not_taken_back(bench: Bench, open_wizard: Open) -> None:
    hand = to_summary(open_wizard())
    hand.flow.gates["finish"] = asyncio.Event()
    hand.click(hand.window.next)
    bench.wait(lambda: "finish" in hand.flow.calls)
    bench.wait(hand.window.bar.isVisible)
    assert not hand.window.footer.stop.isVisible()
    hand.cancel()
    question = hand.window.question
    assert question is not None
    assert "does not take that back" in question.informativeText()
    hand.flow.gates["finish"].set()
    hand.settle()
    assert hand.window.outcome is not None
    question.reject()


def test_looking_again_loads_the_step_and_keeps_the_answers(open_wizard: Open) -> None:
    hand = to_chosen(open_wizard())
    hand.pick("machines", "machine 2")
    hand.flow.machines = 5
    hand.key(Key.Key_F5)
    hand.settle()
    assert len(hand.view("machines").field.rows) == 5
    assert hand.flow.said("machines") == ("m2",)


def test_f1_asks_for_the_help_of_this_wizard(open_wizard: Open) -> None:
    hand = open_wizard()
    wanted: list[str] = []
    hand.window.help_wanted.connect(wanted.append)
    hand.key(Key.Key_F1)
    hand.click(hand.window.help)
    assert wanted == ["wizard-sample", "wizard-sample"]


# --- without a mouse, without eyes


def test_the_keyboard_alone_leads_through(bench: Bench, open_wizard: Open) -> None:
    hand = open_wizard()
    hand.keys("web-01")  # the first field has the focus
    hand.key(Key.Key_Return)
    hand.settle()
    assert hand.step == "chosen"
    assert hand.focused is hand.view("colour").radios["red"]
    hand.key(Key.Key_Down)
    hand.key(Key.Key_Tab)
    assert hand.focused is hand.view("store").box
    hand.key(Key.Key_Down)
    hand.key(Key.Key_Tab)
    while hand.focused is not hand.view("machines").table:
        hand.key(Key.Key_Tab)
    hand.key(Key.Key_Space)
    hand.key(Key.Key_Down)
    hand.key(Key.Key_Down)
    hand.key(Key.Key_Space)
    hand.key(Key.Key_Return)
    hand.settle()
    assert (hand.flow.said("colour"), hand.flow.said("store")) == ("green", "default")
    assert hand.flow.said("machines") == ("m0", "m2")
    assert hand.step == "shown"
    hand.key(Key.Key_Space)
    hand.key(Key.Key_Return)
    hand.settle()
    assert hand.step == "summary"
    hand.key(Key.Key_Return)
    hand.settle()
    assert hand.window.outcome is not None
    hand.key(Key.Key_Return)
    bench.wait(lambda: not isValid(hand.window), "Enter closes")


def test_mnemonics_lead_to_fields_and_buttons(open_wizard: Open) -> None:
    hand = open_wizard()
    letter = letter_of(hand.view("password").name.text())
    QTest.keyClick(hand.window, letter, Qt.KeyboardModifier.AltModifier)
    assert hand.focused is hand.view("password").line
    texts = [view.name.text() if view.name.isVisible() else "" for view in hand.window.form.views.values()]
    letters = [letter_of(text) for text in (*texts, hand.view("more").box.text(), hand.window.next.text()) if text]
    assert all(letters)
    assert len(set(letters)) == len(letters)


def test_tab_leads_through_the_window_as_it_is_read(open_wizard: Open) -> None:
    hand = open_wizard()
    hand.type("name", "x")  # another field comes between
    order = ["name", "why", "password", "note", "every", "segment", "more"]
    for key in order:
        control = hand.view(key).controls()[0]
        assert hand.focused is control or control.isAncestorOf(hand.focused), key
        hand.key(Key.Key_Tab)
    assert hand.focused is hand.window.next
    hand.key(Key.Key_Tab)
    assert hand.focused is hand.window.cancel
    hand.key(Key.Key_Tab)
    assert hand.focused is hand.window.again
    hand.key(Key.Key_Tab)
    hand.key(Key.Key_Tab)
    assert hand.focused is hand.view("name").line


@pytest.mark.parametrize("steps", [to_chosen, to_shown, to_summary, None])
def test_everything_that_takes_the_focus_has_a_name(open_wizard: Open, steps: Callable[[Hand], Hand] | None) -> None:
    hand = open_wizard()
    if steps is not None:
        steps(hand)
    assert hand.nameless() == []


def test_directories_have_names_too(bench: Bench, open_wizard: Open) -> None:
    hand = to_chosen(open_wizard(), more=True)
    hand.choose("store", "default")
    hand.pick("machines", "machine 0")
    hand.go_on()
    hand.click(hand.view("to").browse)
    bench.wait(lambda: hand.view("to").browser.here)
    assert hand.nameless() == []
