"""Files inside disk images: listed, searched and restored as they were, or named with the reason."""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from console.domain.errors import Failed
from console.domain.progress import Silent
from console.engine.foresee.restoring import Restoring
from console.engine.inside.browse import Browse
from console.engine.jobs import Jobs
from console.engine.journal import Journal
from console.engine.overview.files import FindFiles
from console.engine.points import Points
from console.engine.repositories import Repositories
from console.engine.restore.restore import Restore
from tests.support import disks
from tests.support.disks import BLOCK
from tests.support.points import Source
from tests.support.trees import differences

pytest.importorskip("pytsk3")

BIG = random.Random(1).randbytes(2_500_000)


class House:
    """The parts of a Core that look into points, over a catalog and a repository."""

    def __init__(self, place: Path) -> None:
        self.source = Source(place)
        self.source.repository.close()
        self.catalog = self.source.catalog
        self.repositories = Repositories(self.catalog, self.source.clock, place.parent / "data")
        self.source.repository = self.repository = self.repositories.open("default")
        self.browse = Browse(self.catalog, self.repositories)
        self.points = Points(self.catalog, self.repositories, self.browse)
        self.jobs = Jobs(self.catalog, self.source.clock, Journal(self.catalog, self.source.clock))
        self.restoring = Restore(self.catalog, self.repositories, self.jobs, self.source.clock, self.browse)

    def close(self) -> None:
        self.jobs.stop()
        self.points.counting.close()
        self.browse.close()
        self.repositories.close()
        self.catalog.close()

    def listed(self, point: str, path: str = "") -> list[str]:
        return [view.path for view in self.points.files(point, path)]

    def restore(self, point: str, to: Path, *paths: str, **more: Any) -> tuple[dict[str, Any], Silent]:
        silent = Silent()
        wanted = self.restoring.plan(point, paths, os.fspath(to), **more)
        return self.restoring.files(wanted, silent), silent


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    house = House(tmp_path / "repository")
    yield house
    house.close()


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    top = tmp_path / "tree"
    ann = top / "home" / "ann"
    ann.mkdir(parents=True)
    (ann / "letter.txt").write_bytes(b"dear bob\n")
    (ann / "letter.txt").chmod(0o640)
    os.link(ann / "letter.txt", ann / "same.txt")
    (ann / "link").symlink_to("../big.bin")
    os.mkfifo(ann / "fifo")
    (top / "home" / "big.bin").write_bytes(BIG)
    with (top / "home" / "sparse").open("wb") as file:
        file.truncate(6 << 20)
        file.seek(3 << 20)
        file.write(b"middle")
    for path in (
        ann / "letter.txt",
        ann / "fifo",
        top / "home" / "big.bin",
        top / "home" / "sparse",
        ann,
        top / "home",
    ):
        os.utime(path, (1_577_934_245, 1_577_934_245))
    os.utime(ann / "link", (1_577_934_245, 1_577_934_245), follow_symlinks=False)
    return top


def test_a_folder_comes_back_as_it_was(house: House, tree: Path, tmp_path: Path) -> None:
    point = disks.disk_point(house.source, disks.ext4(tmp_path / "disk.img", tree)).id
    assert house.listed(point) == ["disk.img", "home", "lost+found"]
    assert house.listed(point, "disk:home/ann") == [f"home/ann/{n}" for n in ("fifo", "letter.txt", "link", "same.txt")]
    result, reporter = house.restore(point, tmp_path / "to", "disk:home")
    assert (result["skipped"], reporter.warnings) == ([], [])
    assert differences(tree / "home", tmp_path / "to" / "home") == []
    assert (tmp_path / "to" / "home" / "sparse").stat().st_blocks * 512 < 3 << 20
    assert result["files"] == 4
    assert not (tmp_path / "to" / "disk.img").exists()


def test_one_file_of_a_partition(house: House, tree: Path, tmp_path: Path) -> None:
    parts = [disks.ext4(tmp_path / "a", tree)]
    layout = disks.partitioned(tmp_path / "disk.img", parts)
    point = disks.disk_point(house.source, tmp_path / "disk.img", layout).id
    assert house.listed(point) == ["disk.img", "p1"]
    result, _ = house.restore(point, tmp_path / "to", "p1/home/ann/letter.txt", "disk:p1/home/big.bin")
    assert (tmp_path / "to" / "p1" / "home" / "big.bin").read_bytes() == BIG
    assert (tmp_path / "to" / "p1" / "home" / "ann" / "letter.txt").read_bytes() == b"dear bob\n"
    assert result["files"] == 2
    with pytest.raises(Failed) as caught:
        house.restore(point, tmp_path / "to", "p1/home/none")
    assert caught.value.failure.code == "no-such-file"


