"""Points as people see them: states, restorability, and an orphan explained in words."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from console.domain.chains import ChainState
from console.domain.errors import Failed
from console.domain.pairing import Direction
from console.domain.recovery_points import Restorability
from console.domain.seeds import Seed, SeedState
from tests.support.targets import Target, target_core

RNG = random.Random(11)
FIRST = {f"docs/{n}": RNG.randbytes(3_000) for n in range(20)} | {"big": RNG.randbytes(300_000)}
SECOND = {**FIRST, "docs/3": RNG.randbytes(3_500), "new": RNG.randbytes(80_000)}


@pytest.fixture
def target(tmp_path: Path) -> Iterator[Target]:
    with target_core(tmp_path) as target:
        yield target


def test_a_whole_point_needs_no_explanation(target: Target) -> None:
    base = target.source.point(FIRST)
    target.receive(base)
    view = target.points.view(base.id)
    assert (view.state, view.restorability, view.why) == (ChainState.WHOLE, Restorability.VOLUME, "")
    assert [file.path for file in target.points.files(base.id)] == ["big", "docs"]
    assert all(file.here for file in target.points.files(base.id, "docs"))


def test_an_orphan_says_what_is_missing_where_it_is_and_what_can_be_had_now(target: Target) -> None:
    base = target.source.point(FIRST)
    child = target.source.point(SECOND, base)
    target.receive(child, names=True)
    view = target.points.view(child.id)
    assert (view.state, view.restorability) == (ChainState.AWAITING_TRANSFER, Restorability.SOME_FILES)
    assert "north" in view.why

    now = target.source.clock.now()
    seed = Seed(
        "5eed" * 8,
        target.pairing.id,
        Direction.INCOMING,
        SeedState.OUTSTANDING,
        now,
        (base.images[0].id,),
        "Blue 1",
        written=now,
    )
    target.catalog.seeds.add(seed)
    detail = target.points.explain(child.id)
    image = detail.images[0]
    assert detail.view.state is ChainState.AWAITING_SEED
    assert image.waiting_for == seed.id
    assert "Blue 1" in image.why
    assert base.images[0].id[:12] in image.why
    assert image.missing_objects == 19 + 5, "the chunks of 19 small files and of the big one"
    assert image.missing_bytes == 19 * 3_000 + 300_000
    assert (image.files_restorable, image.files_total) == (2, 22)
    here = {file.path: file.here for file in target.points.files(child.id, "docs")}
    assert [path for path, present in here.items() if present] == ["docs/3"]


def test_when_the_parent_arrives_the_orphan_is_whole(target: Target) -> None:
    base = target.source.point(FIRST)
    child = target.source.point(SECOND, base)
    target.receive(child, names=True)
    target.receive(base)
    assert target.points.view(child.id).state is ChainState.WHOLE
    states = {view.point.id: view.state for view in target.points.page()[0]}
    assert states == {base.id: ChainState.WHOLE, child.id: ChainState.WHOLE}


def test_pages_filter_by_state(target: Target) -> None:
    base = target.source.point(FIRST)
    child = target.source.point(SECOND, base)
    other = target.source.point({"x": b"x" * 1_000})
    target.receive(child, names=True)
    target.receive(other)
    assert [v.point.id for v in target.points.page(state="orphaned")[0]] == [child.id]
    assert [v.point.id for v in target.points.page(state="whole")[0]] == [other.id]
    first, cursor = target.points.page(limit=1)
    assert [v.point.id for v in first] == [other.id]
    assert [v.point.id for v in target.points.page(limit=1, after=cursor)[0]] == [child.id]


def test_deleting_a_parent_needs_the_chain(target: Target) -> None:
    base = target.source.point(FIRST)
    child = target.source.point(SECOND, base)
    target.receive(base)
    target.receive(child)
    with pytest.raises(Failed) as refused:
        target.retain.delete([base.id])
    assert refused.value.failure.code == "points-depend"
    assert target.retain.delete([base.id], chain=True) == 2
    assert target.catalog.points.count() == 0


def test_a_file_that_is_not_in_the_point_is_not_found(target: Target) -> None:
    base = target.source.point(FIRST)
    target.receive(base)
    with pytest.raises(Failed) as refused:
        target.points.files(base.id, "docs/99")
    assert refused.value.failure.code == "no-such-file"
