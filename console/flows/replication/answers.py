"""What a person answers when machines are replicated."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from console.client.client import Client
from console.domain.answers import MachineAnswer
from console.domain.plan_answers import SeedPlan
from console.domain.replication_answers import OfferAnswer, PairingAnswer, Probed
from console.flows.listing import all_pairings
from console.flows.seed_options import SeedOptions, SeedWriting

OWN = "+"
"""Chosen instead of a pairing: a Core that this one is paired with at the end. No id is like it."""
PORT = 8006


@dataclass(frozen=True, slots=True)
class ReplicationAnswers:
    """`target`: id of a pairing, or `OWN`. `confirmed`: a person compared the fingerprint of `probed`.
    `machines`: ids; `repositories`: machine id → id of the target's repository."""

    target: str = ""
    host: str = ""
    port: int = PORT
    probed: Probed | None = None
    confirmed: bool = False
    user: str = ""
    password: str = field(default="", repr=False)
    name: str = ""
    machines: tuple[str, ...] = ()
    repositories: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    seed_drive: bool = False
    paused: bool = False
    seed: SeedOptions = field(default_factory=SeedOptions)
    all_on_drive: bool = True
    on_drive: tuple[str, ...] = ()

    @property
    def address(self) -> str:
        """As command lines take it."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def seeded(self) -> tuple[str, ...]:
        """Ids of the machines that go on the drive."""
        if self.all_on_drive:
            return self.machines
        return tuple(machine for machine in self.on_drive if machine in self.machines)


class Replicating(SeedWriting):
    """What the steps know of their flow. `pairings`: outgoing ones; `offers`: the target's repositories; `machines`:
    all of this Core; `members`: ids of those that the target gets already. `made`: the pairing this wizard made."""

    def __init__(self, client: Client, answers: ReplicationAnswers) -> None:
        super().__init__(client)
        self.answers = answers
        self.pairings: tuple[PairingAnswer, ...] = ()
        self.offers: tuple[OfferAnswer, ...] = ()
        self.machines: tuple[MachineAnswer, ...] = ()
        self.members: frozenset[str] = frozenset()
        self.warnings: tuple[str, ...] = ()
        self.made: tuple[str, str] | None = None
        """Id of the Core there, id of the pairing."""
        self.added: set[str] = set()
        """Ids of machines that this wizard added to the pairing."""
        self.done: list[str] = []
        """What was done, in sentences."""

    @property
    def seed(self) -> SeedOptions:
        return self.answers.seed

    def keep_seed(self, seed: SeedOptions) -> None:
        self.answers = replace(self.answers, seed=seed)

    @property
    def own(self) -> bool:
        return self.answers.target == OWN

    @property
    def known(self) -> PairingAnswer | None:
        """The chosen pairing."""
        return next((one for one in self.pairings if one["pairing"] == self.answers.target), None)

    @property
    def on_drive(self) -> SeedOptions:
        """The seed drive that is written. The machines are named: others of the pairing have no part in it."""
        return replace(self.answers.seed, machines=self.answers.seeded)

    async def seed_plan(self) -> SeedPlan | None:
        """Only when all that goes on the drive is in the pairing already. Raises Failed."""
        if not self.pairing or not set(self.answers.seeded) <= self.members | self.added:
            return None
        return await self.client.seed_plan(self.pairing, self.seed.places, **self.on_drive.asked())

    @property
    def pairing(self) -> str:
        """Id of the pairing, as far as there is one by now."""
        if not self.own:
            return self.answers.target
        probed = self.answers.probed
        return self.made[1] if self.made and probed and self.made[0] == probed["core"] else ""

    @property
    def title_of_target(self) -> str:
        if self.own:
            return self.answers.probed["name"] if self.answers.probed else self.answers.host
        return self.known["peer"] if self.known else self.answers.target

    @property
    def name_of_pairing(self) -> str:
        if self.own:
            return self.answers.name
        return self.known["name"] if self.known else self.answers.target

    @property
    def chosen(self) -> Sequence[MachineAnswer]:
        return [one for one in self.machines if one["id"] in self.answers.machines]

    @property
    def home(self) -> OfferAnswer | None:
        """The target's repository for machines of which nothing else is said."""
        return next((one for one in self.offers if one["default"]), self.offers[0] if self.offers else None)

    async def load_pairings(self) -> None:
        """Raises Failed."""
        self.pairings = tuple(one for one in await all_pairings(self.client, "outgoing") if one["state"] == "active")
