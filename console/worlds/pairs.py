"""Worlds of two whole Cores, “Office” and “Vault”, that speak over TLS while they are made."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from console.engine.core import Core
from console.worlds.story import (
    DAY,
    HOUR,
    StoryClock,
    back_up,
    done,
    listening,
    living,
    noise,
    pair,
    settle,
    text,
    write_files,
)
from console.worlds.world import World, WorldCore

HEAL = (
    "Consume the drive in `media/{place}` at “Vault”: the orphans become whole, and “Office” learns of it at the next "
    "contact."
)


def two_cores_one_orphan(directory: Path, now: datetime) -> World:
    """A source, “Office”, and a target, “Vault”, paired. “webserver” went whole by wire, three points. Of “fileserver”
    the base was written to a seed drive that is not consumed yet, and the two incrementals made since then went by
    wire: at the target they are orphans that await the seed. The written drive lies in `media/blue-1`."""
    drive = directory / "media" / "blue-1"
    with _two_cores(directory, now - timedelta(days=6)) as two:
        two.protect("webserver", 900_000, now)
        two.protect("fileserver", 2_400_000, now)
        two.day(now - timedelta(days=5), ["webserver", "fileserver"])
        two.source.arrange.add(two.pairing, ["webserver"])
        two.source.arrange.add(two.pairing, ["fileserver"], seed_drive=True)
        settle(two.source)
        two.clock.forward(HOUR)
        two.write_drive(drive, "Blue 1")
        two.day(now - timedelta(days=3), ["webserver", "fileserver"])
        two.day(now - timedelta(hours=3), ["webserver", "fileserver"])
        return two.world(two_cores_one_orphan, "two-cores-one-orphan", (drive,), HEAL.format(place=drive.name))


def seed_in_the_post(directory: Path, now: datetime) -> World:
    """As “two-cores-one-orphan”, but with four machines on one drive, “Blue 1”, which was written four days ago to
    `media/drive`, taken away, and is in the post: it lies in `media/post`, where neither Core looks. All points made
    since then are orphans at the target. “mailserver” went whole by wire."""
    drive, post = directory / "media" / "drive", directory / "media" / "post"
    seeded = ["accounting", "Buchhaltung München", "設計-ワークステーション", "print-server"]
    with _two_cores(directory, now - timedelta(days=9)) as two:
        for number, name in enumerate(seeded):
            two.protect(name, 600_000 + 350_000 * number, now)
        two.protect("mailserver", 700_000, now)
        two.day(now - timedelta(days=6), [*seeded, "mailserver"])
        two.day(now - timedelta(days=5), seeded[:2])
        two.source.arrange.add(two.pairing, ["mailserver"])
        two.source.arrange.add(two.pairing, seeded, seed_drive=True)
        settle(two.source)
        two.clock.go_to(now - timedelta(days=4))
        two.write_drive(drive, "Blue 1")
        for days in (3, 2):
            two.day(now - timedelta(days=days), [*seeded, "mailserver"])
        two.day(now - timedelta(hours=4), [*seeded, "mailserver"])
        drive.rename(post)
        return two.world(seed_in_the_post, "seed-in-the-post", (post,), HEAL.format(place=post.name))


@dataclass
class _TwoCores:
    """`pairing`: its id. Machines' files lie in `machines/` of the world."""

    directory: Path
    clock: StoryClock
    source: Core
    target: Core
    pairing: str

    def protect(self, name: str, size: int, now: datetime) -> None:
        """A machine of about so many bytes of files."""
        folder = self.directory / "machines" / name
        changed = self.clock.now() - timedelta(days=30)
        files = {f"srv/texts/{n:03}/minutes {n:03}.txt": text(f"{name} {n}", 2_000 + 90 * n) for n in range(40)}
        files |= {"srv/Übersicht.txt": text(f"{name} overview", 12_000), "etc/hostname": f"{name}\n".encode()}
        for n in range(4):
            files[f"srv/pictures/picture {n}.jpg"] = noise(f"{name} picture {n}", size // 4)
        write_files(folder, files, changed)
        self.source.protect.add(name, [("system", str(folder))], interval_s=DAY)

    def day(self, moment: datetime, machines: Sequence[str]) -> None:
        """What was changed until then is backed up then, and replicated as far as that was arranged."""
        self.clock.go_to(moment)
        for name in machines:
            folder = self.directory / "machines" / name
            tag = f"{name} {moment:%j %H}"
            changes = {
                "srv/texts/000/minutes 000.txt": text(tag, 4_000),
                f"srv/texts/of day {moment:%j}.txt": text(f"{tag} new", 15_000),
                f"srv/pictures/picture of day {moment:%j}.jpg": noise(tag, 60_000),
            }
            write_files(folder, changes, self.clock.now() - timedelta(seconds=HOUR))
            back_up(self.source, name)
            self.clock.forward(90)
        settle(self.source)

    def write_drive(self, place: Path, comment: str) -> None:
        place.mkdir(parents=True)
        done(self.source, self.source.seed.start_create(self.pairing, [str(place)], comment=comment, user="admin"))

    def world(self, build: object, name: str, media: tuple[Path, ...], notes: str) -> World:
        cores = (
            WorldCore("Office", self.source.data, "the source", primary=True),
            WorldCore("Vault", self.target.data, "the target"),
        )
        return World.told(build, name, self.directory, cores, media, notes)


@contextmanager
def _two_cores(directory: Path, start: datetime) -> Iterator[_TwoCores]:
    clock = StoryClock(start)
    with (
        living(directory / "office", clock, "Office") as source,
        living(directory / "vault", clock, "Vault") as target,
        listening(target) as port,
    ):
        yield _TwoCores(directory, clock, source, target, pair(source, target, port, "vault"))
