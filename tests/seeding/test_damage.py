"""Drives that are not as they were written: each damage is found, named, and costs only what needs it."""

from __future__ import annotations

import os
import random
import shutil
import struct
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import zstandard
from blake3 import blake3

from console.domain.objects import FRAME, FRAME_SIZE
from console.domain.progress import Silent
from console.repository.codec import stored_digest
from console.repository.pack import ENTRY_SIZE, FOOTER_SIZE, PackEntry
from console.seeding.archive import Archive, open_archive, seeds_at
from console.seeding.manifest import Manifest
from console.seeding.reader import SeedReader
from console.seeding.segment import SegmentFile
from console.seeding.verify import SegmentState, VerifyReport, verify
from tests.seeding.places import Place
from tests.support.seeds import refused

TWO = 250_000
"""Bytes of a segment of which the drive has a few."""


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    place = Place(tmp_path)
    yield place
    place.source.close()


@pytest.fixture
def written(place: Place, tmp_path: Path) -> Manifest:
    return place.write(tmp_path / "usb", segment_size=TWO)


@pytest.fixture
def seed(written: Manifest, tmp_path: Path) -> Path:
    return next((tmp_path / "usb").iterdir())


def checked(*places: Path) -> VerifyReport:
    return verify(open_archive(places), None, Silent())


def entries_of(path: Path) -> list[PackEntry]:
    with SegmentFile(path) as file:
        return file.entries()


def change(path: Path, how: Callable[[bytearray], None]) -> None:
    content = bytearray(path.read_bytes())
    how(content)
    path.write_bytes(content)


def flip(position: int) -> Callable[[bytearray], None]:
    def how(content: bytearray) -> None:
        content[position] ^= 0x40

    return how


def test_a_good_drive_is_good(written: Manifest, seed: Path) -> None:
    report = checked(seed)
    assert report.damaged == ()
    assert [found.state for found in report.segments] == [SegmentState.OK] * len(written.segments)
    assert (report.images_whole, report.images_hurt) == (2, ())
    assert (report.objects, report.bytes) == (written.objects, written.bytes)
    assert report == checked(seed.parent), "the directory it lies in will do"


def test_every_flipped_bit_is_found_and_named(written: Manifest, seed: Path) -> None:
    """One bit in every part of a segment: header, frame headers, stored bytes, index, footer."""
    path = seed / "segment-00002.rps"
    size = path.stat().st_size
    entries = entries_of(path)
    index = entries[-1].end
    rng = random.Random(4)
    parts = {
        "header": [0, 8, 24, 28, 40],
        "frame header": [rng.choice(entries).offset + at for at in (0, 5, 8, 9, 11, 20, 50)],
        "stored bytes": [rng.choice(entries).offset + FRAME_SIZE for _ in range(4)],
        "index": [index + rng.randrange(len(entries) * ENTRY_SIZE) for _ in range(4)],
        "footer": [size - at for at in (1, 9, 45, 52)],
    }
    for part, positions in parts.items():
        for position in positions:
            change(path, flip(position))
            report = checked(seed)
            assert [found.state.value for found in report.segments].count("damaged") == 1, (part, position)
            assert {hurt.damage.file for hurt in report.damaged} == {path.name}, (part, position)
            if part in ("index", "footer"):
                assert report.images_whole == 2, f"{part}: the frames speak for themselves"
            if part in ("frame header", "stored bytes"):
                assert [bool(hurt.damage.object) for hurt in report.damaged] == [True]
                assert report.images_hurt
                assert report.damaged[0].images == report.images_hurt
            change(path, flip(position))
    assert checked(seed).damaged == ()


