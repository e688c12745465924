"""Real disks that are really full: a known failure with a sentence, nothing lost, and with room again all goes on."""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from console.domain.errors import Failed
from console.domain.jobs import Job, JobState
from console.engine.core import Core
from tests.support.two_cores import PAIRING, TwoCores, check, ended, finished, points_of, wrong_with
from tests.torture.conftest import SmallDisk

MakeDisk = Callable[[str, int], SmallDisk]
FULL = {"repository-full", "catalog-full", "medium-full", "destination-full", "disk-full"}


def slow(value: object) -> object:
    """Left to the slow proofs."""
    return pytest.param(value, marks=pytest.mark.slow)


@pytest.fixture
def scene(tmp_path: Path, small_disk: MakeDisk) -> Iterator[Scene]:
    scene = Scene(tmp_path)
    yield scene
    scene.close()


class Scene:
    """Two Cores, of which either may lie on a small disk, and a tree of some MiB."""

    def __init__(self, place: Path) -> None:
        self.place = place
        self.tree = place / "tree"
        self.kept: dict[str, Path] = {}
        self._rng = random.Random(5)
        self._two: TwoCores | None = None
        self.tree.mkdir()
        self.grow("first", 300_000)

    def grow(self, name: str, size: int) -> None:
        (self.tree / name).write_bytes(self._rng.randbytes(size))

    @property
    def two(self) -> TwoCores:
        if self._two is None:
            self._two = TwoCores(self.place)
        return self._two

    def protect(self) -> None:
        self.two.source.protect.add("web", [("tree", str(self.tree))], interval_s=0)
        self.back_up()

    def back_up(self) -> str:
        copy = self.place / f"kept {len(self.kept)}"
        shutil.copytree(self.tree, copy, symlinks=True)
        point = self.two.back_up("web")
        self.kept[point] = copy
        return point

    def restart(self) -> None:
        self.close()
        assert self.two is not None

    def close(self) -> None:
        two, self._two = self._two, None
        if two is not None:
            two.close()

    def wrong(self, *cores: Core) -> list[str]:
        """What is wrong with all points that these Cores have."""
        found = []
        for core in cores:
            found += check(core)
            for point in points_of(core):
                if point in self.kept:
                    found += wrong_with(core, point, self.kept[point], self.place / "compared")
        return found


def refused_for_room(core: Core, start: Callable[[], Job]) -> None:
    """The work fails, at once or as a job, with a code and a sentence that says that something is full."""
    try:
        job = ended(core, start())
    except Failed as known:
        failure = known.failure
    else:
        assert job.state is JobState.FAILED, (job.state, job.failure, core.catalog.jobs.log(job.id))
        assert job.failure is not None
        failure = job.failure
    assert failure.code in FULL, failure
    assert failure.hint
    assert len(failure.message) > 10


@pytest.mark.parametrize("leave", [200_000, slow(0), slow(1_500_000)])
def test_the_repository_of_a_backup(scene: Scene, small_disk: MakeDisk, leave: int) -> None:
    disk = small_disk("pool", 8)
    scene.two.source.repositories.create("small", disk.path / "repository", default=True)
    scene.protect()
    scene.grow("more", 3_000_000)
    disk.fill(leave)
    refused_for_room(scene.two.source, lambda: scene.two.source.protect.start_backup("web"))
    assert scene.wrong(scene.two.source) == [], "a full repository can still be read"
    scene.restart()
    assert scene.wrong(scene.two.source) == [], "and opened"
    disk.make_room()
    scene.back_up()
    assert scene.wrong(scene.two.source) == []


def test_a_full_repository_is_reclaimed(scene: Scene, small_disk: MakeDisk) -> None:
    """Points are deleted from it and their room is given back, though there is no room for anything."""
    disk = small_disk("pool", 12)
    source = scene.two.source
    source.repositories.create("small", disk.path / "repository", default=True)
    scene.protect()
    scene.grow("passing", 3_000_000)
    passing = scene.back_up()
    (scene.tree / "passing").unlink()
    disk.fill()
    source.retain.delete([passing], chain=True)
    done = finished(source, source.reclaim.start("small", dry_run=False))
    assert done["done"]["bytes_freed"] > 2_900_000, done
    assert done["left"] == []
    assert passing not in points_of(source)
    assert scene.wrong(source) == []
    scene.grow("instead", 1_000_000)
    scene.back_up()
    assert scene.wrong(source) == []


def test_the_source_s_data_directory(scene: Scene, small_disk: MakeDisk) -> None:
    """Catalog, identity and log are there; the repository is elsewhere and has room."""
    disk = small_disk("source", 4)
    scene.two.source.repositories.create("roomy", scene.place / "roomy", default=True)
    scene.protect()
    before = points_of(scene.two.source)
    scene.grow("more", 100_000)
    disk.fill()
    refused_for_room(scene.two.source, lambda: scene.two.source.protect.start_backup("web"))
    assert points_of(scene.two.source) == before
    disk.make_room()
    assert scene.wrong(scene.two.source) == []
    scene.back_up()
    disk.fill()
    scene.restart()
    assert len(points_of(scene.two.source)) == 2, "a Core whose disk has filled up opens all the same"
    scene.close()
    disk.fill()
    with pytest.raises(Failed) as refused:
        assert scene.two
    assert refused.value.failure.code in FULL, "or says why it does not, when not a byte is left for it"
    disk.make_room()
    scene.back_up()
    assert scene.wrong(scene.two.source) == []


