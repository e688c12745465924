"""Starting a seed: what is refused, what lies there already, and every way the writing can end."""

from __future__ import annotations

import errno
import os
import random
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from console.domain.jobs import JobState
from console.domain.pairing import Direction, PairingState
from console.domain.recovery_points import RecoveryPoint
from console.domain.seeds import SeedState
from tests.support import seed_reader
from tests.support.seeds import FaultyFiles, Pair, make_pair, refused

ROOT = hasattr(os, "geteuid") and os.geteuid() == 0
RNG = random.Random(31)
FIRST = {f"docs/{n}": RNG.randbytes(2_000) for n in range(10)} | {"big": RNG.randbytes(1_500_000)}
SECOND = {**FIRST, "new": RNG.randbytes(900_000)}
SMALLEST = 1 << 20


@pytest.fixture
def files() -> FaultyFiles:
    return FaultyFiles()


@pytest.fixture
def pair(tmp_path: Path, files: FaultyFiles) -> Iterator[Pair]:
    pair = make_pair(tmp_path, files=files)
    pair.reachable()
    yield pair
    pair.close()


@pytest.fixture
def points(pair: Pair) -> list[RecoveryPoint]:
    """A base and an incremental; both are set aside."""
    base = pair.source.point(FIRST)
    child = pair.source.point(SECOND, base)
    pair.source.seeds.reserve(pair.pairing, [base.images[0].id, child.images[0].id])
    return [base, child]


@pytest.fixture
def usb(tmp_path: Path) -> Path:
    (tmp_path / "usb").mkdir()
    return tmp_path / "usb"


def start(pair: Pair, *places: Path | str, **options: Any) -> Any:
    return pair.source.seeds.start_create(pair.pairing.id, [*map(str, places)], **options)


def state(pair: Pair) -> SeedState:
    return pair.source.seeds.list()[0].state


def whole(pair: Pair, *places: Path) -> None:
    """The drive is finished, by the second reader's word, and makes both points whole at the target."""
    directories = [d for p in places for d in ([p] if "-seed-" in p.name else p.glob("replicore-seed-*"))]
    drive = seed_reader.Drive(*directories)
    contents = [drive.files(root) for root in drive.images().values()]
    assert contents == [{k.encode(): v for k, v in tree.items()} for tree in (FIRST, SECOND)]
    assert pair.bring(*places)["orphans_left"] == 0


def test_wishes_that_cannot_be_are_refused_at_once(pair: Pair, points: list[RecoveryPoint], usb: Path) -> None:
    (usb / "file").write_bytes(b"")
    with refused("no-location"):
        start(pair)
    with refused("location-not-absolute"):
        start(pair, "relative")
    with refused("location-named-twice"):
        start(pair, usb, f"{usb}/../usb")
    with refused("location-not-a-directory"):
        start(pair, usb / "file")
    with refused("bad-segment-size"):
        start(pair, usb, segment_size=4 << 30)
    with refused("bad-segment-size"):
        start(pair, usb, segment_size=1000)
    with refused("bad-medium-size"):
        start(pair, usb, medium_size=1000)
    with refused("bad-reuse"):
        start(pair, usb, reuse="always")
    with refused("bad-chains"):
        start(pair, usb, chains="all")
    with refused("no-such-pairing"):
        pair.source.seeds.start_create("nobody", [str(usb)])
    with refused("no-such-machine"):
        start(pair, usb, machines=["nobody"])
    other = pair.source.protect("db")
    with refused("machine-not-in-pairing"):
        start(pair, usb, machines=[other.name])
    assert state(pair) is SeedState.DEFINED
    assert sorted(p.name for p in usb.iterdir()) == ["file"]


def test_pairings_that_write_no_seeds(pair: Pair, usb: Path) -> None:
    with refused("pairing-is-incoming"):
        pair.target.seeds.start_create(pair.pairing.id, [str(usb)])
    pair.source.catalog.members.remove(pair.pairing.id, pair.source.machine.id)
    with refused("no-machines"):
        start(pair, usb)
    pair.source.catalog.pairings.update(replace(pair.pairing, state=PairingState.REMOVED))
    with refused("pairing-removed"):
        start(pair, usb)


def test_a_place_inside_a_repository_or_the_data_directory(pair: Pair, points: list[RecoveryPoint]) -> None:
    repository = Path(pair.source.repositories.info("default").path)
    for place in (repository, repository / "drive", pair.source.place, pair.source.place / "x" / "y"):
        with refused("location-in-repository"):
            start(pair, place)
        assert not (place / "README.txt").exists()


def test_a_way_into_the_repository_through_a_link_is_seen(
    pair: Pair, points: list[RecoveryPoint], tmp_path: Path
) -> None:
    (tmp_path / "link").symlink_to(pair.source.place)
    with refused("location-in-repository"):
        start(pair, tmp_path / "link" / "drive")


