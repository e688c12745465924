"""The wizard for a new repository: where, how much it may take, what happens."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import cast

from console.client.client import Client
from console.domain.errors import refused
from console.domain.plan_answers import HostFolder
from console.domain.sizes import format_size
from console.flows.fields import Answer, Field, Folders, Text, Toggle
from console.flows.flow import Step, Summary
from console.flows.folders import same_folder, writable_ground
from console.flows.places import typed
from console.flows.plan import Finished, Plan, command
from console.flows.repository.answers import (
    AboutRepository,
    RepositoryAnswers,
    limit_field,
    name_problem,
    parity_field,
    place_problem,
)
from console.flows.wording import say


class PlaceStep(Step[AboutRepository]):
    key = "place"

    @property
    def title(self) -> str:
        return say("Name and place")

    @property
    def text(self) -> str:
        return say(
            "A new or empty directory on the Core's machine. It should not lie on a disk that it protects: what takes "
            "the disk away would take the recovery points with it."
        )

    async def enter(self) -> None:
        await self.flow.look(new=True)

    def fields(self) -> Sequence[Field]:
        said = self.flow.answers
        return (
            Text(key="name", label=say("Name"), value=said.name, placeholder=say("For example “big”")),
            Folders(key="folder", label=say("Directory"), value=(said.folder,) if said.folder else (), make=True),
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
        said, others = self.flow.answers, self.flow.others
        found = {"name": name_problem(said.name, others), "folder": place_problem(said.folder, others)}
        return {key: problem for key, problem in found.items() if problem}

    async def check(self) -> None:
        """Raises Failed `repository-not-empty`, `folder-not-writable`, `name-taken`."""
        await refuse_used(self.flow, self.flow.answers.folder)


class LimitsStep(Step[AboutRepository]):
    key = "limits"

    @property
    def title(self) -> str:
        return say("Limit and parity")

    def fields(self) -> Sequence[Field]:
        said = self.flow.answers
        label = say("New machines go here")
        return (
            limit_field(said.limit),
            parity_field(said.parity),
            Toggle(key="default", label=label, value=said.default),
        )

    def answer(self, key: str, value: Answer) -> None:
        self.flow.answers = limits_answered(self.flow.answers, key, value)


class CreateSummary(Summary[AboutRepository]):
    async def make(self) -> Plan:
        said = self.flow.answers
        ground = await writable_ground(self.flow.client, said.folder)
        sentences = [say("A repository “{name}” is made in {folder}.", name=said.name, folder=said.folder)]
        sentences.append(
            say("It takes what the disk has.")
            if said.limit is None
            else say("Its packs may take {size}.", size=format_size(said.limit))
        )
        if said.parity:
            sentences.append(say("Each pack gets {percent} % of parity beside it.", percent=said.parity))
        if said.default:
            sentences.append(say("Machines that are protected from now on go there, unless it is said otherwise."))
        options: list[tuple[str, str | None]] = [("--path", typed(said.folder))]
        if said.limit is not None:
            options.append(("--limit", str(said.limit)))
        if said.parity:
            options.append(("--parity", f"{said.parity}%"))
        if said.default:
            options.append(("--default", None))
        return Plan(
            sentences=tuple(sentences),
            facts=() if ground["free"] is None else ((say("Free there"), format_size(ground["free"])),),
            warnings=_warnings(said, ground),
            command=command("repository", "create", said.name, options=options),
        )


class CreateFlow(AboutRepository):
    """`folder`: where, if it is known."""

    name = "repository"

    def __init__(self, client: Client, folder: str = "") -> None:
        super().__init__(client, RepositoryAnswers(folder=folder))
        self._path = (PlaceStep(self), LimitsStep(self), CreateSummary(self))

    @property
    def title(self) -> str:
        return say("New repository")

    @property
    def finish_text(self) -> str:
        return say("Create")

    def path(self) -> Sequence[Step[AboutRepository]]:
        return self._path

    async def finish(self) -> Finished:
        said = self.answers
        made = await self.client.create_repository(
            said.name, said.folder, default=said.default, limit=said.limit, parity=said.parity or None
        )
        text = say("The repository “{name}” was created.", name=made["name"])
        return Finished(text=text, page="repositories", id=made["id"])


def limits_answered(said: RepositoryAnswers, key: str, value: Answer) -> RepositoryAnswers:
    """The answers with that of a limit, parity or tick. Raises KeyError."""
    if key == "limit":
        return replace(said, limit=cast("int | None", value))
    if key == "parity":
        return replace(said, parity=int(cast(str, value)))
    if key == "default":
        return replace(said, default=bool(value))
    if key == "parity_now":
        return replace(said, parity_now=bool(value))
    raise KeyError(key)


async def refuse_used(flow: AboutRepository, folder: str) -> HostFolder:
    """The ground of a new or empty directory. Raises Failed `repository-not-empty`, `folder-not-writable`."""
    ground = await writable_ground(flow.client, folder, files=True)
    if same_folder(ground["path"], folder) and ground["entries"]:
        raise refused(
            "repository-not-empty",
            say("There is something in {folder} already.", folder=folder),
            say("Choose a new or an empty directory. One that is a repository already can be adopted."),
        )
    return ground


def _warnings(said: RepositoryAnswers, ground: HostFolder) -> tuple[str, ...]:
    free = ground["free"]
    if said.limit is not None and free is not None and said.limit > free:
        return (say("The disk has only {free} left: it is full before the limit is.", free=format_size(free)),)
    return ()
