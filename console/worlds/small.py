"""Worlds of one Core, made by the engine itself."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

from console.worlds.story import DAY, HOUR, StoryClock, back_up, living, noise, text, write_files
from console.worlds.world import World, WorldCore


def empty(directory: Path, now: datetime) -> World:
    """A Core that was just set up: one repository, nobody protected, nothing paired, no recovery point."""
    data = directory / "office"
    with living(data, StoryClock(now), "Office"):
        pass
    return World.told(empty, "empty", directory, (WorldCore("Office", data, "the only Core", primary=True),))


def one_machine(directory: Path, now: datetime) -> World:
    """One protected machine, “laptop”, with five recovery points of the last five days: a base and four incrementals,
    all whole. Its files lie in `machines/laptop` of the world."""
    data, files = directory / "office", directory / "machines" / "laptop"
    clock = StoryClock(now - timedelta(days=5))
    with living(data, clock, "Office") as core:
        write_files(files, _first_day(), clock.now())
        core.protect.add("laptop", [("home", str(files))], interval_s=DAY)
        for day in range(1, 6):
            clock.go_to(now - timedelta(days=5 - day, hours=2))
            if day > 1:
                write_files(files, _later_day(day), clock.now() - timedelta(seconds=HOUR))
            back_up(core, "laptop")
    primary = WorldCore("Office", data, "the only Core", primary=True)
    return World.told(one_machine, "one-machine", directory, (primary,))


def _first_day() -> dict[str, bytes]:
    letters = {f"Documents/Letters/letter {n:02}.txt": text(f"letter {n}", 3_000 + 700 * n) for n in range(12)}
    return letters | {
        "Documents/Verträge/Mietvertrag Grüße.txt": text("contract", 22_000),
        "Documents/資料/会議の報告書.txt": text("report", 9_000),
        "Pictures/2026/IMG_0001.jpg": noise("picture 1", 180_000),
        "Pictures/2026/IMG_0002.jpg": noise("picture 2", 240_000),
        "notes.txt": text("notes", 1_200),
        "an unusually long name that goes on and on until nobody remembers how it began, as file names do.txt": b"x\n",
        ".config/empty": b"",
    }


def _later_day(day: int) -> dict[str, bytes]:
    return {
        "notes.txt": text("notes", 1_200 + 400 * day),
        f"Pictures/2026/IMG_{day:04}.jpg": noise(f"picture {day}", 120_000 + 9_000 * day),
        f"Documents/Letters/letter {10 + day}.txt": text(f"letter of day {day}", 5_000),
    }
