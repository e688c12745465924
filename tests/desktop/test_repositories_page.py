"""Repositories on real Cores: in detail, at work, damaged; and what each role is offered."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QMenu, QMessageBox

from console.desktop.desk import Place
from console.desktop.pages.events import EventsPage
from console.desktop.pages.repositories import RepositoriesPage
from console.domain.jobs import JobState
from tests.support.bench import Bench
from tests.support.named_worlds import RunningWorld

Worlds = Callable[..., RunningWorld]
LEFT = Qt.MouseButton.LeftButton


def _shown(bench: Bench, running: RunningWorld, user: str | None = None) -> RepositoriesPage:
    page = bench.show(RepositoriesPage(bench.desk_on(lambda: running.connect(user=user))), size=(1100, 800))
    bench.wait(lambda: page._view.name.text(), "the repository was not shown")
    return page


def _facts(page: RepositoriesPage) -> dict[str, str]:
    return dict(page._view.facts._shown)


def _yes(page: RepositoriesPage, text: str) -> QMessageBox:
    """Answers the question in front."""
    box = page.findChildren(QMessageBox)[-1]
    next(b for b in box.buttons() if b.text().replace("&", "") == text).click()
    return box


def test_a_repository_is_shown_with_its_figures_and_checked_in_place(bench: Bench, running_world: Worlds) -> None:
    page = _shown(bench, running_world("one-machine"))
    bench.wait(lambda: "dedupe" in _facts(page)["Protects"], "the ratios are not told")
    facts = _facts(page)
    assert (facts["Machines"], facts["Last check"], facts["Limit"]) == ("laptop", "never", "none")
    assert "grew" in page._view.growth.said
    assert not page._view.damage.isVisible()
    page.grab()  # the picture is painted
    QTest.mouseClick(page._check_all, LEFT)
    bench.wait(lambda: page._view.job is not None and page._view.job.ended, "the job is not shown in place")
    assert page._view.job is not None
    assert "No damage was found." in page._view.job.said.explain.text()
    bench.wait(lambda: "Every byte" in _facts(page)["Last check"], "the last check is not told")
    page._view.dismiss.click()
    assert page._view.job is None


def test_damage_is_shown_with_whom_it_hurts_and_leads_to_its_repair(bench: Bench, running_world: Worlds) -> None:
    running = running_world("broken")
    page = _shown(bench, running)
    panel = page._view.damage
    bench.wait(lambda: panel.table.isVisible(), "nobody said whom it hurts")
    assert "damaged or missing" in panel.said.text.text()
    row = panel.model.row(0)
    assert row is not None
    assert row["machine"] == "archive"
    QTest.mouseClick(panel.repair, LEFT)
    id = bench.run(page.desk.client.repository("default"))["id"]
    assert bench.opened == [("repository-repair", {"repository": id})]
    panel.table.opened.emit(row)
    assert bench.gone[-1] == Place("points", row["point"])

    looking = _shown(bench, running, "helpdesk")
    assert looking._view.damage.isVisible(), "help desk sees what is damaged"
    assert not looking._view.damage.repair.isEnabled()
    assert "administrator" in looking._view.damage.repair.toolTip()


def test_the_alert_of_damage_leads_there_with_one_click(bench: Bench, running_world: Worlds) -> None:
    running = running_world("broken")
    page = bench.show(
        EventsPage(bench.desk_on(lambda: running.connect())), Place("events", filter="alerts"), size=(1100, 700)
    )
    bench.wait(lambda: page._show_it.isVisible(), "the alert is not in front by itself")
    QTest.mouseClick(page._show_it, LEFT)
    id = bench.run(page.desk.client.repository("default"))["id"]
    assert bench.gone == [Place("repositories", id)]


def test_what_can_be_done_opens_its_wizard_or_asks(bench: Bench, running_world: Worlds, tmp_path: Path) -> None:
    running = running_world("one-machine")
    page = _shown(bench, running)
    bench.run(page.desk.client.create_repository("second", str(tmp_path / "second")))
    bench.wait(lambda: page._model.rowCount() == 2, "the new repository was not shown")
    page.go_to(Place("repositories", bench.run(page.desk.client.repository("second"))["id"]))
    bench.wait(lambda: page._view.name.text() == "second", "the place was not shown")
    for made in (page._add, page._adopt, page._edit):
        QTest.mouseClick(made, LEFT)
    page._fill_more()
    actions = {one.text().replace("&", ""): one for one in page._more_menu.actions()}
    for name in ("Move …", "Repair …"):
        actions[name].trigger()
    assert [name for name, _ in bench.opened] == [
        "repository",
        "repository-adopt",
        "repository-edit",
        "repository-move",
        "repository-repair",
    ]
    actions["Make parity now"].trigger()
    bench.wait(lambda: page._view.job is not None and page._view.job.ended, "parity was not made")
    actions["Rebuild the index"].trigger()
    bench.wait(
        lambda: page._view.job is not None and page._view.job.shown is not None
        and page._view.job.shown["kind"] == "rebuild-index" and page._view.job.ended,
        "the index was not rebuilt",
    )  # fmt: skip
    assert "the index knew 0 before" in page._view.job.said.explain.text()  # type: ignore[union-attr]
    actions["Rebuild the catalog …"].trigger()
    _yes(page, "Rebuild")
    bench.wait(
        lambda: page._view.job is not None and page._view.job.shown is not None
        and page._view.job.shown["kind"] == "rebuild-catalog" and page._view.job.ended,
        "the catalog was not rebuilt",
    )  # fmt: skip
    actions["Remove …"].trigger()
    assert str(tmp_path / "second") in _yes(page, "Remove").informativeText()
    bench.wait(lambda: page._model.rowCount() == 1, "the repository was not removed")


def test_room_is_given_back_after_the_plan_was_shown(bench: Bench, running_world: Worlds) -> None:
    running = running_world("empty")
    page = _shown(bench, running)
    QTest.mouseClick(page._reclaim, LEFT)
    bench.wait(lambda: any("worth" in notice for notice in bench.notices), "nobody said that there is nothing")
    row = page._table.current
    assert row is not None
    planned = {
        "objects": 12_000,
        "unreferenced_objects": 3_400,
        "unreferenced_bytes": 48_000_000,
        "packs_delete": 2,
        "packs_rewrite": 1,
        "packs_kept": 1,
        "bytes_freed": 90_000_000,
        "bytes_written": 20_000_000,
        "bytes_won": 70_000_000,
    }
    page._ask_reclaim(row["id"], row["name"], planned)
    told = _yes(page, "Give back").informativeText()
    for text in ("48 MB", "3,400", "2 packs", "20 MB", "70 MB", "1 pack with damage"):
        assert text in told
    bench.wait(lambda: page._view.job is not None and page._view.job.ended, "the job was not shown")


def test_each_role_is_offered_what_it_may(bench: Bench, running_world: Worlds) -> None:
    running = running_world("one-machine")
    technician, helpdesk = _shown(bench, running, "technician"), _shown(bench, running, "helpdesk")
    for page in (technician, helpdesk):
        for made in (page._add, page._adopt, page._reclaim, page._edit, page._more):
            assert not made.isEnabled()
            assert "administrator" in made.toolTip()
    assert technician._check.isEnabled()
    assert not helpdesk._check.isEnabled()
    row, menu = helpdesk._table.current, QMenu()
    assert row is not None
    helpdesk._menu(row, menu)
    assert not any(one.isEnabled() for one in menu.actions())


def test_a_core_that_goes_is_told_in_place_and_tried_again(bench: Bench, running_world: Worlds) -> None:
    running = running_world("one-machine")
    page = _shown(bench, running)
    port = running.primary.port
    running.primary.kill()
    bench.wait(lambda: not page.desk.link.connected, "the death of the Core is not noticed")
    page._start_check(False)
    bench.wait(lambda: page.pane.problem.isVisible(), "the failure was not told")
    assert page._view.name.text(), "what was shown stays"
    running.primary.start(port=port)
    page.desk.link.try_again()
    bench.wait(lambda: page.desk.link.connected, "it did not connect again")
    page._start_check(False)
    bench.wait(
        lambda: (
            page._view.job is not None
            and page._view.job.shown is not None
            and page._view.job.shown["state"] == JobState.SUCCEEDED
        ),
        "the check did not start",
    )


def test_a_job_that_somebody_else_started_is_shown(bench: Bench, running_world: Worlds) -> None:
    running = running_world("one-machine")
    page = _shown(bench, running)
    job = bench.run(page.desk.client.check_repository(None, read_data=True))
    page._view.show_job(job["id"])
    first = page._view.job
    page._view.show_job(job["id"])
    assert page._view.job is first, "the same job is shown once"
    bench.wait(lambda: first is not None and first.ended, "its end is not shown")
