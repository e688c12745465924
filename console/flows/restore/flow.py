"""The wizard that gets things back: machine, point and its key, what, where, conflicts, summary."""

from __future__ import annotations

from collections.abc import Sequence

from console.client.client import Client
from console.flows.flow import Step
from console.flows.plan import Finished
from console.flows.restore.answers import EVERYTHING, MACHINE, SOME, VOLUMES, RestoreAnswers, Restoring
from console.flows.restore.choosing import MachineStep, PointStep, WhatStep
from console.flows.restore.overwriting import OverwriteStep
from console.flows.restore.placing import ConflictsStep, WhereStep
from console.flows.restore.summary import RestoreSummary
from console.flows.restore.unlocking import UnlockStep
from console.flows.restore.volume_summary import VolumesSummary
from console.flows.restore.volumes import TargetsStep, VolumesStep
from console.flows.wording import count, say


class RestoreFlow(Restoring):
    """`machine`: id or name; `point`: id; `paths`: files and directories of it; `partial`: of an orphan, only what is
    here. `what`: `everything`, `some`, `volumes`, `machine`. A preset answers its step."""

    name = "restore"

    def __init__(
        self,
        client: Client,
        machine: str = "",
        point: str = "",
        paths: Sequence[str] = (),
        *,
        partial: bool = False,
        what: str = "",
    ) -> None:
        what = what or (SOME if paths else EVERYTHING)
        super().__init__(client, RestoreAnswers(machine, point, what, tuple(paths), partial=partial))
        self._begin = (MachineStep(self), PointStep(self))
        self._unlock = UnlockStep(self)
        self._what = WhatStep(self)
        self._files = (WhereStep(self), ConflictsStep(self), RestoreSummary(self))
        self._volumes = VolumesStep(self)
        self._targets = TargetsStep(self)
        self._overwrite = OverwriteStep(self)
        self._summary = VolumesSummary(self)

    @property
    def title(self) -> str:
        return say("Restore")

    @property
    def finish_text(self) -> str:
        return say("Restore")

    def path(self) -> Sequence[Step[Restoring]]:
        what = self.answers.what
        unlock = (self._unlock,) if self.answers.point and self.sealed == self.answers.point else ()
        first: tuple[Step[Restoring], ...] = (*self._begin, *unlock, self._what)
        if what not in (VOLUMES, MACHINE):
            return (*first, *self._files)
        volumes = (self._volumes,) if what == VOLUMES else ()
        overwrite = (self._overwrite,) if self.asks else ()
        return (*first, *volumes, self._targets, *overwrite, self._summary)

    async def finish(self) -> Finished:
        said = self.answers
        if said.what in (VOLUMES, MACHINE):
            return await self._finish_volumes()
        job = await self.client.restore_files(
            said.point, said.paths, said.to, overwrite=said.overwrite, partial=said.partial
        )
        text = say("The restore to {folder} was started.", folder=said.to)
        return Finished(text=text, jobs=(job["id"],), page="jobs", id=job["id"])

    async def _finish_volumes(self) -> Finished:
        job = await self.client.restore_volumes(
            self.answers.point, self.disks, confirm=self.confirm, overwrite=self.answers.overwrite
        )
        text = count(
            "The restore of {n} volume was started.", "The restore of {n} volumes was started.", len(self.disks)
        )
        return Finished(text=text, jobs=(job["id"],), page="jobs", id=job["id"])
