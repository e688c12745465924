"""Checks of points: good where all is well, bad where it is not, and said where nobody could look."""

from __future__ import annotations

import random
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from console.domain.machines import Machine
from console.domain.point_checks import PointCheck
from console.domain.progress import Silent
from console.engine.inside.browse import Browse
from console.engine.point_check import databases as looking
from console.engine.point_check import file_systems, programs
from console.engine.point_check.point_check import CheckPoints
from console.engine.points import Points
from tests.repository.builders import flip, packs
from tests.support import disks, exfat
from tests.support.clock import FixedClock
from tests.support.disks import MIB
from tests.support.worlds import World

pytest.importorskip("pytsk3")


class Checking(World):
    def __post_init__(self) -> None:
        super().__post_init__()
        self.browse = Browse(self.catalog, self.repositories)
        self.points = Points(self.catalog, self.repositories, self.browse)
        self.checks = CheckPoints(
            self.catalog,
            self.repositories,
            self.jobs,
            self.journal,
            self.clock,
            self.points,
            self.browse,
            self.data,
        )

    def close(self) -> None:
        self.points.counting.close()
        self.browse.close()
        super().close()

    def check(self, point: str, *only: PointCheck) -> dict[str, tuple[str, str]]:
        """Check → (verdict, sentence)."""
        result: dict[str, Any] = self.checks.run([self.catalog.points.get(point)], only or tuple(PointCheck), Silent())
        assert not list((self.data / "checking").glob("*"))
        return {one["check"]: (one["verdict"], one["message"]) for one in result["points"][0]["results"]}


@pytest.fixture
def world(tmp_path: Path) -> Iterator[Checking]:
    with Checking(tmp_path / "data") as world:
        yield world  # type: ignore[misc]


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    top = tmp_path / "tree"
    (top / "home").mkdir(parents=True)
    (top / "home" / "big.bin").write_bytes(random.Random(1).randbytes(800_000))
    return top


def point_of(world: Checking, *volumes: Path, name: str = "web") -> str:
    result, _ = world.backup(world.machine(*volumes, name=name))
    point: str = result["point"]
    return point


class OnHand:
    """What `disk_point` needs of a source."""

    def __init__(self, world: Checking, machine: Machine) -> None:
        self.repository, self.catalog = world.repository, world.catalog
        self.clock = FixedClock()
        self.machine = machine


def disk_of(world: Checking, disk: Path, layout: Any = None) -> str:
    """A point whose one volume is a disk."""
    top = disk.with_name("empty")
    top.mkdir(exist_ok=True)
    return disks.disk_point(OnHand(world, world.machine(top, name=disk.stem)), disk, layout).id


