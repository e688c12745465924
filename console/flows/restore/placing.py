"""Steps that say where it goes, and what happens to files that are there already."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import cast

from console.domain.answers import VolumeAnswer
from console.domain.chains import ChainState
from console.domain.errors import Failed, Failure
from console.domain.plan_answers import RestorePlan
from console.domain.sizes import format_size
from console.flows.fields import Answer, Choice, Facts, Field, Folders, Lines, Note, Option, Toggle
from console.flows.flow import Step
from console.flows.places import folder_problem
from console.flows.restore.answers import Restoring
from console.flows.wording import count, say

SHOWN_MISSING = 20


class WhereStep(Step[Restoring]):
    key = "where"
    _volumes: tuple[VolumeAnswer, ...] = ()

    @property
    def title(self) -> str:
        return say("Where")

    @property
    def text(self) -> str:
        return say(
            "A directory on the Core's machine. What is in it stays, unless the next step says otherwise; with several "
            "volumes each one gets a directory of its own in it."
        )

    async def enter(self) -> None:
        self._volumes = tuple((await self.flow.client.machine(self.flow.answers.machine))["volumes"])

    def fields(self) -> Sequence[Field]:
        to = self.flow.answers.to
        came_from = tuple((volume["label"], volume["path"]) for volume in self._volumes)
        return (
            Folders(key="to", label=say("Restore to"), value=(to,) if to else (), make=True),
            Facts(key="came-from", label=say("Where the volumes lie on the machine"), facts=came_from),
        )

    def answer(self, key: str, value: Answer) -> None:
        self.flow.answers = replace(self.flow.answers, to=next(iter(cast(tuple[str, ...], value)), ""))

    def problems(self) -> dict[str, str]:
        problem = folder_problem(self.flow.answers.to)
        return {"to": problem} if problem else {}

    async def check(self) -> None:
        """Raises Failed `destination-…`, and what else keeps the Core from restoring there."""
        self.flow.foreseen = None
        plan = await self.flow.foresee()
        for problem in plan["problems"]:
            if problem["code"].startswith("destination-"):
                raise Failed(Failure.from_dict(dict(problem)))
        self.flow.foreseen = plan


class ConflictsStep(Step[Restoring]):
    key = "conflicts"
    _plan: RestorePlan | None = None
    _orphan = False

    @property
    def title(self) -> str:
        return say("Conflicts")

    @property
    def text(self) -> str:
        if self._plan is None or not self._plan["conflict_count"]:
            return say(
                "None of the files is there already. The answer holds for files that appear there until the job runs."
            )
        return count("{n} file is there already.", "{n} of the files are there already.", self._plan["conflict_count"])

    async def enter(self) -> None:
        foreseen, self.flow.foreseen = self.flow.foreseen, None
        self._plan = foreseen or await self.flow.foresee()
        point = await self.flow.client.point(self.flow.answers.point)
        self._orphan = point["chain"] != ChainState.WHOLE
        if not self._incomplete:
            self.flow.answers = replace(self.flow.answers, partial=False)

    def fields(self) -> Sequence[Field]:
        said, plan = self.flow.answers, self._plan
        options = (
            Option(value="never", label=say("Keep them"), explain=say("Files that are there are left as they are.")),
            Option(value="older", label=say("Replace older ones"), explain=say("Where the restored file is newer.")),
            Option(value="always", label=say("Replace all"), explain=say("What is in them now is lost.")),
        )
        label = say("Files that are there already")
        shown: list[Field] = [Choice(key="overwrite", label=label, value=said.overwrite, options=options)]
        if plan is not None and plan["conflict_count"]:
            shown.append(_conflicts(plan))
        if plan is not None and plan["missing_count"]:
            shown += _missing(plan)
        if plan is not None and self._incomplete:
            shown.append(_partial(plan, said.partial))
        return shown

    def answer(self, key: str, value: Answer) -> None:
        if key == "overwrite":
            self.flow.answers = replace(self.flow.answers, overwrite=cast(str, value))
        elif key == "partial":
            self.flow.answers = replace(self.flow.answers, partial=bool(value))
        else:
            raise KeyError(key)

    def problems(self) -> dict[str, str]:
        if self._incomplete and not self.flow.answers.partial:
            return {"partial": say("Not all of it is here: restore only what is here, or choose another point.")}
        return {}

    @property
    def _incomplete(self) -> bool:
        """Of an orphan, something that is wanted is not here. In a whole point only what could not be read when it was
        backed up is missing: that cannot be had anywhere."""
        return self._orphan and self._plan is not None and self._plan["missing_count"] > 0


def _conflicts(plan: RestorePlan) -> Lines:
    newer = {"here": say("the restored one"), "there": say("the one there"), "same": say("equally old")}
    return Lines(
        key="conflicts",
        label=say("There already"),
        columns=(say("File"), say("Size in the point"), say("Size there"), say("Newer")),
        rows=tuple(
            (
                one["path"],
                format_size(one["size_here"]),
                format_size(one["size_there"]),
                newer.get(one["newer"], one["newer"]),
            )
            for one in plan["conflicts"]
        ),
        numeric=frozenset({1, 2}),
    )


def _missing(plan: RestorePlan) -> list[Field]:
    n = plan["missing_count"]
    return [
        Note(
            key="missing",
            label=count("{n} file cannot be restored from here.", "{n} files cannot be restored from here.", n),
            explain=say("The recovery point says what it waits for, and what repairs it."),
            level="warning",
        ),
        Lines(
            key="missing-files",
            label=say("The first of them") if n > SHOWN_MISSING else say("Not here"),
            columns=(say("File"),),
            rows=tuple((path,) for path in plan["missing"][:SHOWN_MISSING]),
        ),
    ]


def _partial(plan: RestorePlan, value: bool) -> Toggle:
    return Toggle(
        key="partial",
        label=say("Restore only what is here"),
        explain=count(
            "{n} file can be restored; the rest is listed.",
            "{n} files can be restored; the rest is listed.",
            plan["files"],
        ),
        value=value,
    )
