"""Points as people see them: states, restorability, and an orphan explained in words."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from console.catalog import Catalog
from console.domain.chains import ChainState
from console.domain.errors import Failed
from console.domain.machines import MachineKind
from console.domain.pairing import CoreIdentity, Direction, Member, Pairing
from console.domain.progress import Silent
from console.domain.recovery_points import RecoveryPoint, Restorability
from console.domain.replication import ImageOffer
from console.domain.seeds import Seed, SeedState
from console.engine.ends import LocalSource, LocalTarget
from console.engine.journal import Journal
from console.engine.points import Points
from console.engine.repositories import Repositories
from console.engine.retain import Retain
from console.engine.transfer import transfer
from tests.support.points import Source

RNG = random.Random(11)
FIRST = {f"docs/{n}": RNG.randbytes(3_000) for n in range(20)} | {"big": RNG.randbytes(300_000)}
SECOND = {**FIRST, "docs/3": RNG.randbytes(3_500), "new": RNG.randbytes(80_000)}


@dataclass
class Target:
    """A target Core's parts, with a pairing and the machine of `source`."""

    source: Source
    catalog: Catalog
    repositories: Repositories
    points: Points
    retain: Retain
    pairing: Pairing

    def receive(self, point: RecoveryPoint, *, names: bool = False) -> None:
        repository = self.repositories.open("default")
        with LocalTarget(self.catalog, repository) as end:
            offer = ImageOffer(self.source.machine, point, point.images[0], names)
            transfer(LocalSource(self.source.catalog, self.source.repository), end, offer, Silent())


@pytest.fixture
def target(tmp_path: Path) -> Iterator[Target]:
    source = Source(tmp_path / "source")
    catalog = Catalog.in_memory(source.clock)
    repositories = Repositories(catalog, source.clock, tmp_path / "target")
    repositories.set_up()
    peer = CoreIdentity("core-a", "north", "1.0.0", "AA:BB")
    pairing = Pairing("pairing-1", Direction.INCOMING, "north", peer, "", source.clock.now())
    catalog.pairings.add(pairing)
    home = repositories.list()[0].id
    catalog.machines.add(replace(source.machine, kind=MachineKind.REPLICATED, repository=home))
    catalog.members.put(Member(pairing.id, source.machine.id, home))
    retain = Retain(catalog, repositories, Journal(catalog, source.clock), source.clock)
    yield Target(source, catalog, repositories, Points(catalog, repositories), retain, pairing)
    repositories.close()
    catalog.close()
    source.close()


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
