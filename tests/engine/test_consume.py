"""Consuming drives that are damaged, incomplete, of somebody else or forged, and being killed while at it."""

from __future__ import annotations

import os
import random
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from console.domain.chains import ChainState
from console.domain.jobs import JobState
from console.domain.objects import FRAME, FRAME_SIZE
from console.domain.pairing import Member, PairingState
from console.domain.recovery_points import RecoveryPoint
from console.domain.seeds import SeedState
from console.engine import ends
from console.repository.codec import stored_digest
from console.repository.pack import PackEntry
from console.seeding.manifest import Manifest, decode, encode
from console.seeding.segment import SegmentFile
from tests.support.seeds import Killed, Pair, make_pair, refused

RNG = random.Random(41)
FIRST = {f"docs/{n}": RNG.randbytes(2_000) for n in range(20)} | {"big": RNG.randbytes(1_200_000)}
SECOND = {**FIRST, "docs/3": RNG.randbytes(2_500), "new": RNG.randbytes(900_000)}
OTHER = {"table": RNG.randbytes(1_100_000)}
TREES = (FIRST, SECOND, OTHER)


@dataclass
class Drive:
    """Three images of two machines on a drive of several segments: web with a base and a child, db with a base."""

    pair: Pair
    base: RecoveryPoint
    child: RecoveryPoint
    other: RecoveryPoint
    place: Path

    @property
    def directory(self) -> Path:
        return next(self.place.glob("replicore-seed-*"))

    @property
    def segments(self) -> list[Path]:
        return sorted(self.place.rglob("*.rps"))

    def images(self) -> dict[str, RecoveryPoint]:
        return {point.images[0].id: point for point in (self.base, self.child, self.other)}

    def here(self) -> set[str]:
        """Images the target has by now."""
        return {image for image in self.images() if self._is_here(image)}

    def _is_here(self, image: str) -> bool:
        stored = self.pair.target.catalog.points.find_image(image)
        return stored is not None and stored.here

    def true(self) -> None:
        """Every point that is whole at the target reads back as it was; nothing at the target is damaged."""
        contents = {self.base.id: FIRST, self.child.id: SECOND, self.other.id: OTHER}
        states = self.pair.target.states()
        for image, point in self.images().items():
            if states.get(image) is ChainState.WHOLE:
                assert self.pair.target.read(point) == contents[point.id]

    def entries(self, segment: Path) -> list[PackEntry]:
        with SegmentFile(segment) as file:
            return file.entries()

    def resign(self, how: Callable[[Manifest], Manifest]) -> None:
        """Another manifest, rightly signed."""
        path = self.directory / "manifest.rpm"
        manifest = how(decode(path.read_bytes()).manifest)
        path.write_bytes(encode(manifest, self.pair.source.identity.sign))


@pytest.fixture
def drive(tmp_path: Path) -> Iterator[Drive]:
    pair = make_pair(tmp_path)
    base = pair.source.point(FIRST)
    child = pair.source.point(SECOND, base)
    db = pair.source.protect("db")
    pair.add(db)
    other = pair.source.point_of(db, OTHER)
    (tmp_path / "usb").mkdir()
    pair.write(tmp_path / "usb", segment_size=1 << 20)
    yield Drive(pair, base, child, other, tmp_path / "usb")
    pair.close()


def flip(path: Path, position: int) -> None:
    content = bytearray(path.read_bytes())
    content[position] ^= 0x10
    path.write_bytes(content)


