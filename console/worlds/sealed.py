"""A world of sealed machines, with a key in each state that a key can be in."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

from console.domain.jobs import JobState, Trigger
from console.domain.keys import KeyType
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

PASSPHRASE = "three tired cats under a table"
"""Of every key of the world."""
TITLE = "the {what}; passphrase of every key: “" + PASSPHRASE + "”"


def sealed(directory: Path, now: datetime) -> World:
    """Five machines at “Office”, replicated to “Vault”. “accounting” is sealed with the universal key “office”, whose
    passphrase was proven last seven months ago: it is due. “payroll” is sealed with “payroll”, proven lately. “laptop”
    is sealed with “branch”, which was locked three days ago: its last scheduled backup failed for it. “archive” was
    sealed with a key that was removed since; its newest points have “office”. “print-server” is not sealed. “courier”
    is a key of “Vault” that was taken from a file, is unlocked for some weeks, and was tried with a wrong passphrase.
    At “Vault” all keys that came with points are locked, and nobody has proven there that they open anything.

    The passphrase of every key is “three tired cats under a table”."""
    clock = StoryClock(now - timedelta(days=240))
    with (
        living(directory / "office", clock, "Office") as office,
        living(directory / "vault", clock, "Vault") as vault,
        listening(vault) as port,
    ):
        _keys_of_long_ago(office, vault, clock, now)
        for name, key in (
            ("accounting", "office"),
            ("payroll", "payroll"),
            ("laptop", "branch"),
            ("archive", "first key"),
            ("print-server", None),
        ):
            folder = directory / "machines" / name
            write_files(folder, _first_files(name), clock.now())
            office.protect.add(name, [("home", str(folder))], interval_s=DAY, key=key)
        pairing = pair(office, vault, port, "vault")
        _night(office, directory, clock, now - timedelta(days=9), "accounting", "payroll", "laptop", "archive")
        office.arrange.add(pairing, ["accounting", "laptop", "archive"])
        settle(office)
        _night(office, directory, clock, now - timedelta(days=6), "accounting", "payroll", "laptop", "archive")
        office.protect.edit("archive", key="office")
        office.keys.remove("first key", points=True)
        _night(office, directory, clock, now - timedelta(days=4), "accounting", "payroll", "laptop", "archive")
        office.keys.test("payroll", PASSPHRASE)
        clock.go_to(now - timedelta(days=3))
        office.keys.set_type("branch", KeyType.REPLICATION, None)
        office.keys.lock("branch")
        _take_courier(office, vault)
        _night(office, directory, clock, now - timedelta(days=1), "accounting", "payroll", "archive", "print-server")
        _fail(office, "laptop")
        clock.go_to(now - timedelta(hours=3))
        office.keys.unlock("courier", PASSPHRASE, 21 * DAY)
        done(office, office.check_points.start([], machine="accounting", user="admin"))
    cores = (
        WorldCore("Office", directory / "office", TITLE.format(what="source"), primary=True),
        WorldCore("Vault", directory / "vault", TITLE.format(what="target")),
    )
    return World.told(sealed, "sealed", directory, cores)


def _keys_of_long_ago(office: Core, vault: Core, clock: StoryClock, now: datetime) -> None:
    office.keys.create("first key", PASSPHRASE, "Of the first year")
    office.keys.create("office", PASSPHRASE, "All that stands in the office")
    vault.keys.create("courier", PASSPHRASE, "For what is sent about on drives")
    clock.go_to(now - timedelta(days=215))
    office.keys.test("office", PASSPHRASE)
    clock.go_to(now - timedelta(days=30))
    office.keys.create("payroll", PASSPHRASE, "Known to two people in payroll")
    office.keys.create("branch", PASSPHRASE, "Machines of the branch in Linz")


def _take_courier(office: Core, vault: Core) -> None:
    """A key of another Core, by a file, and a try that failed."""
    office.keys.take(vault.keys.export("courier", PASSPHRASE))
    office.keys.test("courier", "a passphrase that was never right")


def _night(core: Core, directory: Path, clock: StoryClock, moment: datetime, *machines: str) -> None:
    """What was changed until then is backed up then."""
    clock.go_to(moment)
    for name in machines:
        files = {
            "books/journal.txt": text(f"{name} {moment:%j}", 9_000),
            f"books/day {moment:%j}.pdf": noise(f"{name} {moment:%j}", 70_000),
        }
        write_files(directory / "machines" / name, files, clock.now() - timedelta(seconds=HOUR))
        back_up(core, name)
        clock.forward(120)
    settle(core)


def _fail(core: Core, machine: str) -> None:
    """The backup of the schedule, which finds the key locked."""
    job = core.protect.start_backup(machine, trigger=Trigger.SCHEDULE, reason="scheduled")
    settle(core)
    if core.catalog.jobs.get(job.id).state is not JobState.FAILED:
        raise RuntimeError(f"the backup of {machine} did not fail")


def _first_files(name: str) -> dict[str, bytes]:
    letters = {f"letters/letter {n:02}.txt": text(f"{name} letter {n}", 2_500 + 400 * n) for n in range(10)}
    return letters | {
        "books/journal.txt": text(f"{name} journal", 8_000),
        "Verträge/Mietvertrag.txt": text(f"{name} contract", 14_000),
        "scans/scan.tif": noise(f"{name} scan", 160_000),
    }
