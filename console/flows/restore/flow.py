"""The wizard that gets things back: machine, point, what, where, conflicts, summary."""

from __future__ import annotations

from collections.abc import Sequence

from console.client.client import Client
from console.flows.flow import Step
from console.flows.plan import Finished
from console.flows.restore.answers import EVERYTHING, SOME, RestoreAnswers, Restoring
from console.flows.restore.choosing import MachineStep, PointStep, WhatStep
from console.flows.restore.placing import ConflictsStep, WhereStep
from console.flows.restore.summary import RestoreSummary
from console.flows.wording import say


class RestoreFlow(Restoring):
    """`machine`: id or name; `point`: id; `paths`: files and directories of it; `partial`: of an orphan, only what is
    here. A preset answers its step."""

    name = "restore"

    def __init__(
        self, client: Client, machine: str = "", point: str = "", paths: Sequence[str] = (), *, partial: bool = False
    ) -> None:
        what = SOME if paths else EVERYTHING
        super().__init__(client, RestoreAnswers(machine, point, what, tuple(paths), partial=partial))
        self._path = (
            MachineStep(self),
            PointStep(self),
            WhatStep(self),
            WhereStep(self),
            ConflictsStep(self),
            RestoreSummary(self),
        )

    @property
    def title(self) -> str:
        return say("Restore files")

    @property
    def finish_text(self) -> str:
        return say("Restore")

    def path(self) -> Sequence[Step[Restoring]]:
        return self._path

    async def finish(self) -> Finished:
        said = self.answers
        job = await self.client.restore_files(
            said.point, said.paths, said.to, overwrite=said.overwrite, partial=said.partial
        )
        text = say("The restore to {folder} was started.", folder=said.to)
        return Finished(text=text, jobs=(job["id"],), page="jobs", id=job["id"])
