"""The table of flaws says of every image what judging all facts says, whatever was done in whatever order."""

from __future__ import annotations

from dataclasses import dataclass

from hypothesis import given, settings
from hypothesis import strategies as st

from console.catalog import Catalog
from console.domain.chains import ChainState, judge
from tests.support import values
from tests.support.clock import FixedClock

COUNT = 8
"""Points p0 … p7, the image of each building on an earlier one or none."""


@dataclass(frozen=True)
class Add:
    point: int
    here: bool


@dataclass(frozen=True)
class Damage:
    point: int
    damaged: bool


@dataclass(frozen=True)
class Remove:
    points: frozenset[int]


numbers = st.integers(0, COUNT - 1)
deeds = st.one_of(
    st.builds(Add, numbers, st.booleans()),
    st.builds(Add, numbers, st.just(True)),
    st.builds(Damage, numbers, st.booleans()),
    st.builds(Remove, st.frozensets(numbers, min_size=1, max_size=3)),
)
chains = st.tuples(*(st.one_of(st.none(), st.integers(0, n - 1)) if n else st.none() for n in range(COUNT)))


@settings(deadline=None, max_examples=40)
@given(chains, st.lists(deeds, min_size=4, max_size=25))
def test_flaws_are_kept_in_step(parents: tuple[int | None, ...], done: list[Add | Damage | Remove]) -> None:
    with Catalog.in_memory(FixedClock()) as catalog:
        for machine in ("machine-0", "machine-1"):
            catalog.machines.add(values.machine(machine))
        for deed in done:
            if isinstance(deed, Add):
                parent = parents[deed.point]
                point = values.point(
                    f"p{deed.point}",
                    None if parent is None else f"p{parent}.0",
                    time=values.later(hours=deed.point),
                    of=f"machine-{deed.point % 4 == 3:d}",  # some build on an image of another machine
                )
                catalog.points.add(point, "repo-1", here={f"p{deed.point}.0"} if deed.here else set())
            elif isinstance(deed, Damage):
                catalog.points.set_damaged([f"p{deed.point}.0"], deed.damaged)
            else:
                catalog.points.remove([f"p{number}" for number in deed.points])
        orphans: set[str] = set()
        for machine in ("machine-0", "machine-1"):
            all_of_them = judge(catalog.points.facts(machine), {})
            few = judge(catalog.points.orphan_facts(machine), {})
            assert {image: few[image] for image in few} == {image: all_of_them[image] for image in few}
            broken = {image for image, verdict in all_of_them.items() if verdict.state is not ChainState.WHOLE}
            assert broken <= set(few)
            found, _ = catalog.points.page(machine, orphaned=True)
            assert {f"{point.id}.0" for point in found} == broken
            orphans |= broken
        assert {f"{point.id}.0" for point in catalog.points.page(orphaned=True)[0]} == orphans
