"""One bit flips in any file of a Core: it is found, named, repaired or refused; and nothing wrong is ever restored."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import random
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest

from console.client.inside import InsideTransport
from console.client.local import read_token
from console.domain.errors import Failed
from console.domain.jobs import JobState
from console.domain.progress import Silent
from console.engine.core import CATALOG_FILE, Core
from console.engine.rebuild import set_aside
from console.service.app import close, create_app
from console.service.routing import API
from tests.support import trees
from tests.support.clock import FixedClock
from tests.support.two_cores import PAIRING, TwoCores, check, ended, points_of, unlike, wrong_with
from tests.torture import story, volumes

pytestmark = pytest.mark.timeout(7200)

SCREENS = (
    "core", "core/certificate", "core/settings", "users", "repositories", "machines", "points",
    "points?sort=size&offset=0", "pairings", "seeds", "jobs", "events", "home", "safety", "topology",
    "throughput", "search?text=web", "keys",
)  # fmt: skip


@dataclass
class Sample:
    """A Core's data directory as it is before a flip, a copy of it, and what its points must give back."""

    data: Path
    original: Path
    kept: Path
    files: list[Path]

    def fresh(self) -> None:
        """Everything is as it was."""
        shutil.rmtree(self.data)
        shutil.copytree(self.original, self.data, symlinks=True)


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Sample:
    return make(tmp_path_factory.mktemp("flips"), sealed=False)


@pytest.fixture(scope="module")
def sealed_sample(tmp_path_factory: pytest.TempPathFactory) -> Sample:
    """Its machine has a tree, a disk and a stream, and a key."""
    return make(tmp_path_factory.mktemp("sealed"), sealed=True)


def make(place: Path, *, sealed: bool) -> Sample:
    volumes.plant(place / "trees" / "web", random.Random(1), sealed=sealed)
    (place / "kept").mkdir()
    (place / "drive").mkdir()
    with TwoCores(place) as two:
        two.pair()
        volumes.protect(two.source, place / "trees" / "web")
        story.back_up(place, two, "web")
        two.source.arrange.add(PAIRING, ["web"], seed_drive=True)
        assert two.source.jobs.drain(60)
        two.seed(place / "drive")
        volumes.change(place / "trees" / "web", random.Random(2))
        story.back_up(place, two, "web")
        two.source.catalog.settings.set("zone", "Europe/Berlin")
        app = create_app(two.source)  # makes the token of the owner
        close(app)
    data, original = place / "source", place / "original"
    shutil.copytree(data, original, symlinks=True)
    files = sorted(path.relative_to(data) for path in data.rglob("*") if path.is_file() and path.stat().st_size)
    return Sample(data, original, place / "kept", files)


@dataclass(frozen=True)
class Flip:
    file: Path
    byte: int
    bit: int

    def do(self, data: Path) -> None:
        with open(data / self.file, "r+b") as file:
            file.seek(self.byte)
            (was,) = file.read(1)
            file.seek(self.byte)
            file.write(bytes([was ^ 1 << self.bit]))


def flips(sample: Sample, rng: random.Random, count: int, kind: str) -> Iterator[Flip]:
    """So many places, each file as likely as the other; in the catalog and the index rather where something stands."""
    files = [file for file in sample.files if (file.suffix if file.suffix in (".pack", ".sqlite") else "other") == kind]
    for _ in range(count):
        file = rng.choice(files)
        content = (sample.original / file).read_bytes()
        byte = rng.randrange(len(content))
        while kind == ".sqlite" and not content[byte] and rng.random() < 0.95:
            byte = rng.randrange(len(content))
        yield Flip(file, byte, rng.randrange(8))


