"""What every source end and every target end must do: a repository, the wire, a seed drive."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from console.domain.errors import Failed
from console.domain.objects import Kind
from console.domain.progress import Silent
from console.domain.recovery_points import RecoveryPoint
from console.domain.replication import ImageOffer, SourceEnd, TargetEnd
from console.engine.ends import LocalSource
from console.engine.transfer import transfer
from tests.support.ends import TARGETS, TargetBed
from tests.support.points import Source, frames_of

RNG = random.Random(5)
FIRST = {f"docs/{n}": RNG.randbytes(2_000) for n in range(30)} | {"big": RNG.randbytes(700_000), "a": b"x" * 500}
SECOND = {**FIRST, "docs/3": RNG.randbytes(2_500), "new": RNG.randbytes(90_000)}


@dataclass
class Bed:
    """A source with a base and an incremental, and one target end."""

    source: Source
    base: RecoveryPoint
    child: RecoveryPoint
    target: TargetEnd
    there: TargetBed

    @property
    def end(self) -> SourceEnd:
        return LocalSource(self.source.catalog, self.source.repository)

    def offer(self, point: RecoveryPoint, *, names: bool = False) -> ImageOffer:
        return ImageOffer(self.source.machine, point, point.images[0], names)

    def ids(self, point: RecoveryPoint, *, names: bool = False) -> list[bytes]:
        return [ref.id for batch in self.end.increment(point.images[0], names=names) for ref in batch]


@pytest.fixture(params=sorted(TARGETS))
def bed(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Bed]:
    source = Source(tmp_path / "source")
    base = source.point(FIRST)
    child = source.point(SECOND, base)
    make: Callable[[Path, Source], TargetBed] = TARGETS[request.param]
    there = make(tmp_path / "there", source)
    yield Bed(source, base, child, there.target, there)
    there.close()
    source.close()


def test_an_empty_target_misses_everything_in_the_order_asked(bed: Bed) -> None:
    ids = bed.ids(bed.base)
    assert bed.target.missing(ids) == ids
    assert bed.target.missing([]) == []


def test_what_was_stored_is_missing_no_more_and_stored_once(bed: Bed) -> None:
    ids = list(dict.fromkeys(bed.ids(bed.base)))
    first = bed.target.store(bed.end.frames(ids))
    assert first.objects == len(ids)
    assert first.bytes == bed.end.stored_size(ids)
    assert bed.target.missing(ids) == []
    bed.target.store(bed.end.frames(ids[:5]))
    bed.target.commit(bed.offer(bed.base))
    assert bed.there.held() == {bed.base.images[0].id: b"".join(FIRST[name] for name in sorted(FIRST))}


def test_frames_may_be_cut_anywhere(bed: Bed) -> None:
    raw = b"".join(bytes(piece) for piece in bed.end.frames(list(dict.fromkeys(bed.ids(bed.base)))))
    rng = random.Random(7)

    def pieces() -> Iterator[bytes]:
        at = 0
        while at < len(raw):
            size = rng.choice([1, 7, 59, 60, 61, 5_000, 70_000])
            yield raw[at : at + size]
            at += size

    bed.target.store(pieces())
    bed.target.commit(bed.offer(bed.base))
    assert bed.there.held().keys() == {bed.base.images[0].id}


def test_nothing_is_committed_before_its_objects_are_there(bed: Bed) -> None:
    ids = list(dict.fromkeys(bed.ids(bed.base)))
    bed.target.store(bed.end.frames(ids[: len(ids) // 2]))
    with pytest.raises(Failed) as refused:
        bed.target.commit(bed.offer(bed.base))
    assert refused.value.failure.code == "objects-missing"
    assert bed.there.held() == {}
    bed.target.store(bed.end.frames(bed.target.missing(ids)))
    bed.target.commit(bed.offer(bed.base))
    bed.target.commit(bed.offer(bed.base))
    assert len(bed.there.held()) == 1


@pytest.mark.parametrize("where", ["header", "stored bytes", "id"])
def test_a_damaged_frame_is_refused_and_what_came_before_stays(bed: Bed, where: str) -> None:
    frames = frames_of(bed.end.frames(list(dict.fromkeys(bed.ids(bed.base)))))
    middle = len(frames) // 2
    broken = bytearray(frames[middle][1])
    broken[{"header": 4, "stored bytes": 61, "id": 20}[where]] ^= 0x10
    raw = [frame for _, frame in frames]
    with pytest.raises(Failed) as refused:
        bed.target.store([*raw[:middle], bytes(broken), *raw[middle + 1 :]])
    assert refused.value.failure.code == "frame-damaged"
    bed.there.renew()
    bed.target = bed.there.target
    lacking = bed.target.missing([header.id for header, _ in frames])
    assert frames[middle][0].id in lacking
    bed.target.store(bed.end.frames(lacking))
    bed.target.commit(bed.offer(bed.base))
    assert len(bed.there.held()) == 1


def test_the_routine_sends_a_chain_and_sends_it_once(bed: Bed) -> None:
    first = transfer(bed.end, bed.target, bed.offer(bed.base), Silent())
    second = transfer(bed.end, bed.target, bed.offer(bed.child), Silent())
    assert first.bytes > 700_000
    assert second.bytes < 120_000, "an incremental costs what changed"
    again = transfer(bed.end, bed.target, bed.offer(bed.child), Silent())
    assert (again.objects, again.bytes) == (0, 0)
    assert bed.there.held().keys() == {bed.base.images[0].id, bed.child.images[0].id}


def test_a_child_may_arrive_before_its_parent(bed: Bed) -> None:
    transfer(bed.end, bed.target, bed.offer(bed.child, names=True), Silent())
    transfer(bed.end, bed.target, bed.offer(bed.base), Silent())
    assert bed.there.held().keys() == {bed.base.images[0].id, bed.child.images[0].id}


def test_the_source_offers_nodes_first_and_the_record_last(bed: Bed) -> None:
    for point, names in [(bed.base, False), (bed.child, False), (bed.child, True)]:
        refs = [ref for batch in bed.end.increment(point.images[0], names=names) for ref in batch]
        assert refs[0].kind is Kind.ROOT
        assert refs[-1].kind is Kind.RECORD
        assert refs[-1].id.hex() == point.record
    base, child = set(bed.ids(bed.base)), set(bed.ids(bed.child))
    named = set(bed.ids(bed.child, names=True))
    assert child < named
    assert len(child - base) >= len(child) - 1
    chunks = {r.id for b in bed.end.increment(bed.base.images[0], names=False) for r in b if r.kind is Kind.CHUNK}
    assert not chunks & named, "names bring no content of the parent"


def test_frames_bring_each_object_once_and_name_what_is_gone(bed: Bed) -> None:
    ids = list(dict.fromkeys(bed.ids(bed.base)))
    frames = frames_of(bed.end.frames(ids))
    assert sorted(header.id for header, _ in frames) == sorted(ids)
    with pytest.raises(Failed) as gone:
        list(bed.end.frames([b"\x07" * 32]))
    assert gone.value.failure.code == "object-missing"
    assert (b"\x07" * 32).hex()[:12] in gone.value.failure.message
