"""Seed drives that lie on the media of a machine, as both Cores of a pairing see them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import get_type_hints

import pytest

from console.domain.plan_answers import MediumAnswer, SeedOnMedium
from console.engine.foresee import media as media_module
from console.engine.foresee.host import Host
from console.engine.foresee.media import MediaHere
from console.host.disks import Mount
from console.seeding.manifest import MANIFEST_FILE
from tests.support.seeds import Pair, Party, make_pair

FILES = {"a": b"one" * 1000, "b": b"two" * 2000}


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[Pair]:
    pair = make_pair(tmp_path)
    pair.source.point(FILES)
    yield pair
    pair.close()


@pytest.fixture
def usb(tmp_path: Path) -> Path:
    (tmp_path / "usb").mkdir()
    return tmp_path / "usb"


def shelf(party: Party, *mounts: Mount) -> MediaHere:
    host = Host(party.repositories)
    host.mounts = lambda: [*mounts]
    return MediaHere(party.catalog, party.identity, party.me, host)


def mounted(place: Path, *options: str, device: str = "/dev/none") -> Mount:
    return Mount(place, device, "vfat", frozenset(options or ("rw",)))


def only_seed(media: list[MediumAnswer]) -> SeedOnMedium:
    [seed] = [seed for medium in media for seed in medium["seeds"]]
    assert set(seed) == set(get_type_hints(SeedOnMedium))
    return seed


def test_a_drive_is_ours_at_its_source_and_expected_at_its_target(pair: Pair, usb: Path) -> None:
    made = pair.write(usb, comment="Blue 1")
    (usb / "holiday.txt").touch()
    [medium] = shelf(pair.source, mounted(usb)).list()["media"]
    seed = only_seed([medium])
    assert (medium["path"], medium["other_entries"], medium["read_only"]) == (str(usb), 1, False)
    assert (seed["seed"], seed["comment"], seed["source"], seed["target"]) == (made["seed"], "Blue 1", "A", "B")
    assert (seed["machines"], seed["points"], seed["bytes"]) == (["web"], 1, made["bytes"])
    assert (seed["segments_here"], seed["segments"], seed["problem"]) == (1, 1, None)
    assert (seed["ours"], seed["expected"], seed["state"]) == (True, False, "outstanding")

    there = only_seed(shelf(pair.target, mounted(usb)).list()["media"])
    assert (there["ours"], there["expected"], there["state"], there["problem"]) == (False, True, "", None)
    pair.bring(usb)
    there = only_seed(shelf(pair.target, mounted(usb)).list()["media"])
    assert (there["expected"], there["state"]) == (False, "consumed")


def test_a_drive_in_a_directory_of_the_medium_is_found(pair: Pair, usb: Path) -> None:
    (usb / "seeds").mkdir()
    made = pair.write(usb / "seeds")
    found = shelf(pair.target, mounted(usb)).list()["media"]
    seed = only_seed(found)
    assert (seed["seed"], Path(seed["path"]).parent) == (made["seed"], usb / "seeds")


def test_directories_used_before_are_offered_where_no_medium_is(pair: Pair, usb: Path, tmp_path: Path) -> None:
    pair.write(usb)
    for again in (shelf(pair.source), shelf(pair.source, mounted(usb))):
        assert [medium["path"] for medium in again.list()["media"]] == [str(usb)]
        assert only_seed(again.list()["media"])["ours"]
    pair.bring(usb)
    assert [medium["path"] for medium in shelf(pair.target).list()["media"]] == [str(usb)]
    usb.rename(tmp_path / "away")
    assert shelf(pair.source).list()["media"] == []


def test_what_is_wrong_with_a_drive_is_said_and_costs_nothing_else(pair: Pair, usb: Path) -> None:
    pair.write(usb)
    [directory] = usb.iterdir()
    manifest = directory / MANIFEST_FILE
    raw = manifest.read_bytes()
    manifest.write_bytes(raw[:-1] + bytes([raw[-1] ^ 1]))
    seed = only_seed(shelf(pair.target, mounted(usb)).list()["media"])
    assert seed["problem"] is not None
    assert (seed["problem"]["code"], seed["segments_here"], seed["expected"]) == ("seed-signature", 1, False)
    manifest.write_bytes(raw[:100])
    seed = only_seed(shelf(pair.source, mounted(usb)).list()["media"])
    assert seed["problem"] is not None
    assert (seed["problem"]["code"], seed["ours"], seed["state"]) == ("seed-damaged", True, "outstanding")
    manifest.unlink()
    seed = only_seed(shelf(pair.source, mounted(usb)).list()["media"])
    assert seed["problem"] is not None
    assert seed["problem"]["code"] == "seed-unfinished"


def test_removable_media_come_first_and_read_only_ones_only_with_a_drive(
    pair: Pair, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    places = [tmp_path / name for name in ("disk", "stick", "archive", "with-seed")]
    for place in places:
        place.mkdir()
    disk, stick, archive, with_seed = places
    pair.write(with_seed)
    monkeypatch.setattr(media_module, "removable", lambda device: device == "/dev/stick")
    mounts = [
        mounted(disk),
        mounted(stick, device="/dev/stick"),
        mounted(archive, "ro"),
        mounted(with_seed, "ro"),
    ]
    found = shelf(pair.target, *mounts).list()["media"]
    assert [medium["path"] for medium in found] == [str(stick), str(disk), str(with_seed)]
    assert [medium["removable"] for medium in found] == [True, False, False]
    assert [medium["read_only"] for medium in found] == [False, False, True]
