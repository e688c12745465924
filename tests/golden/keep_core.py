"""Writes `tests/golden/cores/NAME`: a small Core as today's code makes it, and what its points must give back.

`python -m tests.golden.keep_core NAME` (the catalog's revision): once for each release, never for a released one.
What is protected, in `web`, `disk` and `dump`, is called again for each point: then something has changed. Beside it
the Core has sealed points, an orphan that another Core sent, and the seed drive, not consumed yet, that it waits for.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import sqlite3
import sys
import tempfile
from contextlib import closing
from pathlib import Path
from typing import Any

from blake3 import blake3

from console.domain.chains import ChainState
from console.engine.core import CATALOG_FILE, Core
from tests.support import trees
from tests.support.trees import Dir, File, Hard, Link, Meta, Sparse
from tests.support.two_cores import PAIRING, TwoCores, finished

CORES = Path(__file__).parent / "cores"
PLACE = "@PLACE@"
"""Stands in the kept catalog for the directory that has the Core in `core`, and what is protected beside it."""

PASSPHRASE = "seven brave otters swim at dawn"
KEY = "office"
MIB = 1 << 20

Plain = dict[str, Any]


def web(place: Path) -> Path:
    """A directory with something of everything."""
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
    return web


def letters(place: Path, name: str) -> Path:
    """A small directory for the sealed machine and the one that comes by drive."""
    top = place / name
    if not top.exists():
        (top / "old").mkdir(parents=True)
        (top / "old" / "first").write_text(f"Dear {name}\n" * 400)
        (top / "picture").write_bytes(random.Random(name).randbytes(9_000))
    else:
        (top / f"letter {len(os.listdir(top))}").write_text(f"Yours, {name}\n" * 200)
    return top


def disk(place: Path) -> Path:
    """A disk image, most of it holes."""
    image = place / "disk.img"
    if not image.exists():
        with image.open("wb") as file:
            file.truncate(6 * MIB)
            file.seek(MIB + 5)
            file.write(b"data base\n" * 9_000 + random.Random(6).randbytes(4_000))
    else:
        with image.open("r+b") as file:
            file.seek(4 * MIB)
            file.write(random.Random(7).randbytes(3_000))
    return image


def dump(place: Path) -> Path:
    """What a command says."""
    said = place / "dump.sql"
    with said.open("ab") as file:
        file.write(b"INSERT INTO visits VALUES (1, 'today');\n" * 500)
    return said


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
    shutil.rmtree(to, ignore_errors=True)
    with tempfile.TemporaryDirectory() as directory:
        place = Path(directory)
        with TwoCores(place) as two:
            expected, more = live(place, two)
        shutil.copytree(place / "target" / "repository", to / "repository", ignore=_LEFT_OUT)
        shutil.copytree(place / "target" / "identity", to / "identity", ignore=_LEFT_OUT)
        shutil.copytree(place / "drive", to / "drive")
        with closing(sqlite3.connect(place / "target" / CATALOG_FILE)) as connection:
            said = "\n".join(connection.iterdump())
        said = said.replace(str(place / "target"), f"{PLACE}/core").replace(str(place), PLACE)
        (to / "catalog.sql").write_text(said + "\n", encoding="utf-8")
    for file, content in (("expected", expected), ("more", more)):
        text = json.dumps(content, indent=1, sort_keys=True)
        (to / f"{file}.json").write_text(text + "\n", encoding="utf-8")


_LEFT_OUT = shutil.ignore_patterns("lock", "reserve")


def live(place: Path, two: TwoCores) -> tuple[Plain, Plain]:
    """What happens before the target is kept; its points, and what trees give back: then the rest."""
    source, core = two.source, two.target
    two.pair()
    core.keys.create(KEY, PASSPHRASE)
    core.protect.add("web", [("tree", str(web(place)))], interval_s=0)
    core.protect.add("vm", [("disk", str(disk(place))), ("db", f"cmd:cat {dump(place)}")], interval_s=0)
    core.protect.add("letters", [("tree", str(letters(place, "letters")))], interval_s=0, key=KEY)
    expected: Plain = {}
    volumes: Plain = {}
    for turn in range(2):
        if turn:
            web(place), disk(place), dump(place), letters(place, "letters")
        expected[_back_up(two, core, "web")] = seen(place / "web")
        expected[_back_up(two, core, "letters")] = seen(place / "letters")
        volumes[_back_up(two, core, "vm")] = {"disk": digest(place / "disk.img"), "db": digest(place / "dump.sql")}
    source.protect.add("far", [("tree", str(letters(place, "far")))], interval_s=0)
    waiting = {_back_up(two, source, "far"): seen(place / "far")}
    source.arrange.add(PAIRING, ["far"], seed_drive=True)
    assert source.jobs.drain(60)
    (place / "drive").mkdir()
    two.seed(place / "drive")
    letters(place, "far")
    orphan = _back_up(two, source, "far")
    waiting[orphan] = seen(place / "far")
    two.replicate()
    assert core.points.view(orphan).state is ChainState.AWAITING_SEED
    return expected, {"volumes": volumes, "orphan": orphan, "waiting": waiting}


def _back_up(two: TwoCores, core: Core, machine: str) -> str:
    two.clock.forward(3600)
    return str(finished(core, core.protect.start_backup(machine))["point"])


def digest(file: Path) -> str:
    return blake3(file.read_bytes()).hexdigest()


if __name__ == "__main__":
    keep(sys.argv[1])
