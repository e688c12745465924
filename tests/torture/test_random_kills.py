"""kill -9 at random moments of everything Cores do, on either side: then it goes on, and nothing is lost."""

from __future__ import annotations

import random
from collections import Counter
from pathlib import Path

import pytest

from console.domain.errors import Failed
from tests.torture.house import House
from tests.torture.mortal import SEALED_SIDES, SIDES
from tests.torture.mortals import Mortals

pytestmark = pytest.mark.timeout(7200)


def live(place: Path, mortals: Mortals, seed: int, kills: int, *, sealed: bool = False) -> Counter[str]:
    """Turns until so many have died."""
    house = House(place, mortals, seed, sealed=sealed)
    works = [*SIDES, *SEALED_SIDES] if sealed else [*SIDES]
    rng = random.Random(seed)
    order: list[str] = []
    turns = 0
    while house.kills.total() < kills:
        if not order:
            order = [*works]
            rng.shuffle(order)
        what = order.pop()
        turns += 1
        try:
            house.turn(what)
        except (AssertionError, Failed) as error:
            error.add_note(f"seed {seed}, turn {turns}: {what}, after {house.kills.total()} kills")
            raise
        assert turns < 10 * kills + 20
    return house.kills


def test_killed_at_some_moments(tmp_path: Path, mortals: Mortals) -> None:
    kills = live(tmp_path, mortals, seed=1, kills=4)
    assert len(kills) >= 3, "several kinds of work were hit"


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(2, 12))
def test_killed_over_and_over(tmp_path: Path, mortals: Mortals, seed: int) -> None:
    """25 times each; ten of these are 250."""
    live(tmp_path, mortals, seed, kills=25)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(12, 15))
def test_killed_over_and_over_with_sealed_machines(tmp_path: Path, mortals: Mortals, seed: int) -> None:
    live(tmp_path, mortals, seed, kills=25, sealed=True)
