"""The wizard that protects a machine: machine, schedule, exclusions, options, repository, encryption, summary."""

from __future__ import annotations

from collections.abc import Sequence

from console.client.client import Client
from console.flows.flow import Step
from console.flows.half_done import half_done
from console.flows.plan import Finished
from console.flows.protect.answers import ProtectAnswers, Protecting
from console.flows.protect.choosing import ExclusionsStep, MachineStep
from console.flows.protect.keeping import RepositoryStep, ScheduleStep
from console.flows.protect.reading import OptionsStep
from console.flows.protect.sealing import EncryptionStep
from console.flows.protect.summary import ProtectSummary
from console.flows.wording import say


class ProtectFlow(Protecting):
    """Volumes are file systems, directories, disks and streams of the machine that the Core runs on."""

    name = "protect"

    def __init__(self, client: Client) -> None:
        super().__init__(client)
        self.answers = ProtectAnswers()
        self._path: tuple[Step[ProtectFlow], ...] = (
            MachineStep(self),
            ScheduleStep(self),
            ExclusionsStep(self),
            OptionsStep(self),
            RepositoryStep(self),
            EncryptionStep(self),
            ProtectSummary(self),
        )

    @property
    def title(self) -> str:
        return say("Protect a machine")

    @property
    def finish_text(self) -> str:
        return say("Protect")

    @property
    def protection(self) -> ProtectAnswers:
        return self.answers

    def keep_protection(self, protection: ProtectAnswers) -> None:
        self.answers = protection

    def path(self) -> Sequence[Step[ProtectFlow]]:
        return self._path

    async def finish(self) -> Finished:
        with half_done(self.done):
            machine, job = await self.protect()
        if job is None:
            text = say("“{name}” is protected.", name=machine["name"])
        else:
            text = say("“{name}” is protected, and its first backup was started.", name=machine["name"])
        return Finished(
            text=text,
            jobs=(job["id"],) if job else (),
            page="machine",
            id=machine["id"],
            then="replication" if self.answers.replicate else "",
        )
