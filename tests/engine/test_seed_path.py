"""The seed path between two Cores' parts: set aside, written, consumed; orphans become whole, the source knows."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from console.domain.chains import ChainState
from console.domain.progress import Silent
from console.domain.recovery_points import RecoveryPoint
from console.domain.replication import ImageOffer
from console.domain.seeds import SeedState
from console.engine.ends import LocalSource, LocalTarget
from console.engine.protect import Protect
from console.engine.restore.restore import Restore
from console.engine.transfer import transfer
from tests.support import seed_reader
from tests.support.seeds import Pair, make_pair

RNG = random.Random(21)
FIRST = {f"docs/{n}": RNG.randbytes(2_000) for n in range(30)} | {"big": RNG.randbytes(500_000)}
SECOND = {**FIRST, "docs/3": RNG.randbytes(2_500), "new": RNG.randbytes(90_000)}
THIRD = {**SECOND, "docs/5": b"", "newer": RNG.randbytes(40_000)}


@dataclass
class Story:
    """A base that was set aside for a drive, and an incremental made later that went by wire: an orphan there."""

    pair: Pair
    base: RecoveryPoint
    child: RecoveryPoint
    drive: Path

    @property
    def seed_state(self) -> SeedState:
        return self.pair.source.seeds.list()[0].state


@pytest.fixture
def story(tmp_path: Path) -> Iterator[Story]:
    pair = make_pair(tmp_path)
    pair.reachable()
    base = pair.source.point(FIRST)
    pair.source.seeds.reserve(pair.pairing, [base.images[0].id])
    child = pair.source.point(SECOND, base)
    pair.send(child, names=True)
    (tmp_path / "usb").mkdir()
    yield Story(pair, base, child, tmp_path / "usb")
    pair.close()


def test_an_orphan_becomes_whole_when_its_drive_is_consumed(story: Story) -> None:
    pair = story.pair
    assert story.seed_state is SeedState.DEFINED
    assert list(pair.target.states().values()) == [ChainState.BROKEN]

    made = pair.write(story.drive, comment="Blue 1", customer_id="c-7")
    assert story.seed_state is SeedState.OUTSTANDING
    assert (made["points"], made["images"], len(made["segments"])) == (1, 1, 1)
    assert made["segments"][0].keys() >= {"file", "medium", "bytes", "digest"}
    seed = pair.source.seeds.get(made["seed"])
    assert (seed.comment, seed.customer_id, seed.location) == ("Blue 1", "c-7", str(story.drive))
    assert (seed.oldest, seed.newest, seed.bytes) == (story.base.time, story.base.time, made["bytes"])

    result = pair.bring(story.drive)
    assert {key: result[key] for key in ("points_imported", "points_skipped", "orphans_repaired", "orphans_left")} == {
        "points_imported": 1,
        "points_skipped": 0,
        "orphans_repaired": 1,
        "orphans_left": 0,
    }
    assert (result["seed"], result["segments_missing"], result["damaged"]) == (made["seed"], [], [])
    assert set(pair.target.states().values()) == {ChainState.WHOLE}
    assert pair.target.read(story.base) == FIRST
    assert pair.target.read(story.child) == SECOND
    incoming = pair.target.seeds.get(made["seed"])
    assert (incoming.state, incoming.comment, incoming.points) == (SeedState.CONSUMED, "Blue 1", 1)
    assert incoming.ended is not None

    pair.contact()
    assert story.seed_state is SeedState.CONSUMED
    assert pair.source.events().count("seed-consumed") == 1
    assert pair.source.catalog.seeds.reservations(pair.source.machine.id) == {}


def test_consuming_twice_changes_nothing(story: Story) -> None:
    pair = story.pair
    pair.write(story.drive)
    pair.bring(story.drive)
    events, objects = pair.target.events(), pair.target.repository.usage().objects
    again = pair.bring(story.drive)
    assert (again["points_imported"], again["points_skipped"], again["orphans_repaired"]) == (0, 1, 0)
    assert (again["objects"], again["bytes"], again["state"]) == (0, 0, "consumed")
    assert pair.target.events() == events
    assert pair.target.repository.usage().objects == objects


def test_the_drive_is_read_by_whoever_has_the_papers(story: Story) -> None:
    story.pair.write(story.drive)
    drive = seed_reader.Drive(*story.drive.iterdir())
    root = drive.images()[story.base.images[0].id]
    assert drive.files(root) == {name.encode(): content for name, content in FIRST.items()}
    readme = next(story.drive.glob("*/README.txt")).read_text()
    assert drive.manifest["seed"] in readme


def test_without_anything_set_aside_all_that_the_target_lacks_goes_on_the_drive(story: Story) -> None:
    pair = story.pair
    pair.source.seeds.abandon(pair.source.seeds.list()[0].id)
    third = pair.source.point(THIRD, story.child)
    made = pair.write(story.drive)
    assert made["target_asked"] is True
    assert made["images"] == 2, "the incremental that went by wire is not written"
    assert set(pair.source.seeds.get(made["seed"]).images) == {story.base.images[0].id, third.images[0].id}
    result = pair.bring(story.drive)
    assert (result["points_imported"], result["orphans_repaired"], result["orphans_left"]) == (2, 1, 0)
    assert pair.target.read(third) == THIRD


def test_a_target_that_cannot_be_asked_gets_what_was_set_aside(story: Story) -> None:
    pair = story.pair
    pair.source.seeds.holdings = None
    made = pair.write(story.drive)
    assert (made["images"], made["target_asked"]) == (1, False)
    assert pair.bring(story.drive)["orphans_repaired"] == 1


def test_with_nothing_set_aside_and_nobody_to_ask_everything_is_written(story: Story) -> None:
    pair = story.pair
    pair.source.seeds.abandon(pair.source.seeds.list()[0].id)
    pair.source.seeds.holdings = None
    assert pair.write(story.drive)["images"] == 2
    result = pair.bring(story.drive)
    assert (result["points_imported"], result["points_skipped"], result["orphans_left"]) == (1, 1, 0)


def test_whole_chains_bring_the_parents_along(story: Story) -> None:
    pair = story.pair
    third = pair.source.point(THIRD, story.child)
    for stored in pair.target.catalog.points.images_of(pair.source.machine.id):
        pair.target.catalog.points.remove([stored.image.point])
    pair.source.seeds.abandon(pair.source.seeds.list()[0].id)
    pair.source.seeds.reserve(pair.pairing, [third.images[0].id])
    made = pair.write(story.drive)
    assert made["images"] == 3, "the newest was set aside; its chain comes along"
    drive = seed_reader.Drive(*story.drive.iterdir())
    order = [story.base, story.child, third]
    assert list(drive.images()) == [point.images[0].id for point in order]
    assert pair.bring(story.drive)["points_imported"] == 3
    assert pair.target.read(third) == THIRD


def test_the_latest_point_alone_with_its_chain(story: Story) -> None:
    pair = story.pair
    pair.source.seeds.abandon(pair.source.seeds.list()[0].id)
    fresh = {"only": b"this" * 1000}
    new_base = pair.source.point(fresh)
    pair.source.seeds.reserve(pair.pairing, [story.base.images[0].id, new_base.images[0].id])
    made = pair.write(story.drive, chains="latest")
    assert made["images"] == 1
    assert pair.source.seeds.get(made["seed"]).images == (new_base.images[0].id,), "older ones are free to go by wire"
    pair.bring(story.drive)
    assert pair.target.read(new_base) == fresh


def test_an_abandoned_seed_says_what_goes_by_wire_and_leaves_the_drive_alone(story: Story) -> None:
    pair = story.pair
    seed = pair.write(story.drive)["seed"]
    before = sorted((p, p.stat().st_mtime_ns) for p in story.drive.rglob("*"))
    preview = pair.source.seeds.preview_abandon(seed)
    assert (preview.images, preview.points) == (1, 1)
    assert preview.bytes >= 500_000
    assert story.seed_state is SeedState.OUTSTANDING, "a preview changes nothing"
    assert pair.source.seeds.abandon(seed[:8]).seed.state is SeedState.ABANDONED
    assert pair.source.catalog.seeds.reservations(pair.source.machine.id) == {}
    assert sorted((p, p.stat().st_mtime_ns) for p in story.drive.rglob("*")) == before
    result = pair.bring(story.drive)
    assert result["orphans_repaired"] == 1, "the drive itself stays good"


def test_a_machine_not_known_at_the_target_is_made_there(story: Story) -> None:
    pair = story.pair
    other = pair.source.protect("db")
    pair.source.catalog.members.put(
        type(pair.source.catalog.members.list(pair.pairing.id)[0])(pair.pairing.id, other.id, "there")
    )
    point = pair.source.point_of(other, {"f": b"1" * 5000})
    pair.source.seeds.reserve(pair.pairing, [point.images[0].id])
    pair.target.protect("db")
    pair.write(story.drive)
    result = pair.bring(story.drive)
    made = pair.target.catalog.machines.get(other.id)
    assert (made.kind.value, made.name, made.origin_core, made.volumes, made.interval_s) == (
        "replicated", "db (A)", pair.source.me.id, other.volumes, 0,
    )  # fmt: skip
    assert {m["machine"] for m in result["machines"]} == {"web", "db (A)"}
    assert pair.target.read(point) == {"f": b"1" * 5000}


def test_machines_are_chosen_on_both_sides(story: Story, tmp_path: Path) -> None:
    pair = story.pair
    other = pair.source.protect("db")
    pair.add(other)
    point = pair.source.point_of(other, {"f": b"1" * 5000})
    pair.source.seeds.reserve(pair.pairing, [point.images[0].id])
    one = pair.write(story.drive, machines=["db"])
    assert one["machines"] == ["db"]
    states = {seed.id: (seed.state, seed.images) for seed in pair.source.seeds.list()}
    assert states.pop(one["seed"]) == (SeedState.OUTSTANDING, (point.images[0].id,))
    assert list(states.values()) == [(SeedState.DEFINED, (story.base.images[0].id,))], "the other machine still waits"
    second = tmp_path / "second"
    second.mkdir()
    assert pair.write(second)["machines"] == ["web"]

    both = tmp_path / "both"
    both.mkdir()
    for seed in pair.source.seeds.list():
        if seed.state is SeedState.OUTSTANDING:
            pair.source.seeds.abandon(seed.id)
    assert sorted(pair.write(both)["machines"]) == ["db", "web"]
    result = pair.bring(both, machines=["db"])
    assert (result["points_imported"], result["state"]) == (1, "outstanding")
    assert pair.target.catalog.points.find(story.base.id) is None
    pair.contact()
    assert "seed-partly-consumed" in pair.source.events()
    assert pair.bring(both)["state"] == "consumed"
    pair.contact()
    pair.contact()
    assert pair.source.events().count("seed-consumed") == 1


def test_a_repository_is_chosen_for_a_machine_that_has_none(story: Story, tmp_path: Path) -> None:
    pair = story.pair
    other = pair.source.protect("db")
    pair.source.catalog.members.put(
        type(pair.source.catalog.members.list(pair.pairing.id)[0])(pair.pairing.id, other.id, "there")
    )
    point = pair.source.point_of(other, {"f": b"1" * 5000})
    pair.source.seeds.reserve(pair.pairing, [point.images[0].id])
    pair.write(story.drive)
    big = pair.target.repositories.create("big", tmp_path / "big")
    pair.bring(story.drive, repositories={"db": "big"})
    assert pair.target.catalog.points.image(point.images[0].id).repository == big.id
    assert pair.target.catalog.points.image(story.base.images[0].id).repository == pair.target.repository.id


def test_a_second_seed_carries_only_what_is_not_on_its_way(story: Story, tmp_path: Path) -> None:
    pair = story.pair
    pair.write(story.drive)
    third = pair.source.point(THIRD, story.child)
    second = tmp_path / "second"
    made = pair.write(second)
    assert pair.source.seeds.get(made["seed"]).images == (third.images[0].id,)
    result = pair.bring(second)
    assert (result["points_imported"], result["orphans_left"]) == (1, 2)
    result = pair.bring(story.drive)
    assert (result["orphans_repaired"], result["orphans_left"]) == (2, 0)
    assert pair.target.read(third) == THIRD


def test_inspecting_tells_what_is_on_it_and_whether_it_can_be_consumed(story: Story) -> None:
    pair = story.pair
    made = pair.write(story.drive, comment="Blue 1")
    here = pair.target.seeds.inspect(str(story.drive))
    assert (here.signature, here.consumable, here.why_not) == ("good", True, None)
    assert [(m.machine.name, m.points, m.images, m.oldest) for m in here.machines] == [("web", 1, 1, story.base.time)]
    assert here.manifest.comment == "Blue 1"
    assert [found.length_right for found in here.segments] == [True]
    own = pair.source.seeds.inspect(str(next(story.drive.iterdir())))
    assert (own.signature, own.consumable, own.state) == ("good", False, "outstanding")
    assert own.why_not is not None
    assert own.why_not.code == "seed-for-another-core"
    next(story.drive.glob("*/*.rps")).unlink()
    assert [s.file for s in pair.target.seeds.inspect(str(story.drive)).segments_missing] == [
        made["segments"][0]["file"]
    ]


def test_verifying_is_a_job_whose_result_names_damage(story: Story) -> None:
    pair = story.pair
    pair.write(story.drive)
    for party in (pair.source, pair.target):
        result = party.result(party.seeds.start_verify([str(story.drive)]))
        assert (result["damaged"], result["images_whole"], result["segments_missing"]) == ([], 1, [])
        assert [segment["state"] for segment in result["segments"]] == ["ok"]
    segment = next(story.drive.glob("*/*.rps"))
    content = bytearray(segment.read_bytes())
    content[len(content) // 2] ^= 1
    segment.write_bytes(content)
    result = pair.target.result(pair.target.seeds.start_verify([str(story.drive)]))
    assert [(d["file"], d["images"]) for d in result["damaged"]] == [(segment.name, [story.base.images[0].id])]
    assert result["damaged"][0]["object"]
    assert (result["images_whole"], result["images_hurt"]) == (0, [story.base.images[0].id])


def test_a_point_of_two_volumes_may_come_in_two_ways(story: Story, tmp_path: Path) -> None:
    """Real trees, backed up and restored: one volume's image by wire, the other's by drive."""
    source, target = story.pair.source, story.pair.target
    trees = [tmp_path / "first volume", tmp_path / "second volume"]
    for number, tree in enumerate(trees):
        (tree / "folder").mkdir(parents=True)
        (tree / "folder" / "file").write_bytes(bytes([number]) * 100_000)
        (tree / "link").symlink_to("folder/file")
    protect = Protect(source.catalog, source.repositories, source.jobs, source.journal, source.clock, source.me.id, "A")
    machine = protect.add("two", [("one", str(trees[0])), ("two", str(trees[1]))], interval_s=0)
    story.pair.add(machine)
    made = protect.backup(machine, base=False, reporter=Silent())
    point = source.catalog.points.get(made["point"])
    by_drive, by_wire = point.images
    source.seeds.reserve(story.pair.pairing, [by_drive.id])
    with LocalTarget(target.catalog, target.repository) as end:
        offer = ImageOffer(machine, point, by_wire, names=False)
        transfer(LocalSource(source.catalog, source.repository), end, offer, Silent())
    written = story.pair.write(story.drive, machines=["two"])
    assert source.seeds.get(written["seed"]).images == (by_drive.id,)
    assert target.states()[by_wire.id] is ChainState.WHOLE
    result = story.pair.bring(story.drive)
    assert (result["points_imported"], result["points_skipped"], result["images_imported"]) == (1, 0, 1)
    restore = Restore(target.catalog, target.repositories, target.jobs, target.clock)
    restore.files(restore.plan(point.id, (), str(tmp_path / "back"), overwrite="never", partial=False), Silent())
    for number, label in enumerate(("one", "two")):
        assert (tmp_path / "back" / label / "folder" / "file").read_bytes() == bytes([number]) * 100_000
        assert (tmp_path / "back" / label / "link").readlink() == Path("folder/file")
