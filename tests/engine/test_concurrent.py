"""Several machines are backed up into one repository at once: what they share is stored once."""

from __future__ import annotations

import random
import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from console.domain.progress import Silent
from console.engine.core import Core
from console.repository.pack import PackReader
from console.repository.storage import LocalStorage
from tests.support.clock import FixedClock

MACHINES = 3


@pytest.fixture
def core(tmp_path: Path) -> Iterator[Core]:
    core = Core(tmp_path / "core", clock=FixedClock(), name="here")
    yield core
    core.stop()


def plant(tmp_path: Path) -> None:
    """Each machine has 8 MiB that all have, and 2 MiB of its own."""
    for machine in range(MACHINES):
        tree = tmp_path / f"tree {machine}"
        tree.mkdir()
        for number in range(16):
            (tree / f"shared {number}").write_bytes(random.Random(number).randbytes(512 << 10))
        for number in range(4):
            (tree / f"own {number}").write_bytes(random.Random(machine * 100 + 50 + number).randbytes(512 << 10))


def contents(tree: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(tree.iterdir())}


def test_each_chunk_is_stored_once_and_all_is_restored(core: Core, tmp_path: Path) -> None:
    plant(tmp_path)
    for machine in range(MACHINES):
        core.protect.add(f"m{machine}", [("tree", str(tmp_path / f"tree {machine}"))], interval_s=0)
    together = threading.Barrier(MACHINES)
    points: dict[int, str] = {}

    def work(machine: int) -> None:
        together.wait()
        found = core.catalog.machines.get(f"m{machine}")
        points[machine] = str(core.protect.backup(found, base=False, reporter=Silent())["point"])

    stop = threading.Event()

    def reclaim() -> None:
        while not stop.is_set():
            core.reclaim.run(core.repositories.info("default"), dry_run=False, reporter=Silent())

    threads = [threading.Thread(target=work, args=(machine,)) for machine in range(MACHINES)]
    sweeper = threading.Thread(target=reclaim)
    for thread in (*threads, sweeper):
        thread.start()
    for thread in threads:
        thread.join()
    stop.set()
    sweeper.join()
    assert len(points) == MACHINES
    path = core.repositories.open("default").path
    storage = LocalStorage(path / "own")
    copies: Counter[bytes] = Counter()
    for name in storage.names():
        with storage.open(name) as pack:
            copies.update(entry.id for entry in PackReader(pack.read, pack.size).entries())
    assert [oid.hex() for oid, count in copies.items() if count > 1] == []
    stored = core.repositories.open("default").usage().stored_bytes
    assert stored < (8 + 2 * MACHINES + 1) << 20
    report = core.check.repository(core.repositories.info("default"), read_data=True, reporter=Silent())
    assert (report["damaged"], report["unreferenced_bytes"]) == ([], 0)
    for machine, point in points.items():
        out = tmp_path / f"out {machine}"
        core.restore.start_files(point, [], str(out))
        core.jobs.drain(120)
        assert contents(next(out.rglob("shared 0")).parent) == contents(tmp_path / f"tree {machine}")
