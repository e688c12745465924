"""kill -9 at every durable step of every kind of work, each from the same state: then it goes on."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.torture.house import House, Mortals
from tests.torture.mortal import SIDES

pytestmark = pytest.mark.timeout(7200)
LEAST = 3
"""So many durable steps any work takes."""


@pytest.mark.slow
@pytest.mark.parametrize("what", SIDES)
def test_killed_at_every_durable_step(tmp_path: Path, mortals: Mortals, what: str) -> None:
    (tmp_path / "house").mkdir()
    house = House(tmp_path / "house", mortals, seed=17)
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
