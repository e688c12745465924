"""What is kept until something changes, and counts that are made behind the caller's back."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from console.catalog import Catalog
from console.domain.events import Changed
from console.engine.counting import FileCount
from console.engine.overview.kept import Kept
from tests.support import values
from tests.support.clock import FixedClock
from tests.support.targets import Target, target_core


@pytest.fixture
def target(tmp_path: Path) -> Iterator[Target]:
    with target_core(tmp_path) as target:
        yield target


def test_an_answer_is_kept_until_what_it_is_made_of_changes() -> None:
    made: list[int] = []

    def make() -> int:
        made.append(len(made))
        return made[-1]

    with Catalog.in_memory(FixedClock()) as catalog:
        kept = Kept(catalog, frozenset({Changed.MACHINES, Changed.JOBS}), make)
        assert made == [], "nobody has asked"
        assert (kept(), kept()) == (0, 0)
        catalog.settings.set("a", "1")
        assert kept() == 0
        catalog.machines.add(values.machine())
        assert (kept(), kept()) == (1, 1)


def test_an_answer_that_was_made_while_things_changed_is_not_kept() -> None:
    with Catalog.in_memory(FixedClock()) as catalog:
        number = 0

        def make() -> list[str]:
            nonlocal number
            found = [machine.name for machine in catalog.machines.list()]
            if not number:
                number = 1
                catalog.machines.add(values.machine(name="late"))
            return found

        kept = Kept(catalog, frozenset({Changed.MACHINES}), make)
        assert kept() == []
        assert kept() == ["late"]


def test_what_is_not_counted_yet_is_counted_and_told(target: Target) -> None:
    base = target.source.point({"a": b"x" * 100_000, "b": b"y"})
    child = target.source.point({"a": b"x" * 100_000, "b": b"y", "c": b"z" * 200_000}, base)
    target.receive(child, names=True)
    told = threading.Event()
    counting = target.points.counting
    counting.told = told.set
    image = target.catalog.points.image(child.images[0].id)
    assert counting.known([image]) == {}
    assert told.wait(120)
    assert counting.known([image]) == {image.image.id: FileCount(1, 3)}
    told.clear()
    target.receive(base)
    assert counting.known([image]) == {image.image.id: FileCount(1, 3)}, "as counted last"
    assert told.wait(120)
    assert counting.known([image]) == {image.image.id: FileCount(3, 3)} == {image.image.id: counting.count(image)}


def test_nothing_is_counted_after_the_end(target: Target) -> None:
    point = target.source.point({"a": b"x"})
    target.receive(point)
    target.points.counting.close()
    image = target.catalog.points.image(point.images[0].id)
    assert target.points.counting.known([image]) == {}
    assert target.points.counting.count(image) == FileCount(1, 1)