def test_the_catalog_fills_while_a_job_runs(scene: Scene, small_disk: MakeDisk) -> None:
    """However the job ends, its ending is known, now and later."""
    disk = small_disk("source", 4)
    source = scene.two.source
    source.repositories.create("roomy", scene.place / "roomy", default=True)
    scene.protect()
    scene.grow("more", 400_000)
    leave, said = 60_000, list[str]()
    for _ in range(4):
        disk.fill(leave)
        try:
            job = ended(source, source.protect.start_backup("web"))
            assert job.state.ended, "the job has ended, and says so"
        except Failed as known:
            said.append(known.failure.code)
        disk.make_room()
        leave -= 15_000
    assert set(said) <= FULL
    source.calendar.tick()
    jobs = source.catalog.jobs.page()[0]
    assert all(job.state.ended for job in jobs), "with room again, the catalog knows how each job ended"
    scene.back_up()
    assert scene.wrong(source) == []


@pytest.mark.parametrize("what", ["repository", slow("data")])
def test_the_target_of_a_replication(scene: Scene, small_disk: MakeDisk, what: str) -> None:
    disk = small_disk("target" if what == "data" else "pool", 8)
    if what == "repository":
        scene.two.target.repositories.create("small", disk.path / "repository", default=True)
    else:
        scene.two.target.repositories.create("roomy", scene.place / "roomy", default=True)
    scene.protect()
    scene.two.pair()
    scene.two.source.arrange.add(PAIRING, ["web"])
    scene.two.replicate()
    scene.grow("more", 4_000_000)
    disk.fill(300_000 if what == "repository" else 0)
    second = scene.back_up()
    refused_for_room(scene.two.source, lambda: scene.two.source.replicate.start(PAIRING))
    assert scene.wrong(scene.two.source) == []
    assert scene.wrong(scene.two.target) == []
    disk.make_room()
    scene.two.replicate()
    assert second in points_of(scene.two.target)
    assert scene.wrong(scene.two.source, scene.two.target) == []


def test_the_medium_of_a_seed(scene: Scene, small_disk: MakeDisk) -> None:
    disk = small_disk("drive", 4)
    scene.protect()
    scene.grow("more", 2_000_000)
    scene.back_up()
    scene.two.pair()
    scene.two.source.arrange.add(PAIRING, ["web"], seed_drive=True)
    disk.fill(1_200_000)
    drive = [str(disk.path)]
    refused_for_room(scene.two.source, lambda: scene.two.source.seed.start_create(PAIRING, drive, segment_size=1 << 20))
    disk.make_room()
    scene.two.seed(disk.path)
    scene.two.consume(disk.path)
    assert scene.wrong(scene.two.source, scene.two.target) == []
    assert len(points_of(scene.two.target)) == 2


@pytest.mark.parametrize("what", ["data", slow("repository")])
def test_the_target_of_a_consume(scene: Scene, small_disk: MakeDisk, what: str) -> None:
    disk = small_disk("target" if what == "data" else "pool", 5)
    place = disk.path / "repository" if what == "repository" else scene.place / "roomy"
    scene.two.target.repositories.create("other", place, default=True)
    scene.protect()
    scene.grow("more", 2_000_000)
    scene.back_up()
    scene.two.pair()
    scene.two.source.arrange.add(PAIRING, ["web"], seed_drive=True)
    drive = scene.place / "drive"
    drive.mkdir()
    scene.two.seed(drive)
    disk.fill(900_000 if what == "repository" else 0)
    refused_for_room(scene.two.target, lambda: scene.two.target.consume.start([str(drive)]))
    assert scene.wrong(scene.two.target) == []
    disk.make_room()
    scene.two.consume(drive)
    assert len(points_of(scene.two.target)) == 2
    assert scene.wrong(scene.two.target) == []


def test_the_destination_of_a_restore(scene: Scene, small_disk: MakeDisk) -> None:
    disk = small_disk("destination", 4)
    scene.grow("more", 2_000_000)
    scene.protect()
    source = scene.two.source
    (point,) = points_of(source)
    disk.fill(1_000_000)
    refused_for_room(source, lambda: source.restore.start_files(point, [], str(disk.path / "restored")))
    assert scene.wrong(source) == []
    disk.make_room()
    finished(source, source.restore.start_files(point, [], str(disk.path / "restored"), overwrite="always"))
    assert (disk.path / "restored" / "more").read_bytes() == (scene.tree / "more").read_bytes()
    (disk.path / "restored" / "more").unlink()
