"""Every kind of field in a wizard: what it shows, what it answers, and that it changes in place."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QCoreApplication, QEvent, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QComboBox, QLineEdit

from console.desktop.desk import Desk
from console.desktop.wizards.fields.mnemonics import bare, letter_of, with_letters
from console.desktop.wizards.fields.widths import fit, is_numeric
from tests.support.bench import Bench
from tests.support.sample_flow import SampleFlow
from tests.support.sample_wizard import Open, to_chosen, to_shown
from tests.support.wizard_hand import Key

# --- fields change in place


def test_typing_keeps_focus_and_cursor_while_other_fields_come_and_go(open_wizard: Open) -> None:
    hand = open_wizard()
    hand.type("name", "eb-01")
    line: QLineEdit = hand.view("name").line
    hand.key(Key.Key_Home)
    hand.keys("x")
    assert "x" in hand.window.form.views, "a note came above what is typed in"
    assert hand.focused is line
    assert (line.text(), line.cursorPosition()) == ("xeb-01", 1)
    hand.keys("y")
    assert line.text() == "xyeb-01"
    hand.key(Key.Key_Backspace)
    hand.key(Key.Key_Backspace)
    assert "x" not in hand.window.form.views
    assert hand.focused is line
    assert hand.view("name").line is line


def test_every_kind_of_field_answers(open_wizard: Open) -> None:
    hand = open_wizard()
    hand.type("name", "web-01")
    hand.type("password", "secret")
    assert hand.view("password").line.echoMode() == QLineEdit.EchoMode.Password
    hand.type("note", "two")
    hand.key(Key.Key_Return)
    hand.keys("lines")
    hand.click(hand.view("every").box)
    hand.key(Key.Key_Up)
    hand.tick("more")
    said = hand.flow.answers.said
    assert (said["password"], said["note"], said["every"], said["more"]) == ("secret", "two\nlines", 61, True)
    hand.go_on()
    hand.choose("colour", "green")
    hand.choose("store", "second")
    hand.pick("machines", "machine 0", "machine 2")
    assert hand.flow.said("machines") == ("m0", "m2")
    hand.pick("machines", "machine 0")
    assert hand.flow.said("machines") == ("m2",)
    assert (hand.flow.said("colour"), hand.flow.said("store")) == ("green", "second")
    hand.go_on()
    hand.add("from", "/etc")
    hand.add("from", "/home")
    assert hand.step == "extra", "Enter took the directory and nothing else"
    assert hand.flow.said("from") == ("/etc", "/home")
    hand.view("from").list.setCurrentRow(0)
    hand.click(hand.view("from").remove)
    assert hand.flow.said("from") == ("/home",)
    hand.pick("one", "second")
    hand.pick("one", "third")
    assert hand.flow.said("one") == ("third",)


def test_a_line_that_cannot_be_picked_says_why(open_wizard: Open) -> None:
    hand = to_chosen(open_wizard())
    hand.pick("machines", "machine 1")
    assert hand.flow.said("machines", ()) == ()
    model = hand.view("machines").lines
    assert model.index(1, model.columnCount() - 1).data() == "It is paused."
    radio = hand.view("colour").radios["blue"]
    assert not radio.isEnabled()
    assert "There is none left." in hand.said


def test_a_picked_line_has_a_choice_of_its_own(bench: Bench, open_wizard: Open) -> None:
    hand = to_chosen(open_wizard())
    view = hand.view("machines")
    view.table.setFocus()
    hand.key(Key.Key_F2)
    bench.wait(lambda: view.table.findChildren(QComboBox), "the choice does not open")
    box = view.table.findChildren(QComboBox)[0]
    assert box.accessibleName() == "Repository there: machine 0"
    QTest.keyClick(box, Key.Key_End)
    bench.wait(lambda: hand.flow.said("machines.beside") == {"m0": "second"}, "the choice is not answered")
    assert hand.flow.said("machines") == ("m0",), "opening the choice of a line picks the line"


def test_thousands_of_lines_are_filtered_and_keep_what_was_picked(sample_desk: Desk, open_wizard: Open) -> None:
    hand = to_chosen(open_wizard(SampleFlow(sample_desk.client, machines=5000)))
    view = hand.view("machines")
    hand.click(view.seek)
    hand.keys("machine 4321")
    assert view.lines.rowCount() == 1
    hand.pick("machines", "machine 4321")
    for _ in "machine 4321":
        QTest.keyClick(view.seek, Key.Key_Backspace)
    assert view.lines.rowCount() == 5000
    assert hand.flow.said("machines") == ("m4321",)
    assert "1 of 5000 chosen" in view.total.text()
    hand.click(view.all)
    assert len(hand.flow.said("machines")) == 4999, "all but the one that cannot be"
    hand.click(view.none)
    assert hand.flow.said("machines") == ()


def test_a_pick_without_lines_says_what_is_missing(sample_desk: Desk, open_wizard: Open) -> None:
    hand = to_chosen(open_wizard(SampleFlow(sample_desk.client, machines=0)))
    assert "No machine is protected yet." in hand.said
    assert not hand.view("machines").table.isVisible()


def test_directories_are_found_by_walking_and_made(bench: Bench, open_wizard: Open, tmp_path: Path) -> None:
    (tmp_path / "there" / "below").mkdir(parents=True)
    hand = to_chosen(open_wizard(), more=True)
    hand.choose("store", "default")
    hand.pick("machines", "machine 0")
    hand.go_on()
    view = hand.view("to")
    hand.type("to", str(tmp_path))
    hand.click(view.browse)
    bench.wait(lambda: view.browser.here == str(tmp_path), "the directory is not shown")
    row = next(n for n in range(view.browser.entries.count()) if view.browser.entries.item(n).text() == "there")
    view.browser.entries.setCurrentRow(row)
    QTest.keyClick(view.browser.entries, Key.Key_Return)
    bench.wait(lambda: view.browser.here.endswith("/there"), "Enter does not go in")
    QTest.keyClick(view.browser.entries, Key.Key_Backspace)
    bench.wait(lambda: view.browser.here == str(tmp_path), "Backspace does not go up")
    assert view.browser.entries.currentItem().text() == "there", "and it is known where one came from"
    hand.click(view.browser.name)
    hand.keys("made here")
    hand.click(view.browser.make)
    bench.wait(lambda: hand.flow.said("to") == (str(tmp_path / "made here"),), "the directory is not made and used")
    assert (tmp_path / "made here").is_dir()
    assert not view.browser.isVisible()
    hand.go_on()


def test_a_directory_that_cannot_be_shown_is_told_in_place(bench: Bench, open_wizard: Open, tmp_path: Path) -> None:
    hand = to_chosen(open_wizard(), more=True)
    hand.choose("store", "default")
    hand.pick("machines", "machine 0")
    hand.go_on()
    view = hand.view("to")
    hand.type("to", str(tmp_path / "gone"))
    hand.click(view.browse)
    bench.wait(lambda: view.browser.pane.problem.isVisible(), "it is not told")
    assert view.browser.pane.problem.failure.code == "no-such-folder"
    (tmp_path / "gone").mkdir()
    hand.click(view.browser.pane.problem._retry)
    bench.wait(lambda: view.browser.here.endswith("/gone"), "Try again does not help")


def test_what_is_shown_is_shown(open_wizard: Open) -> None:
    hand = to_shown(open_wizard())
    for text in ("harbour  seven  melon  ticket  quiet  lantern", "AB:CD:AB:CD", "1.2 TB", "All is well.", "Go on."):
        assert text in hand.said
    table = hand.view("lines").table
    assert [table.model().index(0, column).data() for column in range(2)] == ["/media/blue", "25 GB"]
    hand.next()
    assert hand.problem("same").startswith("Compare first")
    hand.tick("same")
    hand.go_on()
    hand.click(hand.view("command").copy)
    assert QGuiApplication.clipboard().text().startswith("replicore sample make")


def test_letters_are_given_once_and_first_letters_first() -> None:
    made = with_letters(["Name", "Note", "Save & close"], ["n"])
    assert [letter_of(text) for text in made] == ["a", "o", "s"]
    assert made[2] == "&Save && close"
    assert with_letters(["日本"], []) == ["日本"]


def test_a_letter_that_a_label_has_already_is_kept_where_it_is_free() -> None:
    assert with_letters(["Name of it", "Size", "Lines &of it", "R&D"], []) == [
        "&Name of it",
        "&Size",
        "Lines &of it",
        "&R&&D",
    ]
    assert with_letters(["&Name"], ["n"]) == ["N&ame"]
    assert bare("Na&me") == "Na&me", "in the middle of a word it is no mnemonic"
    assert [bare(text) for text in ("&Name", "Save &as", "Red & warm")] == ["Name", "Save as", "Red & warm"]


def test_wide_columns_give_way_first() -> None:
    assert fit([100, 200, 300], 700) == [100, 200, 300]
    assert fit([100, 200, 300], 500) == [100, 200, 200]
    assert fit([100, 200, 300], 400) == [100, 150, 150]
    assert fit([200, 200], 10) == [150, 72], "but not until nothing can be read"
    assert fit([200, 200, 90], 400) == [155, 155, 90]
    assert fit([200, 300, 90], 330) == [150, 90, 90], "the first column names the line"
    assert fit([], 10) == []


def test_columns_of_numbers_are_known_by_what_is_in_them() -> None:
    assert is_numeric(["5", "1.2 GB", "–", "48 MB/s"])
    assert not is_numeric(["5", "five"])
    assert not is_numeric(["–", ""])
    assert not is_numeric(["2026-11-21"])


def test_the_wheel_over_a_number_scrolls_and_does_not_change_it(open_wizard: Open) -> None:
    hand = open_wizard(size=(720, 480))
    box = hand.view("every").box
    hand.click(hand.view("name").line)
    from PySide6.QtCore import QPoint, QPointF
    from PySide6.QtGui import QWheelEvent

    wheel = QWheelEvent(
        QPointF(5, 5),
        QPointF(box.mapToGlobal(QPoint(5, 5))),
        QPoint(0, -120),
        QPoint(0, -120),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    assert wheel.type() == QEvent.Type.Wheel
    QCoreApplication.sendEvent(box, wheel)
    assert box.value() == 60