def test_other_files_on_the_medium_do_not_matter(pair: Pair, points: list[RecoveryPoint], usb: Path) -> None:
    (usb / "holiday.jpg").write_bytes(b"sun")
    pair.write(usb)
    whole(pair, usb)
    assert (usb / "holiday.jpg").read_bytes() == b"sun"


def test_a_place_that_is_not_there_yet_is_made(pair: Pair, points: list[RecoveryPoint], usb: Path) -> None:
    pair.write(usb / "seeds" / "of may")
    whole(pair, usb / "seeds" / "of may")


def test_nothing_to_write_is_said_and_what_was_set_aside_is_let_go(
    pair: Pair, points: list[RecoveryPoint], usb: Path
) -> None:
    for point in points:
        pair.send(point)
    assert pair.source.failure(start(pair, usb)) == "nothing-to-seed"
    assert state(pair) is SeedState.ABANDONED
    assert list(usb.iterdir()) == []
    assert pair.source.failure(start(pair, usb)) == "nothing-to-seed"
    assert len(pair.source.seeds.list()) == 1, "a wish that came to nothing leaves no seed behind"


# --- what lies there already ------------------------------------------------------------------------------


def test_never_reuse_says_what_lies_there_and_whose(pair: Pair, points: list[RecoveryPoint], usb: Path) -> None:
    pair.write(usb, comment="Blue 1")
    before = sorted(usb.rglob("*"))
    third = pair.source.point({**SECOND, "x": b"y"}, points[1])
    with refused("location-not-empty") as said:
        start(pair, usb)
    assert "“Blue 1”" in said.value.failure.message
    assert "of the Core “A”" in said.value.failure.message
    with refused("location-not-empty"):
        start(pair, next(usb.iterdir()))
    assert sorted(usb.rglob("*")) == before
    assert third.id


def test_reuse_this_core_replaces_our_seeds_and_leaves_others(
    pair: Pair, points: list[RecoveryPoint], usb: Path, tmp_path: Path
) -> None:
    stranger = make_pair(tmp_path / "strangers")
    stranger.source.point({"theirs": b"1" * 1000})
    stranger.write(usb, comment="Theirs")
    first = pair.write(usb, reuse="this-core", comment="Ours")["seed"]
    assert len(list(usb.iterdir())) == 2
    second = pair.write(usb, reuse="this-core")["seed"]
    assert pair.source.seeds.get(first).state is SeedState.ABANDONED
    assert "seed-overwritten" in pair.source.events()
    names = {path.name for path in usb.iterdir()}
    assert f"replicore-seed-{second[:8]}" in names
    assert f"replicore-seed-{first[:8]}" not in names
    assert stranger.bring(next(p for p in usb.iterdir() if second[:8] not in p.name))["points_imported"] == 1
    stranger.close()
    whole(pair, usb / f"replicore-seed-{second[:8]}")


def test_erase_takes_every_seed_and_nothing_else(
    pair: Pair, points: list[RecoveryPoint], usb: Path, tmp_path: Path
) -> None:
    stranger = make_pair(tmp_path / "strangers")
    stranger.source.point({"theirs": b"1" * 1000})
    stranger.write(usb)
    stranger.close()
    pair.write(usb, reuse="erase")
    (usb / "holiday.jpg").write_bytes(b"sun")
    (usb / "replicore-seed-0badbeef").symlink_to(pair.source.place)
    made = pair.write(usb, reuse="erase")
    assert sorted(p.name for p in usb.iterdir())[0] == "holiday.jpg"
    assert f"replicore-seed-{made['seed'][:8]}" in {p.name for p in usb.iterdir()}
    assert (pair.source.place / "identity").is_dir(), "what a link points to is nothing of ours to remove"
    whole(pair, usb / f"replicore-seed-{made['seed'][:8]}")


def test_a_seed_directory_itself_as_the_place(pair: Pair, points: list[RecoveryPoint], usb: Path) -> None:
    pair.write(usb)
    inside = next(usb.iterdir())
    (inside / "note.txt").write_bytes(b"mine")
    pair.write(inside, reuse="this-core")
    assert sorted(p.name for p in inside.iterdir())[0] == "note.txt"
    assert len(list(inside.iterdir())) == 2
    whole(pair, next(inside.glob("replicore-seed-*")))


def test_nothing_is_erased_when_there_is_nothing_to_write(pair: Pair, points: list[RecoveryPoint], usb: Path) -> None:
    made = pair.write(usb)
    before = sorted((path, path.stat().st_mtime_ns) for path in usb.rglob("*"))
    for point in points:
        pair.send(point)
    pair.contact()
    assert pair.source.failure(start(pair, usb, reuse="erase")) == "nothing-to-seed"
    assert sorted((path, path.stat().st_mtime_ns) for path in usb.rglob("*")) == before
    assert pair.source.seeds.get(made["seed"]).state is SeedState.CONSUMED


