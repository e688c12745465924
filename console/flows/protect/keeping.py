"""Steps that say how a machine is protected: how often, and where its points are kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TypeVar, cast

from console.domain.errors import refused
from console.domain.machines import name_problem
from console.domain.repository_answers import RepositoryAnswer
from console.domain.schedules import parse_interval
from console.flows.fields import Answer, Choice, Field, Folders, Note, Number, Option, Text, Toggle
from console.flows.flow import Step
from console.flows.folders import same_folder, writable_ground
from console.flows.listing import all_repositories
from console.flows.places import folder_problem
from console.flows.protect.answers import NEW, Protecting
from console.flows.wording import say

P = TypeVar("P", bound=Protecting)

EVERY, OFF = "every", "off"
MOST_MINUTES = 60 * 24 * 365
DEFAULT_SETTING = "protect-every"


class ScheduleStep(Step[P]):
    """Answers `scheduled`, `minutes`, `back_up_now`; begins with what the Core's settings say."""

    key = "schedule"
    _asked = False
    _by_itself = True

    @property
    def title(self) -> str:
        return say("Schedule")

    async def enter(self) -> None:
        self._by_itself = (await self.flow.client.status())["schedules"]
        if self._asked:
            return
        for setting in (await self.flow.client.settings())["settings"]:
            if setting["key"] == DEFAULT_SETTING:
                self._begin_with(parse_interval(setting["value"] or setting["default"]))
        self._asked = True

    def fields(self) -> Sequence[Field]:
        said = self.flow.protection
        options = (
            Option(value=EVERY, label=say("Regularly"), explain=say("Only what has changed is read and kept.")),
            Option(value=OFF, label=say("Only when somebody asks for it")),
        )
        value = EVERY if said.scheduled else OFF
        shown: list[Field] = [Choice(key="schedule", label=say("Back up"), value=value, options=options)]
        if said.scheduled:
            shown.append(
                Number(
                    key="minutes",
                    label=say("Every"),
                    value=said.minutes,
                    minimum=1,
                    maximum=MOST_MINUTES,
                    unit=say("minutes"),
                )
            )
            if not self._by_itself:
                shown.append(
                    Note(
                        key="schedules-off",
                        label=say("This Core begins no backup by itself as it runs now."),
                        explain=say("Switch “schedules” on in its settings; the interval counts from then on."),
                        level="warning",
                    )
                )
        shown.append(Toggle(key="back_up_now", label=say("Make the first backup now"), value=said.back_up_now))
        return shown

    def answer(self, key: str, value: Answer) -> None:
        said = self.flow.protection
        if key == "schedule":
            said = replace(said, scheduled=value == EVERY)
        elif key == "minutes":
            said = replace(said, minutes=cast(int, value))
        elif key == "back_up_now":
            said = replace(said, back_up_now=bool(value))
        else:
            raise KeyError(key)
        self.flow.keep_protection(said)

    def problems(self) -> dict[str, str]:
        said = self.flow.protection
        if said.scheduled and not 1 <= said.minutes <= MOST_MINUTES:
            return {"minutes": say("An interval is at least one minute and at most a year.")}
        return {}

    def _begin_with(self, interval_s: int | None) -> None:
        if interval_s is None:
            return
        minutes = max(1, round(interval_s / 60)) if interval_s else self.flow.protection.minutes
        self.flow.keep_protection(replace(self.flow.protection, scheduled=interval_s > 0, minutes=minutes))


class RepositoryStep(Step[P]):
    """Answers `repository`, `new_name`, `new_place`, and with `offers_replication` `replicate`."""

    key = "repository"
    offers_replication = True
    repositories: tuple[RepositoryAnswer, ...] = ()

    @property
    def title(self) -> str:
        return say("Repository")

    @property
    def text(self) -> str:
        return say("Where recovery points are kept. Bytes that several machines have in common are kept once in each.")

    async def enter(self) -> None:
        self.repositories = await all_repositories(self.flow.client)
        said = self.flow.protection
        if said.repository != NEW and said.repository not in {one["id"] for one in self.repositories}:
            first = self.repositories[0]["id"] if self.repositories else NEW
            self.flow.keep_protection(replace(said, repository=first))

    async def check(self) -> None:
        """Raises Failed: what keeps the Core from making a repository there."""
        said = self.flow.protection
        if said.repository != NEW or self.flow.is_made(said.new_name, said.new_place):
            return
        self.repositories = await all_repositories(self.flow.client)
        if self._is_taken():
            raise refused("name-taken", self._name_taken(), say("Choose another name."))
        found = await writable_ground(self.flow.client, said.new_place, files=True)
        if found["entries"] and same_folder(found["path"], said.new_place):
            raise refused(
                "folder-not-empty",
                say("{folder} is not empty.", folder=said.new_place),
                say("A repository is made in a new or empty directory. Make one there."),
            )

    def fields(self) -> Sequence[Field]:
        said = self.flow.protection
        options = [
            Option(
                value=one["id"],
                label=one["name"],
                explain=say("{folder}; the default", folder=one["path"]) if one["default"] else one["path"],
            )
            for one in self.repositories
        ]
        options.append(Option(value=NEW, label=say("A new one")))
        value, shown = said.repository, list[Field]()
        shown.append(Choice(key="repository", label=say("Repository"), value=value, options=tuple(options)))
        if said.repository == NEW:
            shown += [
                Text(key="new_name", label=say("Name"), value=said.new_name, placeholder=say("archive")),
                Folders(
                    key="new_place",
                    label=say("Directory"),
                    explain=say("New or empty, best on another disk than what is protected."),
                    value=(said.new_place,) if said.new_place else (),
                    make=True,
                ),
            ]
        if self.offers_replication:
            shown.append(
                Toggle(
                    key="replicate",
                    label=say("Replicate it to another Core next"),
                    explain=say("A copy that lies beside the original is lost with it."),
                    value=said.replicate,
                )
            )
        return shown

    def answer(self, key: str, value: Answer) -> None:
        said = self.flow.protection
        if key == "repository":
            said = replace(said, repository=cast(str, value))
        elif key == "new_name":
            said = replace(said, new_name=cast(str, value))
        elif key == "new_place":
            said = replace(said, new_place=next(iter(cast(tuple[str, ...], value)), ""))
        elif key == "replicate":
            said = replace(said, replicate=bool(value))
        else:
            raise KeyError(key)
        self.flow.keep_protection(said)

    def problems(self) -> dict[str, str]:
        said, found = self.flow.protection, dict[str, str]()
        if not said.repository:
            return {"repository": say("Choose a repository.")}
        if said.repository != NEW or self.flow.is_made(said.new_name, said.new_place):
            return {}
        problem = name_problem(said.new_name)
        if problem is not None:
            found["new_name"] = f"{problem.message} {problem.hint}"
        elif self._is_taken():
            found["new_name"] = self._name_taken()
        where = folder_problem(said.new_place)
        inside = next((path for path in said.paths if same_folder(path, said.new_place)), "")
        if where is None and inside:
            where = say("{folder} is what is to be protected.", folder=inside)
        if where is not None:
            found["new_place"] = where
        return found

    def named(self) -> str:
        """The name of the chosen one; empty for a new one."""
        chosen = self.flow.protection.repository
        return next((one["name"] for one in self.repositories if one["id"] == chosen), "")

    def _is_taken(self) -> bool:
        name = self.flow.protection.new_name.casefold()
        return any(one["name"].casefold() == name for one in self.repositories)

    def _name_taken(self) -> str:
        return say("There is a repository “{name}” already.", name=self.flow.protection.new_name)
