"""A day or a night of two Cores, told to whoever records it: `python -m tests.torture.story PLACE day|night`, on what
`prepare(PLACE)` made.

Below PLACE: `disk` is what may lose power (`source`, `target`, `drive`, `restored`), `trees` what is protected, `kept`
a copy of every tree as it was when a point was made of it, `marks` what the Cores had promised by then, a line each.
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

from console.domain.retention import parse_policy
from tests.support.clock import FixedClock
from tests.support.easy import make_easy
from tests.support.two_cores import PAIRING, TwoCores, finished, points_of
from tests.torture.volumes import LATER, PASSPHRASE, change, is_sealed, plant, protect

MACHINES = ("web", "db")


def prepare(place: Path, *, sealed: bool = False) -> None:
    """Two paired Cores; web has a point and is replicated by wire, db will travel by drive. `sealed`: both machines
    have a disk and a stream too, and a key."""
    (place / "disk" / "drive").mkdir(parents=True)
    (place / "kept").mkdir()
    for name in MACHINES:
        plant(place / "trees" / name, random.Random(name), sealed=sealed)
    with TwoCores(place / "disk") as two:
        two.pair()
        for name in MACHINES:
            protect(two.source, place / "trees" / name)
        back_up(place, two, "web")
        two.source.arrange.add(PAIRING, ["web"])
        finished_all(two)
        back_up(place, two, "db")
        two.source.arrange.add(PAIRING, ["db"], seed_drive=True)
        finished_all(two)
    (place / "marks").touch()


def finished_all(two: TwoCores) -> None:
    assert two.source.jobs.drain(60)


def keep(place: Path, name: str) -> Path:
    """A true copy of a machine's tree as it is now; where."""
    copy = place / "kept" / uuid.uuid4().hex
    subprocess.run(["cp", "-a", str(place / "trees" / name), str(copy)], check=True)
    return copy


def back_up(place: Path, two: TwoCores, name: str) -> str:
    """A point, and the tree it must give back under its id in `kept`."""
    copy = keep(place, name)
    point = two.back_up(name)
    copy.rename(place / "kept" / point)
    return point


class Story:
    """What happens, part by part; `mark` writes down what was promised."""

    def __init__(self, place: Path, two: TwoCores, clock: FixedClock) -> None:
        self.place = place
        self.clock = clock
        self.two = two
        self.sealed = is_sealed(place / "trees" / "web")
        self._rng = random.Random(3)
        self._marks = os.open(place / "marks", os.O_WRONLY | os.O_APPEND)

    def mark(self, what: str, **more: Any) -> None:
        os.write(self._marks, json.dumps({"what": what, **more}).encode() + b"\n")

    def day(self) -> None:
        two, place = self.two, self.place
        self.mark("part", name="backup")
        second = self._a_point()
        if self.sealed:
            self._another_key()
        self.mark("part", name="seed create")
        two.seed(place / "disk" / "drive")
        self.mark("drive")
        self.mark("part", name="consume")
        two.consume(place / "disk" / "drive")
        for point in two.source.catalog.points.all_of(two.source.catalog.machines.get("db").id):
            self.mark("point", core="target", point=point.id)
        self.mark("part", name="restore")
        finished(two.source, two.source.restore.start_files(second, [], str(place / "disk" / "restored")))
        if self.sealed:
            to = str(place / "disk" / "vm.img")
            finished(two.target, two.target.restore_volumes.start(second, [("disk", to)]))
        self.mark("part", name="delete")
        self.mark("deleting", core="target", point=second)
        two.target.retain.delete([second])
        self.mark("deleted", core="target", point=second)
        self.mark("part", name="rebuild")
        finished(two.target, two.target.rebuild.start())
        self.mark("part", name="close")

    def night(self) -> None:
        """Aged points are rolled up, and the room of what nobody needs is given back, on either side."""
        two, place = self.two, self.place
        machine = two.source.catalog.machines.get("web").id
        two.source.rollup.set_policy(machine, parse_policy("all 1d"))
        for _ in range(3):
            self.clock.forward(24 * 3600)
            change(place / "trees" / "web", self._rng)
            point = back_up(place, two, "web")
            finished_all(two)
            for core in ("source", "target"):
                self.mark("point", core=core, point=point)
        self.clock.forward(24 * 3600)
        self.mark("part", name="rollup")
        gone = [point.id for point in two.source.rollup.plan(machine).gone]
        assert gone
        self._leave("source", gone, lambda: finished(two.source, two.source.rollup.start(machine)))
        self.mark("part", name="replicate")
        two.replicate()
        self.mark("part", name="delete")
        last = points_of(two.target)[-1:]
        self._leave("target", last, lambda: two.target.retain.delete(last))
        for core in (two.source, two.target):
            self.mark("part", name=f"reclaim on the {core.name}")
            done = finished(core, core.reclaim.start("default", dry_run=False))["done"]
            assert done["packs_deleted"] + done["packs_rewritten"] > 1
        self.mark("part", name="close")

    def _a_point(self) -> str:
        """Of web, first here and then there."""
        two, place = self.two, self.place
        change(place / "trees" / "web", self._rng)
        copy = keep(place, "web")
        two.source.arrange.pause(PAIRING)
        point = two.back_up("web")
        copy.rename(place / "kept" / point)
        self.mark("point", core="source", point=point)
        self.mark("part", name="replicate")
        two.source.arrange.resume(PAIRING)
        finished_all(two)
        two.replicate()
        self.mark("point", core="target", point=point)
        return point

    def _another_key(self) -> None:
        """Is made, seals from now on, is unlocked at the target and gets another passphrase."""
        two = self.two
        for key in two.target.keys.list():
            self.mark("part", name="unlock")
            two.target.keys.unlock(key.name, PASSPHRASE)
            self.mark("key", core="target", key=key.id)
        self.mark("part", name="key")
        made = two.source.keys.create("vault", PASSPHRASE)
        self.mark("key", core="source", key=made.id)
        two.source.protect.edit("web", key=made.id)
        self.mark("part", name="base with another key")
        self._a_point()
        self.mark("part", name="unlock")
        two.target.keys.unlock(made.id, PASSPHRASE)
        self.mark("key", core="target", key=made.id)
        self.mark("part", name="another passphrase")
        two.source.keys.change_passphrase(made.id, PASSPHRASE, LATER)

    def _leave(self, core: str, points: list[str], work: Callable[[], object]) -> None:
        for what in ("deleting", "deleted"):
            for point in points:
                self.mark(what, core=core, point=point)
            if what == "deleting":
                work()


def main() -> None:
    make_easy()
    place = Path(sys.argv[1])
    clock = FixedClock()
    with TwoCores(place / "disk", clock=clock) as two:
        getattr(Story(place, two, clock), sys.argv[2])()


if __name__ == "__main__":
    main()
