"""The wizard that brings a repository to another directory, while it is in use."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import cast

from console.client.client import Client
from console.domain.errors import Failure, FailureKind
from console.domain.plan_answers import HostFolder
from console.domain.repository_answers import RepositoryDetail
from console.domain.sizes import format_size
from console.flows.amounts import takes
from console.flows.fields import Answer, Facts, Field, Folders
from console.flows.flow import Step, Summary
from console.flows.folders import same_folder, writable_ground
from console.flows.places import typed
from console.flows.plan import Finished, Plan, command
from console.flows.repository.answers import AboutRepository, RepositoryAnswers, place_problem
from console.flows.wording import say

COPIED_S = 80e6
"""Bytes per second that a disk is taken to accept."""


class Moving(AboutRepository):
    """`now`: what it holds, as it was seen last; `ground`: where it would go."""

    now: RepositoryDetail | None = None
    ground: HostFolder | None = None


class ToStep(Step[Moving]):
    key = "to"

    @property
    def title(self) -> str:
        return say("Where to")

    @property
    def text(self) -> str:
        return say(
            "A new or empty directory on the Core's machine. Backups, replication and restores go on meanwhile; the "
            "old files go when all is there."
        )

    async def enter(self) -> None:
        await self.flow.look()
        self.flow.now = await self.flow.client.repository(self.flow.repository)

    def fields(self) -> Sequence[Field]:
        to, now = self.flow.answers.folder, self.flow.now
        shown: list[Field] = [Folders(key="folder", label=say("Move to"), value=(to,) if to else (), make=True)]
        if now is not None:
            facts = (
                (say("Repository"), now["name"]),
                (say("Now in"), now["path"]),
                (say("Takes"), format_size(now["usage"]["stored_bytes"] + now["parity"]["bytes"])),
            )
            shown.append(Facts(key="now", label=say("What is moved"), facts=facts))
        return shown

    def answer(self, key: str, value: Answer) -> None:
        if key != "folder":
            raise KeyError(key)
        folder = next(iter(cast(tuple[str, ...], value)), "")
        self.flow.answers = replace(self.flow.answers, folder=folder)

    def problems(self) -> dict[str, str]:
        folder, now = self.flow.answers.folder, self.flow.now
        problem = place_problem(folder, self.flow.others)
        if problem is None and now is not None and same_folder(folder, now["path"]):
            problem = say("It is there already.")
        return {"folder": problem} if problem else {}

    async def check(self) -> None:
        """Raises Failed `folder-not-writable`, and what keeps the Core from looking there."""
        self.flow.ground = await writable_ground(self.flow.client, self.flow.answers.folder, files=True)


class MoveSummary(Summary[Moving]):
    async def make(self) -> Plan:
        flow, to = self.flow, self.flow.answers.folder
        now = flow.now = await flow.client.repository(flow.repository)
        ground = flow.ground = await writable_ground(flow.client, to, files=True)
        size, free = now["usage"]["stored_bytes"] + now["parity"]["bytes"], ground["free"]
        problems = []
        if free is not None and free < size:
            problems.append(
                Failure(
                    "destination-full",
                    say("There is not room enough: {size} for {free}.", size=format_size(size), free=format_size(free)),
                    say("Go back and choose a larger disk, or give room back first."),
                    FailureKind.REFUSED,
                )
            )
        warnings = []
        if same_folder(ground["path"], to) and ground["entries"]:
            warnings.append(
                say("There is something in it already. Only a move that was cut goes on in such a directory.")
            )
        return Plan(
            sentences=(
                say("“{name}” is copied to {folder}, and used there from then on.", name=now["name"], folder=to),
                say("After that its files in {folder} are removed.", folder=now["path"]),
                say("If it is cut, it goes on when the same move is asked for again."),
            ),
            facts=(
                (say("Size"), format_size(size)),
                (say("Free there"), "?" if free is None else format_size(free)),
                (say("Takes about"), takes(size / COPIED_S)),
            ),
            warnings=tuple(warnings),
            problems=tuple(problems),
            command=command("repository", "move", now["name"], options=[("--to", typed(to))]),
        )


class MoveFlow(Moving):
    """`repository`: its id or name; the default one where it is not given."""

    name = "repository-move"

    def __init__(self, client: Client, repository: str = "") -> None:
        super().__init__(client, RepositoryAnswers(), repository)
        self._path = (ToStep(self), MoveSummary(self))

    @property
    def title(self) -> str:
        return say("Move a repository")

    @property
    def finish_text(self) -> str:
        return say("Move")

    def path(self) -> Sequence[Step[Moving]]:
        return self._path

    async def finish(self) -> Finished:
        job = await self.client.move_repository(self.repository, self.answers.folder)
        text = say("The move of “{name}” to {folder} was started.", name=self.called, folder=self.answers.folder)
        return Finished(text=text, jobs=(job["id"],), page="repositories", id=self.repository)
