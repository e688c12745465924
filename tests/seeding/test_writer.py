"""Writing a drive: segments, media one after the other, and going on after every interruption."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from console.domain.progress import Silent
from console.engine.transfer import transfer
from console.seeding.drive import Drive
from console.seeding.writer import SeedWriter
from tests.seeding.places import SEED, Place
from tests.support.seeds import FaultyFiles, Killed, refused


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    place = Place(tmp_path)
    yield place
    place.source.close()


def size_of(place: Path) -> int:
    return sum(path.stat().st_size for path in place.rglob("*") if path.is_file())


def test_a_drive_says_what_the_papers_say(place: Place, tmp_path: Path) -> None:
    manifest = place.write(tmp_path / "usb", segment_size=1 << 30)
    assert len(manifest.segments) == 1
    drive = place.check(tmp_path / "usb")
    assert list(drive.images()) == [place.base.images[0].id, place.child.images[0].id]
    assert sorted(p.name for p in (tmp_path / "usb").rglob("*.*")) == [
        "README.txt", "manifest.rpm", "segment-00001.rps",
    ]  # fmt: skip


def test_segments_are_closed_at_their_size(place: Place, tmp_path: Path) -> None:
    manifest = place.write(tmp_path / "usb")
    place.check(tmp_path / "usb")
    assert len(manifest.segments) > 6
    assert all(segment.bytes <= 100_000 for segment in manifest.segments)
    assert manifest.bytes == sum(p.stat().st_size for p in tmp_path.glob("usb/*/*.rps"))


def test_an_object_larger_than_a_segment_gets_one_of_its_own(place: Place, tmp_path: Path) -> None:
    manifest = place.write(tmp_path / "usb", segment_size=20_000)
    place.check(tmp_path / "usb")
    assert max(segment.bytes for segment in manifest.segments) > 60_000


def test_media_are_filled_one_after_the_other(place: Place, tmp_path: Path) -> None:
    places = [tmp_path / name for name in ("one", "two", "three", "four", "five", "six")]
    manifest = place.write(*places, medium_size=300_000)
    used = [p for p in places if size_of(p)]
    assert used == places[: len(used)]
    assert 3 <= len(used) < 6
    place.check(*used)
    assert all(size_of(p) <= 300_000 + 2_000 for p in used), "no medium takes more than it was given"
    assert [m.number for m in manifest.media] == list(range(1, len(used) + 1))
    assert not list(places[-1].glob("*")), "a medium that was not needed is left as it was found"
    mediums = [segment.medium for segment in manifest.segments]
    assert mediums == sorted(mediums)


@pytest.mark.parametrize("segment_size", [50_000, 150_000, 1 << 30])
def test_a_full_medium_hands_the_open_segment_to_the_next(place: Place, tmp_path: Path, segment_size: int) -> None:
    places = [tmp_path / name for name in ("one", "two", "three")]
    one, two = places[:2]
    files = FaultyFiles(capacity={one: 260_000, two: 400_000})
    place.write(*places, files=files, segment_size=segment_size)
    place.check(*[p for p in places if list(p.glob("*/*.rps"))])
    assert size_of(one) <= 260_000
    assert size_of(two) <= 400_000


def test_a_medium_that_takes_nothing_is_passed_over(place: Place, tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    place.write(one, two, files=FaultyFiles(capacity={one: 30_000}))
    place.check(two)
    assert not list(one.glob("*"))


def test_full_without_a_next_medium_is_said_and_what_is_written_is_kept(place: Place, tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    with refused("medium-full"):
        place.write(one, files=FaultyFiles(capacity={one: 350_000}))
    kept = {path: path.stat().st_mtime_ns for path in one.glob("*/*.rps")}
    assert len(kept) >= 2
    assert not list(one.glob("*/*.partial"))
    place.write(one, two, files=FaultyFiles(capacity={one: 350_000}))
    place.check(one, two)
    assert {path: path.stat().st_mtime_ns for path in kept} == kept, "written once"


@pytest.mark.parametrize(
    ("number", "code"),
    [
        (errno.EIO, "medium-gone"),
        (errno.ENODEV, "medium-gone"),
        (errno.EROFS, "medium-read-only"),
        (errno.EACCES, "medium-not-writable"),
        (errno.ENOSPC, "medium-full"),
    ],
)
@pytest.mark.parametrize("what", ["create", "write", "sync", "rename", "sync_directory"])
def test_what_a_medium_says_becomes_a_sentence(place: Place, tmp_path: Path, number: int, code: str, what: str) -> None:
    def fail(step: str, path: Path | None) -> None:
        if step == what and (path is None or path.name.startswith("segment-00003") or what == "sync_directory"):
            raise OSError(number, os.strerror(number))

    with refused(code):
        place.write(tmp_path / "usb", files=FaultyFiles(before=fail))
    place.write(tmp_path / "usb")
    place.check(tmp_path / "usb")


def test_a_medium_pulled_out_is_gone(place: Place, tmp_path: Path) -> None:
    def pull(step: str, path: Path | None) -> None:
        if step == "create" and path is not None and path.name.startswith("segment-00004"):
            shutil.move(tmp_path / "usb", tmp_path / "in a pocket")
            (tmp_path / "usb").mkdir()

    with refused("medium-gone"):
        place.write(tmp_path / "usb", files=FaultyFiles(before=pull))
    assert not list((tmp_path / "usb").iterdir()), "nothing is written where the medium was"
    place.write(tmp_path / "in a pocket")
    place.check(tmp_path / "in a pocket")


def test_a_medium_that_lies_is_found_out(place: Place, tmp_path: Path) -> None:
    with refused("medium-faulty"):
        place.write(tmp_path / "usb", files=FaultyFiles(lie=True))
    assert not list(tmp_path.glob("usb/*/*.rps")), "no segment gets its name before it was read back"


def test_killed_at_every_step_it_goes_on(place: Place, tmp_path: Path) -> None:
    """Each change to the media in turn is the last one the process makes; the next process finishes the drive."""
    for kill_at in range(1, 500):
        one, two = tmp_path / f"{kill_at}a", tmp_path / f"{kill_at}b"
        files = FaultyFiles(kill_at=kill_at, capacity={one: 400_000})
        try:
            place.write(one, two, files=files, segment_size=200_000)
            assert kill_at > 30
            return
        except Killed:
            assert files.dead
        kept = {path: path.stat().st_ino for path in [*one.glob("*/*.rps"), *two.glob("*/*.rps")]}
        place.write(one, two, files=FaultyFiles(capacity={one: 400_000}), segment_size=200_000)
        place.check(one, two)
        assert {path: path.stat().st_ino for path in kept} == kept, f"step {kill_at}: whole segments are kept"
        shutil.rmtree(one)
        shutil.rmtree(two)
    pytest.fail("the writing never ended by itself")


def test_a_segment_that_was_damaged_meanwhile_is_written_again(place: Place, tmp_path: Path) -> None:
    def stop(step: str, path: Path | None) -> None:
        if step == "create" and path is not None and path.name.startswith("segment-00005"):
            raise OSError(errno.EIO, "pulled")

    with refused("medium-gone"):
        place.write(tmp_path / "usb", files=FaultyFiles(before=stop))
    third = next(tmp_path.glob("usb/*/segment-00003.rps"))
    content = bytearray(third.read_bytes())
    content[len(content) // 2] ^= 1
    third.write_bytes(content)
    (third.parent / "segment-00009.rps").write_bytes(b"left by somebody")
    place.write(tmp_path / "usb")
    place.check(tmp_path / "usb")


def test_a_step_that_lost_objects_is_not_committed(place: Place, tmp_path: Path) -> None:
    with place.writer(tmp_path / "usb") as writer:
        writer.begin("x", Silent())
        ids = [ref.id for batch in place.increment(place.base.images[0], False) for ref in batch]
        writer.store(place.end.frames(list(dict.fromkeys(ids[:10]))))
        with refused("objects-missing"):
            writer.commit(place.offer(place.base))
        assert writer.points() == ()


def test_what_the_target_has_need_not_be_on_the_drive(place: Place, tmp_path: Path) -> None:
    known = {ref.id for batch in place.increment(place.base.images[0], False) for ref in batch}
    drive = Drive(SEED, [tmp_path / "usb"], reserve=10_000)
    with SeedWriter(drive, place.increment, elsewhere=lambda ids: known.intersection(ids)) as writer:
        writer.begin("x", Silent())
        transfer(place.end, writer, place.offer(place.base), Silent())
        transfer(place.end, writer, place.offer(place.child), Silent())
        writer.seal()
        assert [entry.point.id for entry in writer.points()] == [place.base.id, place.child.id]
        assert 200_000 < writer.written_bytes < 300_000


def test_a_file_is_no_place_for_a_seed(place: Place, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with refused("location-not-a-directory"):
        place.write(tmp_path / "file")


def test_a_place_that_others_own_is_refused(place: Place, tmp_path: Path) -> None:
    if os.geteuid() == 0:
        pytest.skip("an administrator may write everywhere")
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o500)
    with refused("medium-not-writable"):
        place.write(closed)
