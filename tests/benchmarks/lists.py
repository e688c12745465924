"""How fast lists and overviews of a Core with very many recovery points answer, at its API.

`python -m tests.benchmarks.lists --work DIR [--points 1000000] [--machines 50] [--names 1000000]`: makes the Core in
DIR once (some minutes) and keeps it there. One point in a hundred is an orphan; one has a folder of so many names.
Times are milliseconds of a whole call: the first one (after points of one machine have changed), and median and worst
of those that follow; `(cpu)` is what processors worked for it, which says more on a machine that others use too.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import statistics
import time
from collections.abc import Awaitable, Callable, Iterator
from datetime import timedelta
from functools import partial
from pathlib import Path

from console.client.client import Client
from console.client.inside import InsideTransport
from console.client.local import read_token
from console.domain.clock import iso
from console.domain.events import Changed
from console.domain.recovery_points import BaseReason, ImageKind, RecoveryPoint, VolumeImage
from console.domain.trees import Entry, FileType, VolumeRoot
from console.engine.core import Core
from console.repository.tree_writer import TreeWriter
from console.service.app import close, create_app
from console.worlds.filling import CHAIN, fill
from tests.benchmarks import report
from tests.benchmarks.run import surroundings

SECTION = "Lists"
PAGE = Path(__file__).with_name("REPORT.md")
CALLS = 5
ORPHANED = 0.01
WIDE = "f0" * 16
"""Id of the point with the folder of very many names."""

Call = Callable[[], Awaitable[object]]


def prepare(core: Core, points: int, machines: int, names: int) -> None:
    if not core.catalog.machines.list():
        fill(core.catalog, points, core.clock.now(), machines=machines)
        hurt(core, points, machines)
    if core.catalog.points.find(WIDE) is None:
        widen(core, names)


def widen(core: Core, names: int) -> None:
    """A point of its own, with one folder of so many names."""
    home = core.catalog.repositories.list()[0].id
    machine = core.catalog.machines.list()[0]
    repository = core.repositories.open(home)
    moment = core.clock.now() - timedelta(days=4000)
    stamp = int(moment.timestamp()) * 10**9

    def inner() -> Iterator[Entry]:
        for number in range(names):
            name = f"measurement-{number:08}.csv".encode()
            yield Entry(name, FileType.FILE, 0o644, mtime_ns=stamp, inode=number, size=9, inline=b"1,2,3,4,5")

    with repository.session() as session:
        writer = TreeWriter(session)
        content, depth = writer.directory(inner())
        folder = Entry(b"folder", FileType.DIRECTORY, 0o755, mtime_ns=stamp, content=content, depth=depth)
        content, depth = writer.directory([folder])
        top = Entry(b"", FileType.DIRECTORY, 0o755, mtime_ns=stamp, content=content, depth=depth)
        root = writer.root(VolumeRoot("tree", top, names, 1, 0, 9 * names)).hex()
        session.flush()
    volume = machine.volumes[0]
    image = VolumeImage(
        WIDE, WIDE, volume.id, volume.label, ImageKind.BASE, BaseReason.FIRST, None, root, size=9 * names, files=names
    )
    point = RecoveryPoint(WIDE, machine.id, moment, machine.origin_core, (image,))
    core.catalog.points.add(point, home, here={image.id}, names={image.id})


def hurt(core: Core, points: int, machines: int) -> None:
    chosen = random.Random(5)
    # A damaged image hurts those that build on it: half a chain, on average.
    count = max(1, int(points * ORPHANED / (CHAIN / 2)))
    for machine in core.catalog.machines.list():
        images = [stored.image.id for stored in core.catalog.points.images_of(machine.id)]
        core.catalog.points.set_damaged(chosen.sample(images, max(1, count // machines)), True)


def calls(client: Client, core: Core, total: int) -> dict[str, Call]:
    machine = core.catalog.machines.list()[0]
    newest = core.catalog.points.latest(machine.id)
    assert newest is not None
    month = {"since": iso(newest.time - timedelta(days=30)), "until": iso(newest.time)}
    half = {"since": iso(newest.time - timedelta(days=300))}
    found: dict[str, Call] = {}

    def window(name: str, **how: object) -> None:
        found[name] = lambda: client.points(**how)  # type: ignore[arg-type]

    for sort in ("time", "machine", "size", "new"):
        for where, offset in (("first", 0), ("middle", total // 2), ("third quarter", total * 3 // 4)):
            window(f"points by {sort}, {where}", sort=sort, offset=offset)
        window(f"points by {sort}, incremental, middle", sort=sort, offset=total // 2, kind="incremental")
        window(f"points by {sort}, base, middle", sort=sort, offset=total // (2 * CHAIN), kind="base")
        window(f"points by {sort}, whole, middle", sort=sort, offset=total // 2, state="whole")
        window(f"points by {sort}, orphaned, middle", sort=sort, offset=int(total * ORPHANED / 2), state="orphaned")
        window(f"points by {sort}, one machine", sort=sort, offset=total // 100, machine=machine.name)
        window(f"points by {sort}, one machine, whole", sort=sort, offset=500, machine=machine.name, state="whole")
        window(f"points by {sort}, last month, base", sort=sort, offset=100, kind="base", **month)
        window(f"points by {sort}, last 300 days, middle", sort=sort, offset=total // 8, **half)
    names = core.catalog.points.get(WIDE).images[0].files
    for where, offset in (("first", 0), ("middle", names // 2), ("last", max(names - 200, 0))):
        found[f"files of one folder, {where} 200"] = partial(client.files, WIDE, "folder", offset=offset, limit=200)
    found["point show"] = lambda: client.point(newest.id)
    found["point show, wide"] = lambda: client.point(WIDE)
    found["points by cursor"] = lambda: client.points()
    found["chain map"] = lambda: client.chain_map(machine.name)
    found["days"] = lambda: client.days(machine.name)
    found["safety"] = lambda: client.safety()
    found["home"] = client.home
    found["topology"] = client.topology
    found["throughput"] = lambda: client.throughput("30d")
    found["search, a name"] = lambda: client.search("machine-0007")
    found["search, a day"] = lambda: client.search(f"machine {iso(newest.time)[:10]}")
    found["jobs, window"] = lambda: client.jobs(offset=0)
    return found


async def timed(call: Call) -> tuple[float, float]:
    began, worked = time.perf_counter(), time.process_time()
    await call()
    return (time.perf_counter() - began) * 1000, (time.process_time() - worked) * 1000


async def measure(core: Core) -> None:
    app = create_app(core)
    transport = InsideTransport(app)
    client = Client(transport, read_token(core.data))
    total = core.catalog.points.count()
    print(f"{total} points, {core.catalog.points.count(core.catalog.machines.list()[0].id)} of one machine")
    print(f"{len((await client.points(offset=0, state='orphaned', limit=1))['points'])} orphan shown")
    print(f"{'call':40}" + "".join(f"{title:>10}" for title in ("first", "(cpu)", "median", "worst", "(cpu)")))
    rows = [
        f"## {SECTION}",
        "",
        *surroundings([]),
        f"{total:,} points; milliseconds at the API, the first call and {CALLS} more; target 50.",
        "",
        "| call | first | its processor time | median | worst | processor time |",
        "| --- | ---: | ---: | ---: | ---: | ---: |",
    ]
    machine = core.catalog.machines.list()[-1]
    try:
        for name, call in calls(client, core, total).items():
            # As after a backup of one machine.
            with core.catalog.transaction():
                core.catalog._database.touch(Changed.POINTS, machines=[machine.id])
            first = await timed(call)
            rest = [await timed(call) for _ in range(CALLS)]
            passed, worked = zip(*rest, strict=True)
            figures = (*first, statistics.median(passed), max(passed), statistics.median(worked))
            print(f"{name:40}" + "".join(f"{figure:10.1f}" for figure in figures), flush=True)
            rows.append(f"| {name} | " + " | ".join(f"{figure:.1f}" for figure in figures) + " |")
        report.write(PAGE, SECTION, "\n".join(rows) + "\n")
    finally:
        await transport.close()
        close(app)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--points", type=int, default=1_000_000)
    parser.add_argument("--machines", type=int, default=50)
    parser.add_argument("--names", type=int, default=1_000_000)
    chosen = parser.parse_args()
    core = Core(chosen.work / "lists", name="lists")
    try:
        prepare(core, chosen.points, chosen.machines, chosen.names)
        asyncio.run(measure(core))
    finally:
        core.stop()


if __name__ == "__main__":
    main()
