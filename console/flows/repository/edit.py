"""The wizard that changes a repository: its name, its limit, its parity, whether new machines go there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import cast

from console.client.client import Client
from console.domain.repository_answers import RepositoryDetail
from console.domain.sizes import format_size
from console.flows.fields import Answer, Field, Note, Text, Toggle
from console.flows.flow import Step, Summary
from console.flows.half_done import half_done
from console.flows.plan import Finished, Plan, command
from console.flows.repository.answers import AboutRepository, RepositoryAnswers, limit_field, name_problem, parity_field
from console.flows.repository.create import limits_answered
from console.flows.wording import count, say


class Editing(AboutRepository):
    """`before`: how it is now."""

    before: RepositoryDetail | None = None

    @property
    def now(self) -> RepositoryDetail:
        assert self.before is not None, "not loaded"
        return self.before

    @property
    def parity_wanted(self) -> bool:
        """Whether the packs that are there are to be given what they should have, or relieved of it."""
        said, parity = self.answers, self.now["parity"]
        if said.parity == parity["percent"] and (not said.parity or parity["packs"] >= self.now["usage"]["packs"]):
            return False
        return said.parity_now and bool(parity["packs"] or said.parity)


class ChangeStep(Step[Editing]):
    key = "change"

    @property
    def title(self) -> str:
        return say("Changes")

    async def enter(self) -> None:
        flow, first = self.flow, self.flow.before is None
        await flow.look()
        flow.before = now = await flow.client.repository(flow.repository)
        if first:
            flow.answers = RepositoryAnswers(
                name=now["name"],
                folder=now["path"],
                limit=now["limit"],
                parity=now["parity"]["percent"],
                default=now["default"],
            )

    def fields(self) -> Sequence[Field]:
        if self.flow.before is None:
            return ()
        said, now = self.flow.answers, self.flow.now
        fields: list[Field] = [Text(key="name", label=say("Name"), value=said.name), limit_field(said.limit)]
        if said.limit is not None and said.limit < now["usage"]["stored_bytes"]:
            fields.append(
                Note(
                    key="below",
                    label=say("It takes {size} already.", size=format_size(now["usage"]["stored_bytes"])),
                    explain=say("Nothing is deleted because of that, but nothing new is taken until it is less."),
                    level="warning",
                )
            )
        fields.append(parity_field(said.parity))
        if said.parity != now["parity"]["percent"] or (said.parity and now["parity"]["packs"] < now["usage"]["packs"]):
            fields.append(self._parity_now(said, now))
        if not now["default"]:
            fields.append(Toggle(key="default", label=say("New machines go here"), value=said.default))
        return fields

    def _parity_now(self, said: RepositoryAnswers, now: RepositoryDetail) -> Toggle:
        if said.parity:
            label = say("Give it to the packs that are there too")
            lacking = max(0, now["usage"]["packs"] - now["parity"]["packs"])
            explain = count("{n} pack has none now.", "{n} packs have none now.", lacking)
        else:
            label = say("Take it away from the packs that have it")
            explain = say("{size} become free.", size=format_size(now["parity"]["bytes"]))
        return Toggle(key="parity_now", label=label, explain=explain, value=said.parity_now)

    def answer(self, key: str, value: Answer) -> None:
        if key == "name":
            self.flow.answers = replace(self.flow.answers, name=cast(str, value).strip())
        else:
            self.flow.answers = limits_answered(self.flow.answers, key, value)

    def problems(self) -> dict[str, str]:
        problem = name_problem(self.flow.answers.name, self.flow.others)
        return {"name": problem} if problem else {}


class EditSummary(Summary[Editing]):
    async def make(self) -> Plan:
        said, now = self.flow.answers, self.flow.now
        sentences: list[str] = []
        options: list[tuple[str, str | None]] = []
        if said.name != now["name"]:
            sentences.append(say("“{old}” is called “{name}” from now on.", old=now["name"], name=said.name))
            options.append(("--name", said.name))
        if said.limit != now["limit"]:
            sentences.append(
                say("It may take what the disk has.")
                if said.limit is None
                else say("Its packs may take {size}.", size=format_size(said.limit))
            )
            options.append(("--limit", "none" if said.limit is None else str(said.limit)))
        if said.parity != now["parity"]["percent"]:
            sentences.append(
                say("New packs get {percent} % of parity.", percent=said.parity)
                if said.parity
                else say("New packs get no parity.")
            )
            options.append(("--parity", f"{said.parity}%" if said.parity else "none"))
        if said.default and not now["default"]:
            sentences.append(say("Machines that are protected from now on go there."))
            options.append(("--default", None))
        line = command("repository", "edit", now["name"], options=options) if options else ""
        if self.flow.parity_wanted:
            sentences.append(
                say("A job makes the parity that packs lack.")
                if said.parity
                else say("A job takes the parity away that is there.")
            )
            second = command("repository", "parity", said.name)
            line = f"{line} && {second}" if line else second
        return Plan(sentences=tuple(sentences) or (say("Nothing is changed."),), command=line)


class EditFlow(Editing):
    """`repository`: its id or name; the default one where it is not given."""

    name = "repository-edit"

    def __init__(self, client: Client, repository: str = "") -> None:
        super().__init__(client, RepositoryAnswers(), repository)
        self._path = (ChangeStep(self), EditSummary(self))

    @property
    def title(self) -> str:
        return say("Change a repository")

    @property
    def finish_text(self) -> str:
        return say("Change")

    def path(self) -> Sequence[Step[Editing]]:
        return self._path

    async def finish(self) -> Finished:
        said, now = self.answers, self.now
        changed = await self.client.edit_repository(
            now["id"],
            name=said.name if said.name != now["name"] else None,
            limit=None if said.limit == now["limit"] else said.limit or 0,
            default=said.default and not now["default"],
            parity=None if said.parity == now["parity"]["percent"] else said.parity,
        )
        text = say("The repository “{name}” was changed.", name=changed["name"])
        if not self.parity_wanted:
            return Finished(text=text, page="repositories", id=now["id"])
        with half_done([text]):
            job = await self.client.make_parity(now["id"])
        return Finished(text=text, jobs=(job["id"],), page="repositories", id=now["id"])