def test_what_is_there_is_kept_or_replaced(house: House, tree: Path, tmp_path: Path) -> None:
    point = disks.disk_point(house.source, disks.ext4(tmp_path / "disk.img", tree)).id
    letter = tmp_path / "to" / "home" / "ann" / "letter.txt"
    letter.parent.mkdir(parents=True)
    letter.write_bytes(b"mine")
    result, _ = house.restore(point, tmp_path / "to", "home/ann/letter.txt")
    assert (letter.read_bytes(), result["files"], len(result["skipped"])) == (b"mine", 0, 1)
    result, _ = house.restore(point, tmp_path / "to", "home/ann/letter.txt", overwrite="always")
    assert (letter.read_bytes(), result["files"], result["skipped"]) == (b"dear bob\n", 1, [])


def test_what_a_restore_would_do_is_told_before(house: House, tree: Path, tmp_path: Path) -> None:
    disk = disks.ext4(tmp_path / "disk.img", tree)
    made = disks.disk_point(house.source, disk)
    foresee = Restoring(house.source.clock, house.restoring)
    told = foresee.plan(made.id, ["disk:home"], os.fspath(tmp_path / "to"))
    assert (told["files"], told["missing_count"], told["problems"]) == (4, 0, [])
    assert told["bytes"] == sum(
        path.stat().st_size for path in tree.rglob("*") if path.is_file() and not path.is_symlink()
    )
    at = disk.read_bytes().index(BIG[BLOCK * 4 : BLOCK * 4 + 4096]) // BLOCK
    house.repository.condemn([disks.volume_block(house.repository, bytes.fromhex(made.images[0].root), at)])
    house.browse.close()
    told = foresee.plan(made.id, ["disk:home"], os.fspath(tmp_path / "to"))
    assert (told["files"], told["missing_count"]) == (3, 1)


def test_streams_are_named_with_the_reason(house: House, tmp_path: Path) -> None:
    disk = disks.ntfs(tmp_path / "n.img", {"letter.txt": b"dear"}, streams={"letter.txt": "Zone.Identifier"})
    point = disks.disk_point(house.source, disk).id
    result, _ = house.restore(point, tmp_path / "to", "letter.txt")
    assert (tmp_path / "to" / "letter.txt").read_bytes() == b"dear"
    assert [skip["path"] for skip in result["skipped"]] == ["letter.txt:Zone.Identifier"]
    assert "stream" in result["skipped"][0]["why"]


def test_files_are_found_by_name_in_pages(house: House, tree: Path, tmp_path: Path) -> None:
    point = disks.disk_point(house.source, disks.ext4(tmp_path / "disk.img", tree)).id
    find = FindFiles(house.catalog, house.browse, house.source.clock)
    whole = [view.path for view in find.page(point, "", None, 100, None).files]
    assert "home/ann/letter.txt" in whole
    assert "disk.img" in whole
    paged: list[str] = []
    after = None
    while True:
        page = find.page(point, "", None, 2, after)
        paged += [view.path for view in page.files]
        after = page.next
        if after is None:
            break
    assert paged == whole
    assert [view.path for view in find.page(point, "LETTER", None, 9, None).files] == ["home/ann/letter.txt"]


def test_windows_of_a_folder(house: House, tree: Path, tmp_path: Path) -> None:
    point = disks.disk_point(house.source, disks.ext4(tmp_path / "disk.img", tree)).id
    views, total = house.points.files_window(point, "home/ann", 1, 2)
    assert ([view.path for view in views], total) == (["home/ann/letter.txt", "home/ann/link"], 4)
    assert house.points.files_window(point, "home/ann", 9, 2) == ([], 4)


def test_of_a_damaged_disk_exactly_the_files_whose_blocks_are_here(house: House, tree: Path, tmp_path: Path) -> None:
    disk = disks.ext4(tmp_path / "disk.img", tree)
    made = disks.disk_point(house.source, disk)
    at = disk.read_bytes().index(BIG[BLOCK * 4 : BLOCK * 4 + 4096]) // BLOCK
    house.repository.condemn([disks.volume_block(house.repository, bytes.fromhex(made.images[0].root), at)])
    here = {view.path: view.here for view in house.points.files(made.id, "home")}
    assert here == {"home/ann": True, "home/big.bin": False, "home/sparse": True}
    result, _ = house.restore(made.id, tmp_path / "to", "home")
    assert not (tmp_path / "to" / "home" / "big.bin").exists()
    assert [skip["path"] for skip in result["skipped"]] == ["home/big.bin"]
    assert result["files"] == 3
    assert (tmp_path / "to" / "home" / "ann" / "letter.txt").read_bytes() == b"dear bob\n"
    assert [path.name for path in (tmp_path / "to" / "home").iterdir() if path.name.endswith(".part")] == []


def test_a_disk_with_no_file_system_shows_itself(house: House, tmp_path: Path) -> None:
    disk = tmp_path / "disk.img"
    disk.write_bytes(random.Random(3).randbytes(1 << 20))
    point = disks.disk_point(house.source, disk).id
    assert house.listed(point) == ["disk.img"]
    with pytest.raises(Failed) as caught:
        house.listed(point, "disk:home")
    assert caught.value.failure.code == "file-system-unknown"
    result, _ = house.restore(point, tmp_path / "to")
    assert (tmp_path / "to" / "disk.img").read_bytes() == disk.read_bytes()
    assert result["files"] == 1
