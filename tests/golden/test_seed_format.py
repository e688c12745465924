"""A drive as version 1 wrote it. The files beside this are never edited: what was written must be consumed for ever."""

from __future__ import annotations

import json
import os
import shutil
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from blake3 import blake3

from console.domain.chains import ChainState
from console.domain.pairing import Direction, Pairing
from console.domain.progress import Silent
from console.domain.seeds import SeedState
from console.engine.restore.restore import Restore
from console.seeding.archive import open_archive
from console.seeding.manifest import Manifest, decode, encode
from console.seeding.verify import verify
from console.wire.identity import verify as signature_holds
from tests.support import seed_reader
from tests.support.clock import FixedClock
from tests.support.seeds import Party

HERE = Path(__file__).parent / "seed-v1"
SEED = next(HERE.glob("replicore-seed-*"))
CERTIFICATE = (HERE / "certificate.pem").read_text()
EXPECTED: dict[str, dict[str, str]] = json.loads((HERE / "expected.json").read_text())


@pytest.fixture
def manifest() -> Manifest:
    return open_archive([SEED]).manifest


@pytest.fixture
def target(tmp_path: Path, manifest: Manifest) -> Iterator[Party]:
    """The Core that the drive was written for."""
    party = Party(tmp_path / "target", FixedClock(), "B")
    party.catalog.machines.remove(party.machine.id)
    party.me = type(party.me)(manifest.target, "B", "1.0.0", party.me.fingerprint)
    party.consume._core_id = manifest.target
    party.catalog.pairings.add(
        Pairing(manifest.pairing, Direction.INCOMING, "A", manifest.source, CERTIFICATE, party.clock.now())
    )
    yield party
    party.close()


def test_the_second_reader_finds_what_was_put_on_it() -> None:
    drive = seed_reader.Drive(SEED)
    found = {
        image: {os.fsdecode(name): blake3(content).hexdigest() for name, content in drive.files(root).items()}
        for image, root in drive.images().items()
    }
    assert found == EXPECTED


def test_it_is_good_and_signed(manifest: Manifest) -> None:
    archive = open_archive([HERE])
    assert signature_holds(CERTIFICATE, archive.signed.message, archive.signed.signature)
    report = verify(archive, None, Silent())
    assert (report.damaged, report.images_whole) == ((), 2)
    assert (manifest.comment, manifest.customer_id, manifest.format) == ("Golden", "c-1", 1)
    assert manifest.images() == tuple(sorted(EXPECTED, key=lambda image: len(EXPECTED[image])))


def test_todays_writer_says_the_same_in_its_manifest(manifest: Manifest) -> None:
    """It may say more: fields that did not exist then."""
    raw = (SEED / "manifest.rpm").read_bytes()
    signature = decode(raw).signature
    again = encode(manifest, lambda _: signature)
    assert decode(again).manifest == manifest
    assert len(again) >= len(raw)


def test_it_is_consumed_and_its_files_restored(target: Party, manifest: Manifest, tmp_path: Path) -> None:
    shutil.copytree(SEED, tmp_path / "usb" / SEED.name)
    result = target.result(target.consume.start([str(tmp_path / "usb")]))
    assert (result["points_imported"], result["orphans_left"], result["damaged"]) == (2, 0, [])
    assert set(target.states().values()) == {ChainState.WHOLE}
    assert target.seeds.get(manifest.seed).state is SeedState.CONSUMED
    restore = Restore(target.catalog, target.repositories, target.jobs, target.clock)
    for entry in manifest.points:
        to = tmp_path / uuid.uuid4().hex
        restore.files(restore.plan(entry.point.id, (), str(to), overwrite="never", partial=False), Silent())
        files = [p for p in to.rglob("*") if p.is_file() and not p.is_symlink()]
        contents = {os.fspath(p.relative_to(to)): blake3(p.read_bytes()).hexdigest() for p in files}
        assert contents == EXPECTED[entry.images[0]]
        assert os.readlink(to / "link") == "folder/letter"
        assert (to / "inline").stat().st_mode & 0o7777 == 0o640
        assert (to / "folder" / "again").samefile(to / "folder" / "letter")
