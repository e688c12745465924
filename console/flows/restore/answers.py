"""What a person answers when files are restored, and what is asked of the Core with it."""

from __future__ import annotations

from dataclasses import dataclass

from console.client.client import Client
from console.domain.plan_answers import RestorePlan
from console.flows.flow import Flow

EVERYTHING = "everything"
SOME = "some"


@dataclass(frozen=True, slots=True)
class RestoreAnswers:
    """`machine`, `point`: ids. `files`: paths as restore takes them, with `what` `some`; `to`: a directory of the
    Core's machine as text. `overwrite`: `never`, `older`, `always`."""

    machine: str = ""
    point: str = ""
    what: str = EVERYTHING
    files: tuple[str, ...] = ()
    to: str = ""
    overwrite: str = "never"
    partial: bool = False

    @property
    def paths(self) -> tuple[str, ...]:
        """What is asked of the Core; empty: everything."""
        return self.files if self.what == SOME else ()


class Restoring(Flow):
    """What the steps know of their flow. `foreseen`: what was just found when a destination was looked at, for the
    step behind it; a walk through a large point need not be made twice."""

    def __init__(self, client: Client, answers: RestoreAnswers) -> None:
        super().__init__(client)
        self.answers = answers
        self.foreseen: RestorePlan | None = None

    async def plan(self) -> RestorePlan:
        """What the Core says restoring as answered would do. Raises Failed."""
        said = self.answers
        return await self.client.restore_plan(
            said.point, said.paths, said.to, overwrite=said.overwrite, partial=said.partial
        )

    async def foresee(self) -> RestorePlan:
        """The same as if all that is there were replaced: `files` are then all whose bytes are here. Raises Failed."""
        said = self.answers
        return await self.client.restore_plan(said.point, said.paths, said.to, overwrite="always", partial=True)
