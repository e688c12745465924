"""How long a reclaim marks and plans, and what memory that takes, for a repository of any size: on an index alone.

`python -m tests.benchmarks.reclaim --work DIR [--stored 100] [--average 64]`: makes an index of so many GiB of objects
of so many KiB on average in DIR, as packs of 32 MiB would be, marks nine in ten in an order that has nothing to do with
theirs, and plans. What the walk over trees costs is measured with a real repository: `run.py`, phase check.
"""

from __future__ import annotations

import argparse
import random
import resource
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

from console.domain.objects import FRAME_SIZE, Kind
from console.repository.index import Index
from console.repository.pack import PACK_BYTES, PackEntry
from console.repository.places import NewPack
from console.repository.reclaim import Marks, plan_reclaim
from console.repository.reliance import Sweeps
from tests.benchmarks import report
from tests.benchmarks.run import surroundings

SECTION = "Reclaim of 100 GiB, before it writes"
PAGE = Path(__file__).with_name("REPORT.md")
NEEDED = 0.9
BATCH = 4096


def packs(stored: int, average: int) -> Iterator[NewPack]:
    chosen = random.Random(1)
    left = stored
    while left > 0:
        entries, offset = [], 8
        while offset < PACK_BYTES and left > 0:
            size = chosen.randrange(average // 2, average * 3 // 2)
            entries.append(PackEntry(chosen.randbytes(32), offset, size, size, int(Kind.CHUNK), 0, 0))
            offset += FRAME_SIZE + size
            left -= size
        yield chosen.randbytes(16).hex(), offset + 52 * (len(entries) + 1), entries


def nothing() -> Iterable[NewPack]:
    raise SystemExit("the index was damaged")


def shuffled(index: Index) -> list[bytes]:
    ids = [oid for oid, _ in index.sweep()]
    random.Random(2).shuffle(ids)
    return ids[: int(len(ids) * NEEDED)]


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--work", type=Path, required=True)
    asked.add_argument("--stored", type=int, default=100, help="GiB")
    asked.add_argument("--average", type=int, default=64, help="KiB of an object")
    options = asked.parse_args()
    options.work.mkdir(parents=True, exist_ok=True)
    path = options.work / f"index-{options.stored}-{options.average}.sqlite"
    made = path.exists()
    index = Index(path, nothing)
    if not made:
        index.add(packs(options.stored << 30, options.average << 10))
    order = options.work / "order"
    order.write_bytes(b"".join(shuffled(index)))
    index.close()
    measure(Index(path, nothing), order)


def measure(index: Index, order: Path) -> None:
    """In a process of its own, so that its memory is that of the reclaim."""
    import os

    child = os.fork()
    if child:
        os.waitpid(child, 0)
        return
    before = _resident()
    began, cpu = time.perf_counter(), time.process_time()
    with Marks(index) as marks:
        loaded = time.perf_counter()
        with order.open("rb") as file:
            while part := file.read(32 * BATCH):
                marks.add([part[at : at + 32] for at in range(0, len(part), 32)])
        marked = time.perf_counter()
        plan = plan_reclaim(marks, Sweeps())
        planned = time.perf_counter()
        said = [
            f"{plan.objects} objects in {plan.packs} packs, {plan.unreferenced_objects} not needed",
            f"read {loaded - began:.1f} s, mark {marked - loaded:.1f} s, plan {planned - marked:.1f} s",
            f"in all {planned - began:.1f} s ({time.process_time() - cpu:.1f} s of processor), target 20 s",
            f"memory {_resident() - before} MB more than before, {_peak()} MB at most, target 200 MB",
        ]
        print("\n".join(said))
        report.write(
            PAGE, SECTION, "\n".join([f"## {SECTION}", "", *surroundings([]), *(f"- {s}" for s in said)]) + "\n"
        )
    os._exit(0)


def _resident() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize() >> 20


def _peak() -> int:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM"):
            return int(line.split()[1]) >> 10
    return 0


if __name__ == "__main__":
    main()
