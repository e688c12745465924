"""Every wizard on real Cores with clicks and keys: to its effect, and broken at every step."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from console.client.client import Client
from console.desktop.wizards.catalogue import WIZARDS, title_of, why_not
from console.domain.jobs import JobState
from tests.support.bench import Bench
from tests.support.named_worlds import RunningWorld
from tests.support.wizard_cases import CASES, Case, Consume, Protect, Replicate, Restore, SeedDrive, contents
from tests.support.wizard_hand import Hand, Key

Running = Callable[..., RunningWorld]
Make = Callable[[type[Case]], Case]
every_wizard = pytest.mark.parametrize("kind", CASES, ids=lambda kind: kind.name)


@pytest.fixture
def make(bench: Bench, running_world: Running, tmp_path: Path) -> Make:
    return lambda kind: kind(bench, running_world, tmp_path)


@pytest.fixture(autouse=True)
def _close(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No window outlives its test."""
    hands: list[Hand] = []
    began = Hand.__init__

    def remember(self: Hand, *args: object, **kwargs: object) -> None:
        began(self, *args, **kwargs)  # type: ignore[arg-type]
        hands.append(self)

    monkeypatch.setattr(Hand, "__init__", remember)
    yield
    for hand in hands:
        hand.leave()


def finish(case: Case, hand: Hand) -> None:
    """The last button, then until every job has ended well and what was wanted is there."""
    hand.next()
    case.bench.wait(lambda: hand.window.outcome is not None or hand.failure or hand.problems, "it does not finish")
    outcome = hand.window.outcome
    assert outcome is not None, f"{hand.failure} {hand.problems} {hand.window.rest.text}"
    case.bench.wait(lambda: all(job.ended for job in outcome.jobs), "a job does not end")
    states = [job.shown["state"] for job in outcome.jobs if job.shown is not None]
    assert states == [JobState.SUCCEEDED] * len(outcome.jobs), hand.said
    case.bench.run(case.effect(case.desk.client))


@every_wizard
def test_clicked_through_to_its_effect_with_a_name_on_every_control(kind: type[Case], make: Make) -> None:
    case = make(kind)
    hand = case.open()
    for key in case.steps:
        assert hand.step == key
        assert hand.nameless() == [], f"in the step {key}"
        case.fill(hand)
        assert hand.nameless() == [], f"in the step {key}"
        if not hand.flow.last:
            hand.go_on()
    finish(case, hand)
    assert hand.nameless() == []


@every_wizard
def test_the_keyboard_alone_leads_to_the_effect(kind: type[Case], make: Make) -> None:
    case = make(kind)
    hand = case.open(keys_only=True)
    case.walk(hand, "summary")
    finish(case, hand)


@every_wizard
def test_a_core_that_dies_at_any_step_is_told_and_tried_again(kind: type[Case], make: Make) -> None:
    case = make(kind)
    hand = case.open()
    for key in case.steps:
        case.fill(hand)
        assert hand.step == key
        case.process.kill()
        case.bench.wait(lambda: not case.desk.link.connected, "the death of the Core is not noticed")
        hand.next()
        assert hand.failure == "core-unreachable", f"in the step {key}"
        assert hand.step == key
        case.restart()
        if key == "summary":
            break
        hand.try_again()
        assert hand.failure == ""
        assert hand.step != key
    hand.try_again()
    outcome = hand.window.outcome
    assert outcome is not None, hand.failure
    case.bench.wait(lambda: all(job.ended for job in outcome.jobs), "a job does not end")
    case.bench.run(case.effect(case.desk.client))


@every_wizard
def test_cancel_at_any_step_leaves_nothing_behind(kind: type[Case], make: Make) -> None:
    case = make(kind)
    before = case.bench.run(case.state())
    for key in case.steps:
        hand = case.open()
        case.walk(hand, key)
        case.fill(hand)
        hand.discard()
        assert case.bench.run(case.state()) == before, f"after the step {key}"


