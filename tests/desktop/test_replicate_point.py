"""One recovery point is sent to one target from its menu; on real Cores."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QMenu

from console.client.client import Client
from console.desktop.pages.points import PointsPage
from console.desktop.widgets.replicate_dialog import ReplicateDialog
from tests.support.bench import Bench
from tests.support.named_worlds import RunningWorld
from tests.support.walking import nameless, shared_letters

Worlds = Callable[..., RunningWorld]


def test_the_menu_of_a_point_sends_it_to_a_target(bench: Bench, running_world: Worlds) -> None:
    running = running_world("two-cores-one-orphan")

    async def connect() -> Client:
        return await running.connect()

    page = bench.show(PointsPage(bench.desk_on(connect)), None, (1200, 760))
    bench.wait(lambda: page.detail.shown is not None, "no point was shown")
    points = bench.run(page.desk.client.points(limit=50))["points"]
    row = next(one for one in points if one["targets"])
    menu = QMenu()
    page._fill_menu(row, menu)
    (chosen,) = [one for one in menu.actions() if "Replicate" in one.text()]
    assert chosen.isEnabled()
    chosen.trigger()
    bench.wait(lambda: bool(page.findChildren(ReplicateDialog)), "nothing was asked")
    dialog = page.findChildren(ReplicateDialog)[-1]
    assert not nameless(dialog)
    assert not shared_letters(dialog)
    assert dialog.to.count() >= 1
    assert dialog.state.text()
    QTest.keyClicks(dialog.name, "two words")
    assert not dialog.yes.isEnabled(), "such a name is refused before it is sent"
    assert dialog.wrong.text()
    dialog.name.setText("before-upgrade")
    dialog.description.setText("the last of release 4")
    assert dialog.yes.isEnabled()
    QTest.mouseClick(dialog.yes, Qt.MouseButton.LeftButton)
    bench.wait(lambda: bool(bench.gone) and bench.gone[-1].page == "jobs", "the job is not shown")
    (job,) = bench.run(page.desk.client.jobs(kind="replicate-point", offset=0))["jobs"]
    assert job["subject"] == row["id"]
    (copy,) = [one for one in bench.run(page.desk.client.copies(row["id"]))["copies"] if one["replica"]]
    assert (copy["replica"], copy["description"]) == ("before-upgrade", "the last of release 4")
