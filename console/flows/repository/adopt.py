"""The wizard that takes a repository that is there already, with its recovery points."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import cast

from console.client.client import Client
from console.domain.errors import refused
from console.domain.repository_answers import RepositoryAnswer
from console.flows.fields import Answer, Field, Folders, Text
from console.flows.flow import Step, Summary
from console.flows.folders import same_folder, writable_ground
from console.flows.half_done import half_done
from console.flows.places import typed
from console.flows.plan import Finished, Plan, command
from console.flows.repository.answers import AboutRepository, RepositoryAnswers, name_problem, place_problem
from console.flows.wording import say


class Adopting(AboutRepository):
    """`taken`: it is one of this Core's, since the last button was pressed."""

    taken: RepositoryAnswer | None = None


class WhereStep(Step[Adopting]):
    key = "where"

    @property
    def title(self) -> str:
        return say("Where it lies")

    @property
    def text(self) -> str:
        return say(
            "A directory on the Core's machine that is a repository: of a Core whose catalog is lost, or of another "
            "Core that does not run any more."
        )

    async def enter(self) -> None:
        await self.flow.look(new=True)

    def fields(self) -> Sequence[Field]:
        said = self.flow.answers
        return (
            Folders(key="folder", label=say("Directory"), value=(said.folder,) if said.folder else ()),
            Text(key="name", label=say("What it is called here"), value=said.name),
        )

    def answer(self, key: str, value: Answer) -> None:
        if key == "name":
            self.flow.answers = replace(self.flow.answers, name=cast(str, value).strip())
        elif key == "folder":
            folder = next(iter(cast(tuple[str, ...], value)), "")
            self.flow.answers = replace(self.flow.answers, folder=folder)
        else:
            raise KeyError(key)

    def problems(self) -> dict[str, str]:
        said = self.flow.answers
        if self.flow.taken is not None:
            return {}
        found = {
            "folder": place_problem(said.folder, self.flow.others),
            "name": name_problem(said.name, self.flow.others),
        }
        return {key: problem for key, problem in found.items() if problem}

    async def check(self) -> None:
        """Raises Failed `not-a-repository`, `folder-not-writable`."""
        folder = self.flow.answers.folder
        ground = await writable_ground(self.flow.client, folder, files=True)
        if not same_folder(ground["path"], folder) or not ground["entries"]:
            raise refused(
                "not-a-repository",
                say("There is no repository in {folder}.", folder=folder),
                say("Choose the directory that holds its packs, or make a new repository there."),
            )


class AdoptSummary(Summary[Adopting]):
    async def make(self) -> Plan:
        said = self.flow.answers
        return Plan(
            sentences=(
                say(
                    "The repository in {folder} is one of this Core's, as “{name}”.", folder=said.folder, name=said.name
                ),
                say("A job then reads the records in all repositories and registers the recovery points it finds."),
                say("Machines it does not know come as machines of which there are only recovery points."),
            ),
            warnings=(say("No other Core may go on writing to it."),),
            command=command("repository", "adopt", said.name, options=[("--path", typed(said.folder))]),
        )


class AdoptFlow(Adopting):
    name = "repository-adopt"

    def __init__(self, client: Client) -> None:
        super().__init__(client, RepositoryAnswers())
        self._path = (WhereStep(self), AdoptSummary(self))

    @property
    def title(self) -> str:
        return say("Adopt a repository")

    @property
    def finish_text(self) -> str:
        return say("Adopt")

    def path(self) -> Sequence[Step[Adopting]]:
        return self._path

    async def finish(self) -> Finished:
        said = self.answers
        if self.taken is None:
            self.taken = await self.client.adopt_repository(said.name, said.folder)
        text = say("The repository “{name}” belongs to this Core now.", name=self.taken["name"])
        with half_done([text]):
            job = await self.client.rebuild_catalog()
        return Finished(text=text, jobs=(job["id"],), page="repositories", id=self.taken["id"])