@every_wizard
def test_back_to_the_first_step_and_on_again_keeps_the_answers(kind: type[Case], make: Make) -> None:
    case = make(kind)
    hand = case.open()
    case.walk(hand, "summary")
    said = hand.flow.answers
    for _ in range(len(case.steps) - 1):
        hand.back()
    assert hand.window.flow.number == 0
    while hand.step != "summary":
        hand.go_on()  # nothing is answered anew
    assert hand.flow.answers == said
    finish(case, hand)


@every_wizard
def test_in_a_small_window_nothing_is_out_of_reach(kind: type[Case], make: Make) -> None:
    case = make(kind)
    hand = case.open(size=(720, 480))
    case.walk(hand, "summary")
    for _ in range(len(case.steps)):
        asked = [control for view in hand.window.form.views.values() for control in view.controls()]
        for control in asked:
            if control.isVisible():
                hand._bring(control)
                assert not control.visibleRegion().isEmpty(), control.accessibleName()
                shown = control.mapTo(hand.window, control.rect().topRight()).x()
                assert shown <= hand.window.width(), f"{control.accessibleName()} is cut off"
        if hand.window.flow.number:
            hand.back()


def test_a_machine_that_is_protected_offers_replication_next(make: Make) -> None:
    case = make(Protect)
    hand = case.open()
    case.walk(hand, "repository")
    hand.tick("replicate")
    case.walk(hand, "summary")
    finish(case, hand)
    hand.click(hand.window.footer.then)
    assert [name for name, _ in case.bench.opened] == ["replication"]


def test_a_name_that_is_taken_is_told_as_it_is_typed(make: Make) -> None:
    case = make(Protect)
    case.bench.run(case.desk.client.protect("laptop", [(None, str(case.beside))]))
    hand = case.open()
    hand.type("name", "laptop")
    assert "“laptop”" in hand.problem("name")
    hand.keys("-2")
    assert hand.problem("name") == ""


def test_a_wrong_password_is_told_and_can_be_mended(make: Make) -> None:
    case = make(Replicate)
    hand = case.open()
    case.walk(hand, "request")
    case.fill(hand)
    hand.type("password", "wrong")
    hand.next()
    assert hand.step == "request"
    assert hand.failure == "wrong-credentials"
    hand.type("password", "")
    assert hand.problem("password")
    case.fill(hand)
    hand.go_on()
    case.walk(hand, "summary")
    finish(case, hand)


@pytest.mark.parametrize("gone_at", ["target", "request", "summary"])
def test_a_target_that_is_gone_is_told_and_tried_again(make: Make, gone_at: str) -> None:
    case = make(Replicate)
    assert isinstance(case, Replicate)
    hand = case.open()
    case.walk(hand, gone_at)
    case.fill(hand)
    port = case.target.primary.port
    case.target.primary.kill()
    hand.next()
    assert hand.step == gone_at
    assert hand.failure == "target-unreachable"
    case.target.primary.start(port=port)
    hand.try_again()
    assert hand.failure == ""
    if gone_at != "summary":
        case.walk(hand, "summary")
        finish(case, hand)
    else:
        assert hand.window.outcome is not None


def test_nobody_signs_in_before_the_fingerprints_were_compared(make: Make) -> None:
    case = make(Replicate)
    hand = case.open()
    case.walk(hand, "compare")
    words = hand.view("fingerprint").field.words
    assert "  ".join(words) in hand.said
    hand.next()
    assert hand.step == "compare"
    assert hand.problem("fingerprint")


@pytest.mark.parametrize("gone_at", ["drive", "check", "machines", "summary"])
def test_a_drive_that_is_pulled_is_told_and_goes_on_when_it_is_back(make: Make, gone_at: str) -> None:
    case = make(Consume)
    assert isinstance(case, Consume)
    hand = case.open()
    case.walk(hand, gone_at)
    case.fill(hand)
    pulled = case.drive.with_name("in a pocket")
    case.drive.rename(pulled)
    hand.next()
    if hand.step != gone_at:  # this step needs nothing of the drive
        hand.next()
    assert hand.failure, f"nothing is said in the step {hand.step}"
    assert hand.window.outcome is None
    pulled.rename(case.drive)
    hand.try_again()
    assert hand.failure == ""
    if hand.window.outcome is None:
        case.walk(hand, "summary")
        finish(case, hand)


