"""A day of two Cores, told to whoever records it: `python -m tests.torture.story PLACE`, on what `prepare(PLACE)` made.

Below PLACE: `disk` is what may lose power (`source`, `target`, `drive`, `restored`), `trees` what is protected, `kept`
a copy of every tree as it was when a point was made of it, `marks` what the Cores had promised by then, a line each.
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.support.two_cores import PAIRING, TwoCores, finished

MACHINES = ("web", "db")


def prepare(place: Path) -> None:
    """Two paired Cores; web has a point and is replicated by wire, db will travel by drive."""
    (place / "disk" / "drive").mkdir(parents=True)
    (place / "kept").mkdir()
    for name in MACHINES:
        plant(place / "trees" / name, random.Random(name))
    with TwoCores(place / "disk") as two:
        two.pair()
        for name in MACHINES:
            two.source.protect.add(name, [("tree", str(place / "trees" / name))], interval_s=0)
        back_up(place, two, "web")
        two.source.arrange.add(PAIRING, ["web"])
        finished_all(two)
        back_up(place, two, "db")
        two.source.arrange.add(PAIRING, ["db"], seed_drive=True)
        finished_all(two)
    (place / "marks").touch()


def finished_all(two: TwoCores) -> None:
    assert two.source.jobs.drain(60)


def plant(top: Path, rng: random.Random) -> None:
    """A few files of each kind."""
    (top / "sub" / "deeper").mkdir(parents=True)
    for number in range(6):
        (top / "sub" / f"text {number}").write_text(f"{top.name} {number}\n" * rng.randrange(1, 400))
        (top / "sub" / "deeper" / f"bytes {number}").write_bytes(rng.randbytes(rng.randrange(200, 30_000)))
    (top / "large").write_bytes(rng.randbytes(300_000))
    (top / "link").symlink_to("large")
    os.link(top / "large", top / "sub" / "twin")


def change(top: Path, rng: random.Random) -> None:
    """Some edits, an addition, a file less."""
    with open(top / "large", "r+b") as file:
        file.seek(rng.randrange(250_000))
        file.write(rng.randbytes(20_000))
    (top / "sub" / f"new {rng.randrange(1 << 30)}").write_bytes(rng.randbytes(40_000))
    texts = sorted((top / "sub").glob("text *"))
    if texts:
        texts[0].unlink()


def keep(place: Path, name: str) -> Path:
    """A true copy of a machine's tree as it is now; where."""
    copy = place / "kept" / f"{name} {len(os.listdir(place / 'kept'))}"
    subprocess.run(["cp", "-a", str(place / "trees" / name), str(copy)], check=True)
    return copy


def back_up(place: Path, two: TwoCores, name: str) -> str:
    """A point, and the tree it must give back under its id in `kept`."""
    copy = keep(place, name)
    point = two.back_up(name)
    copy.rename(place / "kept" / point)
    return point


class Day:
    """What happens, part by part; `mark` writes down what was promised."""

    def __init__(self, place: Path, two: TwoCores) -> None:
        self.place = place
        self.two = two
        self._rng = random.Random(3)
        self._marks = os.open(place / "marks", os.O_WRONLY | os.O_APPEND)

    def mark(self, what: str, **more: Any) -> None:
        os.write(self._marks, json.dumps({"what": what, **more}).encode() + b"\n")

    def live(self) -> None:
        two, place = self.two, self.place
        self.mark("part", name="backup")
        change(place / "trees" / "web", self._rng)
        copy = keep(place, "web")
        two.source.arrange.pause(PAIRING)
        second = two.back_up("web")
        copy.rename(place / "kept" / second)
        self.mark("point", core="source", point=second)
        self.mark("part", name="replicate")
        two.source.arrange.resume(PAIRING)
        finished_all(two)
        two.replicate()
        self.mark("point", core="target", point=second)
        self.mark("part", name="seed create")
        two.seed(place / "disk" / "drive")
        self.mark("drive")
        self.mark("part", name="consume")
        two.consume(place / "disk" / "drive")
        for point in two.source.catalog.points.all_of(two.source.catalog.machines.get("db").id):
            self.mark("point", core="target", point=point.id)
        self.mark("part", name="restore")
        finished(two.source, two.source.restore.start_files(second, [], str(place / "disk" / "restored")))
        self.mark("part", name="delete")
        self.mark("deleting", core="target", point=second)
        two.target.retain.delete([second])
        self.mark("deleted", core="target", point=second)
        self.mark("part", name="rebuild")
        finished(two.target, two.target.rebuild.start())
        self.mark("part", name="close")


def main() -> None:
    place = Path(sys.argv[1])
    with TwoCores(place / "disk") as two:
        Day(place, two).live()


if __name__ == "__main__":
    main()
