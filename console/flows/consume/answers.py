"""What a person answers when a seed drive is imported, and what the drive says of itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from console.client.client import Client
from console.domain.clock import Clock
from console.domain.plan_answers import ConsumePlan
from console.domain.replication_answers import MachineOnSeedAnswer, SeedInspectionAnswer
from console.flows.flow import Flow

MEDIA = "media"
FOLDER = "folder"


@dataclass(frozen=True, slots=True)
class ConsumeAnswers:
    """`media`: directories of seeds on plugged-in media; `folders`: named ones; which of them counts says `place`.
    `machines`: ids, None for all that are on the drive. `repositories`: machine (id) → repository (id), where chosen.
    """

    place: str = MEDIA
    media: tuple[str, ...] = ()
    folders: tuple[str, ...] = ()
    verify: bool = False
    machines: tuple[str, ...] | None = None
    repositories: Mapping[str, str] = field(default_factory=dict)

    @property
    def paths(self) -> tuple[str, ...]:
        return self.media if self.place == MEDIA else self.folders


class Consuming(Flow):
    """What the steps know of their flow. `drive`: what it says of itself, by its directories; `verified`: the result
    of reading all of it, by the directories that were read. `homes`: machine (id) → repository (id) where its points
    go without a wish. `seed`: id of the drive that was asked for, or empty."""

    def __init__(self, client: Client, answers: ConsumeAnswers, seed: str, clock: Clock | None) -> None:
        super().__init__(client)
        self.answers = answers
        self.seed = seed
        self.clock = clock
        self.drive: tuple[SeedInspectionAnswer, ...] = ()
        self.verified: dict[tuple[str, ...], dict[str, Any]] = {}
        self.homes: dict[str, str] = {}

    @property
    def wished(self) -> dict[str, str]:
        """Repositories that differ from where the points of a chosen machine would go anyhow."""
        said = self.answers
        chosen = {one["machine_id"] for one in self.on_drive} if said.machines is None else set(said.machines)
        return {
            machine: repository
            for machine, repository in said.repositories.items()
            if machine in chosen and repository and repository != self.homes.get(machine)
        }

    @property
    def on_drive(self) -> tuple[MachineOnSeedAnswer, ...]:
        """The machines of the drive; every copy of its manifest names all of them."""
        return tuple(self.drive[0]["machines"]) if self.drive else ()

    async def plan(self) -> ConsumePlan:
        """What the Core says consuming as answered would do. Raises Failed."""
        return await self.client.consume_plan(
            self.answers.paths, machines=self.answers.machines or (), repositories=self.wished
        )


def missing_segments(drive: tuple[SeedInspectionAnswer, ...]) -> tuple[str, ...]:
    """Files that are on none of the directories."""
    if not drive:
        return ()
    lacking = [set(one["segments_missing"]) for one in drive]
    return tuple(file for file in drive[0]["segments_missing"] if all(file in those for those in lacking))
