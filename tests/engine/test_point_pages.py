"""Pages of points of very many machines: answered from what is known of all, and the same as asked one by one."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from console.engine.core import Core
from console.worlds.filling import fill
from tests.support.clock import FixedClock


@pytest.mark.parametrize("state", [None, "orphaned"])
def test_pages_over_many_machines_say_what_each_machine_says(tmp_path: Path, state: str | None) -> None:
    core = Core(tmp_path / "core", clock=FixedClock(), name="many")
    try:
        fill(core.catalog, 400, core.clock.now(), machines=8)
        chosen = random.Random(3)
        for machine in core.catalog.machines.list():
            images = [stored.image.id for stored in core.catalog.points.images_of(machine.id)]
            core.catalog.points.set_damaged(chosen.sample(images, 2), True)
        pages, cursor = [], None
        while True:
            page, cursor = core.points.page(None, state, 60, cursor)
            pages += page
            if cursor is None:
                break
        standing, core.points.standing = core.points.standing, None
        alone, end = core.points.page(None, state, 1000)
        assert end is None
        assert pages == alone
        assert {view.state.value for view in pages} >= {"broken"}
        assert len({view.machine.id for view in pages}) == 8
        damaged = core.catalog.machines.list()[0]
        core.points.standing = standing
        core.catalog.points.set_damaged([s.image.id for s in core.catalog.points.images_of(damaged.id)], True)
        assert {v.state.value for v in core.points.page(None, None, 400)[0] if v.machine.id == damaged.id} == {"broken"}
    finally:
        core.stop()