# --- how writing ends -------------------------------------------------------------------------------------


def test_several_media(pair: Pair, points: list[RecoveryPoint], tmp_path: Path) -> None:
    places = [tmp_path / "one", tmp_path / "two", tmp_path / "three"]
    made = pair.write(*places, medium_size=1_200_000, segment_size=SMALLEST)
    assert {segment["medium"] for segment in made["segments"]} == {1, 2, 3}
    assert pair.source.seeds.get(made["seed"]).location == "; ".join(map(str, places))
    shutil.rmtree(places[0] / "gone", ignore_errors=True)
    whole(pair, *places)


def test_a_full_medium_names_what_is_written_and_what_is_needed(
    pair: Pair, points: list[RecoveryPoint], files: FaultyFiles, usb: Path, tmp_path: Path
) -> None:
    files.capacity = {usb: 1_400_000}
    job = start(pair, usb, segment_size=SMALLEST)
    assert pair.source.failure(job) == "medium-full"
    said = pair.source.jobs.get(job.id).failure
    assert said is not None
    assert str(usb) in said.message
    assert "1.0 MB" in said.message or "1.1 MB" in said.message, said.message
    assert "1.4 MB more" in said.message or "1.5 MB more" in said.message, said.message
    assert state(pair) is SeedState.DEFINED
    assert set(pair.source.seeds.list()[0].images) == {point.images[0].id for point in points}
    assert "seed-failed" in pair.source.events()
    kept = [(path, path.stat().st_ino) for path in usb.rglob("*.rps")]
    assert kept
    second = tmp_path / "second"
    made = pair.write(usb, second, segment_size=SMALLEST)
    assert made["seed"] == pair.source.seeds.list()[0].id
    assert [(path, path.stat().st_ino) for path, _ in kept] == kept
    whole(pair, usb, second)


def test_cancelled_it_stays_set_aside_and_goes_on(
    pair: Pair, points: list[RecoveryPoint], files: FaultyFiles, usb: Path
) -> None:
    job: list[str] = []

    def wish(step: str, path: Path | None) -> None:
        if step == "create" and path is not None and path.name.startswith("segment-00002"):
            pair.source.jobs.cancel(job[0])

    files.before = wish
    with pair.source.repositories._lock:  # the job waits for its repository until its id is known here
        job.append(start(pair, usb, segment_size=SMALLEST).id)
    assert pair.source.failure(pair.source.catalog.jobs.get(job[0])) == "cancelled"
    assert state(pair) is SeedState.DEFINED
    assert "seed-cancelled" in pair.source.events()
    files.before = None
    pair.write(usb, segment_size=SMALLEST)
    whole(pair, usb)


@pytest.mark.parametrize("number", [errno.EIO, errno.EROFS, errno.ENODEV])
def test_a_medium_that_goes_away(
    pair: Pair, points: list[RecoveryPoint], files: FaultyFiles, usb: Path, number: int
) -> None:
    def fail(step: str, path: Path | None) -> None:
        if step == "write" and path is not None and path.name.startswith("segment-00002"):
            raise OSError(number, os.strerror(number))

    files.before = fail
    code = pair.source.failure(start(pair, usb, segment_size=SMALLEST))
    assert code == ("medium-read-only" if number == errno.EROFS else "medium-gone")
    assert state(pair) is SeedState.DEFINED
    files.before = None
    pair.write(usb, segment_size=SMALLEST)
    whole(pair, usb)


@pytest.mark.parametrize("kill_at", [1, 2, 5, 9, 14, 19, 24, 28, 31, 34, 36, 38, 40])
def test_killed_and_started_again_it_goes_on(
    pair: Pair, points: list[RecoveryPoint], files: FaultyFiles, usb: Path, kill_at: int
) -> None:
    """As after kill -9: the drive is as the last change left it, and the catalog says *copying*."""
    source = pair.source
    files.kill_at = kill_at
    job = start(pair, usb, segment_size=SMALLEST)
    ended = source.done(job)
    if ended.state is JobState.SUCCEEDED:
        assert files.steps < kill_at
        whole(pair, usb)
        return
    assert ended.state is JobState.CRASHED
    source.catalog.seeds.update(replace(source.seeds.list()[0], state=SeedState.COPYING))
    source.stop()
    files.kill_at, files.dead = None, False
    source.start()
    pair.reachable()
    assert state(pair) is SeedState.DEFINED
    assert "seed-interrupted" in source.events()
    kept = [(path, path.stat().st_ino) for path in usb.rglob("*.rps")]
    pair.write(usb, segment_size=SMALLEST)
    assert [(path, path.stat().st_ino) for path, _ in kept] == kept
    assert len(source.seeds.list()) == 1
    whole(pair, usb)


