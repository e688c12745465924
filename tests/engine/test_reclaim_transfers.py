"""Reclaims at a target while images arrive, after a transfer was cut off, and after catalogs and indexes were lost."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from console.domain.machines import MachineKind
from console.domain.objects import Kind
from console.domain.pairing import Direction
from console.domain.progress import Silent
from console.domain.recovery_points import RecoveryPoint
from console.domain.replication import Accepted, ImageOffer
from console.engine.core import Core
from console.engine.ends import LocalSource, LocalTarget
from console.engine.transfer import transfer
from tests.support.clock import FixedClock
from tests.support.values import member, pairing

FILES = 12
SIZE = 300_000


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock()


@pytest.fixture
def source(tmp_path: Path, clock: FixedClock) -> Iterator[Core]:
    tree = tmp_path / "tree"
    tree.mkdir()
    for number in range(FILES):
        (tree / f"file {number}").write_bytes(random.Random(number).randbytes(SIZE))
    core = Core(tmp_path / "source", clock=clock, name="source")
    core.protect.add("web", [("tree", str(tree))], interval_s=0)
    yield core
    core.stop()


@pytest.fixture
def target(tmp_path: Path, clock: FixedClock) -> Iterator[Core]:
    core = Core(tmp_path / "target", clock=clock, name="target")
    yield core
    core.stop()


def back_up(core: Core) -> RecoveryPoint:
    machine = core.catalog.machines.get("web")
    return core.catalog.points.get(core.protect.backup(machine, base=False, reporter=Silent())["point"])


def reclaim(core: Core) -> dict[str, Any]:
    return core.reclaim.run(core.repositories.info("default"), dry_run=False, reporter=Silent())


def whole(core: Core) -> None:
    report = core.check.repository(core.repositories.info("default"), read_data=True, reporter=Silent())
    assert (report["damaged"], report["missing_packs"]) == ([], [])


def adopt(source: Core, target: Core) -> None:
    machine = source.catalog.machines.get("web").abroad()
    home = target.repositories.info("default").id
    target.catalog.machines.add(replace(machine, kind=MachineKind.REPLICATED, repository=home, next_due=None))


def pair(target: Core, machine: str) -> None:
    target.catalog.pairings.add(pairing("p1", direction=Direction.INCOMING))
    target.catalog.members.put(member("p1", machine, repository=target.repositories.info("default").id))


class Meddled(LocalTarget):
    """A target at which a reclaim runs before and after each of its calls, and while frames arrive. With `cut` the
    connection ends after so many pieces."""

    def __init__(self, core: Core, cut: int | None = None, *, busy: bool = True) -> None:
        super().__init__(core.catalog, core.repositories.open("default"))
        self._core = core
        self._cut = cut
        self._busy = busy

    def meddle(self) -> None:
        if self._busy:
            reclaim(self._core)

    def missing(self, ids: Sequence[bytes], *, sealed: bool = False) -> list[bytes]:
        self.meddle()
        found = super().missing(ids, sealed=sealed)
        self.meddle()
        return found

    def store(self, frames: Iterable[bytes | memoryview]) -> Accepted:
        def arriving() -> Iterator[bytes | memoryview]:
            for number, piece in enumerate(frames):
                if self._cut is not None and number >= self._cut:
                    self.flush()
                    raise ConnectionResetError
                yield piece
                if number % 3 == 0:
                    self.flush()
                    self.meddle()

        return super().store(arriving())

    def commit(self, offer: ImageOffer) -> None:
        self.meddle()
        super().commit(offer)
        self.meddle()


def send(source: Core, point: RecoveryPoint, to: LocalTarget) -> int:
    machine = source.catalog.machines.get("web")
    sent = 0
    for image in point.images:
        end = LocalSource(source.catalog, source.repositories.open("default"))
        sent += transfer(end, to, ImageOffer(machine.abroad(), point, image, names=False), Silent()).bytes
    return sent


def test_what_arrives_is_not_swept_under_it(source: Core, target: Core, tmp_path: Path) -> None:
    first = back_up(source)
    adopt(source, target)
    (tmp_path / "tree" / "file 0").write_bytes(b"changed" * 50_000)
    second = back_up(source)
    with Meddled(target) as to:
        send(source, first, to)
        send(source, second, to)
    reclaim(target)
    whole(target)
    for point in (first, second):
        assert all(stored.here for stored in map(target.catalog.points.image, (i.id for i in point.images)))


@pytest.mark.parametrize("expected", [True, False])
def test_what_was_cut_off_goes_on_where_somebody_expects_it(
    source: Core, target: Core, clock: FixedClock, expected: bool
) -> None:
    point = back_up(source)
    adopt(source, target)
    if expected:
        pair(target, point.machine)
    all_of_it = FILES * SIZE
    with pytest.raises(ConnectionResetError):
        send(source, point, Meddled(target, cut=4, busy=False))
    target.repositories.close()  # a Core that was restarted remembers no session
    arrived = target.repositories.open("default").usage().objects
    assert arrived > 5
    reclaim(target)
    kept = target.repositories.open("default").usage().objects
    assert kept == (arrived if expected else 0)
    if expected:
        with LocalTarget(target.catalog, target.repositories.open("default")) as to:
            assert send(source, point, to) < all_of_it * 0.8, "what had come is not sent twice"
        whole(target)


def test_what_nobody_came_back_for_goes_in_the_end(source: Core, target: Core, clock: FixedClock) -> None:
    point = back_up(source)
    pair(target, point.machine)
    with pytest.raises(ConnectionResetError):
        send(source, point, Meddled(target, cut=4, busy=False))
    target.repositories.close()
    reclaim(target)
    clock.forward(31 * 86400)
    reclaim(target)
    assert target.repositories.open("default").usage().objects == 0


def test_catalog_and_index_are_rebuilt_after_a_reclaim(source: Core, tmp_path: Path, clock: FixedClock) -> None:
    first = back_up(source)
    (tmp_path / "tree" / "file 0").write_bytes(b"changed" * 50_000)
    second = back_up(source)
    (tmp_path / "tree" / "file 1").unlink()
    third = back_up(source)
    source.retain.delete([third.id])
    reclaim(source)
    path = source.repositories.open("default").path
    records = sorted(source.repositories.open("default").records(Kind.RECORD))
    assert len(records) == 2
    source.repositories.close()
    (path / "own" / "index.sqlite").unlink()
    other = Core(tmp_path / "another", clock=clock, name="another")
    try:
        other.repositories.adopt("old", path)
        result = other.rebuild.run(Silent())
        assert (result["points"], result["points_deleted"]) == (2, 0)
        assert {p.id for p in other.catalog.points.all_of(first.machine)} == {first.id, second.id}
        info = other.repositories.info("old")
        report = other.check.repository(info, read_data=True, reporter=Silent())
        assert (report["damaged"], report["unreferenced_bytes"]) == ([], 0)
        assert other.reclaim.run(info, dry_run=True, reporter=Silent())["unreferenced_objects"] == 0
        assert other.points.view(second.id).state.value == "whole"
    finally:
        other.stop()
