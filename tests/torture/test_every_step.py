"""kill -9 at every durable step of every kind of work, each from the same state: then it goes on."""

from __future__ import annotations

from pathlib import Path

import pytest

from console.engine.core import CATALOG_FILE, Core
from console.engine.rebuild import set_aside
from tests.support.two_cores import check, finished, points_of, wrong_with
from tests.torture.house import House
from tests.torture.mortal import SEALED_SIDES, SIDES, Shifted
from tests.torture.mortals import Mortals
from tests.torture.volumes import open_up

pytestmark = pytest.mark.timeout(7200)
LEAST = 3
"""So many durable steps any work takes."""


@pytest.mark.slow
@pytest.mark.parametrize("what", SIDES)
def test_killed_at_every_durable_step(tmp_path: Path, mortals: Mortals, what: str) -> None:
    (tmp_path / "house").mkdir()
    kill_everywhere(House(tmp_path / "house", mortals, seed=17), tmp_path, what)


@pytest.mark.slow
@pytest.mark.parametrize("what", SIDES | SEALED_SIDES)
def test_killed_at_every_durable_step_with_a_sealed_machine(tmp_path: Path, mortals: Mortals, what: str) -> None:
    """With a disk and a stream, too."""
    (tmp_path / "house").mkdir()
    kill_everywhere(House(tmp_path / "house", mortals, seed=18, sealed=True), tmp_path, what)


def kill_everywhere(house: House, tmp_path: Path, what: str) -> None:
    for before in ("backup", "rollup", "delete"):
        house.turn(before)
    house.ready(what)
    go_back = house.snapshot(tmp_path / "before")
    at, lived = 0, False
    while not lived:
        at += 1
        go_back()
        house.step = at
        try:
            lived = house.die(what)
            house.live_on(what)
        except Exception as error:
            error.add_note(f"{what}: killed at durable step {at}")
            raise
    assert at > LEAST
    print(f"{what}: {at - 1} durable steps")


@pytest.mark.slow
@pytest.mark.parametrize("sealed", [False, True], ids=["plain", "sealed"])
def test_a_lost_catalog_is_rebuilt_though_killed_at_every_durable_step(
    tmp_path: Path, mortals: Mortals, sealed: bool
) -> None:
    """Also while the new catalog is made."""
    place = tmp_path / "house"
    place.mkdir()
    house = House(place, mortals, seed=23, sealed=sealed)
    for _ in range(3):
        house.turn("backup")
    promised = house.held["source"]
    set_aside(place / "source" / CATALOG_FILE, house.clock.now())
    go_back = house.snapshot(tmp_path / "before")
    at, lived = 0, False
    while not lived:
        at += 1
        go_back()
        mortals.begin(place=place, work="rebuild", side="source", days=house.clock.days, step=at)
        lived = mortals.end()
        core = Core(place / "source", clock=house.clock)
        try:
            finished(core, core.rebuild.start())
            assert set(points_of(core)) == promised, at
            assert len(core.keys.list()) == sealed, at
            open_up(core)
            wrong = check(core)
            for point in promised:
                wrong += wrong_with(core, point, house.kept[point], tmp_path / "restored")
            assert wrong == [], at
        finally:
            core.stop()
    assert at > 10


@pytest.mark.slow
def test_a_core_is_made_though_killed_at_every_durable_step(tmp_path: Path, mortals: Mortals) -> None:
    at, lived = 0, False
    while not lived:
        at += 1
        place = tmp_path / str(at)
        mortals.begin(place=place, work="rebuild", side="new", days=0, step=at)
        lived = mortals.end()
        core = Core(place / "new", clock=Shifted())
        try:
            assert [info.name for info in core.repositories.list()] == ["default"], at
            (place / "tree").mkdir()
            (place / "tree" / "file").write_bytes(b"something" * 999)
            core.protect.add("web", [("tree", str(place / "tree"))], interval_s=0)
            finished(core, core.protect.start_backup("web"))
            (point,) = points_of(core)
            assert wrong_with(core, point, place / "tree", tmp_path / "restored") + check(core) == [], at
        finally:
            core.stop()
    assert at > 10