def test_killed_after_the_manifest_and_before_the_catalog(pair: Pair, points: list[RecoveryPoint], usb: Path) -> None:
    made = pair.write(usb)
    pair.source.catalog.seeds.update(replace(pair.source.seeds.list()[0], state=SeedState.DEFINED))
    again = pair.write(usb)
    assert again["seed"] == made["seed"]
    assert again["segments"] == made["segments"]
    assert state(pair) is SeedState.OUTSTANDING
    whole(pair, usb)


def test_an_image_that_cannot_be_read_here_is_left_out_with_a_warning(
    pair: Pair, points: list[RecoveryPoint], usb: Path
) -> None:
    source = pair.source
    new = {ref for ref in _chunks(pair, points[1])} - {ref for ref in _chunks(pair, points[0])}
    _damage(pair, next(iter(new)))
    job = start(pair, usb)
    result = source.result(job)
    assert result["images_skipped"] == [points[1].images[0].id]
    assert result["images"] == 1
    warnings = source.jobs.get(job.id).warnings
    assert [warning.code for warning in warnings] == ["object-damaged"]
    assert source.seeds.get(result["seed"]).images == (points[0].images[0].id,)


def _chunks(pair: Pair, point: RecoveryPoint) -> list[bytes]:
    from console.engine.ends import LocalSource

    end = LocalSource(pair.source.catalog, pair.source.repository)
    image = replace(point.images[0], parent_root=None)
    return [ref.id for batch in end.increment(image, names=False) for ref in batch if ref.kind.is_chunk]


def _damage(pair: Pair, oid: bytes) -> None:
    """Flips a bit of an object in its pack."""
    info = pair.source.repositories.info("default")
    for pack in Path(info.path).rglob("*.pack"):
        content = bytearray(pack.read_bytes())
        at = content.find(oid)
        if at >= 0:
            content[at + 32 + 16 + 100] ^= 1
            pack.write_bytes(content)
            return
    raise AssertionError("the object is in no pack")


# --- real media -------------------------------------------------------------------------------------------


@pytest.fixture(params=["ext4", "vfat"])
def small_disk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Path]:
    """A real file system of a few MiB on a loop device."""
    make = {"ext4": ["mkfs.ext4", "-q", "-O", "^has_journal"], "vfat": ["mkfs.vfat"]}[request.param]
    if not ROOT or shutil.which(make[0]) is None or not os.path.exists("/dev/loop-control"):
        pytest.skip(f"needs root, {make[0]} and loop devices")
    image, mount = tmp_path / "disk.img", tmp_path / "disk"
    with image.open("wb") as handle:
        handle.truncate(4 << 20)
    subprocess.run([*make, image], check=True, capture_output=True)
    mount.mkdir()
    done = subprocess.run(["mount", "-o", "loop", image, mount], check=False, capture_output=True, text=True)
    if done.returncode != 0:
        pytest.skip(f"loop devices cannot be mounted here: {done.stderr.strip()}")
    yield mount
    subprocess.run(["umount", "-l", mount], check=True)


def test_a_real_medium_that_is_full_and_then_read_only(tmp_path: Path, small_disk: Path) -> None:
    pair = make_pair(tmp_path)
    pair.reachable()
    first = {"big": RNG.randbytes(6_000_000)}
    base = pair.source.point(first)
    assert pair.source.failure(start(pair, small_disk, segment_size=SMALLEST)) == "medium-full"
    kept = len(list(small_disk.rglob("*.rps")))
    assert kept >= 2
    subprocess.run(["mount", "-o", "remount,ro", small_disk], check=True)
    with refused("medium-read-only"):
        start(pair, small_disk)
    subprocess.run(["mount", "-o", "remount,rw", small_disk], check=True)
    second = tmp_path / "second"
    made = pair.write(small_disk, second, segment_size=SMALLEST)
    assert [segment["medium"] for segment in made["segments"]][:kept] == [1] * kept
    assert pair.bring(small_disk, second)["state"] == "consumed"
    assert pair.target.read(base) == first
    pair.close()


def test_a_faulty_layer_is_not_needed_for_a_good_drive(tmp_path: Path, usb: Path) -> None:
    """The real file operations, with real syncs and a real look back."""
    pair = make_pair(tmp_path)
    base = pair.source.point(FIRST)
    child = pair.source.point(SECOND, base)
    pair.write(usb, segment_size=SMALLEST)
    whole(pair, usb)
    assert pair.target.read(child) == SECOND
    assert pair.source.catalog.seeds.list(direction=Direction.INCOMING) == []
    pair.close()