class Crashes(logging.Handler):
    """Notes what the Core's log calls a crash."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.seen: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        if record.exc_info:
            self.seen.append(logging.Formatter("%(message)s").format(record))


@pytest.fixture
def crashes() -> Iterator[Crashes]:
    handler = Crashes()
    logging.getLogger().addHandler(handler)
    yield handler
    logging.getLogger().removeHandler(handler)


def suffer(sample: Sample, flip: Flip, crashes: Crashes) -> str:
    """What became of one flip: `refused`, `damage` (found and named), `lost` (points are gone), `harmless`."""
    sample.fresh()
    flip.do(sample.data)
    crashes.seen.clear()
    try:
        core = Core(sample.data, clock=FixedClock(), name="source")
    except Failed as known:
        refusal = known.failure
    else:
        return outlive(sample, core, crashes)
    assert refusal.code
    assert refusal.hint
    if refusal.code == "catalog-damaged":
        revive(sample)
    return "refused"


def outlive(sample: Sample, core: Core, crashes: Crashes) -> str:
    """As `suffer`, for a Core that opened."""
    try:
        look_around(core)
        found = said_by_check(core)
        outcome = "damage" if found else "harmless"
        known_points = [point for point in points_of_or_none(core) if (sample.kept / point).exists()]
        for point in known_points:
            if restore(sample, core, point):
                outcome = "damage" if outcome == "damage" else "restore-only"
        if len(known_points) < 2:
            outcome = "lost"
    finally:
        core.stop()
    assert not crashes.seen, crashes.seen[0]
    return outcome


def points_of_or_none(core: Core) -> list[str]:
    try:
        return points_of(core)
    except Failed:
        return []


def look_around(core: Core) -> None:
    """Every screen answers, or says in a sentence why not."""

    async def look() -> None:
        app = create_app(core)
        transport = InsideTransport(app)
        token = {"Authorization": f"Bearer {read_token(core.data)}"}
        paths = [
            *SCREENS,
            *(f"points/{p}{tail}" for p in points_of_or_none(core) for tail in ("", "/files", "/orphan")),
        ]
        try:
            for path in paths:
                name, _, query = path.partition("?")
                asked = dict(part.split("=") for part in query.split("&")) if query else {}
                answer = await transport.call("GET", f"{API}/{name}", query=asked, headers=token)
                said = json.loads(answer.body)
                assert answer.status < 500 or said["error"]["code"] != "internal-error", (path, said)
        finally:
            await transport.close()
            close(app)

    asyncio.run(look())


def said_by_check(core: Core) -> list[str]:
    """What a check of everything finds; a refusal is a finding too."""
    found: list[str] = []
    try:
        for info in core.repositories.list():
            repository = core.repositories.open(info.id)
            found += repository.missing_packs
            report = repository.check(read_data=True, reporter=Silent())
            found += [damage.why for damage in report.damaged] + [*report.missing_packs, *report.notes]
        found += check(core)
    except Failed as known:
        found.append(known.failure.code)
    return found


def restore(sample: Sample, core: Core, point: str) -> bool:
    """Restores a point; whether it said that something is wrong. What it restored is right in any case."""
    to = sample.data.parent / "restored"
    shutil.rmtree(to, ignore_errors=True)
    try:
        job = ended(core, core.restore.start_files(point, [], str(to), partial=True))
    except Failed:
        return True
    assert job.state is not JobState.CRASHED, core.catalog.jobs.log(job.id)
    result = job.result or {}
    told = job.state is not JobState.SUCCEEDED or result["damaged"] or result["skipped_count"]
    if to.exists():
        right, restored = trees.look(sample.kept / point), trees.look(to)
        for path, seen in restored.items():
            if seen.kind == "-":
                assert (seen.size, seen.what) == (right[path].size, right[path].what), path
        if not told:
            assert unlike(sample.kept / point, to) == []
    else:
        assert told
    return bool(told)


def revive(sample: Sample) -> None:
    """A catalog that is refused is set aside and made again from the repositories: all points are there."""
    set_aside(sample.data / CATALOG_FILE, FixedClock().now())
    core = Core(sample.data, clock=FixedClock(), name="source")
    try:
        ended(core, core.rebuild.start())
        shutil.rmtree(sample.data.parent / "restored", ignore_errors=True)
        volumes.open_up(core)
        wrong = check(core)
        for kept in sample.kept.iterdir():
            wrong += wrong_with(core, kept.name, kept, sample.data.parent / "restored")
        assert wrong == []
    finally:
        core.stop()


KINDS = [".pack", ".sqlite", "other"]


def run(sample: Sample, crashes: Crashes, kind: str, seed: int, count: int) -> dict[str, int]:
    became: dict[str, int] = {}
    for flip in flips(sample, random.Random(seed), count, kind):
        try:
            outcome = suffer(sample, flip, crashes)
            if kind == ".pack":
                assert outcome == "damage", "a flip in a pack is always found"
        except BaseException as error:
            error.add_note(str(flip))
            raise
        became[outcome] = became.get(outcome, 0) + 1
    print(kind, became)
    return became


def test_a_column_that_lost_its_name_is_noticed_at_opening(sample: Sample, crashes: Crashes) -> None:
    content = (sample.original / CATALOG_FILE).read_bytes()
    at = content.index(b"bytes_new", content.index(b"CREATE TABLE points"))
    assert suffer(sample, Flip(Path(CATALOG_FILE), at, 1), crashes) == "refused"


def test_a_point_that_lost_its_images_is_not_restored_as_nothing(sample: Sample) -> None:
    sample.fresh()
    with closing(sqlite3.connect(sample.data / CATALOG_FILE)) as connection:
        (point,) = connection.execute("SELECT id FROM points ORDER BY time_us DESC LIMIT 1").fetchone()
        connection.execute("DELETE FROM images WHERE point = ?", (point,))
        connection.commit()
    core = Core(sample.data, clock=FixedClock(), name="source")
    try:
        with pytest.raises(Failed) as refused:
            core.restore.start_files(point, [], str(sample.data.parent / "restored"), partial=True)
        assert refused.value.failure.code == "catalog-damaged"
    finally:
        core.stop()


@pytest.mark.parametrize("column", ["images.root", "images.parent_root", "points.record"])
def test_an_id_that_is_none_is_no_crash(sample: Sample, crashes: Crashes, column: str) -> None:
    table, name = column.split(".")
    sample.fresh()
    with closing(sqlite3.connect(sample.data / CATALOG_FILE)) as connection:
        connection.execute(f"UPDATE {table} SET {name} = 'no' || substr({name}, 3)")
        connection.commit()
    crashes.seen.clear()
    core = Core(sample.data, clock=FixedClock(), name="source")
    assert outlive(sample, core, crashes) == "damage"


def test_a_key_of_no_known_sort_is_refused(sample: Sample, crashes: Crashes) -> None:
    """Its algorithm's number is another one."""
    assert suffer(sample, Flip(Path("identity") / "key.pem", 48, 5), crashes) == "refused"