def test_a_damaged_chunk_costs_the_image_that_has_it(place: Place, seed: Path) -> None:
    base, child = place.base.images[0].id, place.child.images[0].id
    cost = set()
    for path in sorted(seed.glob("*.rps")):
        for entry in entries_of(path):
            if entry.kind != 1:
                continue
            change(path, flip(entry.offset + FRAME_SIZE + entry.stored // 2))
            report = checked(seed)
            assert [hurt.damage.object for hurt in report.damaged] == [entry.id.hex()]
            assert len(report.images_hurt) == 1
            cost.add(report.images_hurt[0])
            change(path, flip(entry.offset + FRAME_SIZE + entry.stored // 2))
            break
    assert cost <= {base, child}
    assert base in cost


@pytest.mark.parametrize("keep", [0, 1, 63, 64, 200, 5_000, -1, -52, -60])
def test_a_segment_that_is_cut_off(written: Manifest, seed: Path, keep: int) -> None:
    path = seed / "segment-00002.rps"
    size = path.stat().st_size
    os.truncate(path, keep if keep >= 0 else size + keep)
    report = checked(seed)
    assert report.segments[1].state is SegmentState.DAMAGED
    assert report.segments[0].state is SegmentState.OK
    assert len(report.damaged) == 1
    assert report.images_hurt or keep < 0


def test_a_segment_that_is_longer_than_it_was(seed: Path) -> None:
    with (seed / "segment-00001.rps").open("ab") as file:
        file.write(b"more")
    report = checked(seed)
    assert report.segments[0].state is SegmentState.DAMAGED
    assert report.images_hurt == (), "nothing is lost"


@pytest.mark.parametrize("number", [1, 2])
def test_random_bytes_in_place_of_a_segment(seed: Path, number: int) -> None:
    path = seed / f"segment-0000{number}.rps"
    path.write_bytes(random.Random(1).randbytes(path.stat().st_size))
    report = checked(seed)
    assert [hurt.damage.file for hurt in report.damaged] == [path.name]
    assert report.images_hurt


def test_a_missing_segment_is_named_and_costs_what_was_in_it(place: Place, written: Manifest, seed: Path) -> None:
    last = seed / written.segments[-1].file
    last.unlink()
    archive = open_archive([seed])
    assert [segment.file for segment in archive.missing] == [last.name]
    report = verify(archive, None, Silent())
    assert report.segments[-1].state is SegmentState.MISSING
    assert place.child.images[0].id in report.images_hurt


@pytest.mark.parametrize("kind", ["link", "pipe", "directory", "link to nothing"])
def test_what_is_no_file_is_not_opened(seed: Path, tmp_path: Path, kind: str) -> None:
    for name in ("segment-00001.rps", "manifest.rpm"):
        path = seed / name
        shutil.copy(path, tmp_path / "kept")
        path.unlink()
        if kind == "link":
            path.symlink_to(tmp_path / "kept")
        elif kind == "pipe":
            os.mkfifo(path)
        elif kind == "directory":
            path.mkdir()
        else:
            path.symlink_to(tmp_path / "nowhere")
        if name == "manifest.rpm":
            with refused("seed-unfinished" if kind == "link to nothing" else "seed-damaged"):
                checked(seed)
        else:
            assert checked(seed).segments[0].state is not SegmentState.OK
        shutil.rmtree(path) if kind == "directory" else path.unlink()
        shutil.copy(tmp_path / "kept", path)
    assert checked(seed).damaged == ()


def test_a_segment_of_another_seed_is_not_used(place: Place, seed: Path) -> None:
    header = struct.Struct("<8s16s")
    ids = [entry.id for entry in entries_of(seed / "segment-00001.rps")]
    change(seed / "segment-00001.rps", lambda raw: header.pack_into(raw, 0, b"RPLSEED1", b"x" * 16))
    report = checked(seed)
    assert [hurt.damage.code for hurt in report.damaged] == ["segment-of-another-seed"]
    with SeedReader(open_archive([seed])) as reader:
        assert [found.code for found in reader.damaged] == ["segment-of-another-seed"]
        assert not reader.has(ids)


def forge(path: Path, number: int, plain: bytes) -> bytes:
    """Other content in place of an object, with a digest that fits: only the id tells. The object's id."""
    entry = entries_of(path)[number]

    def how(raw: bytearray) -> None:
        stored = (plain * entry.stored)[: entry.stored]
        head = FRAME.pack(entry.stored, entry.plain, entry.kind, entry.codec, entry.seal, 0, entry.id, b"")[:44]
        raw[entry.offset : entry.end] = head + stored_digest(head, stored) + stored

    change(path, how)
    return entry.id


def test_a_forged_object_is_not_believed(place: Place, seed: Path) -> None:
    path = seed / "segment-00001.rps"
    oid = forge(path, len(entries_of(path)) // 2, b"evil")
    report = checked(seed)
    assert oid.hex() in [hurt.damage.object for hurt in report.damaged]
    with SeedReader(open_archive([seed])) as reader:
        assert [found.object for found in reader.prove([oid])] == [oid.hex()]
        with refused("object-damaged"):
            reader.read(oid)
        with refused("object-damaged"):
            list(reader.frames([oid]))


def test_a_decompression_bomb_is_refused_unopened(seed: Path) -> None:
    """A frame that says it is small when plain, and whose content would grow without end."""
    path = seed / "segment-00001.rps"
    entry = next(e for e in entries_of(path) if e.stored > 60_000)
    bomb = zstandard.ZstdCompressor().compress(bytes(1 << 30))
    assert len(bomb) < entry.stored

    def how(raw: bytearray) -> None:
        stored = bomb.ljust(entry.stored, b"\0")
        head = FRAME.pack(entry.stored, entry.plain, entry.kind, 1, entry.seal, 0, entry.id, b"")[:44]
        raw[entry.offset : entry.end] = head + stored_digest(head, stored) + stored

    change(path, how)
    assert entry.id.hex() in [hurt.damage.object for hurt in checked(seed).damaged]


def test_an_index_that_points_outside_is_not_believed(seed: Path) -> None:
    path = seed / "segment-00001.rps"
    size = path.stat().st_size
    entries = entries_of(path)
    begin = entries[-1].end

    def how(raw: bytearray) -> None:
        struct.pack_into("<Q", raw, begin + 32, 1 << 60)
        raw[size - FOOTER_SIZE + 12 : size - 8] = blake3(raw[begin : size - FOOTER_SIZE]).digest()

    change(path, how)
    report = checked(seed)
    assert [hurt.damage.code for hurt in report.damaged] == ["segment-damaged"]
    assert report.images_whole == 2


def test_several_media_are_put_together_and_one_copy_of_the_manifest_is_enough(place: Place, tmp_path: Path) -> None:
    places = [tmp_path / name for name in ("one", "two", "three", "four")]
    place.write(*places, segment_size=TWO, medium_size=300_000)
    used = [p for p in places if list(p.glob("*/*.rps"))]
    assert len(used) >= 3
    assert checked(*used).images_whole == 2
    next(used[0].glob("*/manifest.rpm")).write_bytes(b"scratched")
    archive = open_archive(used)
    assert [problem.code for problem in archive.problems] == ["seed-damaged"]
    assert verify(archive, None, Silent()).images_whole == 2
    for medium in used[1:]:
        next(medium.glob("*/manifest.rpm")).write_bytes(os.urandom(500))
    with refused("seed-damaged"):
        open_archive(used)


def test_what_is_no_seed(place: Place, seed: Path, tmp_path: Path) -> None:
    with refused("not-a-seed"):
        open_archive([tmp_path / "nowhere"])
    (tmp_path / "empty").mkdir()
    with refused("not-a-seed"):
        open_archive([tmp_path / "empty"])
    with refused("not-a-seed"):
        open_archive([seed / "README.txt"])
    (seed / "manifest.rpm").unlink()
    with refused("seed-unfinished"):
        open_archive([seed])
    assert seeds_at(seed.parent)[0].seed == "5eed" * 8, "an unfinished one is known by its segments"


def test_two_seeds_in_one_place_are_not_mixed(place: Place, seed: Path, tmp_path: Path) -> None:
    place.write(tmp_path / "usb", seed="0bad" * 8)
    assert len(seeds_at(tmp_path / "usb")) == 2
    with refused("several-seeds"):
        open_archive([tmp_path / "usb"])
    assert isinstance(open_archive([seed]), Archive)


def test_a_source_end_gives_all_that_is_good_before_it_complains(place: Place, seed: Path) -> None:
    path = seed / "segment-00001.rps"
    entries = entries_of(path)
    bad = entries[len(entries) // 2]
    change(path, flip(bad.offset + FRAME_SIZE))
    with SeedReader(open_archive([seed])) as reader:
        given = bytearray()
        with refused("object-damaged"):
            for piece in reader.frames([entry.id for entry in entries]):
                given += piece
        assert len(given) == sum(FRAME_SIZE + entry.stored for entry in entries if entry.id != bad.id)
        assert [found.object for found in reader.damaged] == [bad.id.hex()]
        with refused("object-missing"):
            list(reader.frames([b"\x01" * 32]))
