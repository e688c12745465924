"""At the target: the seed drive that orphans wait for is consumed, and they become whole."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from tests.stories.story_orphan import at_the_target, chains_of, page_of
from tests.support.bench import Bench
from tests.support.named_worlds import RunningWorld
from tests.support.person import Person, texts

Worlds = Callable[..., RunningWorld]


def test_an_orphan_becomes_whole_with_its_drive(
    running_world: Worlds, bench: Bench, person: Person, tmp_path: Path
) -> None:
    world = running_world("two-cores-one-orphan").world
    window = bench.open_console(at_the_target(world), tmp_path)
    person.front(window)
    person.go_to(window, "points")
    page = page_of(window)
    bench.wait(lambda: chains_of(page, "fileserver"), "the points are not shown")
    assert set(chains_of(page, "fileserver")) == {"Awaiting seed"}
    person.take_line(page.table, next(n for n in range(page.model.total) if page.model.row(n)["chain"] != "whole"))
    explained = page.detail.orphan
    bench.wait(lambda: "Blue 1" in texts(explained), "it is not explained")

    person.press_found(lambda: next(one for one in explained.repairs if one.property("kind") == "consume"))
    wizard = person.wizard(window)
    assert wizard.step == "drive"
    if wizard.view("place").field.value != "folder":
        wizard.choose("place", "folder")
    wizard.add("folders", str(world.media[0]))
    wizard.next("check")
    assert "Blue 1" in wizard.said
    wizard.next("machines")
    wizard.next("summary")
    wizard.finish()
    wizard.leave(wizard.window.next, window)

    bench.wait(lambda: set(chains_of(page, "fileserver")) == {"Whole"}, "the table does not say that it is whole")
    assert len(chains_of(page, "fileserver")) == 3
    bench.wait(lambda: not explained.isVisible(), "it is still explained why it is not whole")
    assert not page.detail.tabs.isTabVisible(page.detail.tabs.indexOf(explained))

    healed = next(n for n in range(page.model.total) if page.model.row(n)["machine"] == "fileserver")
    person.take_row_entry(page.table, healed, "Open files")
    bench.wait(lambda: page.detail.files.isVisible(), "its files are not shown")
