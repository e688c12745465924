"""A world with a disk that forgot something."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

from console.domain.objects import FRAME_SIZE, Kind
from console.engine.core import Core
from console.worlds.story import DAY, HOUR, StoryClock, back_up, done, living, noise, text, write_files
from console.worlds.world import World, WorldCore

DAYS = 6
HURT = 3


def broken(directory: Path, now: datetime) -> World:
    """Two protected machines with six points each. Of “archive” some objects of the third point went bad on the disk,
    and a check of all data found them two hours ago: its first two points are whole, the later ones broken, most of
    their files can still be restored, an alert is open. “mailserver” is whole. The next backup of “archive” stores what
    is damaged again, because its files still have it, and heals the chain."""
    data = directory / "office"
    clock = StoryClock(now - timedelta(days=DAYS + 1))
    with living(data, clock, "Office") as core:
        for name in ("archive", "mailserver"):
            (directory / "machines" / name).mkdir(parents=True)
            core.protect.add(name, [("data", str(directory / "machines" / name))], interval_s=DAY)
        for day in range(1, DAYS + 1):
            clock.go_to(now - timedelta(days=DAYS - day, hours=5))
            for name in ("archive", "mailserver"):
                write_files(directory / "machines" / name, _day(name, day), clock.now() - timedelta(seconds=HOUR))
                before = _packs(core)
                back_up(core, name)
                if (name, day) == ("archive", HURT):
                    _hurt(core, _packs(core) - before)
                clock.forward(120)
        clock.go_to(now - timedelta(hours=2))
        done(core, core.check.start_repository("default", read_data=True, user="admin"))
    return World.told(broken, "broken", directory, (WorldCore("Office", data, "the only Core", primary=True),))


def _day(machine: str, day: int) -> dict[str, bytes]:
    tag = f"{machine} {day}"
    letters = {f"letters/day {day}/letter {n:02}.txt": text(f"{tag} {n}", 4_000 + 300 * n) for n in range(8)}
    return letters | {
        f"scans/scan of day {day}.tif": noise(tag, 220_000),
        f"scans/second scan of day {day}.tif": noise(f"{tag} second", 150_000),
        "register.txt": text(f"{tag} register", 6_000 + 500 * day),
    }


def _packs(core: Core) -> set[Path]:
    return set((core.repositories.open("default").path / "own" / "packs").rglob("*.pack"))


def _hurt(core: Core, packs: set[Path]) -> None:
    """Flips one bit in the largest chunks of these packs, as a disk may do it."""
    repository = core.repositories.open("default")
    chunks = set(repository.records(Kind.CHUNK))
    for pack in packs:
        raw = bytearray(pack.read_bytes())
        for chunk in chunks:
            # The id stands in the frame's header, 12 bytes behind its beginning, and may stand in tree nodes too.
            at = raw.find(chunk) - 12
            if at >= 0 and raw[at + 8] == Kind.CHUNK and int.from_bytes(raw[at : at + 4], "little") > 40_000:
                raw[at + FRAME_SIZE] ^= 4
        pack.write_bytes(raw)
