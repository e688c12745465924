"""Jobs, events, users and settings on real Cores."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from console.desktop.desk import Place
from console.desktop.pages.events import EventsPage
from console.desktop.pages.jobs import JobsPage
from console.desktop.pages.settings import SettingsPage
from console.desktop.pages.users import NewUser, UsersPage
from tests.support.bench import Bench
from tests.support.named_worlds import RunningWorld

Worlds = Callable[..., RunningWorld]


def _loaded(bench: Bench, model: object) -> None:
    bench.wait(lambda: model.ever_answered, "the table did not load")  # type: ignore[attr-defined]


def test_jobs_are_listed_filtered_and_explained(bench: Bench, running_world: Worlds) -> None:
    running = running_world("one-machine")
    desk = bench.desk_on(lambda: running.connect())
    page = bench.show(JobsPage(desk))
    _loaded(bench, page._model)
    everything = page._model.total
    assert everything > 0
    page._kind.setCurrentIndex(page._kind.findData("restore"))
    bench.wait(lambda: page._model.total != everything, "the filter did nothing")
    assert page._model.total == 0
    assert not page._empty.isVisible(), "nothing matches; that is not the same as nothing yet"
    page._kind.setCurrentIndex(page._kind.findData("backup"))
    bench.wait(lambda: page._model.total > 0, "the filter did nothing")
    page._table.selectRow(0)
    bench.wait(lambda: page._detail._frame.isVisible(), "the job was not shown")
    assert page._detail._state.text == "Succeeded"
    page._detail._tabs.setCurrentIndex(1)
    bench.wait(lambda: page._detail._log.toPlainText(), "the log was not read")


def test_a_new_job_appears_by_itself_and_can_be_opened(bench: Bench, running_world: Worlds) -> None:
    running = running_world("one-machine")
    desk = bench.desk_on(lambda: running.connect())
    page = bench.show(JobsPage(desk))
    _loaded(bench, page._model)
    before = page._model.total
    machine = bench.run(desk.client.machines())["machines"][0]
    job = bench.run(desk.client.back_up(machine["id"]))
    bench.wait(lambda: page._model.total == before + 1, "the change feed did not reach the page")
    page.go_to(Place("jobs", job["id"]))
    bench.wait(lambda: page._detail._job and page._detail._job["id"] == job["id"], "the job was not shown")
    bench.wait(lambda: page._detail._state.text == "Succeeded", "the end of the job was not shown")


def test_events_are_filtered_and_dismissed(bench: Bench, running_world: Worlds) -> None:
    running = running_world("broken")
    desk = bench.desk_on(lambda: running.connect())
    page = bench.show(EventsPage(desk), Place("events", filter="alerts"))
    _loaded(bench, page._model)
    alerts = page._model.total
    assert alerts > 0
    page._table.selectRow(0)
    bench.wait(lambda: page._dismiss_one.isVisible(), "the alert was not shown")
    QTest.mouseClick(page._dismiss_one, Qt.MouseButton.LeftButton)
    bench.wait(lambda: page._model.total == alerts - 1, "the alert was not dismissed")
    page._which.setCurrentIndex(0)
    page._text.setText("no event says this")
    bench.wait(lambda: page._empty.isVisible(), "the filter did nothing")


def test_users_are_added_and_refused(bench: Bench, running_world: Worlds) -> None:
    running = running_world("empty")
    page = bench.show(UsersPage(bench.desk_on(lambda: running.connect())))
    before = page._model.rowCount()
    QTest.mouseClick(page._add, Qt.MouseButton.LeftButton)
    dialog = page.findChild(NewUser)
    assert dialog is not None
    assert not dialog.add.isEnabled(), "without a name and a password there is nothing to add"
    QTest.keyClicks(dialog.name, "mara")
    QTest.keyClicks(dialog.password, "a long password")
    dialog.role.setCurrentIndex(dialog.role.findData("technician"))
    QTest.mouseClick(dialog.add, Qt.MouseButton.LeftButton)
    bench.wait(lambda: page._model.rowCount() == before + 1, "the user was not shown")
    assert ("mara", "technician") in {(u["name"], u["role"]) for u in bench.run(page.desk.client.users())["users"]}
    page._create("mara", "technician", "another password")
    bench.wait(lambda: page.pane.problem.isVisible(), "a second user of that name was not refused")
    assert page.pane.problem.failure is not None
    assert page.pane.problem.failure.code == "name-taken"

    looking = bench.show(UsersPage(bench.desk_on(lambda: running.connect(user="technician"))))
    assert not looking._add.isEnabled()


def test_settings_say_who_this_is_and_keep_what_can_be(bench: Bench, running_world: Worlds) -> None:
    running = running_world("empty")
    page = bench.show(SettingsPage(bench.desk_on(lambda: running.connect())))
    certificate = bench.run(page.desk.client.certificate())
    assert page._words.text() == " · ".join(certificate["words"])
    assert page._finger.text() == running.place().fingerprint
    edit = page._edits["protect-every"]
    edit.setText("every now and then")
    page._save("protect-every")
    bench.wait(lambda: page.pane.problem.isVisible(), "a value that cannot be was not refused")
    assert page.pane.problem.failure is not None
    assert page.pane.problem.failure.code == "bad-setting"
    edit.setText("4h")
    QTest.keyClick(edit, Qt.Key.Key_Return)
    bench.wait(lambda: bench.notices, "the value was not saved")
    kept = {s["key"]: s["value"] for s in bench.run(page.desk.client.settings())["settings"]}
    assert kept["protect-every"] == "4h"

    looking = bench.show(SettingsPage(bench.desk_on(lambda: running.connect(user="helpdesk"))))
    assert looking._edits["protect-every"].isReadOnly()