@pytest.mark.parametrize("gone_at", ["location", "summary"])
def test_a_medium_that_is_not_there_any_more_is_told_before_it_is_written(make: Make, gone_at: str) -> None:
    case = make(SeedDrive)
    assert isinstance(case, SeedDrive)
    hand = case.open()
    case.walk(hand, gone_at)
    case.fill(hand)
    medium = case.drive.parent
    pulled = medium.with_name("in a pocket")
    medium.rename(pulled)
    medium.write_text("in its place lies a file")
    hand.next()
    outcome = hand.window.outcome
    if outcome is None:
        assert hand.failure, hand.said
    else:
        case.bench.wait(lambda: outcome.jobs[0].ended)
        assert outcome.jobs[0].shown["state"] == "failed"
        assert outcome.jobs[0].said.text.text(), "the job says why"
        return
    medium.unlink()
    pulled.rename(medium)
    hand.try_again()
    if hand.window.outcome is None:
        case.walk(hand, "summary")
        finish(case, hand)


def test_other_answers_after_going_back_are_those_that_count(make: Make) -> None:
    case = make(Restore)
    assert isinstance(case, Restore)
    hand = case.open()
    case.walk(hand, "summary")
    for _ in range(3):
        hand.back()
    assert hand.step == "what"
    hand.choose("what", "some")
    hand.next()
    assert hand.problem("files")
    tree = hand.view("files").files

    def row_of(name: str) -> int:
        return next((n for n in range(tree.model.rowCount()) if tree.model.index(n, 0).data() == name), -1)

    case.bench.wait(lambda: row_of("notes.txt") >= 0, "the files are not shown")
    tree.tree.setFocus()
    tree.tree.setCurrentIndex(tree.model.index(row_of("notes.txt"), 0))
    hand.key(Key.Key_Space)
    assert hand.flow.answers.files == ("notes.txt",)
    assert hand.problem("files") == ""
    hand.go_on()
    case.walk(hand, "summary")
    hand.next()
    outcome = hand.window.outcome
    assert outcome is not None
    case.bench.wait(lambda: outcome.jobs[0].ended)
    assert list(contents(case.to)) == ["notes.txt"]


def test_another_point_is_picked_by_keyboard(make: Make) -> None:
    case = make(Restore)
    hand = case.open()
    case.walk(hand, "point")
    newest = hand.flow.answers.point
    table = hand.view("point").points.table
    case.bench.wait(lambda: table.model().rowCount() == 5, "the points are not shown")
    hand.reach(table)
    hand.key(Key.Key_Down)
    assert hand.flow.answers.point not in ("", newest)
    second = hand.flow.answers.point
    hand.key(Key.Key_Return)
    hand.settle()
    assert hand.step == "what", "Enter on a point means it"
    assert hand.flow.answers.point == second


# --- who may


def test_each_role_is_offered_what_it_may(bench: Bench, running_world: Running) -> None:
    running = running_world("empty")
    offered = {}
    for user in ("admin", "technician", "helpdesk"):

        async def dial(user: str = user) -> Client:
            return await running.connect(None, user)

        desk = bench.desk_on(dial)
        offered[user] = [one.name for one in WIZARDS if not why_not(desk, one.name)]
    assert offered["admin"] == [one.name for one in WIZARDS]
    assert offered["technician"] == ["seed-drive", "consume", "restore"]
    assert offered["helpdesk"] == []
    assert why_not(desk, "protect") == "Only an administrator may do this."
    assert why_not(desk, "restore") == "Only administrators and technicians may do this."
    assert title_of("restore") == "Restore"
