"""Each wizard with a situation it is for, the answers of a person step by step, and what must have come of it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, ClassVar

from console.client.client import Client
from console.desktop.desk import Desk
from console.desktop.wizards.catalogue import begin
from console.worlds import PASSWORDS
from tests.support.bench import Bench
from tests.support.cores import CoreProcess
from tests.support.named_worlds import RunningWorld
from tests.support.wizard_hand import Hand

Running = Callable[..., RunningWorld]
Fill = Callable[[Hand], None]
SENTENCE = "three tired cats under a table"


class Case(ABC):
    """`steps`: key of each step → the answers given there, in order. `world` is the one whose Core is in front."""

    name: ClassVar[str]
    core: ClassVar[str | None] = None

    def __init__(self, bench: Bench, running_world: Running, tmp: Path) -> None:
        self.bench = bench
        self.tmp = tmp
        self.running = self.begin(running_world)
        self.desk = bench.desk_on(lambda: self.running.connect(self.core))

    @abstractmethod
    def begin(self, running_world: Running) -> RunningWorld: ...

    @property
    @abstractmethod
    def steps(self) -> Mapping[str, Fill]: ...

    @abstractmethod
    async def effect(self, client: Client) -> None:
        """Asserts what must have come of it, when all jobs have ended."""

    @property
    def presets(self) -> Mapping[str, Any]:
        return {}

    @property
    def process(self) -> CoreProcess:
        return self.running.primary if self.core is None else self.running.cores[self.core]

    def open(self, desk: Desk | None = None, *, keys_only: bool = False, size: tuple[int, int] = (920, 640)) -> Hand:
        desk = desk or self.desk
        return Hand.at(self.bench, desk, begin(desk, self.name, self.presets), size, keys_only=keys_only)

    def fill(self, hand: Hand) -> None:
        """Answers the step in front."""
        self.steps[hand.step](hand)

    def walk(self, hand: Hand, to: str) -> None:
        """Answers and goes on until that step is in front."""
        while hand.step != to:
            self.fill(hand)
            hand.go_on()

    def restart(self) -> None:
        """Starts the Core in front again; the link finds it when it is asked to."""
        self.process.start()

    async def state(self) -> dict[str, object]:
        """All that a wizard could leave behind on any Core of it, and beside them."""
        found: dict[str, object] = {}
        for name in self.running.cores:
            async with self.running.client(name) as client:
                machines = (await client.machines(limit=1000))["machines"]
                found[name] = {
                    "machines": sorted((one["name"], one["points"], tuple(one["pairings"])) for one in machines),
                    "pairings": sorted(one["name"] for one in (await client.pairings())["pairings"]),
                    "repositories": sorted(one["path"] for one in (await client.repositories())["repositories"]),
                    "seeds": sorted((one["id"], one["state"]) for one in (await client.seeds())["seeds"]),
                    "jobs": sorted(one["id"] for one in (await client.jobs(limit=1000))["jobs"]),
                    "users": sorted(one["name"] for one in (await client.users())["users"]),
                    "keys": sorted(one["name"] for one in (await client.keys())["keys"]),
                }
        found["beside"] = sorted(str(path) for path in (self.tmp / "beside").rglob("*"))
        return found

    @property
    def beside(self) -> Path:
        """Where a test puts what a wizard reads and writes."""
        made = self.tmp / "beside"
        made.mkdir(exist_ok=True)
        return made


def nothing(hand: Hand) -> None:
    """The step is answered already."""


class Protect(Case):
    name = "protect"

    def begin(self, running_world: Running) -> RunningWorld:
        tree = self.beside / "two words"
        tree.mkdir()
        (tree / "letter.txt").write_text("Dear all\n" * 500)
        (tree / "rubbish.cache").write_bytes(bytes(5000))
        return running_world("empty")

    @property
    def steps(self) -> Mapping[str, Fill]:
        def machine(hand: Hand) -> None:
            hand.type("name", "laptop")
            if not hand.view("folders").field.value:
                hand.add("folders", str(self.beside / "two words"))

        def options(hand: Hand) -> None:
            hand.type("before", "true")
            hand.choose("compression", "3")

        def encryption(hand: Hand) -> None:
            if hand.view("key").field.value != "+":
                hand.choose("key", "+")
            for key, text in (("key_name", "office"), ("key_passphrase", SENTENCE), ("key_again", SENTENCE)):
                hand.type(key, text)

        return {
            "machine": machine,
            "schedule": lambda hand: hand.type("minutes", "240"),
            "exclusions": lambda hand: hand.type("excludes", "*.cache"),
            "options": options,
            "repository": nothing,
            "encryption": encryption,
            "summary": nothing,
        }

    async def effect(self, client: Client) -> None:
        machine = await client.machine("laptop")
        assert (machine["interval_s"], machine["excludes"], machine["points"]) == (240 * 60, ["*.cache"], 1)
        assert (machine["options"]["before"], machine["options"]["one_file_system"]) == ("true", True)
        assert (machine["options"]["compression"], machine["key"]) == (3, "office")
        point = (await client.points(machine="laptop"))["points"][0]
        names = [one["path"] for one in (await client.files(point["id"]))["files"]]
        assert names == ["letter.txt"]


class Replicate(Case):
    name = "replication"

    def begin(self, running_world: Running) -> RunningWorld:
        self.target = running_world("empty")
        return running_world("one-machine")

    @property
    def steps(self) -> Mapping[str, Fill]:
        def target(hand: Hand) -> None:
            hand.type("host", "127.0.0.1")
            hand.type("port", str(self.target.primary.port))

        def compare(hand: Hand) -> None:
            if not hand.view("fingerprint").field.value:
                hand.tick("fingerprint")

        def request(hand: Hand) -> None:
            hand.type("user", "admin")
            hand.type("password", PASSWORDS["admin"])
            hand.type("name", "vault")

        def machines(hand: Hand) -> None:
            if not hand.view("machines").field.value:
                hand.pick("machines", "laptop")

        return {"target": target, "compare": compare, "request": request, "machines": machines, "summary": nothing}

    async def effect(self, client: Client) -> None:
        assert [one["name"] for one in (await client.pairings())["pairings"]] == ["vault"]
        async with self.target.client() as there:
            points = (await there.points(machine="laptop"))["points"]
        assert [one["chain"] for one in points] == ["whole"] * 5

    async def state(self) -> dict[str, object]:
        found = await super().state()
        async with self.target.client() as there:
            found["target"] = sorted(one["name"] for one in (await there.pairings())["pairings"])
        return found


class SeedDrive(Case):
    """The drive of the world is given up, so that the target lacks history which a new drive can bring."""

    name = "seed-drive"

    def begin(self, running_world: Running) -> RunningWorld:
        running = running_world("seed-in-the-post")
        (self.beside / "medium").mkdir()

        async def abandon() -> None:
            async with running.client() as office:
                for seed in (await office.seeds())["seeds"]:
                    await office.pause_pairing(seed["pairing"])
                    await office.abandon_seed(seed["id"])

        self.bench.run(abandon())
        return running

    async def state(self) -> dict[str, object]:
        """Without the drives that the target knows: it is told meanwhile that the one of the world was given up."""
        found = await super().state()
        vault = found["Vault"]
        assert isinstance(vault, dict)
        del vault["seeds"]
        return found

    @property
    def drive(self) -> Path:
        return self.beside / "medium" / "drive"

    @property
    def steps(self) -> Mapping[str, Fill]:
        def location(hand: Hand) -> None:
            if not hand.view("places").field.value:
                hand.add("places", str(self.drive))

        return {
            "pairing": nothing,
            "machines": nothing,
            "location": location,
            "options": lambda hand: hand.type("comment", "Red 2"),
            "summary": nothing,
        }

    async def effect(self, client: Client) -> None:
        async with self.running.client("Vault") as vault:
            inspected = await vault.inspect_seed(str(self.drive))
        assert (inspected["comment"], inspected["consumable"]) == ("Red 2", True)


class Consume(Case):
    name = "consume"
    core = "Vault"

    def begin(self, running_world: Running) -> RunningWorld:
        return running_world("two-cores-one-orphan")

    @property
    def drive(self) -> Path:
        return self.running.world.media[0]

    @property
    def steps(self) -> Mapping[str, Fill]:
        def drive(hand: Hand) -> None:
            if hand.view("place").field.value != "folder":
                hand.choose("place", "folder")
            if not hand.view("folders").field.value:
                hand.add("folders", str(self.drive))

        return {"drive": drive, "check": nothing, "machines": nothing, "summary": nothing}

    async def effect(self, client: Client) -> None:
        points = (await client.points(machine="fileserver"))["points"]
        assert [one["chain"] for one in points] == ["whole"] * 3


class Restore(Case):
    name = "restore"

    def begin(self, running_world: Running) -> RunningWorld:
        return running_world("one-machine")

    @property
    def to(self) -> Path:
        return self.beside / "restored"

    @property
    def steps(self) -> Mapping[str, Fill]:
        def machine(hand: Hand) -> None:
            if not hand.view("machine").field.value:
                hand.pick("machine", "laptop")

        return {
            "machine": machine,
            "point": nothing,
            "what": nothing,
            "where": lambda hand: hand.type("to", str(self.to)),
            "conflicts": nothing,
            "summary": nothing,
        }

    async def effect(self, client: Client) -> None:
        source = self.running.world.directory / "machines" / "laptop"
        assert contents(self.to) == contents(source)


class FirstStart(Case):
    """A Core that protects its own machine and lets others replicate to it."""

    name = "first-start"

    def begin(self, running_world: Running) -> RunningWorld:
        tree = self.beside / "files"
        tree.mkdir()
        (tree / "letter.txt").write_text("Dear all")
        return running_world("empty")

    @property
    def steps(self) -> Mapping[str, Fill]:
        def machine(hand: Hand) -> None:
            hand.type("name", "desk")
            if not hand.view("folders").field.value:
                hand.add("folders", str(self.beside / "files"))

        def others(hand: Hand) -> None:
            hand.type("user", "vera")
            hand.type("password", "long enough")
            hand.type("again", "long enough")

        return {
            "welcome": lambda hand: hand.choose("role", "both"),
            "repository": nothing,
            "machine": machine,
            "schedule": nothing,
            "exclusions": nothing,
            "others": others,
            "summary": nothing,
        }

    async def effect(self, client: Client) -> None:
        assert (await client.machine("desk"))["points"] == 1
        assert "vera" in [one["name"] for one in (await client.users())["users"]]


def contents(top: Path) -> dict[str, bytes]:
    """Files below a directory, by their paths in it."""
    return {str(path.relative_to(top)): path.read_bytes() for path in sorted(top.rglob("*")) if path.is_file()}


CASES: tuple[type[Case], ...] = (Protect, Replicate, SeedDrive, Consume, Restore, FirstStart)
