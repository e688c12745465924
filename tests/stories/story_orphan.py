"""At the target: an orphan says what it lacks and why, and a file of it that is here all the same is restored."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from console.desktop.main_window import MainWindow
from console.desktop.pages.points import ORPHANED, PointsPage
from console.worlds import World
from tests.support.bench import Bench
from tests.support.named_worlds import RunningWorld
from tests.support.person import Person, cells, texts
from tests.support.wizard_cases import contents

Worlds = Callable[..., RunningWorld]


def test_a_file_of_an_orphan_is_restored(running_world: Worlds, bench: Bench, person: Person, tmp_path: Path) -> None:
    world = running_world("two-cores-one-orphan").world
    window = bench.open_console(at_the_target(world), tmp_path)
    person.front(window)
    person.go_to(window, "points")
    page = page_of(window)
    bench.wait(lambda: chains_of(page, "webserver"), "the points are not shown")
    person.take_option(page.state, page.state.findData(ORPHANED))
    bench.wait(lambda: page.model.total == 2 and not chains_of(page, "webserver"), "not only orphans are shown")
    person.take_line(page.table, 0)

    explained = page.detail.orphan
    bench.wait(lambda: explained.isVisible() and explained.files.rowCount() > 1, "what is here is not shown")
    said = texts(explained)
    assert "Blue 1" in said
    assert "What is missing" in said
    assert "An image that has not been here yet" in said  # the base travels on the drive
    here = [line[0] for line in cells(explained.list)]
    name = next(one for one in here if "of day" in one and one.endswith(".txt"))

    person.press_found(lambda: explained.restore)
    wizard = person.wizard(window)
    to = tmp_path / "restored"
    wizard.next("point")
    assert wizard.view("point").field.value == page.model.row(0)["id"]
    wizard.next("what")
    wizard.choose("what", "some")
    files = wizard.view("files").files
    person.write(files.search, Path(name).name)
    bench.wait(lambda: files.list.isVisible() and files.found.rowCount() == 1, "the file is not found")
    person.tick_line(files.list, 0)
    bench.wait(lambda: files.value, "the file is not chosen")
    wizard.next("where")
    wizard.write("to", str(to))
    wizard.next("conflicts")
    wizard.next("summary")
    wizard.finish()
    wizard.leave(wizard.window.next, window)

    original = world.directory / "machines" / "fileserver" / name
    assert list(contents(to).values()) == [original.read_bytes()]


def at_the_target(world: World) -> World:
    """As seen by somebody who sits at “Vault”."""
    there = replace(world.core("Vault"), primary=True)
    return replace(world, cores=(there, replace(world.core("Office"), primary=False)))


def page_of(window: MainWindow) -> PointsPage:
    page = window.seat.page
    assert isinstance(page, PointsPage)
    return page


def chains_of(page: PointsPage, machine: str) -> list[str]:
    """What the table says of the points of a machine."""
    keys = [column.key for column in page.model.columns]
    name, chain = keys.index("machine"), keys.index("chain")
    return [line[chain] for line in cells(page.table) if line[name] == machine]
