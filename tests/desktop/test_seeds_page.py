"""The seed drives page: media, drives with their life, abandoning with its consequence."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QMessageBox

from console.desktop.pages.seeds import SeedsPage
from tests.support.bench import Bench
from tests.support.named_worlds import RunningWorld

Worlds = Callable[..., RunningWorld]


def _page(bench: Bench, running: RunningWorld, core: str | None = None, user: str | None = None) -> SeedsPage:
    return bench.show(SeedsPage(bench.desk_on(lambda: running.connect(core, user))))


def test_an_outstanding_drive_and_its_life(bench: Bench, running_world: Worlds) -> None:
    page = _page(bench, running_world("two-cores-one-orphan"))
    assert page._seeds.rowCount() == 1
    assert page._seeds.index(0, 0).data() == "Outstanding"
    assert page._detail._name.text() == "Blue 1"
    assert page._detail._abandon.isVisible()
    assert not page._detail._consume.isVisible(), "a drive is consumed at the target"
    assert "Consumed: not yet" in page._detail._life.accessibleName()


def test_the_target_offers_to_consume(bench: Bench, running_world: Worlds) -> None:
    page = _page(bench, running_world("two-cores-one-orphan"), "Vault")
    assert page._detail._consume.isVisible()
    QTest.mouseClick(page._detail._consume, Qt.MouseButton.LeftButton)
    ((wizard, presets),) = bench.opened
    assert wizard == "consume"
    assert presets["seed"] == page._seeds.row(0)["id"]  # type: ignore[index]


def test_abandoning_says_first_what_it_means(bench: Bench, running_world: Worlds) -> None:
    page = _page(bench, running_world("two-cores-one-orphan"))
    QTest.mouseClick(page._detail._abandon, Qt.MouseButton.LeftButton)
    bench.wait(lambda: page.findChildren(QMessageBox), "nothing was asked")
    box = page.findChildren(QMessageBox)[0]
    assert "1 volume image of 1 recovery point" in box.informativeText()
    assert "MB" in box.informativeText()
    assert box.defaultButton().text().replace("&", "") == "Cancel", "Enter must not abandon"
    box.reject()
    assert bench.run(page.desk.client.seeds())["seeds"][0]["state"] == "outstanding"

    QTest.mouseClick(page._detail._abandon, Qt.MouseButton.LeftButton)
    bench.wait(lambda: [b for b in page.findChildren(QMessageBox) if b.isVisible()], "nothing was asked")
    box = next(b for b in page.findChildren(QMessageBox) if b.isVisible())
    next(b for b in box.buttons() if b.text().replace("&", "") == "Abandon").click()
    bench.wait(lambda: page._seeds.index(0, 0).data() == "Abandoned", "the page did not learn of it")
    assert not page._detail._abandon.isVisible()


def test_help_desk_sees_drives_but_no_media(bench: Bench, running_world: Worlds) -> None:
    page = _page(bench, running_world("two-cores-one-orphan"), user="helpdesk")
    assert page._seeds.rowCount() == 1
    assert "technicians" in page._no_media.text()
    assert not page._write.isEnabled()
    assert not page._detail._abandon.isEnabled()


def test_nothing_yet(bench: Bench, running_world: Worlds) -> None:
    page = _page(bench, running_world("empty"))
    assert page._no_seeds.isVisible()
    assert not page._seed_table.isVisible()
