"""The wizard that imports a seed drive: drive, check, machines and repositories, summary."""

from __future__ import annotations

from collections.abc import Sequence

from console.client.client import Client
from console.domain.clock import Clock
from console.flows.consume.answers import FOLDER, MEDIA, ConsumeAnswers, Consuming
from console.flows.consume.checking import CheckStep
from console.flows.consume.drive import DriveStep
from console.flows.consume.machines import MachinesStep
from console.flows.consume.summary import ConsumeSummary
from console.flows.flow import Step
from console.flows.plan import Finished
from console.flows.wording import say


class ConsumeFlow(Consuming):
    """`path`: a directory the drive is in; `seed`: id of a drive to be looked for on the plugged-in media. A preset
    answers its step. With a clock the drive's age is told."""

    name = "consume"

    def __init__(self, client: Client, path: str = "", seed: str = "", *, clock: Clock | None = None) -> None:
        folders = (path,) if path else ()
        super().__init__(client, ConsumeAnswers(FOLDER if path else MEDIA, folders=folders), seed, clock)
        self._path = (DriveStep(self), CheckStep(self), MachinesStep(self), ConsumeSummary(self))

    @property
    def title(self) -> str:
        return say("Consume a seed drive")

    @property
    def finish_text(self) -> str:
        return say("Consume")

    def path(self) -> Sequence[Step[Consuming]]:
        return self._path

    async def finish(self) -> Finished:
        said = self.answers
        job = await self.client.consume_seed(said.paths, machines=said.machines or (), repositories=self.wished)
        text = say("The seed drive is being consumed. Leave it attached until the job has ended.")
        return Finished(text=text, jobs=(job["id"],), page="seeds", id=self.drive[0]["seed"])
