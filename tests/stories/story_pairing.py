"""Two Cores are paired, and what is there already travels to the target on a seed drive."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from console.worlds import PASSWORDS, World
from tests.support.bench import Bench
from tests.support.named_worlds import RunningWorld
from tests.support.person import Person, cells
from tests.support.seed_reader import Drive

Worlds = Callable[..., RunningWorld]


def test_two_cores_are_paired_with_a_seed_drive(
    running_world: Worlds, bench: Bench, person: Person, tmp_path: Path
) -> None:
    office, vault = running_world("one-machine"), running_world("empty")
    window = bench.open_console(_both(office.world, vault.world), tmp_path)
    drive = tmp_path / "medium" / "drive"
    drive.parent.mkdir()
    person.front(window)

    wizard = person.begin(window, "Replicate to another Core", "Replicate")
    assert wizard.step == "target"
    wizard.write("host", "127.0.0.1")
    wizard.write("port", str(vault.primary.port))
    wizard.next("compare")
    assert vault.place().fingerprint.casefold() in wizard.said.replace("\n", ":").casefold()
    wizard.tick("fingerprint")
    wizard.next("request")
    wizard.write("user", "admin")
    wizard.write("password", PASSWORDS["admin"])
    wizard.write("name", "vault")
    wizard.next("machines")
    wizard.pick("machines", "laptop")
    wizard.tick("seed_drive")
    wizard.next("location")
    wizard.add("places", str(drive))
    wizard.next("options")
    wizard.write("comment", "Red 1")
    wizard.next("summary")
    wizard.finish()
    wizard.leave(wizard.window.footer.go, window)

    (written,) = drive.iterdir()
    assert Drive(written).manifest["comment"] == "Red 1"
    assert window.seat.place.page == "replication"
    bench.wait(lambda: "vault" in str(cells(window.seat.page._out_table)), "the source does not show the pairing")
    person.go_to(window, "seeds")
    bench.wait(lambda: "Red 1" in str(cells(window.seat.page._seed_table)), "the source does not know its drive")

    person.switch_core(window, "Vault")
    person.go_to(window, "replication")
    bench.wait(lambda: "Office" in str(cells(window.seat.page._in_table)), "the target does not show the pairing")
    person.go_to(window, "seeds")
    bench.wait(lambda: "Red 1" in str(cells(window.seat.page._seed_table)), "the target does not wait for the drive")


def _both(office: World, vault: World) -> World:
    """One window for the Cores of two worlds."""
    return replace(office, cores=(office.primary, replace(vault.primary, name="Vault", primary=False)))