def database(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        fill(connection)


def fill(connection: sqlite3.Connection, rows: int = 3000) -> None:
    with connection:
        connection.execute("CREATE TABLE letters (id INTEGER PRIMARY KEY, text TEXT)")
        connection.executemany("INSERT INTO letters (text) VALUES (?)", [(f"dear bob {n}" * 5,) for n in range(rows)])
        connection.execute("CREATE INDEX by_text ON letters (text)")


def test_a_good_point_is_good(world: Checking, tree: Path) -> None:
    point = point_of(world, tree)
    found = world.check(point)
    assert {check: verdict for check, (verdict, _) in found.items()} == {
        "checksum": "good",
        "integrity": "good",
        "mountability": "not-checked",
        "attachability": "not-checked",
    }
    kept = world.catalog.point_checks.of([point])[point]
    assert [(result.check.value, result.verdict.value) for result in kept] == sorted(
        (check, verdict) for check, (verdict, _) in found.items()
    )


def test_flipped_bits_are_found_and_become_an_alert(world: Checking, tree: Path) -> None:
    point = point_of(world, tree)
    largest = max(packs(world.repository.path), key=lambda path: path.stat().st_size)
    flip(largest, largest.stat().st_size // 2)
    verdict, message = world.check(point, PointCheck.CHECKSUM)["checksum"]
    assert verdict == "bad"
    assert "object" in message
    assert world.catalog.damage.list()
    [event] = [event for event in world.catalog.events.page(limit=50)[0] if event.alert]
    assert event.code == "point-check-bad"
    assert "checksum" in event.message


def test_what_is_gone_from_the_repository_breaks_integrity(world: Checking, tree: Path) -> None:
    point = point_of(world, tree)
    entry = world.entry({"point": point}, b"home/big.bin")
    world.repository.condemn([entry.content[:32]])
    assert world.check(point, PointCheck.INTEGRITY)["integrity"][0] == "bad"


def test_results_go_with_their_point_and_are_replaced(world: Checking, tree: Path) -> None:
    point = point_of(world, tree)
    world.check(point, PointCheck.INTEGRITY)
    world.check(point, PointCheck.INTEGRITY)
    assert len(world.catalog.point_checks.of([point])[point]) == 1
    world.catalog.points.remove([point])
    assert world.catalog.point_checks.of([point]) == {}


def test_a_sound_sqlite_file_and_a_damaged_one(world: Checking, tree: Path) -> None:
    database(tree / "good.sqlite")
    verdict, message = world.check(point_of(world, tree), PointCheck.ATTACHABILITY)["attachability"]
    assert (verdict, "good.sqlite" in message) == ("good", True)
    database(tree / "home" / "bad.db")
    with (tree / "home" / "bad.db").open("r+b") as file:
        for page in (4, 9, 20):
            file.seek(page * 4096 + 100)
            file.write(b"\xff" * 600)
    verdict, message = world.check(point_of(world, tree, name="two"), PointCheck.ATTACHABILITY)["attachability"]
    assert (verdict, "home/bad.db" in message) == ("bad", True)


def test_a_write_ahead_log_belongs_to_its_database(world: Checking, tree: Path, tmp_path: Path) -> None:
    live = tmp_path / "live.db"
    connection = sqlite3.connect(live)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA wal_autocheckpoint=0")
    fill(connection)
    assert Path(f"{live}-wal").stat().st_size > 0
    for suffix in ("", "-wal"):
        shutil.copy(f"{live}{suffix}", tree / f"live.db{suffix}")
    connection.close()
    assert world.check(point_of(world, tree), PointCheck.ATTACHABILITY)["attachability"][0] == "good"


def test_a_sqlite_file_inside_a_disk(world: Checking, tree: Path, tmp_path: Path) -> None:
    database(tree / "home" / "good.db")
    point = disk_of(world, disks.ext4(tmp_path / "disk.img", tree))
    verdict, message = world.check(point, PointCheck.ATTACHABILITY)["attachability"]
    assert (verdict, "home/good.db" in message) == ("good", True)


def test_file_systems_of_a_disk(world: Checking, tree: Path, tmp_path: Path) -> None:
    disks.need("e2fsck", "fsck.fat")
    parts = [disks.ext4(tmp_path / "a", tree), disks.fat(tmp_path / "b", tree)]
    layout = disks.partitioned(tmp_path / "disk.img", parts)
    point = disk_of(world, tmp_path / "disk.img", layout)
    verdict, message = world.check(point, PointCheck.MOUNTABILITY)["mountability"]
    assert (verdict, message) == ("good", "4 looked at, all good.")


def test_exfat_is_looked_at_by_its_own_checker(world: Checking, tmp_path: Path) -> None:
    disk = exfat.make(tmp_path / "disk.img", {"letter.txt": b"dear"})
    verdict, message = world.check(disk_of(world, disk), PointCheck.MOUNTABILITY)["mountability"]
    assert (verdict, message) == ("good", "2 looked at, all good.")
    hurt = tmp_path / "hurt.img"
    name = "letter.txt".encode("utf-16-le")
    hurt.write_bytes(disk.read_bytes().replace(name, name[::-1]))  # the sum over its entries does not hold any more
    verdict, message = world.check(disk_of(world, hurt), PointCheck.MOUNTABILITY)["mountability"]
    assert (verdict, "fsck.exfat" in message) == ("bad", True)


def test_a_damaged_file_system_is_found_by_its_own_checker(world: Checking, tree: Path, tmp_path: Path) -> None:
    disks.need("e2fsck", "debugfs")
    disk = disks.ext4(tmp_path / "disk.img", tree)
    disks.tool("debugfs", "-w", "-R", "clri /home/big.bin", disk)
    verdict, message = world.check(disk_of(world, disk), PointCheck.MOUNTABILITY)["mountability"]
    assert (verdict, "e2fsck" in message) == ("bad", True)


def test_file_systems_the_toolkit_does_not_know(world: Checking, tmp_path: Path) -> None:
    disks.need("mkfs.xfs", "xfs_repair")
    disk = disks.sized(tmp_path / "disk.img", 320 * MIB)
    disks.tool("mkfs.xfs", "-q", "-f", disk)
    verdict, message = world.check(disk_of(world, disk), PointCheck.MOUNTABILITY)["mountability"]
    assert (verdict, "xfs_repair found nothing wrong" in message) == ("good", True)


def test_a_missing_program_is_said(
    world: Checking, tree: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(file_systems, "find_program", lambda *_: None)
    point = disk_of(world, disks.ext4(tmp_path / "disk.img", tree))
    verdict, message = world.check(point, PointCheck.MOUNTABILITY)["mountability"]
    assert verdict == "good"
    assert "e2fsck: it is not installed" in message


def test_no_room_is_no_damage(world: Checking, tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    database(tree / "good.sqlite")
    monkeypatch.setattr(programs, "RESERVE", 1 << 60)
    verdict, message = world.check(point_of(world, tree), PointCheck.ATTACHABILITY)["attachability"]
    assert (verdict, "no room" in message) == ("not-checked", True)


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A PostgreSQL data directory."""
    homes = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    user = looking._user()
    if not homes:
        pytest.skip("no PostgreSQL server is installed")
    place = tmp_path_factory.mktemp("cluster")
    for above in (place, *place.parents):
        if above.owner() == "root" and str(above).startswith("/tmp"):
            above.chmod(above.stat().st_mode | 0o011)
    data = place / "data"
    data.mkdir()
    if user is not None:
        shutil.chown(data, user)
    words = [str(homes[-1]), "-D", str(data), "--no-sync", "-A", "trust", "--locale=C"]
    subprocess.run(words, check=True, capture_output=True, user=user, cwd="/")
    return data


def test_a_postgresql_data_directory(world: Checking, cluster: Path, tmp_path: Path) -> None:
    top = tmp_path / "volume"
    shutil.copytree(cluster, top / "main")
    (top / "main" / "postmaster.pid").write_text("1\n")
    point = point_of(world, top)
    verdict, message = world.check(point, PointCheck.ATTACHABILITY)["attachability"]
    assert (verdict, "answers" in message) == ("good", True), message
    with (top / "main" / "global" / "pg_control").open("r+b") as file:
        file.write(bytes(512))
    verdict, message = world.check(point_of(world, top, name="two"), PointCheck.ATTACHABILITY)["attachability"]
    assert (verdict, "does not start" in message) == ("bad", True), message


def test_a_dump_that_is_cut_off(world: Checking, tree: Path) -> None:
    if looking._newest("pg_restore") is None:
        pytest.skip("pg_restore is not installed")
    (tree / "all.dump").write_bytes(b"PGDMP\x01\x0e\x00\x04\x08\x01\x01\x01" + bytes(30))
    verdict, message = world.check(point_of(world, tree), PointCheck.ATTACHABILITY)["attachability"]
    assert (verdict, "all.dump" in message) == ("bad", True)
