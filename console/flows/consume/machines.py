"""The step that says which machines are imported, and where to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import cast

from console.domain.errors import Failed, Failure
from console.domain.plan_answers import ConsumeMachine
from console.domain.repository_answers import RepositoryAnswer
from console.flows.consume.answers import Consuming
from console.flows.fields import Answer, Field, Note, Option, Pick, Row
from console.flows.flow import Step
from console.flows.listing import all_repositories
from console.flows.wording import count, say

HERE = frozenset(["repository-fixed", "no-such-repository", "no-repository", "machine-elsewhere", "no-such-machine"])
"""Problems of a plan that are mended in this step."""


class MachinesStep(Step[Consuming]):
    key = "machines"
    _repositories: tuple[RepositoryAnswer, ...] = ()
    _planned: tuple[ConsumeMachine, ...] = ()

    @property
    def title(self) -> str:
        return say("Machines")

    @property
    def text(self) -> str:
        return say("Which machines are imported, and the repository of this Core that keeps the points of each.")

    async def enter(self) -> None:
        flow = self.flow
        self._repositories = await all_repositories(flow.client)
        plan = await flow.client.consume_plan(flow.answers.paths)
        self._planned = tuple(plan["machines"])
        flow.homes = {one["machine_id"]: self._id_of(one["repository"]) for one in self._planned}

    async def check(self) -> None:
        """Raises Failed with what keeps a machine from going where it is wished to go."""
        for problem in (await self.flow.plan())["problems"]:
            if problem["code"] in HERE:
                raise Failed(Failure.from_dict(dict(problem)))

    def fields(self) -> Sequence[Field]:
        said = self.flow.answers
        if not self._planned:
            explain = say("It was written empty. Write it again at the source.")
            return (Note(key="machines", label=say("No machine is on this drive."), explain=explain),)
        rows = tuple(
            Row(
                value=one["machine_id"],
                cells=(
                    one["machine"],
                    say("is here already") if one["known"] else say("new here"),
                    str(one["points"]),
                    count("{new} of {n} image", "{new} of {n} images", one["images"], new=one["images_new"]),
                    str(one["heals"]),
                ),
            )
            for one in self._planned
        )
        everyone = tuple(one["machine_id"] for one in self._planned)
        return (
            Pick(
                key="machines",
                label=say("Machines"),
                explain=say("A machine that is here already stays in its repository."),
                columns=(say("Machine"), say("Here"), say("Points"), say("New"), say("Orphans healed")),
                rows=rows,
                value=everyone if said.machines is None else said.machines,
                beside=say("Repository"),
                beside_options=tuple(Option(value=one["id"], label=one["name"]) for one in self._repositories),
                beside_value={**self.flow.homes, **said.repositories},
            ),
        )

    def answer(self, key: str, value: Answer) -> None:
        said = self.flow.answers
        if key == "machines":
            chosen = tuple(cast(tuple[str, ...], value))
            everyone = {one["machine_id"] for one in self._planned}
            self.flow.answers = replace(said, machines=None if set(chosen) == everyone else chosen)
        elif key == "machines.beside":
            self.flow.answers = replace(said, repositories=dict(cast(Mapping[str, str], value)))
        else:
            raise KeyError(key)

    def problems(self) -> dict[str, str]:
        said = self.flow.answers
        if not self._planned:
            return {"machines": say("No machine is on this drive.")}
        if said.machines == ():
            return {"machines": say("Choose at least one machine.")}
        for one in self._planned:
            if one["known"] and one["machine_id"] in self.flow.wished:
                home = self._name_of(self.flow.homes[one["machine_id"]])
                return {
                    "machines.beside": say(
                        "“{machine}” is in the repository “{home}” already and stays there.",
                        machine=one["machine"],
                        home=home,
                    )
                }
        return {}

    def _id_of(self, repository: str) -> str:
        return next((one["id"] for one in self._repositories if repository in (one["id"], one["name"])), "")

    def _name_of(self, repository: str) -> str:
        return next((one["name"] for one in self._repositories if one["id"] == repository), repository)
