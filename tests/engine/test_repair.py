"""Damage is repaired from wherever the object is: here, on a drive, at the other Core; or named, with what helps."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from console.domain.chains import ChainState
from console.domain.errors import Failed
from console.domain.jobs import JobKind, Trigger
from console.domain.objects import FRAME_SIZE, Kind
from console.domain.progress import Silent
from console.engine.core import Core
from console.repository import Repository
from tests.engine.test_core import House
from tests.support.seeds import refused


class Ward(House):
    """A machine of a few files, backed up twice and replicated."""

    def __init__(self, place: Path) -> None:
        super().__init__(place)
        self.place = place
        rng = random.Random(4)
        for number in range(8):
            (self.tree / f"file {number}").write_bytes(rng.randbytes(120_000))
        self.protect()
        self.first = self.back_up()
        self.pairing = self.pair()
        self.source.arrange.add(self.pairing, ["web"])
        self.settle()
        (self.tree / "file 0").write_bytes(rng.randbytes(90_000))
        self.second = self.back_up()
        assert len(self.at_target()) == 2

    def contact(self) -> None:
        self.clock.forward(60)
        self.source.contact.touch(self.source.catalog.pairings.list()[0])
        self.settle()


def repository_of(core: Core) -> Repository:
    return core.repositories.open("default")


def hurt(core: Core, kind: Kind, count: int = 1) -> list[bytes]:
    """Flips a bit in the stored bytes of so many objects; their ids."""
    repository = repository_of(core)
    ids = sorted(repository.records(kind))[:count]
    for oid in ids:
        spot = repository._index.find(oid)
        assert spot is not None
        pack = next((repository.path / "own").rglob(f"{repository._index.name(spot.pack)}.pack"))
        raw = bytearray(pack.read_bytes())
        raw[spot.offset + FRAME_SIZE + 2] ^= 4
        pack.write_bytes(raw)
    return ids


def check(core: Core) -> dict[str, Any]:
    return core.check.repository(core.repositories.list()[0], read_data=True, reporter=Silent())


def repair(core: Core, *places: str) -> dict[str, Any]:
    job = core.repair.start(None, places)
    assert core.jobs.drain(30)
    ended = core.catalog.jobs.get(job.id)
    assert ended.result is not None, ended.failure
    return ended.result


def states(core: Core) -> set[ChainState]:
    return {core.points.view(point.id).state for point in core.catalog.points.page()[0]}


def codes(core: Core) -> list[str]:
    return [event.code for event in core.catalog.events.page(limit=500)[0]]


@pytest.fixture
def ward(tmp_path: Path) -> Iterator[Ward]:
    ward = Ward(tmp_path)
    yield ward
    ward.close()


@pytest.mark.parametrize("kind", [Kind.CHUNK, Kind.TREE, Kind.ROOT, Kind.RECORD])
def test_what_the_source_lost_comes_back_from_its_target(ward: Ward, kind: Kind) -> None:
    ids = hurt(ward.source, kind, 2)
    assert len(check(ward.source)["damaged"]) == len(ids)
    assert ChainState.BROKEN in states(ward.source)
    assert [alert.code for alert in ward.source.catalog.events.open_alerts()] == ["damage-found"]
    result = repair(ward.source)
    assert ward.source.catalog.events.open_alerts() == []
    assert (result["repaired"], result["left"], result["images_left"]) == (len(ids), [], [])
    assert result["sources"] == [{"source": "the Core “target”", "objects": len(ids)}]
    assert states(ward.source) == {ChainState.WHOLE}
    assert check(ward.source)["damaged"] == []
    assert ward.source.catalog.damage.list() == []
    assert "damage-repaired" in codes(ward.source)


def test_everything_the_source_has_lost_comes_back_round_by_round(ward: Ward) -> None:
    repository = repository_of(ward.source)
    for pack in list((repository.path / "own" / "packs").rglob("*.pack")):
        pack.unlink()
    report = check(ward.source)
    assert report["missing_packs"]
    assert {d["object"] for d in report["damaged"]}
    result = repair(ward.source)
    assert (result["left"], result["images_left"]) == ([], [])
    assert result["repaired"] >= 15
    report = check(ward.source)
    assert (report["damaged"], report["missing_packs"]) == ([], [])
    assert states(ward.source) == {ChainState.WHOLE}


@pytest.mark.parametrize("kind", [Kind.CHUNK, Kind.TREE, Kind.RECORD])
def test_what_the_target_lost_is_sent_again_at_the_next_contact_and_only_that(ward: Ward, kind: Kind) -> None:
    [oid] = hurt(ward.target, kind)
    assert [d["object"] for d in check(ward.target)["damaged"]] == [oid.hex()]
    assert "source-asked" in codes(ward.target)
    assert ChainState.AWAITING_TRANSFER in states(ward.target)
    ward.contact()
    assert states(ward.target) == {ChainState.WHOLE}
    run = ward.source.catalog.jobs.page(kind=JobKind.REPLICATE, limit=1)[0][0]
    assert run.trigger is Trigger.RETRY
    assert run.result is not None
    assert run.result["objects_sent"] == 1
    assert ward.target.catalog.damage.list() == []
    assert "damage-repaired" in codes(ward.target)
    assert [alert.code for alert in ward.target.catalog.events.open_alerts()] == []
    assert check(ward.target)["damaged"] == []
    assert ward.target.catalog.wishes.list(ward.target.catalog.pairings.list()[0].id) == []


def test_another_repository_of_the_core_is_asked_before_anybody_else(ward: Ward) -> None:
    other = ward.source.repositories.create("other", ward.place / "other")
    [oid] = hurt(ward.source, Kind.CHUNK)
    with repository_of(ward.target).session() as there:
        assert there.missing([oid]) == []
    frame = b"".join(repository_of(ward.target).frames([oid]))
    with ward.source.repositories.open(other.id).session() as session:
        session.put_frames([frame])
        session.flush()
    check(ward.source)
    assert repair(ward.source)["sources"] == [{"source": "the repository “other”", "objects": 1}]


def test_a_seed_drive_gives_what_it_has(ward: Ward) -> None:
    usb = ward.place / "usb"
    usb.mkdir()
    image = ward.source.catalog.points.get(ward.first).images[0].id
    ward.source.arrange.pause("target")
    ward.source.arrange.ending.end("target", ["web"], delete_points=True)
    ward.source.arrange.add("target", ["web"], seed_drive=True)
    ward.source.seed.start_create("target", [str(usb)])
    ward.settle()
    ward.source.catalog.seeds.update(
        type(seed)(**{**{f: getattr(seed, f) for f in seed.__dataclass_fields__}, "location": ""})
        if (seed := ward.source.catalog.seeds.list()[0])
        else seed
    )
    ids = hurt(ward.source, Kind.CHUNK, 2)
    check(ward.source)
    result = repair(ward.source)
    assert result["repaired"] == 0
    assert image in {row["image"] for row in result["images_left"]}
    assert result["images_left"][0]["restorability"] == "some-files"
    assert result["images_left"][0]["machine"] == "web"
    assert "--from" in result["help"]
    result = repair(ward.source, str(usb))
    assert result["repaired"] == 2
    assert result["sources"][0]["source"].startswith("the seed drive at ")
    assert repository_of(ward.source).missing(ids) == []
    assert states(ward.source) == {ChainState.WHOLE}


def test_nobody_has_it(tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    tree.mkdir()
    (tree / "file").write_bytes(random.Random(1).randbytes(300_000))
    core = Core(tmp_path / "core", name="alone")
    try:
        core.protect.add("web", [("tree", str(tree))], interval_s=0)
        point = core.protect.backup(core.catalog.machines.get("web"), base=False, reporter=Silent())["point"]
        [oid] = hurt(core, Kind.CHUNK)
        check(core)
        result = repair(core)
        assert (result["found"], result["repaired"], result["sources"]) == (1, 0, [])
        assert result["left"] == [{"object": oid.hex(), "images": [core.catalog.points.get(point).images[0].id]}]
        assert [row["point"] for row in result["images_left"]] == [point]
        assert result["help"]
        assert [d.object for d in core.catalog.damage.list()] == [oid.hex()]
        with refused("not-a-seed"):
            core.repair.start(None, [str(tree)])
    finally:
        core.stop()


def test_parity_comes_before_everybody_and_the_catalog_can_be_rebuilt_from_what_it_mended(ward: Ward) -> None:
    core = ward.source
    core.parity.set("default", 10)
    job = core.parity.start(None)
    ward.settle()
    made = core.catalog.jobs.get(job.id).result
    assert made is not None
    assert made["made"] == made["packs"] > 1
    ward.server.stop()
    hurt(core, Kind.CHUNK)
    hurt(core, Kind.RECORD)
    assert len(check(core)["damaged"]) == 2
    result = repair(core)
    assert result["sources"] == [{"source": "parity", "objects": 2}]
    assert states(core) == {ChainState.WHOLE}
    assert check(core)["damaged"] == []
    points = {point.id for point in core.catalog.points.page()[0]}
    core.catalog.points.remove(points)
    core.rebuild.start()
    ward.settle()
    assert {point.id for point in core.catalog.points.page()[0]} == points
    ward.server.start = lambda: None  # type: ignore[method-assign]


def test_what_a_reader_met_is_repaired_without_a_person(ward: Ward) -> None:
    ids = hurt(ward.source, Kind.CHUNK, 2)
    repository = repository_of(ward.source)
    with pytest.raises(Failed):
        list(repository.frames(ids))
    ward.source.repair.due()
    ward.settle()
    job = ward.source.catalog.jobs.page(kind=JobKind.REPOSITORY_REPAIR)[0][0]
    assert (job.trigger, job.reason) == (Trigger.RETRY, "damage was met while reading")
    assert job.result is not None
    assert job.result["repaired"] == 2, "the reader met the first; the repair has looked at the whole pack"
    list(repository.frames(ids))
    ward.source.repair.due()
    ward.settle()
    assert len(ward.source.catalog.jobs.page(kind=JobKind.REPOSITORY_REPAIR)[0]) == 1


def test_a_pack_with_a_torn_end_is_written_anew_even_without_parity(ward: Ward) -> None:
    repository = repository_of(ward.source)
    pack = max((repository.path / "own" / "packs").rglob("*.pack"), key=lambda path: path.stat().st_size)
    pack.write_bytes(pack.read_bytes()[:-100_000])
    assert len(check(ward.source)["damaged"]) >= 2
    result = repair(ward.source)
    assert result["left"] == []
    assert check(ward.source)["damaged"] == []
    assert not pack.exists() or len(check(ward.source)["damaged"]) == 0


# --------------------------------------------------------------------------------------------- hostile and strange


def lie(ward: Ward, answer: Callable[[bytes], bytes]) -> None:
    """The target changes what it gives."""
    true = ward.target.receive.give

    def give(*args: Any) -> bytes:
        return answer(true(*args))

    ward.target.receive.give = give  # type: ignore[method-assign]


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (lambda true: true[:-1] + bytes([true[-1] ^ 1]), "frame-damaged"),
        (lambda true: true[:-5], "frame-damaged"),
        (lambda _: b"x" * 500, "frame-damaged"),
        (lambda true: true + true, "frame-unasked"),
        (lambda true: b"".join((true[:12], bytes(31), b"\x01", true[44:])), "frame-unasked"),
    ],
)
def test_a_target_that_gives_what_is_not_true_is_refused(
    ward: Ward, answer: Callable[[bytes], bytes], code: str
) -> None:
    [oid] = hurt(ward.source, Kind.CHUNK)
    check(ward.source)
    lie(ward, answer)
    job = ward.source.repair.start(None)
    ward.settle()
    ended = ward.source.catalog.jobs.get(job.id)
    assert [warning.code for warning in ended.warnings] == [code]
    if code == "frame-damaged":
        assert repository_of(ward.source).missing([oid]) == [oid]


def test_a_target_that_gives_another_object_under_a_name_is_refused(ward: Ward) -> None:
    """The digest of such a frame holds; its content is not what its id says."""
    from tests.wire.peers import frame

    [oid] = hurt(ward.source, Kind.CHUNK)
    check(ward.source)
    forged = bytearray(frame(b"something else" * 50))
    forged[12:44] = oid
    from blake3 import blake3

    forged[44:60] = blake3(bytes(forged[:44]) + bytes(forged[60:])).digest(16)
    lie(ward, lambda _: bytes(forged))
    result = repair(ward.source)
    assert result["repaired"] == 0
    assert repository_of(ward.source).missing([oid]) == [oid]


def test_a_source_learns_nothing_of_what_is_not_its_own(ward: Ward) -> None:
    stored = ward.source.catalog.points.get(ward.first).images[0]
    pairing = ward.target.catalog.pairings.list()[0]
    machine = ward.source.catalog.machines.get("web").id
    other = repository_of(ward.target)
    with other.session() as session:
        foreign = session.put(Kind.CHUNK, b"another customer's bytes" * 40).id
        session.flush()
    assert other.has(foreign)
    give = ward.target.receive.give
    assert give(pairing, machine, stored.id, [foreign]) == b""
    with refused("machine-elsewhere"):
        give(pairing, "f" * 32, stored.id, [foreign])
    with refused("no-such-volume-image"):
        give(pairing, machine, "f" * 32, [foreign])
    mine = sorted(other.records(Kind.ROOT))
    assert give(pairing, machine, stored.id, mine)[12:44] == bytes.fromhex(stored.root)


def test_a_target_that_cannot_be_reached_is_named(ward: Ward) -> None:
    hurt(ward.source, Kind.CHUNK)
    check(ward.source)
    ward.server.stop()
    job = ward.source.repair.start(None)
    ward.settle()
    ended = ward.source.catalog.jobs.get(job.id)
    assert [warning.code for warning in ended.warnings] == ["target-unreachable"]
    assert ended.result is not None
    assert ended.result["left_count"] == 1
    ward.server.start = lambda: None  # type: ignore[method-assign]