@pytest.mark.parametrize("kind", KINDS)
def test_some_bits(sample: Sample, crashes: Crashes, kind: str) -> None:
    run(sample, crashes, kind, seed=5, count=4)


@pytest.mark.parametrize("kind", KINDS)
def test_some_bits_of_a_sealed_core(sealed_sample: Sample, crashes: Crashes, kind: str) -> None:
    run(sealed_sample, crashes, kind, seed=6, count=2)


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_many_bits_of_a_sealed_core(sealed_sample: Sample, crashes: Crashes, kind: str) -> None:
    run(sealed_sample, crashes, kind, seed=200, count=100)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("kind", KINDS)
def test_many_bits(sample: Sample, crashes: Crashes, kind: str, seed: int) -> None:
    run(sample, crashes, kind, seed=100 + seed, count=100)


def test_the_files_are_all_there(sample: Sample, sealed_sample: Sample) -> None:
    """What is flipped is what a Core has: a new kind of file must be thought of here."""
    vault = {Path("vault") / name for name in ("vault.bin", "vault.key")}
    assert {file for file in sealed_sample.files if file.parent.name == "vault"} == vault
    assert {file.suffix for file in sample.files} == {".pack", ".sqlite", ".pem", ".json", ""}
    assert {file.name for file in sample.files if not file.suffix} <= {"lock", "reserve", "token"}
    assert os.fspath(CATALOG_FILE) in {str(file) for file in sample.files}
