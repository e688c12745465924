"""The replication page on two paired Cores: what it shows, what its buttons do there, what roles may do."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QMessageBox

from console.desktop.pages.replication import ReplicationPage
from tests.support.bench import Bench
from tests.support.named_worlds import RunningWorld

Worlds = Callable[..., RunningWorld]


def _page(bench: Bench, running: RunningWorld, core: str | None = None, user: str | None = None) -> ReplicationPage:
    return bench.show(ReplicationPage(bench.desk_on(lambda: running.connect(core, user))))


def _cells(page: ReplicationPage, table: object) -> list[list[str]]:
    model = table.model()  # type: ignore[attr-defined]
    return [
        [str(model.index(row, column).data()) for column in range(model.columnCount())]
        for row in range(model.rowCount())
    ]


def test_both_panes_and_the_pairing_in_front(bench: Bench, running_world: Worlds) -> None:
    running = running_world("two-cores-one-orphan")
    source = _page(bench, running)
    (pairing,) = _cells(source, source._out_table)
    assert "Vault" in pairing
    assert any("seed drive" in cell for cell in pairing), pairing
    assert source._no_in.isVisible()
    machines = {row[1]: row[0] for row in _cells(source, source._member_table)}
    assert machines == {"fileserver": "Awaiting seed", "webserver": "Up to date"}

    target = _page(bench, running, "Vault")
    assert "Office" in _cells(target, target._in_table)[0]
    assert not target._force.isVisible(), "only the source sends"


def test_pause_and_resume_reach_the_core_and_the_screen(bench: Bench, running_world: Worlds) -> None:
    running = running_world("two-cores-one-orphan")
    page = _page(bench, running)
    QTest.mouseClick(page._pause, Qt.MouseButton.LeftButton)
    bench.wait(lambda: page._pause.text().replace("&", "") == "Resume", "the page did not learn of the pause")
    (pairing,) = bench.run(page.desk.client.pairings())["pairings"]
    assert pairing["paused_here"]
    assert _cells(page, page._out_table)[0][0] == "Paused"
    QTest.keyClick(page._pause, Qt.Key.Key_Space)
    bench.wait(lambda: page._pause.text().replace("&", "") == "Pause", "the page did not learn of the resume")
    assert not bench.run(page.desk.client.pairings())["pairings"][0]["paused_here"]


def test_the_plan_says_what_is_not_sent_and_why(bench: Bench, running_world: Worlds) -> None:
    page = _page(bench, running_world("two-cores-one-orphan"))
    page._tabs.setCurrentIndex(1)
    bench.wait(lambda: page._plan_view._sum.text() and not page._plan_pane.busy, "the plan was not loaded")
    assert page._plan_view._sum.text() == "There is nothing to send."
    assert "not:" in page._plan_view._lines.text(), page._plan_view._lines.text()


def test_a_target_that_is_gone_is_told_in_place(bench: Bench, running_world: Worlds) -> None:
    running = running_world("two-cores-one-orphan")
    page = _page(bench, running)
    running.cores["Vault"].kill()
    page._tabs.setCurrentIndex(1)
    bench.wait(lambda: page._plan_pane.problem.failure, "the failure was not told")
    failure = page._plan_pane.problem.failure
    assert failure is not None
    assert failure.code == "target-unreachable"
    running.cores["Vault"].start(port=running.world.core("Vault").port)
    QTest.mouseClick(page._plan_pane.problem._retry, Qt.MouseButton.LeftButton)
    bench.wait(lambda: page._plan_view._sum.text(), "trying again did not help")
    assert not page._plan_pane.problem.isVisible()


def test_ending_a_pairing_asks_first_and_names_what_happens(bench: Bench, running_world: Worlds) -> None:
    page = _page(bench, running_world("two-cores-one-orphan"))
    row = page._outgoing.row(0)
    assert row is not None
    page._ask_end(row)
    bench.wait(lambda: page.findChild(QMessageBox), "nothing was asked")
    box = page.findChild(QMessageBox)
    assert isinstance(box, QMessageBox)
    assert "recovery points with" in box.informativeText()
    assert "fileserver" in box.informativeText()
    assert "stay" in box.informativeText()
    box.reject()
    assert len(bench.run(page.desk.client.pairings())["pairings"]) == 1, "no means no"
    asked = set(page.findChildren(QMessageBox))
    page._ask_end(row)
    bench.wait(lambda: set(page.findChildren(QMessageBox)) - asked, "nothing was asked again")
    (box,) = set(page.findChildren(QMessageBox)) - asked
    next(b for b in box.buttons() if b.text().replace("&", "") == "End the pairing").click()
    bench.wait(page._empty.isVisible, "the page did not show that nothing is left")
    assert not bench.run(page.desk.client.pairings())["pairings"]


def test_a_target_takes_a_machine_no_longer_and_says_what_it_loses(bench: Bench, running_world: Worlds) -> None:
    """At the target, with its points: the question names them, and the machine is gone afterwards."""
    page = _page(bench, running_world("two-cores-one-orphan"), "Vault")
    names = [row[1] for row in _cells(page, page._member_table)]
    row = next(page._members.row(n) for n in range(len(names)) if names[n] == "webserver")
    assert row is not None
    page._ask_remove(row, delete=True)
    bench.wait(lambda: page.findChild(QMessageBox), "nothing was asked")
    box = page.findChild(QMessageBox)
    assert isinstance(box, QMessageBox)
    assert "deleted at this Core" in box.informativeText()
    next(b for b in box.buttons() if b.text().replace("&", "") == "Stop and delete").click()
    bench.wait(lambda: "webserver" not in [row[1] for row in _cells(page, page._member_table)], "it is still there")
    left = bench.run(page.desk.client.machines())["machines"]
    assert "webserver" not in [machine["name"] for machine in left]


def test_help_desk_looks_and_changes_nothing(bench: Bench, running_world: Worlds) -> None:
    page = _page(bench, running_world("two-cores-one-orphan"), user="helpdesk")
    assert page._out_table.isVisible()
    for made in (page._new, page._pause, page._force):
        assert not made.isEnabled()
        assert "administrator" in made.toolTip()


def test_both_cores_are_compared_and_the_difference_is_mended(bench: Bench, running_world: Worlds) -> None:
    running = running_world("two-cores-one-orphan")
    page = _page(bench, running)
    view = page._compare_view
    page._tabs.setCurrentIndex(2)
    bench.wait(lambda: view.sentence.text() and not view.pane.busy, "nothing was compared")
    assert "webserver: " in view.lines.text(), view.lines.text()
    told = _cells(page, view.table)
    assert told, "the orphan and what lies on the seed drive differ"
    assert all(row[0] for row in told)
    assert {"Consume the seed drive there."} <= {row[5] for row in told}, told
    assert view.table.isVisible()
    assert not view.mend.isVisible(), "a drive that is on its way is not mended from here"
    before = view.sentence.text()
    running.cores["Vault"].kill()
    QTest.mouseClick(view.again, Qt.MouseButton.LeftButton)
    bench.wait(lambda: view.pane.problem.failure, "the failure was not told")
    assert view.sentence.text() == before, "what was shown stays"


def test_who_may_not_mend_is_told_who_may(bench: Bench, running_world: Worlds) -> None:
    running = running_world("two-cores-one-orphan")
    mendable = {
        "pairing": "p", "name": "Vault", "here": "Office", "there": "Vault", "alike": False,
        "machines": [{
            "machine": "web", "machine_id": "m", "same": 3, "only_here": 1, "only_there": 0, "damaged": 0,
            "incomplete": 0, "retention_here": "all 1d", "retention_there": "all 2d", "retention_same": False,
            "exact": True, "left_out": 0,
            "points": [{"point": "x", "time": None, "difference": "only-here", "why": "waits", "fix": "send",
                        "detail": "", "bytes": 5}],
        }],
    }  # fmt: skip
    for user, may in ((None, True), ("helpdesk", False)):
        view = _page(bench, running, user=user)._compare_view
        view.show_comparison(mendable)  # type: ignore[arg-type]
        assert not view.mend.isHidden()
        assert view.mend.isEnabled() is may
    assert "administrator" in view.mend.toolTip()
    assert "Kept here by “all 1d”, at Vault by “all 2d”." in view.lines.text()