@pytest.mark.parametrize("number", [0, 1, 2, -1])
def test_a_damaged_object_costs_what_needs_it_and_nothing_else(drive: Drive, number: int) -> None:
    """A bit in a segment: named, the rest imported; with the true file back, the rest follows."""
    target = drive.pair.target
    path = drive.segments[number]
    kept = path.read_bytes()
    entry = max(drive.entries(path), key=lambda entry: entry.stored)
    flip(path, entry.offset + FRAME_SIZE + entry.stored // 2)
    result = drive.pair.bring(drive.place)
    assert [(row["file"], row["object"]) for row in result["damaged"]] == [(path.name, entry.id.hex())]
    hurt = set(result["damaged"][0]["images"])
    assert len(hurt) == 1
    assert drive.here() == set(drive.images()) - hurt
    assert set(result["images_left"]) == hurt
    assert result["state"] == "outstanding"
    assert target.seeds.get(result["seed"]).state is SeedState.OUTSTANDING
    assert "seed-damaged" in target.events()
    drive.true()
    path.write_bytes(kept)
    healed = drive.pair.bring(drive.place)
    assert (healed["images_imported"], healed["objects"], healed["state"]) == (1, 1, "consumed")
    assert drive.here() == set(drive.images())
    drive.true()


def test_a_child_of_a_damaged_base_comes_as_an_orphan_that_names_its_files(drive: Drive) -> None:
    chunks = {
        e.id: (path, e) for path in drive.segments for e in drive.entries(path) if e.kind == 1 and e.stored > 9000
    }
    source = ends.LocalSource(drive.pair.source.catalog, drive.pair.source.repository)
    own = [r.id for batch in source.increment(drive.base.images[0], names=False) for r in batch if r.id in chunks]
    path, entry = chunks[own[0]]
    flip(path, entry.offset + FRAME_SIZE)
    result = drive.pair.bring(drive.place)
    assert result["damaged"][0]["images"] == [drive.base.images[0].id]
    assert drive.here() == {drive.child.images[0].id, drive.other.images[0].id}
    assert result["orphans_left"] == 1
    assert drive.pair.target.catalog.points.image(drive.child.images[0].id).names
    drive.pair.contact()
    waiting = drive.pair.source.catalog.seeds.reservations(drive.pair.source.machine.id)
    assert set(waiting) == {drive.base.images[0].id}, "only that is still expected from the drive"


@pytest.mark.parametrize("where", ["header", "index", "footer"])
def test_a_damaged_structure_costs_nothing(drive: Drive, where: str) -> None:
    for path in drive.segments:
        end = drive.entries(path)[-1].end
        flip(path, {"header": 2, "index": end + 5, "footer": path.stat().st_size - 3}[where])
    result = drive.pair.bring(drive.place)
    assert {row["file"] for row in result["damaged"]} == {path.name for path in drive.segments}
    assert drive.here() == set(drive.images())
    drive.true()


@pytest.mark.parametrize("what", ["random bytes", "empty", "cut in half", "gone", "of another seed"])
def test_each_segment_in_turn_is_not_there_as_it_was(drive: Drive, what: str, tmp_path: Path) -> None:
    for number, path in enumerate(drive.segments):
        if drive.here() == set(drive.images()):
            assert number > 1
            break
        kept = path.read_bytes()
        if what == "gone":
            path.unlink()
        elif what == "of another seed":
            path.write_bytes(kept[:8] + b"another seed ..." + kept[24:])
        else:
            half = kept[: len(kept) // 2]
            path.write_bytes({"random bytes": os.urandom(len(kept)), "empty": b"", "cut in half": half}[what])
        result = drive.pair.bring(drive.place)
        if what == "gone":
            assert result["segments_missing"] == [path.name]
        else:
            assert [row["file"] for row in result["damaged"]] == [path.name]
            hurt = {image for row in result["damaged"] for image in row["images"]}
            assert hurt == set(drive.images()) - drive.here()
        if what == "of another seed":
            assert result["damaged"][0]["code"] == "segment-of-another-seed"
        assert set(result["images_left"]) == set(drive.images()) - drive.here()
        drive.true()
        path.write_bytes(kept)
    assert drive.pair.bring(drive.place)["state"] == "consumed"
    drive.true()


def test_a_missing_medium_is_brought_later(drive: Drive, tmp_path: Path) -> None:
    shutil.rmtree(drive.place)
    drive.pair.source.seeds.abandon(drive.pair.source.seeds.list()[0].id)
    places = [tmp_path / name for name in ("one", "two", "three", "four", "five")]
    drive.pair.write(*places, segment_size=1 << 20, medium_size=1_300_000)
    used = [place for place in places if list(place.glob("*/*.rps"))]
    assert len(used) >= 3
    first = drive.pair.bring(*used[1:])
    assert first["segments_missing"] == sorted(path.name for path in used[0].glob("*/*.rps"))
    assert first["state"] == "outstanding"
    assert drive.here() != set(drive.images())
    second = drive.pair.bring(*used)
    assert (second["state"], second["segments_missing"], second["damaged"]) == ("consumed", [], [])
    drive.true()


def test_content_under_a_wrong_id_is_not_taken(drive: Drive) -> None:
    """A forged object: its frame is well, its plain bytes are not those of its id."""
    path = drive.segments[0]
    entry = max(drive.entries(path), key=lambda entry: entry.stored)
    content = bytearray(path.read_bytes())
    stored = b"evil" * (entry.stored // 4) + b"." * (entry.stored % 4)
    head = FRAME.pack(entry.stored, entry.plain, entry.kind, entry.codec, 0, 0, entry.id, b"")[:44]
    content[entry.offset : entry.end] = head + stored_digest(head, stored) + stored
    path.write_bytes(content)
    result = drive.pair.bring(drive.place)
    assert [(row["file"], row["object"]) for row in result["damaged"]] == [(path.name, entry.id.hex())]
    assert len(result["images_left"]) == 1
    assert drive.here() == set(drive.images()) - set(result["images_left"])
    assert not drive.pair.target.repository.has(entry.id)
    drive.true()


def refuses(drive: Drive, code: str) -> None:
    """At once, and nothing is written."""
    before = drive.pair.target.repository.usage().objects
    with refused(code):
        drive.pair.target.consume.start([str(drive.place)])
    assert drive.pair.target.repository.usage().objects == before
    assert drive.pair.target.seeds.list() == []
    assert drive.here() == set()


def test_every_changed_bit_of_the_manifest_is_refused(drive: Drive) -> None:
    path = drive.directory / "manifest.rpm"
    good = path.read_bytes()
    rng = random.Random(2)
    codes = set()
    for position in [0, 7, 8, 11, *rng.sample(range(12, len(good)), 40), len(good) - 1]:
        flip(path, position)
        try:
            job = drive.pair.target.consume.start([str(drive.place)])
        except Exception as problem:
            codes.add(str(problem).rsplit("[", 1)[-1].rstrip("]"))
        else:
            pytest.fail(f"a drive with a changed manifest (byte {position}) was taken: {job}")
        path.write_bytes(good)
    assert codes <= {
        "seed-damaged", "seed-newer", "seed-signature", "seed-for-another-core", "source-not-paired",
        "seed-of-another-pairing",
    }  # fmt: skip
    assert "seed-signature" in codes
    assert drive.here() == set()


def test_random_bytes_in_place_of_the_manifest(drive: Drive) -> None:
    (drive.directory / "manifest.rpm").write_bytes(os.urandom(900))
    refuses(drive, "seed-damaged")
    (drive.directory / "manifest.rpm").unlink()
    refuses(drive, "seed-unfinished")
    shutil.rmtree(drive.directory)
    refuses(drive, "not-a-seed")


def test_a_manifest_of_another_hand_is_refused(drive: Drive, tmp_path: Path) -> None:
    from console.wire.identity import Identity

    path = drive.directory / "manifest.rpm"
    forger = Identity.create(tmp_path / "forger", "A")
    path.write_bytes(encode(decode(path.read_bytes()).manifest, forger.sign))
    refuses(drive, "seed-signature")
    with refused("seed-signature"):
        drive.pair.target.seeds.inspect(str(drive.place))
    with refused("seed-signature"):
        drive.pair.source.seeds.inspect(str(drive.place))


def test_what_is_not_for_this_core(drive: Drive, tmp_path: Path) -> None:
    target = drive.pair.target
    incoming = target.catalog.pairings.get(drive.pair.pairing.id)
    drive.resign(lambda manifest: replace(manifest, target="somebody else"))
    refuses(drive, "seed-for-another-core")
    drive.resign(lambda manifest: replace(manifest, target=target.me.id, pairing="an earlier one"))
    refuses(drive, "seed-of-another-pairing")
    drive.resign(lambda manifest: replace(manifest, pairing=incoming.id, format=9))
    refuses(drive, "seed-newer")


def test_a_source_that_is_not_paired_any_more(drive: Drive) -> None:
    incoming = drive.pair.target.catalog.pairings.get(drive.pair.pairing.id)
    drive.pair.target.catalog.pairings.update(replace(incoming, state=PairingState.REMOVED))
    refuses(drive, "source-not-paired")
    shown = drive.pair.target.seeds.inspect(str(drive.place))
    assert (shown.signature, shown.consumable) == ("unknown", False)
    assert shown.why_not is not None
    assert "Pair" in shown.why_not.hint


def test_machines_that_are_elsewhere_or_unknown(drive: Drive, tmp_path: Path) -> None:
    target = drive.pair.target
    with refused("no-such-machine"):
        target.consume.start([str(drive.place)], machines=["nobody"])
    with refused("no-such-machine"):
        target.consume.start([str(drive.place)], repositories={"nobody": "default"})
    with refused("no-such-repository"):
        target.consume.start([str(drive.place)], repositories={"web": "none"})
    big = target.repositories.create("big", tmp_path / "big")
    with refused("repository-fixed"):
        target.consume.start([str(drive.place)], repositories={"web": big.name})
    web = drive.base.machine
    target.catalog.members.remove(drive.pair.pairing.id, web)
    third = replace(drive.pair.target.catalog.pairings.get(drive.pair.pairing.id), id="another", name="C")
    target.catalog.pairings.add(replace(third, peer=replace(third.peer, fingerprint="CD")))
    target.catalog.members.put(Member("another", web, target.repository.id))
    with refused("machine-elsewhere"):
        target.consume.start([str(drive.place)])
    assert drive.pair.bring(drive.place, machines=["db"])["points_imported"] == 1
    assert drive.here() == {drive.other.images[0].id}


def test_a_machine_of_which_nothing_could_be_brought_is_not_kept(drive: Drive) -> None:
    target = drive.pair.target
    for machine in (drive.base.machine, drive.other.machine):
        target.catalog.members.remove(drive.pair.pairing.id, machine)
        target.catalog.machines.remove(machine)
    for path in drive.segments:
        path.write_bytes(b"")
    result = drive.pair.bring(drive.place)
    assert (result["points_imported"], len(result["images_left"])) == (0, 3)
    assert target.catalog.machines.list() == []
    assert {row["file"] for row in result["damaged"]} == {path.name for path in drive.segments}


def test_killed_at_every_commit_it_goes_on(drive: Drive, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each durable step of the target in turn is the last one; consuming again brings what is missing, no more."""
    target = drive.pair.target
    steps = 0
    kill_at = 0

    def mortal(real: Callable[..., object]) -> Callable[..., object]:
        def call(*args: object, **kwargs: object) -> object:
            nonlocal steps
            steps += 1
            if kill_at and steps >= kill_at:
                raise Killed
            return real(*args, **kwargs)

        return call

    for name in ("missing", "store", "commit"):
        monkeypatch.setattr(ends.LocalTarget, name, mortal(getattr(ends.LocalTarget, name)))
    while kill_at < 60:
        kill_at, steps = kill_at + 1, 0
        job = target.done(target.consume.start([str(drive.place)]))
        if job.state is JobState.SUCCEEDED:
            break
        assert job.state is JobState.CRASHED
        seed = target.seeds.list()[0]
        assert seed.state in (SeedState.OUTSTANDING, SeedState.CONSUMED)
        target.catalog.seeds.update(replace(seed, state=SeedState.CONSUMING))
        target.stop()
        target.start()
        assert target.seeds.list()[0].state is SeedState.OUTSTANDING
        drive.true()
    assert kill_at > 5
    assert target.seeds.list()[0].state is SeedState.CONSUMED
    assert drive.here() == set(drive.images())
    drive.true()


def test_cancelled_it_keeps_what_has_come(drive: Drive, monkeypatch: pytest.MonkeyPatch) -> None:
    target = drive.pair.target
    real = ends.LocalTarget.commit
    job: list[str] = []

    def commit(self: ends.LocalTarget, offer: object) -> None:
        real(self, offer)  # type: ignore[arg-type]
        target.jobs.cancel(job[0])

    monkeypatch.setattr(ends.LocalTarget, "commit", commit)
    with target.repositories._lock:  # the job waits for its repository until its id is known here
        job.append(target.consume.start([str(drive.place)]).id)
    assert target.failure(target.catalog.jobs.get(job[0])) == "cancelled"
    assert len(drive.here()) == 1
    assert target.seeds.list()[0].state is SeedState.OUTSTANDING
    monkeypatch.undo()
    result = drive.pair.bring(drive.place)
    assert (result["points_imported"], result["points_skipped"], result["state"]) == (2, 1, "consumed")
    drive.true()


def test_a_seed_its_source_gave_up_can_still_be_used(drive: Drive) -> None:
    drive.pair.bring(drive.place, machines=["db"])
    seed = drive.pair.target.seeds.list()[0]
    drive.pair.target.catalog.seeds.update(replace(seed, state=SeedState.ABANDONED))
    flip(drive.segments[0], 100)
    result = drive.pair.bring(drive.place)
    assert result["state"] in ("abandoned", "consumed")
    assert drive.pair.target.seeds.list()[0].state is not SeedState.OUTSTANDING


def test_an_unreadable_spot_is_damage_and_a_pulled_medium_is_not(drive: Drive, monkeypatch: pytest.MonkeyPatch) -> None:
    import errno

    path = drive.segments[0]
    entry = max(drive.entries(path), key=lambda entry: entry.stored)
    real = SegmentFile._read
    pulled = False

    def read(self: SegmentFile, offset: int, length: int) -> bytes:
        if pulled and self.path == path:
            raise OSError(errno.ENODEV, os.strerror(errno.ENODEV))
        if self.path == path and offset < entry.offset + 600 < offset + length:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        return real(self, offset, length)

    monkeypatch.setattr(SegmentFile, "_read", read)
    result = drive.pair.bring(drive.place)
    assert entry.id.hex() in {row["object"] for row in result["damaged"]}
    assert {row["file"] for row in result["damaged"]} == {path.name}
    assert drive.here()
    drive.true()
    pulled = True
    job = drive.pair.target.consume.start([str(drive.place)])
    assert drive.pair.target.failure(job) == "medium-gone"


def test_an_image_found_damaged_here_is_healed_by_its_drive(drive: Drive) -> None:
    target = drive.pair.target
    drive.pair.bring(drive.place)
    image = drive.base.images[0].id
    target.catalog.points.set_damaged([image], True)
    assert target.states()[drive.child.images[0].id] is not ChainState.WHOLE
    result = drive.pair.bring(drive.place)
    assert (result["images_imported"], result["orphans_repaired"], result["orphans_left"]) == (1, 1, 0)
    assert set(target.states().values()) == {ChainState.WHOLE}
