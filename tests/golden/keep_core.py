"""Writes `tests/golden/cores/NAME`: a small Core as today's code makes it, and what its points must give back.

`python -m tests.golden.keep_core NAME` (the catalog's revision): once for each release, never for a released one.
Other kinds of volumes and sealed points belong into `machines`: what is added there is kept and proven with the rest.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import sqlite3
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

from console.engine.core import CATALOG_FILE, Core
from tests.support import trees
from tests.support.clock import FixedClock
from tests.support.trees import Dir, File, Hard, Link, Meta, Sparse

CORES = Path(__file__).parent / "cores"
PLACE = "@PLACE@"
"""Stands in the kept catalog for the directory that has the Core in `core`, and what is protected beside it."""

Plain = dict[str, Any]


def machines(place: Path) -> Iterator[tuple[str, Path]]:
    """Names of what is protected, and the directories. Called again for each point: then something has changed."""
    noise = random.Random(4).randbytes
    web = place / "web"
    if not web.exists():
        trees.plant(
            web,
            Dir(
                {
                    b"text": File(b"all work and no play\n" * 300, Meta(0o640)),
                    b"random": File(noise(20_000)),
                    b"empty": File(),
                    b"sparse": Sparse(900_000, ((400_000, noise(2_000)),)),
                    b"not utf-8 \xff": File(b"latin"),
                    b"link": Link(b"text"),
                    b"twin": Hard(b"random"),
                    b"folder": Dir({b"inner": File(b"in here"), b"before the epoch": File(b"old", Meta(mtime_ns=-5))}),
                }
            ),
        )
        os.utime(web, ns=(trees.MOMENT_NS, trees.MOMENT_NS))
    else:
        with open(web / "random", "r+b") as file:
            file.seek(9_000)
            file.write(noise(500))
        (web / "folder" / "new").write_bytes(noise(3_000))
        (web / "empty").unlink(missing_ok=True)
        (web / "text").rename(web / "folder" / "moved")
    yield "web", web


def seen(top: Path) -> Plain:
    """What is in a directory, as plain values: all that does not depend on who looks."""
    found = {}
    for path, one in trees.look(top).items():
        found[path.decode("utf-8", "backslashreplace")] = {
            "kind": one.kind,
            "mode": one.mode,
            "mtime_ns": one.mtime_ns,
            "size": one.size,
            "what": one.what,
            "twins": sorted(twin.decode("utf-8", "backslashreplace") for twin in one.twins),
        }
    return found


def keep(name: str) -> None:
    to = CORES / name
    with tempfile.TemporaryDirectory() as directory:
        place = Path(directory)
        clock = FixedClock()
        core = Core(place / "core", clock=clock, name="golden")
        expected: Plain = {}
        try:
            for _ in range(2):
                for machine, tree in machines(place):
                    if core.catalog.machines.find(machine) is None:
                        core.protect.add(machine, [("tree", str(tree))], interval_s=0)
                    clock.forward(3600)
                    job = core.protect.start_backup(machine)
                    assert core.jobs.drain(60)
                    result = core.catalog.jobs.get(job.id).result
                    assert result is not None
                    expected[result["point"]] = seen(tree)
        finally:
            core.stop()
        shutil.rmtree(to, ignore_errors=True)
        shutil.copytree(
            place / "core" / "repository", to / "repository", ignore=shutil.ignore_patterns("lock", "reserve")
        )
        with closing(sqlite3.connect(place / "core" / CATALOG_FILE)) as connection:
            dump = "\n".join(connection.iterdump()).replace(str(place), PLACE)
        (to / "catalog.sql").write_text(dump + "\n", encoding="utf-8")
        (to / "expected.json").write_text(json.dumps(expected, indent=1, sort_keys=True) + "\n", encoding="utf-8")


if __name__ == "__main__":
    keep(sys.argv[1])
