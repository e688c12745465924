"""A repository on a disk that is really full: it says so in time, and can still be read, deleted from and reclaimed."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from console.domain.errors import Failed
from console.domain.progress import Silent
from console.engine.core import Core
from console.repository import Repository
from console.repository.room import RESERVE, RESERVE_BYTES
from tests.support.clock import FixedClock
from tests.support.loops import loop, mounted

DISK = 72 << 20


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    if shutil.which("mkfs.ext4") is None:
        pytest.skip("mkfs.ext4 is not installed")
    image = tmp_path / "disk.img"
    with image.open("wb") as file:
        file.truncate(DISK)
    subprocess.run(["mkfs.ext4", "-q", "-m", "0", str(image)], check=True)
    with loop(image) as device, mounted(device, tmp_path / "disk") as place:
        yield place


@pytest.fixture
def core(tmp_path: Path, disk: Path) -> Iterator[Core]:
    core = Core(tmp_path / "core", clock=FixedClock(), name="here")
    core.repositories.create("small", disk / "repository", default=True)
    (tmp_path / "tree").mkdir()
    core.protect.add("web", [("tree", str(tmp_path / "tree"))], interval_s=0)
    yield core
    core.stop()


def write(tmp_path: Path, name: str, size: int) -> None:
    (tmp_path / "tree" / name).write_bytes(random.Random(name).randbytes(size))


def back_up(core: Core) -> str:
    return str(core.protect.backup(core.catalog.machines.get("web"), base=False, reporter=Silent())["point"])


def fill(disk: Path) -> Path:
    """Somebody else takes every byte that is left."""
    path = disk / "somebody else's"
    with path.open("wb", buffering=0) as file:
        for size in (1 << 20, 4096, 1):
            try:
                while True:
                    file.write(bytes(size))
            except OSError:
                continue
    os.sync()
    return path


def settle(core: Core) -> None:
    """Every pack of the backup that failed is whole, or gone."""
    with core.repositories.open("small").session() as session:
        session.flush()


def whole(core: Core) -> None:
    report = core.check.repository(core.repositories.info("small"), read_data=True, reporter=Silent())
    assert (report["damaged"], report["missing_packs"]) == ([], [])


def test_it_is_full_before_the_disk_is_and_lives_on(core: Core, disk: Path, tmp_path: Path) -> None:
    info = core.repositories.info("small")
    write(tmp_path, "one", 24 << 20)
    first = back_up(core)
    write(tmp_path, "two", 60 << 20)
    with pytest.raises(Failed) as known:
        back_up(core)
    assert known.value.failure.code == "repository-full"
    left = shutil.disk_usage(disk).free
    assert left > 1 << 20, "room is kept for giving room back"
    assert core.repositories.free(info) < 8 << 20
    whole(core)
    settle(core)

    somebody = fill(disk)
    assert shutil.disk_usage(disk).free < 64 << 10
    assert (disk / "repository" / "own" / RESERVE).exists()
    core.repositories.close()
    assert core.repositories.open("small").read(bytes.fromhex(core.catalog.points.get(first).record))
    lent = RESERVE_BYTES - (disk / "repository" / "own" / RESERVE).stat().st_size
    assert 0 < lent < RESERVE_BYTES // 4, "the index is not opened on a disk without any room"
    whole(core)
    with pytest.raises(Failed) as known:
        back_up(core)
    assert known.value.failure.code == "repository-full"
    assert core.retain.delete([first]) == 1
    result = core.reclaim.run(info, dry_run=False, reporter=Silent())
    assert result["done"]["bytes_won"] > 20 << 20
    assert shutil.disk_usage(disk).free > 20 << 20
    (tmp_path / "tree" / "two").unlink()
    back_up(core)
    whole(core)
    somebody.unlink()
    core.repositories.close()
    with Repository.open(disk / "repository") as opened:
        assert opened.missing_packs == ()
    assert (disk / "repository" / "own" / RESERVE).stat().st_size == RESERVE_BYTES


def test_it_opens_although_the_index_lacks_a_pack_and_the_disk_is_full(core: Core, disk: Path, tmp_path: Path) -> None:
    for number in range(8000):  # their places alone need more room than a disk that is called full has
        write(tmp_path, f"f{number}", 200)
    first = back_up(core)
    core.repositories.close()
    for index in (disk / "repository").rglob("index*"):
        index.unlink()
    fill(disk)
    assert (disk / "repository" / "own" / RESERVE).exists()
    assert core.repositories.open("small").read(bytes.fromhex(core.catalog.points.get(first).record))
    assert not (disk / "repository" / "own" / RESERVE).exists()
    whole(core)
